"""Tests that may be looked at any time: the mixture sequential probability ratio test and its confidence sequence.

Both are one formula. A normal mixture of variance tau² over the true difference gives the likelihood ratio L; 1/L is a
p-value that stays valid at whatever look one stops (Ville's inequality), and the differences that L does not reject are
a confidence sequence. `mix` is tau² divided by the squared standard error; it grows with the data.

- mSPRT (Johari, Pekelis, Walsh, arXiv 1512.04922) fixes tau, about the effect that one hopes for: `by_effect`.
- The asymptotic confidence sequence (Waudby-Smith et al., arXiv 2103.06476) fixes rho, tightest at the size that one
  plans: `by_size`.

An error that was itself estimated from a few days has `freedom`; L is then the Bayes factor of the t-test, which is as
valid at any look (Hendriksen, de Heide, Grünwald, arXiv 1807.09077) and becomes the formula above as days grow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from backstay.policies.settings import above, refuse
from backstay.services.stats.proportions import Interval, check_alpha
from backstay.services.stats.special import normal_cdf, normal_quantile, student_tail, two_sided


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look shows: a difference, its standard error, and the degrees of freedom that the error has."""

    difference: float
    error: float
    freedom: float = math.inf

    def __post_init__(self) -> None:
        above("error", self.error, 0.0)
        if not self.freedom > 0:
            refuse("freedom", self.freedom, "a number greater than 0")

    @property
    def p(self) -> float:
        """Two-sided, of this look alone."""
        return two_sided(self.z) if math.isinf(self.freedom) else 2 * student_tail(abs(self.z), self.freedom)

    @property
    def normal_z(self) -> float:
        """The z of a known error that is as unlikely: what bounds are made for."""
        if math.isinf(self.freedom) or self.z == 0:
            return self.z
        return math.copysign(-normal_quantile(max(self.p / 2, 1e-300)), self.z)

    @property
    def z(self) -> float:
        """The difference in standard errors."""
        return self.difference / self.error


def by_effect(error: float, tau: float) -> float:
    """`mix` for a mixture about the size of the effect hoped for."""
    above("tau", tau, 0.0)
    return (tau / error) ** 2


def by_size(n: float, planned: float, alpha: float) -> float:
    """`mix` after n units (all arms together) for a sequence that is tightest at `planned` units."""
    return n * rho(planned, alpha) ** 2


def rho(planned: float, alpha: float) -> float:
    """sqrt((-2 ln alpha + ln(-2 ln alpha + 1)) / planned)."""
    above("planned", planned, 0.0)
    level = -2 * math.log(check_alpha(alpha))
    return math.sqrt((level + math.log(level + 1)) / planned)


def likelihood_ratio(seen: Seen, mix: float) -> float:
    """L = sqrt(1 / (1 + mix)) · exp(z²/2 · mix / (1 + mix)); infinity where a float ends."""
    return math.exp(min(700.0, _log_ratio(seen, mix)))


def anytime_p(seen: Seen, mix: float, before: float = 1.0) -> float:
    """min(the p of the looks before, 1 / L)."""
    return min(before, 1.0, math.exp(-max(-700.0, _log_ratio(seen, mix))))


def harm_p(seen: Seen, mix: float, before: float = 1.0) -> float:
    """The same, one-sided: small where the difference is surely below 0.

    The mixture is the lower half of the normal one: L·2·Phi(-m), m the posterior mean of the effect in its own
    standard deviations.
    """
    lean = normal_cdf(-seen.z * math.sqrt(mix / (1 + mix)))
    if lean == 0.0:
        return min(before, 1.0)
    return min(before, 1.0, math.exp(-max(-700.0, min(700.0, _log_ratio(seen, mix) + math.log(2 * lean)))))


def confidence_sequence(seen: Seen, mix: float, alpha: float) -> Interval:
    """The differences that are not rejected at `alpha`: they hold the true one at all looks with chance 1 - alpha."""
    half = half_width(seen.error, mix, alpha, freedom=seen.freedom)
    return Interval(seen.difference - half, seen.difference + half)


def half_width(error: float, mix: float, alpha: float, *, freedom: float = math.inf) -> float:
    """se·sqrt(2 (1 + mix) / mix · ln(sqrt(1 + mix) / alpha)); infinite where so few days can exclude nothing."""
    if not math.isinf(freedom):
        level = math.exp(2 / (freedom + 1) * (math.log1p(mix) / 2 - math.log(check_alpha(alpha))))
        return math.inf if level >= 1 + mix else error * math.sqrt(freedom * (level - 1) / (1 - level / (1 + mix)))
    return error * math.sqrt(2 * (1 + mix) / mix * (math.log1p(mix) / 2 - math.log(check_alpha(alpha))))


def _log_ratio(seen: Seen, mix: float) -> float:
    square, freedom = seen.z * seen.z, seen.freedom
    if math.isinf(freedom):
        return square / 2 * mix / (1 + mix) - math.log1p(mix) / 2
    grown = math.log1p(square / freedom) - math.log1p(square / (freedom * (1 + mix)))
    return (freedom + 1) / 2 * grown - math.log1p(mix) / 2
