"""One run: a storm over some processes, then calm, then the last process that settles what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from backstay.errors import BackstayError
from backstay.letters import LetterState, Wanted
from backstay.testing.clock import run
from backstay.testing.processes import Gone
from backstay.testing.simulation.history import CREATES, Said
from backstay.testing.simulation.judge import EVENING, TREE, Evidence, Wrong, judge
from backstay.testing.simulation.kept import judge_letters
from backstay.testing.simulation.money import judge_money
from backstay.testing.simulation.reads import judge_reads
from backstay.testing.simulation.service import Actor, Wishes, prepare
from backstay.testing.simulation.stage import Stage
from backstay.testing.simulation.store import Sabotage
from backstay.testing.simulation.storm import seeded, setting, storm
from backstay.testing.simulation.town import House, Town
from backstay.writes.journal import OPEN, Kind
from backstay.writes.recover import recover

CALM: Final = 700.0
"""Seconds after which nothing of the storm is left: the longest wait that a vendor asks for, leases, clocks' errors."""
LATER: Final = frozenset({"IDEMPOTENCY_CONFLICT", "NOT_FOUND", "CONFLICT", "VALIDATION_FAILED", "SPEND_GUARD"})
"""With what a create may end for good: the key was used for another payload, or what is above it was deleted."""


@dataclass(slots=True)
class Outcome:
    """What became of a seed."""

    seed: int
    digest: str
    operations: int = 0
    lost_answers: int = 0
    crashes: int = 0
    duplicates: int = 0
    parked: int = 0
    orphans: int = 0
    wrong_answers: int = 0
    wrongs: list[Wrong] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def tail(self, lines: int = 40) -> list[str]:
        """The lines of the trace that tell of what is wrong, the newest ones, and how the run was set up."""
        words = [word for wrong in self.wrongs for word in wrong.about]
        told = [line for line in self.trace if any(word in line for word in words)]
        return [*self.trace[:1], *told[-lines:]]


def simulate(
    seed: int, stages: Sequence[Stage], *, files: bool = False, sabotage: Sabotage | None = None, **given: Any
) -> Outcome:
    """Play one seed; the same seed plays the same run, line by line.

    `files` keeps journal, letters, ledger and audit record in files; `given` are fields of the `Setting` that shall not
    be drawn, such as `crowd=True`.
    """
    drawn = replace(setting(seeded("setting", seed), files=files), **given)
    town = Town(seed, stages, drawn, sabotage or Sabotage())
    try:
        wrongs = run(_played(town), town.clock)
        return _outcome(town, wrongs)
    finally:
        town.close()


async def _played(town: Town) -> list[Wrong]:
    town.begin()
    wishes = Wishes()
    await prepare(town, wishes)
    await town.weather(
        lambda seed, played: storm(town.draw, seed, played.writes), lambda number: _slot(town, wishes, number), CALM
    )
    wrongs = [*await _well(town), *await _settled(town), *await _quiet(town), *await _judged(town)]
    town.bury()
    return wrongs


async def _slot(town: Town, wishes: Wishes, number: int) -> None:
    """A place for processes: when one dies, another one is started some time later."""
    draw = seeded("slot", town.seed, number)
    left = [town.setting.operations] * town.setting.actors
    while any(left):
        mortal = draw.random() < town.setting.mortal
        dies_at = int(draw.expovariate(1 / 300)) + 1 if mortal and draw.random() < 0.6 else None
        stalls_at = int(draw.expovariate(1 / 200)) + 1 if draw.random() < 0.3 else None
        stalls_for = draw.choice((1.0, 15.0, 60.0, 200.0)) * draw.random()
        house = town.open(dies_at=dies_at, stalls_at=stalls_at, stalls_for=stalls_for)
        if mortal and dies_at is None:  # a moment, not a step: most often it is waiting for an answer then
            asyncio.get_running_loop().call_later(draw.expovariate(1 / 30), house.process.strike)
        tasks = [house.process.run(_work(town, house, wishes, left, task)) for task in range(len(left))]
        if not any(isinstance(end, Gone) for end in await asyncio.gather(*tasks, return_exceptions=True)):
            return
        town.crashes += 1
        town.note(f"dies   {house.process.name}")
        await town.clock.sleep(draw.choice((0.0, 0.0, 1.0, 10.0, 60.0)) * draw.random())


async def _work(town: Town, house: House, wishes: Wishes, left: list[int], task: int) -> None:
    draw = seeded("task", town.seed, house.process.name, task)
    actor = Actor(town, house, wishes, draw)
    while left[task]:
        if not town.setting.crowd:
            await town.clock.sleep(draw.choice((0.0, 0.0, 1.0, 20.0)) * draw.random())
        left[task] -= 1
        await actor.act()


# Afterwards ---------------------------------------------------------------------------------------------------------


async def _well(town: Town) -> list[Wrong]:
    """What the storm has left alive works as if nothing had been."""
    wrongs = []
    for house in town.houses[1:]:
        if house.process.dead:
            continue
        for name, ads in house.ads.items():
            try:
                await house.process.run(ads.get_account(max_age=0, max_stale=0))
            except BackstayError as error:
                wrongs.append(Wrong("invariant", f"{house.process.name} cannot read {name} in the calm: {error!r}"))
    return wrongs


