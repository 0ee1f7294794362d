"""Take a safeguard of the journal away: something is made twice, or the safeguard proves nothing.

Ad groups of TikTok's manual flow: the vendor takes the same name twice and knows no key, so nothing but us prevents it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backstay.ads import AdPlatform, Ref
from backstay.engine import write as write_engine
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultRule
from backstay.testing.bench import Bench
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes import sqlite
from backstay.writes.database import Database
from backstay.writes.journal import Journal
from backstay.writes.memory import MemoryJournal
from backstay.writes.reconcile import judge_found
from backstay.writes.sightings import Sightings
from backstay.writes.sqlite import SqliteJournal
from backstay_adapters.tiktok import TikTokAds
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

KEY = "group"
LATE = FaultRule(FaultKind.LATENCY, delay=4.0, operation="adgroup/create", times=1)
NEVER = FaultRule(FaultKind.TIMEOUT, operation="adgroup/create", times=1)
LOST = FaultRule(FaultKind.RESET_AFTER, operation="adgroup/create", times=1)


class Town:
    """A world whose lists show new objects three seconds late, and processes that share a journal, or do not."""

    def __init__(self, journal: Callable[[], Journal]) -> None:
        self.bench = Bench(TikTokSandbox(seed=5, read_lag=3.0), lambda runtime, transport: self.adapter(Process()))
        self.journal = journal
        self.processes: list[Process] = []

    def adapter(self, process: Process) -> AdPlatform:
        """A new process's."""
        self.processes.append(process)
        runtime = Runtime.in_memory(clock=self.bench.clock, journal=process.cut(self.journal()), listeners=())
        return TikTokAds(
            ADVERTISERS[0],
            TOKEN,
            runtime=runtime,
            transport=Wire(self.bench.transport, process),
            tier="ultimate",
            flow="manual",
        )

    async def parent(self) -> Ref:
        """The campaign, long enough ago to be shown."""
        made = await self.adapter(Process()).create_campaign(self.bench.campaign(), idempotency_key="top")
        await self.bench.clock.sleep(30.0)
        return made.value.ref

    async def group(self, process: Process, parent: Ref) -> None:
        """A process makes the ad group."""
        await process.run(self.adapter(process).create_ad_group(parent, self.bench.group(), idempotency_key=KEY))

    def made(self, work: Callable[[Town], Any]) -> int:
        """How many ad groups there are in the end."""

        async def story() -> None:
            await work(self)
            for process in self.processes:
                process.bury()

        self.bench.run(story())
        return len(self.bench.world.objects(level="ad_group"))


def shared() -> Town:
    journal = MemoryJournal(lease=2.0)
    return Town(lambda: journal)


async def dies_and_is_called_again(town: Town) -> None:
    """A process dies while its request is on the way; the next one makes the same call."""
    parent = await town.parent()
    town.bench.break_with(LATE)
    first = Process()
    task = asyncio.create_task(town.group(first, parent))
    await town.bench.clock.sleep(1.0)
    first.kill()
    with contextlib.suppress(Gone):
        await task
    await town.group(Process(), parent)


async def loses_an_answer(town: Town) -> None:
    """The vendor has made it, the connection breaks, and the lists do not show it yet."""
    parent = await town.parent()
    town.bench.break_with(LOST)
    await town.group(Process(), parent)


async def both_at_once(town: Town) -> None:
    """Five processes, one key."""
    parent = await town.parent()
    town.bench.break_with(LATE)
    await asyncio.gather(*(town.group(Process(), parent) for _ in range(5)), return_exceptions=True)


async def both_while_one_waits(town: Town) -> None:
    """Five processes, one key; the first one's request is never answered, and it will send again."""
    parent = await town.parent()
    town.bench.break_with(NEVER)
    await asyncio.gather(*(town.group(Process(), parent) for _ in range(5)), return_exceptions=True)


STORIES = [dies_and_is_called_again, loses_an_answer, both_at_once, both_while_one_waits]


@pytest.fixture
def on_file(tmp_path: Path) -> Iterator[Town]:
    """Processes that share a file, each with a connection of its own."""
    opened: list[Database] = []

    def own() -> Journal:
        opened.append(Database(tmp_path / "state.db"))
        return SqliteJournal(opened[-1], lease=2.0)

    yield Town(own)
    for database in opened:
        database.close()


@pytest.mark.parametrize("story", STORIES)
def test_with_all_safeguards_there_is_one(story: Any, on_file: Town) -> None:
    """The control, in memory and on a file."""
    assert shared().made(story) == 1
    assert on_file.made(story) == 1


def test_without_a_journal_that_survives_it_is_made_twice() -> None:
    """Each process remembers for itself: the second one does not know that there is something to look for."""
    assert Town(lambda: MemoryJournal(lease=2.0)).made(dies_and_is_called_again) == 2


def test_without_the_wait_for_the_read_lag_it_is_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lists do not show is taken for absent before they can show it."""
    monkeypatch.setattr(
        write_engine, "judge_found", lambda count, **facts: judge_found(count, **{**facts, "read_lag": 0.0})
    )
    monkeypatch.setattr(write_engine, "looks", lambda patience, read_lag: iter((0.0,)))
    assert shared().made(loses_an_answer) == 2


def test_without_the_lease_it_is_made_more_than_once(monkeypatch: pytest.MonkeyPatch, on_file: Town) -> None:
    """Everybody holds the key at once, and nobody notices: the others look, see nothing, and send beside the first."""
    monkeypatch.setattr(Sightings, "lease_over", lambda *_: True)
    monkeypatch.setattr(sqlite, "_SET_HELD", f"{sqlite._SET} AND ? IS NOT NULL")
    assert on_file.made(both_while_one_waits) > 1


def test_without_counting_the_attempt_it_is_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dead process's request is still on its way when the next one looks."""
    slow = FaultRule(FaultKind.LATENCY, delay=50.0, operation="adgroup/create", times=1)

    async def slowly(town: Town) -> None:
        parent = await town.parent()
        town.bench.break_with(slow)
        first = Process()
        task = asyncio.create_task(town.group(first, parent))
        await town.bench.clock.sleep(1.0)
        first.kill()
        with contextlib.suppress(Gone):
            await task
        for _ in range(3):
            with contextlib.suppress(BackstayError):
                await town.group(Process(), parent)
                break
        await town.bench.clock.sleep(100.0)

    assert shared().made(slowly) == 1
    real = Sightings.open_since
    monkeypatch.setattr(Sightings, "open_since", lambda self, record, now: real(self, record, now) - record.in_air)
    assert shared().made(slowly) == 2
