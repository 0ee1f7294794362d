"""How many calls may begin: token buckets, windows, and the gate that a vendor's "wait" closes for everybody.

Calls are counted when they begin. Fairness belongs to the engine: callers stand in one line per limiter and
only the head of the line asks, so whoever is cancelled while waiting holds no tokens and leaves no gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final, Protocol

from backstay.policies.pace import Pace
from backstay.policies.settings import above, refuse, whole, within
from backstay.policies.tally import Tally

_INSTANT: Final = 1e-6
"""A wait below a microsecond is none: it could not move a clock that shows weeks."""


Cost = float | Mapping[str, float]
"""Tokens that one attempt takes: from every limit alike, or by the limit's name (one where it is not named)."""


def price(cost: Cost, limit: str) -> float:
    """What an attempt takes from one limit."""
    return cost if type(cost) is float or not isinstance(cost, Mapping) else cost.get(limit, 1.0)


class Meter(Protocol):
    """What a limiter is made of."""

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until `cost` may be taken; 0.0 = now."""
        ...

    def turn(self, now: float, ahead: int, cost: float = 1.0) -> float:
        """About how many seconds until the turn of somebody with so many before him."""
        ...

    def take(self, now: float, cost: float = 1.0) -> None:
        """Count it."""
        ...

    def give_back(self, now: float, cost: float = 1.0) -> None:
        """Take it back: nothing was sent."""
        ...


class TokenBucket:
    """`rate` tokens per second, at most `burst` of them saved up; full at the start.

    In any t seconds at most rate x t + burst are admitted. Kept as one float: the moment when the bucket is
    full.
    """

    __slots__ = ("burst", "full_at", "gap", "lead", "rate")

    def __init__(self, rate: float, burst: float, now: float = 0.0) -> None:
        """Raise InvalidRequestError for a rate or burst that is not positive."""
        above("rate", rate, 0.0)
        above("burst", burst, 0.0)
        self.rate = rate
        self.burst = burst
        self.gap = 1.0 / rate
        self.lead = burst / rate + _INSTANT
        self.full_at = now

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until `cost` tokens are there; InvalidRequestError for more than the burst holds."""
        short = max(self.full_at, now) + cost * self.gap - now - self.lead
        if short <= 0.0:
            return 0.0
        if cost > self.burst:
            refuse("cost", cost, f"at most the burst of {self.burst:g}, or raise the burst")
        return short + _INSTANT

    def turn(self, now: float, ahead: int, cost: float = 1.0) -> float:
        """See `Meter.turn`; the others are taken to cost as much."""
        return max(0.0, max(self.full_at, now) + (ahead + 1) * cost * self.gap - now - self.lead)

    def take(self, now: float, cost: float = 1.0) -> None:
        """Take tokens; if they are not there the bucket is in debt and later calls wait for it."""
        self.full_at = max(self.full_at, now) + cost * self.gap

    def give_back(self, now: float, cost: float = 1.0) -> None:  # noqa: ARG002 - a window needs the time
        """Put tokens back that were taken for a call that was never sent."""
        self.full_at -= cost * self.gap


