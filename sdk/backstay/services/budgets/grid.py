"""Dynamic programming on a grid of money: for curves like an S, and for campaigns that are off or at least `low`.

G grid steps cost n · G² operations. Afterwards the grid is made finer around what was found; where all curves are
concave, water-filling gives the exact amounts of those that are on.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Final

from backstay.errors import InvalidRequestError
from backstay.services.budgets.ceiling import ceiling
from backstay.services.budgets.filling import Node, fill, tree_of
from backstay.services.budgets.problem import Item, Problem, Solution, infeasible

GRID: Final = 500
_FINER: Final = 6
"""Times that the grid is made finer, each time by ten."""
_AROUND: Final = 20
"""Steps of the finer grid for each campaign."""
_CLOSE: Final = 1e-9

_Cells = dict[int, tuple[float, Any]]
"""By the number of grid steps that are spent: the best value, and the choices that make it, the last one first."""


def solve(problem: Problem, grid: int = GRID) -> Solution:
    """The best allocation of any curves; raises InvalidRequestError if there is none."""
    problem = replace(problem, items=tuple(_simple(item) for item in problem.items))
    if all(item.curve.concave and not item.off for item in problem.items):
        return fill(problem)
    found = _on_grid(problem, grid)
    if found is None:
        raise infeasible(
            "min_return", problem.min_return, f"a return of {problem.min_return} cannot be had",
            "lower min_return, or the lower bounds",
        )  # fmt: skip
    if all(item.curve.concave for item in problem.items):
        return _switched(problem, found)
    found = _finer(problem, found, problem.total / grid)
    full = frozenset(g.name for g in problem.groups if math.fsum(found[m] for m in g.members) >= g.cap * (1 - _CLOSE))
    return Solution(found, problem.value(found), None, full, "dynamic programming", ceiling(problem))


def _simple(item: Item) -> Item:
    """Off, where on begins at nothing, is no other state."""
    return replace(item, off=False) if item.off and item.low == 0 else item


def _finer(problem: Problem, found: dict[str, float], step: float) -> dict[str, float]:
    for _ in range(_FINER):
        narrow = replace(problem, items=tuple(_near(item, found[item.name], step) for item in problem.items))
        better = _on_grid(narrow, _AROUND * len(narrow.items))
        found = better if better is not None and problem.value(better) > problem.value(found) else found
        step /= 10
    return found


def _switched(problem: Problem, found: dict[str, float]) -> Solution:
    """The exact amounts of those that are on; then each is switched as long as that brings more.

    The grid decides among its own amounts only, so a close call may go the other way between them.
    """
    on = {item.name for item in problem.items if found[item.name] > 0 or not item.off}
    best = _filled(problem, on)
    names = [item.name for item in problem.items if item.off]
    better = True
    while better:
        tried = [(each, _filled(problem, each)) for each in (on ^ {name} for name in names)]
        more = max(tried, key=lambda each: -math.inf if each[1] is None else each[1].value, default=(on, None))
        better = more[1] is not None and (best is None or more[1].value > best.value * (1 + _CLOSE))
        if better:
            on, best = more
    if best is None:
        raise infeasible("total", problem.total, "no choice of campaigns fits", "lower the bounds or min_return")
    return replace(best, method="dynamic programming, then water-filling", ceiling=ceiling(problem))


def _filled(problem: Problem, on: set[str]) -> Solution | None:
    items = tuple(_settled(item, float(item.name in on)) for item in problem.items)
    try:
        return fill(replace(problem, items=items))
    except InvalidRequestError as error:
        if error.rule != "budgets.infeasible":
            raise
        return None


def _settled(item: Item, spend: float) -> Item:
    """Off for good, or on for good."""
    off = item.off and spend == 0
    return replace(item, off=False, low=0.0, high=0.0) if off else replace(item, off=False)


def _near(item: Item, spend: float, step: float) -> Item:
    settled = _settled(item, spend)
    return replace(settled, low=max(settled.low, spend - step), high=min(settled.high, spend + step))


def _on_grid(problem: Problem, grid: int) -> dict[str, float] | None:
    """The best amounts among those of the grid; None if none brings the least return."""
    root = tree_of(problem)
    spare = _reach(root) - _base(root)
    step = max(spare, 0.0) / grid if spare > _CLOSE * root.cap else math.inf
    told = ((value, _spends(chain)) for value, chain in _cells(root, step, grid).values())
    returning = ((value, spends) for value, spends in told if _returns(problem, value, spends))
    best = max(returning, key=lambda each: each[0], default=None)
    return None if best is None else {item.name: best[1][item.name] for item in problem.items}


def _returns(problem: Problem, value: float, spends: dict[str, float]) -> bool:
    return problem.min_return is None or value >= problem.min_return * math.fsum(spends.values())


def _base(node: Node) -> float:
    """What is spent for certain."""
    return math.fsum(item.low for item in node.leaves() if not item.off)


def _reach(node: Node) -> float:
    """What can be spent at most: a grid over more than that would be coarser for nothing."""
    return min(node.cap, math.fsum([*(item.high for item in node.items), *map(_reach, node.children)]))


def _cells(node: Node, step: float, grid: int) -> _Cells:
    room = min(grid, math.floor((node.cap - _base(node)) / step + _CLOSE)) if node.cap < math.inf else grid
    cells: _Cells = {0: (0.0, None)}
    for item in node.items:
        options = {n: (item.curve.value(x), (item.name, x)) for n, x in _options(item, step, room)}
        cells = _joined(cells, options, room)
    for child in node.children:
        cells = _joined(cells, _cells(child, step, grid), room)
    return cells


def _options(item: Item, step: float, room: int) -> list[tuple[int, float]]:
    """Grid steps and spends that a campaign may have; beyond `low` where it cannot be off."""
    if item.off:
        first = 1 if item.low == 0 else math.ceil(item.low / step - _CLOSE) if step < math.inf else room + 1
        spends = [(n, min(max(n * step, item.low), item.high)) for n in range(first, room + 1)]
        return [(0, 0.0), *_until(spends, item.high)]
    spends = [(n, min(item.low + n * step, item.high) if n else item.low) for n in range(room + 1)]
    return _until(spends, item.high)


def _until(spends: list[tuple[int, float]], high: float) -> list[tuple[int, float]]:
    """The first one that reaches the upper bound is the last."""
    reached = next((place for place, (_, spend) in enumerate(spends) if spend >= high), len(spends))
    return spends[: reached + 1]


def _joined(left: _Cells, right: _Cells, room: int) -> _Cells:
    """The best way to spend each number of steps on both."""
    made: dict[int, tuple[float, int, int]] = {}
    for m, (value, _) in left.items():
        for n, (more, _) in right.items():
            total = m + n
            if total > room:
                break
            if total not in made or value + more > made[total][0]:
                made[total] = value + more, m, n
    return {total: (value, (left[m][1], right[n][1])) for total, (value, m, n) in sorted(made.items())}


def _spends(chain: Any) -> dict[str, float]:
    if chain is None:
        return {}
    if isinstance(chain[0], str):
        return {chain[0]: chain[1]}
    return _spends(chain[0]) | _spends(chain[1])
