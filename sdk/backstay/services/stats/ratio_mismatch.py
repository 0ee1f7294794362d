"""Sample ratio mismatch: whether the arms have the numbers of users that they were meant to have.

Count the randomised unit (users, reach), never impressions: those are what the arms' success changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from backstay.policies.settings import refuse
from backstay.services.stats.special import chi_square_tail

LEAST: Final = 8
"""Units that an arm needs before a mismatch can be judged."""
PRIOR: Final = 100.0
"""Strength of the belief in the planned shares, in units."""


class ChiSquare(NamedTuple):
    """The statistic, its p, and the degrees of freedom."""

    statistic: float
    p: float
    freedom: int


class Sequential(NamedTuple):
    """The logarithm of the Bayes factor against the planned shares, and the p that is valid at any look."""

    log_factor: float
    p: float


def chi_square(counts: Sequence[int], weights: Sequence[float]) -> ChiSquare:
    """For one look. An arm of weight 0 is no arm: it counts for no degree of freedom, and may have no units."""
    kept = _kept(counts, weights)
    total, share = sum(count for count, _ in kept), math.fsum(weight for _, weight in kept)
    expected = [total * weight / share for _, weight in kept]
    statistic = math.fsum((count - want) ** 2 / want for (count, _), want in zip(kept, expected, strict=True))
    return ChiSquare(statistic, chi_square_tail(statistic, len(kept) - 1), len(kept) - 1)


def sequential(counts: Sequence[int], weights: Sequence[float], *, before: float = 1.0) -> Sequential:
    """For continuous watching: Dirichlet-multinomial against the planned shares (Lindon & Malek); p = min(1, 1/factor).

    `before` is the p of the looks before.
    """
    kept = _kept(counts, weights)
    total, whole = sum(count for count, _ in kept), math.fsum(weight for _, weight in kept)
    parts = [
        math.lgamma(PRIOR * weight / whole + count) - math.lgamma(PRIOR * weight / whole)
        - count * math.log(weight / whole)
        for count, weight in kept
    ]  # fmt: skip
    factor = math.fsum([math.lgamma(PRIOR), -math.lgamma(PRIOR + total), *parts])
    return Sequential(factor, min(before, 1.0, math.exp(-max(-700.0, min(700.0, factor)))))


def enough(counts: Sequence[int], weights: Sequence[float]) -> bool:
    """Whether each arm has the units that a judgement needs."""
    return all(count >= LEAST for count, weight in zip(counts, weights, strict=True) if weight > 0)


def _kept(counts: Sequence[int], weights: Sequence[float]) -> list[tuple[int, float]]:
    if len(counts) != len(weights) or any(weight < 0 for weight in weights) or any(count < 0 for count in counts):
        refuse("weights", list(weights), "a share from 0 upwards for each arm")
    for count, weight in zip(counts, weights, strict=True):
        if weight == 0 and count:
            refuse("counts", list(counts), "no units for an arm of weight 0")
    kept = [(count, weight) for count, weight in zip(counts, weights, strict=True) if weight > 0]
    if len(kept) < 2 or not sum(count for count, _ in kept):
        refuse("counts", list(counts), "units for at least two arms of some weight")
    return kept