class Window:
    """At most `limit` in any `seconds` (a quota per minute or day): wherever the vendor's own window begins.

    The span slides in `parts` steps and a step counts until all of it is past, so the limit is never
    exceeded and up to 1/parts of it may stay unused.
    """

    __slots__ = ("_counts", "_slot", "limit", "parts", "seconds", "used", "width")

    def __init__(self, limit: float, seconds: float, parts: int = 60) -> None:
        """Raise InvalidRequestError for a limit or length that is not positive."""
        above("limit", limit, 0.0)
        above("seconds", seconds, 0.0)
        whole("parts", parts, 1, 10_000)
        self.limit = limit
        self.seconds = seconds
        self.parts = parts
        self.width = seconds / parts
        self.used = 0.0
        self._counts = [0.0] * (parts + 1)
        self._slot = 0

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until `cost` fits; raises InvalidRequestError for more than the whole limit."""
        free = self.limit - self.used - cost
        if free >= 0.0:
            return 0.0
        if cost > self.limit:
            refuse("cost", cost, f"at most the limit of {self.limit:g}, or raise the limit")
        slot = max(int(now // self.width), self._slot)
        for old in range(self._slot - self.parts, self._slot + 1):
            free += self._counts[old % (self.parts + 1)]
            if free >= -_INSTANT:
                gone = old + self.parts + 1
                return 0.0 if gone <= slot else max(gone * self.width - now, 0.0) + _INSTANT
        return self.seconds

    def turn(self, now: float, ahead: int, cost: float = 1.0) -> float:
        """See `Meter.turn`: how many more windows must pass, as far as whole ones tell."""
        left = self.limit - self.used - (ahead + 1) * cost
        return 0.0 if left >= 0.0 else (-left // self.limit) * self.seconds + self.wait(now, cost)

    def take(self, now: float, cost: float = 1.0) -> None:
        """Count `cost` in the current step."""
        slot = int(now // self.width)
        if slot > self._slot:
            self._slide(slot)
        self.used += cost
        self._counts[self._slot % (self.parts + 1)] += cost

    def give_back(self, now: float, cost: float = 1.0) -> None:
        """Uncount what was never sent, as far as the current step holds it."""
        if int(now // self.width) > self._slot:
            return
        place = self._slot % (self.parts + 1)
        back = min(cost, self._counts[place])
        self._counts[place] -= back
        self.used -= back

    def _slide(self, slot: int) -> None:
        """Forget the steps that are wholly past."""
        size = self.parts + 1
        for new in range(max(self._slot + 1, slot - self.parts), slot + 1):
            self._counts[new % size] = 0.0
        self._slot = slot
        # Summed anew: a running difference of floats would drift in a process that lives for months.
        self.used = sum(self._counts)


class Gate:
    """Closed for everybody while the vendor says wait, then opened at a learned pace: no herd at its end.

    The pace is `share` x what was admitted per second in the 10 s before the hold (`floor` at least), it
    rises by `rise` of itself per second, and after `free_after` seconds without another hold it is no
    longer kept.
    """

    __slots__ = (
        "_next",
        "_pace",
        "_until",
        "floor",
        "free_after",
        "longest",
        "quiet",
        "rise",
        "share",
        "tally",
    )

    def __init__(
        self,
        *,
        share: float = 0.9,
        floor: float = 1.0,
        rise: float = 0.02,
        free_after: float = 60.0,
        longest: float = 86_400.0,
        window: float = 10.0,
    ) -> None:
        """Begin open; `longest` bounds what a broken Retry-After can do, in seconds."""
        above("share", share, 0.0)
        within("share", share, 0.0, 1.0)
        above("floor", floor, 0.0)
        within("rise", rise, 0.0)
        above("free_after", free_after, 0.0)
        above("longest", longest, 0.0)
        above("window", window, 0.0)
        self.share, self.floor, self.rise = share, floor, rise
        self.free_after, self.longest = free_after, longest
        self.quiet = True
        self.tally = Tally(window, 20)
        self._until = self._next = -inf
        self._pace = 0.0

    @property
    def held_until(self) -> float:
        """The monotonic time to which the vendor's last wait reaches; -inf if there was none."""
        return self._until

    def hold(self, until: float, now: float) -> None:
        """The vendor said wait until then: extends the hold, never shortens it; the past has no effect."""
        until = min(until, now + self.longest)
        if not (until > now and until > self._until):
            return
        if now >= self._until:
            seen = self.tally.rate(now)
            pace = min(seen, self.pace(now))
            self._pace = max(self.floor, self.share * pace)
        self.quiet = False
        self._until = self._next = until

    def pace(self, now: float) -> float:
        """Calls per second that are let through after a hold; infinite while nothing is known."""
        if self.quiet or now >= self._until + self.free_after:
            return inf
        return self._pace * (1.0 + self.rise * max(0.0, now - self._until))

    def wait(self, now: float) -> float:
        """Seconds until the next caller may pass; 0.0 = now. Nothing moves."""
        if self.quiet or now >= self._until + self.free_after:
            return 0.0
        wait = self._next - now
        return wait if wait > _INSTANT else 0.0

    def turn(self, now: float, ahead: int) -> float:
        """About how many seconds until the turn of somebody with so many before him."""
        if self.quiet or now >= self._until + self.free_after:
            return 0.0
        return self.wait(now) + ahead / self.pace(max(now, self._until))

    def take(self, now: float) -> None:
        """One caller passes; the next one's turn comes one pace later."""
        tally = self.tally
        if now >= tally.edge:
            tally.turn(now)
        tally.calls += 1
        if not self.quiet:
            self.quiet = now >= self._until + self.free_after
            self._next = max(self._next, now) + 1.0 / self.pace(now)


class Limiter:
    """Several meters and one gate as one: all have room, or nothing is taken."""

    __slots__ = ("__weakref__", "_only", "buckets", "gate", "pace")

    def __init__(self, buckets: tuple[Meter, ...] = (), gate: Gate | None = None) -> None:
        """Without meters only the gate holds calls back."""
        self.buckets = buckets
        self.gate = gate or Gate()
        self.pace = next((meter for meter in buckets if isinstance(meter, Pace)), None)
        first = buckets[0] if len(buckets) == 1 else None
        self._only = first if isinstance(first, TokenBucket) else None

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until all meters and the gate have room; 0.0 = now. Nothing moves."""
        longest = self.gate.wait(now)
        for bucket in self.buckets:
            wait = bucket.wait(now, cost)
            if wait > longest:
                longest = wait
        return longest

    def turn(self, now: float, ahead: int, cost: float = 1.0) -> float:
        """About how many seconds until the turn of somebody with so many before him; nothing moves."""
        return max((self.gate.turn(now, ahead), *(bucket.turn(now, ahead, cost) for bucket in self.buckets)))

    def take(self, now: float, cost: float = 1.0) -> None:
        """Take from every meter and the gate; ask `wait` first."""
        for bucket in self.buckets:
            bucket.take(now, cost)
        self.gate.take(now)

    def give_back(self, now: float, cost: float = 1.0) -> None:
        """Undo a `take` for a call that was never sent; the gate's pace stays as it is."""
        for bucket in self.buckets:
            bucket.give_back(now, cost)

    def hear(self, used: float, now: float, wait: float | None = None) -> None:
        """The vendor says how much of its limit is used (1.0 is all), and how long it stays shut once it is."""
        pace = self.pace
        if pace is None:
            return
        pace.hear(used, now, self.gate.tally.rate(now))
        if used >= 1.0:
            self.gate.hold(now + (wait or pace.options.pause), now)

    def admit(self, now: float, cost: float = 1.0) -> float:
        """0.0 = taken from all; else the seconds to wait, and nothing was taken."""
        bucket, gate = self._only, self.gate
        if bucket is None or not gate.quiet:
            return self._admit(now, cost)
        full_at = bucket.full_at
        full_at = (full_at if full_at > now else now) + cost * bucket.gap
        if full_at - now - bucket.lead > 0.0:
            return bucket.wait(now, cost)
        bucket.full_at = full_at
        tally = gate.tally
        if now >= tally.edge:
            tally.turn(now)
        tally.calls += 1
        return 0.0

    def _admit(self, now: float, cost: float) -> float:
        wait = self.wait(now, cost)
        if wait <= 0.0:
            self.take(now, cost)
        return wait
