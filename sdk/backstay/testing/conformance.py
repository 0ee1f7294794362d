"""The conformance suite: what makes "swappable" true. It runs against an adapter on its simulator.

    class TestPinterest(AdPlatformConformance):
        @pytest.fixture
        def bench(self) -> Bench:
            return Bench(PinterestSandbox(), lambda runtime, transport: PinterestAds(..., runtime=runtime))

The numbers are those of the common model (C1 to C18). C3 and C15 (journal and spend guard) come with the durable
journal.
"""

from __future__ import annotations

import asyncio
from datetime import date, datetime

import pytest

from backstay.ads import (
    AdPlatform,
    Budget,
    Campaign,
    CampaignPatch,
    Capability,
    ConfiguredStatus,
    DateRange,
    DeliveryStatus,
    Level,
    MetricsQuery,
    MetricsRow,
    Query,
    Schedule,
    add_rows,
)
from backstay.answer import is_stale
from backstay.errors import BackstayError, InvalidRequestError, MoneyPrecisionError, StaleInputError, UnsupportedError
from backstay.sandbox import FaultKind, FaultRule
from backstay.testing.bench import Bench
from backstay.writes.journal import State
from backstay.writes.tree import activate_tree

KEY = "conformance/1"


class AdPlatformConformance:
    """Subclass it and override the fixture `bench`."""

    @pytest.fixture
    def bench(self) -> Bench:
        """The adapter under test."""
        raise NotImplementedError

    def test_it_speaks_the_protocol(self, bench: Bench) -> None:
        """The adapter has every method of AdPlatform."""
        assert isinstance(bench.adapter(), AdPlatform)

    def test_c01_what_was_created_is_read_back(self, bench: Bench) -> None:
        """C1: create, then get returns what the spec said: name, objective, budget, and paused."""
        ads, spec = bench.adapter(), bench.campaign()

        async def main() -> Campaign:
            created = await ads.create_campaign(spec, idempotency_key=KEY)
            assert created.how == "created"
            return await ads.get_campaign(created.value.ref, max_age=0)

        found = bench.run(main())
        assert (found.name, found.objective) == (spec.name, spec.objective)
        assert found.budget is not None
        assert found.budget.amount == bench.money("100.00")
        assert found.status.configured is ConfiguredStatus.PAUSED
        assert found.served.source == "live"

    @pytest.mark.parametrize("another_process", [False, True])
    def test_c02_the_same_key_makes_one_object(self, bench: Bench, another_process: bool) -> None:  # noqa: FBT001 - a parameter of the test
        """C2: the same key twice is one object; the second answer says replayed or adopted."""

        async def main() -> set[str]:
            ads = bench.adapter()
            first = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            ads = bench.adapter() if another_process else ads
            second = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            assert second.how == ("adopted" if another_process else "replayed")
            return {first.value.ref.id, second.value.ref.id}

        assert len(bench.run(main())) == 1
        assert len(bench.world.objects(level="campaign")) == 1

    @pytest.mark.parametrize(
        "kind", [FaultKind.RESET_AFTER, FaultKind.TIMEOUT, FaultKind.HTTP_5XX, FaultKind.HALF_JSON]
    )
    def test_c04_a_lost_answer_at_any_step_is_one_tree(self, bench: Bench, kind: FaultKind) -> None:
        """C4: lose the answer of each write of a build in turn; there is always exactly one active tree."""

        async def build(ads: AdPlatform, key: str) -> None:
            built = await ads.create_tree(await bench.tree(ads), idempotency_key=key)
            await activate_tree(ads, built.value)

        writes = self._writes_of_a_build(bench, build)
        for step in range(writes):
            bench.simulator.world.clear()
            bench.break_with(FaultRule(kind, method="POST", skip=step, times=1, after_commit=True, status=502))
            bench.run(build(bench.adapter(), KEY))
            summary = bench.world.summary()
            assert (summary["duplicates"], summary["parked"], summary["active_trees"]) == (0, 0, 1), f"step {step}"
        assert any(event.name == "write_settled" for event in bench.events)

    def _writes_of_a_build(self, bench: Bench, build: object) -> int:
        before = bench.writes()
        bench.run(build(bench.adapter(), KEY))  # type: ignore[operator]  # the coroutine function above
        return bench.writes() - before

    def test_c05_what_is_off_is_refused_before_anything_is_sent(self, bench: Bench) -> None:
        """C5: a capability that is off raises locally; nothing leaves."""
        ads = bench.adapter()

        async def main() -> None:
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            before = bench.sent
            if Capability.ARCHIVE not in ads.capabilities:
                with pytest.raises(UnsupportedError):
                    await ads.set_status(made.value.ref, ConfiguredStatus.ARCHIVED)
            assert bench.sent == before

        bench.run(main())

    def test_c06_a_patch_changes_only_what_it_names(self, bench: Bench) -> None:
        """C6: a new budget leaves name, objective and status alone; a patch that changes nothing is refused."""
        ads = bench.adapter()

        async def main() -> tuple[Campaign, Campaign]:
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            patch = CampaignPatch(budget=Budget.daily(bench.money("120.00")))
            updated = await ads.update_campaign(made.value.ref, patch)
            return made.value, updated.value

        before, after = bench.run(main())
        assert after.budget is not None
        assert after.budget.amount == bench.money("120.00")
        assert (before.name, before.objective, before.key_token) == (after.name, after.objective, after.key_token)
        with pytest.raises(InvalidRequestError):
            CampaignPatch()

    @pytest.mark.parametrize("amount", ["50.00", "100", "9999.99"])
    def test_c07_money_comes_back_exactly(self, bench: Bench, amount: str) -> None:
        """C7: an amount that the vendor's unit holds comes back to the cent."""
        ads, budget = bench.adapter(), Budget.daily(bench.money(amount))

        async def main() -> Campaign:
            made = await ads.create_campaign(bench.campaign(budget=budget), idempotency_key=KEY)
            return made.value

        found = bench.run(main()).budget
        assert found is not None
        assert found.amount == bench.money(amount)

    def test_c07_money_that_does_not_fit_is_refused(self, bench: Bench) -> None:
        """C7: nothing is rounded silently, and nothing is sent."""
        ads = bench.adapter()

        async def main() -> int:
            await ads.get_account()
            before = bench.writes()
            spec = bench.campaign(budget=Budget.daily(bench.money("50.015")))
            with pytest.raises(MoneyPrecisionError):
                await ads.create_campaign(spec, idempotency_key=KEY)
            return bench.writes() - before

        assert bench.run(main()) == 0

    def test_c08_a_schedule_survives_a_change_of_clocks(self, bench: Bench) -> None:
        """C8: start and end on both sides of a daylight saving change come back as the same moments."""
        from zoneinfo import ZoneInfo

        berlin = ZoneInfo("Europe/Berlin")
        schedule = Schedule(
            start=datetime(2026, 3, 28, 12, 0, tzinfo=berlin), end=datetime(2026, 3, 30, 12, 0, tzinfo=berlin)
        )
        ads = bench.adapter()

        async def main() -> Schedule:
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            group = await ads.create_ad_group(made.value.ref, bench.group(schedule=schedule), idempotency_key=KEY)
            return group.value.schedule

        found = bench.run(main())
        assert (found.start, found.end) == (schedule.start, schedule.end)

    def test_c09_every_word_of_the_vendors_has_a_meaning(self, bench: Bench) -> None:
        """C9: no status that the vendor documents is UNKNOWN to us."""
        statuses = list(bench.statuses())
        assert statuses
        for status in statuses:
            assert status.configured is not ConfiguredStatus.UNKNOWN, status.raw
            assert status.delivery is not DeliveryStatus.UNKNOWN, status.raw

    def test_c10_days_add_up_to_the_range(self, bench: Bench) -> None:
        """C10: the sum of the days is the range's total, and rows of unequal basis are not added."""
        ads = bench.adapter()
        days = DateRange(date(2025, 12, 1), date(2025, 12, 10))

        async def main() -> tuple[tuple[MetricsRow, ...], tuple[MetricsRow, ...]]:
            built = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
            await activate_tree(ads, built.value)
            daily = await ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days))
            total = await ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days, daily=False))
            return daily.rows, total.rows

        daily, total = bench.run(main())
        if not daily:
            assert not total
            return
        one, other = add_rows(daily), add_rows(total)
        assert (one.impressions, one.clicks, one.spend) == (other.impressions, other.clicks, other.spend)
        foreign = daily[0].model_copy(update={"basis": daily[0].basis.model_copy(update={"conversion_events": ("x",)})})
        with pytest.raises(InvalidRequestError):
            add_rows((daily[0], foreign))

    def test_c11_pages_hold_still_while_objects_come(self, bench: Bench) -> None:
        """C11: objects created while a list is read make no item appear twice, and none that was there is missed."""
        ads = bench.adapter()

        async def main() -> tuple[list[str], set[str]]:
            made = [
                (
                    await ads.create_campaign(bench.campaign(f"Campaign {number}"), idempotency_key=str(number))
                ).value.ref.id
                for number in range(7)
            ]
            seen: list[str] = []
            async for campaign in ads.list_campaigns(Query(page_size=3), max_age=0):
                if len(seen) == 2:
                    await ads.create_campaign(bench.campaign("Late"), idempotency_key="late")
                seen.append(campaign.ref.id)
            return seen, set(made)

        seen, made = bench.run(main())
        assert len(seen) == len(set(seen))
        assert made <= set(seen)

    def test_c12_the_vendors_errors_have_their_names(self, bench: Bench) -> None:
        """C12: each error of the vendor's has its type, whether it may pass, and how long to wait."""
        assert len(bench.errors) >= 10
        for expected in bench.errors:
            with bench.answering(expected), pytest.raises(BackstayError) as caught:
                bench.run(bench.adapter().with_options(max_attempts=1, max_stale=0).get_account(max_age=0))
            error = caught.value
            assert (error.type, error.retryable) == (expected.type, expected.retryable), expected.body
            if expected.retry_after is not None:
                assert error.retry_after == pytest.approx(expected.retry_after)

    def test_c13_a_stale_answer_is_marked_and_never_acted_on(self, bench: Bench) -> None:
        """C13: with the vendor away a read serves the stored answer, marked; a write that is handed it refuses."""
        ads = bench.adapter()

        async def main() -> None:
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            await ads.get_campaign(made.value.ref)
            await bench.clock.sleep(600)
            bench.break_with(FaultRule(FaultKind.CONNECT_REFUSED))
            stale = await ads.get_campaign(made.value.ref)
            assert stale.served.source == "stale"
            assert stale.served.cause == "CONNECTION_FAILED"
            assert stale.served.age >= 600
            assert is_stale(stale)
            bench.heal()
            with pytest.raises(StaleInputError):
                await ads.set_budget(stale.ref, Budget.daily(bench.money("70.00")), expect=stale)

        bench.run(main())

    def test_c14_cancelled_in_mid_create_is_open_not_lost(self, bench: Bench) -> None:
        """C14: the caller goes away while the create is under way; its key finds the object again."""
        ads = bench.adapter()

        async def main() -> None:
            await ads.get_account()
            bench.break_with(FaultRule(FaultKind.LATENCY, delay=5.0, method="POST"))
            task = asyncio.create_task(ads.create_campaign(bench.campaign(), idempotency_key=KEY))
            await bench.clock.sleep(1.0)
            task.cancel()
            await asyncio.wait([task])
            assert [record.state for record in await bench.runtime.journal.records()] == [State.UNKNOWN]
            bench.heal()
            again = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            assert again.how == "adopted"

        bench.run(main())
        assert len(bench.world.objects(level="campaign")) == 1

    def test_c16_extra_fields_travel_both_ways(self, bench: Bench) -> None:
        """C16: a field that only the vendor knows is sent as it is and read back in `extra`."""
        ads = bench.adapter()

        async def main() -> Campaign:
            made = await ads.create_campaign(bench.campaign(extra=bench.extra), idempotency_key=KEY)
            return made.value

        found = bench.run(main())
        assert {name: found.extra.get(name) for name in bench.extra} == bench.extra

    def test_c17_answers_are_ours(self, bench: Bench) -> None:
        """C17: no class of a vendor's reaches the caller."""
        ads = bench.adapter()

        async def main() -> list[object]:
            made = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
            query = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2025, 12, 1), date(2025, 12, 2)))
            return [made, await ads.get_account(), await ads.get_metrics(query), *await ads.list_campaigns()]

        for answer in bench.run(main()):
            assert type(answer).__module__.split(".")[0] == "backstay"

    def test_c18_a_service_does_not_notice_which_platform_it_is_on(self, bench: Bench) -> None:
        """C18: a service written against AdPlatform builds, finds, steers, reads and pauses."""
        ads = bench.adapter()

        async def main() -> None:
            built = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
            await activate_tree(ads, built.value)
            campaign = built.value.campaign.ref
            assert campaign in await ads.find_by_key(Level.CAMPAIGN, KEY)
            live = await ads.get_campaign(campaign, max_age=0)
            steered = await ads.set_budget(campaign, Budget.daily(bench.money("130.00")), expect=live)
            assert steered.value.budget == Budget.daily(bench.money("130.00"))
            paused = await ads.set_status(campaign, ConfiguredStatus.PAUSED)
            assert paused.value.status.configured is ConfiguredStatus.PAUSED

        bench.run(main())
        assert bench.world.summary()["active_trees"] == 0


__all__ = ["AdPlatformConformance", "Bench"]
