"""TikTok's simulator: the wire of each endpoint, the vendor's rules and words, and what stays in the world."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Reply, Request, SimTransport, State, storm
from backstay.testing.clock import VirtualClock, run
from backstay.writes.marker import mark, token
from backstay_adapters.tiktok.errors import TABLE
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

ROOT = "/open_api/v1.3"
NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
DAY = 86_400.0
USD, JPY, GBP = ADVERTISERS
Json = dict[str, Any]

CAMPAIGN: Json = {
    "campaign_name": "Spring", "objective_type": "TRAFFIC", "budget_mode": "BUDGET_MODE_DAY", "budget": 60.0,
    "budget_optimize_on": False, "operation_status": "DISABLE",
}  # fmt: skip
ADGROUP: Json = {
    "adgroup_name": "Group", "promotion_type": "WEBSITE", "placement_type": "PLACEMENT_TYPE_AUTOMATIC",
    "location_ids": ["6252001"], "budget_mode": "BUDGET_MODE_DAY", "budget": 30.0, "operation_status": "DISABLE",
    "schedule_type": "SCHEDULE_FROM_NOW", "schedule_start_time": "2026-01-01 00:00:00",
    "optimization_goal": "CLICK", "billing_event": "CPC",
}  # fmt: skip
CREATIVE: Json = {
    "ad_name": "Ad", "ad_format": "SINGLE_IMAGE", "ad_text": "Buy", "image_ids": ["i1"],
    "identity_type": "CUSTOMIZED_USER", "identity_id": "7", "operation_status": "DISABLE",
}  # fmt: skip


class Api:
    """Talks to a simulator as a client would, without HTTP."""

    def __init__(self, sandbox: TikTokSandbox | None = None, account: str = USD, **kwargs: Any) -> None:
        self.sandbox = sandbox or TikTokSandbox(**kwargs)
        self.account = account
        self.now = NOW
        self.token: str | None = TOKEN

    def send(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: bytes = b"", kind: str = ""
    ) -> Reply:
        """One request."""
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in (query or {}).items()}
        headers = {"content-type": kind} | ({"access-token": self.token} if self.token else {})
        return self.sandbox.handle(Request(method, ROOT + path, texts, headers, body), self.now)

    def get(self, path: str, **query: Any) -> Json:
        """The envelope of a GET."""
        reply = self.send("GET", path, query={"advertiser_id": self.account, **query})
        found: Json = json.loads(reply.body)
        return found

    def post(self, path: str, **body: Any) -> Json:
        """The envelope of a POST."""
        content = json.dumps({"advertiser_id": self.account, **body}).encode()
        found: Json = json.loads(self.send("POST", path, body=content, kind="application/json").body)
        return found

    def upload(self, path: str, file: tuple[str, bytes] | None, **fields: str) -> Json:
        """The envelope of a multipart POST."""
        parts = {name: (None, value.encode()) for name, value in {"advertiser_id": self.account, **fields}.items()}
        files: Any = dict(parts)
        if file is not None:
            files[file[0]] = ("clip.bin", file[1])
        request = httpx.Request("POST", "http://x/", files=files)
        reply = self.send("POST", path, body=request.read(), kind=request.headers["content-type"])
        found: Json = json.loads(reply.body)
        return found

    def campaign(self, **changes: Any) -> str:
        """A new campaign's id."""
        return str(good(self.post("/campaign/create/", **{**CAMPAIGN, **changes}))["campaign_id"])

    def adgroup(self, campaign_id: str, **changes: Any) -> str:
        """A new ad group's id."""
        body = {**ADGROUP, "campaign_id": campaign_id, **changes}
        return str(good(self.post("/adgroup/create/", **body))["adgroup_id"])

    def ad(self, adgroup_id: str, **changes: Any) -> str:
        """A new ad's id."""
        made = good(self.post("/ad/create/", adgroup_id=adgroup_id, creatives=[{**CREATIVE, **changes}]))
        return str(made["ad_ids"][0])

    def names(self, **query: Any) -> list[str]:
        """The names of the listed campaigns."""
        return [row["campaign_name"] for row in good(self.get("/campaign/get/", **query))["list"]]


def good(envelope: Json) -> Any:
    """The data of a success."""
    assert (envelope["code"], envelope["message"]) == (0, "OK"), envelope
    return envelope["data"]


def refused(envelope: Json, code: int, text: str) -> None:
    """A refusal with its code and a part of its text."""
    assert envelope["code"] == code, envelope
    assert text.lower() in envelope["message"].lower()


# The envelope and the door ------------------------------------------------------------------------------------


def test_an_answer_has_the_four_fields_and_a_log_id() -> None:
    """HTTP 200, code, message, request_id, data; the log id is in a header, too."""
    api = Api()
    reply = api.send("GET", "/user/info/")
    body = json.loads(reply.body)
    assert (reply.status, set(body)) == (200, {"code", "message", "request_id", "data"})
    assert body["request_id"] == reply.headers["x-tt-logid"]
    assert body["request_id"].startswith("20260101000000")
    assert json.loads(api.send("GET", "/user/info/").body)["request_id"] != body["request_id"]


