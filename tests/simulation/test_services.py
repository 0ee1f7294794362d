"""Services on faulty platforms: no cap exceeded, no action twice, no decision on stale numbers; and a judge that sees.

The same seeds, and more of them, by `python -m benchmarks.simulate --services`.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import ConfiguredStatus, Money
from backstay.services.ab_test import manager, watch
from backstay.services.budgets import Candidate, Limits, LogCurve, apply, history, plan
from backstay.services.rules.state import RulesState
from backstay.testing.simulation import Look, Sabotage
from benchmarks.simulate.platforms import STAGES
from benchmarks.simulate.services import Outcome, simulate_services
from benchmarks.simulate.services.judge import moved, raised, switched

SEEDS = range(int(os.environ.get("BACKSTAY_SERVICES_SEEDS", "50")))
MOST = 25
"""Seeds in which a safeguard that was taken away must be missed; usually it is one of the first."""


def played(seed: int, **facts: Any) -> Outcome:
    """On one platform, two or all."""
    return simulate_services(seed, list(STAGES.values()), **facts)


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """All seeds, once."""
    return [played(seed) for seed in SEEDS]


def test_nothing_is_wrong(outcomes: list[Outcome]) -> None:
    """In no seed: neither a cap, nor an action twice, nor an old number, nor a service that never comes to its end."""
    assert {outcome.seed: list(map(str, outcome.wrongs)) for outcome in outcomes if outcome.wrongs} == {}


def test_the_seeds_are_no_calm_days(outcomes: list[Outcome]) -> None:
    """Plans move money, rules act, tests end, processes die, answers are lost, and stale ones are served."""
    for name, least in {
        "plans": 1.0, "moves": 3.0, "actions": 1.0, "verdicts": 0.9, "crashes": 0.2, "lost_answers": 1.0,
        "stale_answers": 0.1,
    }.items():  # fmt: skip
        assert sum(getattr(outcome, name) for outcome in outcomes) >= least * len(outcomes), name


def test_what_is_counted_are_numbers(outcomes: list[Outcome]) -> None:
    """Also what can be there once at most: the JSON of a single seed says 1, not true."""
    names = ("plans", "moves", "actions", "verdicts", "stale_answers", "lost_answers", "crashes", "cap_exceeded")
    assert {type(getattr(outcome, name)) for outcome in outcomes for name in names} == {int}


def test_the_same_seed_is_the_same_run(outcomes: list[Outcome]) -> None:
    """Line by line; another one is another."""
    assert played(3).digest == outcomes[3].digest != outcomes[4].digest


# Without a safeguard ------------------------------------------------------------------------------------------------


def found(kind: str, **facts: Any) -> bool:
    """Whether some seed is found wrong in this way, on the platform that is quickest to play."""
    seeds = (simulate_services(seed, [STAGES["tiktok"]], **facts) for seed in range(MOST))
    return any(wrong.kind == kind for outcome in seeds for wrong in outcome.wrongs)


def increases_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets is written before whoever gives, and nobody adds up."""
    monkeypatch.setattr(apply, "sorted", lambda some, key: sorted(some, key=key, reverse=True), raising=False)
    monkeypatch.setattr(apply.BudgetApply, "_require_room", lambda *_: None)


def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules forget what they have done: no cool-down holds them."""
    monkeypatch.setattr(RulesState, "ended", lambda state, done: state.without(done.key))


def stale_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A history takes whatever it is served."""
    monkeypatch.setattr(history, "is_stale", lambda _: False)


def old_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that broke off is carried out whenever somebody comes back to it."""
    monkeypatch.setattr(apply.BudgetApply, "_require_young", lambda _: None)


def stale_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules act on whatever they are served."""
    module = importlib.import_module("backstay.services.rules.decide")  # its package has a function of that name
    monkeypatch.setattr(module, "_stale", lambda *_: False)


