"""A run's world: the vendors, the common time, what outlives processes, and the processes themselves."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from backstay.ads import AdPlatform, Money
from backstay.compose import Split, Weights
from backstay.engine.call import Call, current
from backstay.engine.scope import Scope
from backstay.errors import BackstayError
from backstay.events import Event
from backstay.letters import LetterOptions
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.sandbox import FaultPlan
from backstay.testing.clock import VirtualClock
from backstay.testing.invariants import Witness
from backstay.testing.processes import Process, SkewedClock
from backstay.testing.simulation.history import Book
from backstay.testing.simulation.losses import Losses
from backstay.testing.simulation.stage import Played, Stage, Tune
from backstay.testing.simulation.store import Sabotage, Store
from backstay.testing.simulation.storm import Setting, seeded
from backstay.testing.wires import AT_ONCE, Held
from backstay.writes.guard import Audit, SpendGuard
from backstay.writes.journal import Record

T = TypeVar("T")
LONGEST_WAY: Final = 28.0
"""Seconds that a request may be on its way: a little less than an attempt may take."""


class Inline(ThreadPoolExecutor):
    """Does at once what is sent to a thread, so that the same seed gives the same trace."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """See `Executor`."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            future.set_exception(error)
        return future


class Trace:
    """What happened, line by line; its hash names the run."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.lines: list[str] = []
        self._now = now
        self._hash = hashlib.sha256()

    def note(self, text: str) -> None:
        """Add a line."""
        line = f"{self._now():10.3f} {text}"
        self.lines.append(line)
        self._hash.update(line.encode())

    @property
    def digest(self) -> str:
        """The same for the same run."""
        return self._hash.hexdigest()[:16]


class WatchedRuntime(Runtime):
    """A runtime whose scopes are watched by a second count of permits, probes and budgets."""

    witnesses: dict[Scope, Witness]

    def _make(self, key: Any, profile: Any, limiters: Any, within: Any) -> Scope:
        scope = super()._make(key, profile, limiters, within)
        if within is None:  # else its breaker and budget are another one's
            self.witnesses[scope] = Witness(scope, self.clock, _unjudged)
        return scope


def _unjudged(error: Exception) -> BackstayError:
    raise error


def witnessed(adapter: Any) -> Any:
    """The same adapter, each of whose attempts is seen by the witness of its scope."""
    kind = type(adapter)

    @functools.wraps(kind.run_operation)
    async def run_operation(self: Any, operation: Any, body: Any, args: Any, kwargs: Any) -> Any:
        @functools.wraps(body)
        async def seen(*given: Any, **named: Any) -> Any:
            call = current()
            witness = None if call is None else self.runtime.witnesses.get(call.plan.scope)
            if call is None or witness is None:
                return await body(*given, **named)
            witness.judge = self.judge
            if call not in told:
                told.add(call)
                witness.began(call, deadline=call.deadline, timeout=call.plan.attempt_timeout)
            return await witness.attempt(call, functools.partial(body, *given, **named))

        told: set[Call] = set()
        return await kind.run_operation(self, operation, seen, args, kwargs)

    adapter.__class__ = type(kind.__name__, (kind,), {"run_operation": run_operation, "__module__": kind.__module__})
    return adapter


class HeardAudit:
    """An audit record that also remembers at which moment of the common time each line was written."""

    def __init__(self, inner: Audit, wall: Callable[[], float], lines: list[tuple[float, Mapping[str, Any]]]) -> None:
        self._inner = inner
        self._wall = wall
        self._lines = lines

    async def append(self, entry: Mapping[str, Any]) -> None:
        """See `Audit`. A line is written as soon as it is handed over, also for who does not wait for that any more."""
        try:
            await self._inner.append(entry)
        finally:
            self._lines.append((self._wall(), entry))

    def close(self) -> None:
        """See `Audit`; the store closes it."""


class House:
    """A process with all that is in it: clock, runtime, an adapter for each platform, and a split of them."""

    def __init__(self, town: Town, process: Process, wall: float, *, arrives: bool) -> None:
        self.process = process
        self.clock = SkewedClock(town.clock, wall)
        shelves = town.store.shelves()
        self.runtime = WatchedRuntime.in_memory(
            clock=self.clock, journal=process.cut(shelves.journal), listeners=(town.hear,), guard=town.guard,
            letters=LetterOptions(store=process.cut(shelves.letters)), spend_ledger=process.cut(shelves.ledger),
            audit=process.cut(HeardAudit(shelves.audit, town.clock.wall, town.audited)),
        )  # fmt: skip
        self.runtime.witnesses = {}
        wire = {"arrives": arrives, "held": town.held}
        self.ads: dict[str, AdPlatform] = {
            name: town.book.watch(witnessed(played.make(self.runtime, played.wire(shell, process, **wire), town.tune)))
            for (name, played), shell in zip(town.played.items(), town.shells.values(), strict=True)
        }
        self.split = Split(self.ads, Weights(dict.fromkeys(self.ads, 1)), name="simulation", runtime=self.runtime)


@dataclass(eq=False)
class Town:
    """One seed's world."""

    seed: int
    stages: Sequence[Stage]
    setting: Setting
    sabotage: Sabotage
    clock: VirtualClock = field(init=False)
    crashes: int = 0
    calm: bool = True
    """Whether nothing is held up."""

    def __post_init__(self) -> None:
        """Build it."""
        self.draw = seeded("town", self.seed)
        self.clock = VirtualClock(self.seed)
        self.trace = Trace(self.clock.monotonic)
        self.store = Store(self.setting, self.sabotage)
        self.shelves = self.store.shelves()
        """For looking at what is stored from outside."""
        self.journal = self.shelves.journal
        self.audited: list[tuple[float, Mapping[str, Any]]] = []
        """Lines of the audit record, each with the common time's wall seconds."""
        self.book = Book(self.clock.wall, self._record, self.note)
        self.played: dict[str, Played] = {stage.vendor: stage.play(self.draw, self.seed) for stage in self.stages}
        self.losses = [Losses(played.simulator) for played in self.played.values()]
        self.shells = {name: played.shell(played.simulator, self.clock) for name, played in self.played.items()}
        self.houses: list[House] = []
        self.events: list[Event] = []
        self.foreign: list[str] = []
        """Exceptions that no caller should ever see."""

    async def _record(self, id_: str) -> Record | None:
        return await self.journal.get(id_)

    def held(self) -> Held:
        """How long a request is on its way."""
        if self.calm or self.draw.random() >= self.setting.held:
            return AT_ONCE
        return Held(self.draw.uniform(0.5, LONGEST_WAY), self.draw.random() < 0.5)

    @property
    def guard(self) -> SpendGuard | None:
        """The spend guard of all processes."""
        caps = self.setting.guard
        if not caps:
            return None if caps is None else SpendGuard.unlimited()
        rules: Any = {name: Money(amount, "USD") for name, amount in caps.items()}
        return SpendGuard(**rules)

    @property
    def tune(self) -> Tune:
        """What sabotage makes of a profile."""
        return _hasty if self.sabotage.read_lag else _as_it_is

    def note(self, text: str) -> None:
        """Add a line to the trace."""
        self.trace.note(text)

    def hear(self, event: Event) -> None:
        """Listen to the runtimes."""
        self.events.append(event)

    def open(self, *, arrives: bool | None = None, **mishaps: Any) -> House:
        """Start a process; `mishaps` are those of a `Process`, `arrives` whether what it has sent outlives it."""
        number = len(self.houses)
        process = Process(name=f"p{number}", **mishaps)
        arrives = self.draw.random() < 0.7 if arrives is None else arrives
        house = House(self, process, self.setting.walls[number % len(self.setting.walls)], arrives=arrives)
        self.houses.append(house)
        self.note(f"starts {process.name}")
        return house

    def begin(self) -> None:
        """The loop does at once what others do in threads, and the trace begins with how the run is set up."""
        asyncio.get_running_loop().set_default_executor(Inline())
        self.note(f"{self.setting} {[played.drawn for played in self.played.values()]}")

    async def weather(
        self, storm: Callable[[int, Played], FaultPlan], slot: Callable[[int], Coroutine[Any, Any, None]], calm: float
    ) -> None:
        """It storms while all slots work, by plans of a seed each; then it is calm for `calm` seconds."""
        for number, played in enumerate(self.played.values()):
            played.simulator.faults = storm(self.seed * 7 + number, played)
        self.calm = False
        await asyncio.gather(*(slot(number) for number in range(self.setting.slots)))
        for played in self.played.values():
            played.simulator.faults = FaultPlan()
        for house in self.houses:
            house.process.immortal()
        self.calm = True
        self.note("calm")
        await self.clock.sleep(calm)

    def bury(self) -> None:
        """No process does anything any more."""
        for house in self.houses:
            house.process.bury()

    def close(self) -> None:
        """Nothing is looked at any more."""
        self.store.close()


def _as_it_is(profile: Profile) -> Profile:
    return profile


def _hasty(profile: Profile) -> Profile:
    return profile.with_(read_lag=0.0, patience=(0.0,))


__all__ = ["House", "Inline", "Town", "Trace"]
