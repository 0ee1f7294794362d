"""What changes can come to spend: read from the vendor, counted by whoever has the budget."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ad_adapter.spending import refuse_spending_extra
from backstay.ads import (
    AdGroup,
    AdGroupPatch,
    AdSpec,
    Bid,
    Budget,
    BudgetPeriod,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    Money,
    Objective,
    Schedule,
    Targeting,
)
from backstay.ads.exposure import max_daily_exposure
from backstay.errors import InternalError, InvalidRequestError, SpendGuardError
from backstay.policies import caps
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultRule, SimTransport
from backstay.testing.bench import Bench
from backstay.writes.guard import Rates, SpendGuard
from backstay_adapters.meta import MetaAds
from backstay_adapters.meta.sandbox import ACCOUNTS, MetaSandbox
from backstay_adapters.meta.sandbox import TOKEN as META
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

ON, OFF = ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED


def usd(amount: str) -> Money:
    return Money(amount, "USD")


class Stage:
    """A TikTok account under a guard."""

    def __init__(self, **options: Any) -> None:
        self.bench = Bench(TikTokSandbox(seed=3, **options), self.make)
        self.clock = self.bench.clock

    def make(self, runtime: Runtime, transport: SimTransport) -> TikTokAds:
        return TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport, tier="ultimate")

    def under(self, guard: SpendGuard | None = None, **rules: Any) -> TikTokAds:
        """An adapter in a process with these rules."""
        self.bench.guard = guard or SpendGuard(**rules)
        ads = self.bench.adapter()
        assert isinstance(ads, TikTokAds)
        return ads

    def run(self, work: Any) -> Any:
        return self.bench.run(work)

    def counted(self) -> dict[str, Decimal]:
        async def main() -> dict[str, Decimal]:
            lines = await self.bench.runtime.gate.counted()
            return {line.holder.rsplit("/", 2)[1] + "/" + line.holder[-1]: line.amount for line in lines}

        return self.run(main())

    async def groups(self, ads: TikTokAds, *amounts: str, **fields: Any) -> tuple[Campaign, list[AdGroup]]:
        """A campaign without a budget, and ad groups with theirs."""
        campaign = await ads.create_campaign(self.bench.campaign(budget=None), idempotency_key="c")
        made = [
            await ads.create_ad_group(
                campaign.value.ref,
                self.bench.group(f"G{number}", **{"budget": Budget.daily(usd(amount)), **fields}),
                idempotency_key=f"g{number}",
            )
            for number, amount in enumerate(amounts)
        ]
        return campaign.value, [each.value for each in made]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def refused(error: pytest.ExceptionInfo[SpendGuardError]) -> tuple[Any, ...]:
    return error.value.rule, error.value.value, error.value.cap


def test_each_ad_group_counts_when_it_is_switched_on(stage: Stage) -> None:
    """Even while its campaign is still paused: a tree is refused at the first part that does not fit."""
    ads = stage.under(total=usd("100"))

    async def main() -> None:
        campaign, (one, two) = await stage.groups(ads, "60", "50")
        await ads.set_status(one.ref, ON)
        with pytest.raises(SpendGuardError) as caught:
            await ads.set_status(two.ref, ON)
        assert refused(caught) == ("guard.total", "110 USD", "100 USD")
        await ads.set_status(campaign.ref, ON)  # what is below it counts already

    stage.run(main())


def test_a_campaign_that_is_switched_on_again_counts_all_below_it(stage: Stage) -> None:
    """Pausing the campaign frees its ad groups; switching it on is one change of all that runs below."""
    ads = stage.under(per_call=usd("100"))

    async def main() -> None:
        campaign, groups = await stage.groups(ads, "60", "50", "70")
        for group in groups[:2]:
            await ads.set_status(group.ref, ON)
        await ads.set_status(campaign.ref, OFF)
        await stage.clock.sleep(60.0)
        with pytest.raises(SpendGuardError) as caught:
            await ads.set_status(campaign.ref, ON)
        assert refused(caught) == ("guard.per_call", "110 USD", "100 USD")

    stage.run(main())
    assert stage.counted() == {}


def test_an_ad_below_a_running_ad_group_of_others_counts_the_ad_group(stage: Stage) -> None:
    """We did not write it, but we make it spend."""
    other = stage.under(SpendGuard.unlimited())

    async def others() -> Any:
        _, (group,) = await stage.groups(other, "60")
        spec = await stage.bench.ad(other)
        ad = await other.create_ad(group.ref, spec, idempotency_key="a")
        await other.set_status(group.ref, ON)
        return ad.value.ref

    ad = stage.run(others())
    ads = stage.under(total=usd("59"))
    with pytest.raises(SpendGuardError) as caught:
        stage.run(ads.set_status(ad, ON))
    assert refused(caught) == ("guard.total", "60 USD", "59 USD")
    ads = stage.under(total=usd("60"))
    stage.run(ads.set_status(ad, ON))
    assert list(stage.counted().values()) == [60]


def test_raising_what_others_run_counts_the_whole_of_it(stage: Stage) -> None:
    """The change itself is only what it adds; lowering it is nobody's business."""
    other = stage.under(SpendGuard.unlimited())

    async def others() -> AdGroup:
        _, (group,) = await stage.groups(other, "60")
        await other.set_status(group.ref, ON)
        return group

    group = stage.run(others())

    async def to(ads: TikTokAds, amount: str) -> Any:
        live = await ads.get_ad_group(group.ref, max_age=0)
        return await ads.set_budget(group.ref, Budget.daily(usd(amount)), expect=live)

    stage.run(to(stage.under(total=usd("1")), "55"))
    assert stage.counted() == {}
    with pytest.raises(SpendGuardError) as caught:
        stage.run(to(stage.under(total=usd("60"), per_call=usd("10")), "65"))
    assert refused(caught) == ("guard.total", "65 USD", "60 USD")
    stage.run(to(stage.under(total=usd("65"), per_call=usd("10")), "65"))
    assert list(stage.counted().values()) == [65]


