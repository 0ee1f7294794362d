"""MetaAds on its simulator: the wire, partial reads, lists, changes, uploads, reports, and limits that are heard."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import inspect
import json
import re
from collections.abc import Coroutine
from datetime import date
from typing import Any, TypeVar
from urllib.parse import parse_qs

import pytest

from backstay.ads import (
    AdGroupPatch,
    AdGroupSpec,
    AdPatch,
    AdSpec,
    Budget,
    CampaignPatch,
    CampaignSpec,
    CampaignTree,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    DateRange,
    DeliveryStatus,
    GroupTree,
    IdentityRef,
    Level,
    MediaKind,
    MediaState,
    MediaUpload,
    MetricsQuery,
    Money,
    Objective,
    OptimizationGoal,
    Platform,
    Query,
    Ref,
    ReportState,
    Targeting,
)
from backstay.ads.parts import AttributionSetting
from backstay.auth import Credentials
from backstay.errors import (
    BackstayError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PlatformServiceError,
    ProcessingError,
    RateLimitError,
    SpendGuardError,
    TokenInvalidError,
    TooMuchDataError,
    UnsupportedCapabilityError,
)
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import SpendGuard
from backstay_adapters.meta import MetaAds, meta_profile
from backstay_adapters.meta.adapter.capabilities import SPEND_FIELDS, SWITCH_FIELDS
from backstay_adapters.meta.adapter.media import WHOLE
from backstay_adapters.meta.sandbox import ACCOUNTS, SECRET, TOKEN, MetaSandbox

T = TypeVar("T")
HOME = f"act_{ACCOUNTS[0]}"


def usd(amount: str) -> Money:
    return Money(amount, "USD")


SPEC = CampaignSpec(
    name="Spring", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), budget=Budget.daily(usd("50"))
)
BARE = SPEC.but(budget=None)
GROUP = AdGroupSpec(
    name="All", optimization=OptimizationGoal.CLICKS, targeting=Targeting(locations=("US",)),
)  # fmt: skip
POST = Creative(kind=CreativeKind.EXISTING_POST, post_id="99_1")
AD = AdSpec(name="First", creative=POST)


class Stage:
    """A simulator, a clock, and adapters on them."""

    def __init__(self, guard: SpendGuard | None = None, **switches: Any) -> None:
        self.clock = VirtualClock(3)
        self.sandbox = MetaSandbox(seed=3, **switches)
        self.transport = SimTransport(self.sandbox, self.clock)
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(), guard=guard or SpendGuard.unlimited())
        self.ads = self.adapter()

    def adapter(self, account: str = ACCOUNTS[0], token: str = TOKEN, **facts: Any) -> MetaAds:
        facts = {"runtime": self.runtime, "transport": self.transport, **facts}
        return MetaAds(account, token, **facts)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return run(work, self.clock)

    def fail(self, *rules: FaultRule) -> None:
        self.sandbox.faults = FaultPlan(rules, 0)

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(request.method, request.path) for request in self.transport.requests]

    @property
    def posts(self) -> int:
        return len([method for method, _ in self.sent if method == "POST"])

    async def group(self) -> Ref:
        """An ad set with a budget of its own."""
        campaign = await self.ads.create_campaign(BARE, idempotency_key="c")
        spec = GROUP.but(budget=Budget.daily(usd("20")))
        return (await self.ads.create_ad_group(campaign.value.ref, spec, idempotency_key="g")).value.ref

    async def ad(self) -> Ref:
        """An ad under it."""
        return (await self.ads.create_ad(await self.group(), AD, idempotency_key="a")).value.ref


# The wire ---------------------------------------------------------------------------------------------------------


def test_the_token_travels_in_the_header_and_nowhere_else() -> None:
    """Queries and forms are logged by every proxy."""
    stage = Stage()

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        await stage.ads.list_campaigns(Query(ids=(ref.id,)))
        await stage.ads.set_status(ref, ConfiguredStatus.DELETED)

    stage.run(main())
    assert {request.method for request in stage.transport.requests} == {"GET", "POST", "DELETE"}
    for request in stage.transport.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert TOKEN not in request.path
        assert TOKEN not in json.dumps(dict(request.query))
        assert TOKEN.encode() not in request.body
        assert request.path.startswith("/v26.0/")


def test_the_apps_proof_is_sent_beside_the_token() -> None:
    """HMAC-SHA256 of the token, keyed with the app's secret; a wrong one is named."""
    stage = Stage(require_proof=True)

    async def main() -> None:
        await stage.adapter(app_secret=SECRET).get_account()
        with pytest.raises(TokenInvalidError) as caught:
            await stage.adapter(app_secret="wrong").get_account(max_age=0)
        assert "app_secret" in (caught.value.hint or "")
        with pytest.raises(BackstayError):
            await stage.adapter().get_account(max_age=0)

    stage.run(main())
    proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert stage.transport.requests[0].query["appsecret_proof"] == proof
    assert SECRET not in repr(stage.transport.requests[0])


def test_two_tenants_in_one_process_never_mix() -> None:
    """The vendor's SDK has one default client for all; here each adapter has its own token."""
    stage = Stage(tokens={"token-one": [ACCOUNTS[0]], "token-two": [ACCOUNTS[2]]})
    one, two = stage.adapter(token="token-one"), stage.adapter(ACCOUNTS[2], token="token-two")

    async def main() -> None:
        for _ in range(3):
            assert (await one.get_account(max_age=0)).currency == "USD"
            assert (await two.get_account(max_age=0)).currency == "GBP"
        with pytest.raises(PermissionDeniedError):
            await stage.adapter(ACCOUNTS[2], token="token-one").get_account()

    stage.run(main())


