"""What came of applying a plan, of looking for drift, of pausing all."""

from __future__ import annotations

from typing import Any

from backstay.ads import Ref
from backstay.errors import BackstayError
from backstay.services.campaigns.plan import CampaignPlan, Step
from backstay.services.campaigns.words import Who
from backstay.spec import Spec


class Failed(Spec):
    """A step that the platform did not take."""

    step: Step
    error_type: str
    message: str
    hint: str = ""
    retryable: bool = False

    @classmethod
    def of(cls, step: Step, error: BackstayError) -> Failed:
        """With what is known of the error."""
        return cls(
            step=step, error_type=error.type, message=error.message, hint=error.hint or "", retryable=error.retryable
        )


class Skipped(Spec):
    """A step that was not tried, because of another one."""

    step: Step
    why: str


class Applied(Spec):
    """What was done. What was not is done by applying the same spec again."""

    plan: CampaignPlan
    done: tuple[Step, ...] = ()
    failed: tuple[Failed, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything is as it is wanted now."""
        return not (self.failed or self.skipped or self.plan.unread or self.plan.held)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "set": self.plan.set, "ok": self.ok, "done": [each.as_json() for each in self.done],
            "failed": [{**each.model_dump(mode="json"), "step": each.step.as_json()} for each in self.failed],
            "skipped": [{"step": each.step.as_json(), "why": each.why} for each in self.skipped],
            "held": [each.as_json() for each in self.plan.held],
            "unread": [each.model_dump(mode="json") for each in self.plan.unread],
        }  # fmt: skip


class Drifted(Spec):
    """One field that is not as the spec wants it."""

    id: str
    on: str
    place: str
    ref: Ref | None
    field: str
    wanted: str
    shows: str
    by: Who

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**self.model_dump(mode="json"), "ref": None if self.ref is None else str(self.ref)}


class Drift(Spec):
    """Live against spec."""

    set: str
    found: tuple[Drifted, ...] = ()
    unread: tuple[str, ...] = ()
    """Platforms that could not be read, with why."""

    @property
    def none(self) -> bool:
        """Whether everything is as it is wanted, and all of it could be read."""
        return not (self.found or self.unread)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "set": self.set, "none": self.none, "found": [each.as_json() for each in self.found],
            "unread": list(self.unread),
        }  # fmt: skip


class NotPaused(Spec):
    """A campaign that may still be running."""

    id: str
    on: str
    ref: Ref | None
    error_type: str
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**self.model_dump(mode="json"), "ref": None if self.ref is None else str(self.ref)}


class PausedAll(Spec):
    """What `pause_all` has reached."""

    set: str
    paused: tuple[Ref, ...] = ()
    failed: tuple[NotPaused, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing of the set runs."""
        return not self.failed

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "set": self.set, "ok": self.ok, "paused": [str(ref) for ref in self.paused],
            "failed": [each.as_json() for each in self.failed],
        }  # fmt: skip
