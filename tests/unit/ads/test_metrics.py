"""Metrics: days split without gaps, sums of one basis, and no invented zeros."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ads import (
    AttributionSetting,
    DateRange,
    Level,
    MetricBasis,
    MetricsQuery,
    MetricsRow,
    Money,
    Platform,
    Ref,
    ReportJob,
    ReportState,
    add_rows,
    missing_days,
    split_days,
)
from backstay.codec import decode, encode
from backstay.errors import InvalidRequestError

REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
BASIS = MetricBasis(timezone=ZoneInfo("Asia/Tokyo"), attribution=AttributionSetting(click_days=7, view_days=1))
JANUARY = DateRange(date(2026, 1, 1), date(2026, 1, 31))


def row(**facts: Any) -> MetricsRow:
    """A row of ten dollars."""
    return MetricsRow(**{"ref": REF, "spend": Money.of("10 USD"), "basis": BASIS, **facts})


ranges = st.builds(
    lambda first, length: DateRange(first, first + timedelta(days=length)),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 800),
)


@given(ranges, st.integers(1, 400))
def test_parts_cover_each_day_once(days: DateRange, max_days: int) -> None:
    """In order, none longer than allowed, all but the last full."""
    parts = split_days(days, max_days)
    assert [day for part in parts for day in part] == list(days)
    assert all(len(part) == max_days for part in parts[:-1])
    assert 1 <= len(parts[-1]) <= max_days


@pytest.mark.parametrize("max_days", [0, -1])
def test_a_part_has_a_day(max_days: int) -> None:
    """Zero days would never end."""
    with pytest.raises(InvalidRequestError):
        split_days(JANUARY, max_days)


def test_a_range_is_a_set_of_days() -> None:
    """Both ends included; its text reads back."""
    assert len(JANUARY) == len(list(JANUARY)) == 31
    assert date(2026, 1, 31) in JANUARY
    assert date(2026, 2, 1) not in JANUARY
    assert DateRange.parse(str(JANUARY)) == JANUARY
    assert DateRange.last_days(31, today=date(2026, 2, 1)) == JANUARY


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 1, 2), date(2026, 1, 1)),
        ("2026-01-01", date(2026, 1, 1)),
        (datetime(2026, 1, 1), date(2026, 1, 2)),  # noqa: DTZ001 - the point of the test
    ],
)
def test_a_wrong_range_is_refused(first: Any, last: Any) -> None:
    """Backwards, or no dates."""
    with pytest.raises(InvalidRequestError):
        DateRange(first, last)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.decimals(0, 1000, places=3)), min_size=1, max_size=8))
def test_a_sum_adds_up(numbers: list[tuple[int, Decimal]]) -> None:
    """Counts, exact money and fractional conversions; it is final if all are."""
    rows = [row(impressions=n, conversions=c, final=n % 2 == 0, reach=n) for n, c in numbers]
    total = add_rows(rows)
    assert total.impressions == sum(n for n, _ in numbers)
    assert total.conversions == sum(c for _, c in numbers)
    assert total.spend == Money.of("10 USD") * len(numbers)
    assert total.final == all(n % 2 == 0 for n, _ in numbers)
    assert total.rows == len(numbers)
    assert total.basis == BASIS


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    """Half of the revenue is not the revenue."""
    total = add_rows([row(revenue=Money.of("1 USD"), link_clicks=3), row()])
    assert (total.revenue, total.link_clicks) == (None, None)
    assert add_rows([row(revenue=Money.of("1 USD"))] * 2).revenue == Money.of("2 USD")


@pytest.mark.parametrize(
    "other",
    [
        {"attribution": AttributionSetting(click_days=28)},
        {"timezone": ZoneInfo("UTC")},
        {"conversion_events": ("purchase",)},
    ],
)
def test_rows_of_another_basis_are_not_added(other: dict[str, Any]) -> None:
    """Unless the caller allows it, and then the sum says so."""
    rows = [row(), row(basis=BASIS.model_copy(update=other))]
    with pytest.raises(InvalidRequestError) as caught:
        add_rows(rows)
    assert caught.value.field == "rows.basis"
    total = add_rows(rows, allow_mixed_attribution=True)
    assert total.mixed_attribution
    assert total.basis is None
    assert not add_rows(rows[:1], allow_mixed_attribution=True).mixed_attribution


def test_currencies_are_not_added() -> None:
    """Even where a mix of attribution is allowed."""
    with pytest.raises(InvalidRequestError):
        add_rows([row(), row(spend=Money.of("10 EUR"))], allow_mixed_attribution=True)


def test_no_rows_have_no_sum() -> None:
    """Zero in which currency?"""
    with pytest.raises(InvalidRequestError):
        add_rows([])


def test_missing_days_are_named() -> None:
    """They are not days with zeros."""
    days = DateRange(date(2026, 1, 1), date(2026, 1, 3))
    assert missing_days(days, [row(day=date(2026, 1, 2))]) == (date(2026, 1, 1), date(2026, 1, 3))
    assert missing_days(days, [row(day=day) for day in days]) == ()


@pytest.mark.parametrize("state", ReportState)
def test_a_job_knows_whether_it_is_finished(state: ReportState) -> None:
    """And goes through a store with its query, for another process to poll."""
    query = MetricsQuery(level=Level.CAMPAIGN, days=JANUARY, refs=(REF,))
    job = ReportJob(id="t1", platform=Platform.TIKTOK, account_id="7001", query=query, state=state)
    assert job.finished == (state in {ReportState.DONE, ReportState.FAILED, ReportState.EXPIRED})
    assert decode(encode(job)) == job
