"""The bounds of one campaign in one plan, and which of its limits they come from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from backstay.services.budgets.settings import Candidate, Limits


class Binds(StrEnum):
    """What keeps a campaign where the plan puts it."""

    TOTAL = "total"
    """The money of all: its next unit brings what everybody else's does."""
    CAP = "cap"
    """A group of campaigns is at its cap."""
    RETURN = "min_return"
    LOW = "low"
    HIGH = "high"
    STEP = "max_change"
    FROZEN = "frozen"
    HOLD = "hold"
    MIN_CHANGE = "min_change"
    """The change would be too small."""
    MIN_GAIN = "min_gain"
    """The whole plan would bring too little."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Bounds:
    """In whole units of the platform."""

    low: Decimal
    high: Decimal
    at_low: Binds
    at_high: Binds
    off: bool = False


def bounds_of(candidate: Candidate, limits: Limits, now: datetime) -> Bounds:
    """The tightest bounds; a lower bound of the campaign's own wins over the limit of a step."""
    old = candidate.budget.amount
    if candidate.frozen:
        return fixed(candidate, Binds.FROZEN)
    if candidate.changed_at is not None and now - candidate.changed_at < timedelta(hours=limits.hold_hours):
        return fixed(candidate, Binds.HOLD)
    least = candidate.low.amount if candidate.low else candidate.unit.amount
    most = min(candidate.high.amount if candidate.high else limits.total.amount, limits.total.amount)
    low, high, at_low, at_high = least, most, Binds.LOW, Binds.HIGH if candidate.high else Binds.TOTAL
    if limits.max_change is not None:
        step = old * Decimal(str(limits.max_change))
        if old - step > low:
            low, at_low = min(old - step, most), Binds.STEP
        if old + step < high:
            high, at_high = max(old + step, least), Binds.STEP
    return Bounds(candidate.up(low), candidate.down(high), at_low, at_high, candidate.may_pause)


def fixed(candidate: Candidate, why: Binds) -> Bounds:
    """It stays as it is."""
    return Bounds(candidate.budget.amount, candidate.budget.amount, why, why)