@pytest.mark.parametrize("account", [ACCOUNTS[0], HOME])
def test_an_accounts_id_gets_its_prefix(account: str) -> None:
    """A bare number is another kind of object to Graph (100/33)."""
    stage = Stage()
    ads = stage.adapter(account)
    assert stage.run(ads.get_account()).ref == Ref(Platform.META, HOME, Level.ACCOUNT, HOME)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"account": "act_"}, "account_id"), ({"account": "my account"}, "account_id"), ({"account": ""}, "account_id"),
        ({"api_version": "26"}, "api_version"), ({"api_version": "v26.0/x"}, "api_version"), ({"token": ""}, "token"),
        ({"tier": "gold"}, "tier"), ({"fields": {"ads": ["x"]}}, "fields"), ({"fields": {"ad": ["x{y}"]}}, "fields"),
        ({"fields": {"ad": "name"}}, "fields"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_refused_before_anything_is_sent(facts: dict[str, Any], field: str) -> None:
    """Field, value, cure."""
    with pytest.raises(InvalidRequestError) as caught:
        Stage().adapter(**facts)
    assert caught.value.field == field
    assert caught.value.hint


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """META_*; what is missing is named."""
    monkeypatch.delenv("META_ACCESS_TOKEN", raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        MetaAds.from_env()
    assert caught.value.field == "META_ACCESS_TOKEN"
    for name, value in {
        "META_ACCESS_TOKEN": "token", "META_AD_ACCOUNT_ID": "7", "META_APP_ID": "5", "META_APP_SECRET": "shh",
        "META_TIER": "limited", "META_API_VERSION": "v25.0", "META_BASE_URL": "http://127.0.0.1:1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    ads = MetaAds.from_env(runtime=Runtime.in_memory(listeners=()))
    assert (ads.account, ads.app_id, ads.api_version, ads.host) == ("act_7", "5", "v25.0", "http://127.0.0.1:1")
    assert ads.video_url == ads.host
    assert "shh" not in repr(ads)


def test_a_renewed_token_is_used_and_proved_anew() -> None:
    """A provider is asked once when the token has expired, and the call succeeds."""
    stage = Stage(tokens=["new-token"], require_proof=True)
    asked: list[str] = []

    async def provider() -> str:
        asked.append("x")
        return "old-token" if len(asked) == 1 else "new-token"

    stage.sandbox.grants["old-token"] = stage.sandbox.grants["new-token"].__class__(spoiled=463)
    ads = MetaAds(
        HOME, credentials=Credentials(provider=provider, name="p"), app_secret=SECRET, runtime=stage.runtime,
        transport=stage.transport,
    )  # fmt: skip
    assert stage.run(ads.get_account()).currency == "USD"
    assert len(asked) == 2


# Partial reads ----------------------------------------------------------------------------------------------------


def test_a_field_that_needs_another_permission_does_not_fail_the_read() -> None:
    """It is left out, named with the vendor's reason, and not asked for again."""
    stage = Stage()
    stage.sandbox.grant(TOKEN, [ACCOUNTS[0]], ["ads_management"])
    ads = stage.adapter(fields={"account": ("owner", "funding_source", "age")})

    async def main() -> None:
        account = await ads.get_account()
        assert account.currency == "USD"
        assert {"owner", "funding_source"} <= set(account.extra["refused_fields"])
        assert "age" not in account.extra["refused_fields"]
        assert "business_management" in account.extra["refused_fields"]["owner"]
        before = len(stage.sent)
        await ads.get_account(max_age=0)
        assert len(stage.sent) == before + 1

    stage.run(main())


def test_a_field_that_is_gone_does_not_fail_the_read() -> None:
    """An object is read without it, alone and in a list; what is essential cannot be missed."""
    stage = Stage()
    ads = stage.adapter(fields={"campaign": ("no_such_field", "pacing_type")})

    async def main() -> None:
        ref = (await ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        found = await ads.get_campaign(ref, max_age=0)
        assert set(found.extra["refused_fields"]) == {"no_such_field"}
        listed = await ads.list_campaigns(max_age=0).first()
        assert listed is not None
        assert listed.extra["refused_fields"] == found.extra["refused_fields"]

    stage.run(main())


def test_a_refusal_that_names_no_field_is_raised() -> None:
    """A token that may see nothing is no partial read."""
    stage = Stage()
    stage.sandbox.grant(TOKEN, [ACCOUNTS[2]])
    with pytest.raises(PermissionDeniedError):
        stage.run(stage.ads.get_account())


def test_an_id_of_another_kind_is_not_found() -> None:
    """A campaign's ref with an ad set's id: reading it without its fields would invent a campaign."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        for level in (Level.CAMPAIGN, Level.AD):
            get = stage.ads.get_campaign if level is Level.CAMPAIGN else stage.ads.get_ad
            with pytest.raises(NotFoundError) as caught:
                await get(group.at(level, group.id))
            assert caught.value.field == "ref"

    stage.run(main())


def test_an_object_of_another_account_is_not_found() -> None:
    """The token may see both; an adapter is for one."""
    stage = Stage()
    other = stage.adapter(ACCOUNTS[2])

    async def main() -> None:
        spec = SPEC.but(budget=Budget.daily(Money("50", "GBP")))
        foreign = (await other.create_campaign(spec, idempotency_key="k")).value.ref
        with pytest.raises(NotFoundError):
            await stage.ads.get_campaign(Ref(Platform.META, HOME, Level.CAMPAIGN, foreign.id))
        assert await stage.ads.list_campaigns(Query(ids=(foreign.id,))) == ()

    stage.run(main())


# The account ------------------------------------------------------------------------------------------------------


def test_what_is_left_is_the_cap_less_what_was_spent() -> None:
    """Without a cap nothing says it, and so does the error."""
    stage = Stage()
    stage.sandbox.accounts[ACCOUNTS[0]].spend_cap = 100_00
    stage.sandbox.accounts[ACCOUNTS[0]].spent = 30_00

    async def main() -> None:
        balance = await stage.ads.get_balance()
        assert (balance.available, balance.total) == (usd("70.00"), usd("100.00"))
        stage.sandbox.accounts[ACCOUNTS[0]].spend_cap = 0
        with pytest.raises(NotFoundError, match="no spend cap"):
            await stage.ads.get_balance(max_age=0)

    stage.run(main())


# Lists ------------------------------------------------------------------------------------------------------------


def test_many_ids_are_read_in_batches() -> None:
    """One request for fifty objects; what is not there is left out."""
    stage = Stage()

    async def main() -> None:
        ids = [(await stage.ads.create_campaign(SPEC, idempotency_key=str(number))).value.ref.id for number in range(3)]
        before = len(stage.sent)
        asked = (*ids, *(str(10**18 + number) for number in range(60)))
        found = await stage.ads.list_campaigns(Query(ids=asked), max_age=0)
        assert [each.ref.id for each in found] == ids
        assert stage.sent[before:] == [("POST", "/v26.0/"), ("POST", "/v26.0/")]

    stage.run(main())


def test_a_batch_with_an_item_that_was_not_run_is_asked_again() -> None:
    """They are reads, so that the whole may be asked again; an item's own error is raised as itself."""
    stage = Stage()

    async def main() -> None:
        refs = [(await stage.ads.create_campaign(SPEC, idempotency_key=str(number))).value.ref for number in range(4)]
        query = Query(ids=tuple(ref.id for ref in refs))
        stage.fail(FaultRule(FaultKind.PARTIAL, operation="batch", times=1))
        assert len(await stage.ads.list_campaigns(query, max_age=0)) == 4
        stage.fail(FaultRule(FaultKind.PARTIAL, operation="batch", code=2635))
        with pytest.raises(BackstayError) as caught:
            await stage.ads.list_campaigns(query, max_age=0)
        assert caught.value.type == "UNSUPPORTED"

    stage.run(main())


def test_lists_filter_exactly_and_show_what_is_archived_when_asked() -> None:
    """By name, parent and status; deleted ads cannot be listed at Meta."""
    stage = Stage()

    async def main() -> None:
        one, two, three = [
            (await stage.ads.create_campaign(SPEC.but(name=name), idempotency_key=name)).value.ref
            for name in ("Spring", "Spring sale", "Autumn")
        ]
        await stage.ads.set_status(two, ConfiguredStatus.ARCHIVED)
        await stage.ads.set_status(three, ConfiguredStatus.DELETED)

        async def listed(**query: Any) -> list[Ref]:
            return sorted(each.ref for each in await stage.ads.list_campaigns(Query(**query), max_age=0))

        assert await listed() == [one]
        assert await listed(name="Spring") == [one]
        assert await listed(name_contains="Spring", statuses=tuple(ConfiguredStatus)[:3]) == sorted([one, two])
        assert await listed(statuses=(ConfiguredStatus.ARCHIVED,)) == [two]
        assert await listed(deleted=True) == sorted([one, three])
        assert await stage.ads.list_ads(Query(deleted=True), max_age=0) == ()
        with pytest.raises(InvalidRequestError) as caught:
            stage.ads.list_campaigns(Query(parent=one))
        assert caught.value.field == "parent"

    stage.run(main())


def test_lists_of_what_is_below_ask_the_parent() -> None:
    """An edge of the campaign or the ad set, not the whole account's."""
    stage = Stage()

    async def main() -> None:
        ad = await stage.ad()
        found = await stage.ads.get_ad(ad)
        assert found.campaign is not None
        before = len(stage.sent)
        assert [each.ref for each in await stage.ads.list_ads(Query(parent=found.ad_group))] == [ad]
        assert [each.ref for each in await stage.ads.list_ads(Query(parent=found.campaign))] == [ad]
        assert [each.ref for each in await stage.ads.list_ad_groups(Query(parent=found.campaign))] == [found.ad_group]
        paths = [path for _, path in stage.sent[before:]]
        campaign = found.campaign.id
        assert paths == [f"/v26.0/{found.ad_group.id}/ads", f"/v26.0/{campaign}/ads", f"/v26.0/{campaign}/adsets"]

    stage.run(main())


def test_a_page_that_is_too_much_is_asked_for_in_halves() -> None:
    """HTTP 500, "reduce the amount of data": half of it from the same cursor, and never the same again."""
    stage = Stage(heavy_limit=30)

    async def main() -> None:
        for number in range(40):
            await stage.ads.create_campaign(SPEC.but(name=f"C{number}"), idempotency_key=str(number))
        before = len(stage.sent)
        assert len(await stage.ads.list_campaigns(max_age=0)) == 40
        limits = [int(request.query["limit"]) for request in stage.transport.requests[before:]]
        assert limits == [100, 50, 25, 25]

    stage.run(main())


def test_a_list_never_follows_the_vendors_next() -> None:
    """That address holds the token; the cursor in it is enough."""
    stage = Stage()

    async def main() -> None:
        for number in range(5):
            await stage.ads.create_campaign(SPEC, idempotency_key=str(number))
        pages = stage.ads.list_campaigns(Query(page_size=2), max_age=0)
        assert len({each.ref async for each in pages}) == 5

    stage.run(main())
    lists = [request for request in stage.transport.requests if request.path.endswith("/campaigns")]
    assert all("access_token" not in request.query for request in lists)
    assert [("after" in request.query) for request in lists][-3:] == [False, True, True]


def test_what_was_archived_still_holds_its_key() -> None:
    """Somebody archives it in Ads Manager; a repeated create must not make another one."""
    stage = Stage()

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        await stage.ads.set_status(ref, ConfiguredStatus.ARCHIVED)
        assert await stage.ads.find_by_key(Level.CAMPAIGN, "k") == (ref,)
        again = stage.adapter(runtime=Runtime.in_memory(clock=stage.clock, listeners=(), guard=SpendGuard.unlimited()))
        assert (await again.create_campaign(SPEC, idempotency_key="k")).value.ref == ref

    stage.run(main())


@pytest.mark.parametrize("label", [False, True])
def test_keys_are_found_by_name_or_by_label(label: bool) -> None:
    """On every level; a label leaves the name as it was."""
    stage = Stage()
    stage.ads = stage.adapter(label=label)

    async def main() -> None:
        ad = await stage.ad()
        found = await stage.ads.get_ad(ad)
        assert (found.name, found.key_token is not None) == ("First", True)
        refs = {Level.CAMPAIGN: found.campaign, Level.AD_GROUP: found.ad_group, Level.AD: ad}
        for level, key in {Level.CAMPAIGN: "c", Level.AD_GROUP: "g", Level.AD: "a"}.items():
            assert await stage.ads.find_by_key(level, key) == (refs[level],)
        assert await stage.ads.find_by_key(Level.AD, "other") == ()
        names = {thing.name for thing in stage.sandbox.world.objects(level="ad")}
        assert names == ({"First"} if label else {f"First bs-{found.key_token}"})

    stage.run(main())


# Creates ----------------------------------------------------------------------------------------------------------


def test_an_ad_makes_its_creative_in_one_request() -> None:
    """A refused ad leaves no creative behind."""
    stage = Stage()

    async def main() -> None:
        before = stage.posts
        found = await stage.ads.get_ad(await stage.ad())
        assert found.creative.kind is CreativeKind.EXISTING_POST
        assert found.creative.id is not None
        assert stage.posts == before + 3

    stage.run(main())


def test_beneficiary_and_payor_of_a_tree_go_to_its_ad_sets() -> None:
    """The campaign's declaration; Meta wants it on each ad set that reaches the EU."""
    stage = Stage()
    compliance = Compliance(special_categories=(), eu_political=False, dsa_beneficiary="We", dsa_payor="They")
    group = GROUP.but(targeting=Targeting(locations=("DE",)))
    tree = CampaignTree(campaign=SPEC.but(compliance=compliance), groups=(GroupTree(ad_group=group, ads=(AD,)),))

    async def main() -> None:
        built = (await stage.ads.create_tree(tree, idempotency_key="k")).value
        extra = built.groups[0].ad_group.extra
        assert (extra["dsa_beneficiary"], extra["dsa_payor"]) == ("We", "They")

    stage.run(main())


def test_a_dry_run_is_checked_by_the_vendor_and_makes_nothing() -> None:
    """`validate_only`; what the vendor would refuse is raised, and what would be sent is shown."""
    stage = Stage()

    async def main() -> None:
        planned = await stage.ads.create_campaign(SPEC, idempotency_key="k", dry_run=True)
        assert planned.how == "planned"
        (request,) = planned.plan
        assert (request["method"], request["path"]) == ("POST", f"{HOME}/campaigns")
        form = parse_qs(stage.transport.requests[-1].body.decode())
        assert json.loads(form["execution_options"][0]) == ["validate_only"]
        assert "execution_options" not in request["params"]
        low = SPEC.but(budget=Budget.daily(usd("0.10")))
        with pytest.raises(InvalidRequestError) as caught:
            await stage.ads.create_campaign(low, idempotency_key="k", dry_run=True)
        assert caught.value.rule == "meta.budget_minimum"
        assert caught.value.field == "daily_budget"
        group = await stage.group()
        patch = AdGroupPatch(budget=Budget.daily(usd("30")))
        updated = await stage.ads.update_ad_group(group, patch, dry_run=True)
        assert updated.pending == ("budget",)
        assert (await stage.ads.get_ad_group(group, max_age=0)).budget == Budget.daily(usd("20"))
        await stage.ads.set_status(group, ConfiguredStatus.DELETED, dry_run=True)
        assert (await stage.ads.get_ad_group(group, max_age=0)).status.configured is ConfiguredStatus.PAUSED

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="campaign")) == 1


def test_a_creative_of_its_own_is_made_once_and_found_by_its_label() -> None:
    """Meta may change the names of creatives, so that they are no place for a marker."""
    stage = Stage(rename_creatives=True, label_lag=3.0)
    image = Creative(
        kind=CreativeKind.IMAGE, link="https://example.com/", texts=("Cheaper",), identity=IdentityRef(id="99")
    )

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="creative/create", times=1))
        made = await stage.ads.create_creative(image, name="Spring", idempotency_key="k")
        assert made.how == "adopted"
        assert made.value.id is not None
        again = await stage.ads.create_creative(image, name="Spring", idempotency_key="k")
        assert (again.how, again.value.id) == ("replayed", made.value.id)
        ad = AD.but(creative=Creative(kind=CreativeKind.IMAGE, id=made.value.id))
        shown = await stage.ads.create_ad(await stage.group(), ad, idempotency_key="a")
        assert shown.value.creative.id == made.value.id
        with pytest.raises(InvalidRequestError):
            await stage.ads.create_creative(made.value, name="x", idempotency_key="y")
        with pytest.raises(NotFoundError):
            await stage.ads.get_creative("5")

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="creative")) == 1


