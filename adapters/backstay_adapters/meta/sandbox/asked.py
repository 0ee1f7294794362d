"""What an insights request asks for: level, days, slices, breakdowns; and what the vendor refuses of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from backstay.sandbox.delivery import local_day
from backstay_adapters.meta.sandbox.figures import BREAKDOWNS, KNOWN, WINDOWS
from backstay_adapters.meta.sandbox.filters import Filter, parse_filters
from backstay_adapters.meta.sandbox.params import Params, read_day
from backstay_adapters.meta.sandbox.refusal import Refused, param
from backstay_adapters.meta.sandbox.words import PRESETS

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

LEVELS: Final = ("account", "campaign", "adset", "ad")
OWN: Final = {"campaign": "campaign", "ad_group": "adset", "ad": "ad"}
TOGETHER: Final = ({"age", "gender"},)
"""Breakdowns that the simulator can cross."""

Slice = tuple[date, date]
PAGE: Final = "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/"


@dataclass(frozen=True, slots=True)
class Ask:
    """A report as it was asked for."""

    level: str
    fields: tuple[str, ...]
    first: date
    last: date
    slices: tuple[Slice, ...]
    breakdowns: tuple[str, ...]
    windows: tuple[str, ...]
    filters: tuple[Filter, ...]
    sort: tuple[str, ...]


def ask(ctx: Ctx, params: Params, *, at: float | None = None) -> Ask:
    """Read and check what is asked; raises the vendor's refusals."""
    zone = ctx.account.timezone
    today = local_day(zone, ctx.now if at is None else at)
    own = "account" if ctx.target.is_account else OWN.get(ctx.thing.level, "ad")
    first, last = _range(params, today)
    breakdowns = tuple(params.choices("breakdowns", tuple(BREAKDOWNS)))
    if len(breakdowns) > 1 and set(breakdowns) not in TOGETHER:
        raise Refused(2, 1504041)
    kept = ctx.params
    ctx.params = params
    try:
        filters = tuple(parse_filters(ctx))
    finally:
        ctx.params = kept
    return Ask(
        params.choice("level", LEVELS, own), _fields(params), first, last, _slices(params, first, min(last, today)),
        breakdowns, tuple(params.choices("action_attribution_windows", WINDOWS)), filters,
        tuple(str(each) for each in params.items("sort")),
    )  # fmt: skip


def _fields(params: Params) -> tuple[str, ...]:
    found = tuple(str(name) for name in params.items("fields")) or ("impressions", "spend")
    for name in found:
        if name not in KNOWN:
            raise param(f"{name} is not valid for fields param. please check {PAGE} for all valid values")
    return found


def _range(params: Params, today: date) -> Slice:
    span = params.object("time_range")
    if span:
        first, last = (read_day(f"time_range[{name}]", span.get(name)) for name in ("since", "until"))
    else:
        first, last = preset(params.choice("date_preset", PRESETS, "last_30d"), today)
    if last < first:
        raise param("Param time_range: since must not be later than until")
    if first < _months_back(today, 37):
        raise Refused(3018)
    return first, last


def _months_back(today: date, months: int) -> date:
    number = today.year * 12 + today.month - 1 - months
    return date(number // 12, number % 12 + 1, min(today.day, 28))


def preset(name: str, today: date) -> Slice:
    """The days of a `date_preset`; those that count back end yesterday."""
    day = timedelta(days=1)
    yesterday = today - day
    if name in {"today", "yesterday"}:
        return (today, today) if name == "today" else (yesterday, yesterday)
    if name.endswith("maximum"):
        return _months_back(today, 36), today
    count = name.removeprefix("last_").removesuffix("d")
    if count.isdigit():
        return today - int(count) * day, yesterday
    if "week" in name:
        return _week(name, today)
    return _calendar(name, today)


def _week(name: str, today: date) -> Slice:
    day = timedelta(days=1)
    back = today.weekday() if "mon" in name.split("week_")[1].split("_", maxsplit=1)[0] else (today.weekday() + 1) % 7
    begin = today - back * day
    return (begin, today) if name.startswith("this") else (begin - 7 * day, begin - day)


def _calendar(name: str, today: date) -> Slice:
    which, unit = name.split("_")
    month = {"month": today.month, "quarter": 3 * ((today.month - 1) // 3) + 1, "year": 1}[unit]
    begin = date(today.year, month, 1)
    if which == "this":
        return begin, today
    length = {"month": 1, "quarter": 3, "year": 12}[unit]
    number = begin.year * 12 + begin.month - 1 - length
    return date(number // 12, number % 12 + 1, 1), begin - timedelta(days=1)


def _slices(params: Params, first: date, last: date) -> tuple[Slice, ...]:
    asked = str(params.get("time_increment") or "all_days")
    if asked == "all_days":
        return ((first, last),)
    if asked == "monthly":
        return _monthly(first, last)
    if not asked.isdigit() or not 1 <= int(asked) <= 90:
        raise param("Param time_increment must be between 1 and 90, monthly or all_days")
    step, found = timedelta(days=int(asked)), []
    while first <= last:
        found.append((first, min(last, first + step - timedelta(days=1))))
        first += step
    return tuple(found)


def _monthly(first: date, last: date) -> tuple[Slice, ...]:
    found = []
    while first <= last:
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        found.append((first, min(last, following - timedelta(days=1))))
        first = following
    return tuple(found)
