"""Whatever order writes are judged, sent, carried out, answered or lost in: no cap is ever exceeded in truth."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backstay.policies import caps, spend
from backstay.policies.spend import Outcome
from tests.support.spend import AMOUNTS, CAMPAIGNS, DAY, EVERYTHING, GROUPS, SpendWorld

BUDGETS = sorted(GROUPS)
THINK = (0.0, 2.0, 20.0)
WAITS = (1.0, 5.0, 11.0, 75.0, DAY / 3)
ENDS = ("answered", "answered", "answered", "answered", "lost", "crashed")


class SpendMachine(RuleBasedStateMachine):
    """Several processes on one ledger, one vendor whose reads lag, answers that get lost, and people who wait."""

    @initialize(now=st.sampled_from([1e9, 1e9 + DAY / 2]))
    def begin(self, now: float) -> None:
        self.world = SpendWorld(now)

    @rule(name=st.sampled_from(BUDGETS), late=st.booleans(), think=st.sampled_from(THINK))
    def switch_on(self, name: str, late: bool, think: float) -> None:
        self.world.switch_on(name, late, think)

    @rule(campaign=st.sampled_from(CAMPAIGNS), late=st.booleans(), think=st.sampled_from(THINK))
    def switch_campaign_on(self, campaign: str, late: bool, think: float) -> None:
        self.world.switch_campaign_on(campaign, late, think)

    @rule(name=st.sampled_from(EVERYTHING))
    def switch_off(self, name: str) -> None:
        self.world.switch_off(name)

    @rule(
        name=st.sampled_from(BUDGETS), to=st.sampled_from(AMOUNTS), late=st.booleans(), think=st.sampled_from(THINK)
    )  # fmt: skip
    def set_budget(self, name: str, to: Decimal, late: bool, think: float) -> None:
        self.world.set_budget(name, to, late, think)

    @rule(name=st.sampled_from(BUDGETS), late=st.booleans())
    def switch_an_ad_on(self, name: str, late: bool) -> None:
        self.world.switch_an_ad_on(name, late)

    @rule(which=st.integers(0, 99))
    def the_vendor_carries_out(self, which: int) -> None:
        self.world.carry_out(which)

    @rule(which=st.integers(0, 99), how=st.sampled_from(ENDS))
    def it_ends(self, which: int, how: str) -> None:
        self.world.end(which, how)

    @rule(which=st.integers(0, 99))
    def it_goes_well(self, which: int) -> None:
        self.world.carry_out(which)
        self.world.end(which, "answered")

    @rule(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @invariant()
    def no_cap_is_exceeded(self) -> None:
        if hasattr(self, "world"):
            self.world.check()


class TestSpendMachine(SpendMachine.TestCase):
    """The machine as a test; what it finds it shrinks."""

    settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def play(seed: int, steps: int = 60) -> SpendWorld:
    """A random life of the same world, in which much happens at once; fails where a cap is exceeded."""
    draw = random.Random(seed)
    world = SpendWorld(1e9 + draw.choice([0.0, DAY - 60.0]))
    late = lambda: draw.random() < 0.7  # noqa: E731 - drawn anew each time
    think = lambda: draw.choice((0.0, 0.0, 1.0))  # noqa: E731 - as above
    moves: list[tuple[int, Callable[[], object]]] = [
        (3, lambda: world.switch_on(draw.choice(BUDGETS), late(), think())),
        (2, lambda: world.switch_campaign_on(draw.choice(CAMPAIGNS), late(), think())),
        (3, lambda: world.set_budget(draw.choice(BUDGETS), draw.choice(AMOUNTS), late(), think())),
        (1, lambda: world.switch_an_ad_on(draw.choice(BUDGETS), late())),
        (3, lambda: world.switch_off(draw.choice(EVERYTHING))),
        (9, lambda: world.carry_out(draw.randrange(99))),
        (9, lambda: world.end(draw.randrange(99), draw.choice(ENDS))),
        (3, lambda: world.pass_time(draw.choice((1.0, 4.0, 11.0)))),
        (1, lambda: world.pass_time(draw.choice((75.0, DAY / 3)))),
    ]
    weights, deeds = [weight for weight, _ in moves], [deed for _, deed in moves]
    for deed in draw.choices(deeds, weights, k=steps):
        deed()
        world.check()
    return world


def play_many(seeds: range) -> int:
    """Many lives; how many writes were refused in all."""
    return sum(play(seed).refused for seed in seeds)


@pytest.mark.parametrize("batch", range(4))
def test_no_cap_is_exceeded_in_long_lives(batch: int) -> None:
    """Hundreds of seeded lives with thousands of refusals; a seed that fails names itself."""
    assert play_many(range(batch * 200, batch * 200 + 200)) > 100, "a guard that refuses nothing proves nothing"


def no_hold(line: spend.Line, _: spend.Hold) -> spend.Line:
    return line


def forget(line: spend.Line, ticket: str, outcome: Outcome, now: float, today: str) -> spend.Line:
    known = Outcome.RELEASED if outcome is Outcome.UNKNOWN else outcome
    return SETTLED(line, ticket, known, now, today)


def alone(hold: spend.Hold, _: spend.Hold) -> spend.Hold:
    return hold


def trusting(bench: Any, line: spend.Line) -> bool:
    return not line.holds or all(hold.until < bench.asked.read_at for hold in line.holds)


def settled_today(line: spend.Line, ticket: str, outcome: Outcome, now: float, today: str) -> spend.Line:
    return replace(SETTLED(line, ticket, outcome, now, today), peak=spend.ZERO)


SETTLED = spend.settled


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (caps, "held", no_hold),
        (spend, "settled", forget),
        (spend, "_beside", alone),
        (caps, "_trusts", trusting),
        (caps, "_unseen", lambda _: ()),
        (spend, "settled", settled_today),
    ],
    ids=["no reservation", "lost answers let go", "overlaps ignored", "lag ignored", "late children", "peaks lost"],
)
def test_without_a_part_of_it_caps_are_exceeded(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, broken: Any
) -> None:
    """Sabotage: each part is there for a reason, and this test would see it go."""
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError, match="than the"):
        play_many(range(3_000))
