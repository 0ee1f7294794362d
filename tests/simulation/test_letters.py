"""An outage of TikTok in virtual time: what was given up leaves letters, and replaying them makes each thing once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from backstay import Money, Runtime
from backstay.ads import Budget, CampaignPatch, CampaignSpec, Compliance, Objective, Ref
from backstay.errors import BackstayError
from backstay.events import DeadLetter, Event
from backstay.letters import LetterState
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, SimTransport
from backstay.testing.clock import VirtualClock, run
from backstay.writes.marker import token
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

OUTAGE = 1_800.0
"""Seconds in which nothing works, one way or another."""
KINDS = (FaultKind.CONNECT_REFUSED, FaultKind.RESET_AFTER, FaultKind.TIMEOUT, FaultKind.HTTP_5XX)
CREATES = 10


class Day:
    """A service whose process is started anew after the outage."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.clock = VirtualClock(seed)
        self.tiktok = TikTokSandbox(seed=seed)
        self.rng = self.clock.random
        self.events: list[Event] = []
        self.acknowledged: set[str] = set()

    def process(self) -> tuple[Runtime, TikTokAds]:
        runtime = Runtime(state=self.folder, clock=self.clock, listeners=(self.events.append,))
        transport = SimTransport(self.tiktok, self.clock)
        return runtime, TikTokAds(ADVERTISERS[0], TOKEN, runtime=runtime, transport=transport)

    def spec(self, name: str) -> CampaignSpec:
        budget = Budget.daily(Money("100.00", "USD"))
        return CampaignSpec(name=name, objective=Objective.TRAFFIC, compliance=Compliance.ordinary(), budget=budget)

    def break_it(self) -> None:
        """Every request is struck, by one fault after the other, some after the vendor has done what was asked."""
        rules = [FaultRule(KINDS[int(self.rng() * len(KINDS))], rate=0.4, end=OUTAGE) for _ in range(4)]
        self.tiktok.faults = FaultPlan(
            [*rules, FaultRule(FaultKind.CONNECT_REFUSED, end=OUTAGE)], int(self.rng() * 1e6)
        )

    async def morning(self) -> Ref:
        """All is well; then the vendor goes away while the service goes on."""
        runtime, ads = self.process()
        old = (await ads.create_campaign(self.spec("old"), idempotency_key="old")).value
        self.break_it()
        for number in range(CREATES):
            await self.attempt(
                f"campaign {number}", ads.create_campaign(self.spec(f"C{number}"), idempotency_key=f"c{number}")
            )
            await self.clock.sleep(60.0 * self.rng())
        await self.attempt("name", ads.update_campaign(old.ref, CampaignPatch(name="renamed")))
        await runtime.aclose()
        return old.ref

    async def attempt(self, name: str, work: Any) -> None:
        try:
            await work
        except BackstayError:
            return
        self.acknowledged.add(name)

    async def evening(self, ref: Ref) -> dict[str, LetterState]:
        """The vendor is back: a new process replays what waits, and once more."""
        await self.clock.sleep(OUTAGE + 600.0)
        runtime, ads = self.process()
        for _ in range(2):
            for letter in await runtime.letters.list():
                await runtime.letters.replay(letter.dlq_id, ads)
        assert (await ads.get_campaign(ref, max_age=0)).name == "renamed"
        states = {letter.key: letter.state for letter in await runtime.letters.list(None)}
        await ads.aclose()
        await runtime.aclose()
        return states


def made(day: Day) -> Counter[str]:
    """How many campaigns carry each key's marker."""
    tokens = {token("tiktok", ADVERTISERS[0], "create_campaign", f"c{n}"): f"c{n}" for n in range(CREATES)}
    marks = [thing.key for thing in day.tiktok.world.objects(level="campaign")]
    return Counter(tokens[mark] for mark in marks if mark in tokens)


@pytest.mark.parametrize("seed", range(5))
def test_after_an_outage_each_thing_is_there_once(tmp_path: Path, seed: int) -> None:
    """Every create has one object, the change is made, and no letter waits."""
    day = Day(tmp_path, seed)
    ref = run(day.morning(), day.clock)
    left = [event for event in day.events if isinstance(event, DeadLetter)]
    assert len(left) + len(day.acknowledged) == CREATES + 1
    assert len(left) >= CREATES // 2, "an outage that nobody notices proves nothing"
    states = run(day.evening(ref), day.clock)
    assert set(states.values()) == {LetterState.REPLAYED}
    assert made(day) == {f"c{number}": 1 for number in range(CREATES)}
    assert day.tiktok.world.summary()["duplicates"] == 0


def test_some_answers_were_lost_in_these_outages(tmp_path: Path) -> None:
    """Letters of unknown outcome are among them, so that looking first is what keeps the count at one."""
    outcomes: Counter[str] = Counter()
    for seed in range(2):
        day = Day(tmp_path / str(seed), seed)
        run(day.morning(), day.clock)
        outcomes.update(event.outcome for event in day.events if isinstance(event, DeadLetter))
    assert outcomes["open"] > 0
    assert outcomes["failed"] > 0
