"""What is believed of an arm's number: a density on a line without ends, so that one quadrature serves them all."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Protocol

from backstay.policies.settings import above
from backstay.services.stats.beta_pair import Beta
from backstay.services.stats.special import log_beta

_FAR: Final = 45.0
"""Where a density has fallen by exp(-45), nothing is left that counts."""


class Posterior(Protocol):
    """A believed number x; t is its coordinate on the line, on which the density falls off on both sides."""

    @property
    def mean(self) -> float:
        """The expected x."""
        ...

    @property
    def middle(self) -> float:
        """The t where the density is highest."""
        ...

    @property
    def scale(self) -> float:
        """About one standard deviation of t."""
        ...

    def log_density(self, t: float) -> float:
        """Of t, not of x."""
        ...

    def value(self, t: float) -> float:
        """The x of a t."""
        ...


@dataclass(frozen=True, slots=True)
class BetaPosterior:
    """A rate; t is its log odds."""

    beta: Beta
    norm: float = field(init=False, repr=False, compare=False)
    """ln B(a, b), which every density needs."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "norm", log_beta(self.beta.a, self.beta.b))

    @property
    def mean(self) -> float:
        """See `Posterior`."""
        return self.beta.mean

    @property
    def middle(self) -> float:
        """See `Posterior`."""
        return math.log(self.beta.a / self.beta.b)

    @property
    def scale(self) -> float:
        """See `Posterior`."""
        return math.sqrt(1 / self.beta.a + 1 / self.beta.b)

    def log_density(self, t: float) -> float:
        """See `Posterior`."""
        both = math.log1p(math.exp(-abs(t)))  # ln of 1 + the smaller odds
        return -self.beta.a * (both + max(-t, 0.0)) - self.beta.b * (both + max(t, 0.0)) - self.norm

    def value(self, t: float) -> float:
        """See `Posterior`."""
        return 1 / (1 + math.exp(-t)) if t > 0 else math.exp(t) / (1 + math.exp(t))


@dataclass(frozen=True, slots=True)
class GammaPosterior:
    """Events for one unit of exposure, such as conversions for one unit of money; t is the logarithm."""

    shape: float
    rate: float

    def __post_init__(self) -> None:
        above("shape", self.shape, 0.0)
        above("rate", self.rate, 0.0)

    @classmethod
    def after(cls, events: float, exposure: float) -> GammaPosterior:
        """Gamma(events + 1, exposure): a flat prior, which no events do not break."""
        return cls(events + 1, exposure)

    @property
    def mean(self) -> float:
        """See `Posterior`."""
        return self.shape / self.rate

    @property
    def middle(self) -> float:
        """See `Posterior`."""
        return math.log(self.shape / self.rate)

    @property
    def scale(self) -> float:
        """See `Posterior`."""
        return 1 / math.sqrt(self.shape)

    def log_density(self, t: float) -> float:
        """See `Posterior`."""
        return self.shape * (t + math.log(self.rate)) - self.rate * math.exp(t) - math.lgamma(self.shape)

    def value(self, t: float) -> float:
        """See `Posterior`."""
        return math.exp(t)


@dataclass(frozen=True, slots=True)
class NormalPosterior:
    """A number known by its mean and standard error; t is the number itself."""

    mean: float
    error: float

    def __post_init__(self) -> None:
        above("error", self.error, 0.0)

    @property
    def middle(self) -> float:
        """See `Posterior`."""
        return self.mean

    @property
    def scale(self) -> float:
        """See `Posterior`."""
        return self.error

    def log_density(self, t: float) -> float:
        """See `Posterior`."""
        z = (t - self.mean) / self.error
        return -z * z / 2 - math.log(self.error) - math.log(2 * math.pi) / 2

    def value(self, t: float) -> float:
        """See `Posterior`."""
        return t


def moments(successes: float, trials: float, *, spread: float = 1.0) -> NormalPosterior:
    """A rate by its first two moments, for successes that are no whole numbers (Google's conversions).

    Mean (s + 1) / (n + 2) and variance spread · m (1 - m) / (n + 3), those of the beta posterior.
    """
    mean = (successes + 1) / (trials + 2)
    return NormalPosterior(mean, math.sqrt(spread * mean * (1 - mean) / (trials + 3)))


def reach(posterior: Posterior) -> tuple[float, float]:
    """The t between which all of it lies that counts."""
    floor = posterior.log_density(posterior.middle) - _FAR
    ends = []
    for side in (-1.0, 1.0):
        far = posterior.scale
        while posterior.log_density(posterior.middle + side * far) > floor:
            far *= 1.3
        ends.append(posterior.middle + side * far)
    return ends[0], ends[1]
