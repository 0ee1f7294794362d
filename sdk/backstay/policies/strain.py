"""How many calls a slow vendor can bear, found by itself.

A call's *strain* is how long it took beside its timeout; of a call that timed out, or that the vendor refused as
overloaded, it is above 1. While strain is rare nothing is limited, and nothing needs to be reported but the strained
calls. When a fifth of the recent calls are strained, the number of calls under way is set to what the vendor delivers
within the target. From then on it is steered so that answers take the target share of their timeout: less work at
once, more answers in time.

Two things keep it from cutting too deep. Only calls that began after the last change count for the next one, since
what was sent before belongs to another number. And a vendor goes on working for those who gave up: a lost call keeps
its place for a while, so that what is sent next does not stand behind work for nobody.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import Final

from backstay.policies.settings import above, whole, within

LOST: Final = 1.5
"""The strain of a call without an answer in time, and of one refused as overloaded."""
_FADE: Final = 0.1
_NOTHING: Final = 0.02
_DEEPEST, _SHALLOWEST = 0.3, 0.85
"""The first cut leaves between so many of the calls under way."""


@dataclass(frozen=True, slots=True)
class StrainOptions:
    """When to limit, and towards what.

    A call is strained above `high` (a share of its timeout); a share of `trip` strained calls begins the limiting.
    Then the limit is steered so that answers take `target` of their timeout, one step for each `sample` answers, by a
    factor between `least` and `most`, never below `floor` calls at once. `span` seconds of deliveries tell what the
    vendor can do, and a lost call keeps its place for `linger` of its timeout.
    """

    high: float = 0.8
    trip: float = 0.2
    target: float = 0.7
    sample: int = 5
    least: float = 0.6
    most: float = 1.3
    floor: int = 5
    span: float = 1.0
    linger: float = 0.5

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        for field in ("high", "trip", "target", "least"):
            above(field, getattr(self, field), 0.0)
            within(field, getattr(self, field), 0.0, 1.0)
        within("most", self.most, 1.0)
        within("linger", self.linger, 0.0)
        whole("sample", self.sample, 1)
        whole("floor", self.floor, 1)
        above("span", self.span, 0.0)


class Strain:
    """Told of strained calls always, and of the others while `level` is not 0; says how many may be under way.

    `ceiling` is the number that is allowed when nothing is wrong; `limit` the one that is allowed now.
    """

    __slots__ = ("_delivered", "_lost", "_sample", "_since", "ceiling", "level", "limit", "options", "tense")

    def __init__(self, ceiling: int, options: StrainOptions | None = None) -> None:
        """Begin at the ceiling."""
        self.options = options or StrainOptions()
        self.ceiling = ceiling
        self.limit = ceiling
        self.tense = False
        """Whether fewer calls are allowed than usual."""
        self.level = 0.0
        """The share of strained calls lately; 0.0 means that nobody needs to report good ones."""
        self._since = 0.0
        self._sample: list[float] = []
        self._delivered: deque[float] = deque(maxlen=256)
        self._lost: deque[float] = deque(maxlen=256)
        """When lost calls free their places, the earliest first."""

    def wait(self, now: float, in_flight: int) -> float:
        """0.0 when one more may go, else the seconds to wait; infinite until another call ends. Ask while tense."""
        lost = self._lost
        while lost and lost[0] <= now:
            lost.popleft()
        if in_flight < max(1, self.limit - len(lost)):
            return 0.0
        return lost[0] - now if lost else inf

    def add(self, now: float, took: float, timeout: float, in_flight: int, *, lost: bool) -> bool:
        """A call has ended while `in_flight` others are under way; True when fewer are allowed from now on."""
        options = self.options
        strain = LOST if lost else took / timeout
        if lost:
            self._lost.append(now + options.linger * timeout)
        else:
            self._delivered.append(now)
        self.level += ((1.0 if strain > options.high else 0.0) - self.level) * _FADE
        if not self.tense:
            return self._begin(now, timeout, in_flight + 1)
        if now - took < self._since:
            return False
        self._sample.append(strain)
        return len(self._sample) >= options.sample and self._steer(now)

    def _begin(self, now: float, timeout: float, used: int) -> bool:
        """From "as many as you like" to what the vendor delivers within the target."""
        options = self.options
        if self.level < options.trip:
            if self.level < _NOTHING:
                self.level = 0.0
            return False
        delivered = sum(moment > now - options.span for moment in self._delivered) / options.span
        bearable = delivered * options.target * timeout
        return self._set(now, min(_SHALLOWEST * used, max(_DEEPEST * used, bearable)))

    def _steer(self, now: float) -> bool:
        """One step towards the target."""
        options = self.options
        strain = sum(self._sample) / len(self._sample)
        factor = options.target / max(strain, options.target / options.most)  # an answer may take no time at all
        return self._set(now, self.limit * max(options.least, factor))

    def _set(self, now: float, limit: float) -> bool:
        before = self.limit
        self.limit = min(self.ceiling, max(self.options.floor, round(limit)))
        self.tense = self.limit < self.ceiling
        self._since = now
        self._sample.clear()
        if not self.tense:
            self.level = 0.0
        return self.limit < before