# Changes ----------------------------------------------------------------------------------------------------------


def test_a_budget_that_is_there_already_is_not_sent() -> None:
    """Setting the same value may count as one of the four changes an hour."""
    stage = Stage(same_budget_counts=True)

    async def main() -> None:
        group = await stage.group()
        before = stage.posts
        for _ in range(6):
            updated = await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("20"))))
            assert updated.applied == ("budget",)
        assert stage.posts == before

    stage.run(main())


def test_what_meta_may_overspend_counts_against_the_cap() -> None:
    """A daily budget of 50 can cost 87.50 on a day: it may run under a cap of 100, and 60 may not."""
    stage = Stage(SpendGuard(per_day=usd("100")))

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        live = (await stage.ads.set_status(ref, ConfiguredStatus.ACTIVE)).value
        before = stage.posts
        with pytest.raises(SpendGuardError):
            await stage.ads.set_budget(ref, Budget.daily(usd("60")), expect=live)
        assert stage.posts == before
        assert (await stage.ads.set_budget(ref, Budget.daily(usd("57")), expect=live)).applied == ("budget",)

    stage.run(main())


@pytest.mark.parametrize("field", sorted(SWITCH_FIELDS | SPEND_FIELDS))
def test_metas_own_fields_do_not_pass_the_guard_by(field: str) -> None:
    """Nothing in `extra` switches on or raises what the guard does not see, nested or not."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        before = stage.posts
        for extra in ({field: "1"}, {"promoted_object": [{field: "1"}]}):
            with pytest.raises(InvalidRequestError) as caught:
                await stage.ads.update_ad_group(group, AdGroupPatch(extra=extra))
            assert caught.value.rule == "guard.extra"
            if field in SWITCH_FIELDS:
                with pytest.raises(InvalidRequestError):
                    await stage.ads.create_ad(group, AD.but(extra=extra), idempotency_key="a")
        assert stage.posts == before

    stage.run(main())


def test_the_guards_words_are_parameters_of_the_sdk() -> None:
    """A field that is misspelt here would pass; `configured_status` is one that is only read."""
    known: set[str] = set()
    for each in ("campaign", "adset", "ad"):
        module = importlib.import_module(f"facebook_business.adobjects.{each}")
        source = inspect.getsource(module)
        known |= set(re.findall(r"'(\w+)': '", source))
    assert {*SWITCH_FIELDS, *SPEND_FIELDS} - known == set()


def test_the_fifth_change_of_an_ad_sets_budget_is_held_here() -> None:
    """Before the vendor refuses it (613/1487632); other changes and other ad sets go on."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        for amount in ("21", "22", "23", "24"):
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd(amount))))
        before = stage.posts
        with pytest.raises(RateLimitError) as caught:
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("25"))))
        assert caught.value.rule == "engine.limiter"
        assert stage.posts == before
        await stage.ads.update_ad_group(group, AdGroupPatch(name="Renamed"))
        live = await stage.ads.get_ad_group(group, max_age=0)
        spec = GROUP.but(name="Other", budget=Budget.daily(usd("20")))
        other = (await stage.ads.create_ad_group(live.campaign, spec, idempotency_key="o")).value.ref
        await stage.ads.update_ad_group(other, AdGroupPatch(budget=Budget.daily(usd("25"))))
        await stage.clock.sleep(3700)
        assert (await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("25"))))).applied

    stage.run(main())


