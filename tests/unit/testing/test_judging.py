"""What the simulation's judges let pass, and what they do not."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from backstay.ads import ConfiguredStatus
from backstay.sandbox.world import State, World
from backstay.testing.simulation.judge import Evidence, judge
from backstay.testing.simulation.reads import _shown
from backstay.testing.simulation.stage import STATUS, Look

ACTIVE, PAUSED = ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED
LOOKS = [
    Look(0.0, 1.0, "Autumn", PAUSED, Decimal(100)),
    Look(2.0, 4.0, "Renamed", ACTIVE, Decimal(100)),
    Look(3.0, 3.5, "Renamed", ACTIVE, Decimal(124)),
]


def answer(name: str, status: ConfiguredStatus, amount: int) -> Any:
    budget = SimpleNamespace(amount=SimpleNamespace(amount=Decimal(amount)))
    return SimpleNamespace(name=name, status=SimpleNamespace(configured=status), budget=budget)


@pytest.mark.parametrize(
    ("shown", "as_one", "apart"),
    [
        (answer("Autumn", PAUSED, 100), True, True),
        (answer("Renamed", ACTIVE, 124), True, True),
        (answer("Autumn", PAUSED, 124), False, True),  # the newer budget beside the older campaign
        (answer("Autumn", ACTIVE, 100), False, False),  # name and status are of one object
        (answer("Renamed", ACTIVE, 125), False, False),
        (answer("Other", PAUSED, 100), False, False),
    ],
)
def test_a_budget_of_its_own_lags_by_itself(shown: Any, as_one: bool, apart: bool) -> None:
    """Where budgets are objects of their own, and only there, an answer may join an old name and a new budget."""
    assert _shown(shown, LOOKS, apart=False) is as_one
    assert _shown(shown, LOOKS, apart=True) is apart


@pytest.mark.parametrize(("asked", "wrongs"), [((ACTIVE,), 0), ((PAUSED,), 1), ((), 1)])
def test_two_changes_of_one_moment_are_told_apart(asked: tuple[ConfiguredStatus, ...], wrongs: int) -> None:
    """A status that was asked for is no orphan because the object went with its campaign in the same moment."""
    world = World()
    above = world.create(0.0, id="0", account="acc", level="campaign", name="Above")
    thing = world.create(0.0, id="1", account="acc", level="ad_group", name="One", parent=above.id)
    world.set_state(5.0, thing, State.ACTIVE)
    world.set_state(5.0, above, State.REMOVED)
    world.set_state(5.0, thing, State.REMOVED)
    played: Any = SimpleNamespace(
        world=world, levels=("ad_group",), vendor="v", atomic=False,
        past=lambda of: [Look(each.at, each.visible_at, each.name, STATUS[each.state], None) for each in of.versions],
    )  # fmt: skip
    ref = SimpleNamespace(id=thing.id)
    calls: list[Any] = [said(ref, status) for status in asked]
    found = [wrong for wrong in judge(Evidence(played, calls, [], 9.0)) if "asked for" in wrong.text]
    assert [wrong.kind for wrong in found] == ["orphan"] * wrongs


def said(ref: Any, status: ConfiguredStatus) -> Any:
    return SimpleNamespace(
        number=1, method="set_status", ref=ref, given={"status": status}, tokens=(), began=4.0, ended=6.0, outcome="ok",
        denies=False, error=None, value=SimpleNamespace(applied=()), covers=lambda at, _: 4.0 <= at <= 6.0,
    )  # fmt: skip
