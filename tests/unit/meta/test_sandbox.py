"""Meta's simulator: the door, the wire of each object, and what stays in the world."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox import Request, State
from backstay.writes.marker import mark, token
from backstay_adapters.meta.sandbox import APP_ID, SECRET, TOKEN, MetaSandbox
from backstay_adapters.meta.sandbox.access import proof
from tests.unit.meta.sandbox_api import (
    ADSET,
    CAMPAIGN,
    DAY,
    FORM,
    GBP,
    JPY,
    NOW,
    STORY,
    TARGETING,
    USD,
    Api,
    Json,
    good,
    refused,
)

KEY = token("meta", USD, "create_campaign", "spring")


# The door -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "code", "subcode"),
    [
        (lambda api: setattr(api, "token", None), 400, 104, None),
        (lambda api: setattr(api, "token", "stranger"), 400, 190, None),
        (lambda api: api.sandbox.expire(), 401, 190, 463),
        (lambda api: api.sandbox.revoke(), 401, 190, 458),
        (lambda api: api.sandbox.spoil(460), 401, 190, 460),
        (lambda api: api.sandbox.spoil(0), 400, 190, None),
        (lambda api: api.sandbox.grant(TOKEN, [GBP]), 403, 200, None),
        (lambda api: setattr(api, "account", "1"), 400, 100, 33),
        (lambda api: setattr(api, "version", "/v23.0"), 400, 2635, None),
        (lambda api: setattr(api, "version", ""), 200, None, None),
        (lambda api: setattr(api.sandbox, "require_proof", True), 400, 100, None),
    ],
)
def test_the_door(change: Any, status: int, code: int | None, subcode: int | None) -> None:
    """Tokens, permissions, versions and the proof are refused with the vendor's codes."""
    api = Api()
    change(api)
    body = api.get(f"{api.act}/campaigns")
    assert api.reply.status == status
    if code is not None:
        refused(body, code, subcode)


@pytest.mark.parametrize("how", ["Bearer", "OAuth", "bearer", "parameter", "form"])
def test_the_token_may_come_in_several_ways(how: str) -> None:
    """In the header, in the query, in the form; a header of another kind is none."""
    api = Api()
    api.token = None
    if how == "parameter":
        assert api.get(api.act, access_token=TOKEN)["account_id"] == USD
    elif how == "form":
        assert "id" in api.post(f"{api.act}/campaigns", access_token=TOKEN, **CAMPAIGN)
    else:
        assert api.send("GET", api.act, authorization=f"{how} {TOKEN}")["account_id"] == USD
    refused(api.send("GET", api.act, authorization=f"Basic {TOKEN}"), 104)


def test_the_proof_of_the_apps_secret_is_checked() -> None:
    """A wrong one is refused always, a missing one when the app wants it."""
    api = Api(require_proof=True)
    refused(api.get(api.act), 100, None, "require an appsecret_proof")
    assert "id" in api.get(api.act, appsecret_proof=proof(SECRET, TOKEN))
    api.sandbox.require_proof = False
    refused(api.get(api.act, appsecret_proof=proof("other", TOKEN)), 100, None, "Invalid appsecret_proof")


def test_me_and_my_accounts_and_what_is_known_of_a_token() -> None:
    """The cheap probes; without a token /me has words of its own."""
    api = Api(tokens={TOKEN: [USD, JPY]})
    assert api.get("/me")["id"]
    assert [row["id"] for row in api.get("/me/adaccounts")["data"]] == [f"act_{USD}", f"act_{JPY}"]
    assert api.get("/debug_token", input_token=TOKEN)["data"]["is_valid"] is True
    assert api.get("/debug_token", input_token="x")["data"]["is_valid"] is False
    assert api.get("/debug_token", input_token=TOKEN)["data"]["app_id"] == APP_ID
    api.token = None
    refused(api.get("/me"), 2500)


def test_every_answer_has_the_vendors_headers() -> None:
    """The trace of an error is in a header, too; a bad token is told in www-authenticate."""
    api = Api()
    body = api.get("/act_9")
    assert api.reply.headers["facebook-api-version"] == "v26.0"
    assert api.reply.headers["x-fb-trace-id"] == body["error"]["fbtrace_id"]
    api.sandbox.expire()
    api.get(api.act)
    assert api.reply.headers["www-authenticate"].startswith('OAuth "Facebook Platform" "invalid_token"')


