"""A file of budgets: the limits, and the campaigns with their curves.

limits: {total: 100.00 EUR, max_change: 0.2}
campaigns:
  - {name: search, budget: 50.00 EUR, unit: 0.01 EUR, curve: {kind: log, a: 100, b: 10}}
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from backstay.errors import InvalidRequestError
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.settings import Candidate, Limits
from backstay.services.document import read
from backstay.spec import Spec


class _File(Spec):
    limits: dict[str, Any]
    campaigns: tuple[dict[str, Any], ...]
    id: str = "budgets"


def plan_of(path: str | Path, now: datetime) -> BudgetPlan:
    """The plan of a file; raises InvalidRequestError with line and field for what is wrong in it."""
    document = read(path)
    file = document.build(_File)
    limits = document.build(Limits, file.limits, under="limits")
    candidates = [document.build(Candidate, each, under=f"campaigns.{n}") for n, each in enumerate(file.campaigns)]
    try:
        return plan(candidates, limits, now=now, id=file.id)
    except InvalidRequestError as error:
        raise document.placed(error, "limits" if error.field in {"total", "min_return"} else "") from None
