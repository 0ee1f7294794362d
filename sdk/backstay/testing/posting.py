"""One post x every kind of trouble: none twice, none lost.

    for trouble in troubles(stage, request):
        assert not endure(stage, request, trouble)

A run without trouble says how many awaits and requests there are. Then the same post is published again with one
trouble at each of them: the process dies there, with what it had sent or without, its caller cancels it, or a request
meets a fault. Whoever comes next calls again with the same key, as a service does after its restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from backstay.content.protocols import Publisher
from backstay.content.publish import Post, PublishRequest
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Request, SimTransport, Simulator
from backstay.testing.clock import VirtualClock, run
from backstay.testing.processes import Gone, Process
from backstay.testing.wires import Wire
from backstay.writes.memory import MemoryJournal

KEY: Final = "spring"
LEASE: Final = 2.0
AGAIN: Final = 400.0
"""Seconds until a failed call is made again: longer than any wait that a vendor asks for."""
TRIES: Final = 6
LATE: Final = 40.0
"""Seconds by which a slow answer is late: longer than an attempt may take for most operations."""
MAYBE_DONE: Final = frozenset({FaultKind.TIMEOUT, FaultKind.HTTP_5XX, FaultKind.VENDOR_ERROR, FaultKind.HTML})
"""Kinds that strike before the vendor has done it and after."""


class Posts(Simulator, Protocol):
    """A simulator of a vendor that publishes."""

    def live(self) -> list[Any]:
        """Every post that is out; each has an `id` and its container in `data["_container"]`."""
        ...

    def addresses(self, thing: Any) -> Sequence[str]:
        """Where the media of a post were fetched, in their order."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A publisher and its vendor."""

    vendor: Callable[[int], Posts]
    """Makes the simulator from a seed, which draws its behaviour."""
    make: Callable[[Runtime, Any], Publisher]
    words: tuple[str | None, ...] = (None,)
    """Errors in the vendor's own words that a VENDOR_ERROR takes in turn."""
    operations: tuple[str, ...] = ()
    """The simulator's operations (globs) that a storm strikes more often: those that publish and prepare."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong, and where."""

    what: str = "none"
    """none, crash, lost (a crash that takes along what is on the wire), cancel or fault."""
    at: int = 0
    """At which await."""
    request: int = 0
    """Which request is struck, counted from 1."""
    kind: FaultKind | None = None
    done: bool | None = None
    """Whether the vendor does what is asked before things go wrong."""
    error: str | None = None
    times: int = 1
    seed: int = 0


@dataclass(slots=True)
class Seen:
    """How a run went."""

    awaits: int = 0
    """Of the first process."""
    requests: list[str] = field(default_factory=list)
    """The operations of all requests."""
    wrongs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """The types of errors that the caller saw."""
    post: Post | None = None


def troubles(stage: Stage, request: PublishRequest, *, seed: int = 0) -> Iterator[Trouble]:
    """All of them."""
    calm = play(stage, request, Trouble(seed=seed))
    for at in range(1, calm.awaits + 1):
        for what in ("crash", "lost", "cancel"):
            yield Trouble(what, at, seed=seed)
    for number in range(1, len(calm.requests) + 1):
        yield from _faults(stage, number, seed)


def _faults(stage: Stage, number: int, seed: int) -> Iterator[Trouble]:
    for kind in FaultKind:
        for done in (True, False) if kind in MAYBE_DONE else (None,):
            for error in stage.words if kind is FaultKind.VENDOR_ERROR else (None,):
                yield Trouble("fault", 0, number, kind, done, error, seed=seed)


def endure(stage: Stage, request: PublishRequest, trouble: Trouble) -> list[str]:
    """What is wrong after it; empty if nothing is."""
    return play(stage, request, trouble).wrongs


def play(stage: Stage, request: PublishRequest, trouble: Trouble) -> Seen:
    """Publish under one trouble, until it is out or nobody tries any more, and judge what is there."""
    clock = VirtualClock(trouble.seed)
    return run(_Run(stage, request, trouble, clock).play(), clock)


class _Run:
    def __init__(self, stage: Stage, request: PublishRequest, trouble: Trouble, clock: VirtualClock) -> None:
        self.stage = stage
        self.request = request
        self.trouble = trouble
        self.clock = clock
        self.vendor = stage.vendor(trouble.seed)
        self.journal = MemoryJournal(lease=LEASE)
        self.seen = Seen()
        self.processes: list[Process] = []

    async def play(self) -> Seen:
        """See the module."""
        self.vendor.faults = _Heard(_rules(self.trouble), self.trouble.seed, self.seen.requests)
        first = self._process(first=True)
        await self._until_done(first)
        self.seen.awaits = first.awaits
        self.seen.wrongs += self._judged()
        for process in self.processes:
            process.bury()
        return self.seen

    def _process(self, *, first: bool = False) -> Process:
        what, at = self.trouble.what, self.trouble.at
        process = Process(
            dies_at=at if first and what in {"crash", "lost"} else None,
            cancels_at=at if first and what == "cancel" else None,
        )
        self.processes.append(process)
        return process

    async def _until_done(self, process: Process) -> None:
        """As a service does: whatever happens, the same call again, in another process if need be."""
        for _ in range(TRIES):
            try:
                self.seen.post = await process.run(self._work(process))
            except Gone:
                process = self._process()
            except asyncio.CancelledError:
                continue
            except BackstayError as error:
                self.seen.errors.append(error.type)
                await self.clock.sleep(AGAIN)
            else:
                return
        self.seen.wrongs.append(f"not out after {TRIES} calls: {self.seen.errors}")

    async def _work(self, process: Process) -> Post:
        arrives = self.trouble.what != "lost" or process is not self.processes[0]
        wire = Wire(SimTransport(self.vendor, self.clock), process, arrives=arrives)
        runtime = Runtime.in_memory(clock=self.clock, journal=process.cut(self.journal.twin()), listeners=())
        return await self.stage.make(runtime, wire).publish_post(self.request, idempotency_key=KEY)

    def _judged(self) -> Iterator[str]:
        live = self.vendor.live()
        if len(live) > 1:
            yield f"{len(live)} posts are out"
        if not live and self.seen.post is not None:
            yield "the caller was told of a post, and none is out"
        if live and self.seen.post is not None:
            if self.seen.post.id not in {None, live[0].id}:
                yield f"the caller was told of {self.seen.post.id}, and {live[0].id} is out"
            if self.seen.post.container_id != live[0].data["_container"]:
                yield f"it came from {live[0].data['_container']}, not from {self.seen.post.container_id}"
        if self.vendor.world.duplicates():
            yield f"twice: {self.vendor.world.duplicates()}"


class _Heard(FaultPlan):
    """A plan that notes every request's operation."""

    def __init__(self, rules: list[FaultRule], seed: int, seen: list[str]) -> None:
        super().__init__(rules, seed)
        self._heard = seen

    def decide(self, request: Request, now: float, operation: str | None = None) -> Fault | None:
        """See `FaultPlan.decide`."""
        self._heard.append(operation or "")
        return super().decide(request, now, operation)


def _rules(trouble: Trouble) -> list[FaultRule]:
    if trouble.kind is None:
        return []
    late = LATE if trouble.kind in {FaultKind.LATENCY, FaultKind.SLOW_DRIP} else 0.0
    return [
        FaultRule(
            trouble.kind, skip=trouble.request - 1, times=trouble.times, after_commit=trouble.done, delay=late,
            error=trouble.error,
        )
    ]  # fmt: skip


__all__ = ["Posts", "Seen", "Stage", "Trouble", "endure", "play", "troubles"]
