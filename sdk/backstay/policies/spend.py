"""What running budgets may cost: a line for each budget, and holds of the writes that are under way on it.

Pure. Whatever order writes go out, come back or get lost in, `bound(line, now)` is never less than what the budget can
really spend: a hold counts from before its write is sent until somebody knows what became of it. Amounts are
exposures, the most that a budget can cost in a day (a lifetime budget: in all), in the account's currency.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

ZERO: Final = Decimal(0)
UNBOUNDED: Final = Decimal("Infinity")
"""The exposure of what has no budget of its own and none above it."""
NEVER: Final = math.inf
KEPT: Final = 3 * 86_400.0
"""Seconds that a line is kept after it stopped; longer than any account's day."""
SKEW: Final = 300.0
"""Seconds by which the wall clocks of two processes on one ledger may differ."""


class Outcome(StrEnum):
    """What became of a write."""

    DONE = "done"
    RELEASED = "released"
    """Surely not carried out: refused, or never sent."""
    UNKNOWN = "unknown"
    """It may have been carried out; its hold is kept until a later read tells."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One write under way on a line, with what it will have changed."""

    ticket: str
    began: float
    """Wall seconds at which it was judged; it is sent after that."""
    until: float
    """Wall seconds after which the write can no longer be under way; a read that began after that settles it."""
    turns: bool | None = None
    """Switches the line's object on or off; None leaves the switch."""
    above: bool | None = None
    """Switches what is above the line's object on or off."""
    wakes: bool = False
    """May let it spend (more): it is switched on or raised, or something above or below it is switched on."""
    amount: Decimal | None = None
    ends: float | None = None
    overlapped: bool = False
    """Another write set amount or end at the same time, so nobody knows which of them came last."""
    contested: bool = False
    """Another write turned the same switch the other way at the same time."""
    by: str = ""
    """The process whose clock `began` and `until` are of."""


@dataclass(frozen=True, slots=True)
class Line:
    """One budget (or one bid, which is compared but never added up)."""

    holder: str
    """The text of the object's Ref; a bid's ends with "#bid"."""
    account: str
    zone: str
    """The account's time zone, for its days."""
    currency: str
    parents: tuple[str, ...] = ()
    bid: bool = False
    on: bool = False
    """Its object's own switch."""
    halted: bool = False
    """Not counted: we have only lowered it so far, so that what it spends is somebody else's; or we have switched off
    something above it, and have done nothing since that could wake it."""
    amount: Decimal = ZERO
    ends: float = NEVER
    """Wall seconds at which its schedule is over."""
    changed: float = -math.inf
    """Wall seconds of the last write that was settled; a read that began before it was visible proves nothing."""
    day: str = ""
    """The account's day that `start` and `peak` are of."""
    start: Decimal = ZERO
    """What it ran with when it first ran on that day."""
    peak: Decimal = ZERO
    """The most that it ran with on that day."""
    holds: tuple[Hold, ...] = ()
    by: str = ""
    """The process whose clock `changed` is of."""


def apart(by: str, other: str) -> float:
    """Seconds by which what two processes call the same moment may differ."""
    return 0.0 if by == other else SKEW


def alone(line: Line, now: float) -> Decimal:
    """What it may spend by its own switch and schedule."""
    return line.amount if line.on and now < line.ends else ZERO


def bound(line: Line, now: float) -> Decimal:
    """The most that it may spend, whatever becomes of the writes that are under way."""
    holds = line.holds
    on = line.on or any(hold.turns for hold in holds)
    awake = not line.halted or any(hold.wakes for hold in holds)
    ends = max([line.ends, *(hold.ends for hold in holds if hold.ends is not None)])
    if not (on and awake and now < ends):
        return ZERO
    return max([line.amount, *(hold.amount for hold in holds if hold.amount is not None)])


def peak(line: Line, now: float, today: str) -> Decimal:
    """The most that it may have been able to spend on the account's day so far."""
    return max(line.peak if line.day == today else ZERO, bound(line, now))


