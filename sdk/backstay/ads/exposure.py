"""The most that a budget can cost: what the spend guard adds up, instead of the figure that is set."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from backstay.ads.parts import Budget
from backstay.ads.words import BudgetPeriod
from backstay.errors import InternalError
from backstay.money import Money


def max_daily_exposure(budget: Budget | None, overspend: Mapping[str, Decimal]) -> Money | None:
    """What a budget can cost on one day; a lifetime budget counts whole. None is without a limit.

    `overspend` is the platform's (`Capabilities.overspend`): so many times the figure may be spent on a single day.
    A kind of budget that we do not know has no limit that we know either.

    Raises:
        InternalError: the platform's adapter does not say how far it overspends.
    """
    if budget is None or budget.amount is None or budget.period in {BudgetPeriod.NONE, BudgetPeriod.UNKNOWN}:
        return None
    if budget.period is BudgetPeriod.LIFETIME:
        return budget.amount
    factor = overspend.get(budget.period)
    if factor is None:
        raise InternalError(
            f"how far a {budget.period} budget can be overspent is not declared", field="overspend",
            value=budget.period.value, rule="guard.overspend", hint="declare it: Capabilities.of(..., overspend={...})",
        )  # fmt: skip
    return budget.amount * factor
