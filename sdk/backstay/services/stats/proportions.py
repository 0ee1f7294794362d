"""Two rates by the fixed-size tests and intervals that people know; valid for one look only, see `sequential`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from backstay.policies.settings import refuse, whole
from backstay.services.stats.special import normal_quantile, two_sided


class Interval(NamedTuple):
    """From `low` to `high`."""

    low: float
    high: float


class Test(NamedTuple):
    """A statistic and its two-sided p."""

    statistic: float
    p: float


@dataclass(frozen=True, slots=True)
class Count:
    """So many successes of so many trials."""

    successes: int
    trials: int

    def __post_init__(self) -> None:
        whole("trials", self.trials, 1)
        whole("successes", self.successes, 0, self.trials)

    @property
    def rate(self) -> float:
        """Successes divided by trials."""
        return self.successes / self.trials

    @property
    def variance(self) -> float:
        """Of the rate."""
        return self.rate * (1 - self.rate) / self.trials


def z_test(a: Count, b: Count) -> Test:
    """The pooled z test of b's rate against a's; nan and 1 where neither can vary."""
    pooled = (a.successes + b.successes) / (a.trials + b.trials)
    error = math.sqrt(pooled * (1 - pooled) * (1 / a.trials + 1 / b.trials))
    if error == 0:
        return Test(math.nan, 1.0)
    z = (b.rate - a.rate) / error
    return Test(z, two_sided(z))


def wald(a: Count, b: Count, alpha: float = 0.05) -> Interval:
    """The plain interval of b's rate minus a's; too narrow for few successes."""
    half = normal_quantile(1 - alpha / 2) * math.sqrt(a.variance + b.variance)
    return Interval(b.rate - a.rate - half, b.rate - a.rate + half)


def wilson(count: Count, alpha: float = 0.05) -> Interval:
    """Wilson's interval of a rate: right for few successes and for none."""
    z = normal_quantile(1 - alpha / 2)
    n, rate = count.trials, count.rate
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = middle - half if count.successes else 0.0
    return Interval(low, middle + half if count.successes < n else 1.0)


def newcombe(a: Count, b: Count, alpha: float = 0.05) -> Interval:
    """Newcombe's interval of b's rate minus a's: the square-and-add of two Wilson intervals."""
    left, right = wilson(a, alpha), wilson(b, alpha)
    down = math.hypot(b.rate - right.low, left.high - a.rate)
    up = math.hypot(right.high - b.rate, a.rate - left.low)
    return Interval(b.rate - a.rate - down, b.rate - a.rate + up)


def fisher(a: Count, b: Count) -> float:
    """Fisher's exact two-sided p: all tables with the same sums that are no likelier than this one."""
    hits, all_trials = a.successes + b.successes, a.trials + b.trials
    low, high = max(0, hits - b.trials), min(hits, a.trials)
    logs = [_log_choose(a.trials, k) + _log_choose(b.trials, hits - k) for k in range(low, high + 1)]
    own, base = logs[a.successes - low], _log_choose(all_trials, hits)
    return min(1.0, math.fsum(math.exp(each - base) for each in logs if each <= own + 1e-7))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def check_alpha(alpha: float, field: str = "alpha") -> float:
    """An error chance between 0 and 1; raises InvalidRequestError."""
    if not 0 < alpha < 1:
        refuse(field, alpha, "a chance between 0 and 1, usually 0.05")
    return alpha
