"""A ceiling for curves that are no concave ones: what their concave envelopes would bring within the total.

Lagrange's dual: at a price of money, what everybody would gain who pays it, and what all the money costs. The smallest
sum over all prices is never below what any allocation brings; for concave curves it is the optimum itself. Groups and a
least return are left out, which can only raise it.
"""

from __future__ import annotations

import math

from backstay.services.budgets.filling import bisect
from backstay.services.budgets.problem import Item, Problem

_LEAST, _MOST = 1e-12, 1e12
"""Prices, in results for a unit of money."""


def ceiling(problem: Problem) -> float:
    """What no allocation exceeds."""
    price = bisect(lambda price: _wanted(problem, price) > problem.total, _LEAST, _MOST)
    return min(_dual(problem, each) for each in (0.0, _LEAST, price, price * (1 - 1e-12)))


def _dual(problem: Problem, price: float) -> float:
    gains = (_value(item, spend) - price * spend for item in problem.items for spend in (_best(problem, item, price),))
    return price * problem.total + math.fsum(gains)


def _wanted(problem: Problem, price: float) -> float:
    return math.fsum(_best(problem, item, price) for item in problem.items)


def _best(problem: Problem, item: Item, price: float) -> float:
    """Where a campaign gains most at a price: at one of its bounds, off, or where its next unit brings the price."""
    high = min(item.high, max(problem.total, item.low))  # nobody spends more than there is
    inside = item.curve.spend_at(price) if price > 0 else high
    places = [item.low, high, min(max(inside, item.low), high), *([0.0] if item.off else [])]
    return max(places, key=lambda spend: (_value(item, spend) - price * spend, -spend))


def _value(item: Item, spend: float) -> float:
    return item.curve.value(spend)
