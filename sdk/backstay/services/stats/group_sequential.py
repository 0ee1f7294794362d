"""Looks that are planned: what bounds cost in all, and the bounds of Pocock and of O'Brien and Fleming.

The chance to cross is computed by the exact recursion over the looks (Armitage, McPherson, Rowe 1969).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

from backstay.policies.settings import refuse, whole
from backstay.services.stats.proportions import check_alpha
from backstay.services.stats.special import normal_density, normal_quantile

POINTS: Final = 96
"""Nodes of the quadrature for one look."""
MOST_LOOKS: Final = 100


class Bound(StrEnum):
    """How the bounds go over the looks."""

    POCOCK = "pocock"
    """The same at each look."""
    OBRIEN_FLEMING = "obrien_fleming"
    """High at first: c·sqrt(K / k)."""


def crossing_chance(bounds: Sequence[float]) -> float:
    """Chance under no difference that |z| reaches its bound at one of the equally spaced looks."""
    if not bounds or len(bounds) > MOST_LOOKS or min(bounds) <= 0:
        refuse("bounds", list(bounds)[:8], f"1 to {MOST_LOOKS} bounds above 0")
    nodes, heights = _first(bounds[0])
    for k, bound in enumerate(bounds[1:], start=2):
        nodes, heights = _next(nodes, heights, bound * math.sqrt(k))
    return 1 - math.fsum(heights)


def bounds_of(kind: Bound, looks: int, alpha: float = 0.05) -> tuple[float, ...]:
    """The bounds of |z| for `looks` equally spaced looks, which cost `alpha` in all; by bisection."""
    whole("looks", looks, 1, MOST_LOOKS)
    return _bounds(kind, looks, check_alpha(alpha))


@functools.lru_cache(maxsize=64)
def _bounds(kind: Bound, looks: int, alpha: float) -> tuple[float, ...]:
    low, high = normal_quantile(1 - alpha / 2) * 0.999, normal_quantile(1 - alpha / looks / 4) * 1.5
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if crossing_chance(_shape(kind, middle, looks)) > alpha else (low, middle)
    return _shape(kind, (low + high) / 2, looks)


def _shape(kind: Bound, c: float, looks: int) -> tuple[float, ...]:
    factor: Callable[[int], float] = (lambda _: 1.0) if kind is Bound.POCOCK else (lambda k: math.sqrt(looks / k))
    return tuple(c * factor(k) for k in range(1, looks + 1))


def fixed_bounds(looks: int, alpha: float = 0.05) -> tuple[float, ...]:
    """The bound of a single look at every look: what peeking does."""
    return (normal_quantile(1 - check_alpha(alpha) / 2),) * looks


def _first(bound: float) -> tuple[list[float], list[float]]:
    nodes = [bound * x for x, _ in _legendre(POINTS)]
    weights = [bound * w for _, w in _legendre(POINTS)]
    return nodes, [w * normal_density(x) for x, w in zip(nodes, weights, strict=True)]


def _next(before: list[float], heights: list[float], edge: float) -> tuple[list[float], list[float]]:
    """The density of the sum after one more look, inside of the bounds so far, times the nodes' weights."""
    nodes = [edge * x for x, _ in _legendre(POINTS)]
    found = []
    for node, (_, weight) in zip(nodes, _legendre(POINTS), strict=True):
        density = math.fsum(h * normal_density(node - x) for x, h in zip(before, heights, strict=True))
        found.append(edge * weight * density)
    return nodes, found


@functools.cache
def _legendre(n: int) -> tuple[tuple[float, float], ...]:
    """Nodes and weights of Gauss and Legendre on [-1, 1], by Newton's method."""
    found = []
    for i in range(n):
        x = math.cos(math.pi * (i + 0.75) / (n + 0.5))
        for _ in range(100):
            value, slope = _polynomial(n, x)
            x -= value / slope
            if abs(value / slope) < 1e-15:
                break
        slope = _polynomial(n, x)[1]
        found.append((x, 2 / ((1 - x * x) * slope * slope)))
    return tuple(sorted(found))


def _polynomial(n: int, x: float) -> tuple[float, float]:
    """Legendre's polynomial of degree n and its slope."""
    before, now = 1.0, x
    for k in range(2, n + 1):
        before, now = now, ((2 * k - 1) * x * now - (k - 1) * before) / k
    return now, n * (x * now - before) / (x * x - 1)