def test_an_expired_token_says_since_when() -> None:
    """The text carries two clocks."""
    api = Api()
    api.sandbox.expire()
    text = refused(api.get(api.act), 190, 463)["message"]
    assert text == (
        "Error validating access token: Session has expired on Wednesday, 31-Dec-25 23:00:00 PST. "
        "The current time is Thursday, 01-Jan-26 00:00:00 PST."
    )


@pytest.mark.parametrize(
    ("method", "path", "code", "subcode", "text"),
    [
        ("GET", "/act_100000000000001/nothing", 2500, None, "Unknown path components: /nothing"),
        ("GET", "/123", 100, 33, "Object with ID '123' does not exist"),
        ("POST", "/123", 100, 33, "Unsupported post request"),
        ("GET", "/100000000000001", 100, 33, "does not exist"),
        ("DELETE", "/act_100000000000001/adsets", 100, 33, "Unsupported delete request"),
        ("PUT", "/act_100000000000001/campaigns", 100, 33, "Unsupported put request"),
    ],
)
def test_unknown_paths_and_methods(method: str, path: str, code: int, subcode: int | None, text: str) -> None:
    """A bare account number is no account; a path that is not there is named."""
    refused(Api().send(method, path), code, subcode, text)


def test_reading_many_ids_at_once_is_a_500_that_no_retry_heals() -> None:
    """`GET /?ids=` is gone since v26 and says so with the wrong status."""
    api = Api()
    refused(api.get("/", ids="1,2"), 100, None, "ids parameter is deprecated")
    assert api.reply.status == 500
    refused(api.get("/"), 100, 33)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{half", "application/json"),
        (b"[1]", "application/json"),
        (b"name=x&special_ad_categories=%5Bhalf", FORM),
    ],
)
def test_bodies_that_cannot_be_read(body: bytes, kind: str) -> None:
    """Half JSON, JSON of the wrong shape, and a broken list in a form."""
    api = Api()
    refused(api.send("POST", f"{api.act}/campaigns", body=body, kind=kind), 100)
    assert not api.sandbox.world.objects()


def test_json_forms_and_multipart_make_the_same_campaign() -> None:
    """Three ways to carry parameters, one object each."""
    api = Api()
    api.campaign()
    good(api.send("POST", f"{api.act}/campaigns", body=json.dumps(CAMPAIGN).encode(), kind="application/json"))
    good(api.upload(f"{api.act}/campaigns", {"x": ("x", b"x")}, **CAMPAIGN))
    rows = api.get(f"{api.act}/campaigns", fields="name,daily_budget,special_ad_categories,objective")["data"]
    assert len(rows) == 3
    assert len({json.dumps({**row, "id": ""}, sort_keys=True) for row in rows}) == 1


# Accounts -----------------------------------------------------------------------------------------------------


def test_the_account_has_money_in_minor_units() -> None:
    """Texts for balance, spend and limit; a whole number for the minimum; the zone's offset of the day."""
    api = Api(JPY)
    fields = "name,currency,timezone_name,timezone_offset_hours_utc,account_status,disable_reason,balance,amount_spent,"
    row = api.get(api.act, fields=f"{fields}spend_cap,min_daily_budget,is_prepay_account")
    assert row == {
        "name": "Sandbox Tokyo", "currency": "JPY", "timezone_name": "Asia/Tokyo", "timezone_offset_hours_utc": 9.0,
        "account_status": 1, "disable_reason": 0, "balance": "0", "amount_spent": "0", "spend_cap": "0",
        "min_daily_budget": 100, "is_prepay_account": False, "id": f"act_{JPY}",
    }  # fmt: skip
    assert Api(GBP).get(f"/act_{GBP}", fields="min_daily_budget")["min_daily_budget"] == 100


