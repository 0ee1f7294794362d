"""Take a safeguard of the engine away: the witness must complain, or its rule proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backstay.engine import attempt, decide, line, write
from backstay.engine.scope import Scope
from backstay.errors import PlatformServiceError
from backstay.policies.breaker import Breaker, BreakerOptions
from backstay.policies.budget import RetryBudget
from backstay.profile import Profile
from backstay.testing.clock import VirtualClock
from backstay.testing.invariants import RULES
from backstay.writes.reconcile import Finding
from benchmarks.faults import drive, ours
from benchmarks.faults.drive import play, recovery
from benchmarks.faults.vendors import SHORT, Outage
from tests.support import make_scope
from tests.support.stage import Stage, Step

FINE: list[Step] = [(0.05, None)]
BAD: list[Step] = [(0.05, PlatformServiceError())]


def crossed_deadline() -> Stage:
    """A place becomes free in the moment in which the deadline of somebody in the line is over."""
    stage = Stage(make_scope(limit=1))
    stage.ask([(1.0, None)], deadline=20.0, timeout=30.0)
    stage.ask(FINE, deadline=1.0, timeout=30.0)
    return stage


def many_failures() -> Stage:
    """Forty calls fail: a fifth of them and ten more may be retried."""
    stage = Stage(make_scope(min_calls=1_000))
    for _ in range(40):
        stage.ask(BAD, deadline=20.0, timeout=1.0)
    return stage


def after_an_outage() -> Stage:
    """After an outage, five want to go at once."""
    stage = Stage(make_scope(min_calls=4))
    for _ in range(5):
        stage.ask(BAD, deadline=20.0, timeout=1.0)
        stage.pass_time(1.0)
    stage.pass_time(10.0)
    for _ in range(5):
        stage.ask([(0.5, None)], deadline=20.0, timeout=1.0)
    return stage


def three_for_one_place() -> Stage:
    """One may go, three want to."""
    stage = Stage(make_scope(limit=1))
    for _ in range(3):
        stage.ask([(0.5, None)], deadline=20.0, timeout=1.0)
    return stage


def somebody_gives_up() -> Stage:
    """A call is cancelled in the middle of its attempt."""
    stage = Stage(make_scope())
    stage.ask([(5.0, None)], deadline=20.0, timeout=10.0)
    stage.pass_time(0.1)
    stage.cancel(stage.calls[0])
    return stage


def a_lost_answer() -> Stage:
    """A create whose answer is lost, and whose object shows late."""
    stage = Stage(make_scope())
    stage.make("k", [(0.05, Exception("after")), (0.05, None)], deadline=60.0, timeout=5.0, lag=1.9)
    return stage


def a_late_success() -> Stage:
    """A call from before the outage is answered while a probe, which will fail, tests the water."""
    stage = Stage(make_scope(min_calls=4, ramp=0.0))
    for _ in range(3):
        stage.ask([(5.5, None)], deadline=60.0, timeout=30.0)
    for _ in range(6):
        stage.ask(BAD, deadline=0.2, timeout=1.0)
    stage.pass_time(5.0)
    stage.ask([(2.0, PlatformServiceError())], deadline=60.0, timeout=30.0)
    return stage


def complaints(story: Callable[[], Stage]) -> list[str]:
    """The rules that were broken."""
    return [text.partition(" ")[0] for text in story().close()]


STORIES = {
    "deadline": crossed_deadline, "budget": many_failures, "probes": after_an_outage, "room": three_for_one_place,
    "cancelled": somebody_gives_up, "twice": a_lost_answer, "reason": many_failures, "generation": a_late_success,
}  # fmt: skip


def test_there_is_a_story_for_each_rule() -> None:
    """None is left out."""
    assert set(STORIES) == set(RULES)


@pytest.mark.parametrize("story", STORIES.values(), ids=lambda story: story.__name__)
def test_with_all_safeguards_nobody_complains(story: Callable[[], Stage]) -> None:
    """The control."""
    assert complaints(story) == []


def _take_away(patch: pytest.MonkeyPatch, rule: str) -> None:
    """Take the safeguard of a rule away."""
    real_done, real_admit = Scope.done, Scope.try_admit

    def roomy(self: Scope, *facts: Any) -> Any:
        self.bulkhead.limit = 1_000
        return real_admit(self, *facts)

    def probing(self: Breaker, now: float, rand: float) -> int:
        self._token += 1
        self._leases[self._token] = now + 30.0
        return self._token

    def careless(self: Breaker, token: int, now: float, took: float) -> None:
        self._probed(now, well=True)

    def forgetful(
        self: Scope, permit: int, now: float, took: float, failed: bool | None, *rest: Any, **facts: Any
    ) -> None:
        if failed is not None:
            real_done(self, permit, now, took, failed, *rest, **facts)

    match rule:
        case "deadline":
            patch.setattr(line, "refuse_late", lambda *_: None)
        case "budget":
            patch.setattr(RetryBudget, "withdraw", lambda *_: True)
        case "probes":
            patch.setattr(Breaker, "_probe", probing)
            patch.setattr(Breaker, "peek", lambda *_: 0.0)
        case "room":
            patch.setattr(Scope, "try_admit", roomy)
        case "leak":
            patch.setattr(Scope, "done", forgetful)
        case "cancelled":
            patch.setattr(attempt, "verdict", lambda _: True)
        case "twice":
            patch.setattr(write, "judge_found", lambda *_, **__: Finding.ABSENT)
        case "reason":
            patch.setattr(decide, "finish", lambda _, error, __: error)
        case "generation":
            patch.setattr(Breaker, "success", careless)


@pytest.mark.parametrize("rule", STORIES)
def test_without_its_safeguard_each_rule_is_broken(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is taken away, the same story makes the witness complain of just that."""
    _take_away(monkeypatch, rule)
    assert rule in complaints(STORIES[rule])


def test_a_permit_that_is_not_given_back_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a cancelled call keeps its place, the place is missing in the end."""
    _take_away(monkeypatch, "leak")
    assert complaints(somebody_gives_up) == ["room", "room"]


def test_chance_that_is_not_seeded_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of one seed differ as soon as something draws its own numbers."""
    import random

    class Careless(VirtualClock):
        def __init__(self, seed: int = 0) -> None:
            super().__init__(seed)
            self.random = random.SystemRandom().random

    monkeypatch.setattr(drive, "VirtualClock", Careless)
    first, again = (play("a", ours.backstay, 7, scenarios=SHORT).told["trace"] for _ in range(2))
    assert first != again


def test_a_breaker_that_looks_seldom_comes_back_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """With five seconds between probes, as most libraries have it, two are not enough to be back."""
    seldom = BreakerOptions(open_for=5.0, open_max=8.0)
    monkeypatch.setattr(ours, "Profile", lambda **facts: Profile(breaker=seldom, **facts))
    late = []
    for seed in range(1, 6):
        found = play("b", ours.backstay, seed, scenarios=SHORT)
        assert isinstance(found.vendor, Outage)
        late.append(recovery(found, found.vendor.B))
    assert max(late) > 2.0
