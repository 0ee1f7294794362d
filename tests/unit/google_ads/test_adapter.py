"""GoogleAds beyond the conformance suite: trees in one request, shared budgets, partial failure, places, tokens."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from backstay.ads import (
    AdGroupPatch,
    AdPatch,
    Bid,
    Budget,
    CampaignPatch,
    Capability,
    ConfiguredStatus,
    Gender,
    GroupTree,
    Level,
    MediaKind,
    MediaUpload,
    Platform,
    Query,
    Ref,
    Schedule,
    Targeting,
)
from backstay.auth import Credentials
from backstay.errors import (
    BackstayError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PartialFailureError,
    SharedBudgetError,
    TokenInvalidError,
    UnsupportedError,
)
from backstay.sandbox import FaultKind, FaultRule
from backstay.testing.samples import PIXEL
from backstay.writes.recover import orphans
from backstay_adapters.google_ads import GoogleAds, google_ads_profile, google_choice
from backstay_adapters.google_ads.sandbox import CUSTOMERS, DEVELOPER_TOKEN, MANAGER, TOKEN
from backstay_adapters.google_ads.wire import write
from backstay_adapters.google_ads.wire.protos import protos
from tests.support.google import PROFILE, GoogleBench, google_bench, make

T = TypeVar("T")
C = CUSTOMERS[0]
MUTATE = "/google.ads.googleads.v26.services.GoogleAdsService/Mutate"
ACTIVE, PAUSED, DELETED = ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED, ConfiguredStatus.DELETED


@pytest.fixture
def bench() -> GoogleBench:
    return google_bench()


def adapter(bench: GoogleBench, **options: Any) -> GoogleAds:
    return make(bench.new_runtime(), bench.transport, **options)


def run(bench: GoogleBench, work: Coroutine[Any, Any, T]) -> T:
    return bench.run(work)


def mutates(bench: GoogleBench) -> list[Any]:
    """Every mutate that has left, decoded."""
    return [protos().Mutate.FromString(each.message) for each in bench.transport.requests if each.method == MUTATE]


# Trees --------------------------------------------------------------------------------------------------------------


def test_a_whole_tree_is_one_request(bench: GoogleBench) -> None:
    """Budget, campaign, criteria, ad groups, ads and their labels, under temporary ids; all paused."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        made = await ads.create_tree(tree, idempotency_key="tree")
        assert made.how == "created"
        (request,) = mutates(bench)
        assert not request.partial_failure
        kinds = [each.WhichOneof("operation").removesuffix("_operation") for each in request.mutate_operations]
        assert kinds[:2] == ["campaign_budget", "campaign"]
        assert kinds.count("ad_group") == 2
        assert kinds.count("ad_group_ad") == kinds.count("label") == kinds.count("ad_group_ad_label") == 2
        assert kinds.count("campaign_criterion") == 1
        assert [group.ad_group.name for group in made.value.groups] == ["One", "Two"]
        assert [group.ads[0].name for group in made.value.groups] == ["One ad", "Two ad"]
        for item in (
            made.value.campaign,
            *(each for group in made.value.groups for each in (group.ad_group, *group.ads)),
        ):
            assert item.status.configured is PAUSED
            assert item.key_token
        again = await ads.create_tree(tree, idempotency_key="tree")
        assert again.how == "replayed"
        assert again.value.campaign.ref == made.value.campaign.ref
        assert len(mutates(bench)) == 1

    run(bench, main())


def test_a_tree_made_at_once_is_on_every_list(bench: GoogleBench) -> None:
    """Lists of all its levels that were read before are not served again."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        lists = (ads.list_campaigns, ads.list_ad_groups, ads.list_ads)
        assert [len(await each()) for each in lists] == [0, 0, 0]
        await ads.create_tree(tree, idempotency_key="tree")
        assert [len(await each()) for each in lists] == [1, 2, 2]

    run(bench, main())


def test_a_tree_that_is_refused_leaves_nothing_behind(bench: GoogleBench) -> None:
    """The last ad is wrong: neither budget nor campaign nor ad group is made."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        last = tree.groups[1]
        too_long = last.ads[0].creative.model_copy(update={"headlines": ("x" * 400, "b", "c")})
        bad = last.but(ads=(last.ads[0].but(creative=too_long),))
        with pytest.raises(BackstayError):
            await ads.create_tree(tree.but(groups=(tree.groups[0], bad)), idempotency_key="bad")
        assert bench.world.objects(level="campaign") == []

    run(bench, main())