def test_a_missing_slash_is_a_page_and_no_envelope() -> None:
    """The trailing slash is part of the path."""
    reply = Api().send("GET", "/campaign/get")
    assert (reply.status, reply.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert not reply.body.startswith(b"{")


@pytest.mark.parametrize(
    ("change", "code", "type_"),
    [
        (lambda api: setattr(api, "token", None), 40104, "TOKEN_INVALID"),
        (lambda api: setattr(api, "token", "stranger"), 40105, "TOKEN_INVALID"),
        (lambda api: api.sandbox.expire(), 40102, "TOKEN_EXPIRED"),
        (lambda api: api.sandbox.revoke(), 40105, "TOKEN_INVALID"),
        (lambda api: setattr(api, "account", "1"), 40001, "NOT_FOUND"),
        (lambda api: api.sandbox.grant(TOKEN, [GBP]), 40001, "PERMISSION_DENIED"),
    ],
)
def test_the_door_says_what_our_table_understands(change: Any, code: int, type_: str) -> None:
    """Tokens and permissions are refused with the vendor's codes, and our error table names them."""
    api = Api()
    change(api)
    envelope = api.get("/campaign/get/")
    assert envelope["code"] == code
    verdict = TABLE.classify(200, {}, envelope, None)
    assert verdict is not None
    assert verdict.type == type_


def test_unknown_paths_methods_and_bodies_are_refused() -> None:
    """40400, 40117, 40000; unknown fields are tolerated."""
    api = Api()
    refused(api.get("/nothing/get/"), 40400, "does not exist")
    refused(api.get("/campaign/create/"), 40117, "forbidden")
    refused(json.loads(api.send("POST", "/campaign/create/", body=b"{half").body), 40000, "json")
    refused(api.get("/campaign/get/", filtering="{half"), 40002, "filtering")
    good(api.post("/campaign/create/", **CAMPAIGN, brand_new_field=1))


def test_oauth_gives_a_token_once_and_takes_it_back() -> None:
    """Code for token, accounts of the token, revocation."""
    api = Api()
    app = {"app_id": api.sandbox.app_id, "secret": api.sandbox.secret}
    made = good(api.post("/oauth2/access_token/", **app, auth_code="sandbox-code"))
    assert made["advertiser_ids"] == list(ADVERTISERS)
    refused(api.post("/oauth2/access_token/", **app, auth_code="sandbox-code"), 40002, "has been used")
    api.token = made["access_token"]
    assert [row["advertiser_id"] for row in good(api.get("/oauth2/advertiser/get/", **app))["list"]] == list(
        ADVERTISERS
    )
    refused(api.get("/oauth2/advertiser/get/", **{**app, "app_id": "1"}), 40000, "inconsistent with the token")
    good(api.post("/oauth2/revoke_token/", **app, access_token=api.token))
    assert api.get("/campaign/get/")["code"] == 40105


def test_accounts_and_balances() -> None:
    """Currency, zone, status and balance; the balance falls as trees spend."""
    api = Api()
    (row,) = good(api.get("/advertiser/info/", advertiser_ids=[JPY], fields=["currency", "timezone", "balance"]))[
        "list"
    ]
    assert row == {"currency": "JPY", "timezone": "Asia/Tokyo", "balance": 10_000_000.0}
    api.sandbox.add_tree(USD, "Old", NOW - 3 * DAY)
    found = good(api.get("/advertiser/balance/get/", bc_id="1"))
    assert found["advertiser_account_list"][0]["account_balance"] < 100_000.0
    assert found["page_info"]["total_number"] == 3


# Campaigns ----------------------------------------------------------------------------------------------------


def test_a_campaign_is_made_listed_changed_and_deleted() -> None:
    """The whole life on the wire, with ids of 19 digits and times in UTC."""
    api = Api()
    id_ = api.campaign(special_industries=["HOUSING"])
    assert (len(id_), id_.isdigit()) == (19, True)
    (row,) = good(api.get("/campaign/get/", filtering={"campaign_ids": [id_]}))["list"]
    assert row["operation_status"] == "DISABLE"
    assert (row["budget"], row["create_time"]) == (60.0, "2026-01-01 00:00:00")
    assert (row["secondary_status"], row["special_industries"]) == ("CAMPAIGN_STATUS_DISABLE", ["HOUSING"])
    assert not [name for name in row if name.startswith("_")]
    api.now += 10
    changed = good(api.post("/campaign/update/", campaign_id=id_, budget=70.0, campaign_name="Summer"))
    assert (changed["budget"], changed["campaign_name"], changed["modify_time"]) == (
        70.0,
        "Summer",
        "2026-01-01 00:00:10",
    )
    told = good(api.post("/campaign/status/update/", campaign_ids=[id_], operation_status="ENABLE"))
    assert (told["status"], told["campaign_list"][0]["status"]) == ("ENABLE", "ENABLE")
    good(api.post("/campaign/status/update/", campaign_ids=[id_], operation_status="DELETE"))
    assert api.names() == []
    assert api.names(filtering={"primary_status": "STATUS_ALL"}) == ["Summer"]
    refused(api.post("/campaign/update/", campaign_id=id_, budget=80.0), 40002, "has been deleted")


def test_the_default_is_to_spend() -> None:
    """Without operation_status a campaign is enabled: the trap that the adapter must avoid."""
    api = Api()
    body = {name: value for name, value in CAMPAIGN.items() if name != "operation_status"}
    good(api.post("/campaign/create/", **body))
    assert [effect.can_spend for effect in api.sandbox.world.log] == [True]


@pytest.mark.parametrize("ignored", [False, True])
def test_disable_may_be_ignored_on_campaigns(ignored: bool) -> None:
    """The manual flow can be set to ignore DISABLE; Smart+ never does."""
    api = Api(ignore_disable_on_campaign=ignored)
    api.campaign()
    good(api.post("/smart_plus/campaign/create/", **{**CAMPAIGN, "campaign_name": "S"}, request_id="1"))
    states = [thing.state for thing in api.sandbox.world.objects(level="campaign")]
    assert states == [State.ACTIVE if ignored else State.PAUSED, State.PAUSED]


@pytest.mark.parametrize(
    ("account", "changes", "text"),
    [
        (USD, {"campaign_name": None}, "campaign_name"),
        (USD, {"campaign_name": " "}, "between 1 and 512"),
        (USD, {"campaign_name": "x" * 513}, "between 1 and 512"),
        (USD, {"campaign_name": "名" * 257}, "between 1 and 512"),
        (USD, {"campaign_name": "party 🎉"}, "emoji"),
        (USD, {"objective_type": "FAME"}, "objective_type"),
        (USD, {"budget_mode": "BUDGET_MODE_NEVER"}, "budget_mode"),
        (USD, {"budget": None}, "budget"),
        (USD, {"budget": "60"}, "budget"),
        (USD, {"budget": 49.99}, "Your budget setting must not be less than $50"),
        (GBP, {"budget": 49.0}, "Your budget setting must not be less than £50"),
        (JPY, {"budget": 4999}, "Your budget setting must not be less than ¥5000"),
        (JPY, {"budget": 6000.5}, "integer"),
        (USD, {"budget": 10_000_001}, "must not be more than"),
        (USD, {"operation_status": "DELETE"}, "operation_status"),
        (USD, {"request_id": "b6f1-uuid"}, "request_id"),
        (USD, {"request_id": 5}, "request_id"),
        (USD, {"request_id": str(2**63)}, "request_id"),
    ],
)
def test_bad_campaigns_are_refused_in_the_vendors_words(account: str, changes: Json, text: str) -> None:
    """Everything is 40002 and the text tells; nothing is made."""
    api = Api(account=account)
    refused(api.post("/campaign/create/", **{**CAMPAIGN, **changes}), 40002, text)
    assert api.sandbox.world.log == []


@pytest.mark.parametrize(
    ("account", "changes"),
    [
        (USD, {"budget": 50}), (JPY, {"budget": 5000}), (USD, {"campaign_name": "x" * 512}),
        (USD, {"campaign_name": "名" * 256}), (USD, {"budget_mode": "BUDGET_MODE_INFINITE", "budget": None}),
        (USD, {"request_id": str(2**63 - 1)}),
    ],
)  # fmt: skip
def test_what_just_fits_is_taken(account: str, changes: Json) -> None:
    """The edges of the rules above."""
    good(Api(account=account).post("/campaign/create/", **{**CAMPAIGN, **changes}))


def test_names_are_unique_unless_a_request_id_comes_along() -> None:
    """A repeated name is refused; a request_id switches the check off, so two live namesakes are possible."""
    api = Api()
    api.campaign()
    taken = api.post("/campaign/create/", **CAMPAIGN)
    refused(taken, 40002, "Campaign name already exists. Please try another one.")
    verdict = TABLE.classify(200, {}, taken, None)
    assert verdict is not None
    assert verdict.type == "CONFLICT"
    api.campaign(request_id="1")
    api.campaign(request_id="2")
    assert api.names() == ["Spring"] * 3


@pytest.mark.parametrize("reserved", [False, True])
def test_a_deleted_name_may_stay_taken(reserved: bool) -> None:
    """Either way can be set."""
    api = Api(reserve_deleted_names=reserved)
    good(api.post("/campaign/status/update/", campaign_ids=[api.campaign()], operation_status="DELETE"))
    assert (api.post("/campaign/create/", **CAMPAIGN)["code"] == 40002) is reserved


@pytest.mark.parametrize(("repeat", "code"), [("error", 40050), ("same", 0)])
def test_a_request_id_is_remembered_for_ten_seconds_only(repeat: str, code: int) -> None:
    """Within ten seconds one object; afterwards the same id makes a second one."""
    api = Api(repeat=repeat)
    first = api.campaign(request_id="42")
    api.now += 9.9
    again = api.post("/campaign/create/", **CAMPAIGN, request_id="42")
    assert again["code"] == code
    assert again["data"].get("campaign_id", first) == first
    api.now += 0.1
    assert api.campaign(request_id="42") != first
    assert len(api.sandbox.world.objects()) == 2


def test_what_is_fixed_cannot_be_updated() -> None:
    """Objective and budget mode are immutable; the same value again is tolerated."""
    api = Api()
    id_ = api.campaign()
    refused(api.post("/campaign/update/", campaign_id=id_, objective_type="REACH"), 40002, "objective_type")
    refused(api.post("/campaign/update/", campaign_id=id_, budget_mode="BUDGET_MODE_TOTAL"), 40002, "budget_mode")
    good(api.post("/campaign/update/", campaign_id=id_, objective_type="TRAFFIC", budget=60.0))


def test_an_update_that_changes_nothing_may_be_refused() -> None:
    """40012 where the vendor is set to say so."""
    for strict, code in ((True, 40012), (False, 0)):
        api = Api(nothing_to_update=strict)
        assert api.post("/campaign/update/", campaign_id=api.campaign(), budget=60.0)["code"] == code


def test_a_lifetime_budget_must_hold_what_is_spent() -> None:
    """A new total below 105 % of the cost so far is refused."""
    api = Api()
    campaign, group, *_ = api.sandbox.add_tree(USD, "Old", NOW - 10 * DAY, ads=3)
    world = api.sandbox.world
    thing = world.get(campaign)
    assert thing is not None
    world.update(NOW, thing, budget_mode="BUDGET_MODE_TOTAL", budget=1_000.0)
    assert group in [each.id for each in world.children(campaign)]
    refused(api.post("/campaign/update/", campaign_id=campaign, budget=60.0), 40002, "must not be less than")
    good(api.post("/campaign/update/", campaign_id=campaign, budget=2_000.0))


def test_a_punished_account_cannot_write() -> None:
    """Prose in 40002, and the account's status tells why; pausing still works."""
    api = Api()
    id_ = api.campaign()
    api.sandbox.advertisers[USD].status = "STATUS_LIMIT"
    refused(api.post("/campaign/create/", **{**CAMPAIGN, "campaign_name": "B"}), 40002, "suspended")
    refused(api.post("/campaign/status/update/", campaign_ids=[id_], operation_status="ENABLE"), 40002, "suspended")
    good(api.post("/campaign/status/update/", campaign_ids=[id_], operation_status="DISABLE"))
    assert good(api.get("/campaign/get/"))["list"][0]["secondary_status"].endswith("ADVERTISER_ACCOUNT_PUNISH")


# Lists --------------------------------------------------------------------------------------------------------


def test_pages_fields_and_filters() -> None:
    """The newest first, pages by number, fuzzy names, chosen fields."""
    api = Api()
    for number in range(25):
        api.now += 1
        api.campaign(campaign_name=f"Camp {number:02}", objective_type="REACH" if number % 2 else "TRAFFIC")
    first = good(api.get("/campaign/get/"))
    assert first["page_info"] == {"page": 1, "page_size": 10, "total_number": 25, "total_page": 3}
    assert first["list"][0]["campaign_name"] == "Camp 24"
    assert len(api.names(page=3)) == 5
    assert len(api.names(page_size=1000)) == 25
    assert api.names(filtering={"campaign_name": "camp 07"}) == ["Camp 07"]
    assert len(api.names(filtering={"campaign_name": "Camp 1"})) == 10
    assert len(api.names(filtering={"objective_type": "REACH"}, page_size=100)) == 12
    late = {"creation_filter_start_time": "2026-01-01 00:00:24"}
    assert api.names(filtering=late) == ["Camp 24", "Camp 23"]
    (row, *_) = good(api.get("/campaign/get/", fields=["campaign_id", "budget"]))["list"]
    assert set(row) == {"campaign_id", "budget"}


@pytest.mark.parametrize(
    "query",
    [
        {"page_size": 1001}, {"page_size": 0}, {"page": "x"}, {"filtering": {"campaign_ids": []}},
        {"filtering": {"campaign_ids": ["1"] * 101}}, {"filtering": {"primary_status": "SOME"}},
        {"filtering": {"creation_filter_start_time": "today"}}, {"filtering": []}, {"fields": "{}"},
    ],
)  # fmt: skip
def test_bad_list_parameters_are_refused(query: Json) -> None:
    """40002, naming the parameter."""
    envelope = Api().get("/campaign/get/", **query)
    refused(envelope, 40002, next(iter(query)))


@pytest.mark.parametrize("by_id", [True, False])
def test_lists_lag_behind_writes(by_id: bool) -> None:
    """An object shows after the lag; asking by id may see it at once."""
    api = Api(read_lag=3.0, lag_by_id=by_id)
    id_ = api.campaign()
    assert api.names() == []
    assert (api.names(filtering={"campaign_ids": [id_]}) == []) is by_id
    refused(api.post("/campaign/create/", **CAMPAIGN), 40002, "already exists")  # writes see it
    api.now += 3.0
    assert api.names() == ["Spring"]


def test_a_fault_plan_brings_its_own_lag() -> None:
    """The storm's lag holds while the storm does."""
    sandbox = TikTokSandbox(read_lag=1.0, faults=storm(1))
    assert sandbox.world.read_lag == (0.0, 3.0)
    sandbox.faults = None
    assert sandbox.world.read_lag == 1.0


# Status -------------------------------------------------------------------------------------------------------


def test_one_to_twenty_ids() -> None:
    """No id and twenty-one ids are refused; numbers are no ids."""
    api = Api()
    ids = [api.campaign(campaign_name=str(number)) for number in range(21)]
    for bad in ([], ids, [int(ids[0])]):
        refused(
            api.post("/campaign/status/update/", campaign_ids=bad, operation_status="ENABLE"), 40002, "campaign_ids"
        )
    good(api.post("/campaign/status/update/", campaign_ids=ids[:20], operation_status="ENABLE"))
    assert sum(thing.state is State.ACTIVE for thing in api.sandbox.world.objects()) == 20


def test_some_may_fail() -> None:
    """All or nothing by default; with allow_partial_success 20001, the list of errors, and the rest done."""
    api = Api()
    group = api.adgroup(api.campaign())
    body = {"adgroup_ids": [group, "1"], "operation_status": "ENABLE"}
    refused(api.post("/adgroup/status/update/", **body), 40002, "doesn't exist")
    thing = api.sandbox.world.get(group)
    assert thing is not None
    assert thing.state is State.PAUSED
    partial = api.post("/adgroup/status/update/", **body, allow_partial_success=True)
    assert (partial["code"], partial["data"]["adgroup_ids"]) == (20001, [group])
    assert partial["data"]["error_list"][0]["adgroup_id"] == "1"
    assert thing.state is State.ACTIVE


# Ad groups and ads --------------------------------------------------------------------------------------------


def test_a_tree_lives_when_all_of_it_is_on() -> None:
    """Parents speak in the secondary status, and only the whole tree can spend."""
    api = Api()
    campaign = api.campaign()
    group = api.adgroup(campaign)
    ad = api.ad(group)
    words = []
    for path, ids in (("/campaign", [campaign]), ("/adgroup", [group]), ("/ad", [ad])):
        words.append(good(api.get("/ad/get/", filtering={"adgroup_ids": [group]}))["list"][0]["secondary_status"])
        assert api.sandbox.world.could_spend(api.now) == []
        name = f"{path[1:]}_ids"
        good(api.post(f"{path}/status/update/", **{name: ids}, operation_status="ENABLE"))
    (row,) = good(api.get("/ad/get/"))["list"]
    words.append(row["secondary_status"])
    assert words == [
        "AD_STATUS_CAMPAIGN_DISABLE", "AD_STATUS_ADGROUP_DISABLE", "AD_STATUS_DISABLE", "AD_STATUS_DELIVERY_OK",
    ]  # fmt: skip
    assert (row["campaign_id"], row["adgroup_id"], row["campaign_name"]) == (campaign, group, "Spring")
    assert api.sandbox.world.could_spend(api.now) == [ad]
    assert api.sandbox.world.active_trees() == [campaign]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"location_ids": None}, "location_ids"),
        ({"promotion_type": None}, "promotion_type"),
        ({"budget": 19.0}, "must not be less than $20"),
        ({"budget_mode": "BUDGET_MODE_INFINITE"}, "Invalid budget type"),
        ({"budget_mode": "BUDGET_MODE_TOTAL", "budget": 500.0}, "SCHEDULE_START_END"),
        ({"schedule_type": "SCHEDULE_START_END"}, "schedule_end_time"),
        ({"schedule_start_time": "2026-01-01T00:00:00Z"}, "schedule_start_time"),
        ({"campaign_id": "1"}, "doesn't exist"),
    ],
)
def test_bad_ad_groups_are_refused(changes: Json, text: str) -> None:
    """40002 in the vendor's words."""
    api = Api()
    body = {**ADGROUP, "campaign_id": api.campaign(), **changes}
    refused(api.post("/adgroup/create/", **body), 40002, text)