def test_a_bid_is_raised_in_steps(stage: Stage) -> None:
    """And taking its limit away is a raise without end; on what is paused it is free."""
    ads = stage.under(max_raise=Decimal("0.5"))

    async def main() -> None:
        _, (group,) = await stage.groups(ads, "60", bid=Bid.cost_cap(usd("2")))
        await ads.update_ad_group(group.ref, AdGroupPatch(bid=Bid.cost_cap(usd("4"))))
        await ads.set_status(group.ref, ON)
        with pytest.raises(SpendGuardError) as caught:
            await ads.update_ad_group(group.ref, AdGroupPatch(bid=Bid.cost_cap(usd("6.01"))))
        assert refused(caught) == ("guard.max_raise", "6.01 USD", "+50 %")
        with pytest.raises(SpendGuardError) as caught:
            await ads.update_ad_group(group.ref, AdGroupPatch(bid=Bid.lowest_cost()))
        assert refused(caught) == ("guard.max_raise", "no limit USD", "+50 %")
        await ads.update_ad_group(group.ref, AdGroupPatch(bid=Bid.cost_cap(usd("6"))))

    stage.run(main())


def test_a_later_end_is_judged(stage: Stage) -> None:
    """What is over does not count; what is given more time does."""
    ads = stage.under(total=usd("100"))
    now = datetime(2026, 1, 1, tzinfo=UTC)

    async def main() -> None:
        schedule = Schedule(start=now, end=now + timedelta(hours=2))
        _, (one, two) = await stage.groups(ads, "60", "60", schedule=schedule)
        await ads.update_ad_group(two.ref, AdGroupPatch(schedule=Schedule(start=now, end=now + timedelta(days=9))))
        await ads.set_status(one.ref, ON)
        await stage.clock.sleep(3 * 3600.0)
        await ads.set_status(two.ref, ON)
        with pytest.raises(SpendGuardError) as caught:
            await ads.update_ad_group(one.ref, AdGroupPatch(schedule=Schedule(start=now, end=now + timedelta(days=9))))
        assert refused(caught) == ("guard.total", "120 USD", "100 USD")

    stage.run(main())


