"""Campaigns on faulty platforms, with processes that die: nothing twice, no total exceeded, in the end as wanted."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from backstay.ads import ConfiguredStatus
from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, storm
from backstay.services.campaigns import CampaignSet, Do, Step, Target
from backstay.services.campaigns.plan import in_order
from tests.support.campaigns import VENDORS, Death, Stage, daily, with_ad, with_group

SEEDS = range(int(os.environ.get("BACKSTAY_CAMPAIGNS_SEEDS", "8")))
TRIES = 5
HOUR = 3_600.0


@dataclass
class Play:
    """One seed: specs applied again and again through a storm, by processes of which many die."""

    seed: int
    deaths: int = 0
    failures: int = 0
    sums: list[Decimal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.stage = Stage(VENDORS[self.seed % len(VENDORS)])
        self.total = 100 * len(self.stage.names)

    def specs(self) -> list[CampaignSet]:
        """What is wanted, one after the other; money moves between the platforms, its sum stays."""
        names = self.stage.names

        def moved(on: str, target: Target) -> Target:
            number = names.index(on)
            amount = 100 if len(names) == 1 else {0: 140, 1: 60}.get(number, 100)
            return target.but(tree=target.tree.but(campaign=target.tree.campaign.but(budget=daily(f"{amount}.00"))))

        return [
            self.stage.spec(),
            self.stage.changed(moved),
            self.stage.changed(lambda _, target: with_ad(with_group(target, "Three"), "Extra")),
            self.stage.spec(name="Renamed"),
        ]

    async def main(self) -> None:
        """All of them."""
        await self.stage.prepared()
        self.stage.after = self.counted
        for spec in self.specs():
            for _ in range(TRIES):
                self.weather(stormy=True)
                await self.tried(spec)
                await self.stage.place.clock.sleep(self.random.choice([1.0, 60.0, HOUR]))
            self.weather(stormy=False)
            for _ in range(TRIES):
                await self.stage.place.clock.sleep(HOUR)
                if (await self.stage.open(spec).apply()).ok:
                    break
            assert (await self.stage.open(spec).plan()).empty, self.seed

    async def tried(self, spec: CampaignSet) -> None:
        """One process."""
        stage = self.stage
        stage.die_after = None
        manager = stage.open(spec)
        if self.random.random() < 0.6:
            stage.die_after = len(stage.writes) + self.random.randrange(1, 6)
            part, side = self.random.choice(["create_ad_group", "create_ad"]), self.random.choice(["before", "after"])
            stage.dies_within(self.random.choice(stage.names), part, side, self.random.randrange(1, 3))
        try:
            self.failures += len((await manager.apply()).failed)
        except Death:
            self.deaths += 1
        except BackstayError:
            self.failures += 1
        stage.die_after = None

    def weather(self, *, stormy: bool) -> None:
        """Faults of every kind, or none."""
        for bench in self.stage.place.benches.values():
            seed = self.random.randrange(10**6)
            lost = FaultRule(FaultKind.RESET_AFTER, rate=0.4, **bench.write)  # type: ignore[arg-type]  # its choice
            heavy = FaultPlan((lost, FaultRule(FaultKind.RESET_BEFORE, rate=0.5)), seed)
            bench.simulator.faults = FaultPlan() if not stormy else storm(seed) if seed % 2 else heavy

    async def counted(self) -> None:
        """The sum of the budgets that run, seen in calm weather."""
        benches = self.stage.place.benches.values()
        kept = [bench.simulator.faults for bench in benches]
        self.weather(stormy=False)
        found = [each for each in await self.stage.campaigns() if each.status.configured is ConfiguredStatus.ACTIVE]
        self.sums.append(sum((each.budget.amount.amount for each in found if each.budget and each.budget.amount),
                             Decimal(0)))  # fmt: skip
        for bench, faults in zip(benches, kept, strict=True):
            bench.simulator.faults = faults


@pytest.fixture(scope="module")
def plays() -> list[Play]:
    """All seeds, once."""
    found = [Play(seed) for seed in SEEDS]
    for play in found:
        play.stage.play(play.main())
    return found


def test_nothing_is_made_twice_and_all_of_it_runs(plays: list[Play]) -> None:
    """One running tree a platform, no key with two objects that ever ran."""
    for play in plays:
        worlds = [bench.world for bench in play.stage.place.benches.values()]
        assert [len(world.duplicates()) for world in worlds] == [0] * len(worlds), play.seed
        assert play.stage.active == [1] * len(worlds), play.seed


def test_the_sum_is_never_exceeded(plays: list[Play]) -> None:
    """After no write do the running budgets add up to more than the specs say, whatever failed and died before."""
    assert {play.seed: max(play.sums) for play in plays if max(play.sums) > play.total} == {}


def test_the_seeds_are_no_calm_days(plays: list[Play]) -> None:
    """Processes die and steps fail, or the tests above would show little."""
    assert sum(play.deaths for play in plays) >= len(plays)
    assert sum(play.failures for play in plays) >= len(plays) / 4


def test_raises_that_come_first_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge sees: with raises in front of decreases, the sum is exceeded in one of the first seeds of a mix."""

    def wrong(steps: list[Step]) -> tuple[Step, ...]:
        return tuple(sorted(in_order(steps), key=lambda step: step.do is not Do.RAISE))

    monkeypatch.setattr("backstay.services.campaigns.survey.in_order", wrong)
    for seed in range(len(VENDORS) - 1, 8 * len(VENDORS), len(VENDORS)):
        play = Play(seed)
        play.stage.play(play.main())
        if max(play.sums) > play.total:
            return
    pytest.fail("the sum was never exceeded")
