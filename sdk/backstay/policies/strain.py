"""How many calls a slow vendor can bear, found by itself.

A call's *strain* is how long it took beside its timeout; one that timed out, or that the vendor refused as overloaded,
has a strain above 1. While strain is rare nothing is limited. When a third of the recent calls are strained, the
number of calls under way is set to what the vendor delivers within the target, and from then on steered so that
answers take the target share of their timeout: less work at once, more answers in time.

Only calls that began after the last change count for the next one: what was sent before belongs to another number.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from backstay.policies.settings import above, whole, within

LOST: Final = 1.5
"""The strain of a call without an answer in time, and of one refused as overloaded."""
_FADE: Final = 0.1
_NOTHING: Final = 0.02


@dataclass(frozen=True, slots=True)
class StrainOptions:
    """When to limit, and towards what.

    A call is strained above `high` (a share of its timeout); a share of `trip` strained calls begins the limiting.
    Then the limit is steered so that answers take `target` of their timeout, one step for each `sample` answers, by a
    factor between `least` and `most`, never below `floor` calls at once. `span` seconds of deliveries tell what the
    vendor can do.
    """

    high: float = 0.8
    trip: float = 0.3
    target: float = 0.7
    sample: int = 5
    least: float = 0.6
    most: float = 1.3
    floor: int = 5
    span: float = 1.0

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for field in ("high", "trip", "target", "least"):
            above(field, getattr(self, field), 0.0)
            within(field, getattr(self, field), 0.0, 1.0)
        within("most", self.most, 1.0)
        whole("sample", self.sample, 1)
        whole("floor", self.floor, 1)
        above("span", self.span, 0.0)


class Strain:
    """Told of strained calls always and of the others while `level` is not 0; `limit` says how many may be under way."""

    __slots__ = ("_since", "_strains", "_delivered", "ceiling", "level", "limit", "options")

    def __init__(self, ceiling: int, options: StrainOptions | None = None) -> None:
        """Begin at the ceiling, the number that is allowed when nothing is wrong."""
        self.options = options or StrainOptions()
        self.ceiling = ceiling
        self.limit = ceiling
        self.level = 0.0
        """The share of strained calls lately; 0.0 means that nobody needs to report good ones."""
        self._since = 0.0
        self._strains: list[float] = []
        self._delivered: deque[float] = deque(maxlen=256)

    @property
    def tense(self) -> bool:
        """Whether fewer calls are allowed than usual."""
        return self.limit < self.ceiling

    def add(self, now: float, took: float, timeout: float, in_flight: int, *, lost: bool) -> None:
        """A call has ended; `in_flight` counts the others. May change `limit`."""
        options = self.options
        strain = LOST if lost else took / timeout
        if not lost:
            self._delivered.append(now)
        strained = strain > options.high
        self.level += ((1.0 if strained else 0.0) - self.level) * _FADE
        if not self.tense:
            if self.level >= options.trip:
                self._begin(now, timeout, in_flight)
            elif self.level < _NOTHING:
                self.level = 0.0
            return
        if now - took >= self._since:
            self._strains.append(strain)
            if len(self._strains) >= options.sample:
                self._steer(now)

    def _begin(self, now: float, timeout: float, in_flight: int) -> None:
        """From "as many as you like" to what the vendor delivers within the target."""
        options = self.options
        span = options.span
        delivered = sum(moment > now - span for moment in self._delivered) / span
        bearable = delivered * options.target * timeout
        self._set(now, min(0.85 * (in_flight + 1), max(0.5 * (in_flight + 1), bearable)))

    def _steer(self, now: float) -> None:
        """One step towards the target."""
        options = self.options
        strain = sum(self._strains) / len(self._strains)
        factor = min(options.most, max(options.least, options.target / strain))
        self._set(now, factor * self.limit)

    def _set(self, now: float, limit: float) -> None:
        self.limit = min(self.ceiling, max(self.options.floor, round(limit)))
        self._since = now
        self._strains.clear()
        if not self.tense:
            self.level = 0.0