def test_spend_shows_in_the_account_and_a_cap_is_set_ten_times_a_day() -> None:
    """amount_spent grows with a running tree; the eleventh change of a day is 17/1885172."""
    api = Api()
    api.sandbox.add_tree(USD, "Old", NOW - 3 * DAY)
    assert int(api.get(api.act, fields="amount_spent")["amount_spent"]) > 100
    for _ in range(10):
        assert api.post(api.act, spend_cap="500.00") == {"success": True}
    refused(api.post(api.act, spend_cap="600.00"), 17, 1885172)
    assert api.get(api.act, fields="spend_cap")["spend_cap"] == "50000"
    api.now += DAY
    refused(api.post(api.act, spend_cap="much"), 100, None, "must be a number")
    assert api.post(api.act, spend_cap_action="delete", name="Mine") == {"success": True}
    assert api.get(api.act, fields="name")["name"] == "Mine"
    assert api.get(api.act, fields="spend_cap")["spend_cap"] == "0"


def test_one_forbidden_field_fails_the_whole_read() -> None:
    """`owner` needs business_management; the rest is readable without it. Unknown fields are named."""
    api = Api()
    assert "owner" in api.get(api.act, fields="id,owner")
    api.sandbox.grant(TOKEN, scopes=["ads_read"])
    refused(api.get(api.act, fields="id,name,owner"), 200, None, "Requires business_management")
    assert api.get(api.act, fields="id,name")["name"] == "Sandbox account"
    refused(api.get(api.act, fields="id,nope"), 100, None, "nonexisting field (nope) on node type (AdAccount)")


def test_minimum_budgets() -> None:
    """By billing event, in minor units."""
    (row,) = Api().get(f"/act_{USD}/minimum_budgets")["data"]
    assert row["currency"] == "USD"
    assert row["min_daily_budget_imp"] == 100 < row["min_daily_budget_high_freq"] < row["min_daily_budget_low_freq"]


@pytest.mark.parametrize(
    ("refusal", "code", "subcode"),
    [((200, 2490592), 200, 2490592), ((100, 1487124), 100, 1487124), ((368, None), 368, None)],
)  # fmt: skip
def test_a_disabled_account_reads_and_does_not_write(refusal: Any, code: int, subcode: int | None) -> None:
    """There is no clean error for it: each of the known ones can be set."""
    api = Api(disabled=refusal)
    id_ = api.campaign()
    api.sandbox.accounts[USD].status = 2
    refused(api.post(f"{api.act}/campaigns", **CAMPAIGN), code, subcode)
    refused(api.post(f"/{id_}", name="x"), code, subcode)
    assert api.get(api.act, fields="account_status")["account_status"] == 2


def test_a_token_that_may_only_read() -> None:
    """Writes are 294."""
    api = Api()
    api.sandbox.grant(TOKEN, scopes=["ads_read"])
    assert api.names() == []
    refused(api.post(f"{api.act}/campaigns", **CAMPAIGN), 294)


# Campaigns, ad sets, ads --------------------------------------------------------------------------------------


def test_a_campaign_is_made_read_changed_and_deleted() -> None:
    """The whole life on the wire: ids of 18 digits, budgets as texts, times in the account's zone."""
    api = Api(JPY)
    id_ = api.campaign(daily_budget=5000, spend_cap=2_000_000, special_ad_categories=["HOUSING"])
    assert len(id_) == 18
    fields = "id,name,objective,status,configured_status,effective_status,daily_budget,lifetime_budget,"
    fields += "budget_remaining,spend_cap,special_ad_categories,bid_strategy,created_time,updated_time,account_id"
    assert api.get(f"/{id_}", fields=fields) == {
        "id": id_, "name": "Spring", "objective": "OUTCOME_TRAFFIC", "status": "PAUSED", "configured_status": "PAUSED",
        "effective_status": "PAUSED", "daily_budget": "5000", "budget_remaining": "5000", "spend_cap": "2000000",
        "special_ad_categories": ["HOUSING"], "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "account_id": JPY,
        "created_time": "2026-01-01T09:00:00+0900", "updated_time": "2026-01-01T09:00:00+0900",
    }  # fmt: skip
    assert api.get(f"/{id_}") == {"id": id_}
    assert api.post(f"/{id_}", daily_budget=7000, name="Summer") == {"success": True}
    assert api.get(f"/{id_}", fields="name,daily_budget") == {"name": "Summer", "daily_budget": "7000", "id": id_}
    assert api.delete(f"/{id_}") == {"success": True}
    assert api.get(f"/{id_}", fields="status,effective_status")["effective_status"] == "DELETED"
    assert api.names() == []


