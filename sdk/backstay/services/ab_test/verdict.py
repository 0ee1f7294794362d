"""Verdict: how a look came out, with all that it was made of."""

from __future__ import annotations

from datetime import date
from typing import Any

from backstay.ads import MetricBasis, Platform
from backstay.services.ab_test.evidence import Evidence, Look
from backstay.services.ab_test.words import Design, Metric, Outcome, Reason
from backstay.spec import Spec


class ArmResult(Spec):
    """One arm's numbers in the days that count; None is undefined."""

    name: str
    platform: Platform | None = None
    basis: MetricBasis | None = None
    value: float | None
    """The metric as people know it: CPA is money for one conversion."""
    results: float
    above: float
    below: float
    """The value is one divided by the other."""
    spread: float
    """By how much variances were multiplied (overdispersion)."""
    chance_best: float | None = None
    expected_loss: float | None = None
    """What choosing it costs on average, as a share of the control's value."""
    without_largest: float | None = None
    stopped: bool = False


class Comparison(Spec):
    """An arm against the control. `change` and its interval are relative: 0.1 is 10 % more of the metric."""

    arm: str
    control: str
    better: bool | None
    """Whether it looks better; for CPA that is less. No evidence by itself."""
    change: float | None
    low: float | None
    high: float | None
    """The confidence sequence; it holds at all looks together."""
    z: float | None
    p: float | None
    """The smallest of all looks, valid at any. Of a group sequential test: of this look; its z is held to `bound`."""
    adjusted_p: float | None
    """By Holm over all arms."""
    bound: float | None = None
    harm_p: float = 1.0


class RatioCheck(Spec):
    """Whether the arms have as many users as planned."""

    units: tuple[int, ...]
    chi_square: float
    p: float
    """For one look."""
    sequential_p: float
    """For any number of looks."""
    alarm: bool


class Verdict(Spec):
    """How a look came out. It carries its evidence: `replay` makes the same verdict from it again."""

    outcome: Outcome
    arm: str | None = None
    """The winner, or the arm that does harm."""
    reasons: tuple[Reason, ...]
    notes: tuple[str, ...] = ()
    """The same in sentences, with names and days."""
    claim: str
    """What may be said, and no more."""
    method: str
    design: Design
    metric: Metric
    first: date | None = None
    last: date | None = None
    days: int = 0
    """The days that count."""
    arms: tuple[ArmResult, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    ratio: RatioCheck | None = None
    best: str | None = None
    """The arm of least expected loss. What to take if one must choose now; no reason to stop."""
    good_enough: bool | None = None
    """Whether that loss is below the plan's threshold of caring."""
    looks: tuple[Look, ...] = ()
    """This one included, if it saw something new."""
    data_hash: str = ""
    """Of the whole evidence: plan, days, earlier looks, time."""
    evidence: Evidence

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to wait for; harm to one of several arms leaves a test of the others."""
        if self.outcome is Outcome.HARM:
            alive = [arm.name for arm in self.evidence.arms if not arm.stopped and arm.name != self.arm]
            return len(alive) < 2 or self.arm == self.evidence.plan.control
        return self.outcome is not Outcome.CONTINUE

    @property
    def losers(self) -> tuple[str, ...]:
        """The arms that the verdict is against, among those that still run."""
        running = tuple(arm.name for arm in self.evidence.arms if not arm.stopped)
        if self.outcome is Outcome.WINNER:
            return tuple(name for name in running if name != self.arm)
        return (self.arm,) if self.outcome is Outcome.HARM and self.arm is not None else ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`: plain values, without the days' numbers."""
        return {**self.model_dump(mode="json", exclude={"evidence"}), "ended": self.ended, "losers": list(self.losers)}