def test_a_tree_whose_campaign_is_there_is_finished_level_by_level(bench: GoogleBench) -> None:
    """Somebody has made the campaign under the key by itself: it is kept, the rest is made."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        campaign = await ads.create_campaign(tree.campaign, idempotency_key="tree")
        built = await ads.create_tree(tree, idempotency_key="tree")
        assert built.value.campaign.ref == campaign.value.ref
        assert [len(group.ads) for group in built.value.groups] == [1, 1]
        assert len(bench.world.objects(level="campaign")) == 1

    run(bench, main())


def test_a_tree_too_large_for_one_request_is_made_level_by_level(
    bench: GoogleBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor takes so many operations and no more; the tree is whole all the same."""
    monkeypatch.setattr("backstay_adapters.google_ads.adapter.trees.MAX_OPERATIONS", 5)
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_tree(await bench.tree(ads), idempotency_key="large")
        assert [len(group.ads) for group in made.value.groups] == [1, 1]
        assert len(mutates(bench)) == 5

    run(bench, main())


def test_a_tree_may_be_a_campaign_alone(bench: GoogleBench) -> None:
    """Without ad groups there is nothing to look for below it."""
    ads = adapter(bench)

    async def main() -> None:
        tree = (await bench.tree(ads)).but(groups=())
        made = await ads.create_tree(tree, idempotency_key="alone")
        assert (made.how, made.value.groups) == ("created", ())

    run(bench, main())


def test_the_parts_of_a_tree_answer_to_their_own_keys(bench: GoogleBench) -> None:
    """As if they had been made one by one, so that a second way leads to the same objects."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        built = (await ads.create_tree(tree, idempotency_key="tree")).value
        first = built.groups[0]
        assert await ads.find_by_key(Level.AD_GROUP, "tree/0") == (first.ad_group.ref,)
        assert await ads.find_by_key(Level.AD, "tree/0/0") == (first.ads[0].ref,)
        again = await ads.create_ad_group(built.campaign.ref, tree.groups[0].ad_group, idempotency_key="tree/0")
        assert (again.how, again.value.ref) == ("replayed", first.ad_group.ref)
        ad = await ads.create_ad(first.ad_group.ref, tree.groups[0].ads[0], idempotency_key="tree/0/0")
        assert (ad.how, ad.value.ref) == ("replayed", first.ads[0].ref)
        assert [each async for each in orphans(ads.runtime.journal, [ads])] == []

    run(bench, main())


def test_a_tree_that_is_not_as_asked_is_an_error_and_nothing_runs(
    bench: GoogleBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made at once is read back and compared as what was made one by one: field, wanted and shown."""
    ads = adapter(bench)
    whole = write.campaign

    def cheaper(spec: Any, *more: Any) -> Any:
        return whole(spec.but(budget=Budget.daily(bench.money("1.00"))), *more)

    async def main() -> None:
        tree = await bench.tree(ads)
        monkeypatch.setattr(write, "campaign", cheaper)
        with pytest.raises(ConflictError, match="budget") as caught:
            await ads.create_tree(tree, idempotency_key="tree")
        assert caught.value.field is not None

    run(bench, main())
    assert bench.world.summary()["active_trees"] == 0