def test_the_vendors_own_limit_of_an_ad_sets_budget_holds_that_ad_set_only() -> None:
    """Somebody else has used up its changes; the rest of the account is not held."""
    stage = Stage()

    async def main() -> None:
        group = await stage.group()
        stage.fail(FaultRule(FaultKind.RATE_LIMIT, operation="adset/update", code=1487632, times=1))
        with pytest.raises(RateLimitError) as caught:
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("25"))))
        assert (caught.value.retry_after, caught.value.scope) == (3600.0, "ad_set_budget")
        before = stage.clock.monotonic()
        await stage.ads.create_campaign(SPEC, idempotency_key="other")
        await stage.ads.update_ad_group(group, AdGroupPatch(name="Renamed"))
        assert stage.clock.monotonic() - before < 30
        with pytest.raises(RateLimitError, match="too late"):
            await stage.ads.update_ad_group(group, AdGroupPatch(budget=Budget.daily(usd("26"))))

    stage.run(main())


@pytest.mark.parametrize("again", ["missing", "success"])
def test_objects_are_switched_archived_and_deleted(again: str) -> None:
    """A second deletion counts as done, whatever the vendor answers to it."""
    stage = Stage(deleted_again=again, deleted_readable=False)

    async def main() -> None:
        ad = await stage.ad()
        for status in (ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED, ConfiguredStatus.ARCHIVED):
            assert (await stage.ads.set_status(ad, status)).value.status.configured is status
        stage.fail(FaultRule(FaultKind.RESET_AFTER, method="DELETE", times=1))
        gone = await stage.ads.set_status(ad, ConfiguredStatus.DELETED)
        assert gone.value.status.configured is ConfiguredStatus.DELETED

    stage.run(main())