def test_the_account_counts_in_its_own_currency_and_day(stage: Stage) -> None:
    """Caps in another currency need rates of today."""
    eur = Money("91", "EUR")
    with pytest.raises(SpendGuardError) as caught:
        stage.run(_switch(stage, stage.under(total=eur)))
    assert caught.value.rule == "guard.rates"
    old = Rates(date(2025, 12, 1), "USD", {"EUR": "1.1"})
    with pytest.raises(SpendGuardError, match="2025-12-01"):
        stage.run(_switch(stage, stage.under(total=eur, rates=old)))
    new = Rates(date(2026, 1, 1), "USD", {"EUR": "1.1"})
    stage.run(_switch(stage, stage.under(total=eur, rates=new)))


async def _switch(stage: Stage, ads: TikTokAds) -> None:
    campaign = await ads.create_campaign(stage.bench.campaign(), idempotency_key="c")
    await ads.set_status(campaign.value.ref, ON)


def test_an_activation_whose_answer_is_lost_keeps_its_room(stage: Stage) -> None:
    """Until the ledger is compared with what the vendor shows."""
    ads = stage.under(total=usd("100"))

    async def main() -> None:
        first = (await ads.create_campaign(stage.bench.campaign(), idempotency_key="one")).value
        other = (await ads.create_campaign(stage.bench.campaign("Other"), idempotency_key="two")).value
        stage.bench.break_with(FaultRule(FaultKind.TIMEOUT, operation="*status/update*"))
        task = asyncio.create_task(ads.set_status(first.ref, ON))
        await stage.clock.sleep(5.0)
        task.cancel()
        await asyncio.wait([task])
        stage.bench.heal()
        with pytest.raises(SpendGuardError):
            await ads.set_status(other.ref, ON)
        await stage.clock.sleep(60.0)
        assert await ads.recount_spend() == 1
        await ads.set_status(other.ref, ON)

    stage.run(main())


def test_what_people_do_by_hand_is_seen_by_a_recount(stage: Stage) -> None:
    """Paused in the vendor's own pages it still counts, until somebody looks."""
    ads = stage.under(total=usd("100"))

    async def main() -> None:
        campaign = (await ads.create_campaign(stage.bench.campaign(), idempotency_key="one")).value
        other = (await ads.create_campaign(stage.bench.campaign("Other"), idempotency_key="two")).value
        await ads.set_status(campaign.ref, ON)
        hand = stage.make(Runtime.in_memory(clock=stage.clock, listeners=()), stage.bench.transport)
        await hand.set_status(campaign.ref, OFF)
        await stage.clock.sleep(60.0)
        with pytest.raises(SpendGuardError):
            await ads.set_status(other.ref, ON)
        assert await ads.recount_spend() == 1
        await ads.set_status(other.ref, ON)

    stage.run(main())
    assert len(stage.counted()) == 1


@pytest.mark.parametrize("lag", [0.0, (0.0, 5.0)])
def test_many_at_once_never_exceed_the_cap_together(lag: Any) -> None:
    """Ten activations at one moment, room for three."""
    stage = Stage(read_lag=lag)
    assert _at_once(stage) == 3


