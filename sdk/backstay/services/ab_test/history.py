"""A test seen day by day: what a manager that looked every day would have said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from backstay.services.ab_test.decide import decide
from backstay.services.ab_test.evidence import Evidence
from backstay.services.ab_test.verdict import Verdict
from backstay.services.series import run_of


def watched(evidence: Evidence, *, to_the_end: bool = False) -> Iterator[Verdict]:
    """A verdict for the morning after each day, each knowing the looks before; up to the first that ends the test.

    With `to_the_end` up to the last day, for a picture. What is read in a file counts as final here, unless `as_of` of
    the evidence says that it was read before it settled.
    """
    days = [day.day for arm in evidence.arms for day in arm.series.days]
    if not days:
        yield decide(evidence)
        return
    zone = next((arm.series.basis.timezone for arm in evidence.arms if arm.series.basis is not None), UTC)
    looks = evidence.looks
    for day in run_of(min(days), max(days)):
        morning = datetime.combine(day + timedelta(days=1), time(6), zone)
        now = evidence.but(as_of=min(morning, evidence.as_of), looks=looks)
        verdict = decide(now)
        looks = verdict.looks
        yield verdict
        if verdict.ended and not to_the_end:
            return