def test_a_new_object_starts_by_itself_unless_it_is_told_not_to() -> None:
    """The dangerous default: without a status, ACTIVE."""
    api = Api()
    body = {name: value for name, value in CAMPAIGN.items() if name != "status"}
    id_ = good(api.post(f"{api.act}/campaigns", **body))
    assert api.get(f"/{id_}", fields="status")["status"] == "ACTIVE"


def test_extra_fields_come_back_and_unknown_ones_are_read_over() -> None:
    """What the node has is kept as it was sent, as JSON; what it does not have does nothing."""
    api = Api()
    promoted = {"pixel_id": "1", "custom_event_type": "PURCHASE"}
    id_ = api.campaign(promoted_object=promoted, smart_promotion_type="GUIDED_CREATION", brand_new_field="x")
    row = api.get(f"/{id_}", fields="promoted_object,smart_promotion_type")
    assert row == {"promoted_object": promoted, "smart_promotion_type": "GUIDED_CREATION", "id": id_}
    refused(api.get(f"/{id_}", fields="brand_new_field"), 100, None, "nonexisting field")


def test_the_tree_is_linked_both_ways() -> None:
    """Nested fields up and down, ids above, edges below."""
    api = Api()
    campaign, adset, ad = api.tree()
    row = api.get(
        f"/{ad}", fields="name,adset{id,name},campaign{name},campaign_id,adset_id,creative{object_story_spec}"
    )
    assert row["adset"] == {"id": adset, "name": "Everybody"}
    assert row["campaign"] == {"name": "Spring", "id": campaign}
    assert (row["campaign_id"], row["adset_id"]) == (campaign, adset)
    assert row["creative"]["object_story_spec"] == STORY
    assert api.get(f"/{campaign}", fields="adsets.limit(5){id},ads{name}") == {
        "adsets": {"data": [{"id": adset}]}, "ads": {"data": [{"name": "Ad", "id": ad}]}, "id": campaign,
    }  # fmt: skip
    for node, edge, id_ in ((campaign, "adsets", adset), (campaign, "ads", ad), (adset, "ads", ad)):
        assert [each["id"] for each in api.get(f"/{node}/{edge}")["data"]] == [id_]


@pytest.mark.parametrize(
    "fields", ["id,{name}", "campaign{id", "id}", "id;name", "ads{nope}", "campaign{nope}", "adset{nope}"]
)
def test_field_lists_that_are_wrong(fields: str) -> None:
    """Broken syntax and unknown inner fields are refused."""
    api = Api()
    *_, ad = api.tree()
    assert refused_code(api.get(f"/{ad}", fields=fields)) in {100, 2500}


def refused_code(body: Json) -> int:
    return int(body["error"]["code"])


def test_an_ad_set_has_its_own_budget_or_the_campaigns() -> None:
    """Without a campaign budget the ad set needs one; the budget that it does not have shows as 0, or not at all."""
    api = Api()
    campaign = api.campaign(daily_budget="", is_adset_budget_sharing_enabled=False)
    adset = api.adset(campaign, daily_budget=2000, start_time="2026-02-01T00:00:00+0100")
    row = api.get(f"/{adset}", fields="daily_budget,lifetime_budget,start_time,targeting,bid_strategy")
    assert row == {
        "daily_budget": "2000", "lifetime_budget": "0", "start_time": "2026-01-31T23:00:00+0000",
        "targeting": TARGETING, "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "id": adset,
    }  # fmt: skip
    api.sandbox.switches.unset_budget = "absent"
    assert "lifetime_budget" not in api.get(f"/{adset}", fields="lifetime_budget")


