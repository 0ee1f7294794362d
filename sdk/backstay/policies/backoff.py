"""How long to wait before the next call: exponential, linear or fixed, with or without jitter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backstay.policies.settings import above, whole, within


class Strategy(StrEnum):
    """How the nominal wait grows from one retry to the next."""

    EXPONENTIAL = "exponential"
    LINEAR = "linear"
    FIXED = "fixed"


class Jitter(StrEnum):
    """What a random number makes of the nominal wait."""

    NONE = "none"
    """The nominal wait itself."""
    FULL = "full"
    """Anything from 0 to the nominal wait: spreads a herd best."""
    EQUAL = "equal"
    """From half to the whole nominal wait, never more."""
    DECORRELATED = "decorrelated"
    """From `base` to three times the previous wait; the strategy plays no part."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """A schedule of waits in seconds; no wait is ever longer than `cap`.

    Raises InvalidRequestError for a base that is not positive (retries without a wait hammer a dead vendor),
    a factor below 1 or a cap below the base.
    """

    strategy: Strategy = Strategy.EXPONENTIAL
    base: float = 0.05
    factor: float = 2.0
    cap: float = 20.0
    jitter: Jitter = Jitter.FULL

    def __post_init__(self) -> None:
        """Refuse settings that make no schedule."""
        above("base", self.base, 0.0)
        within("factor", self.factor, 1.0)
        within("cap", self.cap, self.base)

    def nominal(self, retry: int) -> float:
        """Seconds before jitter for the n-th retry (the first is 1); large numbers end at the cap."""
        whole("retry", retry, 1)
        if self.strategy is Strategy.FIXED:
            return self.base
        if self.strategy is Strategy.LINEAR:
            return min(self.cap, self.base * min(retry, self.cap / self.base + 1.0))
        try:
            return min(self.cap, self.base * self.factor ** (retry - 1))
        except OverflowError:
            return self.cap

    def delay(self, retry: int, rand: float, previous: float = 0.0) -> float:
        """Seconds to wait before the n-th retry (the first is 1); `previous` is the last wait."""
        if self.jitter is Jitter.DECORRELATED:
            widest = max(self.base, 3.0 * previous)
            return min(self.cap, self.base + rand * (widest - self.base))
        nominal = self.nominal(retry)
        if self.jitter is Jitter.FULL:
            return nominal * rand
        if self.jitter is Jitter.EQUAL:
            return nominal * (0.5 + 0.5 * rand)
        return nominal
