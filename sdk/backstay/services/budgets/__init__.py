"""Budgets of campaigns on any platforms: where the next unit of money brings most, planned and carried out safely."""

from backstay.services.budgets.apply import BudgetApply
from backstay.services.budgets.book import BudgetRun
from backstay.services.budgets.bounds import Binds
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.explore import explore
from backstay.services.budgets.fitting import Fit, Prior, Shape, fit
from backstay.services.budgets.history import (
    Completion,
    History,
    Result,
    completion_of,
    history_of,
    read_histories,
)
from backstay.services.budgets.pacing import Pace, pace
from backstay.services.budgets.plan import BudgetPlan, Change, plan
from backstay.services.budgets.settings import Candidate, Cap, Limits

__all__ = [
    "Binds",
    "BudgetApply",
    "BudgetPlan",
    "BudgetRun",
    "Candidate",
    "Cap",
    "Change",
    "Completion",
    "Fit",
    "HillCurve",
    "History",
    "Limits",
    "LogCurve",
    "Pace",
    "PowerCurve",
    "Prior",
    "Result",
    "Shape",
    "completion_of",
    "explore",
    "fit",
    "history_of",
    "pace",
    "plan",
    "read_histories",
]