def test_a_lifetime_budget_with_an_end() -> None:
    """Needs an end, and what is left of it falls as the ad set spends."""
    api = Api()
    campaign = api.campaign(daily_budget="", is_adset_budget_sharing_enabled=False)
    end = "2026-01-11T00:00:00+0000"
    adset = api.adset(campaign, lifetime_budget=50_000, end_time=end)
    ad = api.ad(adset)
    api.activate(ad, adset, campaign)
    assert api.get(f"/{adset}", fields="budget_remaining")["budget_remaining"] == "50000"
    api.now += 2 * DAY
    left = api.get(f"/{adset}", fields="budget_remaining,lifetime_budget,end_time")
    assert 0 < int(left["budget_remaining"]) < 50_000
    assert (left["lifetime_budget"], left["end_time"]) == ("50000", end)


def test_bids_are_where_they_belong() -> None:
    """The strategy stands where the budget is, the amount on the ad set."""
    api = Api()
    campaign = api.campaign(bid_strategy="COST_CAP")
    adset = api.adset(campaign, bid_amount=500)
    assert api.get(f"/{adset}", fields="bid_amount,bid_strategy") == {
        "bid_amount": 500, "bid_strategy": "COST_CAP", "id": adset,
    }  # fmt: skip


@pytest.mark.parametrize("edge", ["campaigns", "adsets", "ads", "adcreatives"])
def test_a_dry_run_checks_everything_and_makes_nothing(edge: str) -> None:
    """validate_only: {"success": true} or the very refusal; no object, no label."""
    api = Api()
    campaign, adset, ad = api.tree()
    creative = api.creative()
    bodies: Json = {
        "campaigns": CAMPAIGN, "adsets": {**ADSET, "campaign_id": campaign},
        "ads": {"name": "x", "adset_id": adset, "creative": {"creative_id": creative}},
        "adcreatives": {"name": "x", "object_story_spec": STORY},
    }  # fmt: skip
    before = len(api.sandbox.world.log)
    dry = {"execution_options": ["validate_only"], "adlabels": [{"name": "new label"}]}
    assert api.post(f"{api.act}/{edge}", **bodies[edge], **dry) == {"success": True}
    broken = {**bodies[edge], "name": "x" * 401, "object_story_spec": {}, "creative": {}}
    assert "error" in api.post(f"{api.act}/{edge}", **broken, **dry)
    assert api.post(f"/{ad}", name="y", status="ACTIVE", execution_options=["validate_only"]) == {"success": True}
    assert len(api.sandbox.world.log) == before


def test_a_create_that_reads_may_fail_after_it_has_written() -> None:
    """With `fields`, the answer is the object; a bad field is an error although the object is there."""
    api = Api()
    body = api.post(f"{api.act}/campaigns", **CAMPAIGN, fields="id,name,daily_budget")
    assert (body["name"], body["daily_budget"]) == ("Spring", "5000")
    refused(api.post(f"{api.act}/campaigns", **CAMPAIGN, fields="id,nope"), 100, None, "nonexisting field")
    assert len(api.names()) == 2


def test_what_creates_answer_can_be_set() -> None:
    """Some creates say success beside the id."""
    api = Api(success_on_create=True)
    assert set(api.post(f"{api.act}/campaigns", **CAMPAIGN)) == {"id", "success"}


# Status, review, deletion -------------------------------------------------------------------------------------


def test_effective_status_follows_the_tree() -> None:
    """Own status first, then the campaign's, then the ad set's."""
    api = Api()
    campaign, adset, ad = api.tree()

    def word(id_: str) -> str:
        return str(api.get(f"/{id_}", fields="effective_status")["effective_status"])

    assert (word(campaign), word(adset), word(ad)) == ("PAUSED", "PAUSED", "PAUSED")
    api.activate(ad)
    assert word(ad) == "CAMPAIGN_PAUSED"
    api.activate(campaign)
    assert word(ad) == "ADSET_PAUSED"
    assert api.get(f"/{adset}", fields="budget_remaining")["budget_remaining"] == "0"
    api.activate(adset)
    assert (word(campaign), word(adset), word(ad)) == ("ACTIVE", "ACTIVE", "ACTIVE")
    assert api.sandbox.world.active_trees() == [campaign]
    api.post(f"/{campaign}", status="PAUSED")
    assert (word(adset), word(ad)) == ("CAMPAIGN_PAUSED", "CAMPAIGN_PAUSED")
    assert api.sandbox.world.could_spend(api.now) == []