def test_a_lifetime_budget_of_an_ad_group_covers_each_day() -> None:
    """Minimum times days."""
    api = Api()
    body = {
        **ADGROUP, "campaign_id": api.campaign(), "budget_mode": "BUDGET_MODE_TOTAL",
        "schedule_type": "SCHEDULE_START_END", "schedule_end_time": "2026-01-04 00:00:00",
    }  # fmt: skip
    refused(api.post("/adgroup/create/", **{**body, "budget": 59.0}), 40002, "must not be less than $60")
    good(api.post("/adgroup/create/", **{**body, "budget": 60.0}))


def test_with_a_campaign_budget_the_ad_group_has_none() -> None:
    """budget_optimize_on: the ad group's own budget is ignored and cannot be changed."""
    api = Api()
    group = api.adgroup(api.campaign(budget_optimize_on=True), budget=5.0)
    (row,) = good(api.get("/adgroup/get/"))["list"]
    assert (row["budget_mode"], row["budget"]) == ("BUDGET_MODE_INFINITE", 0.0)
    body = {"budget": [{"adgroup_id": group, "budget": 40.0}]}
    refused(api.post("/adgroup/budget/update/", **body), 40002, "set on the campaign")


def test_budgets_of_ad_groups_change_now_or_tomorrow() -> None:
    """`budget` acts at once, `schedule_budget` is kept for later; below the minimum nothing changes."""
    api = Api()
    one, two = (api.adgroup(api.campaign(campaign_name=name)) for name in "ab")
    good(api.post("/adgroup/budget/update/", budget=[{"adgroup_id": one, "budget": 40.0}]))
    good(api.post("/adgroup/budget/update/", schedule_budget=[{"adgroup_id": two, "schedule_budget": 45.0}]))
    bad = [{"adgroup_id": one, "budget": 50.0}, {"adgroup_id": two, "budget": 1.0}]
    refused(api.post("/adgroup/budget/update/", budget=bad), 40002, "must not be less than")
    found = {row["adgroup_id"]: row for row in good(api.get("/adgroup/get/"))["list"]}
    assert (found[one]["budget"], found[two]["budget"], found[two]["scheduled_budget"]) == (40.0, 30.0, 45.0)
    changed = good(
        api.post("/adgroup/update/", adgroup_id=one, adgroup_name="New", schedule_start_time="2026-02-01 00:00:00")
    )
    assert (changed["adgroup_name"], changed["schedule_start_time"]) == ("New", "2026-02-01 00:00:00")
    refused(api.post("/adgroup/update/", adgroup_id=one, billing_event="CPM"), 40002, "billing_event")


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"identity_id": None}, 40002, "identity_id"),
        ({"ad_name": None}, 40002, "ad_name"),
        ({"ad_format": "POSTER"}, 40002, "ad_format"),
        ({"image_ids": []}, 40002, "You must upload an image."),
        ({"ad_format": "SINGLE_VIDEO", "video_id": "None"}, 40053, "video"),
        ({"operation_status": "DELETE"}, 40002, "operation_status"),
    ],
)
def test_bad_ads_are_refused(changes: Json, code: int, text: str) -> None:
    """Identity, format, cover and video must be there."""
    api = Api()
    group = api.adgroup(api.campaign())
    refused(api.post("/ad/create/", adgroup_id=group, creatives=[{**CREATIVE, **changes}]), code, text)
    refused(api.post("/ad/create/", adgroup_id=group, creatives=[CREATIVE] * 21), 40002, "creatives")
    assert api.sandbox.world.objects(level="ad") == []


