"""New budgets: absolute, within their bounds, and rounded down to the currency's step."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from backstay.ads import Money
from backstay.services.rules.history import Done
from backstay.services.rules.rule import Limits, ScaleBudget, SetBid, SetBudget
from backstay.services.rules.words import Kind, Reason

WHOLE: Final = frozenset({
    "BIF", "CLP", "COP", "CRC", "DJF", "GNF", "HUF", "IDR", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "TWD", "UGX",
    "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
"""Currencies of which whole units only are written: those without a minor unit (ISO 4217), and those that Meta
counts in whole units (developers.facebook.com/docs/marketing-api/currencies)."""


def rounded(amount: Decimal, currency: str) -> Money:
    """Down: never more money than the rule says."""
    step = Decimal(1) if currency in WHOLE else Decimal("0.01")
    return Money(amount.quantize(step, ROUND_FLOOR), currency)


def wanted(action: SetBudget | ScaleBudget | SetBid, now: Money) -> Money:
    """What the action asks for, before the limits."""
    if not isinstance(action, ScaleBudget):
        return action.amount
    amount = now.amount * (100 + action.percent) / 100
    if action.most is not None:
        amount = min(amount, action.most.amount)
    if action.least is not None:
        amount = max(amount, action.least.amount)
    return rounded(amount, now.currency)


def bounded(limits: Limits, now: Money, new: Money, today: Iterable[Done]) -> tuple[Money, Reason | None]:
    """The budget within all limits, and the limit that stopped it last."""
    first = next((each.before for each in today if each.before is not None), now)
    found, reason, up = new.amount, None, new.amount > now.amount
    for bound, why in _bounds(limits, now, first, up=up):
        if found > bound if up else found < bound:
            found, reason = bound, why
    found = max(found, now.amount) if up else min(found, now.amount)  # a bound never turns a raise into a cut
    result = rounded(found, now.currency) if found != now.amount else now
    if not up and result.amount < found and reason is not None:  # a floor is no floor when rounded below it
        result = _up(found, now.currency)
    return result, reason


def _bounds(limits: Limits, now: Money, first: Money, *, up: bool) -> Iterable[tuple[Decimal, Reason | None]]:
    sign = 1 if up else -1
    edge = limits.ceiling if up else limits.floor
    if limits.max_change is not None:
        yield now.amount * (100 + sign * limits.max_change) / 100, None
    if limits.max_change_per_day is not None:
        yield first.amount * (100 + sign * limits.max_change_per_day) / 100, Reason.MAX_CHANGE_PER_DAY
    if edge is not None:
        yield edge.amount, Reason.CEILING if up else Reason.FLOOR


def _up(amount: Decimal, currency: str) -> Money:
    return -rounded(-amount, currency)


def kind_of(now: Money, new: Money) -> Kind:
    """Whether a budget goes up or down."""
    return Kind.INCREASE if new.amount > now.amount else Kind.DECREASE


def currencies(action: SetBudget | ScaleBudget | SetBid, limits: Limits) -> set[str]:
    """Of all amounts that a rule names."""
    own = (action.least, action.most) if isinstance(action, ScaleBudget) else (action.amount,)
    return {each.currency for each in (*own, limits.floor, limits.ceiling) if each is not None}
