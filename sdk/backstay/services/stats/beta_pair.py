"""Two conversion rates with beta posteriors: the chance that one is larger, and what a wrong choice costs. Exact."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from backstay.policies.settings import refuse
from backstay.services.stats.special import log_beta

_ENOUGH: Final = 1e-18
_LIGHT: Final = 50.0
"""From here on the terms of the whole sum fall off so fast that all that count can be added."""


@dataclass(frozen=True, slots=True)
class Beta:
    """What is believed of a rate: Beta(a, b), whose mean is a / (a + b)."""

    a: float
    b: float

    def __post_init__(self) -> None:
        for name in ("a", "b"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                refuse(name, getattr(self, name), "a number greater than 0")

    @classmethod
    def after(cls, successes: float, trials: float, *, prior: tuple[float, float] = (1.0, 1.0)) -> Beta:
        """A prior (1, 1 is flat) after so many successes of so many trials."""
        if not 0 <= successes <= trials:
            refuse("successes", successes, f"a number from 0 to the {trials:g} trials")
        return cls(prior[0] + successes, prior[1] + trials - successes)

    @property
    def mean(self) -> float:
        """The expected rate."""
        return self.a / (self.a + self.b)


def chance_greater(left: Beta, right: Beta) -> float:
    """P(right > left); needs a whole number for `right.a` or `left.b`.

    The finite sum of Evan Miller, "Formulas for Bayesian A/B testing": term i is B(a + i, c) / ((d + i) B(1 + i, d)
    B(a, b)). It is summed from its largest term outwards and ends where terms no longer count, so a million visitors
    cost a few thousand terms.
    """
    if right.a == int(right.a):
        return _sum(left, right)
    if left.b != int(left.b):
        refuse("right.a", right.a, "whole successes, or use `best_of`, which takes any")
    return _sum(Beta(right.b, right.a), Beta(left.b, left.a))


def _sum(left: Beta, right: Beta) -> float:
    """Terms 0 to right.a - 1; all terms to infinity add up to 1, which spares the logarithms of large numbers."""
    count, all_count = int(right.a), left.b > _LIGHT
    peak = max(0, round((left.a * right.b - left.a - left.b - right.b) / (1 + left.b)))
    start = peak if all_count else min(peak, count - 1)

    def growth(i: int) -> float:
        """Term i + 1 divided by term i."""
        return (left.a + i) / (left.a + i + left.b + right.b) * (right.b + i) / (i + 1)

    inside: list[float] = []
    outside: list[float] = []
    term, i = 1.0, start
    while term > _ENOUGH and (all_count or i < count):
        (inside if i < count else outside).append(term)
        term *= growth(i)
        i += 1
    term, i = 1.0, start
    while term > _ENOUGH and i > 0:
        i -= 1
        term /= growth(i)
        (inside if i < count else outside).append(term)
    within = math.fsum(inside)
    if all_count:
        return within / (within + math.fsum(outside))
    return min(1.0, math.exp(_log_term(left, right, start) + math.log(within)))


def _log_term(left: Beta, right: Beta, i: int) -> float:
    above = log_beta(left.a + i, left.b + right.b)
    return above - math.log(right.b + i) - log_beta(1 + i, right.b) - log_beta(left.a, left.b)


def expected_loss(chosen: Beta, other: Beta) -> float:
    """What choosing the first costs on average where the other one is better: E[max(other - chosen, 0)].

    In units of the rate. m·P(other' > chosen) - m·P(other > chosen'), where m are the means and ' adds one success.
    """
    more = other.mean * chance_greater(chosen, Beta(other.a + 1, other.b))
    less = chosen.mean * chance_greater(Beta(chosen.a + 1, chosen.b), other)
    return max(0.0, more - less)