def test_a_dry_run_of_a_tree_is_checked_by_the_vendor_as_a_whole(bench: GoogleBench) -> None:
    """validate_only: what is wrong below is told, and nothing is made."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        planned = await ads.create_tree(tree, idempotency_key="dry", dry_run=True)
        assert (planned.how, len(planned.plan)) == ("planned", 1)
        assert all(each.validate_only for each in mutates(bench))
        group = tree.groups[0]
        long = group.ads[0].creative.model_copy(update={"headlines": ("x" * 400, "b", "c")})
        bad = group.but(ads=(group.ads[0].but(creative=long),))
        with pytest.raises(BackstayError) as caught:
            await ads.create_tree(tree.but(groups=(bad,)), idempotency_key="dry", dry_run=True)
        assert caught.value.vendor_code
        assert bench.world.objects(level="campaign") == []

    run(bench, main())


def test_a_lost_answer_of_a_tree_is_found_by_its_campaign(bench: GoogleBench) -> None:
    """The vendor commits and the connection breaks: adopted whole, one tree."""
    ads = adapter(bench)

    async def main() -> None:
        tree = await bench.tree(ads)
        bench.break_writes(FaultKind.RESET_AFTER, times=1, after_commit=True)
        made = await ads.create_tree(tree, idempotency_key="lost")
        assert made.how == "adopted"
        assert [len(group.ads) for group in made.value.groups] == [1, 1]
        assert len(mutates(bench)) == 1

    run(bench, main())


# Places -------------------------------------------------------------------------------------------------------------


def test_ad_groups_of_one_campaign_share_their_places(bench: GoogleBench) -> None:
    """The first one brings them; the same again is fine, others are refused, here and in a tree."""
    ads = adapter(bench)

    async def main() -> None:
        campaign = (await ads.create_campaign(bench.campaign(), idempotency_key="c")).value.ref
        german = Targeting(locations=("2276",))
        await ads.create_ad_group(campaign, bench.group("One", targeting=german), idempotency_key="1")
        same = await ads.create_ad_group(campaign, bench.group("Two", targeting=german), idempotency_key="2")
        assert same.value.targeting.locations == ("2276",)
        with pytest.raises(ConflictError, match="whole campaign"):
            await ads.create_ad_group(campaign, bench.group("Three"), idempotency_key="3")
        tree = await bench.tree(ads)
        mixed = tree.but(groups=(tree.groups[0], GroupTree(ad_group=bench.group("Other", targeting=german))))
        with pytest.raises(ConflictError, match="whole campaign"):
            await ads.create_tree(mixed, idempotency_key="mixed")

    run(bench, main())


def test_places_do_not_narrow_an_ad_group_that_is_shown_everywhere(bench: GoogleBench) -> None:
    """A campaign without places has an ad group already: a second one cannot bring any."""
    ads = adapter(bench)

    async def main() -> None:
        campaign = (await ads.create_campaign(bench.campaign(), idempotency_key="c")).value.ref
        await ads.create_ad_group(campaign, bench.group("One", targeting=Targeting()), idempotency_key="1")
        with pytest.raises(ConflictError, match="whole campaign"):
            await ads.create_ad_group(campaign, bench.group("Two"), idempotency_key="2")

    run(bench, main())


def test_targeting_and_keywords_come_back(bench: GoogleBench) -> None:
    """From criteria of two levels."""
    ads = adapter(bench)
    wanted = Targeting(locations=("2840",), languages=("en",), age_min=25, age_max=54, genders=(Gender.FEMALE,))
    words = ({"text": "running shoes", "match_type": "PHRASE"},)

    async def main() -> None:
        campaign = (await ads.create_campaign(bench.campaign(), idempotency_key="c")).value.ref
        spec = bench.group(targeting=wanted, extra={"keywords": list(words)})
        made = await ads.create_ad_group(campaign, spec, idempotency_key="g")
        assert made.value.targeting == wanted
        assert made.value.extra["keywords"] == words
        other = wanted.model_copy(update={"genders": (Gender.MALE,), "age_max": 34})
        changed = await ads.update_ad_group(made.value.ref, AdGroupPatch(targeting=other))
        assert (changed.applied, changed.value.targeting) == (("targeting",), other)
        assert changed.value.extra["keywords"] == words

    run(bench, main())


# Budgets ------------------------------------------------------------------------------------------------------------


async def sharing(ads: GoogleAds, names: tuple[str, ...]) -> list[Ref]:
    """Campaigns that somebody has made with one shared budget."""
    budget = f"customers/{C}/campaignBudgets/-1"
    shared = {"resource_name": budget, "name": "Shared", "amount_micros": 50_000_000, "explicitly_shared": True}
    operations: list[dict[str, Any]] = [{"campaign_budget_operation": {"create": shared}}]
    operations += [{"campaign_operation": {"create": {
        "name": name, "status": "PAUSED", "campaign_budget": budget, "advertising_channel_type": "SEARCH",
        "target_spend": {}, "contains_eu_political_advertising": "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"}}}
        for name in names]  # fmt: skip
    made = await ads._mutate({"request": {"customer_id": C, "mutate_operations": operations}})
    return [ads._ref(Level.CAMPAIGN, name.rpartition("/")[2]) for kind, name in made if kind == "campaign_result"]


def test_a_shared_budget_is_changed_for_all_or_not_at_all(bench: GoogleBench) -> None:
    """Refused as a conflict, unless the caller means all of them."""
    ads = adapter(bench)

    async def main() -> None:
        await ads.warm_up()
        one, other = await sharing(ads, ("A", "B"))
        live = await ads.get_campaign(one, max_age=0)
        assert live.budget is not None
        assert live.budget.shared_ref
        with pytest.raises(SharedBudgetError) as caught:
            await ads.set_budget(one, Budget.daily(bench.money("60")), expect=live)
        assert caught.value.type == "CONFLICT"
        await ads.set_budget(one, Budget.daily(bench.money("60")), expect=live, allow_shared=True)
        assert (await ads.get_campaign(other, max_age=0)).budget.amount == bench.money("60")  # type: ignore[union-attr]

    run(bench, main())


def test_budget_and_name_change_in_one_request(bench: GoogleBench) -> None:
    """Two objects at the vendor, one patch: both or neither."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="c")
        before = len(mutates(bench))
        patch = CampaignPatch(name="Autumn", budget=Budget.daily(bench.money("70")))
        updated = await ads.update_campaign(made.value.ref, patch)
        assert set(updated.applied) == {"name", "budget"}
        request = mutates(bench)[before]
        assert len(mutates(bench)) == before + 1
        assert [each.WhichOneof("operation") for each in request.mutate_operations] == [
            "campaign_operation", "campaign_budget_operation",
        ]  # fmt: skip

    run(bench, main())


