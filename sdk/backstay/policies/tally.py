"""Counters over a sliding span of time: a ring of buckets, nothing allocated per call."""

from __future__ import annotations


class Tally:
    """Calls, failures and slow calls of the last `window` seconds, in `buckets` equal parts.

    The hot path is inlined by its owners: `if now >= tally.edge: tally.turn(now)`, then add to `calls`,
    `failures` or `slow`, which belong to the bucket that `now` is in.
    """

    __slots__ = ("_first", "_last", "_ring", "buckets", "calls", "edge", "failures", "slow", "width")

    def __init__(self, window: float, buckets: int) -> None:
        """Begin empty; the first `turn` finds its place in time."""
        self.buckets = buckets
        self.width = window / buckets
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._ring = [(0, 0, 0)] * self.buckets
        self._first = self._last = 0
        self.calls = self.failures = self.slow = 0
        self.edge = float("-inf")

    def turn(self, now: float) -> None:
        """Close the current bucket and open the one that `now` is in."""
        slot = int(now // self.width)
        if self.edge == float("-inf"):
            self._first = slot
        else:
            # Rounding may put an edge into the bucket that it ends.
            slot = max(slot, self._last + 1)
            self._ring[self._last % self.buckets] = (self.calls, self.failures, self.slow)
            for empty in range(max(self._last + 1, slot - self.buckets), slot):
                self._ring[empty % self.buckets] = (0, 0, 0)
        self._last = slot
        self.edge = (slot + 1) * self.width
        self.calls = self.failures = self.slow = 0

    def recent(self, now: float, enough: int) -> tuple[int, int, int]:
        """Calls, failures and slow calls of the newest buckets that hold `enough` calls, or of all of them.

        At least the current and the previous bucket are counted, so that one burst of failures at the same
        instant (a lost connection takes all its calls along) does not stand alone.
        """
        if now >= self.edge:
            self.turn(now)
        calls, failures, slow = self.calls, self.failures, self.slow
        oldest = max(self._first, self._last - self.buckets + 1)
        for slot in range(self._last - 1, oldest - 1, -1):
            if calls >= enough and slot < self._last - 1:
                break
            past = self._ring[slot % self.buckets]
            calls, failures, slow = calls + past[0], failures + past[1], slow + past[2]
        return calls, failures, slow

    def rate(self, now: float) -> float:
        """Calls per second over the window, or since the first call if that is shorter (>= 1 s)."""
        calls = self.recent(now, 1 << 62)[0]
        begun = max(self._first, self._last - self.buckets + 1) * self.width
        return calls / max(1.0, now - begun)