def test_a_change_that_the_vendor_did_not_make_is_pending() -> None:
    """A budget update that answers success and changes nothing has been seen."""
    stage = Stage(ignore_budgets=True)

    async def main() -> None:
        ref = (await stage.ads.create_campaign(SPEC, idempotency_key="k")).value.ref
        updated = await stage.ads.update_campaign(ref, CampaignPatch(name="N", budget=Budget.daily(usd("70"))))
        assert updated.value.budget == Budget.daily(usd("50"))
        assert "budget" in updated.pending

    stage.run(main())


def test_an_ad_gets_a_new_creative_and_is_reviewed_again() -> None:
    """A rejected one says why; nothing of it is an error of a call."""
    stage = Stage(review=60.0)

    async def main() -> None:
        ad = await stage.ad()
        bad = Creative(
            kind=CreativeKind.IMAGE, link="https://example.com/", texts=("[deny] guns",), identity=IdentityRef(id="99")
        )
        await stage.ads.update_ad(ad, AdPatch(creative=bad))
        await stage.clock.sleep(100)
        found = await stage.ads.get_ad(ad, max_age=0)
        assert found.status.delivery is DeliveryStatus.REJECTED
        assert found.review.reasons
        assert found.creative.texts == ("[deny] guns",)

    stage.run(main())


