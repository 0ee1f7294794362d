"""Whole units by largest remainder, and the floor under chances."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from backstay.policies.settings import refuse, whole, within


def apportion(weights: Sequence[float], total: int) -> tuple[int, ...]:
    """Divide whole units in proportion to weights; what is left goes to the largest remainders, ties to the first."""
    whole("total", total, 0)
    for number, weight in enumerate(weights):
        within(f"weights.{number}", weight, 0.0)
    if not any(weights):
        refuse("weights", list(weights), "at least one weight above 0")
    exact = [Fraction(weight) for weight in weights]  # a float is a fraction, so nothing is lost on the way
    quotas = [weight * total / sum(exact) for weight in exact]
    found = [quota.__floor__() for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda n: (found[n] - quotas[n], n))
    for n in order[: total - sum(found)]:
        found[n] += 1
    return tuple(found)


def floored(chances: Sequence[float], floor: float) -> tuple[float, ...]:
    """Chances of which none is below `floor`: all are shrunk alike and lifted, so that they still add up to 1."""
    within("floor", floor, 0.0, 1 / len(chances))
    return tuple(floor + (1 - len(chances) * floor) * chance for chance in chances)
