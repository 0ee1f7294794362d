"""Time in an account's zone: days of windows, slots of schedules, quiet hours. Days may have 23 or 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from backstay.ads import DateRange
from backstay.services.rules.condition import Window
from backstay.services.rules.rule import Quiet, Schedule
from backstay.services.rules.words import CatchUp, Span

OLDEST: Final = 1_000
"""Days that platforms keep for reports, at the least (Meta: 37 months)."""


def days_of(window: Window, today: date, created: date | None = None) -> DateRange | None:
    """A window's days; None for the lifetime of an object whose age is not known or is too great."""
    if window.span is Span.TODAY:
        return DateRange(today, today)
    if window.span is Span.LAST_DAYS:
        last = today if window.include_today else today - timedelta(days=1)
        return DateRange(last - timedelta(days=window.days - 1), last)
    if created is None or created > today or (today - created).days > OLDEST:
        return None
    return DateRange(created, today)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The begin of a day there, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def length(days: DateRange, zone: ZoneInfo) -> timedelta:
    """How long days really are there."""
    return midnight(days.last + timedelta(days=1), zone) - midnight(days.first, zone)


def slot(schedule: Schedule, at: datetime, zone: ZoneInfo) -> datetime:
    """The begin of the slot that a moment is in, in UTC."""
    today = at.astimezone(zone).date()
    begin = midnight(today, zone) + schedule.after_midnight
    if begin > at:
        begin = midnight(today - timedelta(days=1), zone) + schedule.after_midnight
    return begin + (at - begin) // schedule.every * schedule.every


def missed(schedule: Schedule, at: datetime, begin: datetime) -> bool:
    """Whether it is too late for the run of a slot."""
    late = schedule.grace is not None and at - begin > schedule.grace
    return late and schedule.catch_up is CatchUp.SKIP


def quiet(hours: Quiet | None, local: datetime) -> bool:
    """Whether nothing may be done now."""
    if hours is None:
        return False
    now = local.timetz().replace(tzinfo=None)
    if hours.begin <= hours.end:
        return hours.begin <= now < hours.end
    return now >= hours.begin or now < hours.end
