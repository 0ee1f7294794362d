"""Days: the ranges that have a name, and what a day is called in each segment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from backstay_adapters.google_ads.sandbox.gaql.tokens import wrong

_DAY: Final = timedelta(days=1)
_LAST: Final = {"LAST_7_DAYS": 7, "LAST_14_DAYS": 14, "LAST_30_DAYS": 30}
WEEKDAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")

Range = tuple[date, date]


def during(word: str, today: date) -> Range:
    """A named range, both ends included; raises the vendor's refusal for a name that does not exist."""
    name = word.upper()
    if name in _LAST:
        return today - _LAST[name] * _DAY, today - _DAY
    monday, sunday = today - today.weekday() * _DAY, today - (today.weekday() + 1) % 7 * _DAY
    first = today.replace(day=1)
    known = {
        "TODAY": (today, today),
        "YESTERDAY": (today - _DAY, today - _DAY),
        "THIS_WEEK_MON_TODAY": (monday, today),
        "THIS_WEEK_SUN_TODAY": (sunday, today),
        "LAST_WEEK_MON_SUN": (monday - 7 * _DAY, monday - _DAY),
        "LAST_WEEK_SUN_SAT": (sunday - 7 * _DAY, sunday - _DAY),
        "LAST_BUSINESS_WEEK": (monday - 7 * _DAY, monday - 3 * _DAY),
        "THIS_MONTH": (first, today),
        "LAST_MONTH": ((first - _DAY).replace(day=1), first - _DAY),
    }
    if name not in known:
        raise wrong("INVALID_VALUE_WITH_DURING_OPERATOR", f"'{word}' is not a date range literal.", word)
    return known[name]


def day_of(text: str) -> date:
    """A date as the vendor writes it."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or len(text) != 10:
        raise wrong("INVALID_DATE_FORMAT", f"invalid date '{text}'; expected 'YYYY-MM-DD'.", text)
    return found


def segments(day: date, hour: int = 0) -> dict[str, str | int]:
    """What a day is called in each segment."""
    quarter = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return {
        "date": day.isoformat(),
        "week": (day - day.weekday() * _DAY).isoformat(),
        "month": day.replace(day=1).isoformat(),
        "quarter": quarter.isoformat(),
        "year": day.year,
        "day_of_week": WEEKDAYS[day.weekday()],
        "hour": hour,
        "device": "MOBILE",
        "ad_network_type": "SEARCH",
    }