def held(line: Line, hold: Hold) -> Line:
    """The line with one more write under way."""
    others = tuple(_beside(each, hold) for each in line.holds)
    for other in line.holds:
        hold = _beside(hold, other)
    return replace(line, holds=(*others, hold))


def _beside(hold: Hold, other: Hold) -> Hold:
    """The hold, knowing that the other one may have been under way at the same time."""
    skew = apart(hold.by, other.by)
    if hold.until + skew < other.began or other.until + skew < hold.began:
        return hold
    sets = all(each.amount is not None or each.ends is not None for each in (hold, other))
    opposed = {hold.turns, other.turns} == {True, False} or {hold.above, other.above} == {True, False}
    return replace(hold, overlapped=hold.overlapped or sets, contested=hold.contested or opposed)


def _behind(hold: Hold, done: Hold) -> Hold:
    """The hold of a write that was over when another one began, which has succeeded: the later one has its way."""
    if hold.until + apart(hold.by, done.by) >= done.began:
        return hold
    if done.turns is not None:
        hold = replace(hold, turns=None)
    if done.turns is False or done.above is False:
        hold = replace(hold, above=None, wakes=False)
    if done.amount is not None:
        hold = replace(hold, amount=None)
    return hold if done.ends is None else replace(hold, ends=None)


def settled(line: Line, ticket: str, outcome: Outcome, now: float, today: str) -> Line:
    """The line when one write's fate is known, or known to be unknown; the same line if it has no such hold."""
    hold = next((each for each in line.holds if each.ticket == ticket), None)
    if hold is None:
        return line
    others = tuple(each for each in line.holds if each is not hold)
    if outcome is Outcome.UNKNOWN:
        return replace(line, holds=(*others, replace(hold, until=min(hold.until, now))))
    if outcome is Outcome.RELEASED:
        return replace(line, holds=others)
    ran = peak(line, now, today)
    others = tuple(_behind(each, hold) for each in others)
    done = replace(_carried_out(line, hold), holds=others, changed=now, by=hold.by)
    first = (line.start if line.day == today else ZERO) or alone(line, now) or alone(done, now)
    return replace(done, day=today, peak=ran, start=first)


def _carried_out(line: Line, hold: Hold) -> Line:
    """What the write has made of the line; where the order of two writes is not known, whichever costs more."""
    on, halted, amount, ends = line.on, line.halted, line.amount, line.ends
    if hold.turns is not None:
        on = hold.turns or (hold.contested and on)
    if hold.wakes:
        halted = False
    elif hold.above is False and not hold.contested:
        halted = True
    if hold.amount is not None:
        amount = max(hold.amount, amount) if hold.overlapped else hold.amount
    if hold.ends is not None:
        ends = max(hold.ends, ends) if hold.overlapped else hold.ends
    return replace(line, on=on, halted=halted, amount=amount, ends=ends)


def outdated(line: Line, now: float) -> bool:
    """Whether nothing will ever ask for the line again."""
    if line.holds or line.changed > now - KEPT:
        return False
    return line.bid or not line.on or line.ends < now - KEPT


class Book:
    """Lines by holder, and which of them have been changed; one transaction's view of the ledger."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self.lines: dict[str, Line] = {line.holder: line for line in lines}
        self.changed: dict[str, Line | None] = {}
        """What is to be written: a line, or None for one that is dropped."""

    def put(self, lines: Mapping[str, Line]) -> None:
        """Write lines."""
        self.lines |= lines
        self.changed |= lines

    def settle(self, ticket: str, outcome: Outcome, now: float, today: Callable[[str], str]) -> None:
        """Settle a write's holds; `today` is the date of now in a zone."""
        after = {h: settled(line, ticket, outcome, now, today(line.zone)) for h, line in self.lines.items()}
        self.put({holder: line for holder, line in after.items() if line is not self.lines[holder]})

    def prune(self, now: float) -> None:
        """Drop the lines that nothing asks for any more."""
        for holder in [holder for holder, line in self.lines.items() if outdated(line, now)]:
            del self.lines[holder]
            self.changed[holder] = None
