"""Every await of building and activating a tree x every kind of trouble: nothing twice, nothing lost.

    for trouble in troubles(stage):
        assert not endure(stage, trouble)

A run without trouble says how many awaits and requests there are. Then the same work is done again with one trouble at
each of them: the process dies there, with what it had sent or without, its caller cancels it, it stands still until
another process has taken over, a request meets a fault of some kind, or the process dies while it looks for what a
fault has left behind. Whoever comes next calls again with the same key, as a service does after its restart.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from backstay.ads import CampaignTree
from backstay.errors import BackstayError
from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Request
from backstay.sandbox.world import State as Set
from backstay.testing.clock import run
from backstay.testing.processes import Gone, Process
from backstay.testing.simulation.judge import EVENING, TREE, Evidence, Wrong, judge
from backstay.testing.simulation.losses import HeardPlan
from backstay.testing.simulation.money import judge_money
from backstay.testing.simulation.reads import judge_reads
from backstay.testing.simulation.service import Wishes, prepare
from backstay.testing.simulation.stage import Stage
from backstay.testing.simulation.store import Sabotage
from backstay.testing.simulation.storm import DRIP, MAYBE_DONE, SLOW, Setting
from backstay.testing.simulation.town import House, Inline, Town
from backstay.writes.journal import Kind, Record, State
from backstay.writes.tree import activate_tree

KEY: Final = "spring"
LEASE: Final = 2.0
STANDSTILL: Final = 90.0
"""Seconds that a process stands still: longer than its lease, an attempt and the vendor's reads together."""
AGAIN: Final = 400.0
"""Seconds until a failed call is made again: longer than any wait that a vendor asks for."""
TRIES: Final = 6
LOSSES: Final = (FaultKind.RESET_AFTER, FaultKind.RESET_BEFORE, FaultKind.HALF_JSON)
"""After which it is looked for what was made: the process dies in the middle of that as well."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, and where."""

    what: str = "none"
    """none, crash, lost (a crash that takes along what is on the wire), cancel, stall or fault."""
    at: int = 0
    """At which await."""
    request: int = 0
    """Which request is struck, counted from 1; 0 is none."""
    kind: FaultKind | None = None
    done: bool | None = None
    """Whether the vendor does what is asked, where a kind leaves that open."""
    seed: int = 0
    """Draws the vendor's behaviour."""

    def __str__(self) -> str:
        where = f" at await {self.at}" if self.at else ""
        struck = f" with {self.kind} ({self.done}) at request {self.request}" if self.kind else ""
        return f"{self.what}{where}{struck}, seed {self.seed}"


@dataclass(slots=True)
class Seen:
    """How a run went."""

    awaits: int
    """Of the first process."""
    requests: list[tuple[int, bool]]
    """Of each request: how many awaits the first process had behind it, and whether it is a write."""
    wrongs: list[Wrong]


def troubles(stage: Stage, *, seed: int = 0, every: int = 1, offset: int = 0) -> Iterator[Trouble]:
    """All of them, or each `every`-th one."""
    for number, trouble in enumerate(_all(stage, seed)):
        if number % every == offset % every:
            yield trouble


def _all(stage: Stage, seed: int) -> Iterator[Trouble]:
    calm = play(stage, Trouble(seed=seed))
    for at in range(1, calm.awaits + 1):
        for what in ("crash", "lost", "cancel", "stall"):
            yield Trouble(what, at, seed=seed)
    for number in range(1, len(calm.requests) + 1):
        for kind in FaultKind:
            for done in (True, False) if kind in MAYBE_DONE else (None,):
                yield Trouble("fault", 0, number, kind, done, seed)
    yield from _crashes_while_looking(stage, calm, seed)


def _crashes_while_looking(stage: Stage, calm: Seen, seed: int) -> Iterator[Trouble]:
    """From a write whose answer is lost to the next write, every await."""
    for number, (_, writes) in enumerate(calm.requests, 1):
        for kind in LOSSES if writes else ():
            struck = Trouble("fault", 0, number, kind, None, seed)
            seen = play(stage, struck)
            after = [awaits for awaits, writing in seen.requests[number:] if writing] or [seen.awaits]
            for at in range(seen.requests[number - 1][0] + 1, after[0] + 1):
                yield replace(struck, what="crash", at=at)


def endure(stage: Stage, trouble: Trouble, sabotage: Sabotage | None = None) -> list[Wrong]:
    """What is wrong after it; empty if nothing is."""
    return play(stage, trouble, sabotage).wrongs


def play(stage: Stage, trouble: Trouble, sabotage: Sabotage | None = None) -> Seen:
    """Build and activate a tree under one trouble, and have it judged."""
    setting = Setting(
        slots=1, actors=1, operations=1, files=False, lease=LEASE, cancels=0.0, mortal=0.0, walls=(0.0, 40.0, -40.0),
        held=0.0, crowd=False, guard={},
    )  # fmt: skip
    town = Town(trouble.seed, [stage], setting, sabotage or Sabotage())
    try:
        return run(_Run(town, trouble).play(), town.clock)
    finally:
        town.close()


