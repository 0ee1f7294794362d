"""What a look makes of what it sees: from sights to the state, and from the verdict to what is paused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backstay.ads import Level, MetricBasis, Platform, Ref
from backstay.services.ab_test.decide import decide
from backstay.services.ab_test.notice import noticed, to_pause
from backstay.services.ab_test.state import AbState, ArmState
from backstay.services.ab_test.watch import Sight, days_of, edited
from backstay.services.ab_test.words import AtEnd, Outcome
from tests.support.ab import around, evidence, plan, series

REFS = {name: Ref(Platform.META, "act_1", Level.CAMPAIGN, name) for name in "ABC"}


def state(**facts: Any) -> AbState:
    arms = tuple(ArmState(name=name, ref=ref, expected=facts.pop(f"basis_{name}", None)) for name, ref in REFS.items())
    return AbState(**{"plan": plan(), "payload": "p", "arms": arms, **facts})


def seen(*looks: dict[str, Sight]) -> AbState:
    """The state after some looks."""
    now = state()
    for look in looks:
        now = noticed(now, look)
    return now


FINE = Sight(settings={"c": "1", "g": "1"})
SHORT = Sight(short=True, settings={"c": "1", "g": "1"})


def test_an_arm_that_is_alone_short_of_budget_twice_is_interrupted() -> None:
    """One evening is no interruption, nor is a shortage of all arms."""
    once = seen({"A": FINE, "B": SHORT})
    assert once.arm("B").interruptions == ()
    twice = noticed(once, {"A": FINE, "B": SHORT})
    assert twice.arm("B").interruptions == ("it alone is short of budget",)
    assert seen({"A": FINE, "B": SHORT}, {"A": FINE, "B": FINE}, {"A": FINE, "B": SHORT}).arm("B").interruptions == ()
    assert seen(*[{"A": SHORT, "B": SHORT}] * 3).arm("B").interruptions == ()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"c": "1", "g": "1"}, ()),
        ({"c": "1", "g": "2"}, ("g was edited",)),
        ({"c": "1"}, ("g is gone",)),
        ({"c": "1", "g": "1", "x": "1"}, ("x was added",)),
    ],
)
def test_edits_are_seen_against_the_first_look(settings: dict[str, str], said: tuple[str, ...]) -> None:
    """And stay known, also when they were undone."""
    assert edited({"c": "1", "g": "1"}, settings) == said
    now = seen({"A": FINE}, {"A": Sight(settings=settings)}, {"A": FINE})
    assert now.arm("A").interruptions == said


def test_what_is_gone_is_told_once() -> None:
    """Its objects are not listed as gone besides."""
    now = seen({"A": FINE}, {"A": Sight("it is gone", gone=True)})
    assert (now.arm("A").interruptions, now.arm("A").gone) == (("it is gone",), True)
    first = seen({"A": Sight("it is gone", gone=True)})
    assert first.arm("A").settings is None


@pytest.mark.parametrize(
    ("at_end", "conversions", "paused"),
    [
        (AtEnd.LEAVE, 65, ("A",)),
        (AtEnd.PAUSE_ALL, 65, ("A",)),
        (AtEnd.KEEP_CONTROL, 20, ("B",)),
        (AtEnd.LEAVE, 50, ()),
        (AtEnd.KEEP_CONTROL, 50, ("B",)),
        (AtEnd.PAUSE_ALL, 50, ("A", "B")),
    ],
)
def test_what_a_verdict_wants_paused(at_end: AtEnd, conversions: int, paused: tuple[str, ...]) -> None:
    """The losers of a verdict against an arm; without a winner what the plan says."""
    verdict = decide(evidence([series("A", around(50)), series("B", around(conversions))], at_end=at_end, max_days=14))
    assert verdict.outcome in {Outcome.WINNER, Outcome.HARM, Outcome.TIMEOUT}
    arms = tuple(ArmState(name=name) for name in "AB")
    told = AbState(plan=verdict.evidence.plan, payload="p", arms=arms, verdict=verdict)
    assert to_pause(told) == paused
    assert to_pause(told.but(verdict=None)) == ()


def test_the_start_day_is_the_latest_of_all_zones() -> None:
    """A day counts when it began after the start for every arm."""
    at = datetime(2026, 1, 5, 20, 0, tzinfo=UTC)
    zones = {f"basis_{name}": MetricBasis(timezone=ZoneInfo(zone)) for name, zone in zip(
        "ABC", ("America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo"), strict=True
    )}  # fmt: skip
    started = state(started_at=at, **zones).started
    assert started is not None
    assert started.isoformat() == "2026-01-06"
    assert state(started_at=at).started == at.date()
    assert state().started is None


def test_no_day_is_asked_for_that_has_not_begun_everywhere() -> None:
    """Twelve hours behind UTC it may still be yesterday; vendors refuse days of the future."""
    start = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
    assert str(days_of(start, start)) == "2026-01-04..2026-01-04"
    assert str(days_of(start, datetime(2026, 1, 6, 11, 59, tzinfo=UTC))) == "2026-01-04..2026-01-05"
    assert str(days_of(start, datetime(2026, 1, 6, 12, 0, tzinfo=UTC))) == "2026-01-04..2026-01-06"
