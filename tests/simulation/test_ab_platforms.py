"""The A/B test manager, the same on each platform, on several and on a split of them, calm and under faults.

The numbers are planted; everything else is the simulators': creating, activating, reading, pausing, and what goes
wrong. What happened is read from the worlds' own logs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from backstay.ads import AdPlatform, CampaignTree, Platform, Ref
from backstay.errors import InvalidRequestError
from backstay.events import RetryAttempt
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.services.ab_test.decide import replay
from backstay.services.ab_test.events import AbArmChanged
from backstay.services.ab_test.manager import AbTest
from backstay.services.ab_test.state import Stage
from backstay.services.ab_test.words import Design, Metric, Outcome
from backstay.services.store import MemoryStore
from tests.support.ab import plan
from tests.support.services import Place, Planted, place, rates

DAILY = timedelta(days=1)
KINDS = (
    FaultKind.RESET_AFTER, FaultKind.TIMEOUT, FaultKind.HTTP_5XX, FaultKind.VENDOR_ERROR, FaultKind.RATE_LIMIT,
    FaultKind.HALF_JSON, FaultKind.CONNECT_REFUSED,
)  # fmt: skip
ONE = {"metric": Metric.CVR, "design": Design.OBSERVATIONAL_ARMS}
MIX = {"metric": Metric.CPA, "design": Design.CROSS_PLATFORM}

CASES: dict[str, tuple[tuple[str, ...], Mapping[str, str], str, dict[str, Any]]] = {
    # what there is, where each arm goes, how it is handed over, the plan's facts
    "tiktok": (("tiktok",), {"A": "tiktok", "B": "tiktok"}, "one", ONE),
    "meta": (("meta",), {"A": "meta", "B": "meta"}, "one", ONE),
    "google_ads": (("google_ads",), {"A": "google_ads", "B": "google_ads"}, "one", ONE),
    "two": (("tiktok", "meta"), {"A": "tiktok", "B": "meta"}, "each", MIX),
    "three": (("tiktok", "meta", "google_ads"), {"A": "google_ads", "B": "meta", "C": "tiktok"}, "each", MIX),
    "split": (("tiktok", "meta"), {"A": "meta", "B": "tiktok"}, "split", MIX),
    "split, one side": (("tiktok", "meta"), {"A": "meta", "B": "meta"}, "split", ONE),
}
SHARES = {"A": 0.05, "B": 0.07, "C": 0.05}


def faulty(where: Place, seed: int) -> None:
    """One request in twelve goes wrong, in each of the ways, for as long as the test runs."""
    for bench in where.benches.values():
        bench.simulator.faults = FaultPlan([FaultRule(kind, rate=0.012) for kind in KINDS], seed)


def on(where: Place, sides: Mapping[str, str], how: str, known: dict[Ref, float]) -> Any:
    """The platforms, as the manager is given them."""
    if how == "split":
        by_name = {f"Test {arm}": side for arm, side in sides.items()}

        def rule(what: Any) -> str:
            return by_name[what.campaign.name]

        return Planted(where.split(rule), rates(known))
    found: dict[str, AdPlatform] = {name: Planted(ads, rates(known)) for name, ads in where.adapters().items()}  # type: ignore[misc]  # as good as one
    return next(iter(found.values())) if how == "one" else {arm: found[side] for arm, side in sides.items()}


async def trees(where: Place, sides: Mapping[str, str]) -> dict[str, CampaignTree]:
    """Each arm in the words of its platform; files are uploaded while all is calm."""
    adapters = where.adapters()
    return {arm: await where.tree(side, adapters[side], f"Test {arm}") for arm, side in sides.items()}


def trial(case: str, seed: int | None) -> tuple[Place, Any, Any]:
    """A test from its plan to its end."""
    names, sides, how, facts = CASES[case]
    where, known = place(*names), dict[Ref, float]()

    async def main() -> Any:
        arms = await trees(where, sides)
        if seed is not None:
            faulty(where, seed)
        test = AbTest(plan(**facts), arms, on=on(where, sides, how, known), store=MemoryStore(), clock=where.clock)
        state = await test._patient("start", test.start, timedelta(days=2))  # what run() does first
        known.update({arm.ref: SHARES[arm.name] for arm in state.arms})
        return await test.run(every=DAILY), await test.state()

    return where, *where.run(main())


SEEDS: tuple[int | None, ...] = (None, *range(1, 1 + int(os.environ.get("BACKSTAY_AB_SEEDS", "2"))))
"""None is calm; BACKSTAY_AB_SEEDS=100 plays a hundred."""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES)
def test_the_same_test_on_each_platform_and_on_a_mix(case: str, seed: int | None) -> None:
    """B wins; each arm was created once where it belongs, nothing ran twice, the losers are paused; it replays."""
    names, sides, _, facts = CASES[case]
    where, verdict, state = trial(case, seed)
    assert (verdict.outcome, verdict.arm, state.stage) == (Outcome.WINNER, "B", Stage.ENDED)
    assert replay(verdict) == verdict
    assert {arm.name: arm.ref.platform for arm in state.arms} == {arm: Platform(side) for arm, side in sides.items()}
    assert [arm.name for arm in state.arms if not arm.stopped] == ["B"]
    assert where.active() == {name: int(name == sides["B"]) for name in names}
    for name, bench in where.benches.items():
        assert bench.world.duplicates() == {}
        active = sum(thing.was_active for thing in bench.world.objects(level="campaign"))
        assert active == sum(side == name for side in sides.values())
    if seed is not None:
        assert any(isinstance(event, RetryAttempt) for event in where.events)
    if facts["design"] is Design.CROSS_PLATFORM:
        assert all(str(arm.platform) in verdict.claim for arm in verdict.arms)
        assert all(arm.basis is not None for arm in verdict.arms)


def test_arms_that_a_split_sends_apart_do_not_start() -> None:
    """A conversion rate is not compared across platforms: refused while everything is still paused."""
    names, sides, how, _ = CASES["split"]
    where = place(*names)

    async def main() -> None:
        test = AbTest(plan(**ONE), await trees(where, sides), on=on(where, sides, how, {}), store=MemoryStore())
        with pytest.raises(InvalidRequestError, match="the arms are on meta and tiktok") as caught:
            await test.run()
        assert caught.value.field == "plan.design"

    where.run(main())
    assert where.active() == dict.fromkeys(names, 0)
    assert [event for event in where.events if isinstance(event, AbArmChanged) and event.action == "activated"] == []