class _Run:
    def __init__(self, town: Town, trouble: Trouble) -> None:
        self.town = town
        self.trouble = trouble
        (self.played,) = town.played.values()
        self.requests: list[tuple[int, bool]] = []
        self.tree: CampaignTree | None = None

    async def play(self) -> Seen:
        """See the module."""
        town, trouble = self.town, self.trouble
        asyncio.get_running_loop().set_default_executor(Inline())
        wishes = Wishes()
        await prepare(town, wishes)
        await town.clock.sleep(60.0)
        whole = wishes.trees[self.played.vendor]
        self.tree = whole.but(groups=whole.groups[:1])
        first = self._first()
        writes: Any = self.played.writes
        plan = Counted(trouble, first.process, FaultRule(FaultKind.LATENCY, **writes), self.requests)
        self.played.simulator.faults = plan
        await self._until_done(first)
        self.played.simulator.faults = FaultPlan()
        await town.clock.sleep(EVENING)
        wrongs = [*await self._judged()]
        town.bury()
        return Seen(first.process.awaits, self.requests, wrongs)

    def _first(self) -> House:
        what, at = self.trouble.what, self.trouble.at
        mishaps: dict[str, Any] = {}
        if what in {"crash", "lost"}:
            mishaps["dies_at"] = at
        if what in {"cancel", "stall"}:
            mishaps[f"{what}s_at"] = at
        return self.town.open(arrives=what != "lost", stalls_for=STANDSTILL, **mishaps)

    async def _until_done(self, house: House) -> None:
        """As a service does: whatever happens, the same call again, in another process if need be."""
        beside = asyncio.ensure_future(self._beside()) if self.trouble.what == "stall" else None
        for _ in range(TRIES):
            try:
                await house.process.run(self._work(house))
            except Gone:
                self.town.note("dies")
                house = self.town.open(arrives=True)
            except asyncio.CancelledError:
                self.town.note("is cancelled")
            except BackstayError as error:
                self.town.note(f"fails {error!r}")
                await self.town.clock.sleep(AGAIN)
            else:
                break
        else:
            self.town.foreign.append(f"not done after {TRIES} calls")
        if beside is not None:
            await beside

    async def _beside(self) -> None:
        """Another process that wants the same while the first one stands still."""
        await self.town.clock.sleep(STANDSTILL / 2)
        house = self.town.open(arrives=True)
        with contextlib.suppress(BackstayError):
            await house.process.run(self._work(house))

    async def _work(self, house: House) -> None:
        assert self.tree is not None
        ads = house.ads[self.played.vendor]
        built = await ads.create_tree(self.tree, idempotency_key=KEY)
        await activate_tree(ads, built.value)

    # Judging ------------------------------------------------------------------------------------------------------

    async def _judged(self) -> list[Wrong]:
        town, played = self.town, self.played
        records = await town.journal.records()
        evidence = Evidence(played, town.book.calls, records, town.clock.wall())
        wrongs = [Wrong("invariant", text) for text in town.foreign]
        ledger = await town.shelves.ledger.run(lambda book: dict(book.lines))
        return [*wrongs, *judge(evidence), *judge_reads(evidence), *judge_money(town, ledger), *self._one_tree(records)]

    def _one_tree(self, records: Sequence[Record]) -> Iterator[Wrong]:
        """One object of each level, active, and owned by a record that says so."""
        for level in self.played.levels:
            things = self.played.world.objects(level=level)
            if [thing.state for thing in things] != [Set.ACTIVE]:
                yield Wrong("record", f"there are {[(thing.id, thing.state) for thing in things]} of {level}")
        made = [each for each in records if each.kind is Kind.CREATE and each.key.operation in TREE]
        if {each.state for each in made} != {State.ACTIVE} or len(made) != len(self.played.levels):
            yield Wrong("record", f"the journal says {[(each.key.operation, each.state) for each in made]}")


class Counted(HeardPlan):
    """A plan that notes at which of the first process's awaits each request came."""

    def __init__(self, trouble: Trouble, first: Process, writes: FaultRule, seen: list[tuple[int, bool]]) -> None:
        super().__init__(_rules(trouble), trouble.seed)
        self._first = first
        self._writes = writes
        self._requests = seen

    def decide(self, request: Request, now: float, operation: str | None = None) -> Fault | None:
        """See `FaultPlan.decide`."""
        self._requests.append((self._first.awaits, self._writes.matches(request, operation or "", 0.0)))
        return super().decide(request, now, operation)


def _rules(trouble: Trouble) -> list[FaultRule]:
    if trouble.kind is None:
        return []
    facts: dict[str, Any] = {"skip": trouble.request - 1, "times": 1, "after_commit": trouble.done}
    if trouble.kind is FaultKind.LATENCY:
        facts["delay"] = SLOW[1]
    if trouble.kind is FaultKind.SLOW_DRIP:
        facts["delay"] = DRIP[1]
    return [FaultRule(trouble.kind, **facts)]


__all__ = ["Seen", "Trouble", "endure", "play", "troubles"]
