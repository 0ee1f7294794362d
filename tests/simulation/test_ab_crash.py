"""A manager that dies anywhere: the next one goes on, and there is one test, once, with one arm left running."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from backstay.ads import MetricsRow, Ref
from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay.services.ab_test.decide import replay
from backstay.services.ab_test.manager import AbTest
from backstay.services.ab_test.state import Stage
from backstay.services.ab_test.words import Outcome
from backstay.services.store import MemoryStore
from backstay.testing.clock import VirtualClock, run
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes.guard import SpendGuard
from backstay.writes.memory import MemoryJournal
from tests.support.ab import plan
from tests.support.services import Planted, rates, tiktok_bench

DAILY = timedelta(days=1)
STEP = int(os.environ.get("BACKSTAY_AB_STEP", "67"))
"""Every so many awaits a process dies; BACKSTAY_AB_STEP=1 tries all of them."""


class Town:
    """One world, one journal and one store; managers come and go."""

    def __init__(self, *, arrives: bool) -> None:
        self.clock = VirtualClock(5)
        self.bench = tiktok_bench(read_lag=(0.0, 5.0))
        self.arrives = arrives
        self.journal = MemoryJournal(lease=2.0)
        self.store = MemoryStore()
        self.processes: list[Process] = []
        self.trees: dict[str, Any] = {}

    def platform(self, process: Process | None) -> Planted:
        """An adapter in a new process, with planted numbers."""
        shell = SimTransport(self.bench.simulator, self.clock)
        wire = shell if process is None else Wire(shell, process, arrives=self.arrives)
        journal = self.journal if process is None else process.cut(self.journal)
        runtime = Runtime.in_memory(
            clock=self.clock, journal=journal, listeners=(), guard=SpendGuard.unlimited()
        )  # fmt: skip
        return Planted(self.bench.make(runtime, wire), self.numbers)

    def numbers(self, row: MetricsRow) -> MetricsRow:
        """B converts better."""
        thing = self.bench.world.get(row.ref.id)
        share = 0.07 if thing is not None and thing.name.startswith("Test B") else 0.05
        known: dict[Ref, float] = {row.ref: share}
        return rates(known)(row)

    async def live(self, dies_at: int | None) -> Any:
        """One manager's life."""
        process = Process(dies_at)
        self.processes.append(process)
        test = AbTest(
            plan(), self.trees, on=self.platform(process), store=process.cut(self.store), clock=self.clock
        )  # fmt: skip
        return await process.run(test.run(every=DAILY))

    async def story(self, dies_at: int) -> Any:
        """A first manager that dies, a second that dies as early, and a third that is left alone."""
        calm = self.platform(None)
        self.trees = {name: await self.bench.tree(calm, name=f"Test {name}") for name in "AB"}
        deaths = 0
        for last in (dies_at, dies_at, None):
            try:
                verdict = await self.live(last)
                break
            except Gone:
                deaths += 1
        state = await AbTest(plan(), self.trees, on=calm, store=self.store, clock=self.clock).state()
        for process in self.processes:
            process.bury()
        return verdict, state, deaths


@pytest.mark.parametrize("arrives", [True, False], ids=["request arrives", "request is lost"])
def test_wherever_a_manager_dies_the_next_one_goes_on(arrives: bool) -> None:
    """Created once, never two of one arm active, the loser paused, the verdict the same as without a death."""
    died, dies_at = 0, 1
    while True:
        town = Town(arrives=arrives)
        verdict, state, deaths = run(town.story(dies_at), town.clock)
        assert (verdict.outcome, verdict.arm, state.stage) == (Outcome.WINNER, "B", Stage.ENDED), dies_at
        assert replay(verdict) == verdict
        world = town.bench.world
        assert len(world.objects(level="campaign")) == 2, dies_at
        assert world.duplicates() == {}, dies_at
        assert world.active_trees() == [state.arm("B").ref.id], dies_at
        if not deaths:
            break
        died += deaths
        dies_at += STEP
    assert died >= 8
