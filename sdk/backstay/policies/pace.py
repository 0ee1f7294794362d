"""Slower before the wall: calls are spaced by how much of its limit the vendor says is used.

Many vendors tell in every answer how far a limit is used. Up to `start` of it nothing happens. From there on the pace
falls in a straight line, from what it was to `floor` at `brake`, some way before the wall, because answers come later
than calls begin; what is said counts for `memory` seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from backstay.policies.settings import above, within

_INSTANT = 1e-6


@dataclass(frozen=True, slots=True)
class PaceOptions:
    """When a limit slows its callers down, and how much."""

    start: float = 0.75
    """Share of the vendor's limit from which on calls are spaced."""
    brake: float = 0.95
    """Share from which on only `floor` is let through."""
    floor: float = 0.1
    """Calls per second that are let through at least, below the wall: no more than the limit refills."""
    memory: float = 300.0
    """Seconds that a statement counts: limits refill while nothing is asked."""
    pause: float = 60.0
    """Seconds for which a limit that is used up is held where the vendor does not say how long."""

    def __post_init__(self) -> None:
        """Refuse what would never slow anybody, or stop everybody."""
        above("pace.start", self.start, 0.0)
        within("pace.brake", self.brake, 0.0, 1.0)
        within("pace.start", self.start, 0.0, 0.99 * self.brake)
        above("pace.floor", self.floor, 0.0)
        above("pace.memory", self.memory, 0.0)
        above("pace.pause", self.pause, 0.0)


class Pace:
    """A meter that spaces calls; silent until the vendor says that its limit is nearly used."""

    __slots__ = ("_gap", "_next", "_until", "_usual", "options", "quiet")

    def __init__(self, options: PaceOptions | None = None) -> None:
        """Begin silent."""
        self.options = options or PaceOptions()
        self.quiet = True
        self._usual = self._gap = 0.0
        self._next = self._until = -inf

    def hear(self, used: float, now: float, rate: float) -> None:
        """The vendor says that `used` of its limit (1.0 is all) is gone; `rate` is how fast calls have been begun."""
        options = self.options
        if used < options.start:
            self.quiet = True
            return
        fresh = self.quiet or now >= self._until
        if fresh:  # what was usual is learned before slowing, not from the slowed pace
            self._usual = rate
        left = max(0.0, options.brake - used) / (options.brake - options.start)
        self._gap = 1.0 / max(options.floor, self._usual * left)
        if fresh:  # later answers say the same of calls that had begun before: they push nothing further away
            self._next = now + self._gap
        self.quiet, self._until = False, now + options.memory

    def wait(self, now: float, cost: float = 1.0) -> float:  # noqa: ARG002 - calls are spaced, whatever they cost
        """Seconds until the next call may begin; 0.0 = now."""
        if self.quiet or now >= self._until:
            return 0.0
        wait = self._next - now
        return wait if wait > _INSTANT else 0.0

    def turn(self, now: float, ahead: int, cost: float = 1.0) -> float:
        """About how many seconds until the turn of somebody with so many before him."""
        if self.quiet or now >= self._until:
            return 0.0
        return self.wait(now, cost) + ahead * self._gap

    def take(self, now: float, cost: float = 1.0) -> None:  # noqa: ARG002 - as in wait
        """A call begins."""
        if not self.quiet:
            self._next = max(self._next, now) + self._gap

    def give_back(self, now: float, cost: float = 1.0) -> None:  # noqa: ARG002 - as in wait
        """A call was not sent after all."""
        if not self.quiet:
            self._next -= self._gap
