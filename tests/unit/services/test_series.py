"""Daily numbers: added up only where they are counted alike, and cut to the days that have settled."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backstay.ads import AttributionSetting, DateBasis, Level, MetricBasis, MetricsRow, Money, Platform, Ref
from backstay.errors import InvalidRequestError
from backstay.services.series import (
    DayNumbers,
    Series,
    basis_fields,
    differing,
    ratio,
    require_basis_fields,
    series_of,
    settled,
    whole_weeks,
    window_of,
)

BASIS = MetricBasis(timezone=ZoneInfo("UTC"))
FIRST = date(2026, 1, 5)


def row(number: int = 0, *, ad: str = "1", day: date | None = FIRST, **facts: Any) -> MetricsRow:
    base: dict[str, Any] = {
        "ref": Ref(Platform.META, "act_1", Level.AD, ad), "day": day and day + timedelta(days=number), "clicks": 10,
        "impressions": 100, "link_clicks": 8, "conversions": Decimal("1.5"), "spend": Money("2.50", "EUR"),
        "basis": BASIS, "final": True,
    }  # fmt: skip
    return MetricsRow(**{**base, **facts})


def test_rows_become_days() -> None:
    """In order, several objects of a day added up; what one of them does not report is not known of the day."""
    found = series_of("A", [row(1), row(0), row(0, ad="2", revenue=Money("9", "EUR"), final=False)], Platform.META)
    assert [each.day for each in found.days] == [FIRST, FIRST + timedelta(days=1)]
    first = found.days[0]
    assert (first.clicks, first.link_clicks, first.conversions, first.spend) == (20, 16, Decimal(3), Money("5", "EUR"))
    assert (first.revenue, first.final, found.basis, found.platform) == (None, False, BASIS, Platform.META)
    assert series_of("A", []).days == ()


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ([row(), row(1, basis=BASIS.model_copy(update={"modelled": True}))], "rows.basis"),
        ([row(), row(ad="2", basis=BASIS.model_copy(update={"timezone": ZoneInfo("Asia/Tokyo")}))], "rows.basis"),
        ([row(), row(1, spend=Money("2.50", "USD"))], "currency"),
        ([row(day=None)], "rows.day"),
    ],
)
def test_unlike_rows_are_not_added(rows: list[MetricsRow], field: str) -> None:
    """Also where they are of different days and would only stand side by side."""
    with pytest.raises(InvalidRequestError) as caught:
        series_of("A", rows)
    assert caught.value.field == field


@pytest.mark.parametrize("order", [(0, 0), (1, 0)])
def test_days_come_once_and_in_order(order: tuple[int, int]) -> None:
    """A day that is there twice would count double."""
    days = tuple(DayNumbers(day=FIRST + timedelta(days=n)) for n in order)
    with pytest.raises(InvalidRequestError) as caught:
        Series(name="A", days=days)
    assert caught.value.field == "days.1.day"


def test_settled_days() -> None:
    """Those called final, and those old enough; never today, whatever it is called."""
    days = tuple(DayNumbers(day=FIRST + timedelta(days=n), final=n == 4) for n in range(6))
    found = settled(Series(name="A", days=days), FIRST + timedelta(days=5), 2)
    assert [(each - FIRST).days for each in found] == [0, 1, 2, 4]
    assert settled(Series(name="A", days=days[4:5]), FIRST + timedelta(days=4), 0) == []


def test_whole_weeks() -> None:
    """The first seven, fourteen, and so on."""
    days = [FIRST + timedelta(days=n) for n in range(17)]
    assert [len(whole_weeks(days[:n])) for n in (0, 6, 7, 13, 14, 17)] == [0, 0, 7, 7, 14, 14]


@pytest.mark.parametrize(
    ("setting", "window"),
    [
        (AttributionSetting(), None),
        (AttributionSetting(click_days=7, view_days=1), 7),
        (AttributionSetting(click_days=0, view_days=1), 1),
        (AttributionSetting(engaged_view_days=3), 3),
    ],
)
def test_the_longest_window(setting: AttributionSetting, window: int | None) -> None:
    """None where the basis names none: nobody knows."""
    assert window_of(BASIS.model_copy(update={"attribution": setting})) == window
    assert window_of(None) is None


def test_an_undefined_ratio_is_none() -> None:
    """Cost per result without results is no number."""
    assert ratio(Decimal(5), Decimal(2)) == 2.5
    assert ratio(5.0, 0) is None


def test_differences_of_bases_are_named() -> None:
    """By their paths."""
    other = MetricBasis(
        timezone=ZoneInfo("UTC"), attribution=AttributionSetting(click_days=1), date_basis=DateBasis.CONVERSION_DATE
    )
    assert set(differing(BASIS, other)) == {"attribution.click_days", "date_basis"}
    assert differing(BASIS, BASIS) == ()


def test_a_basis_says_what_it_consists_of() -> None:
    """A field that a later version adds changes this text, and stored numbers are then refused by its name."""
    fields = basis_fields().split(",")
    assert set(fields) >= {"timezone", "conversion_events", "attribution.click_days"}
    require_basis_fields(",".join(reversed(fields)), "state")
    with pytest.raises(InvalidRequestError, match=r"state was written .* timezone") as caught:
        require_basis_fields(",".join(name for name in fields if name != "timezone"), "state")
    assert caught.value.rule == "services.basis"


@pytest.mark.parametrize("name", ["impressions", "clicks", "link_clicks", "conversions"])
def test_a_count_that_no_float_holds_is_refused(name: str) -> None:
    """A slip of the pen is named, and does not overflow in the statistics."""
    with pytest.raises(InvalidRequestError, match=name):
        DayNumbers(**{"day": FIRST, name: 10**400})


@pytest.mark.parametrize("field", ["impressions", "clicks", "link_clicks", "conversions"])
def test_a_boolean_is_no_number(field: str) -> None:
    """Pydantic takes true for 1; `final` is meant as a boolean and stays one."""
    with pytest.raises(InvalidRequestError, match=f"{field}: Input should be a valid") as caught:
        DayNumbers(**{"day": FIRST, field: True})
    assert (caught.value.field, caught.value.value, caught.value.hint) == (field, "true", "write a number, such as 1")
    assert DayNumbers(day=FIRST, final=True).final
