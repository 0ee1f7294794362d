"""A ratio of daily sums, such as revenue to spend: its error by the delta method and by the jackknife over days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from backstay.policies.settings import refuse
from backstay.services.stats.special import normal_quantile, student_quantile


class Ratio(NamedTuple):
    """A ratio and its standard error."""

    value: float
    error: float


def delta_ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """Sum over sum; days are the units (ddof 1). Raises InvalidRequestError for fewer than two days."""
    n, whole = len(above), math.fsum(below)
    _check(above, below, whole)
    ratio = math.fsum(above) / whole
    rest = math.fsum((y - ratio * x) ** 2 for y, x in zip(above, below, strict=True))
    return Ratio(ratio, math.sqrt(rest / (n - 1) / n) / (whole / n))


def jackknife_ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """The same by leaving out one day at a time: a little wider where days differ much."""
    n, up, down = len(above), math.fsum(above), math.fsum(below)
    _check(above, below, down)
    without = [(up - y) / (down - x) for y, x in zip(above, below, strict=True) if down > x]
    if len(without) < n:
        refuse("below", list(below)[:8], "spend on at least two days")
    mean = math.fsum(without) / n
    return Ratio(up / down, math.sqrt((n - 1) / n * math.fsum((each - mean) ** 2 for each in without)))


def without_largest(above: Sequence[float], below: Sequence[float], largest: tuple[int, float] | None = None) -> Ratio:
    """The delta method with the largest order taken out: (the place of its day, its revenue).

    Where orders are not known, the largest day's whole revenue is taken for one. A result that needs one order is luck.
    """
    place, amount = largest or max(enumerate(above), key=lambda each: each[1])
    if not (0 <= place < len(above) and 0 <= amount <= above[place]):
        refuse("largest", (place, amount), "the place of a day and at most its revenue")
    rest = [value - amount if i == place else value for i, value in enumerate(above)]
    return delta_ratio(rest, below)


def small_sample(freedom: int, alpha: float) -> float:
    """By how much an error from a few days is widened: Student's quantile over the normal one."""
    return student_quantile(1 - alpha / 2, freedom) / normal_quantile(1 - alpha / 2)


def _check(above: Sequence[float], below: Sequence[float], whole: float) -> None:
    if len(above) != len(below) or len(above) < 2 or not whole > 0:
        refuse("below", list(below)[:8], "both numbers of at least two days, with spend")