def test_ads_have_no_key_so_a_repeat_makes_another() -> None:
    """The same create twice is two ads: nothing at the vendor prevents it."""
    api = Api()
    group = api.adgroup(api.campaign())
    marked = mark("Ad", token("tiktok", USD, "create_ad", "k"))
    ids = {api.ad(group, ad_name=marked), api.ad(group, ad_name=marked)}
    assert len(good(api.get("/ad/get/", filtering={"ad_name": marked}))["list"]) == len(ids) == 2
    assert len(api.sandbox.world.parked()) == 1


def test_ads_are_changed_whole_or_in_part() -> None:
    """What an update leaves out is cleared, unless it is a patch."""
    api = Api()
    group = api.adgroup(api.campaign())
    ad = api.ad(group)
    good(api.post("/ad/update/", adgroup_id=group, patch_update=True, creatives=[{"ad_id": ad, "ad_text": "Now"}]))
    (row,) = good(api.get("/ad/get/"))["list"]
    assert (row["ad_text"], row["image_ids"]) == ("Now", ["i1"])
    good(api.post("/ad/update/", adgroup_id=group, creatives=[{"ad_id": ad, "ad_text": "Later"}]))
    (row,) = good(api.get("/ad/get/"))["list"]
    assert (row["ad_text"], row["image_ids"]) == ("Later", None)
    refused(api.post("/ad/update/", adgroup_id=group, creatives=[{"ad_id": "1"}]), 40007, "does not exist")


