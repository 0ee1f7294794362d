"""BudgetPlan: for each campaign its new budget, why, and what binds; made from numbers alone, nothing is written."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Money, Ref
from backstay.errors import InvalidRequestError, StaleInputError
from backstay.policies.exchange import Rates
from backstay.services.budgets.bounds import Binds, Bounds, bounds_of, fixed
from backstay.services.budgets.counting import counted, counts, own
from backstay.services.budgets.gain import interval
from backstay.services.budgets.grid import solve
from backstay.services.budgets.problem import Group, Item, Problem, Solution
from backstay.services.budgets.settings import Candidate, Limits
from backstay.services.series import differing, require_basis_fields
from backstay.services.store import check_name
from backstay.spec import Spec


class Change(Spec):
    """One campaign in a plan; a new budget of nothing pauses it."""

    name: str
    ref: Ref | None
    old: Money
    new: Money
    binds: Binds
    reason: str
    marginal_before: float | None
    marginal_after: float | None
    """What the next unit of the total's money brings; None where that has no end (the first unit of a power curve)."""
    counts: Decimal = Decimal(1)
    """What one unit of this budget counts in the total: its exchange rate, times `overspend` under `exposure`."""

    @property
    def moves(self) -> bool:
        """Whether anything changes."""
        return self.old != self.new


class BudgetPlan(Spec):
    """New budgets of all campaigns, and what they are expected to bring."""

    id: str
    made_at: AwareDatetime
    limits: Limits
    changes: tuple[Change, ...]
    """All campaigns, those that stay as well."""
    value_before: float
    value_after: float
    price: float | None
    """Results that one more unit of money would bring."""
    method: str
    value_ceiling: float | None = None
    """No budgets within the limits bring more, as the curves have it; None where the plan is exact but for rounding."""
    gain_interval: tuple[float, float] | None = None
    """Of nine in ten cases, by the errors of the curves; None where nothing is said of them."""
    notes: tuple[str, ...] = ()

    @property
    def gain(self) -> float:
        """Results a day more than now, as the curves have it."""
        return self.value_after - self.value_before

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**self.model_dump(mode="json"), "gain": self.gain}


def plan(
    candidates: Sequence[Candidate], limits: Limits, *, now: datetime, id: str = "budgets", rates: Rates | None = None  # noqa: A002 - the field's own name
) -> BudgetPlan:  # fmt: skip
    """The best budgets within the limits.

    Raises:
        StaleInputError: a campaign's numbers were served stale.
        InvalidRequestError: unequal bases, or a basis of another version; a currency without a rate of these days;
            limits that no budgets keep to (rule `budgets.infeasible`).
    """
    check_name(id)
    notes = _checked(candidates, limits)
    factors = [counts(each, limits, rates, now.date()) for each in candidates]
    inside = counted(candidates, factors, limits.total.currency)
    bounds = {each.name: bounds_of(each, limits, now) for each in inside}
    found, new = _best(inside, limits, bounds)
    small = [each for each in inside if _too_small(each, new[each.name], limits)]
    if small and _fits(inside, limits, bounds, {**new, **{each.name: each.budget.amount for each in small}}, ()):
        bounds |= {each.name: fixed(each, Binds.MIN_CHANGE) for each in small}
        found, new = _best(inside, limits, bounds)
    old = {each.name: each.budget.amount for each in inside}
    before, after = _value(inside, old), _value(inside, new)
    if _fits(inside, limits, bounds, old, tuple(old)) and (after - before < limits.min_gain or after <= before):
        bounds = {each.name: fixed(each, Binds.MIN_GAIN) for each in inside}
        new, after = old, before
        notes += ("no change brings enough",)
    changes = tuple(
        _change(each, new[each.name], bounds[each.name], found, limits).but(
            old=its.budget, new=own(its, each, new[each.name]), counts=factor
        )
        for its, each, factor in zip(candidates, inside, factors, strict=True)
    )
    sides = ({each.name: getattr(each, side) for each in changes} for side in ("old", "new"))
    return BudgetPlan(
        id=id, made_at=now, limits=limits, changes=changes, value_before=before, value_after=after, price=found.price,
        method=found.method, value_ceiling=found.ceiling, gain_interval=interval(candidates, *sides), notes=notes,
    )  # fmt: skip


def _checked(candidates: Sequence[Candidate], limits: Limits) -> tuple[str, ...]:
    """Refuse what cannot be planned on; what was allowed all the same is noted."""
    for each in candidates:
        if each.stale:
            raise StaleInputError(
                f"the numbers of {each.name} were served stale", field=f"{each.name}.stale", value=True,
                hint="read them again with max_age=0, max_stale=0",
            )  # fmt: skip
        require_basis_fields(each.basis_fields, f"{each.name}.basis")
    known = [each for each in candidates if each.basis is not None]
    fields = sorted({f for each in known for f in differing(known[0].basis, each.basis)} if known else set())  # type: ignore[arg-type]  # those that are None were left out
    if fields and not limits.allow_mixed_attribution:
        raise InvalidRequestError(
            f"results were counted differently: {', '.join(fields)}", field="basis", value=", ".join(fields),
            rule="services.basis", hint="query all with one attribution, or set allow_mixed_attribution=True",
        )  # fmt: skip
    mixed = (f"mixed attribution, allowed by the caller: {', '.join(fields)}",) if fields else ()
    weak = ", ".join(each.name for each in candidates if each.weak)
    return (*mixed, f"hardly known curves, their spend moved too little: {weak}") if weak else mixed