def stale_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test takes all numbers for live ones."""
    ask = watch.numbers

    async def numbers(*args: Any, **facts: Any) -> Any:
        told = await ask(*args, **facts)
        told.live = True
        return told

    monkeypatch.setattr(manager, "numbers", numbers)


AWAY = {"away": 5.0, "operations": 9, "mortal": 0.0, "slots": 1}
"""An hour after what was good is bad, and the other way round."""
LATE = {**AWAY, "away": 74.0}
"""When two whole days of the test are over, so that it may end."""
SAFEGUARDS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str, dict[str, Any]]] = {
    "decreases first": (increases_first, "cap", {}),
    "cool-down": (nothing_remembered, "double", {"operations": 6}),
    "fresh plans": (stale_plans, "stale", AWAY),
    "young plans": (old_plans, "stale", {"mortal": 1.0, "slots": 1, "operations": 8}),
    "fresh rules": (stale_rules, "stale", AWAY),
    "fresh tests": (stale_tests, "stale", LATE),
}


@pytest.mark.parametrize("name", SAFEGUARDS)
def test_without_it_the_judge_finds_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Take one safeguard of a service away, and the harm that it prevents is found."""
    take, kind, facts = SAFEGUARDS[name]
    take(monkeypatch)
    assert found(kind, **facts)


def test_without_a_common_ledger_the_judge_finds_it() -> None:
    """Each process with a spend ledger of its own, which dies with it: together they exceed the guard's cap."""
    assert found("cap", sabotage=Sabotage(guard=True), mortal=1.0, slots=2, operations=6)


@pytest.mark.parametrize(
    "facts", [AWAY, LATE, {"mortal": 1.0, "slots": 2, "operations": 6}], ids=["away", "late", "mortal"]
)
def test_with_all_safeguards_the_same_troubles_are_survived(facts: dict[str, Any]) -> None:
    """The control."""
    assert [list(map(str, played(seed, **facts).wrongs)) for seed in range(3)] == [[]] * 3


# The judge by itself ------------------------------------------------------------------------------------------------

HOUR = 3_600.0
ON = ConfiguredStatus.ACTIVE


def budgets(*told: tuple[float, int]) -> list[Look]:
    """A campaign with these budgets from these hours on."""
    return [Look(hour * HOUR, hour * HOUR, "Rule up", ON, Decimal(amount)) for hour, amount in told]


@pytest.mark.parametrize(
    ("past", "wrongs"),
    [
        (budgets((0, 100), (1, 120), (4, 144)), 0),
        (budgets((0, 100), (1, 120), (1.1, 144)), 1),
        (budgets((0, 100), (1, 144)), 1),
        (budgets((0, 100), (1, 80)), 1),
        (budgets((0, 100), (1, 100)), 0),
    ],
)
def test_raises_are_judged(past: list[Look], wrongs: int) -> None:
    """Apart is right; within the cool-down, two at once in one, and a cut are wrong; the same again is nothing."""
    assert len(list(raised(past))) == wrongs


@pytest.mark.parametrize(
    ("told", "wrongs"),
    [
        ([(1.0, False), (5.0, True)], 0), ([(1.0, False), (1.5, True)], 1), ([(1.0, True), (1.5, False)], 0),
    ],
)  # fmt: skip
def test_switches_are_judged(told: list[tuple[float, bool]], wrongs: int) -> None:
    """On again too soon after off is wrong; off soon after on is not."""
    assert len(list(switched([(hour * HOUR, on) for hour, on in told]))) == wrongs


@pytest.mark.parametrize(
    ("told", "wrongs"), [([100, 120], 0), ([100, 120, 100, 120], 2), ([100, 130], 1), ([100], 0), ([100, 120, 120], 0)]
)
def test_moves_of_plans_are_judged(told: list[int], wrongs: int) -> None:
    """One plan wanted 100 > 120: once is right, twice is not, nor is what no plan wanted."""
    usd = [Money(each, "USD") for each in (100, 120)]
    found = plan(
        [Candidate(name="Opt 0", budget=usd[0], unit=Money(1, "USD"), curve=LogCurve(a=1, b=1))],
        Limits(total=usd[1]), now=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    assert [(each.old, each.new) for each in found.changes] == [tuple(usd)]
    assert len(list(moved("Opt 0", budgets(*((n, each) for n, each in enumerate(told))), [found]))) == wrongs