def test_reviews_take_time_and_may_fail() -> None:
    """In review, delivering, or denied; only what passed can spend or report."""
    api = Api(review=60.0)
    group = api.adgroup(api.campaign(operation_status="ENABLE"), operation_status="ENABLE")
    api.ad(group, operation_status="ENABLE")
    api.ad(group, ad_name="Bad", ad_text="[deny] this", operation_status="ENABLE")

    def words() -> list[str]:
        return [row["secondary_status"] for row in good(api.get("/ad/get/"))["list"]]

    assert words() == ["AD_STATUS_AUDIT_DENY", "AD_STATUS_AUDIT"]
    api.now += 61
    assert words() == ["AD_STATUS_AUDIT_DENY", "AD_STATUS_DELIVERY_OK"]


# Smart+ -------------------------------------------------------------------------------------------------------


def smart_tree(api: Api) -> tuple[str, str, str]:
    """A Smart+ campaign with its ad group and its ad."""
    campaign = good(api.post("/smart_plus/campaign/create/", **CAMPAIGN, request_id="1"))["campaign_id"]
    flat = {name: value for name, value in ADGROUP.items() if name != "location_ids"}
    nested = {"location_ids": ["6252001"]}
    body = {**flat, "campaign_id": campaign, "targeting_spec": nested, "request_id": "2"}
    group = good(api.post("/smart_plus/adgroup/create/", **body))["adgroup_id"]
    ad = {"adgroup_id": group, "ad_name": "S", "creative_list": [{"creative_info": {}}], "operation_status": "DISABLE"}
    return campaign, group, good(api.post("/smart_plus/ad/create/", **ad))["smart_plus_ad_id"]


