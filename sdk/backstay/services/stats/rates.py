"""Events for exposure, such as conversions for money spent: Gamma and Poisson. Works with no events at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from backstay.policies.settings import above, refuse
from backstay.services.stats.special import beta_cdf


def chance_rate_greater(a: tuple[float, float], b: tuple[float, float]) -> float:
    """P(rate of b > rate of a), each given as (events, exposure), rates ~ Gamma(events + 1, exposure).

    In closed form: I_x(events of a + 1, events of b + 1) with x = exposure of a / both exposures.
    """
    for name, value in (("a.exposure", a[1]), ("b.exposure", b[1])):
        above(name, value, 0.0)
    return beta_cdf(a[1] / (a[1] + b[1]), a[0] + 1, b[0] + 1)


def equal_rates(a: tuple[int, float], b: tuple[int, float]) -> float:
    """The exact two-sided p of equal rates: given their sum, b's events are binomial."""
    n, share = a[0] + b[0], b[1] / (a[1] + b[1])
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(share)
        + (n - k) * math.log1p(-share)
        for k in range(n + 1)
    ]  # fmt: skip
    return min(1.0, math.fsum(math.exp(each) for each in logs if each <= logs[b[0]] + 1e-7))


def overdispersion(events: Sequence[float], exposures: Sequence[float], *, binomial: bool) -> float | None:
    """Phi: how many times more daily counts vary than one chance for all days allows; None from fewer than two days.

    Pearson's chi-square over its degrees of freedom. Multiply variances by max(1, phi): impressions of one person,
    or of one evening, are not independent. `binomial` for events of trials, else Poisson events of an exposure.
    """
    _check_days(events, exposures)
    total, whole = math.fsum(events), math.fsum(exposures)
    rate = total / whole
    free = rate * (1 - rate) if binomial else rate
    if len(events) < 2 or free <= 0:
        return None
    squares = ((x - rate * n) ** 2 / (free * n) for x, n in zip(events, exposures, strict=True))
    return math.fsum(squares) / (len(events) - 1)


class Spread(NamedTuple):
    """By how much variances are multiplied, and the degrees of freedom that this is known with."""

    phi: float = 1.0
    freedom: float = math.inf


def pooled_overdispersion(arms: Sequence[tuple[Sequence[float], Sequence[float]]], *, binomial: bool) -> Spread:
    """One phi for all arms, never below 1; where it is 1 the variance is known, else it was estimated from the days."""
    known = [(overdispersion(x, n, binomial=binomial), len(x) - 1) for x, n in arms]
    weighed = [(phi, days) for phi, days in known if phi is not None]
    freedom = sum(days for _, days in weighed)
    phi = math.fsum(phi * days for phi, days in weighed) / freedom if freedom else 1.0
    return Spread(phi, float(freedom)) if phi > 1 else Spread()


def stop_loss_chance(spend_in_targets: float) -> float:
    """The chance of no conversion after spending k times the target cost of one, if the target were met: exp(-k)."""
    if not spend_in_targets >= 0:
        refuse("spend_in_targets", spend_in_targets, "spend divided by the target cost per result")
    return math.exp(-spend_in_targets)


def _check_days(events: Sequence[float], exposures: Sequence[float]) -> None:
    if len(events) != len(exposures) or not events or min(exposures) <= 0:
        refuse("exposures", list(exposures)[:8], "one exposure above 0 for each day")