async def _settled(town: Town) -> list[Wrong]:
    """A new process replays letters, and makes every create again that was ever asked for."""
    house, wrongs = town.open(), list[Wrong]()
    for found in await house.process.run(recover(house.runtime, house.ads.values())):
        town.note(f"recovered {found.record.key} {found.verdict} {found.why}")
    for record in await town.journal.records(*OPEN):
        if record.kind is not Kind.CREATE or record.key.operation in TREE:
            wrongs.append(Wrong("record", f"recover leaves {record.key} open: {record.note}", (record.id,)))
    for _ in range(2):
        for letter in await house.process.run(house.runtime.letters.list()):
            try:
                target: Any = house.ads[letter.vendor]
                await house.process.run(house.runtime.letters.replay(letter.dlq_id, target))
            except BackstayError as error:
                town.note(f"letter {letter.operation} {letter.key}: {error.type}")
    for said in _asked(town):
        failed = await _again(house, said)
        if failed is not None and failed.type not in LATER:
            wrongs.append(Wrong("record", f"in the calm {said} cannot be made again: {failed!r}", (said.token,)))
    waiting = await house.process.run(house.runtime.letters.list(LetterState.WAITING))
    town.note(f"letters that wait: {[(letter.operation, letter.type, letter.replayable) for letter in waiting]}")
    for letter in waiting:
        if letter.replayable and letter.type not in LATER:
            wrongs.append(Wrong("record", f"in the calm the letter {letter.key} cannot be replayed: {letter.error}"))
    await house.process.run(_closed(house))
    return wrongs


def _asked(town: Town) -> list[Said]:
    """One call of each create with each payload."""
    found: dict[tuple[str, str], Said] = {}
    for said in town.book.calls:
        if said.method in CREATES and not said.given.get("dry_run"):
            found.setdefault((said.token, str(said.given.get("spec") or said.given.get("media"))), said)
    return list(found.values())


async def _again(house: House, said: Said) -> BackstayError | None:
    method = getattr(house.ads[said.vendor], said.method)
    names = ("campaign", "ad_group", "spec", "media", "idempotency_key")
    given = {name: value for name, value in said.given.items() if name in names}
    try:
        await house.process.run(method(**given))
    except BackstayError as error:
        return error
    return None


async def _closed(house: House) -> None:
    await house.split.aclose()
    await house.runtime.aclose()


async def _quiet(town: Town) -> list[Wrong]:
    """Nothing is under way any more: no permit, no claim, no task, no timer."""
    wrongs = list[Wrong]()
    for house in town.houses:
        if house.process.dead:
            continue
        busy = [scope.name for scope in house.runtime.scopes if not scope.idle]
        if busy:
            wrongs.append(Wrong("leak", f"{house.process.name} still has calls in {busy}"))
        wrongs += [Wrong("invariant", text) for text in _complaints(house)]
    await town.clock.sleep(EVENING)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    wrongs += [Wrong("leak", f"a task is left: {task!r}") for task in tasks]
    timers = [handle for handle in asyncio.get_running_loop()._scheduled if not handle.cancelled()]  # type: ignore[attr-defined]  # noqa: SLF001
    return [*wrongs, *(Wrong("leak", f"a timer is left: {handle!r}") for handle in timers)]


def _complaints(house: House) -> Iterator[str]:
    """What the witnesses of its scopes have seen, and permits that were never given back."""
    for witness in house.runtime.witnesses.values():
        for text in witness.complaints:
            # Of a process that stands still the engine's timer cuts attempts that have not begun at the vendor; and
            # calls that never came to an attempt have earned budget, too, of which its breaker's own account knows.
            still = house.process.stalls_at is not None and text.startswith("cancelled")
            if not still and "of retries and hedges for" not in text:
                yield text
        if witness.breaker.lent:
            yield f"{witness.scope.name}: {witness.breaker.lent} permits were never given back"


async def _judged(town: Town) -> list[Wrong]:
    records = await town.journal.records()
    wrongs = [Wrong("invariant", f"a foreign exception: {text}") for text in town.foreign]
    for name, played in town.played.items():
        calls = [said for said in town.book.calls if said.vendor == name]
        recoveries = [said for said in town.book.calls if said.method == "recover"]
        evidence = Evidence(played, calls, records, town.clock.wall(), recoveries)
        wrongs += judge(evidence)
        wrongs += judge_reads(evidence)
    letters = await town.shelves.letters.find(Wanted(limit=100_000))
    ledger = await town.shelves.ledger.run(lambda book: dict(book.lines))
    return [*wrongs, *judge_money(town, ledger), *judge_letters(town.book.calls, letters)]


def _outcome(town: Town, wrongs: list[Wrong]) -> Outcome:
    kinds = [wrong.kind for wrong in wrongs]
    worlds = [played.world for played in town.played.values()]
    return Outcome(
        town.seed, town.trace.digest, operations=sum(said.top for said in town.book.calls),
        lost_answers=sum(losses.count for losses in town.losses), crashes=town.crashes,
        duplicates=sum(len(world.duplicates()) for world in worlds), parked=kinds.count("parked"),
        orphans=kinds.count("orphan"), wrong_answers=kinds.count("wrong_answer"), wrongs=wrongs,
        trace=town.trace.lines,
    )  # fmt: skip


__all__ = ["Outcome", "simulate"]
