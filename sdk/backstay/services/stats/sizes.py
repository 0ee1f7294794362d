"""How many trials each arm needs to see a difference of rates. Four formulas are in use; name yours."""

from __future__ import annotations

import math
from enum import StrEnum

from backstay.policies.settings import refuse
from backstay.services.stats.proportions import check_alpha
from backstay.services.stats.special import normal_cdf, normal_quantile


class SizeFormula(StrEnum):
    """Which formula."""

    ARCSINE = "arcsine"
    """Cohen's h, with the chance of a significant result on the wrong side counted, as statsmodels does."""
    POOLED = "pooled"
    """The pooled variance under no difference, the unpooled one under the difference: textbooks of clinical trials."""
    UNPOOLED = "unpooled"
    """The unpooled variance on both sides."""
    EVAN_MILLER = "evan_miller"
    """Twice the first rate's own variance: the form of Evan Miller's calculator."""


def exact_size(p1: float, p2: float, formula: SizeFormula, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Trials for each arm before rounding; two-sided `alpha`. Raises InvalidRequestError for rates that are equal."""
    if not (0 < p1 < 1 and 0 < p2 < 1) or p1 == p2:
        refuse("p2", (p1, p2), "two different rates between 0 and 1")
    z = normal_quantile(1 - check_alpha(alpha) / 2)
    u = normal_quantile(check_alpha(power, "power"))
    v1, v2, mean = p1 * (1 - p1), p2 * (1 - p2), (p1 + p2) / 2
    if formula is SizeFormula.ARCSINE:
        h = 2 * (math.asin(math.sqrt(p2)) - math.asin(math.sqrt(p1)))
        return 2 * (_shift(z, power) / h) ** 2
    if formula is SizeFormula.POOLED:
        return ((z * math.sqrt(2 * mean * (1 - mean)) + u * math.sqrt(v1 + v2)) / (p2 - p1)) ** 2
    if formula is SizeFormula.UNPOOLED:
        return (z + u) ** 2 * (v1 + v2) / (p2 - p1) ** 2
    return ((z * math.sqrt(2 * v1) + u * math.sqrt(v1 + v2)) / (p2 - p1)) ** 2


def _shift(z: float, power: float) -> float:
    """The shift of z that is seen with chance `power` on either side; by bisection."""
    low, high = 0.0, 2 * z + 10
    for _ in range(80):
        middle = (low + high) / 2
        seen = normal_cdf(middle - z) + normal_cdf(-middle - z)
        low, high = (middle, high) if seen < power else (low, middle)
    return high


def sample_size(
    p1: float, p2: float, *, alpha: float = 0.05, power: float = 0.8, formula: SizeFormula = SizeFormula.POOLED
) -> int:
    """Trials for each arm, rounded up."""
    return math.ceil(exact_size(p1, p2, formula, alpha=alpha, power=power))
