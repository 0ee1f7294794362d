"""Rules and objects for tests, by what differs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backstay.ads import Budget, DateRange, Level, Money, Platform, Ref
from backstay.services.rules.decide import Decision, Inputs, decide
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.rule import Rule

AT = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
ALWAYS = {"metric": "spend", "op": ">=", "value": 0}
REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "1")
NO_LIMITS: dict[str, Any] = {"cool_down": 0, "max_change": None, "max_change_per_day": None}


def rule(id: str = "r", when: Any = ALWAYS, do: Any = "pause", **facts: Any) -> Rule:  # noqa: A002 - the field's name
    """A rule that is always true and pauses, unless told otherwise; a number scales the budget by so many percent."""
    action = {"do": do} if isinstance(do, str) else {"do": "scale_budget", "percent": do}
    return Rule(**{"id": id, "when": when, "then": [action], "mode": "apply", "limits": NO_LIMITS, **facts})


def facts(budget: str = "100.00 USD", at: datetime = AT, **changes: Any) -> Facts:
    """An active campaign with numbers of today."""
    money = Money.of(budget)
    told = {name: changes.pop(name) for name in tuple(changes) if name in Numbers.model_fields}
    spent = {"spend": Money(Decimal(60), money.currency), "impressions": 1_000, "clicks": 50, "fetched_at": at}
    numbers = Numbers(**{"window": "today", "days": DateRange(at.date(), at.date()), **spent, **told})
    base = {"ref": REF, "zone": ZoneInfo("UTC"), "currency": money.currency, "budget": Budget.daily(money)}
    return Facts(**{**base, "numbers": (numbers,), **changes})


def decisions(rules: Any, objects: Any = None, at: datetime = AT, **more: Any) -> list[Decision]:
    """What is decided."""
    some = tuple(rules) if isinstance(rules, list | tuple) else (rules,)
    seen = (facts(at=at),) if objects is None else tuple(objects) if isinstance(objects, list) else (objects,)
    return list(decide(Inputs(run="1", at=at, rules=some, facts=seen, **more)).decisions)
