"""What people read: each arm's value, the chance that it is the best, and what choosing it may cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from backstay.errors import InvalidRequestError
from backstay.services.ab_test.estimate import Estimate
from backstay.services.ab_test.evidence import ArmEvidence, Evidence
from backstay.services.ab_test.verdict import ArmResult
from backstay.services.ab_test.words import Metric
from backstay.services.stats.best_of import BestOf, best_of
from backstay.services.stats.posterior import NormalPosterior, Posterior


def beliefs(arms: Mapping[str, Estimate]) -> tuple[dict[str, float], dict[str, float]]:
    """The chances to be best and the expected losses by name; empty where an arm has no value."""
    posteriors = [each.posterior for each in arms.values() if each.posterior is not None]
    if len(posteriors) < max(2, len(arms)):
        return {}, {}
    found = _compared(posteriors)
    return dict(zip(arms, found.chances, strict=True)), dict(zip(arms, found.losses, strict=True))


def _compared(posteriors: Sequence[Posterior]) -> BestOf:
    """By family; by moments where one arm's conversions are no whole numbers, or where data differ too much."""
    if len({type(each) for each in posteriors}) == 1:
        try:
            return best_of(posteriors)
        except InvalidRequestError:  # too unlike for one grid: one arm has many thousand times the other's data
            pass
    return best_of([NormalPosterior(each.mean, _deviation(each)) for each in posteriors])


def _deviation(posterior: Posterior) -> float:
    """Of the value: the spread on the line times the slope there."""
    step, middle = posterior.scale / 100, posterior.middle
    return posterior.scale * (posterior.value(middle + step) - posterior.value(middle - step)) / (2 * step)


def shown(evidence: Evidence, counted: Mapping[str, Estimate], days: Sequence[date]) -> dict[str, Any]:
    """The fields of a verdict that tell the arms."""
    chances, losses = beliefs(counted)
    control = counted.get(evidence.plan.control)
    base = control.posterior.mean if control is not None and control.posterior is not None else None
    relative = {name: loss / base for name, loss in losses.items()} if base else {}
    best = min(relative, key=lambda name: (relative[name], name)) if relative else None
    return {
        "arms": tuple(_result(evidence, arm, counted.get(arm.name), chances, relative) for arm in evidence.arms),
        "first": days[0] if days else None, "last": days[-1] if days else None, "days": len(days), "best": best,
        "good_enough": None if best is None else relative[best] < evidence.plan.caring,
    }  # fmt: skip


def _result(
    evidence: Evidence, arm: ArmEvidence, own: Estimate | None, chances: Mapping[str, float],
    losses: Mapping[str, float],
) -> ArmResult:  # fmt: skip
    value = None if own is None else own.value
    if evidence.plan.metric is Metric.CPA and value is not None:
        value = 1 / value if value else None
    above, below = (own.above, own.below) if own else (0.0, 0.0)
    if evidence.plan.metric is Metric.CPA:
        above, below = below, above
    return ArmResult(
        name=arm.name, platform=arm.series.platform, basis=arm.series.basis, value=value,
        results=own.results if own else 0.0, above=above, below=below, spread=own.spread if own else 1.0,
        chance_best=chances.get(arm.name), expected_loss=losses.get(arm.name),
        without_largest=own.without_largest if own else None, stopped=arm.stopped,
    )  # fmt: skip
