"""What a manager keeps, so that another one can go on where it died."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import AwareDatetime, Field

from backstay.ads import MetricBasis, Ref
from backstay.errors import IdempotencyConflictError
from backstay.services.ab_test.evidence import Look
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.verdict import Verdict
from backstay.services.series import basis_fields, require_basis_fields
from backstay.spec import Spec


class Stage(StrEnum):
    """How far a test is."""

    PLANNED = "planned"
    """Arms may have been created, and some may be active."""
    RUNNING = "running"
    DECIDED = "decided"
    """There is a verdict that has not been carried out to the end."""
    ENDED = "ended"


class ArmState(Spec):
    """One arm."""

    name: str
    ref: Ref | None = None
    ours: bool = True
    """Created for the test; else it was there before, and is only watched and paused."""
    expected: MetricBasis | None = None
    """The basis of the first numbers."""
    settings: tuple[tuple[str, str], ...] | None = None
    """Each object of the arm with a hash of its settings, as the first look found them."""
    interruptions: tuple[str, ...] = ()
    limited: int = 0
    """Looks in a row at which this arm alone was short of budget."""
    gone: bool = False
    """Deleted by somebody else: there is nothing left to read or to pause."""
    stopped: bool = False


class AbState(Spec):
    """One test."""

    plan: AbPlan
    payload: str
    """A hash of the plan and of what the arms are made of."""
    stage: Stage = Stage.PLANNED
    arms: tuple[ArmState, ...]
    started_at: AwareDatetime | None = None
    looked_at: AwareDatetime | None = None
    looks: tuple[Look, ...] = ()
    verdict: Verdict | None = None
    basis_fields: str = Field(default_factory=basis_fields)

    def arm(self, name: str) -> ArmState:
        """An arm by its name."""
        return next(arm for arm in self.arms if arm.name == name)

    def with_arm(self, name: str, **changes: Any) -> AbState:
        """With one arm changed."""
        return self.with_arms(lambda arm: arm.but(**changes) if arm.name == name else arm)

    def with_arms(self, change: Callable[[ArmState], ArmState]) -> AbState:
        """With all arms changed."""
        return self.model_copy(update={"arms": tuple(change(arm) for arm in self.arms)})

    @property
    def started(self) -> date | None:
        """The last day that does not count: it began before the test did, in one zone or another."""
        if self.started_at is None:
            return None
        zones = [arm.expected.timezone for arm in self.arms if arm.expected is not None]
        return max((self.started_at.astimezone(zone).date() for zone in zones), default=self.started_at.date())

    def check(self, payload: str) -> None:
        """Refuse to go on with another plan, other arms, or another version's basis."""
        require_basis_fields(self.basis_fields, f"the state of test {self.plan.id}")
        if self.payload != payload:
            raise IdempotencyConflictError(
                f"the test {self.plan.id} was begun with another plan or other arms", field="plan.id",
                value=self.plan.id, rule="ab_test.payload",
                hint="go on with the plan it was begun with, or give the new test another id",
            )  # fmt: skip