def test_an_ad_is_processed_reviewed_and_runs() -> None:
    """IN_PROCESS, PENDING_REVIEW, then its own status; paused ads too, unless that is switched off."""
    api = Api(process=10.0, review=60.0)
    campaign, *_, ad = api.tree()
    assert api.get(f"/{campaign}", fields="effective_status")["effective_status"] == "IN_PROCESS"
    words = []
    for after in (0, 10, 70):
        api.now = NOW + after
        words.append(api.get(f"/{ad}", fields="effective_status")["effective_status"])
    assert words == ["IN_PROCESS", "PENDING_REVIEW", "PAUSED"]
    api.sandbox.switches.review_paused = False
    api.now = NOW
    assert api.get(f"/{ad}", fields="effective_status")["effective_status"] == "PAUSED"


def test_a_rejected_ad_is_no_error_but_a_status() -> None:
    """DISAPPROVED with feedback and issues; a new creative is reviewed anew; the world never counts it as spending."""
    api = Api(review=60.0)
    campaign = api.campaign()
    adset = api.adset(campaign)
    bad = api.creative(
        object_story_spec={**STORY, "link_data": {"link": "https://example.com/", "message": "[DENY] x"}}
    )
    ad = api.ad(adset, bad)
    api.activate(ad, adset, campaign)
    api.now += 60
    row = api.get(f"/{ad}", fields="effective_status,status,ad_review_feedback,issues_info")
    assert (row["effective_status"], row["status"]) == ("DISAPPROVED", "ACTIVE")
    assert list(row["ad_review_feedback"]) == ["global"]
    assert row["issues_info"][0]["level"] == "AD"
    api.now += DAY
    assert api.get(f"{api.act}/insights", level="ad")["data"] == []
    api.post(f"/{ad}", creative={"creative_id": api.creative()})
    assert api.get(f"/{ad}", fields="effective_status")["effective_status"] == "PENDING_REVIEW"
    api.now += 60
    assert "ad_review_feedback" not in api.get(f"/{ad}", fields="ad_review_feedback,effective_status")


def test_learning_begins_with_the_first_activation() -> None:
    """LEARNING for a while, then SUCCESS; nothing before."""
    api = Api(learning=DAY)
    _, adset, _ = api.tree()
    assert "learning_stage_info" not in api.get(f"/{adset}", fields="learning_stage_info")
    api.activate(adset)
    assert api.get(f"/{adset}", fields="learning_stage_info")["learning_stage_info"]["status"] == "LEARNING"
    api.now += DAY
    assert api.get(f"/{adset}", fields="learning_stage_info")["learning_stage_info"]["status"] == "SUCCESS"


def test_trouble_shows_as_issues() -> None:
    """WITH_ISSUES while the object could run; it can be taken away again."""
    api = Api()
    campaign, *_ = api.tree()
    api.activate(campaign)
    api.sandbox.trouble(campaign, {"level": "CAMPAIGN", "error_code": 1, "error_summary": "s", "error_message": "m"})
    row = api.get(f"/{campaign}", fields="effective_status,issues_info")
    assert (row["effective_status"], row["issues_info"][0]["error_summary"]) == ("WITH_ISSUES", "s")
    api.sandbox.trouble(campaign)
    assert api.get(f"/{campaign}", fields="effective_status")["effective_status"] == "ACTIVE"
    with pytest.raises(InvalidRequestError):
        api.sandbox.trouble("9")


@pytest.mark.parametrize(("unfunded", "refuses"), [("refuse", True), ("pending", False)])
def test_an_account_that_cannot_pay(unfunded: str, refuses: bool) -> None:
    """Activating an ad is refused with 100/1359188, or the ad waits for billing information."""
    api = Api(unfunded=unfunded)
    campaign, adset, ad = api.tree()
    api.sandbox.accounts[USD].funded = False
    api.activate(campaign, adset)
    body = api.post(f"/{ad}", status="ACTIVE")
    if refuses:
        refused(body, 100, 1359188)
    else:
        assert api.get(f"/{ad}", fields="effective_status")["effective_status"] == "PENDING_BILLING_INFO"
    assert "funding_source" not in api.get(api.act, fields="id,funding_source")


