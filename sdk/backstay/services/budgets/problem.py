"""What is to be decided: campaigns with their curves and bounds, groups with caps, and the refusals of what cannot be.

All numbers are floats of one currency; Money begins and ends in `plan`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from backstay.errors import InvalidRequestError
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve

AnyCurve = LogCurve | PowerCurve | HillCurve
_CLOSE = 1e-9
"""Relative: sums of floats that differ by less are equal."""


@dataclass(frozen=True, slots=True)
class Item:
    """One campaign: nothing, or between `low` and `high`; `off` says whether nothing is allowed."""

    name: str
    curve: AnyCurve
    low: float = 0.0
    high: float = math.inf
    off: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Campaigns that may not spend more than `cap` together (an account, a platform); groups nest or are apart."""

    name: str
    cap: float
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Maximise the sum of all curves' values within `total`."""

    items: tuple[Item, ...]
    total: float
    groups: tuple[Group, ...] = ()
    min_return: float | None = None
    """The whole value must be at least so many times the whole spend."""

    def __post_init__(self) -> None:
        _check(self)

    def value(self, spends: dict[str, float]) -> float:
        """What an allocation brings."""
        return math.fsum(item.curve.value(spends[item.name]) for item in self.items)


@dataclass(frozen=True, slots=True)
class Solution:
    """Spends by name."""

    spends: dict[str, float]
    value: float
    price: float | None
    """What one more unit of money would bring: the common marginal of the free ones; None where there is none."""
    full: frozenset[str] = field(default_factory=frozenset)
    """Groups that are at their cap."""
    method: str = "water-filling"
    ceiling: float | None = None
    """No allocation brings more; None where this one is exact."""


def _check(problem: Problem) -> None:
    names = [item.name for item in problem.items]
    if not names or len(set(names)) < len(names):
        raise _refuse("items", names, "campaigns of different names are needed", "name each campaign once")
    if not (math.isfinite(problem.total) and problem.total >= 0):
        raise _refuse("total", problem.total, "no amount", "give a finite amount of at least 0")
    for item in problem.items:
        if not 0 <= item.low <= item.high:
            message = f"{item.name} has bounds {item.low:g} to {item.high:g}"
            cure = "give 0 <= low <= high, and a total of at least low"
            raise infeasible(f"{item.name}.low", item.low, message, cure)
    _check_groups(problem.groups, frozenset(names))
    require_room("the budget", problem.items, problem.total)
    for group in problem.groups:
        require_room(group.name, [item for item in problem.items if item.name in group.members], group.cap)


def _check_groups(groups: Sequence[Group], names: frozenset[str]) -> None:
    for number, group in enumerate(groups):
        if unknown := group.members - names:
            raise _refuse("groups", sorted(unknown), f"{group.name} has members that are no campaigns", "correct them")
        for other in groups[:number]:
            common = group.members & other.members
            if common and common not in (group.members, other.members):
                raise _refuse(
                    "groups", [other.name, group.name], f"{other.name} and {group.name} overlap",
                    "let one hold all members of the other, or none of them",
                )  # fmt: skip


def require_room(name: str, items: Sequence[Item], cap: float) -> None:
    """Refuse lower bounds that add up to more than there is."""
    least = math.fsum(item.low for item in items if not item.off)
    if least > cap * (1 + _CLOSE):
        raise infeasible(
            "total", cap, f"the lower bounds add up to {least:g}, {name} is {cap:g}",
            f"lower the bounds by {least - cap:g} in all, or raise the amount",
        )  # fmt: skip


def infeasible(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    """The refusal of a problem that has no solution."""
    return InvalidRequestError(f"infeasible: {message}", field=field, value=value, hint=hint, rule="budgets.infeasible")


def _refuse(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint, rule="budgets.problem")
