"""What a look makes of what it read: new facts in the state, and the evidence for the verdict. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from backstay.services.ab_test.evidence import ArmEvidence, Evidence
from backstay.services.ab_test.state import AbState, ArmState
from backstay.services.ab_test.watch import Numbers, Sight, edited
from backstay.services.ab_test.words import AtEnd, Design, Outcome
from backstay.services.series import Series, series_of

SHORT_LOOKS: Final = 2
"""Looks in a row at which an arm alone must be short of budget before the test counts as interrupted."""


def noticed(state: AbState, sights: Mapping[str, Sight]) -> AbState:
    """The state with what was seen of the arms that still run."""
    all_short = all(each.short for each in sights.values())
    return state.with_arms(lambda arm: _arm(arm, sights[arm.name], all_short) if arm.name in sights else arm)


def _arm(arm: ArmState, seen: Sight, all_short: bool) -> ArmState:  # noqa: FBT001 - private
    limited = arm.limited + 1 if seen.short and not all_short else 0
    found = [*arm.interruptions]
    if seen.stands is not None:
        found.append(seen.stands)
    if limited >= SHORT_LOOKS:
        found.append("it alone is short of budget")
    if arm.settings is not None and not seen.gone:
        found += edited(dict(arm.settings), seen.settings)
    settings = arm.settings if arm.settings is not None or seen.gone else tuple(seen.settings.items())
    return arm.but(interruptions=tuple(dict.fromkeys(found)), limited=limited, settings=settings, gone=seen.gone)


def evidence(state: AbState, found: Numbers, now: datetime) -> tuple[AbState, Evidence]:
    """The evidence, and the state with the basis that each arm was first counted on."""
    series = {arm.name: _series(arm, found) for arm in state.arms}
    state = state.with_arms(lambda arm: arm.but(expected=arm.expected or series[arm.name].basis))
    split = state.plan.design is Design.RANDOMISED_PLATFORM_SPLIT
    arms = tuple(
        ArmEvidence(
            series=series[arm.name], expected=arm.expected, interruptions=arm.interruptions, stopped=arm.stopped,
            units=found.reach(arm.ref) if split and arm.ref is not None else None,
        )
        for arm in state.arms
    )  # fmt: skip
    return state, Evidence(
        plan=state.plan, arms=arms, as_of=now, looks=state.looks, started=state.started, stale=not found.live
    )


def _series(arm: ArmState, found: Numbers) -> Series:
    if arm.ref is None or arm.stopped or arm.gone:
        return Series(name=arm.name, platform=None if arm.ref is None else arm.ref.platform)
    return series_of(arm.name, found.of(arm.ref), arm.ref.platform)


def to_pause(state: AbState) -> tuple[str, ...]:
    """The arms that the verdict, and the plan for a test that ended without a winner, want switched off."""
    verdict = state.verdict
    if verdict is None:
        return ()
    undecided = verdict.outcome in {Outcome.NO_DIFFERENCE, Outcome.TIMEOUT, Outcome.INVALID}
    if not undecided or state.plan.at_end is AtEnd.LEAVE:
        return verdict.losers
    keep = {state.plan.control} if state.plan.at_end is AtEnd.KEEP_CONTROL else set()
    return tuple(arm.name for arm in state.arms if arm.name not in keep)