# Many at once -------------------------------------------------------------------------------------------------------


def test_pausing_many_has_a_verdict_for_each(bench: GoogleBench) -> None:
    """One is removed: the others are paused all the same, and the error says which was not and why."""
    ads = adapter(bench)

    async def main() -> None:
        refs = [
            (await ads.create_campaign(bench.campaign(f"Campaign {n}"), idempotency_key=str(n))).value.ref
            for n in range(3)
        ]
        for ref in refs:
            await ads.set_status(ref, ACTIVE)
        await ads.set_status(refs[1], DELETED)
        with pytest.raises(PartialFailureError) as caught:
            await ads.pause_all(refs)
        items = caught.value.items
        assert (items[str(refs[0])], items[str(refs[2])]) == (None, None)
        assert "REMOVED_RESOURCE" in (items[str(refs[1])] or "")
        assert (await ads.get_campaign(refs[0], max_age=0)).status.configured is PAUSED
        assert await ads.pause_all([refs[0], refs[2], refs[0]]) == (refs[0], refs[2])
        assert await ads.pause_all([]) == ()

    run(bench, main())


def test_pausing_many_belongs_to_one_account(bench: GoogleBench) -> None:
    """A foreign ref is refused before anything is sent."""
    ads = adapter(bench)
    foreign = Ref(Platform.GOOGLE_ADS, "9999999999", Level.CAMPAIGN, "1")
    with pytest.raises(InvalidRequestError):
        run(bench, ads.pause_all([foreign]))
    assert bench.sent == 0


# Reading ------------------------------------------------------------------------------------------------------------


def test_a_stream_that_breaks_gives_nothing_and_is_asked_again(bench: GoogleBench) -> None:
    """Half of a list is no list: the query runs anew."""
    ads = adapter(bench)

    async def main() -> None:
        for number in range(4):
            await ads.create_campaign(bench.campaign(f"Campaign {number}"), idempotency_key=str(number))
        bench.break_with(FaultRule(FaultKind.HALF_JSON, operation="GoogleAdsService/SearchStream", times=1))
        found = await ads.list_campaigns(Query(), max_age=0)
        assert len(found) == 4

    run(bench, main())


def test_pages_go_on_behind_the_last_id(bench: GoogleBench) -> None:
    """No page token to expire, no page number to shift."""
    ads = adapter(bench)

    async def main() -> None:
        made = [
            (await ads.create_campaign(bench.campaign(f"Campaign {n}"), idempotency_key=str(n))).value.ref
            for n in range(5)
        ]
        before = bench.sent
        found = [each.ref async for each in ads.list_campaigns(Query(page_size=2), max_age=0)]
        assert found == made
        assert bench.sent - before == 3

    run(bench, main())