# Media ------------------------------------------------------------------------------------------------------------


def picture(data: bytes = b"png", **fields: Any) -> MediaUpload:
    return MediaUpload(**{"kind": MediaKind.IMAGE, "name": "a.png", "data": data, "media_type": "image/png", **fields})


def film(data: bytes, **fields: Any) -> MediaUpload:
    return MediaUpload(**{"kind": MediaKind.VIDEO, "name": "a.mp4", "data": data, "media_type": "video/mp4", **fields})


def test_an_image_is_named_by_its_content() -> None:
    """Uploaded twice it is one; a lost answer is found by it; an address is refused."""
    stage = Stage()

    async def main() -> None:
        first = await stage.ads.upload_image(picture(), idempotency_key="one")
        assert first.value.state is MediaState.READY
        assert first.value.sha256 == hashlib.sha256(b"png").hexdigest()
        second = await stage.ads.upload_image(picture(), idempotency_key="two")
        assert second.value.id == first.value.id
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="image/upload", times=1))
        lost = await stage.ads.upload_image(picture(b"other"), idempotency_key="three")
        assert lost.how == "adopted"
        remote = MediaUpload(kind=MediaKind.IMAGE, name="a.png", url="https://example.com/a.png")
        with pytest.raises(UnsupportedCapabilityError) as caught:
            await stage.ads.upload_image(remote, idempotency_key="four")
        assert caught.value.field == "media.url"

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="image")) == 2


BIG = bytes(range(256)) * ((WHOLE // 256) + 4096)


def uploads(stage: Stage) -> list[str]:
    """The phases of the uploads so far."""
    bodies = [request.body for request in stage.transport.requests if request.path.endswith("/advideos")]
    found = [re.search(rb'upload_phase(?:=|"\r\n\r\n)(\w+)', body[:2000]) for body in bodies]
    return ["whole" if match is None else match[1].decode() for match in found]


def test_a_large_video_goes_in_the_parts_that_the_server_asks_for() -> None:
    """And arrives whole."""
    stage = Stage()

    async def main() -> None:
        made = await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert made.value.state is MediaState.READY
        assert uploads(stage) == ["start", *["transfer"] * 5, "finish"]

    stage.run(main())
    (video,) = stage.sandbox.world.objects(level="video")
    assert video.data["_size"] == len(BIG)


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.RESET_AFTER, operation="video/upload", skip=3, times=1),
        FaultRule(FaultKind.RESET_BEFORE, operation="video/upload", skip=3, times=1),
        FaultRule(FaultKind.HTTP_5XX, operation="video/upload", skip=3, times=1, after_commit=True, status=502),
        FaultRule(FaultKind.VENDOR_ERROR, operation="video/upload", skip=3, times=1, code=1363030),
    ],
    ids=["answer lost", "part lost", "bad gateway", "timed out"],
)
def test_an_upload_goes_on_where_it_broke_off(rule: FaultRule) -> None:
    """One session, one video, and no part that has arrived is sent a third time."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(rule)
        made = await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert made.value.state is MediaState.READY
        phases = uploads(stage)
        assert phases.count("start") == phases.count("finish") == 1
        assert phases.count("transfer") <= 7

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="video")) == 1


def test_a_lost_finish_is_found_by_its_title() -> None:
    """The video is there; it is not uploaded again."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="video/upload", skip=6, times=1))
        made = await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert made.how == "adopted"

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="video")) == 1


