"""Daily numbers of one object or of several together, with the basis that they are counted on. Shared by all services.

A number that has no value (cost per result without results) is None, never 0 or infinity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Self

from pydantic import Field, model_validator

from backstay.ads import MetricBasis, MetricsRow, Money, Platform, add_rows
from backstay.ads.parts import AttributionSetting
from backstay.errors import InvalidRequestError
from backstay.spec import Spec

UNKNOWN_WINDOW: Final = 7
"""Days after which conversions are taken as complete where the basis names no window: the longest that platforms
use by default for clicks."""


LARGEST: Final = 10**15
"""Of a count of one day: floats hold it exactly."""


class DayNumbers(Spec):
    """One day, in the zone of the basis."""

    day: date
    impressions: int = Field(default=0, ge=0, le=LARGEST)
    clicks: int = Field(default=0, ge=0, le=LARGEST)
    link_clicks: int | None = Field(default=None, ge=0, le=LARGEST)
    conversions: Decimal = Field(default=Decimal(0), ge=0, le=LARGEST)
    spend: Money | None = None
    revenue: Money | None = None
    largest_order: Money | None = None
    """The revenue of the largest single order, where orders are known."""
    final: bool = False
    """The vendor will no longer restate it."""


class Series(Spec):
    """The days of one name, oldest first, each once."""

    name: str
    days: tuple[DayNumbers, ...] = ()
    basis: MetricBasis | None = None
    platform: Platform | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for number, (before, after) in enumerate(zip(self.days, self.days[1:], strict=False), start=1):
            if after.day <= before.day:
                raise InvalidRequestError(
                    f"days.{number}.day: {after.day} does not come after {before.day}", field=f"days.{number}.day",
                    value=str(after.day), hint="give each day once, the oldest first",
                )  # fmt: skip
        return self

    def between(self, days: Iterable[date]) -> Self:
        """Only those days."""
        wanted = frozenset(days)
        return self.model_copy(update={"days": tuple(each for each in self.days if each.day in wanted)})

    def __contains__(self, day: date) -> bool:
        return any(each.day == day for each in self.days)


def series_of(name: str, rows: Iterable[MetricsRow], platform: Platform | None = None) -> Series:
    """The rows of a report by day; several objects are added up. Raises InvalidRequestError for unequal bases."""
    by_day: dict[date, list[MetricsRow]] = {}
    for row in rows:
        if row.day is None:
            raise InvalidRequestError(
                "a row without a day", field="rows.day", value=str(row.ref), hint="query with daily=True"
            )
        by_day.setdefault(row.day, []).append(row)
    add_rows(row for some in by_day.values() for row in some) if by_day else None  # one basis, one currency
    days = tuple(_day(day, by_day[day]) for day in sorted(by_day))
    basis = next((rows[0].basis for rows in by_day.values()), None)
    return Series(name=name, days=days, basis=basis, platform=platform)


def _day(day: date, rows: Sequence[MetricsRow]) -> DayNumbers:
    total = add_rows(rows)
    return DayNumbers(
        day=day, impressions=total.impressions, clicks=total.clicks, link_clicks=total.link_clicks,
        conversions=total.conversions, spend=total.spend, revenue=total.revenue, final=total.final,
    )  # fmt: skip


# Windows ----------------------------------------------------------------------------------------------------------


def window_of(basis: MetricBasis | None) -> int | None:
    """The longest attribution window in days; None where the basis names none."""
    if basis is None:
        return None
    setting = basis.attribution
    known = [each for each in (setting.click_days, setting.view_days, setting.engaged_view_days) if each is not None]
    return max(known, default=None)


def settled(series: Series, today: date, left_out: int) -> list[date]:
    """The days whose numbers will not change: those called final, and those more than `left_out` days old.

    Today is never among them.
    """
    return [
        each.day
        for each in series.days
        if each.day < today and (each.final or (today - each.day).days > left_out)
    ]  # fmt: skip


def whole_weeks(days: Sequence[date]) -> list[date]:
    """The first days that make whole weeks of seven: each weekday counts as often as any other."""
    return list(days[: len(days) - len(days) % 7])


def run_of(first: date, last: date) -> Iterator[date]:
    """Each day from the first to the last."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


# Undefined and unequal --------------------------------------------------------------------------------------------


def ratio(above: Decimal | float, below: Decimal | float) -> float | None:
    """Above divided by below; None where there is nothing to divide by."""
    return float(above) / float(below) if below else None


def differing(one: MetricBasis, other: MetricBasis) -> tuple[str, ...]:
    """The fields in which two bases are unequal, by their paths."""
    return tuple(name for name, value in _flat(one).items() if _flat(other)[name] != value)


def basis_fields() -> str:
    """What a basis consists of in this version.

    Kept with stored numbers, so that they are not added to numbers whose basis says more.
    """
    return ",".join(sorted([*_paths(MetricBasis), *(f"attribution.{name}" for name in _paths(AttributionSetting))]))


def require_basis_fields(stored: str, field: str) -> None:
    """Refuse numbers that were stored when a basis consisted of other fields."""
    now, then = set(basis_fields().split(",")), set(stored.split(","))
    if now != then:
        names = ", ".join(sorted(now ^ then))
        raise InvalidRequestError(
            f"{field} was written when a metric's basis had other fields: {names}", field=field, value=stored,
            rule="services.basis", hint="start it anew: numbers counted on another basis do not add up",
        )  # fmt: skip


def _paths(cls: Any) -> list[str]:
    return [name for name in cls.model_fields if name != "attribution"]


def _flat(basis: MetricBasis) -> dict[str, Any]:
    own = {name: getattr(basis, name) for name in _paths(MetricBasis)}
    return own | {f"attribution.{name}": getattr(basis.attribution, name) for name in _paths(AttributionSetting)}