def test_lists_filter_exactly(bench: GoogleBench) -> None:
    """Names with signs of the query language, ids, statuses, parents, and the removed ones only when asked for."""
    ads = adapter(bench)

    async def main() -> None:
        odd = await ads.create_campaign(bench.campaign("50% off_[x] 'now'\\"), idempotency_key="1")
        other = await ads.create_campaign(bench.campaign("50 off"), idempotency_key="2")
        assert [each.ref for each in await ads.list_campaigns(Query(name=odd.value.name))] == [odd.value.ref]
        assert [each.ref for each in await ads.list_campaigns(Query(name_contains="% off_["))] == [odd.value.ref]
        assert [each.ref for each in await ads.list_campaigns(Query(ids=(other.value.ref.id,)))] == [other.value.ref]
        await ads.set_status(odd.value.ref, DELETED)
        assert [each.ref for each in await ads.list_campaigns(Query(), max_age=0)] == [other.value.ref]
        assert len(await ads.list_campaigns(Query(deleted=True), max_age=0)) == 2
        assert await ads.find_by_key(Level.CAMPAIGN, "1") == ()

    run(bench, main())


def test_what_is_removed_is_shown_as_removed(bench: GoogleBench) -> None:
    """Google keeps it; removing it again is no error."""
    ads = adapter(bench)

    async def main() -> None:
        ref = (await ads.create_campaign(bench.campaign(), idempotency_key="1")).value.ref
        for _ in range(2):
            assert (await ads.set_status(ref, DELETED)).value.status.configured is DELETED
        with pytest.raises(NotFoundError):
            await ads.set_status(ref, ACTIVE)
        with pytest.raises(NotFoundError):
            await ads.get_campaign(ads._ref(Level.CAMPAIGN, "1"))

    run(bench, main())


@pytest.mark.parametrize("id_", ["1 OR campaign.id > 0", "x", "1~2"])
def test_an_id_that_is_none_never_gets_into_a_query(bench: GoogleBench, id_: str) -> None:
    """Refused here."""
    ads = adapter(bench)
    with pytest.raises(InvalidRequestError):
        run(bench, ads.get_campaign(ads._ref(Level.CAMPAIGN, id_)))
    assert bench.sent == 0


def test_an_ad_that_others_have_made_keeps_its_name(bench: GoogleBench) -> None:
    """Names of ads are in labels of ours; without one there is nothing to rename."""
    ads = adapter(bench)

    async def main() -> None:
        built = (await ads.create_tree(await bench.tree(ads), idempotency_key="t")).value
        group = built.groups[0].ad_group.ref
        texts = {"headlines": [{"text": each} for each in "ABC"], "descriptions": [{"text": each} for each in "DE"]}
        foreign = {"ad_group_ad_operation": {"create": {
            "ad_group": f"customers/{C}/adGroups/{group.id}", "status": "PAUSED",
            "ad": {"final_urls": ["https://example.com/"], "responsive_search_ad": texts}}}}  # fmt: skip
        made = await ads._mutate({"request": {"customer_id": C, "mutate_operations": [foreign]}})
        ref = ads._ref(Level.AD, made[0][1].rpartition("/")[2])
        found = await ads.get_ad(ref)
        assert (found.name, found.key_token) == ("", None)
        with pytest.raises(UnsupportedError):
            await ads.update_ad(ref, AdPatch(name="Mine"))
        renamed = await ads.update_ad(built.groups[0].ads[0].ref, AdPatch(name="Renamed"))
        assert (renamed.applied, renamed.value.name) == (("name",), "Renamed")
        assert renamed.value.key_token

    run(bench, main())


# Other accounts and channels ----------------------------------------------------------------------------------------


def test_an_account_without_cents_takes_whole_amounts(bench: GoogleBench) -> None:
    """The vendor tells the billable unit of the account's currency."""
    yen = google_bench(currency="JPY")
    ads = GoogleAds(CUSTOMERS[1], TOKEN, runtime=yen.new_runtime(), channel=yen.transport, profile=PROFILE)

    async def main() -> None:
        made = await ads.create_campaign(yen.campaign(budget=Budget.daily(yen.money("5000"))), idempotency_key="1")
        assert made.value.budget == Budget.daily(yen.money("5000"))
        (request,) = mutates(yen)
        assert request.mutate_operations[0].campaign_budget_operation.create.amount_micros == 5_000_000_000
        with pytest.raises(InvalidRequestError, match="whole multiple"):
            await ads.create_campaign(yen.campaign(budget=Budget.daily(yen.money("0.5"))), idempotency_key="2")

    run(yen, main())