def test_a_forgotten_session_begins_anew_with_the_next_call() -> None:
    """The server does not know it any more."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.CONNECT_REFUSED, operation="video/upload", skip=3))
        with pytest.raises(BackstayError):
            await stage.ads.upload_video(film(BIG), idempotency_key="v")
        stage.sandbox.uploads.clear()
        stage.sandbox.faults = None
        await stage.clock.sleep(60)
        with pytest.raises(NotFoundError):
            await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert (await stage.ads.upload_video(film(BIG), idempotency_key="v")).value.state is MediaState.READY

    stage.run(main())


def test_small_videos_and_addresses_go_at_once() -> None:
    """And a video that Meta cannot use is named as one."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.upload_video(film(b"small"), idempotency_key="one")
        remote = MediaUpload(kind=MediaKind.VIDEO, name="a.mp4", url="https://example.com/a.mp4")
        await stage.ads.upload_video(remote, idempotency_key="two")
        assert uploads(stage) == ["whole", "whole"]
        with pytest.raises(ProcessingError):
            await stage.ads.upload_video(film(b"[broken]"), idempotency_key="three")

    stage.run(main())


# Reports ----------------------------------------------------------------------------------------------------------

WEEK = DateRange(date(2025, 12, 1), date(2025, 12, 7))
DAILY = MetricsQuery(level=Level.CAMPAIGN, days=WEEK)


def delivering(**switches: Any) -> Stage:
    """A world with two campaigns that have run since November."""
    stage = Stage(**switches)
    for name in ("One", "Two"):
        stage.sandbox.add_tree(ACCOUNTS[0], name, 1_761_955_200.0, budget=2_000.0)
    return stage


def test_metrics_are_numbers_of_the_chosen_actions() -> None:
    """Families of actions overlap, so exactly those that are named are added."""
    stage = delivering()

    async def main() -> None:
        assert len((await stage.ads.get_metrics(DAILY)).rows) == 14
        row = (await stage.ads.get_metrics(DAILY.but(daily=False))).rows[0]
        assert row.basis.conversion_events == ("omni_purchase",)
        names = [each["action_type"] for each in row.extra["actions"]]
        assert {"purchase", "omni_purchase"} <= set(names)
        both = await stage.ads.get_metrics(DAILY.but(conversion_events=("purchase", "omni_purchase"), daily=False))
        assert both.rows[0].conversions == 2 * row.conversions > 0
        assert row.link_clicks is not None
        assert row.clicks > row.link_clicks > 0
        assert row.revenue is not None
        assert row.revenue.currency == "USD"

    stage.run(main())


def test_only_the_asked_objects_are_reported() -> None:
    """A filter on the level's own ids."""
    stage = delivering()

    async def main() -> None:
        first = await stage.ads.list_campaigns().first()
        assert first is not None
        report = await stage.ads.get_metrics(DAILY.but(refs=(first.ref,), daily=False))
        assert [each.ref for each in report.rows] == [first.ref]
        account = await stage.ads.get_metrics(MetricsQuery(level=Level.ACCOUNT, days=WEEK, daily=False))
        assert account.rows[0].ref.id == HOME

    stage.run(main())


def test_windows_are_asked_for_and_added() -> None:
    """Those that Meta no longer answers are refused here."""
    stage = delivering()

    async def main() -> None:
        week = DAILY.but(daily=False)
        whole = await stage.ads.get_metrics(week)
        setting = AttributionSetting(click_days=1, view_days=1, engaged_view_days=0)
        narrow = await stage.ads.get_metrics(week.but(attribution=setting))
        assert 0 < narrow.rows[0].conversions < whole.rows[0].conversions
        assert narrow.basis != whole.basis
        with pytest.raises(UnsupportedCapabilityError) as caught:
            await stage.ads.get_metrics(DAILY.but(attribution=AttributionSetting(view_days=7)))
        assert caught.value.field == "attribution.view_days"

    stage.run(main())


@pytest.mark.parametrize("heavy", [(1, None), (100, 1487534), (100, 1504018)])
def test_insights_that_are_too_much_are_split_and_never_asked_again_as_they_were(heavy: tuple[int, int | None]) -> None:
    """By days first; one request each, whichever way the vendor says it."""
    stage = delivering(heavy_rows=8, heavy=heavy)

    async def main() -> None:
        assert len((await stage.ads.get_metrics(DAILY)).rows) == 14

    stage.run(main())
    asked = [request.query["time_range"] for request in stage.transport.requests if request.path.endswith("/insights")]
    assert len(asked) == len(set(asked)) == 3


def test_a_day_that_is_too_much_is_run_as_a_job() -> None:
    """Which is waited for, though it is not found at first, and though 99 percent is not all."""
    stage = delivering(heavy_rows=1, job_race=3.0, job_settle=20.0)

    async def main() -> None:
        day = DateRange(WEEK.first, WEEK.first)
        report = await stage.ads.get_metrics(DAILY.but(days=day))
        assert len(report.rows) == 2

    stage.run(main())


