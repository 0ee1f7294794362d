"""Conditions judged in three values, exactly, with a trace of every node."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from backstay.services.rules.condition import All, Any, Comparison, MinData, Node, Window, children
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.words import IfUndefined, Metric, Op, Truth
from backstay.spec import Spec

_SHOWN: Final = Decimal("0.000001")


class Trace(Spec):
    """One node's truth, and of a comparison the two sides."""

    node: str
    truth: Truth
    left: Decimal | None = None
    """Rounded to six digits; it was compared exactly."""
    right: Decimal | None = None
    note: str | None = None
    under: tuple[Trace, ...] = ()


class Quantity(NamedTuple):
    """An exact value, or None with what it is at least."""

    value: Fraction | None
    least: Fraction | None = None


def evaluate(node: Node, facts: Facts) -> Trace:
    """The truth of a condition on an object."""
    if isinstance(node, Comparison):
        return _compared(node, facts)
    under = tuple(evaluate(child, facts) for child in children(node))
    if isinstance(node, All):
        return Trace(node="all", truth=both(each.truth for each in under), under=under)
    if isinstance(node, Any):
        return Trace(node="any", truth=either(each.truth for each in under), under=under)
    return Trace(node="no", truth=opposite(under[0].truth), under=under)


def both(truths: Iterable[Truth]) -> Truth:
    """AND: false if one is, else undefined if one is."""
    found = set(truths)
    return next((each for each in (Truth.FALSE, Truth.UNDEFINED) if each in found), Truth.TRUE)


def either(truths: Iterable[Truth]) -> Truth:
    """OR: true if one is, else undefined if one is."""
    found = set(truths)
    return next((each for each in (Truth.TRUE, Truth.UNDEFINED) if each in found), Truth.FALSE)


def opposite(truth: Truth) -> Truth:
    """NOT: what is undefined stays so."""
    return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(truth, truth)


# Comparisons --------------------------------------------------------------------------------------------------------


def _compared(each: Comparison, facts: Facts) -> Trace:
    name = f"{each.metric.value} {each.window.key} {each.op.value}"
    left, right = quantity(each.metric, each.window, facts), _right(each, facts)
    note = _missing(each.min_data, facts.of(each.window.key)) or _currency(each, facts)
    if note is not None:
        truth = Truth.UNDEFINED
    elif left.value is not None and right.value is not None:
        truth = _truth(_holds(each.op, left.value, right.value))
    else:
        truth, note = _undefined(each, left, right)
    return Trace(node=name, truth=truth, left=_shown(left.value), right=_shown(right.value), note=note)


def _undefined(each: Comparison, left: Quantity, right: Quantity) -> tuple[Truth, str]:
    side = each.metric.value if left.value is None else "the other side"
    if each.if_undefined is IfUndefined.USE_BOUND and left.least is not None and right.value is not None:
        return _bounded(each.op, left.least, right.value), f"{side} has no value and is at least {_shown(left.least)}"
    if each.if_undefined in {IfUndefined.TRUE, IfUndefined.FALSE}:
        return Truth(each.if_undefined.value), f"{side} has no value"
    return Truth.UNDEFINED, f"{side} has no value"


def _bounded(op: Op, least: Fraction, right: Fraction) -> Truth:
    """What is known of a value that is at least `least`."""
    above, reached = least > right, least >= right
    known = {
        Op.GREATER_THAN: (above, Truth.TRUE), Op.AT_LEAST: (reached, Truth.TRUE), Op.LESS_THAN: (reached, Truth.FALSE),
        Op.AT_MOST: (above, Truth.FALSE), Op.EQUAL: (above, Truth.FALSE), Op.NOT_EQUAL: (above, Truth.TRUE),
    }  # fmt: skip
    sure, truth = known[op]
    return truth if sure else Truth.UNDEFINED


def _holds(op: Op, left: Fraction, right: Fraction) -> bool:
    return {
        Op.GREATER_THAN: left > right, Op.AT_LEAST: left >= right, Op.LESS_THAN: left < right,
        Op.AT_MOST: left <= right, Op.EQUAL: left == right, Op.NOT_EQUAL: left != right,
    }[op]  # fmt: skip


def _right(each: Comparison, facts: Facts) -> Quantity:
    if each.of is not None:
        other = quantity(each.of.metric, each.of.window, facts)
        return Quantity(None if other.value is None else other.value * Fraction(each.of.factor))
    return Quantity(Fraction(each.value if each.money is None else each.money.amount))  # type: ignore[arg-type]  # one is given


def _missing(least: MinData, numbers: Numbers) -> str | None:
    """Which minimum of data is not there."""
    spend = Decimal(0) if numbers.spend is None else numbers.spend.amount
    short = {
        "spend": least.spend is not None and spend < least.spend.amount,
        "impressions": numbers.impressions < least.impressions, "clicks": numbers.clicks < least.clicks,
        "conversions": numbers.conversions < least.conversions,
    }  # fmt: skip
    return next((f"fewer {name} than min_data" for name, fails in short.items() if fails), None)


def _currency(each: Comparison, facts: Facts) -> str | None:
    told = [money for money in (each.money, each.min_data.spend) if money is not None]
    other = [money for money in told if money.currency != facts.currency]
    return f"{other[0]} on an account of {facts.currency}" if other else None


def _truth(holds: bool) -> Truth:  # noqa: FBT001 - what it turns into a word
    return Truth.TRUE if holds else Truth.FALSE


def _shown(value: Fraction | None) -> Decimal | None:
    if value is None:
        return None
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(_SHOWN).normalize() + 0


# Metrics ------------------------------------------------------------------------------------------------------------


def quantity(metric: Metric, window: Window, facts: Facts) -> Quantity:
    """A metric's exact value; none without rows, or with nothing to divide by."""
    numbers = facts.of(window.key)
    if not numbers.known:
        return Quantity(None)
    spend = None if numbers.spend is None else Fraction(numbers.spend.amount)
    revenue = None if numbers.revenue is None else Fraction(numbers.revenue.amount)
    impressions, clicks, results = (
        Fraction(numbers.impressions),
        Fraction(numbers.clicks),
        Fraction(numbers.conversions),
    )
    plain = {
        Metric.SPEND: spend, Metric.REVENUE: revenue, Metric.IMPRESSIONS: impressions, Metric.CLICKS: clicks,
        Metric.CONVERSIONS: results,
    }  # fmt: skip
    if metric in plain:
        return Quantity(plain[metric])
    thousand = None if spend is None else spend * 1000
    above, below = {
        Metric.CTR: (clicks, impressions), Metric.CVR: (results, clicks), Metric.CPC: (spend, clicks),
        Metric.CPM: (thousand, impressions), Metric.CPA: (spend, results), Metric.ROAS: (revenue, spend),
    }[metric]  # fmt: skip
    if above is None or below is None:
        return Quantity(None)
    bound = above if metric in {Metric.CPA, Metric.CPC, Metric.CPM} else None
    return Quantity(above / below) if below else Quantity(None, bound)
