"""TikTokAds beyond the conformance suite: options, lifetime, refusals before anything is sent, and odd answers."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from backstay.ads import (
    AdGroupPatch,
    Bid,
    Budget,
    CampaignPatch,
    ConfiguredStatus,
    Level,
    MediaKind,
    MediaState,
    MediaUpload,
    Money,
    Objective,
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
    TokenExpiredError,
    UnsupportedCapabilityError,
    UnsupportedError,
)
from backstay.sandbox import FaultKind, FaultRule
from backstay.testing.bench import Bench
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox
from tests.support.tiktok import adapter, make

T = TypeVar("T")


@pytest.fixture
def bench() -> Bench:
    return Bench(TikTokSandbox(seed=3), make)


# Options and lifetime -----------------------------------------------------------------------------------------------


def test_a_misspelled_option_is_refused_with_its_neighbour(bench: Bench) -> None:
    """On the call, on the copy and on the constructor; nothing is sent."""
    ads = adapter(bench)
    with pytest.raises(InvalidRequestError, match="deadlin"):
        bench.run(ads.get_account(deadlin=5))  # type: ignore[call-arg]  # the point of the test
    with pytest.raises(InvalidRequestError) as caught:
        ads.with_options(max_attempt=2)  # type: ignore[call-arg]  # the point of the test
    assert "max_attempts" in (caught.value.hint or "")
    with pytest.raises(InvalidRequestError):
        adapter(bench, retries=1)
    assert bench.sent == 0


@pytest.mark.parametrize(
    "options",
    [{"deadline": 0}, {"deadline": -1.0}, {"attempt_timeout": "5"}, {"max_attempts": 11}, {"max_attempts": 0}],
)
def test_options_out_of_range_are_refused(bench: Bench, options: dict[str, Any]) -> None:
    """Field, value and cure; nothing is sent."""
    with pytest.raises(InvalidRequestError) as caught:
        bench.run(adapter(bench).get_account(**options))
    assert caught.value.field
    assert caught.value.hint
    assert bench.sent == 0


def test_the_nearest_option_wins(bench: Bench) -> None:
    """Profile < constructor < with_options() < call."""
    bench.break_with(FaultRule(FaultKind.HTTP_5XX))
    ads = adapter(bench, max_attempts=3)

    async def sent(chosen: TikTokAds, **options: Any) -> int:
        before = bench.sent
        with pytest.raises(BackstayError):
            await chosen.get_account(**options)
        return bench.sent - before

    async def main() -> list[int]:
        return [await sent(ads), await sent(ads.with_options(max_retries=1)), await sent(ads, max_attempts=1)]

    assert bench.run(main()) == [3, 2, 1]


def test_a_copy_shares_the_breaker(bench: Bench) -> None:
    """with_options() is cheap and knows what its origin knows."""
    ads = adapter(bench)
    copy = ads.with_options(deadline=5)

    async def main() -> None:
        await ads.get_account()
        await copy.get_account(max_age=0)

    bench.run(main())
    assert copy.runtime is ads.runtime
    assert len(bench.runtime.scopes) == 1


def test_another_loop_is_refused(bench: Bench) -> None:
    """An adapter belongs to the loop of its first use."""
    ads = adapter(bench)
    bench.run(ads.get_account())
    with pytest.raises(InvalidRequestError, match="another event loop"):
        bench.run(ads.get_account(max_age=0))


def test_closed_is_closed(bench: Bench) -> None:
    """After aclose() a call says so."""
    ads = adapter(bench)

    async def main() -> None:
        async with ads:
            await ads.get_account()
        await ads.aclose()
        with pytest.raises(InvalidRequestError, match="closed"):
            await ads.get_account(max_age=0)

    bench.run(main())


def test_aclose_lets_a_sent_write_finish(bench: Bench) -> None:
    """Within its grace; the write's caller gets its answer."""
    ads = adapter(bench)

    async def main() -> None:
        await ads.get_account()
        bench.break_with(FaultRule(FaultKind.LATENCY, delay=2.0, method="POST"))
        task = asyncio.create_task(ads.create_campaign(bench.campaign(), idempotency_key="k"))
        await bench.clock.sleep(0.5)
        await ads.aclose(grace=10.0)
        done, _ = await asyncio.wait([task], timeout=60.0)
        assert done

    bench.run(main())
    assert len(bench.world.objects(level="campaign")) == 1