def test_a_run_that_failed_is_started_again() -> None:
    """Twice more at most; the reason is the vendor's own."""
    stage = delivering(heavy_rows=1, endings=["Job Failed", "Job Skipped"])
    day = DAILY.but(days=DateRange(WEEK.first, WEEK.first))

    async def main() -> None:
        assert len((await stage.ads.get_metrics(day)).rows) == 2
        stage.sandbox.endings[:] = ["Job Failed"] * 3
        with pytest.raises(PlatformServiceError) as caught:
            await stage.ads.get_metrics(day, max_age=0)
        assert caught.value.vendor_subcode == 2490547
        stage.sandbox.endings[:] = ["Job Failed"]
        stage.sandbox.switches.job_error = (2, 1504041)
        with pytest.raises(InvalidRequestError):
            await stage.ads.get_metrics(day, max_age=0)
        assert stage.sandbox.endings == []

    stage.run(main())


def test_a_job_can_be_followed_by_hand() -> None:
    """Started, polled, fetched; a failed one says why."""
    stage = delivering(endings=["Job Completed", "Job Failed"])

    async def main() -> None:
        job = await stage.ads.start_report(DAILY)
        assert (await stage.ads.poll_report(job)).state is ReportState.QUEUED
        with pytest.raises(BackstayError):
            await stage.ads.fetch_report(job)
        await stage.clock.sleep(60)
        done = await stage.ads.poll_report(job)
        assert (done.state, done.percent) == (ReportState.DONE, 100)
        assert len(await stage.ads.fetch_report(done)) == 14
        failing = await stage.ads.start_report(DAILY)
        await stage.clock.sleep(60)
        failed = await stage.ads.poll_report(failing)
        assert failed.state is ReportState.FAILED
        assert failed.extra["error"]["type"] == "PLATFORM_SERVICE_ERROR"

    stage.run(main())


# Limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["full", "limited"])
def test_calls_slow_down_before_the_wall(tier: str) -> None:
    """A limited app of 60 points in five minutes is never refused: headers slow it down, or its own count does."""
    stage = Stage(tier="limited")
    ads = stage.adapter(tier=tier, deadline=3600.0)

    async def main() -> None:
        for _ in range(200):
            await ads.get_account(max_age=0, max_stale=0, max_attempts=1)

    stage.run(main())
    assert stage.clock.monotonic() > 600


@pytest.mark.parametrize("caller", ["the same", "a report", "another account"])
@pytest.mark.parametrize(
    ("rule", "wait", "held"),
    [
        (FaultRule(FaultKind.RATE_LIMIT, long=True, times=1), 300.0, {"the same"}),
        (FaultRule(FaultKind.RATE_LIMIT, times=1), 60.0, {"the same", "a report"}),
        (FaultRule(FaultKind.RATE_LIMIT, code=4, times=1), 60.0, {"the same", "a report", "another account"}),
    ],
    ids=["use case", "account", "app"],
)
def test_a_limit_holds_whom_it_concerns(rule: FaultRule, wait: float, held: set[str], caller: str) -> None:
    """80004 holds the account's management calls, 17 the account, 4 the whole app; who is held waits and succeeds."""
    stage = Stage()
    other = stage.adapter(ACCOUNTS[2])

    async def main() -> float:
        await stage.ads.get_account()
        await other.get_account()
        stage.fail(rule)
        with pytest.raises(RateLimitError):
            await stage.ads.get_account(max_age=0, max_stale=0, max_attempts=1)
        calls = {
            "the same": lambda: stage.ads.get_account(max_age=0, max_stale=0, deadline=900),
            "a report": lambda: stage.ads.get_metrics(DAILY, max_age=0, max_stale=0, deadline=900),
            "another account": lambda: other.get_account(max_age=0, max_stale=0, deadline=900),
        }
        before = stage.clock.monotonic()
        await calls[caller]()
        return stage.clock.monotonic() - before

    waited = stage.run(main())
    assert waited == (pytest.approx(wait, rel=0.05) if caller in held else pytest.approx(0.0, abs=3.0))


def test_a_profile_names_its_limits() -> None:
    """Whose they are: app, account, use cases by operation group, one ad set's budget."""
    limits = meta_profile().limits
    assert {name: limit.per for name, limit in limits.items()} == {
        "app": "app", "account": "account", "ads_management": "account", "ads_insights": "account",
        "insights_app": "app", "ad_set_budget": "object",
    }  # fmt: skip
    assert meta_profile("limited").limits["account"].windows == ((48.0, 300.0),)


# The vendor's own SDK ---------------------------------------------------------------------------------------------


def test_an_error_of_the_sdk_in_a_users_call_is_judged() -> None:
    """A hook that calls the SDK itself gets the same names."""
    from facebook_business.exceptions import FacebookRequestError

    body = json.dumps({"error": {"code": 190, "error_subcode": 463, "message": "expired"}})
    raised = FacebookRequestError("failed", {"method": "GET"}, 400, {}, body)
    error = Stage().ads.judge(raised)
    assert (error.type, error.vendor_subcode) == ("TOKEN_EXPIRED", 463)
    assert Stage().ads.judge(ValueError("x")).type == "INTERNAL_ERROR"


def test_what_is_too_much_is_never_asked_for_again_as_it_was() -> None:
    """The table says that it may pass, in smaller parts; the adapter knows that the same again does not."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        before = len(stage.sent)
        reduce = "Please reduce the amount of data you're asking for, then retry your request"
        stage.fail(FaultRule(FaultKind.VENDOR_ERROR, code=1, status=500, text=reduce))
        with pytest.raises(TooMuchDataError) as caught:
            await stage.ads.get_account(max_age=0, max_stale=0)
        assert caught.value.retry_allowed is False
        assert len(stage.sent) == before + 1

    stage.run(main())
