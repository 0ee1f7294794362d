"""Arithmetic of deadlines: points on the monotonic clock, in seconds; None means that there is none."""

from __future__ import annotations

import math
from typing import Final


def remaining(deadline: float | None, now: float) -> float:
    """Seconds left, never negative; infinite without a deadline."""
    if deadline is None:
        return math.inf
    return deadline - now if deadline > now else 0.0


def tighter(a: float | None, b: float | None) -> float | None:
    """The earlier of two deadlines."""
    if a is None:
        return b
    return a if b is None or a <= b else b


def attempt_limit(attempt_timeout: float | None, deadline: float | None, now: float) -> float:
    """Seconds that one attempt may take: its own timeout, or what is left if that is less."""
    left = remaining(deadline, now)
    return left if attempt_timeout is None or left < attempt_timeout else attempt_timeout


def fits(wait: float, deadline: float | None, now: float, least: float = 0.0) -> bool:
    """Whether an attempt that begins after `wait` and takes `least` seconds ends before the deadline."""
    return deadline is None or now + wait + least < deadline


_FLOOR: Final = 1e-6
_LEARNING: Final = 20
_QUICK, _STEADY, _FADE = 1.10, 1.02, 0.95


class Typical:
    """The usual duration (about the median) of an operation's successful attempts, learned in one float.

    Each duration moves the estimate by a small factor towards itself, which settles where as many lie above
    as below. `value` is 0.0 until `enough` durations were seen, so that nothing is refused on a guess.
    """

    __slots__ = ("_estimate", "_learns", "enough", "seen", "value")

    def __init__(self, enough: int = 8) -> None:
        """Begin without any knowledge."""
        self.enough = enough
        self.seen = 0
        self._learns = max(enough, _LEARNING)
        self._estimate = 0.0  # while it learns; then `value` is all there is
        self.value = 0.0
        """Seconds; 0.0 while too little is known."""

    def add(self, took: float) -> None:
        """A successful attempt took this many seconds; failures must stay out, they are quick or cut off."""
        self.seen += 1
        if self.seen <= self._learns:
            self._learn(took)
        elif took > self.value:
            self.value *= _STEADY
        elif took < self.value and self.value > _FLOOR:
            self.value /= _STEADY

    def _learn(self, took: float) -> None:
        estimate = took if self.seen == 1 else self._estimate
        step = _STEADY if self.seen > _LEARNING else _QUICK
        if took > estimate:
            estimate *= step
        elif took < estimate:
            estimate /= step
        self._estimate = max(estimate, _FLOOR)
        if self.seen >= self.enough:
            self.value = self._estimate

    def skipped(self) -> None:
        """An attempt was not made because of this estimate: it fades, so that it cannot refuse for ever."""
        if self.value:
            self.value = self._estimate = max(_FLOOR, self.value * _FADE)
