"""Several arms: the chance that each is the best, and what choosing it costs; by one quadrature for all families."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from backstay.policies.settings import refuse
from backstay.services.stats.posterior import Posterior, reach

_FINE: Final = 0.2
"""Nodes are this part of the narrowest arm's standard deviation apart: far finer than 15 digits need."""
_MOST: Final = 400_000
_INNER: Final = (
    (-0.906179845938664, 0.23692688505618908), (-0.5384693101056831, 0.47862867049936647),
    (0.0, 0.5688888888888889), (0.5384693101056831, 0.47862867049936647), (0.906179845938664, 0.23692688505618908),
)  # fmt: skip
"""Gauss-Legendre's five points and weights on [-1, 1]."""


@dataclass(frozen=True, slots=True)
class BestOf:
    """Of each arm, in the order that they were given; larger is better."""

    chances: tuple[float, ...]
    """To be the best; they add up to 1."""
    losses: tuple[float, ...]
    """What choosing it costs on average, in its own units."""
    expected_best: float
    """The expected number of the best arm."""


def best_of(arms: Sequence[Posterior]) -> BestOf:
    """Compare arms of one family.

    The trapezoidal rule is exact to nearly all digits here, because every integrand is smooth and falls off on both
    sides. Raises InvalidRequestError for fewer than two arms, and for arms too unlike for one grid.
    """
    if len(arms) < 2:
        refuse("arms", len(arms), "at least two")
    nodes, step = _grid(arms)
    heights = [[math.exp(arm.log_density(t)) * step for t in nodes] for arm in arms]
    below = [_cumulated(arm, nodes, step) for arm in arms]
    wins = [_wins(heights[k], [below[j] for j in range(len(arms)) if j != k]) for k in range(len(arms))]
    values = [arms[0].value(t) for t in nodes]
    best = math.fsum(value * each[i] for each in wins for i, value in enumerate(values))
    total = math.fsum(math.fsum(each) for each in wins)
    return BestOf(
        chances=tuple(math.fsum(each) / total for each in wins),
        losses=tuple(max(0.0, best - arm.mean) for arm in arms),
        expected_best=best,
    )


def _grid(arms: Sequence[Posterior]) -> tuple[list[float], float]:
    ends = [reach(arm) for arm in arms]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    step = _FINE * min(arm.scale for arm in arms)
    count = math.ceil((high - low) / step)
    if count > _MOST:
        refuse("arms", f"{count} nodes", "arms whose numbers of data differ less")
    return [low + step * i for i in range(count + 1)], step


def _cumulated(arm: Posterior, nodes: list[float], step: float) -> list[float]:
    """The chance to be below each node, cell by cell."""
    total, found = 0.0, [0.0]
    for node in nodes[:-1]:
        middle = node + step / 2
        inner = sum(weight * math.exp(arm.log_density(middle + x * step / 2)) for x, weight in _INNER)
        total += inner * step / 2
        found.append(min(1.0, total))
    return found


def _wins(heights: list[float], others: list[list[float]]) -> list[float]:
    """The density of an arm times the chance that all others are below."""
    return [height * math.prod(other[i] for other in others) for i, height in enumerate(heights)]
