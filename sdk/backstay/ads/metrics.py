"""Metrics with the basis that they are counted on, and the jobs that fetch them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from backstay.ads.parts import AttributionSetting
from backstay.ads.refs import Ref
from backstay.ads.words import DateBasis, Level, Platform
from backstay.answer import Answer
from backstay.codec import register
from backstay.errors import InvalidRequestError
from backstay.money import Money
from backstay.spec import Spec
from backstay.values import EMPTY, Extra, Value


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """Days from `first` to `last`, both included, in the account's time zone."""

    first: date
    last: date

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            value = getattr(self, name)
            if not isinstance(value, date) or isinstance(value, datetime):
                raise InvalidRequestError(f"{name} is no date", field=name, value=value, hint="pass a datetime.date")
        if self.last < self.first:
            raise InvalidRequestError(
                "the range ends before it begins", field="last", value=str(self), hint="swap first and last"
            )

    @classmethod
    def last_days(cls, count: int, today: date) -> DateRange:
        """The `count` whole days before `today`."""
        return cls(today - timedelta(days=count), today - timedelta(days=1))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=number) for number in range(len(self)))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @classmethod
    def parse(cls, text: str) -> DateRange:
        """Read `2026-01-01..2026-01-31`."""
        first, _, last = text.partition("..")
        return cls(date.fromisoformat(first), date.fromisoformat(last))


register(DateRange, "days", str, DateRange.parse)


def split_days(days: DateRange, max_days: int) -> tuple[DateRange, ...]:
    """The range in consecutive parts of at most `max_days`, for vendors that limit a report's span."""
    if max_days < 1:
        raise InvalidRequestError("a part has at least a day", field="max_days", value=max_days, hint="pass 1 or more")
    step = timedelta(days=max_days - 1)
    starts = (days.first + timedelta(days=number) for number in range(0, len(days), max_days))
    return tuple(DateRange(start, min(start + step, days.last)) for start in starts)


class MetricsQuery(Spec):
    """What to report: a level, days, and optionally only some objects."""

    level: Level
    days: DateRange
    refs: tuple[Ref, ...] = ()
    """Only these; empty is all of the level."""
    daily: bool = True
    """One row a day and object; else one row an object."""
    conversion_events: tuple[str, ...] = ()
    """The vendor's events that count as conversions, by exact name; empty takes the account's own setting."""
    attribution: AttributionSetting | None = None
    date_basis: DateBasis = DateBasis.SPEND_DATE
    page_size: int | None = Field(default=None, ge=1, le=1000)
    extra: Extra = EMPTY


class MetricBasis(Value):
    """How numbers were counted; rows of unequal basis are not added."""

    attribution: AttributionSetting = Field(default_factory=AttributionSetting)
    date_basis: DateBasis = DateBasis.SPEND_DATE
    timezone: ZoneInfo
    conversion_events: tuple[str, ...] = ()
    modelled: bool | None = None
    """Whether the vendor estimates part of the conversions; None is not known."""


class MetricsRow(Value):
    """The numbers of one object, on one day or over the whole range."""

    ref: Ref
    day: date | None = None
    impressions: int = 0
    clicks: int = 0
    """All clicks."""
    link_clicks: int | None = None
    spend: Money
    conversions: Decimal = Decimal(0)
    """Fractional on Google Ads."""
    revenue: Money | None = None
    reach: int | None = None
    """People reached; cannot be added over days or objects."""
    basis: MetricBasis
    final: bool = False
    """Whether the vendor will no longer restate it."""
    extra: Extra = EMPTY


class MetricsReport(Answer):
    """The rows of a query; days without numbers are named, never filled with zeros."""

    rows: tuple[MetricsRow, ...]
    basis: MetricBasis | None = None
    """The rows' common basis; None where they have none."""
    missing_days: tuple[date, ...] = ()
    final: bool = False


class MetricsTotal(Value):
    """A sum of rows; reach is absent because it cannot be added."""

    rows: int
    impressions: int
    clicks: int
    link_clicks: int | None
    spend: Money
    conversions: Decimal
    revenue: Money | None
    basis: MetricBasis | None
    final: bool
    mixed_attribution: bool = False
    """The rows were counted differently and the caller allowed it."""


def add_rows(rows: Iterable[MetricsRow], *, allow_mixed_attribution: bool = False) -> MetricsTotal:
    """The sum of rows of one currency and one basis; raises InvalidRequestError for others or for none."""
    some = tuple(rows)
    if not some:
        raise InvalidRequestError("no rows to add", field="rows", value="()", hint="check missing_days of the report")
    mixed = any(row.basis != some[0].basis for row in some)
    if mixed and not allow_mixed_attribution:
        other = next(row.basis for row in some if row.basis != some[0].basis)
        raise InvalidRequestError(
            "rows of unequal basis do not add up", field="rows.basis", value=repr(other),
            hint="query them with the same attribution, events and zone, or pass allow_mixed_attribution=True",
        )  # fmt: skip
    return MetricsTotal(
        rows=len(some),
        impressions=sum(row.impressions for row in some),
        clicks=sum(row.clicks for row in some),
        link_clicks=_sum(row.link_clicks for row in some),
        spend=reduce(add, (row.spend for row in some)),
        conversions=sum((row.conversions for row in some), Decimal(0)),
        revenue=_sum(row.revenue for row in some),
        basis=None if mixed else some[0].basis,
        final=all(row.final for row in some),
        mixed_attribution=mixed,
    )


def _sum(values: Iterable[Any]) -> Any:
    """The sum, or None if one is not known: a part is no total."""
    some = tuple(values)
    return None if any(value is None for value in some) else reduce(add, some)


def missing_days(days: DateRange, rows: Iterable[MetricsRow]) -> tuple[date, ...]:
    """The asked days that no row speaks of."""
    seen = {row.day for row in rows}
    return tuple(day for day in days if day not in seen)


class ReportState(StrEnum):
    """How far a report job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


class ReportJob(Answer):
    """A report that the vendor is preparing; starting it twice is harmless."""

    _open: ClassVar = frozenset({ReportState.QUEUED, ReportState.RUNNING})

    id: str
    platform: Platform
    account_id: str
    query: MetricsQuery
    state: ReportState = ReportState.QUEUED
    percent: int | None = None
    started_at: datetime | None = None
    deadline: datetime | None = None
    """When to stop waiting and ask for less."""

    @property
    def finished(self) -> bool:
        """Whether polling again changes nothing."""
        return self.state not in self._open
