"""Evidence: all that a verdict is made of, so that the same verdict can be made again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from backstay.ads import MetricBasis
from backstay.services.ab_test.plan import AbPlan
from backstay.services.series import Series, basis_fields, require_basis_fields
from backstay.spec import Spec


class ArmEvidence(Spec):
    """One arm's numbers, and what is known of it besides."""

    series: Series
    units: int | None = Field(default=None, ge=0)
    """Users or people reached, over the whole test: what the platform split. Never impressions."""
    expected: MetricBasis | None = None
    """The basis of the looks before."""
    interruptions: tuple[str, ...] = ()
    stopped: bool = False
    """By an earlier verdict: it is no longer compared."""

    @property
    def name(self) -> str:
        """The arm's name."""
        return self.series.name


class ArmLook(Spec):
    """One arm against the control at one look; the p are the smallest so far."""

    arm: str
    p: float = 1.0
    harm_p: float = 1.0
    z: float | None = None
    low: float | None = None
    high: float | None = None
    """The confidence sequence of the relative difference; more is better (for CPA: of results for money)."""


class Look(Spec):
    """What one look saw."""

    number: int
    at: AwareDatetime
    first: date
    last: date
    days: int
    data_hash: str
    arms: tuple[ArmLook, ...] = ()
    srm_p: float | None = None

    def of(self, arm: str) -> ArmLook:
        """An arm's part; a fresh one if it had none."""
        return next((each for each in self.arms if each.arm == arm), ArmLook(arm=arm))


class Evidence(Spec):
    """A plan, the arms' numbers, the looks so far, and when it is looked."""

    plan: AbPlan
    arms: tuple[ArmEvidence, ...]
    as_of: AwareDatetime
    looks: tuple[Look, ...] = ()
    started: date | None = None
    """Days up to this one do not count, in the arms' own zones; None counts all."""
    stale: bool = False
    """The numbers were served stale, or from a file that nobody vouches for."""
    basis_fields: str = Field(default_factory=basis_fields)
    """What a basis consisted of when this was written."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.plan.check_arms(tuple(arm.name for arm in self.arms))
        return self

    def check(self) -> None:
        """Refuse numbers of another version's basis; raises InvalidRequestError."""
        require_basis_fields(self.basis_fields, f"the evidence of {self.plan.id}")

    @property
    def before(self) -> Look | None:
        """The last look."""
        return self.looks[-1] if self.looks else None

    def arm(self, name: str) -> ArmEvidence:
        """An arm by its name."""
        return next(arm for arm in self.arms if arm.name == name)

    def today(self, arm: ArmEvidence) -> date:
        """The day in an arm's zone."""
        basis = arm.series.basis
        return (self.as_of if basis is None else self.as_of.astimezone(basis.timezone)).date()


def at_once(*, plan: AbPlan, arms: tuple[Series, ...], as_of: datetime) -> Evidence:
    """The evidence of numbers at hand, without a manager: nothing before, nothing interrupted."""
    return Evidence(plan=plan, arms=tuple(ArmEvidence(series=series) for series in arms), as_of=as_of)