def test_without_the_reservation_they_would(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: judged one after the other, but held by nobody, all of them pass."""
    monkeypatch.setattr(caps, "held", lambda line, hold: line)
    assert _at_once(stage) > 3


def _at_once(stage: Stage) -> int:
    ads = stage.under(total=usd("300"))

    async def main() -> int:
        made = [
            (await ads.create_campaign(stage.bench.campaign(f"C{n}"), idempotency_key=str(n))).value for n in range(10)
        ]
        results = await asyncio.gather(*(ads.set_status(each.ref, ON) for each in made), return_exceptions=True)
        assert all(not isinstance(each, BaseException) or isinstance(each, SpendGuardError) for each in results)
        return sum(thing.state.value == "active" for thing in stage.bench.world.objects(level="campaign"))

    return stage.run(main())


def test_meta_counts_what_it_may_overspend() -> None:
    """1.75 x a daily budget; a lifetime budget whole."""
    bench = Bench(
        MetaSandbox(seed=3), lambda runtime, shell: MetaAds(ACCOUNTS[0], META, runtime=runtime, transport=shell),
        locations=("US",),
    )  # fmt: skip
    bench.guard = SpendGuard(per_call=usd("174.99"))
    ads = bench.adapter()
    end = datetime(2026, 1, 20, tzinfo=UTC)

    async def main() -> None:
        daily = (await ads.create_campaign(bench.campaign(), idempotency_key="d")).value
        with pytest.raises(SpendGuardError) as caught:
            await ads.set_status(daily.ref, ON)
        assert Money.of(str(caught.value.value)) == usd("175")
        spec = bench.campaign(budget=Budget.lifetime(usd("174.99")), schedule=Schedule(end=end))
        whole = (await ads.create_campaign(spec, idempotency_key="l")).value
        await ads.set_status(whole.ref, ON)

    bench.run(main())


# The pure parts ---------------------------------------------------------------------------------------------------


OVERSPEND = {BudgetPeriod.DAILY: Decimal("1.75"), BudgetPeriod.DAILY_AVERAGED: Decimal("1.25")}


@pytest.mark.parametrize(("budget", "exposure"), [
    (Budget.daily(usd("100")), "175"), (Budget(amount=usd("100"), period=BudgetPeriod.DAILY_AVERAGED), "125"),
    (Budget.lifetime(usd("100")), "100"), (Budget.none(), None), (None, None),
    (Budget(amount=usd("100"), period=BudgetPeriod.UNKNOWN), None),
])  # fmt: skip
def test_the_exposure_of_a_budget(budget: Budget | None, exposure: str | None) -> None:
    """A kind of budget that nobody knows has no limit that anybody knows."""
    found = max_daily_exposure(budget, OVERSPEND)
    assert found == (None if exposure is None else usd(exposure))


def test_a_platform_must_say_how_far_it_overspends() -> None:
    """A factor of one is nothing to assume."""
    with pytest.raises(InternalError, match="overspent"):
        max_daily_exposure(Budget.daily(usd("1")), {})


@given(st.decimals("0.01", "1e9", places=2))
def test_exposure_is_exact(amount: Decimal) -> None:
    """To the last digit."""
    found = max_daily_exposure(Budget.daily(Money(amount, "USD")), OVERSPEND)
    assert found is not None
    assert found.amount == amount * Decimal("1.75")


def _campaign(**fields: Any) -> CampaignSpec:
    return CampaignSpec(name="N", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), **fields)


@pytest.mark.parametrize(("asked", "field"), [
    (CampaignPatch(extra={"status": "ON"}), "extra.status"),
    (CampaignPatch(name="N", extra={"a": {"b": [{"status": 1}]}}), "extra.a.b.status"),
    (AdGroupPatch(targeting=Targeting(extra={"status": 1})), "targeting.extra.status"),
    (_campaign(extra={"status": 1}), "extra.status"),
    (AdSpec(name="N", creative=Creative(kind=CreativeKind.IMAGE, extra={"x": {"status": 1}})),
     "creative.extra.x.status"),
])  # fmt: skip
def test_a_vendors_switch_is_found_wherever_it_hides(asked: Any, field: str) -> None:
    """At any depth of any `extra`."""
    with pytest.raises(InvalidRequestError) as caught:
        refuse_spending_extra(asked, frozenset({"status"}))
    assert (caught.value.field, caught.value.rule) == (field, "guard.extra")
    assert caught.value.hint


@pytest.mark.parametrize("asked", [
    CampaignPatch(name="status"), CampaignPatch(extra={"note": "status"}), _campaign(extra={"state": 1}), None,
])  # fmt: skip
def test_what_only_looks_like_one_passes(asked: Any) -> None:
    """Values are not names."""
    refuse_spending_extra(asked, frozenset({"status"}))
