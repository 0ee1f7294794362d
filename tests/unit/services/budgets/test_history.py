"""History of campaigns: what platforms report becomes curves, or is refused by its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backstay.ads import (
    AttributionSetting,
    DateRange,
    Level,
    MetricBasis,
    MetricsReport,
    MetricsRow,
    Money,
    Platform,
    Ref,
)
from backstay.answer import Served, stamp
from backstay.codec import decode, encode
from backstay.errors import InvalidRequestError, StaleInputError
from backstay.services.budgets.curves import LogCurve
from backstay.services.budgets.fitting import Shape
from backstay.services.budgets.history import (
    Completion,
    History,
    Result,
    completion_of,
    history_of,
    read_histories,
)
from backstay.services.budgets.plan import plan
from backstay.services.budgets.settings import Limits
from backstay.services.series import DayNumbers, Series, basis_fields
from tests.support.services import place

FIRST = date(2026, 1, 1)
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
BASIS = MetricBasis(timezone=ZoneInfo("UTC"), attribution=AttributionSetting(click_days=7))
ONE_DAY = BASIS.model_copy(update={"attribution": AttributionSetting(click_days=1)})
REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
OTHER = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18002")
SPENDS = (10, 20, 40, 80, 160)
TRUTH = LogCurve(a=100, b=25)


def row(number: int, spend: object, results: object, **facts: Any) -> MetricsRow:
    """One day."""
    base = {
        "ref": REF, "day": FIRST + timedelta(days=number), "spend": Money(str(spend), "EUR"), "clicks": 7,
        "conversions": Decimal(str(results)), "basis": BASIS,
    }  # fmt: skip
    return MetricsRow(**{**base, **facts})


ROWS = tuple(row(n, x, round(TRUTH.value(x), 9)) for n, x in enumerate(SPENDS))


def report(rows: tuple[MetricsRow, ...] = ROWS, source: Any = "live") -> MetricsReport:
    """An answer of a platform."""
    return stamp(MetricsReport(rows=rows, basis=BASIS), Served(source=source))


def day(number: int, results: object = 10, **facts: Any) -> DayNumbers:
    """One day of a series."""
    base = {"day": FIRST + timedelta(days=number), "spend": Money(50, "EUR"), "conversions": Decimal(str(results))}
    return DayNumbers(**{**base, **facts})


def past(*days: DayNumbers, basis: MetricBasis | None = BASIS) -> History:
    """Some days."""
    return history_of("A", Series(name="A", days=days, basis=basis))


def test_a_report_becomes_a_candidate() -> None:
    """The curve is found, with its errors, its basis and its freshness."""
    found = history_of("A", report(), REF).candidate(NOW, budget=Money(50, "EUR"), unit=Money("0.01", "EUR"))
    assert isinstance(found.curve, LogCurve)
    assert [found.curve.a, found.curve.b] == pytest.approx([100, 25], rel=1e-5)
    assert (found.ref, found.basis, found.stale, found.weak) == (REF, BASIS, False, False)
    assert found.basis_fields == basis_fields()
    assert len(found.spread) == 2


def test_each_object_has_its_own_rows() -> None:
    """Rows of another campaign in the same report are not counted."""
    both = (*ROWS, *(each.model_copy(update={"ref": OTHER, "conversions": Decimal(1)}) for each in ROWS))
    assert history_of("A", report(both), REF).points(NOW) == history_of("A", report()).points(NOW)
    with pytest.raises(InvalidRequestError, match="no row of A"):
        history_of("A", report(), OTHER)


@pytest.mark.parametrize(("source", "stale"), [("live", False), ("cache", False), ("stale", True)])
def test_a_stale_report_makes_no_plan(source: str, stale: bool) -> None:
    """It fills `stale`, and the plan refuses it by name."""
    found = history_of("A", report(source=source), REF).candidate(
        NOW, budget=Money(50, "EUR"), unit=Money("0.01", "EUR")
    )
    limits = Limits(total=Money(60, "EUR"))
    assert found.stale is stale
    if stale:
        with pytest.raises(StaleInputError, match="the numbers of A were served stale"):
            plan([found], limits, now=NOW)
    else:
        assert plan([found], limits, now=NOW).changes


def test_rows_of_unequal_basis_are_refused() -> None:
    """Even of days that would only stand side by side."""
    with pytest.raises(InvalidRequestError, match="unequal basis"):
        history_of("A", report((*ROWS, row(9, 10, 5, basis=ONE_DAY))))


@pytest.mark.parametrize(
    ("today", "left"),
    [
        (date(2026, 1, 2), 0), (date(2026, 1, 8), 0), (date(2026, 1, 9), 1), (date(2026, 1, 12), 4),
        (date(2026, 1, 13), 5), (date(2026, 3, 1), 5),
    ],
)  # fmt: skip
def test_provisional_days_are_refused_or_left_out(today: date, left: int) -> None:
    """Within a window of 7 days results still come in; a day counts from the eighth day after it."""
    history, now = history_of("A", report()), datetime.combine(today, datetime.min.time(), UTC)
    assert len(history.points(now, leave_out=True)) == left
    if left < 5:
        with pytest.raises(InvalidRequestError, match=r"results of \d days are provisional") as caught:
            history.points(now)
        assert caught.value.rule == "budgets.provisional"
    else:
        assert len(history.points(now)) == 5


def test_final_days_are_not_provisional_and_today_never_counts() -> None:
    """What the vendor calls final is; a day that is not over has spent only a part."""
    found = past(day(0, final=True), day(1, final=True), day(2, final=True))
    assert len(found.points(datetime(2026, 1, 3, 23, tzinfo=UTC))) == 2


def test_today_is_the_accounts_today() -> None:
    """At 23 h in UTC the day is over in Tokyo, and not in Los Angeles."""
    now, bases = datetime(2026, 1, 1, 23, tzinfo=UTC), ("Asia/Tokyo", "America/Los_Angeles")
    told = [
        past(day(0, final=True), basis=BASIS.model_copy(update={"timezone": ZoneInfo(each)})).points(now)
        for each in bases
    ]
    assert [len(each) for each in told] == [1, 0]


def test_a_basis_without_a_window_waits_for_seven_days() -> None:
    """Nobody knows, so the longest usual one is assumed."""
    bare = MetricBasis(timezone=ZoneInfo("UTC"))
    for basis in (bare, None):
        found = past(day(0), day(1), basis=basis)
        assert len(found.points(datetime(2026, 1, 9, 1, tzinfo=UTC), leave_out=True)) == 1


def test_delayed_results_are_completed() -> None:
    """40 % are in after a day, 80 % after two: both are brought to the whole; of too little nothing is made."""
    completion = Completion(shares=(0.1, 0.4, 0.8))
    now = datetime(2026, 1, 5, tzinfo=UTC)
    found = past(day(0, 20), day(1, 8), day(2, 4), day(3, 1)).points(now, completion=completion)
    assert found == ((50.0, 20.0), (50.0, 10.0), (50.0, 10.0))


def test_final_days_are_not_completed_again() -> None:
    """Whatever their age."""
    found = past(day(3, 10, final=True)).points(datetime(2026, 1, 5, tzinfo=UTC), completion=Completion(shares=(0.5,)))
    assert found == ((50.0, 10.0),)


def test_completion_by_the_chain_ladder() -> None:
    """Days at 1, 2 and 3 days of age: they grow by 2 and by 1.25, so that 40 %, 80 % and 100 % are in."""
    found = completion_of([[4, 8, 10], [40, 80, 100], [20, 40], [7]])
    assert [round(each, 12) for each in found.shares] == [0.4, 0.8, 1.0]
    assert completion_of([[10, 9]]).shares == (1.0, 1.0)  # results that were taken back are not more to come


@pytest.mark.parametrize(
    ("days", "message"), [([], "no day was read"), ([[5]], "no day was read"), ([[0, 3]], "no results after 1 days")]
)
def test_a_completion_that_cannot_be_told_is_refused(days: list[list[float]], message: str) -> None:
    """Nothing, one age only, or nothing to grow from."""
    with pytest.raises(InvalidRequestError, match=message):
        completion_of(days)


@pytest.mark.parametrize("shares", [(0.0, 1.0), (0.5, 1.2), (0.8, 0.5), (float("nan"),)])
def test_shares_that_make_no_sense_are_refused(shares: tuple[float, ...]) -> None:
    """None, more than all, falling, no number."""
    with pytest.raises(InvalidRequestError, match="shares"):
        Completion(shares=shares)


def test_histories_are_joined() -> None:
    """Of a day that both have, the newer numbers; the store keeps them exactly."""
    joined = past(day(0, 5), day(1, 6)).joined(past(day(1, 9), day(2, 7)))
    assert [each.conversions for each in joined.series.days] == [5, 9, 7]
    assert decode(encode(joined)) == joined


def test_another_basis_is_not_joined() -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequestError, match=r"counted differently before: attribution\.click_days"):
        past(day(0)).joined(past(day(1), basis=ONE_DAY))
    with pytest.raises(InvalidRequestError, match="counted differently before: basis"):
        past(day(0)).joined(past(day(1), basis=None))


def test_a_history_of_an_older_basis_fails_loudly() -> None:
    """Kept when a basis had no zone: neither joined, nor a curve, nor a plan; the refusal names the field."""
    older = ",".join(each for each in basis_fields().split(",") if each != "timezone")
    kept, newer = history_of("A", report(), REF).but(basis_fields=older), history_of("A", report(), REF)
    for work in (lambda: kept.joined(newer), lambda: newer.joined(kept), lambda: kept.points(NOW)):
        with pytest.raises(InvalidRequestError, match=r"the history of A was written .* timezone"):
            work()
    facts: dict[str, Any] = {"budget": Money(50, "EUR"), "unit": Money("0.01", "EUR")}
    with pytest.raises(InvalidRequestError, match=r"A\.basis was written .* timezone"):
        plan([newer.candidate(NOW, **facts).but(basis_fields=older)], Limits(total=Money(60, "EUR")), now=NOW)


def test_results_may_be_clicks_or_revenue() -> None:
    """Revenue that was not reported is not nothing."""
    found = past(day(0, clicks=70, revenue=Money(90, "EUR")), day(1, clicks=80, revenue=Money(95, "EUR")))
    assert [each for _, each in found.points(NOW, result=Result.CLICKS)] == [70.0, 80.0]
    assert [each for _, each in found.points(NOW, result=Result.REVENUE)] == [90.0, 95.0]
    with pytest.raises(InvalidRequestError, match="2026-01-01 has no revenue"):
        past(day(0)).points(NOW, result=Result.REVENUE)


def test_days_that_spent_nothing_tell_nothing() -> None:
    """A late conversion on a paused day is no return on nothing."""
    assert past(day(0, spend=Money(0, "EUR")), day(1, spend=None)).points(NOW) == ()


def test_currencies_are_not_mixed() -> None:
    """Neither within a history nor between it and the budget."""
    with pytest.raises(InvalidRequestError, match="A spent EUR and USD"):
        past(day(0), day(1, spend=Money(5, "USD"))).points(NOW)
    with pytest.raises(InvalidRequestError, match="A spent EUR, its budget is in USD"):
        past(day(0), day(1)).candidate(NOW, budget=Money(5, "USD"), unit=Money("0.01", "USD"))


def test_other_families_and_facts() -> None:
    """What is not of the history is given by hand."""
    found = history_of("A", report()).candidate(
        NOW, budget=Money(50, "EUR"), unit=Money("0.01", "EUR"), shape=Shape.POWER, frozen=True
    )
    assert (found.curve.kind, found.frozen) == ("power", True)


@pytest.mark.parametrize("vendor", ["tiktok", "meta", "google_ads"])
def test_histories_are_read_live(vendor: str) -> None:
    """From each platform; nothing of the cache, and days that nobody spent on make no points."""
    where = place(vendor)

    async def main() -> dict[str, History]:
        ads = where.adapters()[vendor]
        made = await ads.create_tree(await where.tree(vendor, ads, "Tree"), idempotency_key="tree")
        campaign = made.value.campaign.ref
        await where.clock.sleep(3 * 86_400)
        days = DateRange(date(2026, 1, 1), date(2026, 1, 3))

        class Shown:
            """Asks as it is asked, and keeps the options."""

            async def get_metrics(self, query: Any, **options: Any) -> MetricsReport:
                assert options == {"max_age": 0.0, "max_stale": 0.0}
                asked = await ads.get_metrics(query, **options)
                rows = asked.rows or (row(0, 0, 0, ref=campaign),)
                return stamp(asked.model_copy(update={"rows": rows}), replace(asked.served))

        return await read_histories(Shown(), {"A": campaign}, days)  # type: ignore[arg-type]  # all that is asked of it

    found = where.run(main())["A"]
    assert (found.series.name, found.stale) == ("A", False)
    assert found.points(NOW) == ()