def test_an_adapter_is_not_pickled(bench: Bench) -> None:
    """It owns a pool; answers and errors do travel."""
    ads = adapter(bench)
    with pytest.raises(TypeError):
        pickle.dumps(ads)
    account = bench.run(ads.get_account())
    assert pickle.loads(pickle.dumps(account)) == account
    assert TOKEN not in repr(ads)


def _in_child(queue: Any) -> None:
    bench = Bench(TikTokSandbox(), make)
    runtime = bench.new_runtime()
    runtime._pid = -1
    try:
        bench.run(make(runtime, bench.transport).get_account())
    except InvalidRequestError as error:
        queue.put(error.field)


def test_a_forked_process_is_refused() -> None:
    """Locks and limits copied by a fork would lie."""
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    child.join(30)
    assert queue.get() == "runtime"


def test_from_env_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable and the cure; with both set it works."""
    monkeypatch.delenv("TIKTOK_ACCESS_TOKEN", raising=False)
    with pytest.raises(InvalidRequestError) as caught:
        TikTokAds.from_env()
    assert caught.value.field == "TIKTOK_ACCESS_TOKEN"
    monkeypatch.setenv("TIKTOK_ACCESS_TOKEN", "abcdef")
    monkeypatch.setenv("TIKTOK_ADVERTISER_ID", "7")
    assert TikTokAds.from_env().account == "7"


@pytest.mark.parametrize("arguments", [{"tier": "gold"}, {"flow": "sideways"}])
def test_unknown_words_of_the_constructor_are_refused(bench: Bench, arguments: dict[str, Any]) -> None:
    """Field, value, cure."""
    with pytest.raises(InvalidRequestError) as caught:
        TikTokAds(ADVERTISERS[0], TOKEN, runtime=bench.runtime, **arguments)
    assert caught.value.field in arguments


def test_an_expired_token_is_renewed_once(bench: Bench) -> None:
    """The provider gives a new one and the call goes on."""
    tokens = iter(["stale-token", TOKEN])

    async def provide() -> str:
        return next(tokens)

    sandbox = bench.simulator
    assert isinstance(sandbox, TikTokSandbox)
    sandbox.grant("stale-token", ADVERTISERS)
    sandbox.expire("stale-token")
    ads = TikTokAds(
        ADVERTISERS[0], credentials=Credentials(provider=provide, name="tenant"), runtime=bench.runtime,
        transport=bench.transport,
    )  # fmt: skip
    assert bench.run(ads.get_account()).currency == "USD"


def test_a_plain_expired_token_is_an_error(bench: Bench) -> None:
    """There is nobody to ask."""
    bench.break_with(FaultRule(FaultKind.TOKEN_EXPIRED))
    with pytest.raises(TokenExpiredError):
        bench.run(adapter(bench).get_account())


# Refused before anything is sent ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"name": "x" * 481}, "name"),
        ({"name": "広告" * 240}, "name"),
        ({"name": "spring \N{CHERRY BLOSSOM}"}, "name"),
        ({"bid": Bid.cost_cap(Money(Decimal(1), "USD"))}, "bid"),
        ({"budget": Budget.daily(Money(Decimal(50), "EUR"))}, "budget.amount"),
        ({"extra": {"campaign_name": "twice"}}, "extra.campaign_name"),
    ],
)
def test_a_campaign_that_tiktok_cannot_have(bench: Bench, spec: dict[str, Any], field: str) -> None:
    """Nothing is sent, and the error names the field and the cure."""
    ads = adapter(bench)

    async def main() -> None:
        await ads.get_account()
        with pytest.raises(InvalidRequestError) as caught:
            await ads.create_campaign(bench.campaign(**spec), idempotency_key="k")
        assert caught.value.field == field
        assert caught.value.hint

    bench.run(main())
    assert bench.writes() == 0


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"targeting": Targeting()}, InvalidRequestError),
        ({"targeting": Targeting(locations=("1",), age_min=20, age_max=30)}, UnsupportedCapabilityError),
    ],
)
def test_an_ad_group_that_tiktok_cannot_have(bench: Bench, spec: dict[str, Any], error: type[BackstayError]) -> None:
    """Locations are a must, and age groups are fixed."""
    ads = adapter(bench)

    async def main() -> int:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        before = bench.writes()
        with pytest.raises(error):
            await ads.create_ad_group(made.value.ref, bench.group(**spec), idempotency_key="g")
        return bench.writes() - before

    assert bench.run(main()) == 0


def test_another_accounts_object_is_refused(bench: Bench) -> None:
    """A ref names its platform and account."""
    for ref in (
        Ref(Platform.META, ADVERTISERS[0], Level.CAMPAIGN, "1"),
        Ref(Platform.TIKTOK, "9", Level.CAMPAIGN, "1"),
        Ref(Platform.TIKTOK, ADVERTISERS[0], Level.AD, "1"),
    ):
        with pytest.raises(InvalidRequestError):
            bench.run(adapter(bench).get_campaign(ref))
    assert bench.sent == 0


def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    """A typed error, no IndexError."""
    ref = Ref(Platform.TIKTOK, ADVERTISERS[0], Level.CAMPAIGN, "404")
    with pytest.raises(NotFoundError):
        bench.run(adapter(bench).get_campaign(ref))
    with pytest.raises(NotFoundError):
        bench.run(adapter(bench).set_status(ref, ConfiguredStatus.PAUSED))


def test_kinds_of_budgets_and_schedules_of_campaigns_cannot_change(bench: Bench) -> None:
    """TikTok's budget mode is immutable, and campaigns have no schedule."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        before = bench.writes()
        for patch in (CampaignPatch(budget=Budget.none()), CampaignPatch(schedule=Schedule())):
            with pytest.raises(UnsupportedError):
                await ads.update_campaign(made.value.ref, patch)
        assert bench.writes() == before

    bench.run(main())


