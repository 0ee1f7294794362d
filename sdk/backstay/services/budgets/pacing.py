"""Pacing: how spend goes with the plan, by real hours, and what is left for each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backstay.ads import Money
from backstay.errors import InvalidRequestError

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """Where a budget over a period is."""

    ratio: float | None
    """Spent by what should be by now: above 1 is too fast. None before the beginning, and of no budget."""
    per_day: Money | None
    """What is left for each 24 hours that are left; None when the period is over."""
    left: Money
    """Never below nothing."""


def pace(spent: Money, planned: Money, *, begin: datetime, end: datetime, now: datetime) -> Pace:
    """Compare spend with an even plan from `begin` to `end`. A day of 23 or 25 hours counts as such.

    The amount per day is rounded down to a thousandth of the main unit. Raises InvalidRequestError for times without a
    zone and for an end that is not after the beginning.
    """
    for name, each in (("begin", begin), ("end", end), ("now", now)):
        if each.tzinfo is None:
            raise InvalidRequestError(f"{name} has no zone", field=name, value=str(each), hint="for example tzinfo=UTC")
    if end.timestamp() <= begin.timestamp():
        raise InvalidRequestError(
            "end does not come after begin", field="end", value=str(end), hint="give the period a length"
        )
    length, gone = _seconds(begin, end), min(max(0.0, _seconds(begin, now)), _seconds(begin, end))
    left = max(planned - spent, Money.zero(planned.currency))
    due = float(planned.amount) * gone / length
    rest = round(length - gone)
    thousandths = int(left.amount * 1000 * int(DAY.total_seconds())) // rest if rest else 0
    return Pace(
        ratio=float(spent.amount) / due if due else None,
        per_day=Money(thousandths, left.currency) / 1000 if rest else None,
        left=left,
    )


def _seconds(since: datetime, until: datetime) -> float:
    """Real ones: two local times of one zone subtracted would forget the night on which clocks change."""
    return until.timestamp() - since.timestamp()