def test_smart_plus_has_its_own_shapes() -> None:
    """request_id is required, targeting nested, ads have ids of their own kind and no filter by name."""
    api = Api()
    refused(api.post("/smart_plus/campaign/create/", **CAMPAIGN), 40002, "request_id")
    campaign, group, ad = smart_tree(api)
    flat = {**ADGROUP, "campaign_id": campaign, "request_id": "3"}
    refused(api.post("/smart_plus/adgroup/create/", **flat), 40002, "targeting_spec")
    refused(api.post("/adgroup/create/", **flat), 40002, "campaign_id")
    (row,) = good(api.get("/smart_plus/ad/get/", filtering={"ad_name": "ignored", "adgroup_ids": [group]}))["list"]
    assert (row["smart_plus_ad_id"], row["campaign_automation_type"]) == (ad, "UPGRADED_SMART_PLUS")
    assert good(api.get("/ad/get/"))["list"] == []
    refused(api.post("/ad/status/update/", ad_ids=[ad], operation_status="DISABLE"), 40002, "doesn't exist")
    refused(
        api.post("/smart_plus/ad/status/update/", ad_ids=[ad], operation_status="DISABLE"), 40002, "smart_plus_ad_ids"
    )


@pytest.mark.parametrize("listed", [True, False])
def test_manual_lists_may_show_smart_plus(listed: bool) -> None:
    """Either way can be set; Smart+ lists never show manual campaigns."""
    api = Api(manual_lists_smart_plus=listed)
    smart_tree(api)
    api.campaign(campaign_name="Manual")
    assert len(api.names()) == (2 if listed else 1)
    assert len(good(api.get("/smart_plus/campaign/get/"))["list"]) == 1


def test_a_smart_plus_ad_takes_one_operation_in_five_seconds() -> None:
    """Faster is a concurrency error, 40202."""
    api = Api()
    *_, ad = smart_tree(api)
    body = {"smart_plus_ad_ids": [ad], "operation_status": "ENABLE"}
    refused(api.post("/smart_plus/ad/status/update/", **body), 40202, "concurrently")
    api.now += 5
    good(api.post("/smart_plus/ad/status/update/", **body))
    refused(api.post("/smart_plus/ad/update/", smart_plus_ad_id=ad, ad_name="T"), 40202, "concurrently")
    api.now += 5
    assert good(api.post("/smart_plus/ad/update/", smart_plus_ad_id=ad, ad_name="T"))["ad_name"] == "T"


# Uploads ------------------------------------------------------------------------------------------------------


def test_images_are_uploaded_with_their_signature() -> None:
    """MD5 checked (40900), names unique (40911), the file must be there."""
    api = Api()
    content = b"\x89PNG\r\n\x1a\n\x00\xff"
    md5 = hashlib.md5(content).hexdigest()
    fields = {"upload_type": "UPLOAD_BY_FILE", "image_signature": md5, "file_name": "a.png"}
    made = good(api.upload("/file/image/ad/upload/", ("image_file", content), **fields))
    assert (made["signature"], made["size"], made["file_name"]) == (md5, len(content), "a.png")
    upload = "/file/image/ad/upload/"
    refused(api.upload(upload, ("image_file", content), **fields), 40911, "duplicated")
    refused(api.upload(upload, ("image_file", content), **{**fields, "image_signature": "0"}), 40900, "signature")
    refused(api.upload(upload, None, **fields), 40905, "missing")
    refused(api.upload(upload, ("image_file", b""), **fields), 40906, "empty")
    assert good(api.get("/file/image/ad/info/", image_ids=[made["image_id"]]))["list"][0]["file_name"] == "a.png"
    assert good(api.get("/file/image/ad/search/"))["page_info"]["total_number"] == 1
    assert [effect.kind for effect in api.sandbox.world.log] == ["upload"]


def test_videos_are_transcoded_first() -> None:
    """The answer is a list; until the video is ready its information and ads with it are refused with 40901."""
    api = Api(transcode=30.0)
    content = b"video"
    fields = {"upload_type": "UPLOAD_BY_FILE", "video_signature": hashlib.md5(content).hexdigest(), "file_name": "v"}
    (made,) = good(api.upload("/file/video/ad/upload/", ("video_file", content), **fields))
    group = api.adgroup(api.campaign())
    creative = {**CREATIVE, "ad_format": "SINGLE_VIDEO", "video_id": made["video_id"]}
    refused(api.get("/file/video/ad/info/", video_ids=[made["video_id"]]), 40901, "transcoded")
    refused(api.post("/ad/create/", adgroup_id=group, creatives=[creative]), 40901, "transcoded")
    api.now += 30
    assert good(api.get("/file/video/ad/info/", video_ids=[made["video_id"]]))["list"][0]["size"] == 5
    good(api.post("/ad/create/", adgroup_id=group, creatives=[creative]))


# Reports ------------------------------------------------------------------------------------------------------

BASIC: Json = {"report_type": "BASIC", "data_level": "AUCTION_CAMPAIGN", "metrics": ["spend", "impressions", "clicks"]}
RANGE: Json = {"start_date": "2025-12-20", "end_date": "2025-12-31"}


def report(api: Api, **query: Any) -> list[Json]:
    """The rows of a report."""
    found: list[Json] = good(api.get("/report/integrated/get/", **{**BASIC, **RANGE, "page_size": 1000, **query}))[
        "list"
    ]
    return found


@pytest.mark.parametrize("account", ADVERTISERS)
def test_days_sum_up_to_their_range(account: str) -> None:
    """Each addable metric by day equals the same metric over the range, at each level, in each currency."""
    api = Api(account=account)
    api.sandbox.add_tree(account, "Old", NOW - 8.3 * DAY, ads=3)
    levels = {"AUCTION_CAMPAIGN": "campaign_id", "AUCTION_AD": "ad_id", "AUCTION_ADVERTISER": "advertiser_id"}
    sums = set()
    for level, id_ in levels.items():
        for dimensions in ([id_], [id_, "stat_time_day"]):
            rows = report(api, data_level=level, dimensions=dimensions)
            assert rows
            sums.add(tuple(round(sum(float(row["metrics"][name]) for row in rows), 2) for name in BASIC["metrics"]))
    assert len(sums) == 1
    assert all(value > 0 for value in sums.pop())


