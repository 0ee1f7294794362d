"""C6 to C8, C16: what is written comes back as it was meant."""

from __future__ import annotations

from datetime import datetime

import pytest

from backstay.ads import Budget, Campaign, CampaignPatch, Level, Schedule
from backstay.errors import InvalidRequestError, MoneyPrecisionError
from backstay.testing.bench import Bench
from backstay.testing.conformance.common import KEY


class ValueCases:
    """Patches, money, times, and fields that only the vendor knows."""

    def test_c06_a_patch_changes_only_what_it_names(self, bench: Bench) -> None:
        """C6: a new budget leaves name, objective and status alone; a patch that changes nothing is refused."""
        ads = bench.adapter()

        async def main() -> tuple[Campaign, Campaign]:
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            patch = CampaignPatch(budget=Budget.daily(bench.money("120.00")))
            updated = await ads.update_campaign(made.value.ref, patch)
            assert (updated.applied, updated.pending) == (("budget",), ())
            return made.value, updated.value

        before, after = bench.run(main())
        assert after.budget is not None
        assert after.budget.amount == bench.money("120.00")
        assert (before.name, before.objective, before.key_token) == (after.name, after.objective, after.key_token)
        assert before.status.configured is after.status.configured
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
            if bench.scheduled is Level.CAMPAIGN:
                spec = bench.campaign(schedule=schedule)
                return (await ads.create_campaign(spec, idempotency_key=KEY)).value.schedule
            made = await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            group = await ads.create_ad_group(made.value.ref, bench.group(schedule=schedule), idempotency_key=KEY)
            return group.value.schedule

        found = bench.run(main())
        assert (found.start, found.end) == (schedule.start, schedule.end)

    def test_c16_extra_fields_travel_both_ways(self, bench: Bench) -> None:
        """C16: a field that only the vendor knows is sent as it is and read back in `extra`."""
        ads = bench.adapter()
        assert bench.extra

        async def main() -> Campaign:
            made = await ads.create_campaign(bench.campaign(extra=bench.extra), idempotency_key=KEY)
            return made.value

        found = bench.run(main())
        assert {name: found.extra.get(name) for name in bench.extra} == bench.extra
