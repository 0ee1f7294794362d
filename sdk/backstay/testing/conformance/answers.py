"""C9 to C13, C17, C18: lists, numbers, errors and stale answers, and a service that uses all of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pytest

from backstay.ads import (
    AdPlatform,
    Budget,
    ConfiguredStatus,
    DateRange,
    DeliveryStatus,
    Level,
    MetricsQuery,
    MetricsRow,
    Query,
    add_rows,
)
from backstay.answer import is_stale
from backstay.clock import utc
from backstay.errors import BackstayError, InvalidRequestError, StaleInputError
from backstay.sandbox import FaultKind, FaultRule
from backstay.taxonomy import TYPES
from backstay.testing.bench import Bench, VendorError
from backstay.testing.conformance.common import KEY, LAG, rebuilt
from backstay.writes.tree import activate_tree

DAY: Final = 86_400.0


class AnswerCases:
    """What comes back."""

    def test_c09_every_word_of_the_vendors_has_a_meaning(self, bench: Bench) -> None:
        """C9: no status that the vendor documents is UNKNOWN to us."""
        statuses = list(bench.statuses())
        assert statuses
        for status in statuses:
            assert status.configured is not ConfiguredStatus.UNKNOWN, status.raw
            assert status.delivery is not DeliveryStatus.UNKNOWN, status.raw

    def test_c10_days_add_up_to_the_range(self, bench: Bench) -> None:
        """C10: after three days of delivery their sum is the range's total; rows of unequal basis are not added."""
        ads = bench.adapter()

        async def main() -> tuple[tuple[MetricsRow, ...], tuple[MetricsRow, ...]]:
            built = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
            await activate_tree(ads, built.value)
            await bench.clock.sleep(4 * DAY)
            zone = (await ads.get_account(max_age=0)).timezone
            days = DateRange.last_days(3, utc(bench.clock.wall()).astimezone(zone).date())
            daily = await ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days))
            total = await ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days, daily=False))
            assert daily.missing_days == ()
            return daily.rows, total.rows

        daily, total = bench.run(main())
        one, other = add_rows(daily), add_rows(total)
        assert one.impressions > 0
        assert (one.impressions, one.clicks, one.spend) == (other.impressions, other.clicks, other.spend)
        foreign = daily[0].model_copy(update={"basis": daily[0].basis.model_copy(update={"conversion_events": ("x",)})})
        with pytest.raises(InvalidRequestError):
            add_rows((daily[0], foreign))

    def test_c10_days_without_numbers_are_named(self, bench: Bench) -> None:
        """C10: a day before there was anything to show is missing, not zero."""
        ads = bench.adapter()

        async def main() -> tuple[DateRange, tuple[date, ...]]:
            await ads.create_campaign(bench.campaign(), idempotency_key=KEY)
            today = utc(bench.clock.wall()).date()
            days = DateRange(today - timedelta(days=9), today - timedelta(days=8))
            return days, (await ads.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days))).missing_days

        days, missing = bench.run(main())
        assert missing == tuple(days)

    def test_c11_pages_hold_still_while_objects_come(self, bench: Bench) -> None:
        """C11: objects created while a list is read make no item appear twice, and none that was there is missed."""
        ads = bench.adapter()

        async def main() -> tuple[list[str], set[str]]:
            made = {await self._made(bench, ads, number) for number in range(7)}
            await bench.clock.sleep(LAG)
            seen: list[str] = []
            async for campaign in ads.list_campaigns(Query(page_size=3), max_age=0):
                if len(seen) == 2:
                    await ads.create_campaign(bench.campaign("Late"), idempotency_key="late")
                seen.append(campaign.ref.id)
            return seen, made

        seen, made = bench.run(main())
        assert len(seen) == len(set(seen))
        assert made <= set(seen)

    async def _made(self, bench: Bench, ads: AdPlatform, number: int) -> str:
        spec = bench.campaign(f"Campaign {number}")
        return (await ads.create_campaign(spec, idempotency_key=str(number))).value.ref.id

    def test_c11_a_list_goes_on_from_its_cursor(self, bench: Bench) -> None:
        """C11: from a cursor the rest comes, at worst something twice; with another query the cursor is refused."""
        ads = bench.adapter()

        async def main() -> tuple[list[str], set[str]]:
            made = {await self._made(bench, ads, number) for number in range(5)}
            await bench.clock.sleep(LAG)
            pages = ads.list_campaigns(Query(page_size=2), max_age=0)
            seen: list[str] = []
            async for campaign in pages:
                seen.append(campaign.ref.id)
                if len(seen) == 3:
                    break
            assert pages.cursor is not None
            seen += [each.ref.id for each in await ads.list_campaigns(Query(page_size=2), cursor=pages.cursor)]
            with pytest.raises(InvalidRequestError):
                ads.list_campaigns(Query(name="other"), cursor=pages.cursor)
            return seen, made

        seen, made = bench.run(main())
        assert len(set(seen[:3])) == 3
        assert set(seen) == made

    def test_c12_a_tree_that_is_none_is_refused_unsent(self, bench: Bench) -> None:
        """C12: what is of the wrong kind is told by its field, before anything is asked."""
        ads = bench.adapter()

        async def main() -> None:
            for wrong in (None, {"campaign": "Spring"}, bench.campaign()):
                with pytest.raises(InvalidRequestError) as caught:
                    await ads.create_tree(wrong, idempotency_key=KEY)  # type: ignore[arg-type]  # that is the point
                assert caught.value.field == "tree"

        bench.run(main())
        assert bench.world.objects() == []

    def test_c12_the_vendors_errors_have_their_names(self, bench: Bench) -> None:
        """C12: each error of the vendor's has its type, whether it may pass, and how long to wait."""
        assert len(bench.errors) >= 10
        for expected in bench.errors:
            ads = bench.adapter().with_options(max_attempts=1, max_stale=0, max_age=0)
            with bench.answering(expected), pytest.raises(BackstayError) as caught:
                bench.run(_asked(expected, ads))
            error = caught.value
            assert (error.type, error.retryable) == (expected.type, expected.retryable), expected
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
            assert TYPES[stale.served.cause or ""].retryable
            assert stale.served.age >= 600
            assert is_stale(stale)
            bench.heal()
            with pytest.raises(StaleInputError):
                await ads.set_budget(stale.ref, Budget.daily(bench.money("70.00")), expect=stale)

        bench.run(main())

    def test_c17_answers_are_ours(self, bench: Bench) -> None:
        """C17: no class of a vendor's reaches the caller, and what is read passes the checks of our models."""
        ads = bench.adapter()

        async def main() -> list[object]:
            made = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
            query = MetricsQuery(level=Level.CAMPAIGN, days=DateRange(date(2025, 12, 1), date(2025, 12, 2)))
            return [made, await ads.get_account(), await ads.get_metrics(query), *await ads.list_campaigns()]

        for answer in bench.run(main()):
            assert type(answer).__module__.split(".")[0] == "backstay"
            assert rebuilt(answer) == answer

    def test_c18_a_service_does_not_notice_which_platform_it_is_on(self, bench: Bench) -> None:
        """C18: a service written against AdPlatform builds, finds, steers, reads and pauses."""
        ads = bench.adapter()

        async def main() -> None:
            built = await ads.create_tree(await bench.tree(ads), idempotency_key=KEY)
            await activate_tree(ads, built.value)
            campaign = built.value.campaign.ref
            assert ads.owns(campaign)
            await bench.clock.sleep(LAG)
            assert campaign in await ads.find_by_key(Level.CAMPAIGN, KEY)
            live = await ads.get_campaign(campaign, max_age=0)
            steered = await ads.set_budget(campaign, Budget.daily(bench.money("130.00")), expect=live)
            assert steered.value.budget == Budget.daily(bench.money("130.00"))
            paused = await ads.set_status(campaign, ConfiguredStatus.PAUSED)
            assert paused.value.status.configured is ConfiguredStatus.PAUSED

        bench.run(main())
        assert bench.world.summary()["active_trees"] == 0


async def _asked(expected: VendorError, ads: AdPlatform) -> None:
    """Ask what the error answers: the account, unless the vendor says it of something else."""
    await (expected.ask(ads) if expected.ask is not None else ads.get_account())