def test_numbers_grow_while_a_tree_runs_and_stop_when_it_is_paused() -> None:
    """Spend follows the time in which everything was on."""
    api = Api()
    campaign, *_ = api.sandbox.add_tree(USD, "Now", NOW)

    def spend() -> float:
        rows = report(api, dimensions=["campaign_id"], start_date="2026-01-01", end_date="2026-01-02")
        return float(rows[0]["metrics"]["spend"]) if rows else 0.0

    seen = []
    for _ in range(3):
        api.now += DAY / 4
        seen.append(spend())
    assert seen == sorted(set(seen))
    good(api.post("/campaign/status/update/", campaign_ids=[campaign], operation_status="DISABLE"))
    api.now += DAY
    assert spend() == seen[-1]


def test_a_report_is_the_same_for_the_same_seed() -> None:
    """Metrics come from the seed, not from the hour of the test."""

    def rows(seed: int) -> list[Json]:
        api = Api(seed=seed)
        api.sandbox.add_tree(USD, "Old", NOW - 5 * DAY)
        return [row["metrics"] for row in report(api, dimensions=["campaign_id", "stat_time_day"])]

    assert rows(1) == rows(1) != rows(2)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"dimensions": ["campaign_id", "stat_time_day"], "start_date": "2025-12-01"}, "max time span is 30 days"),
        ({"dimensions": ["campaign_id", "stat_time_hour"], "start_date": "2025-12-30"}, "max time span is 1 day"),
        ({"dimensions": ["campaign_id"], "start_date": "2024-12-30"}, "max time span is 365 days"),
        ({"dimensions": ["campaign_id"], "end_date": "2025-12-01"}, "end_date"),
        ({"dimensions": ["campaign_id"], "start_date": "31.12.2025"}, "start_date"),
        ({"dimensions": ["ad_id"]}, "Conflict occurs"),
        ({"dimensions": ["campaign_id"], "metrics": ["fame"]}, "Conflict occurs"),
        ({"dimensions": []}, "Conflict occurs"),
        ({"dimensions": ["campaign_id"], "filtering": [{"field_name": "campaign_ids"}]}, "filtering"),
    ],
)
def test_bad_reports_are_refused(query: Json, text: str) -> None:
    """The vendor's texts, on which splitting and classification depend."""
    api = Api()
    end = {"end_date": "2025-12-31"}
    refused(api.get("/report/integrated/get/", **{**BASIC, **RANGE, **end, **query}), 40002, text)


def test_empty_metrics_totals_filters_and_order() -> None:
    """A dash where there is nothing to divide; totals over all pages; ids filter; rows are ordered."""
    api = Api()
    one, *_ = api.sandbox.add_tree(USD, "One", NOW - 2 * DAY)
    two, *_ = api.sandbox.add_tree(USD, "Two", NOW - 9 * DAY)
    api.sandbox.add_tree(USD, "New", NOW - 600.0)
    query = {"dimensions": ["campaign_id"], "metrics": ["spend", "ctr", "cost_per_conversion", "campaign_name"]}
    rows = report(api, **query, order_field="spend", order_type="DESC")
    assert [row["metrics"]["campaign_name"] for row in rows] == ["Two", "One", "New"]
    assert rows[-1]["metrics"]["cost_per_conversion"] == "-"
    only = [{"field_name": "campaign_ids", "filter_type": "IN", "filter_value": json.dumps([one])}]
    assert [row["dimensions"]["campaign_id"] for row in report(api, **query, filtering=only)] == [one]
    asked = {**BASIC, **RANGE, **query, "page_size": 1, "enable_total_metrics": True}
    data = good(api.get("/report/integrated/get/", **asked))
    assert float(data["total_metrics"]["spend"]) == pytest.approx(sum(float(row["metrics"]["spend"]) for row in rows))
    assert data["page_info"]["total_number"] == 3
    good(api.post("/campaign/status/update/", campaign_ids=[two], operation_status="DELETE"))
    assert len(report(api, **query)) == 2


def test_hours_sum_up_to_their_day() -> None:
    """24 rows whose clicks and spend are the day's."""
    api = Api()
    api.sandbox.add_tree(USD, "Old", NOW - 5 * DAY)
    day = {"start_date": "2025-12-30", "end_date": "2025-12-30"}
    hours = report(api, dimensions=["campaign_id", "stat_time_hour"], **day)
    (whole,) = report(api, dimensions=["campaign_id", "stat_time_day"], **day)
    assert len(hours) == 24
    total = sum(float(row["metrics"]["spend"]) for row in hours)
    assert total == pytest.approx(float(whole["metrics"]["spend"]))


def test_a_report_task_becomes_ready() -> None:
    """Queuing, processing, success; downloaded as text or by an address that is good for an hour."""
    api = Api()
    api.sandbox.add_tree(USD, "Old", NOW - 5 * DAY)
    asked = {**BASIC, **RANGE, "dimensions": ["campaign_id"]}
    task = good(api.post("/report/task/create/", **asked))["task_id"]
    linked = good(api.post("/report/task/create/", **asked, output_format="CSV_DOWNLOAD"))["task_id"]
    states = []
    for wait in (0.0, 5.0, 5.0):
        api.now += wait
        states.append(good(api.get("/report/task/check/", task_id=task))["status"])
        if states[-1] != "SUCCESS":
            refused(api.get("/report/task/download/", task_id=task), 40201, "not ready")
    assert states == ["QUEUING", "PROCESSING", "SUCCESS"]
    text = api.send("GET", "/report/task/download/", query={"advertiser_id": USD, "task_id": task}).body.decode()
    assert text.startswith("campaign_id,spend,impressions,clicks\r\n")
    url = httpx.URL(good(api.get("/report/task/download/", task_id=linked))["download_url"])
    api.token = None
    path = url.path.removeprefix(ROOT)
    assert api.send("GET", path, query=dict(url.params)).body.decode() == text
    api.now += 3_601
    assert api.send("GET", path, query=dict(url.params)).status == 403