def _best(
    candidates: Sequence[Candidate], limits: Limits, bounds: Mapping[str, Bounds]
) -> tuple[Solution, dict[str, Decimal]]:  # fmt: skip
    items = tuple(
        Item(each.name, each.curve, float(b.low), float(b.high), b.off)
        for each in sorted(candidates, key=lambda each: each.name) if (b := bounds[each.name])
    )  # fmt: skip
    groups = tuple(Group(cap.name, float(cap.amount.amount), frozenset(cap.members)) for cap in limits.caps)
    found = solve(Problem(items, float(limits.total.amount), groups, limits.min_return))
    return found, _in_units(candidates, limits, bounds, found)


def _in_units(
    candidates: Sequence[Candidate], limits: Limits, bounds: Mapping[str, Bounds], found: Solution
) -> dict[str, Decimal]:  # fmt: skip
    """Down to whole units; what is left goes to the largest remainders, as far as bounds, caps and total let it."""
    exact = {name: Decimal(repr(spend)) for name, spend in found.spends.items()}
    slack = limits.total.amount * Decimal("1e-12")  # floats just below a whole unit are that unit
    new = {each.name: _down(each, exact[each.name] + slack, bounds[each.name]) for each in candidates}
    target = min(limits.total.amount, sum(exact.values()) + slack)
    order = sorted(candidates, key=lambda each: ((new[each.name] - exact[each.name]) / each.unit.amount, each.name))
    for each in order:
        more = {**new, each.name: new[each.name] + each.unit.amount}
        within = new[each.name] > 0 and more[each.name] <= bounds[each.name].high
        if within and sum(more.values()) <= target and _in_caps(limits, more):
            new = more
    return new


def _down(candidate: Candidate, amount: Decimal, bounds: Bounds) -> Decimal:
    if bounds.low == bounds.high and not bounds.off:
        return bounds.low  # what stays need not be whole
    if amount < candidate.unit.amount / 2 and bounds.off:
        return Decimal(0)
    return min(max(candidate.down(amount), bounds.low), bounds.high)


def _in_caps(limits: Limits, amounts: Mapping[str, Decimal]) -> bool:
    return all(sum(amounts[name] for name in cap.members) <= cap.amount.amount for cap in limits.caps)


def _too_small(each: Candidate, new: Decimal, limits: Limits) -> bool:
    change = abs(new - each.budget.amount)
    return 0 < change < max(each.unit.amount, each.budget.amount * Decimal(str(limits.min_change)))


def _fits(
    candidates: Sequence[Candidate],
    limits: Limits,
    bounds: Mapping[str, Bounds],
    amounts: Mapping[str, Decimal],
    own: Sequence[str],
) -> bool:
    """Whether amounts keep to total, caps and return, and those of `own` to their bounds."""
    total, value = sum(amounts.values()), _value(candidates, amounts)
    returns = limits.min_return is None or value >= limits.min_return * float(total)
    inside = all(bounds[name].low <= amounts[name] <= bounds[name].high for name in own)
    return total <= limits.total.amount and _in_caps(limits, amounts) and returns and inside


def _value(candidates: Sequence[Candidate], amounts: Mapping[str, Decimal]) -> float:
    return math.fsum(each.curve.value(float(amounts[each.name])) for each in candidates)


def _change(each: Candidate, new: Decimal, bounds: Bounds, found: Solution, limits: Limits) -> Change:
    old = each.budget.amount
    binds = _binds(each, new, bounds, found, limits)
    before, after = (_finite(each.curve.marginal(float(amount))) for amount in (old, new))
    way = "stays" if new == old else "is paused" if not new else "gets more" if new > old else "gives up some"
    price = "" if found.price is None else f", one more anywhere {found.price:.4g}"
    brings = "more than any price" if before is None else f"{before:.4g}"
    reason = f"{way}: its next unit of money brings {brings}{price}; bound by {binds.value}"
    return Change(
        name=each.name, ref=each.ref, old=each.budget, new=Money(new, each.budget.currency), binds=binds,
        reason=reason, marginal_before=before, marginal_after=after,
    )  # fmt: skip


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _binds(each: Candidate, new: Decimal, bounds: Bounds, found: Solution, limits: Limits) -> Binds:
    if new == bounds.high:
        return bounds.at_high
    if new <= bounds.low:
        return bounds.at_low
    if any(cap.name in found.full and each.name in cap.members for cap in limits.caps):
        return Binds.CAP
    spent = math.fsum(found.spends.values())
    if spent >= float(limits.total.amount) * (1 - 1e-9):
        return Binds.TOTAL
    return Binds.NOTHING if limits.min_return is None else Binds.RETURN
