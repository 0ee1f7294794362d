"""Which days count: settled, delivered by all arms, whole weeks; and the days on which an arm stood still alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from backstay.services.ab_test.evidence import ArmEvidence, Evidence
from backstay.services.ab_test.words import Stopping
from backstay.services.series import DayNumbers, run_of, settled, whole_weeks, window_of

_GRACE: Final = 7
"""Days after which a test ends that has been running for `max_days` and still lacks settled days."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Days by what they are good for."""

    complete: dict[str, list[date]] = field(default_factory=dict)
    """Of each arm: all days that are over. For money that is gone."""
    settled: list[date] = field(default_factory=list)
    """Of all arms: days whose numbers will not change. For harm."""
    counted: list[date] = field(default_factory=list)
    """Those of them that make whole weeks, or planned parts. For a winner."""
    gaps: tuple[str, ...] = ()
    """Where one arm stood still while another ran."""


def windows(evidence: Evidence, live: Sequence[ArmEvidence]) -> Windows:
    """The days of the arms that are still compared."""
    complete = {arm.name: _complete(evidence, arm) for arm in live}
    ready = {arm.name: _ready(evidence, arm, complete[arm.name]) for arm in live}
    if not all(ready.values()):
        return Windows(complete=complete)
    first = max(days[0] for days in ready.values())
    last = min(days[-1] for days in ready.values())
    common, gaps = [], []
    for day in run_of(first, last):
        still = [name for name, days in ready.items() if day not in days]
        if not still:
            common.append(day)
        elif len(still) < len(live):
            gaps.append(f"{', '.join(still)} had no delivery on {day}, the other arms had")
    common = common[: evidence.plan.max_days]
    return Windows(complete, common, _counted(evidence, common), tuple(gaps))


def overdue(evidence: Evidence, live: Sequence[ArmEvidence]) -> bool:
    """Whether the test has been running for longer than its days can take to settle."""
    plan = evidence.plan
    if evidence.started is None:
        return False
    patience = max(plan.left_out(window_of(arm.series.basis)) for arm in live)
    return (evidence.as_of.date() - evidence.started).days > plan.max_days + patience + _GRACE


def part(evidence: Evidence) -> int:
    """Days between the planned looks of a group sequential test."""
    return evidence.plan.max_days // evidence.plan.looks


def _complete(evidence: Evidence, arm: ArmEvidence) -> list[date]:
    """Days that are over and delivered something."""
    today, started = evidence.today(arm), evidence.started
    days = [each for each in arm.series.days if each.day < today and (started is None or each.day > started)]
    return [each.day for each in days if _ran(each)]


def _ready(evidence: Evidence, arm: ArmEvidence, complete: list[date]) -> list[date]:
    left_out = evidence.plan.left_out(window_of(arm.series.basis))
    known = set(settled(arm.series, evidence.today(arm), left_out))
    return [day for day in complete if day in known]


def _counted(evidence: Evidence, common: list[date]) -> list[date]:
    plan = evidence.plan
    if plan.stopping is Stopping.GROUP_SEQUENTIAL:
        return common[: len(common) - len(common) % part(evidence)]
    return whole_weeks(common) if plan.whole_weeks else common


def _ran(day: DayNumbers) -> bool:
    return bool(day.impressions or day.clicks or day.conversions or (day.spend is not None and day.spend.amount))
