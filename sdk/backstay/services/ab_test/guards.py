"""What must hold before numbers are compared. Each guard says in a sentence what is wrong, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from backstay.ads import Platform
from backstay.services.ab_test.estimate import undefined
from backstay.services.ab_test.evidence import ArmEvidence, Evidence
from backstay.services.ab_test.verdict import RatioCheck
from backstay.services.ab_test.windows import Windows
from backstay.services.ab_test.words import Design, Metric, SrmMethod
from backstay.services.series import differing
from backstay.services.stats.ratio_mismatch import chi_square, enough, sequential


def unequal_basis(evidence: Evidence, live: Sequence[ArmEvidence]) -> tuple[str, ...]:
    """Arms that are counted differently than before, than each other, or in other money."""
    changed = [
        f"{arm.name} is counted differently than before: {', '.join(differing(arm.expected, arm.series.basis))}"
        for arm in live
        if arm.expected is not None and arm.series.basis is not None and arm.expected != arm.series.basis
    ]
    return (*changed, *_moneys(evidence, live), *_between(evidence, live))


def _moneys(evidence: Evidence, live: Sequence[ArmEvidence]) -> tuple[str, ...]:
    """Spend in several currencies, where money is compared."""
    target, spends = evidence.plan.target_cpa, evidence.plan.metric in {Metric.CPA, Metric.ROAS}
    if target is None and not spends:
        return ()
    found = {day.spend.currency for arm in live for day in arm.series.days if day.spend is not None}
    found |= {target.currency} if target is not None else set()
    text = f"money is in {' and '.join(sorted(found))}: convert it with a dated rate of yours first"
    return (text,) if len(found) > 1 else ()


def _between(evidence: Evidence, live: Sequence[ArmEvidence]) -> tuple[str, ...]:
    if evidence.plan.design is Design.CROSS_PLATFORM:
        return ()  # printed with each arm instead
    first = live[0]
    found = []
    for arm in live[1:]:
        if _apart(first.series.platform, arm.series.platform):
            found.append(f"{first.name} and {arm.name} run on different platforms")
        if first.series.basis is not None and arm.series.basis is not None:
            fields = differing(first.series.basis, arm.series.basis)
            found += [f"{first.name} and {arm.name} are counted differently: {', '.join(fields)}"] if fields else []
    return tuple(found)


def _apart(one: Platform | None, other: Platform | None) -> bool:
    return one != other and None not in {one, other}


def undefined_numbers(evidence: Evidence, live: Sequence[ArmEvidence]) -> tuple[str, ...]:
    """Arms whose platform does not report what the metric is made of."""
    return tuple(text for arm in live if (text := undefined(arm.series, evidence.plan)) is not None)


def interruptions(live: Sequence[ArmEvidence], days: Windows) -> tuple[str, ...]:
    """What happened to an arm, and days on which one arm stood still alone."""
    return (*(f"{arm.name}: {text}" for arm in live for text in arm.interruptions), *days.gaps)


def ratio_check(evidence: Evidence, live: Sequence[ArmEvidence]) -> RatioCheck | None:
    """Sample ratio mismatch, where the platform split users and says how many each arm has."""
    plan = evidence.plan
    units = [arm.units for arm in live if arm.units is not None]
    if plan.design is not Design.RANDOMISED_PLATFORM_SPLIT or len(units) < len(live):
        return None
    shares = plan.weights or (1.0,) * len(evidence.arms)
    weights = [share for share, arm in zip(shares, evidence.arms, strict=True) if not arm.stopped]
    if not enough(units, weights):
        return None
    before = evidence.before.srm_p if evidence.before else None
    once = chi_square(units, weights)
    always = sequential(units, weights, before=1.0 if before is None else before)
    judged = once.p if plan.srm is SrmMethod.CHI_SQUARE else always.p
    return RatioCheck(
        units=tuple(units), chi_square=once.statistic, p=once.p, sequential_p=always.p, alarm=judged < plan.srm_alpha
    )  # fmt: skip


def stop_losses(evidence: Evidence, live: Sequence[ArmEvidence], days: Windows) -> list[tuple[str, float]]:
    """Arms that have spent `stop_loss` times the target cost and brought nothing, with that number of times.

    All days that are over count, settled or not: money is gone at once, conversions may still come.
    """
    target = evidence.plan.target_cpa
    if target is None:
        return []
    found = []
    for arm in live:
        over = arm.series.between(days.complete[arm.name]).days
        spent = [day.spend for day in over if day.spend is not None]
        if not spent or any(day.conversions for day in over):
            continue
        times = float((sum(spent[1:], spent[0]).amount) / target.amount)
        if times >= evidence.plan.stop_loss:
            found.append((arm.name, times))
    return found
