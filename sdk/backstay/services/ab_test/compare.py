"""Each arm against the control: the difference of the metric's logarithm, its error, and what the looks make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backstay.services.ab_test.estimate import Estimate
from backstay.services.ab_test.evidence import ArmLook
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.verdict import Comparison
from backstay.services.ab_test.words import Metric, Stopping
from backstay.services.stats.group_sequential import bounds_of
from backstay.services.stats.proportions import Interval
from backstay.services.stats.sequential import (
    Seen,
    anytime_p,
    by_effect,
    by_size,
    confidence_sequence,
    harm_p,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """How a plan judges, with the errors shared out among so many comparisons."""

    plan: AbPlan
    comparisons: int
    look: int = 1
    """Of a group sequential test: which planned look this is, from 1; 0 is before the first."""

    @property
    def alpha(self) -> float:
        """For one comparison's interval."""
        return self.plan.alpha / self.comparisons

    @property
    def harm_alpha(self) -> float:
        """For one comparison."""
        return self.plan.harm_alpha / self.comparisons

    @property
    def bound(self) -> float | None:
        """The bound of |z| at this planned look; None where any look counts."""
        if self.plan.stopping is not Stopping.GROUP_SEQUENTIAL:
            return None
        bounds = bounds_of(self.plan.bound, self.plan.looks, self.alpha)
        return bounds[min(self.look, len(bounds)) - 1] if self.look else math.inf


def seen(control: Estimate, arm: Estimate) -> Seen | None:
    """The difference of the logarithms; None where one of them has no value."""
    if not control.value or not arm.value or control.error is None or arm.error is None:
        return None
    error = math.hypot(control.error, arm.error)
    freedom = min(control.freedom, arm.freedom)  # the spread is one for all arms
    return Seen(math.log(arm.value / control.value), error, freedom) if error > 0 else None


def harm_seen(plan: AbPlan, control: Estimate, arm: Estimate) -> Seen | None:
    """The same, also for an arm that has brought nothing: then the difference of the rates, relative to the control.

    Its error is the one that both arms would have if they were equal (the score test): none has no logarithm.
    """
    known = seen(control, arm)
    if known is not None or arm.above or not control.above or arm.error is not None or control.error is None:
        return known
    if plan.metric is Metric.ROAS or not arm.below:
        return None
    rate = control.above / (control.below + arm.below)
    free = rate if plan.metric is Metric.CPA else rate * (1 - rate)
    error = math.sqrt(control.spread * free * (1 / control.below + 1 / arm.below))
    own = control.above / control.below
    return Seen(-1.0, error / own, control.freedom)


def look_of(rule: Rule, name: str, now: Seen | None, harm: Seen | None, units: float, before: ArmLook) -> ArmLook:
    """What this look adds; p-values keep the least of all looks."""
    after = before.harm_p if harm is None else harm_p(harm, by_effect(harm.error, rule.plan.tau), before.harm_p)
    if now is None:
        return ArmLook(arm=name, p=before.p, harm_p=after)
    mix, (low, high) = _mix(rule, now, units), _interval(rule, now, units)
    p = now.p if rule.bound is not None else anytime_p(now, mix, before.p)
    return ArmLook(arm=name, p=p, harm_p=after, z=now.normal_z, low=_relative(low), high=_relative(high))


def comparison(rule: Rule, look: ArmLook, now: Seen | None, adjusted: float | None) -> Comparison:
    """In the metric's own direction: an arm with more results for the same money has a lower cost per result."""
    cost = rule.plan.metric is Metric.CPA
    change = None if now is None else _relative(now.difference)
    low, high = (_turned(look.high), _turned(look.low)) if cost else (look.low, look.high)
    return Comparison(
        arm=look.arm, control=rule.plan.control, better=None if now is None else now.difference > 0,
        change=_turned(change) if cost else change, low=low, high=high, z=look.z,
        p=None if now is None and look.z is None else look.p, adjusted_p=adjusted, bound=_finite(rule.bound),
        harm_p=look.harm_p,
    )  # fmt: skip


def equivalent(rule: Rule, look: ArmLook) -> bool:
    """Whether all differences that are left are too small to care about."""
    region = rule.plan.equivalence
    if region is None or look.low is None or look.high is None or look.low <= -1:
        return False
    return -math.log1p(region) <= math.log1p(look.low) and math.log1p(look.high) <= math.log1p(region)


def significant(rule: Rule, look: ArmLook, adjusted: float) -> bool:
    """Whether the difference is not chance."""
    if rule.bound is not None:
        return look.z is not None and abs(look.z) >= rule.bound
    return adjusted <= rule.plan.alpha


def _mix(rule: Rule, now: Seen, units: float) -> float:
    if rule.plan.stopping is Stopping.CONFIDENCE_SEQUENCE:
        return by_size(units, rule.plan.planned_units, rule.alpha)
    return by_effect(now.error, rule.plan.tau)


def _interval(rule: Rule, now: Seen, units: float) -> Interval:
    if rule.bound is not None:
        half = rule.bound * now.error * (now.z / now.normal_z if now.z else 1.0)
        return Interval(now.difference - half, now.difference + half)
    return confidence_sequence(now, _mix(rule, now, units), rule.alpha)


def _relative(log_ratio: float) -> float:
    """0.1 is 10 % more; bounds beyond a float's reach stay finite."""
    return math.expm1(min(log_ratio, 700.0))


def _turned(change: float | None) -> float | None:
    """A change of results for money as a change of money for results."""
    return None if change is None else (1 / (1 + change) - 1 if change > -1 else None)


def _finite(bound: float | None) -> float | None:
    return None if bound is None or math.isinf(bound) else bound
