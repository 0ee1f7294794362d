"""What goes into a plan: campaigns with their curves, and the limits of what may be changed."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from backstay.ads import MetricBasis, Money, Ref
from backstay.errors import InvalidRequestError
from backstay.services.budgets.curves import Curve
from backstay.services.series import basis_fields
from backstay.spec import Spec


class Cap(Spec):
    """So much for several campaigns together, such as all of an account or of a platform."""

    name: str
    amount: Money
    members: tuple[str, ...]


class Limits(Spec):
    """What a plan must keep to."""

    total: Money
    max_change: float | None = Field(default=0.2, gt=0)
    """Of a budget in one plan, as a share: larger edits send campaigns back to learning. None is without limit."""
    min_return: float | None = Field(default=None, gt=0)
    """All results by all spend; 1 / this is the largest cost per result."""
    min_change: float = Field(default=0.02, ge=0)
    """Smaller changes are not made, as a share of the budget."""
    min_gain: float = Field(default=0.0, ge=0)
    """Results a day; a plan that brings less than this more is not carried out."""
    hold_hours: float = Field(default=0.0, ge=0)
    """For so long after a change a budget stays."""
    caps: tuple[Cap, ...] = ()
    exposure: bool = False
    """Total and caps are of what platforms may spend on one day: budgets times `Candidate.overspend`."""
    allow_mixed_attribution: bool = False
    """Plan over numbers that were counted differently; the plan says so."""

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.exposure and self.min_return is not None:
            raise _refuse(
                "min_return", self.min_return, "a return is of money spent, not of money that may be spent",
                "leave out exposure or min_return",
            )  # fmt: skip
        for n, cap in enumerate(self.caps):
            if cap.amount.currency != self.total.currency:
                raise _refuse(
                    f"caps.{n}.amount", cap.amount, f"the total is in {self.total.currency}",
                    "give caps in the money of the total",
                )  # fmt: skip
        return self


class Candidate(Spec):
    """One campaign or ad group: its budget, its curve, its bounds."""

    name: str = Field(min_length=1)
    budget: Money
    """As it is now."""
    curve: Curve
    """Results a day for spend a day, in main units of money."""
    unit: Money
    """The smallest step that its platform takes."""
    ref: Ref | None = None
    """Needed to apply a plan."""
    low: Money | None = None
    high: Money | None = None
    may_pause: bool = False
    """It is paused rather than kept at `low`, where that brings more."""
    frozen: bool = False
    changed_at: AwareDatetime | None = None
    basis: MetricBasis | None = None
    """What its curve's results were counted on."""
    basis_fields: str = Field(default_factory=basis_fields)
    """What a basis consisted of when its results were counted."""
    stale: bool = False
    """Its numbers were served stale: nothing is planned on them."""
    spread: tuple[tuple[float, ...], ...] = ()
    """What is not known of the curve (`Fit.root`); empty takes it as known."""
    weak: bool = False
    """Its history hardly tells its curve (`Fit.weak`)."""
    overspend: Decimal | None = Field(default=None, ge=1)
    """How many times its budget the platform may spend on one day (`Capabilities.overspend`); `exposure` needs it."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for name in ("budget", "unit"):
            if getattr(self, name).amount <= 0:
                raise _refuse(name, getattr(self, name), "no amount above 0", "leave out what does not run")
        for name in ("unit", "low", "high"):
            money = getattr(self, name)
            if money is not None and money.currency != self.budget.currency:
                raise _refuse(name, money, f"the budget is in {self.budget.currency}", "convert it with a dated rate")
        if self.low is not None and self.low.amount < 0:
            raise _refuse("low", self.low, "less than nothing", "give an amount of at least 0, or leave it out")
        if self.high is not None and self.high.amount < (self.low or self.high * 0).amount:
            raise _refuse("high", self.high, f"less than low, {self.low or 0}", "give 0 <= low <= high")
        parameters = len(type(self.curve).model_fields) - 1  # all but its kind
        if self.spread and (len(self.spread) != parameters or any(len(row) != parameters for row in self.spread)):
            raise _refuse(
                "spread", len(self.spread), f"the curve has {parameters} parameters", "take Fit.root as it is"
            )
        return self

    def down(self, amount: Decimal) -> Decimal:
        """A whole number of units, not more."""
        return (amount / self.unit.amount).to_integral_value(ROUND_FLOOR) * self.unit.amount

    def up(self, amount: Decimal) -> Decimal:
        """A whole number of units, not less."""
        return (amount / self.unit.amount).to_integral_value(ROUND_CEILING) * self.unit.amount


def _refuse(field: str, value: object, message: str, hint: str) -> InvalidRequestError:
    return InvalidRequestError(f"{field}: {message}", field=field, value=str(value), hint=hint, rule="budgets.input")
