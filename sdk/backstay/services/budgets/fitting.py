"""Curves from history, by least squares on the logarithms of their parameters, with what is not known about them.

Levenberg and Marquardt's method from the best of a coarse grid. Spend that hardly moved says little about a curve: then
the errors of the parameters are large, and `weak` is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Final

from backstay.errors import InvalidRequestError
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.problem import AnyCurve

_STEPS: Final = 300
_SPANS: Final = tuple(2.0**n for n in range(-6, 7))
_SLOPES: Final = (0.3, 0.5, 0.7, 0.9, 1.0, 1.3, 1.7, 2.2, 3.0, 4.0)
_SMALL: Final = 1e-7
_WEAK: Final = 0.5
"""A parameter whose logarithm is known no better than this may as well be half or double."""


class Shape(StrEnum):
    """The family of a curve."""

    LOG = "log"
    POWER = "power"
    HILL = "hill"


@dataclass(frozen=True, slots=True)
class Fit:
    """A curve and how well it is known."""

    curve: AnyCurve
    noise: float
    """The standard deviation of the results around the curve."""
    root: tuple[tuple[float, ...], ...]
    """The Cholesky root of the covariance of the parameters' logarithms."""
    weak: bool

    @property
    def errors(self) -> tuple[float, ...]:
        """The standard errors of the parameters' logarithms."""
        return tuple(math.sqrt(math.fsum(x * x for x in row)) for row in self.root)

    def drawn(self, normal: Callable[[], float]) -> AnyCurve:
        """A curve as likely as any other, for Thompson sampling; `normal` gives standard normal numbers."""
        shape = Shape(self.curve.kind)
        z = [normal() for _ in self.root]
        moves = [math.fsum(x * y for x, y in zip(row, z, strict=True)) for row in self.root]
        logs = [old + move for old, move in zip(_logs(self.curve), moves, strict=True)]
        return _curve(shape, logs)


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before: a curve, and the standard deviation of its parameters' logarithms."""

    curve: AnyCurve
    spread: float = 1.0


def fit(
    points: Sequence[tuple[float, float]], shape: Shape, *, prior: Prior | None = None, noise: float | None = None
) -> Fit:
    """The curve of a family nearest to (spend, result) pairs.

    `noise` is the results' standard deviation, estimated from the residuals if None. Raises InvalidRequestError for
    too few different spends, for numbers below 0, and where no result is above 0.
    """
    _check(points, shape, prior)
    start = min(_starts(points, shape), key=lambda each: _squares(points, shape, each))
    sure = _improved(points, shape, start, None, 1.0)
    sigma = noise if noise is not None else _noise(points, shape, sure)
    logs = sure if prior is None else _improved(points, shape, sure, prior, sigma)
    normal, _ = _equations(points, shape, logs, prior, sigma)
    root = _root([[x / sigma**2 for x in row] for row in normal]) if sigma else _nothing(len(logs))
    found = Fit(_curve(shape, logs), sigma, root, False)
    spends = {x for x, _ in points if x > 0}
    weak = max(found.errors) > _WEAK or len(spends) <= len(logs) or max(spends) < 1.5 * min(spends)
    return Fit(found.curve, sigma, root, weak)


def _check(points: Sequence[tuple[float, float]], shape: Shape, prior: Prior | None) -> None:
    need = {Shape.LOG: 2, Shape.POWER: 2, Shape.HILL: 3}[shape] if prior is None else 1
    bad = [pair for pair in points if not (0 <= pair[0] < math.inf and 0 <= pair[1] < math.inf)]
    if bad:
        raise _refuse(bad[0], "spend and result are numbers of at least 0", "leave this point out or correct it")
    different = len({x for x, y in points if x > 0})
    if different < need:
        raise _refuse(
            different, f"{different} different spends above 0 do not make a {shape.value} curve", f"at least {need}"
        )
    if not any(y > 0 for _, y in points):
        raise _refuse(0, "no result is above 0", "a campaign without results has no curve; give it one by hand")
    if prior is not None and prior.curve.kind != shape.value:
        raise _refuse(prior.curve.kind, f"the prior is no {shape.value} curve", "give a prior of the same family")


def _starts(points: Sequence[tuple[float, float]], shape: Shape) -> list[list[float]]:
    """Places on a coarse grid, with the best `a` of each."""
    middle = math.exp(math.fsum(math.log(x) for x, _ in points if x > 0) / sum(x > 0 for x, _ in points))
    spans = [math.log(middle * span) for span in _SPANS]
    rests: list[tuple[float, ...]]
    if shape is Shape.POWER:
        rests = [(math.log(p / (1 - p)),) for p in (0.1, 0.3, 0.5, 0.7, 0.9)]
    elif shape is Shape.LOG:
        rests = [(span,) for span in spans]
    else:
        rests = [(span, math.log(slope)) for span, slope in product(spans, _SLOPES)]
    return [[_scale(points, shape, rest), *rest] for rest in rests]


def _scale(points: Sequence[tuple[float, float]], shape: Shape, rest: tuple[float, ...]) -> float:
    unit = _curve(shape, [0.0, *rest])
    shapes = [unit.value(x) for x, _ in points]
    above = math.fsum(g * y for g, (_, y) in zip(shapes, points, strict=True))
    return math.log(above / math.fsum(g * g for g in shapes))