def test_a_report_task_can_be_cancelled_until_it_is_done() -> None:
    """A finished task stays finished."""
    api = Api()
    tasks = [
        good(api.post("/report/task/create/", **BASIC, **RANGE, dimensions=["campaign_id"]))["task_id"] for _ in "ab"
    ]
    good(api.post("/report/task/cancel/", task_id=tasks[0]))
    assert good(api.get("/report/task/check/", task_id=tasks[0]))["status"] == "CANCELED"
    api.now += 60
    refused(api.post("/report/task/cancel/", task_id=tasks[1]), 40200, "finished")


# Limits and faults --------------------------------------------------------------------------------------------


def test_the_limits_of_a_tier_in_the_vendors_words() -> None:
    """The 11th call of a second, the 601st of a minute and the pause of five minutes after it."""
    api = Api(tier="basic")
    codes = [api.get("/campaign/get/") for _ in range(11)]
    assert [each["code"] for each in codes[:10]] == [0] * 10
    refused(codes[10], 40100, f"App {api.sandbox.app_id} reaches the QPS limit 10, current QPS is 11")
    api.now += 1
    for number in range(590):
        api.now += 0.1 if number else 0.0
        last = api.get("/campaign/get/")
    refused(last, 40100, "temporarily restricted")
    api.now += 299
    assert api.get("/campaign/get/")["code"] == 40100
    api.now += 2
    assert api.get("/campaign/get/")["code"] == 0


def test_ad_create_has_a_limit_of_its_own() -> None:
    """Five in a second on the basic level, while other calls still pass."""
    api = Api(tier="basic")
    codes = [api.post("/ad/create/")["code"] for _ in range(6)]
    assert codes == [40002] * 5 + [40100]
    assert api.get("/campaign/get/")["code"] == 0


K = FaultKind


@pytest.mark.parametrize(
    ("rule", "code", "type_", "made"),
    [
        (FaultRule(K.RATE_LIMIT), 40100, "API_RATE_LIMIT", 0),
        (FaultRule(K.RATE_LIMIT, long=True), 40100, "API_RATE_LIMIT", 0),
        (FaultRule(K.RATE_LIMIT, code=61000), 61000, "API_RATE_LIMIT", 0),
        (FaultRule(K.VENDOR_ERROR, code=51002), 51002, "PLATFORM_SERVICE_ERROR", 0),
        (FaultRule(K.VENDOR_ERROR, code=50002, after_commit=True), 50002, "PLATFORM_TIMEOUT", 1),
        (FaultRule(K.TOKEN_EXPIRED), 40102, "TOKEN_EXPIRED", 0),
        (FaultRule(K.TOKEN_REVOKED), 40105, "TOKEN_INVALID", 0),
    ],
)
def test_faults_in_the_vendors_words(rule: FaultRule, code: int, type_: str, made: int) -> None:
    """HTTP 200, the vendor's code and text; our error table names it; an error after the commit leaves its effect."""
    sandbox = TikTokSandbox(faults=FaultPlan([rule]))
    api, clock = Api(sandbox), VirtualClock()

    async def main() -> httpx.Response:
        async with httpx.AsyncClient(transport=SimTransport(sandbox, clock)) as client:
            body = {**CAMPAIGN, "advertiser_id": USD}
            return await client.post(f"http://t{ROOT}/campaign/create/", json=body, headers={"Access-Token": TOKEN})

    answer = run(main(), clock)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, code, {})
    verdict = TABLE.classify(200, {}, answer.json(), None)
    assert verdict is not None
    assert (verdict.type, len(api.sandbox.world.objects())) == (type_, made)
    if rule.long:
        assert verdict.retry_after == 300


def test_a_partial_fault_fails_some_of_several() -> None:
    """Every second id fails, the others are done; a single one is not touched by it."""
    plan = FaultPlan([FaultRule(K.PARTIAL, operation="campaign/status/update")])
    api = Api()
    ids = [api.campaign(campaign_name=str(number)) for number in range(3)]
    body = json.dumps({"advertiser_id": USD, "campaign_ids": ids, "operation_status": "ENABLE"}).encode()
    request = Request("POST", f"{ROOT}/campaign/status/update/", {}, {"access-token": TOKEN}, body)
    fault = plan.decide(request, NOW, api.sandbox.operation(request))
    told = json.loads(api.sandbox.handle(request, NOW, fault).body)
    assert (told["code"], told["data"]["campaign_ids"]) == (20001, [ids[0], ids[2]])
    assert [thing.state is State.ACTIVE for thing in api.sandbox.world.objects()] == [True, False, True]


def scenario(seed: int) -> list[Any]:
    """An hour in a storm: a create every 20 s, asked three times; the world's log."""
    sandbox, clock = TikTokSandbox(seed=seed, faults=storm(seed)), VirtualClock()

    async def main() -> None:
        transport = SimTransport(sandbox, clock)
        async with httpx.AsyncClient(transport=transport, timeout=10.0, headers={"Access-Token": TOKEN}) as client:
            for number in range(180):
                body = {**CAMPAIGN, "advertiser_id": USD, "campaign_name": mark("C", token("t", USD, "c", str(number)))}
                for _ in range(3):
                    try:
                        await client.post(f"http://t{ROOT}/campaign/create/", json=body)
                    except httpx.HTTPError:
                        continue
                await clock.sleep(20.0)

    run(main(), clock)
    assert sandbox.faults is not None
    return [sandbox.world.log, sandbox.faults.struck]


def test_the_same_seed_gives_the_same_storm() -> None:
    """Every effect, at the same instant; another seed gives another storm; unique names hold even then."""
    first, second = scenario(3), scenario(3)
    assert first == second
    assert first != scenario(4)
    keys = [effect.key for effect in first[0]]
    assert len(keys) == len(set(keys)) > 100


def test_a_reset_forgets_the_world_and_begins_the_faults_anew() -> None:
    """Tokens and advertisers stay."""
    api = Api(faults=FaultPlan([FaultRule(K.TIMEOUT, times=1)]))
    api.campaign()
    plan = api.sandbox.faults
    assert plan is not None
    plan.decide(Request("GET", "/"), NOW)
    api.sandbox.reset()
    assert (api.sandbox.world.summary()["objects"], plan.struck) == (0, [0])
    api.campaign()