def test_times_are_the_accounts_own(bench: GoogleBench) -> None:
    """An account in Tokyo: what is sent is its clock, what comes back the same moment."""
    tokyo = google_bench(currency="JPY")
    ads = GoogleAds(CUSTOMERS[1], TOKEN, runtime=tokyo.new_runtime(), channel=tokyo.transport, profile=PROFILE)
    schedule = Schedule(
        start=datetime(2026, 3, 1, 15, 0, tzinfo=UTC), end=datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)
    )

    async def main() -> None:
        spec = tokyo.campaign(budget=Budget.daily(tokyo.money("5000")), schedule=schedule)
        made = await ads.create_campaign(spec, idempotency_key="1")
        assert made.value.schedule == schedule
        (request,) = mutates(tokyo)
        assert request.mutate_operations[1].campaign_operation.create.start_date_time == "2026-03-02 00:00:00"

    run(tokyo, main())


def test_a_choice_of_ones_own_is_read_back(bench: GoogleBench) -> None:
    """A manual campaign, whose ad groups have caps of their own."""
    ads = adapter(bench)

    async def main() -> None:
        manual = bench.campaign(extra=google_choice(bidding="manual_cpc"))
        campaign = await ads.create_campaign(manual, idempotency_key="c")
        assert campaign.value.extra["bidding_strategy_type"] == "MANUAL_CPC"
        assert campaign.value.bid is None
        spec = bench.group(bid=Bid.bid_cap(bench.money("1.50")))
        group = await ads.create_ad_group(campaign.value.ref, spec, idempotency_key="g")
        assert group.value.bid == Bid.bid_cap(bench.money("1.50"))
        cleared = await ads.update_ad_group(group.value.ref, AdGroupPatch(bid=None))
        assert cleared.value.bid is None

    run(bench, main())


def test_an_image_is_there_once(bench: GoogleBench) -> None:
    """Uploaded, found by its marker, sized; an address is refused, since Google fetches nothing."""
    ads = adapter(bench)

    async def main() -> None:
        image = MediaUpload(kind=MediaKind.IMAGE, name="pixel.png", data=PIXEL, media_type="image/png")
        made = await ads.upload_image(image, idempotency_key="i")
        again = await ads.upload_image(image, idempotency_key="i")
        assert made.value.id == again.value.id
        assert (made.value.width, made.value.height) == (1, 1)
        linked = MediaUpload(kind=MediaKind.IMAGE, name="x.png", url="https://example.com/x.png")
        with pytest.raises(UnsupportedError):
            await ads.upload_image(linked, idempotency_key="j")

    run(bench, main())


# Credentials --------------------------------------------------------------------------------------------------------


def test_the_headers_of_a_call(bench: GoogleBench) -> None:
    """Token and routing always; developer token and manager only where they are given."""
    ads = adapter(bench, developer_token=DEVELOPER_TOKEN, login_customer_id=MANAGER, linked_customer_id="111-222-3333")
    run(bench, ads.get_account())
    sent = bench.transport.requests[-1].metadata
    assert sent["authorization"] == f"Bearer {TOKEN}"
    assert sent["x-goog-request-params"] == f"customer_id={C}"
    assert (sent["developer-token"], sent["login-customer-id"]) == (DEVELOPER_TOKEN, MANAGER)
    assert sent["linked-customer-id"] == "1112223333"
    plain = adapter(bench)
    run(bench, plain.get_account())
    assert not {"developer-token", "login-customer-id", "linked-customer-id"} & set(
        bench.transport.requests[-1].metadata
    )


def test_a_token_that_has_run_out_is_asked_for_once_more(bench: GoogleBench) -> None:
    """With a provider the vendor's refusal of the access token means no more than that."""
    tokens = iter(["stale-token", TOKEN])

    async def provider() -> str:
        return next(tokens)

    ads = adapter(bench, credentials=Credentials(provider=provider, name="user"))
    account = run(bench, ads.get_account())
    assert account.served.source == "live"
    assert len(bench.transport.requests) == 2


