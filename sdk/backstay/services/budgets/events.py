"""Progress of a plan that is carried out, in the stream of all events."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.events.model import Event
from backstay.services.events import ServiceTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetMoved(Event):
    """A budget was written and read back, or was found as the plan wants it."""

    name = "budget_moved"
    plan: str
    campaign: str
    ref: str
    before: str
    after: str
    done: int
    """Of so many moves, with this one."""
    moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetsApplied(Event):
    """A plan is carried out to its end."""

    name = "budgets_applied"
    plan: str
    moves: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTrouble(ServiceTrouble):
    """A plan stopped before its end; nothing is lost, and the same plan goes on where it was."""

    name = "budget_trouble"
    plan: str
    campaign: str | None
    """The one whose write was begun last; None before any was."""