def test_deleting_takes_everything_below_along_and_cannot_be_undone() -> None:
    """Children are deleted, too; of what is gone only the name can be changed; no new children."""
    api = Api()
    campaign, adset, ad = api.tree()
    api.activate(ad, adset, campaign)
    api.delete(f"/{campaign}")
    assert all(thing.state is State.REMOVED for thing in map(api.sandbox.world.get, (campaign, adset, ad)) if thing)
    assert api.sandbox.world.orphans(()) == []
    refused(api.post(f"/{adset}", status="ACTIVE"), 100, 1487056)
    refused(api.post(f"/{campaign}", daily_budget=6000), 100, 1487056)
    assert api.post(f"/{campaign}", name="gone") == {"success": True}
    refused(api.post(f"{api.act}/adsets", campaign_id=campaign, **ADSET), 100, 1487056)
    refused(
        api.post(f"{api.act}/ads", adset_id=adset, name="x", creative={"creative_id": api.creative()}), 100, 1487056
    )


@pytest.mark.parametrize(("word", "ok"), [("missing", False), ("success", True)])
def test_deleting_twice_can_be_answered_in_two_ways(word: str, ok: bool) -> None:
    """100/33, or success."""
    api = Api(deleted_again=word)
    id_ = api.campaign()
    api.delete(f"/{id_}")
    body = api.delete(f"/{id_}")
    assert body == {"success": True} if ok else refused(body, 100, 33)


def test_a_deleted_object_may_be_unreadable() -> None:
    """Where that is set, GET is 100/33; archived ones stay readable."""
    api = Api(deleted_readable=False)
    gone, kept = api.campaign(), api.campaign()
    api.delete(f"/{gone}")
    api.post(f"/{kept}", status="ARCHIVED")
    refused(api.get(f"/{gone}"), 100, 33)
    assert api.get(f"/{kept}", fields="status")["status"] == "ARCHIVED"


def test_archived_objects_are_listed_when_they_are_asked_for() -> None:
    """They can be deleted, and nothing else; asking /ads for deleted ones is refused."""
    api = Api()
    campaign, adset, _ = api.tree()
    api.post(f"/{campaign}", status="ARCHIVED")
    assert api.names() == []
    assert api.names(effective_status=["ARCHIVED"]) == ["Spring"]
    assert api.get(f"/{adset}", fields="effective_status")["effective_status"] == "ARCHIVED"
    refused(api.post(f"/{campaign}", status="ACTIVE"), 100, 1487566)
    assert api.post(f"/{campaign}", status="ARCHIVED") == {"success": True}
    assert api.post(f"/{campaign}", status="DELETED") == {"success": True}
    assert api.names(effective_status=["DELETED"]) == ["Spring"]
    refused(api.get(f"{api.act}/ads", effective_status=["DELETED"]), 100, 1815001)


def test_many_campaigns_are_deleted_at_once() -> None:
    """The oldest ones, up to a number; what is left is told."""
    api = Api()
    ids = [api.campaign(name=f"c{n}") for n in range(3)]
    body = api.delete(f"{api.act}/campaigns", delete_strategy="DELETE_OLDEST", object_count=2)
    assert body == {"objects_left_to_delete_count": 1, "deleted_object_ids": ids[:2]}
    assert api.names() == ["c2"]
    refused(api.delete(f"{api.act}/campaigns", delete_strategy="EVERYTHING"), 100)
    refused(api.delete(f"{api.act}/campaigns", delete_strategy="DELETE_ARCHIVED_BEFORE"), 100, None, "before_date")
    assert api.names() == ["c2"]


def test_archived_campaigns_are_deleted_by_their_age() -> None:
    """Those that were archived before a date; younger ones and living ones stay."""
    api = Api()
    old, young, living = (api.campaign(name=name) for name in ("old", "young", "living"))
    api.post(f"/{old}", status="ARCHIVED")
    api.now += DAY
    api.post(f"/{young}", status="ARCHIVED")
    before = "2026-01-01T12:00:00+0000"
    body = api.delete(f"{api.act}/campaigns", delete_strategy="DELETE_ARCHIVED_BEFORE", before_date=before)
    assert body["deleted_object_ids"] == [old]
    assert api.names(effective_status=["ARCHIVED", "PAUSED"]) == ["living", "young"]
    assert api.get(f"/{living}", fields="status")["status"] == "PAUSED"


