"""What may be said of an outcome, by the design. No more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backstay.services.ab_test.evidence import ArmEvidence
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.words import Design, Metric, Outcome, Stopping

_NAMES: Final = {
    Metric.CTR: "click rate", Metric.CVR: "conversion rate", Metric.CPA: "cost per result",
    Metric.ROAS: "return on spend",
}  # fmt: skip
_CAVEATS: Final = {
    Design.RANDOMISED_PLATFORM_SPLIT: "users were split by the platform; delivery within an arm may still differ",
    Design.OBSERVATIONAL_ARMS: "as delivered: the platform chose who saw which, so the content alone is not judged",
    Design.CROSS_PLATFORM: "as each platform reports it: no common users, and conversions are attributed differently",
}


def claim(plan: AbPlan, outcome: Outcome, arm: str | None, live: Sequence[ArmEvidence]) -> str:
    """One sentence, and what it does not mean."""
    name, better = _NAMES[plan.metric], "lower" if plan.metric is Metric.CPA else "higher"
    worse = "higher" if better == "lower" else "lower"
    others = [each.name for each in live if each.name != arm]
    told = {
        Outcome.WINNER: f"{arm} has a {better} {name} than {_rivals(plan, arm, others)}",
        Outcome.NO_DIFFERENCE: f"the {name} differs by no more than {(plan.equivalence or 0):.1%}",
        Outcome.HARM: f"{arm} has a {worse} {name} than {plan.control}, or has brought nothing for its money",
        Outcome.INVALID: "the numbers cannot be compared",
        Outcome.TIMEOUT: f"no difference of the {name} was shown in {plan.max_days} days",
        Outcome.CONTINUE: f"nothing can be said of the {name} yet",
    }[outcome]
    if outcome in {Outcome.CONTINUE, Outcome.INVALID}:
        return f"{told}."
    return f"{told} ({_CAVEATS[plan.design]}).{_bases(plan, live)}"


def _rivals(plan: AbPlan, arm: str | None, others: Sequence[str]) -> str:
    return " and ".join(others) if arm == plan.control else plan.control


def _bases(plan: AbPlan, live: Sequence[ArmEvidence]) -> str:
    """Each arm's own way of counting, where they are not one."""
    if plan.design is not Design.CROSS_PLATFORM:
        return ""
    parts = []
    for arm in live:
        basis = arm.series.basis
        setting = None if basis is None else basis.attribution
        days = "windows not named" if setting is None or setting.click_days is None else (
            f"{setting.click_days} days after a click, {setting.view_days or 0} after a view"
        )  # fmt: skip
        zone = "" if basis is None else f", days of {basis.timezone.key}"
        parts.append(f"{arm.name} on {arm.series.platform or 'an unnamed platform'}: {days}{zone}")
    return f" {'; '.join(parts)}."


def method(plan: AbPlan, comparisons: int) -> str:
    """How it was judged, with the numbers that it was judged by."""
    how = {
        Stopping.MSPRT: f"mixture sequential test of the log ratio, tau {plan.tau:.6g}",
        Stopping.CONFIDENCE_SEQUENCE: f"asymptotic confidence sequence of the log ratio for {plan.planned_units} units",
        Stopping.GROUP_SEQUENTIAL: f"{plan.looks} planned looks with bounds of {plan.bound.value}",
    }[plan.stopping]
    several = f", shared out by Holm over {comparisons} comparisons" if comparisons > 1 else ""
    return f"{how}; alpha {plan.alpha:g}{several}; harm one-sided at {plan.harm_alpha:g}"