def test_a_dry_run_shows_the_request_and_sends_nothing(bench: Bench) -> None:
    """The plan holds the exact body."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        before = bench.writes()
        planned = await ads.update_campaign(made.value.ref, CampaignPatch(name="Later"), dry_run=True)
        assert bench.writes() == before
        assert planned.pending == ("name",)
        body = planned.plan[0]["body"]
        assert body["campaign_id"] == made.value.ref.id
        assert body["campaign_name"].startswith("Later bs-")

    bench.run(main())


def test_somebody_elses_change_is_a_conflict(bench: Bench) -> None:
    """Compare and set: the live object is no longer as the caller read it."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        seen = await ads.get_campaign(made.value.ref, max_age=0)
        await ads.update_campaign(made.value.ref, CampaignPatch(budget=Budget.daily(bench.money("200"))))
        before = bench.writes()
        with pytest.raises(ConflictError):
            await ads.set_budget(seen.ref, Budget.daily(bench.money("70")), expect=seen)
        assert bench.writes() == before

    bench.run(main())


# Odd vendors --------------------------------------------------------------------------------------------------------


def test_a_vendor_that_ignores_paused_is_put_right() -> None:
    """The manual flow's campaigns may start running: they are paused at once, also after a lost answer."""
    for rules in ((), (FaultRule(FaultKind.RESET_AFTER, operation="campaign/create", times=1),)):
        bench = Bench(TikTokSandbox(seed=4, ignore_disable_on_campaign=True), make)
        bench.break_with(*rules)
        made = bench.run(adapter(bench).create_campaign(bench.campaign(), idempotency_key="k"))
        assert made.value.status.configured is ConfiguredStatus.PAUSED
        assert bench.world.objects(level="campaign")[0].state == "paused"