# The world ----------------------------------------------------------------------------------------------------


def test_the_world_counts_by_the_marker_in_the_name_or_in_a_label() -> None:
    """A suffix of the name or a label of its own carries the token."""
    api = Api()
    by_name = api.campaign(name=mark("Spring", KEY))
    by_label = api.campaign(adlabels=[{"name": "season"}, {"name": f"bs-{KEY}"}])
    assert {thing.id for thing in api.sandbox.world.objects(KEY, "campaign")} == {by_name, by_label}
    api.activate(by_name)
    assert api.sandbox.world.parked() == [by_label]
    api.activate(by_label)
    assert api.sandbox.world.duplicates() == {KEY: [by_name, by_label]}
    assert api.campaign(name="plain") not in api.sandbox.world.duplicates()


def test_the_log_says_what_really_happened() -> None:
    """Creates, changes and deletions in their order; refused requests leave nothing."""
    api = Api()
    id_ = api.campaign()
    api.post(f"/{id_}", name="x")
    api.post(f"/{id_}", daily_budget=1)
    api.activate(id_)
    api.delete(f"/{id_}")
    assert [(each.kind, each.can_spend) for each in api.sandbox.world.log] == [
        ("create", False), ("update", False), ("status", True), ("delete", False),
    ]  # fmt: skip


def test_the_same_seed_is_the_same_world() -> None:
    """Ids and traces come from the seed; a reset begins anew."""

    def run(seed: int) -> tuple[str, str]:
        api = Api(seed=seed)
        return api.campaign(), api.reply.headers["x-fb-trace-id"]

    assert run(3) == run(3) != run(4)
    api = Api(seed=3, faults="calm")
    first = api.campaign()
    api.sandbox.reset()
    assert (api.names(), api.campaign()) == ([], first)


def test_an_old_tree_can_be_planted() -> None:
    """For tests of reports: active, since then, and spending."""
    api = Api()
    ids = api.sandbox.add_tree(USD, "Old", NOW - DAY, ads=2, budget=20.0)
    assert len(ids) == 4
    assert api.get(f"/{ids[0]}", fields="daily_budget,effective_status")["daily_budget"] == "2000"
    assert sorted(api.sandbox.world.could_spend(NOW)) == sorted(ids[2:])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("label_lag", -1.0), ("name_lag", (3.0, 1.0)), ("replica_lag", []), ("read_lag", -1.0), ("tier", "gold"),
        ("endings", ["Job Dreaming"]), ("faults", "hail"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(name: str, value: Any) -> None:
    """With the field and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        MetaSandbox(**{name: value})
    assert name in f"{caught.value.field} {caught.value.message}"
    assert caught.value.hint
    with pytest.raises(TypeError):
        MetaSandbox(no_such_switch=1)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/act_1/campaigns", "campaign/create"), ("GET", "/act_1/adsets", "adset/list"),
        ("GET", "/act_1/adsbylabels", "ad/bylabels"), ("POST", "/act_1/advideos", "video/upload"),
        ("GET", "/act_1", "account/get"), ("POST", "/act_1/insights", "insights/start"), ("POST", "/", "batch"),
        ("GET", "/9", "unknown/get"), ("POST", "/act_1/nope", "account/nope"),
    ],
)  # fmt: skip
def test_operations_have_names_for_fault_rules(method: str, path: str, operation: str) -> None:
    """The same with and without a version in the path."""
    sandbox = MetaSandbox()
    assert sandbox.operation(Request(method, path)) == operation
    assert sandbox.operation(Request(method, f"/v26.0{path}")) == operation


def test_operations_on_objects_are_named_by_their_kind() -> None:
    """What an id is, only the world knows."""
    api = Api()
    campaign, adset, ad = api.tree()
    named = [api.sandbox.operation(Request(m, f"/v26.0/{i}")) for i in (campaign, adset, ad) for m in ("GET", "POST")]
    assert named == ["campaign/get", "campaign/update", "adset/get", "adset/update", "ad/get", "ad/update"]
    assert api.sandbox.operation(Request("DELETE", f"/v26.0/{ad}")) == "ad/delete"
