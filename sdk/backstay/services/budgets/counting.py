"""What one unit of a budget counts in the total: its exchange rate, times what its platform may overspend."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from backstay.ads import Money
from backstay.errors import InvalidRequestError, SpendGuardError
from backstay.policies.exchange import Rates
from backstay.services.budgets.curves import HillCurve, LogCurve
from backstay.services.budgets.problem import AnyCurve
from backstay.services.budgets.settings import Candidate, Limits

_MANY: Final = 1_000_000
"""Rates are rounded up to a millionth, so they are asked for this many units at once."""


def counts(candidate: Candidate, limits: Limits, rates: Rates | None, today: date) -> Decimal:
    """Never too little; raises InvalidRequestError without a rate of these days, or an overspend that counts."""
    factor = candidate.overspend if limits.exposure else Decimal(1)
    if factor is None:
        raise InvalidRequestError(
            f"how far {candidate.name} can be overspent is not said", field=f"{candidate.name}.overspend", value=None,
            rule="budgets.exposure", hint="give adapter.capabilities.overspend of the budget's period, or 1",
        )  # fmt: skip
    return factor * _rate(candidate, limits.total.currency, rates, today)


def counted(candidates: Sequence[Candidate], by: Sequence[Decimal], currency: str) -> list[Candidate]:
    """The same campaigns in the money of the total."""
    return [_in(each, factor, currency) for each, factor in zip(candidates, by, strict=True)]


def own(candidate: Candidate, inside: Candidate, amount: Decimal) -> Money:
    """An amount of the total's money as the campaign's own budget: whole units, or what it has now."""
    if amount == inside.budget.amount:
        return candidate.budget
    return candidate.unit * (amount / inside.unit.amount).to_integral_value()


def _in(each: Candidate, factor: Decimal, currency: str) -> Candidate:
    if factor == 1 and each.budget.currency == currency:
        return each
    money = {name: getattr(each, name) for name in ("budget", "unit", "low", "high")}
    told = {name: Money(it.amount * factor, currency) for name, it in money.items() if it is not None}
    return each.but(**told, curve=stretched(each.curve, float(factor)), spread=())


def stretched(curve: AnyCurve, factor: float) -> AnyCurve:
    """The same results for `factor` times the figure."""
    if isinstance(curve, LogCurve):
        return curve.but(b=curve.b * factor)
    if isinstance(curve, HillCurve):
        return curve.but(k=curve.k * factor)
    return curve.but(a=curve.a * factor**-curve.p)


def _rate(each: Candidate, to: str, rates: Rates | None, today: date) -> Decimal:
    if each.budget.currency == to:
        return Decimal(1)
    if rates is None:
        raise _refuse(each, f"{each.name} is in {each.budget.currency}, the total in {to}")
    try:
        return rates.convert(Decimal(_MANY), each.budget.currency, to, today) / _MANY
    except SpendGuardError as error:  # the same table as the guard's, asked for by a plan
        raise _refuse(each, f"{each.name}: {error.message}") from None


def _refuse(each: Candidate, message: str) -> InvalidRequestError:
    return InvalidRequestError(
        message, field=f"{each.name}.budget", value=str(each.budget), rule="budgets.rates",
        hint="convert with a dated rate of yours: plan(..., rates=Rates(day, currency, {...}))",
    )  # fmt: skip
