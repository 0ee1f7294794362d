"""How sure the gain of a plan is: what the curves' own errors make of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Final

from backstay.ads import Money
from backstay.services.budgets.fitting import Fit
from backstay.services.budgets.problem import AnyCurve
from backstay.services.budgets.settings import Candidate
from backstay.services.stats.special import normal_quantile

DRAWS: Final = 512
LEVEL: Final = 0.9
"""Of the interval: the gain is below it in one of twenty cases, and above it in one of twenty."""

Budgets = Mapping[str, Money]


def drawn(candidate: Candidate, normal: Callable[[], float]) -> AnyCurve:
    """A curve as likely as any other; the curve itself where nothing is said of its errors."""
    return _fit(candidate).drawn(normal) if candidate.spread else candidate.curve


def value(candidates: Sequence[Candidate], budgets: Budgets) -> float:
    """What budgets bring a day, as the curves have it."""
    return math.fsum(each.curve.value(float(budgets[each.name].amount)) for each in candidates)


def interval(candidates: Sequence[Candidate], old: Budgets, new: Budgets) -> tuple[float, float] | None:
    """The gain's interval, the same at each call; None where no curve that matters has an error.

    It says nothing of a curve of the wrong family, and being the best plan of many makes a plan look a little too good.
    """
    moved = sorted((each for each in candidates if old[each.name] != new[each.name]), key=lambda each: each.name)
    if not any(each.spread for each in moved):
        return None
    sides = [(_fit(each), float(old[each.name].amount), float(new[each.name].amount)) for each in moved]
    gains = sorted(_gain(sides, normals) for normals in _normals(sum(len(each.spread) for each in moved)))
    tail = round(DRAWS * (1 - LEVEL) / 2)
    return gains[tail], gains[-1 - tail]


def _gain(sides: Sequence[tuple[Fit, float, float]], normals: Iterator[float]) -> float:
    curves = ((fit.drawn(normals.__next__) if fit.root else fit.curve, old, new) for fit, old, new in sides)
    return math.fsum(curve.value(new) - curve.value(old) for curve, old, new in curves)


def _fit(candidate: Candidate) -> Fit:
    return Fit(candidate.curve, 0.0, candidate.spread, candidate.weak)


def _normals(width: int) -> Iterator[Iterator[float]]:
    """Standard normal numbers in rows, spread more evenly than by chance: multiples of the roots of primes."""
    steps = [math.sqrt(prime) % 1 for prime, _ in zip(_primes(), range(width), strict=False)]
    for number in range(1, DRAWS + 1):
        yield iter([normal_quantile(min(max((number * step) % 1, 1e-9), 1 - 1e-9)) for step in steps])


def _primes() -> Iterator[int]:
    found: list[int] = []
    for number in count(2):
        if all(number % prime for prime in found):
            found.append(number)
            yield number
