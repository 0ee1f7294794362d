"""Water-filling: the exact optimum for concave curves. Every free campaign ends with the same marginal, the price.

KKT: at its lower bound a campaign's marginal is at most the price, at its upper bound at least; a group at its cap has
a higher price of its own inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backstay.services.budgets.problem import Group, Item, Problem, Solution, infeasible

_STEPS = 300


@dataclass(slots=True)
class Node:
    """A group, or the whole, with what is directly in it."""

    name: str
    cap: float
    items: list[Item] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    def demand(self, price: float) -> float:
        """What is spent here at a price."""
        own = [clip(item, price) for item in self.items]
        return min(self.cap, math.fsum([*own, *(child.demand(price) for child in self.children)]))

    def least(self) -> float:
        """The sum of the lower bounds."""
        return math.fsum([*(item.low for item in self.items), *(child.least() for child in self.children)])

    def leaves(self) -> list[Item]:
        """All campaigns, of groups within as well."""
        return [*self.items, *(item for child in self.children for item in child.leaves())]


def fill(problem: Problem) -> Solution:
    """The best allocation of concave curves without `off`; raises InvalidRequestError if there is none."""
    root = tree_of(problem)
    found = _solve(root, min(problem.total, root.demand(0.0)))
    if problem.min_return is None or problem.value(found.spends) >= problem.min_return * _sum(found):
        return _told(problem, found)
    return _told(problem, _returning(problem, root, problem.min_return))


def clip(item: Item, price: float) -> float:
    """What a campaign spends at a price of money."""
    wanted = math.inf if price <= 0 else 0.0 if price == math.inf else item.curve.spend_at(price)
    return min(max(wanted, item.low), item.high)


@dataclass(slots=True)
class _Found:
    spends: dict[str, float]
    price: float | None
    full: set[str] = field(default_factory=set)


def _solve(node: Node, amount: float) -> _Found:
    """Spend exactly `amount` in a group."""
    price = _price(node, amount)
    found = _Found({item.name: clip(item, price) for item in node.items}, price if 0 < price < math.inf else None)
    for child in node.children:
        demand = child.demand(price)
        capped = demand >= child.cap
        inner = _solve(child, demand)
        found.spends |= inner.spends
        found.full |= inner.full | ({child.name} if capped else set())
    _settle(node, found, amount, price)
    return found


def _settle(node: Node, found: _Found, amount: float, price: float) -> None:
    """Spread what the last bit of the price left over, among campaigns that are free and directly here."""
    free = [item for item in node.items if item.low < found.spends[item.name] < item.high]
    rest = amount - math.fsum(found.spends[item.name] for item in node.leaves())
    weight = math.fsum(found.spends[item.name] for item in free)
    for item in free if weight > 0 and price > 0 else ():
        spend = found.spends[item.name]
        found.spends[item.name] = min(max(spend + rest * spend / weight, item.low), item.high)


def _price(node: Node, amount: float) -> float:
    """The price at which a group spends `amount`, by bisection of its logarithm; 0 if all of it fits."""
    free = Node(node.name, math.inf, node.items, node.children)
    if free.demand(0.0) <= amount:
        return 0.0
    if free.least() >= amount:
        return math.inf
    low = high = 1.0
    while free.demand(low) < amount:
        low /= 16
    while free.demand(high) > amount:
        high *= 16
    return bisect(lambda price: free.demand(price) > amount, low, high)


def bisect(too_low: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition on a positive number turns, to the last bit."""
    for _ in range(_STEPS):
        middle = math.sqrt(low) * math.sqrt(high)
        if not low < middle < high:
            break
        low, high = (middle, high) if too_low(middle) else (low, middle)
    return high


def _returning(problem: Problem, root: Node, least: float) -> _Found:
    """The largest spend whose whole value is `least` times itself; value minus `least` times spend is concave."""

    def good(amount: float) -> bool:
        return problem.value(_solve(root, amount).spends) >= least * amount

    best = max(root.demand(least), root.least())
    if not good(best):
        value = problem.value(_solve(root, best).spends)
        raise infeasible(
            "min_return", least, f"a return of {least:g} cannot be had: at best {value:g} for {best:g}",
            "lower min_return, or the lower bounds",
        )  # fmt: skip
    low, high = best, min(problem.total, root.demand(0.0))
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if good(middle) else (low, middle)
    return _solve(root, low)


def tree_of(problem: Problem) -> Node:
    """The problem as a tree: groups in groups, the smallest innermost."""
    root = Node("", problem.total)
    nodes: list[tuple[Group, Node]] = []
    for group in sorted(problem.groups, key=lambda each: -len(each.members)):
        node = Node(group.name, group.cap)
        _home(group.members, nodes, root).children.append(node)
        nodes.append((group, node))
    for item in problem.items:
        _home(frozenset({item.name}), nodes, root).items.append(item)
    return root


def _home(members: frozenset[str], nodes: Sequence[tuple[Group, Node]], root: Node) -> Node:
    holding = [node for group, node in nodes if members <= group.members]
    return holding[-1] if holding else root


def _sum(found: _Found) -> float:
    return math.fsum(found.spends.values())


def _told(problem: Problem, found: _Found) -> Solution:
    spends = {item.name: found.spends[item.name] for item in problem.items}
    return Solution(spends, problem.value(spends), found.price, frozenset(found.full))