def test_a_token_that_stays_wrong_is_invalid(bench: GoogleBench) -> None:
    """One renewal, then the error; and a bare token is never renewed."""

    async def provider() -> str:
        return "always-wrong"

    for credentials in (Credentials(provider=provider, name="user"), Credentials("always-wrong")):
        ads = adapter(bench, credentials=credentials)
        with pytest.raises(BackstayError) as caught:
            run(bench, ads.get_account())
        assert caught.value.kind.code == TokenInvalidError("x").code
        assert "always-wrong" not in f"{caught.value!r} {ads!r}"


def test_copies_share_the_connection_whoever_opens_it(bench: GoogleBench) -> None:
    """A copy made before the first call works, and so does its original."""
    ads = adapter(bench)
    copy = ads.with_options(deadline=60)

    async def main() -> None:
        await ads.warm_up()
        await copy.get_account(max_age=0)
        await ads.get_account(max_age=0)
        await copy.aclose()

    run(bench, main())


def test_request_ids_are_told(bench: GoogleBench) -> None:
    """The id that the vendor's support asks for, on answers and on errors."""
    ads = adapter(bench)

    async def main() -> None:
        assert (await ads.get_account()).served.request_ids
        made = await ads.create_campaign(bench.campaign(), idempotency_key="1")
        assert made.served.request_ids

    run(bench, main())


LOGIN = {
    "GOOGLE_ADS_CUSTOMER_ID": "123-456-7890", "GOOGLE_ADS_LOGIN_CUSTOMER_ID": "1112223333",
    "GOOGLE_ADS_LEVEL": "standard", "GOOGLE_ADS_PROJECT": "my-project",
}  # fmt: skip


@pytest.mark.parametrize(
    "login",
    [
        {"GOOGLE_ADS_ACCESS_TOKEN": "ya29-like-token"},
        {"GOOGLE_ADS_REFRESH_TOKEN": "r", "GOOGLE_ADS_CLIENT_ID": "i", "GOOGLE_ADS_CLIENT_SECRET": "s"},
        {"GOOGLE_ADS_JSON_KEY_FILE_PATH": "key.json", "GOOGLE_ADS_IMPERSONATED_EMAIL": "a@example.com"},
        {"GOOGLE_ADS_USE_APPLICATION_DEFAULT_CREDENTIALS": "true"},
    ],
)
def test_settings_come_from_the_vendors_own_variables(monkeypatch: pytest.MonkeyPatch, login: dict[str, str]) -> None:
    """One way to log in, and what else is set; nothing is fetched yet."""
    for name, value in {**LOGIN, **login}.items():
        monkeypatch.setenv(name, value)
    ads = GoogleAds.from_env()
    assert (ads.account, ads.login_customer_id, ads.app()) == ("1234567890", "1112223333", "my-project")
    assert ads.credentials.renewable is ("GOOGLE_ADS_ACCESS_TOKEN" not in login)


@pytest.mark.parametrize(
    ("missing", "environment"),
    [
        ("GOOGLE_ADS_ACCESS_TOKEN", {"GOOGLE_ADS_CUSTOMER_ID": "1234567890"}),
        ("GOOGLE_ADS_CUSTOMER_ID", {"GOOGLE_ADS_ACCESS_TOKEN": "token"}),
        ("GOOGLE_ADS_CLIENT_ID", {"GOOGLE_ADS_CUSTOMER_ID": "1234567890", "GOOGLE_ADS_REFRESH_TOKEN": "r"}),
    ],
)
def test_a_missing_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str, environment: dict[str, str]
) -> None:
    """With what to do instead."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidRequestError) as caught:
        GoogleAds.from_env()
    assert caught.value.field == missing


def test_the_profile_has_the_limits_of_the_access_level() -> None:
    """Operations of a sliding day, shared by the project; an unknown level is refused."""
    assert google_ads_profile("explorer").limits["app"].windows == ((2_880.0, 86_400.0),)
    assert google_ads_profile("standard").limits["app"].windows == ()
    assert google_ads_profile().limits["customer"].per == "account"
    with pytest.raises(InvalidRequestError):
        google_ads_profile("gold")


def test_the_capabilities_are_those_of_the_adapter() -> None:
    """Whole trees at once, checks without effects; no budgets of ad groups, no jobs."""
    can = GoogleAds(C, TOKEN).capabilities
    assert {Capability.ATOMIC_TREE, Capability.VALIDATE_ONLY, Capability.NAME_UNIQUE} <= can.flags
    assert not {Capability.AD_GROUP_BUDGET, Capability.REPORT_JOB, Capability.BALANCE} & can.flags