def _curve(shape: Shape, logs: Sequence[float]) -> AnyCurve:
    values = [math.exp(min(max(each, -300.0), 300.0)) for each in logs]
    if shape is Shape.LOG:
        return LogCurve(a=values[0], b=values[1])
    if shape is Shape.POWER:
        return PowerCurve(a=values[0], p=min(max(values[1] / (1 + values[1]), 1e-12), 1 - 1e-12))
    return HillCurve(a=values[0], k=values[1], s=min(values[2], 50.0))


def _logs(curve: AnyCurve) -> list[float]:
    if isinstance(curve, LogCurve):
        return [math.log(curve.a), math.log(curve.b)]
    if isinstance(curve, PowerCurve):
        return [math.log(curve.a), math.log(curve.p / (1 - curve.p))]
    return [math.log(curve.a), math.log(curve.k), math.log(curve.s)]


# Least squares ----------------------------------------------------------------------------------------------------


def _residuals(
    points: Sequence[tuple[float, float]], shape: Shape, logs: Sequence[float], prior: Prior | None, sigma: float
) -> list[float]:  # fmt: skip
    curve = _curve(shape, logs)
    own = [y - curve.value(x) for x, y in points]
    if prior is None:
        return own
    pulled = zip(logs, _logs(prior.curve), strict=True)
    return own + [(before - now) * sigma / prior.spread for now, before in pulled]


def _squares(
    points: Sequence[tuple[float, float]], shape: Shape, logs: Sequence[float], prior: Prior | None = None,
    sigma: float = 1.0,
) -> float:  # fmt: skip
    return math.fsum(r * r for r in _residuals(points, shape, logs, prior, sigma))


def _noise(points: Sequence[tuple[float, float]], shape: Shape, logs: Sequence[float]) -> float:
    return math.sqrt(_squares(points, shape, logs) / max(1, len(points) - len(logs)))


def _equations(
    points: Sequence[tuple[float, float]], shape: Shape, logs: list[float], prior: Prior | None, sigma: float
) -> tuple[list[list[float]], list[float]]:  # fmt: skip
    """The normal equations: slopes times slopes, and slopes times residuals."""
    slopes = []
    for j in range(len(logs)):
        sides = [[x + side * _SMALL * (n == j) for n, x in enumerate(logs)] for side in (-1, 1)]
        less, more = (_residuals(points, shape, each, prior, sigma) for each in sides)
        slopes.append([(a - b) / (2 * _SMALL) for a, b in zip(less, more, strict=True)])
    rest = _residuals(points, shape, logs, prior, sigma)
    normal = [[math.fsum(a * b for a, b in zip(one, two, strict=True)) for two in slopes] for one in slopes]
    return normal, [math.fsum(a * r for a, r in zip(one, rest, strict=True)) for one in slopes]


def _improved(
    points: Sequence[tuple[float, float]], shape: Shape, start: list[float], prior: Prior | None, sigma: float
) -> list[float]:  # fmt: skip
    logs, damp = start, 1e-3
    best = _squares(points, shape, logs, prior, sigma)
    for _ in range(_STEPS):
        normal, right = _equations(points, shape, logs, prior, sigma)
        damped = [[x + (damp * x + 1e-300 if n == m else 0.0) for n, x in enumerate(r)] for m, r in enumerate(normal)]
        step = _solved(damped, right)
        moved = [x + min(max(d, -2.0), 2.0) for x, d in zip(logs, step, strict=True)]
        squares = _squares(points, shape, moved, prior, sigma)
        if squares < best:
            logs, best, damp = moved, squares, damp / 5
        elif damp > 1e12 or max(map(abs, step)) < 1e-15:
            break
        else:
            damp *= 4
    return logs


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss's elimination with the largest pivot."""
    rows = [[*row, r] for row, r in zip(matrix, right, strict=True)]
    for n in range(len(rows)):
        pivot = max(range(n, len(rows)), key=lambda m: abs(rows[m][n]))
        rows[n], rows[pivot] = rows[pivot], rows[n]
        if rows[n][n] == 0:
            return [0.0] * len(rows)
        for m in range(len(rows)):
            if m != n:
                part = rows[m][n] / rows[n][n]
                rows[m] = [a - part * b for a, b in zip(rows[m], rows[n], strict=True)]
    return [row[-1] / row[n] for n, row in enumerate(rows)]


def _root(information: list[list[float]]) -> tuple[tuple[float, ...], ...]:
    """The Cholesky root of the inverse; what the data do not tell at all gets a spread of e."""
    size = len(information)
    known = [[x + (1.0 if n == m else 0.0) for n, x in enumerate(row)] for m, row in enumerate(information)]
    columns = [_solved(known, [1.0 if n == m else 0.0 for n in range(size)]) for m in range(size)]
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = columns[i][j] - math.fsum(root[i][k] * root[j][k] for k in range(j))
            root[i][j] = math.sqrt(max(rest, 0.0)) if i == j else rest / root[j][j] if root[j][j] else 0.0
    return tuple(tuple(row) for row in root)


def _nothing(size: int) -> tuple[tuple[float, ...], ...]:
    return tuple((0.0,) * size for _ in range(size))


def _refuse(value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"points: {message}", field="points", value=value, hint=hint, rule="budgets.fit")
