"""Special functions that the standard library lacks, from the few that it has."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

_NORMAL: Final = NormalDist()
_LARGE: Final = 16.0
"""From here on Stirling's series is exact to the last digit."""
_STEPS: Final = 100_000
_TINY: Final = 1e-300
_ENOUGH: Final = 1e-16
_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


def normal_density(z: float) -> float:
    """Of the standard normal distribution."""
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def normal_cdf(z: float) -> float:
    """Chance of at most z; exact in the far tail, where 1 - x would lose all digits."""
    return math.erfc(-z / math.sqrt(2)) / 2


def two_sided(z: float) -> float:
    """Chance of being at least as far from 0 as z."""
    return math.erfc(abs(z) / math.sqrt(2))


def normal_quantile(p: float) -> float:
    """The z that is not exceeded with chance p, 0 < p < 1."""
    return _NORMAL.inv_cdf(p)


def log_beta(a: float, b: float) -> float:
    """ln B(a, b) without the loss of digits that ln Γ has at large arguments."""
    a, b = min(a, b), max(a, b)
    if b < _LARGE:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    gap = (0.5 - b) * math.log1p(a / b) + _correction(b) - _correction(a + b)
    if a < _LARGE:
        return math.lgamma(a) + gap - a * math.log(a + b) + a
    return math.log(2 * math.pi / a) / 2 + a * math.log(a / (a + b)) + _correction(a) + gap


def _correction(x: float) -> float:
    return sum(factor * x ** -(2 * power + 1) for power, factor in enumerate(_STIRLING))


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_cdf(1 - x, b, a)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta(a, b))
    return front * _beta_fraction(x, a, b) / a


def _beta_fraction(x: float, a: float, b: float) -> float:
    """The continued fraction by Lentz's method."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            d, c = 1 / _away(1 + term * d), _away(1 + term / c)
            change = c * d
            value *= change
        if abs(change - 1) < _ENOUGH:
            break
    return value


def _away(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def gamma_tail(a: float, x: float) -> float:
    """The regularised upper incomplete gamma function Q(a, x)."""
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    return 1.0 - front * _gamma_series(a, x) if x < a + 1 else front * _gamma_fraction(a, x)


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    for n in range(1, _STEPS):
        term *= x / (a + n)
        total += term
        if term < total * _ENOUGH:
            break
    return total


def _gamma_fraction(a: float, x: float) -> float:
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / _away(b)
    value = d
    for n in range(1, _STEPS):
        b += 2
        d = 1 / _away(n * (a - n) * d + b)
        c = _away(b + n * (a - n) / c)
        value *= c * d
        if abs(c * d - 1) < _ENOUGH:
            break
    return value


def chi_square_tail(x: float, freedom: int) -> float:
    """Chance that a chi-square of so many degrees of freedom exceeds x."""
    return gamma_tail(freedom / 2, x / 2)


def student_tail(t: float, freedom: float) -> float:
    """Chance that Student's t exceeds t > 0."""
    return beta_cdf(freedom / (freedom + t * t), freedom / 2, 0.5) / 2


def student_quantile(p: float, freedom: float) -> float:
    """The t that is not exceeded with chance p, 0.5 < p < 1; by bisection."""
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > 1 - p:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, freedom) > 1 - p else (low, middle)
    return (low + high) / 2