def test_nothing_to_update_is_done(bench: Bench) -> None:
    """40012 means that the value is there already."""
    bench = Bench(TikTokSandbox(seed=4, nothing_to_update=True), make)
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        again = await ads.update_campaign(made.value.ref, CampaignPatch(budget=Budget.daily(bench.money("100.00"))))
        assert again.applied == ("budget",)

    bench.run(main())


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_BEFORE, FaultKind.HTTP_5XX])
def test_a_lost_answer_to_a_change_is_settled(bench: Bench, kind: FaultKind) -> None:
    """SET looks before it sends again; in the end the value is as wanted, once."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        bench.break_with(FaultRule(kind, operation="campaign/update", times=1))
        patch = CampaignPatch(budget=Budget.daily(bench.money("140")))
        updated = await ads.update_campaign(made.value.ref, patch)
        assert updated.applied == ("budget",)

    bench.run(main())
    assert bench.world.objects(level="campaign")[0].data["budget"] == 140.0


def test_lists_filter_exactly_what_the_vendor_filters_loosely(bench: Bench) -> None:
    """The vendor's name filter is fuzzy; ours is not."""
    ads = adapter(bench)

    async def main() -> None:
        for name in ("Spring", "Spring sale", "Summer"):
            await ads.create_campaign(bench.campaign(name), idempotency_key=name)
        assert [found.name async for found in ads.list_campaigns(Query(name="Spring"))] == ["Spring"]
        some = await ads.list_campaigns(Query(name_contains="Spring"))
        assert sorted(found.name for found in some) == ["Spring", "Spring sale"]
        active = Query(statuses=(ConfiguredStatus.ACTIVE,), objectives=(Objective.TRAFFIC,))
        assert await ads.list_campaigns(active) == ()

    bench.run(main())


def test_a_write_makes_cached_reads_invalid(bench: Bench) -> None:
    """A cached answer is served until something of the account changes; then the vendor is asked."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        await ads.get_campaign(made.value.ref)
        again = await ads.get_campaign(made.value.ref)
        assert again.served.source == "cache"
        await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE)
        after = await ads.get_campaign(made.value.ref)
        assert after.served.source == "live"
        assert after.status.configured is ConfiguredStatus.ACTIVE

    bench.run(main())


def test_a_write_whose_outcome_is_unknown_makes_them_invalid_too(bench: Bench) -> None:
    """It may have happened: what is stored may be wrong."""
    ads = adapter(bench)

    async def main() -> None:
        made = await ads.create_campaign(bench.campaign(), idempotency_key="k")
        await ads.get_campaign(made.value.ref)
        bench.break_with(FaultRule(FaultKind.TIMEOUT, method="POST"))
        with pytest.raises(BackstayError):
            await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE, deadline=40)
        bench.heal()
        assert (await ads.get_campaign(made.value.ref)).served.source == "live"

    bench.run(main())


def test_an_ad_groups_budget_has_its_own_endpoint(bench: Bench) -> None:
    """And one with other changes goes the common way."""
    ads = adapter(bench)
    spec = bench.group(budget=Budget.daily(bench.money("50")))

    async def main() -> None:
        root = await ads.create_campaign(bench.campaign(budget=None), idempotency_key="k")
        made = await ads.create_ad_group(root.value.ref, spec, idempotency_key="g")
        patch = AdGroupPatch(budget=Budget.daily(bench.money("60")))
        assert (await ads.update_ad_group(made.value.ref, patch)).value.budget == Budget.daily(bench.money("60"))
        both = AdGroupPatch(name="Renamed", budget=Budget.daily(bench.money("70")))
        assert (await ads.update_ad_group(made.value.ref, both)).value.name == "Renamed"

    bench.run(main())
    paths = [request.path for request in bench.transport.requests]
    assert any(path.endswith("/adgroup/budget/update/") for path in paths)


def test_the_vendors_wait_is_kept_by_everybody(bench: Bench) -> None:
    """After "reaches the QPS limit" nobody is sent for a second."""
    ads = adapter(bench)

    async def main() -> float:
        await ads.get_account()
        bench.break_with(FaultRule(FaultKind.RATE_LIMIT, times=1))
        began = bench.clock.monotonic()
        await asyncio.gather(*(ads.get_account(max_age=0) for _ in range(3)))
        return bench.clock.monotonic() - began

    assert bench.run(main()) >= 1.0


@pytest.mark.parametrize("kind", [MediaKind.IMAGE, MediaKind.VIDEO])
def test_a_file_is_uploaded_from_an_address(bench: Bench, kind: MediaKind) -> None:
    """The vendor fetches it itself; the form has no file then and is a multipart form all the same."""
    ads = adapter(bench)
    media = MediaUpload(kind=kind, name="shoe.png", url="https://cdn.example/shoe.png")
    upload = ads.upload_image if kind is MediaKind.IMAGE else ads.upload_video
    made = bench.run(upload(media, idempotency_key="from the shop"))
    assert (made.how, made.value.kind, made.value.state) == ("created", kind, MediaState.READY)
    assert [effect.kind for effect in bench.simulator.world.log] == ["upload"]
