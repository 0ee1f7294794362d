"""Processes in virtual time that die or stand still at any await, without a process of the machine.

    process = Process(dies_at=17)
    journal = process.cut(MemoryJournal())              # hears nothing from the dead
    transport = Wire(SimTransport(simulator, clock), process)       # from backstay.testing.wires
    await process.run(work)                             # raises Gone at the 17th await

A dead process does nothing any more: none of its tasks, timers and `finally` blocks. What is on the wire goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import types
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, ContextVar
from typing import Any, Final, TypeVar

from backstay.clock import Clock

T = TypeVar("T")
Work = Coroutine[Any, Any, Any]

MOST_LAST_WORDS: Final = 1_000
"""Times that a dead coroutine is told that it is over."""


class Gone(BaseException):
    """The process has died."""


class Process:
    """Runs work, in as many tasks as it makes, until the `dies_at`-th await of them all, or until it is killed.

    At the `cancels_at`-th await its work is cancelled; at the `stalls_at`-th it stands still for `stalls_for` seconds,
    as a machine does that is short of memory.
    """

    def __init__(
        self, dies_at: int | None = None, name: str = "", *, cancels_at: int | None = None,
        stalls_at: int | None = None, stalls_for: float = 0.0,
    ) -> None:  # fmt: skip
        self.name = name
        self.dies_at = dies_at
        self.cancels_at = cancels_at
        self.stalls_at = stalls_at
        self.stalls_for = stalls_for
        self.stalled = False
        self._mortal = True
        self.awaits = 0
        """How often its tasks have let others run."""
        self.dead = False
        self._begun: dict[_Steps, asyncio.Task[Any]] = {}  # in order
        self.mourners: list[Callable[[], object]] = []
        """Called when it dies."""
        self._grave: list[Work] = []
        self._far: Process | None = None
        self._waiting: list[asyncio.Future[None]] = []

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` returns; raises Gone when the process dies first. Several may run at once."""
        self.check()
        loop = asyncio.get_running_loop()
        if loop.get_task_factory() is None:
            loop.set_task_factory(_make_task)
        context = contextvars.copy_context()
        context.run(_own.set, self)
        result: T = await asyncio.Task(_Steps(self, work, main=True), loop=loop, context=context)
        return result

    def kill(self) -> None:
        """Die now."""
        if self.dead:
            return
        self.dead = True
        for mourner in self.mourners:
            mourner()
        for task in list(self._begun.values()):
            task.cancel()  # so that it steps once more, and is buried instead; one that never began does so anyway

    def far_side(self) -> Context:
        """A context for what others do on its behalf: it goes on while the process stands still, and ends with it."""
        if self._far is None:
            self._far = Process(name=f"beyond {self.name}")
            self.mourners.append(self._far.kill)
        context = Context()
        context.run(_own.set, self._far)
        return context

    def strike(self) -> None:
        """Die now, unless nothing happens to it any more."""
        if self._mortal:
            self.kill()

    def immortal(self) -> None:
        """From now on nothing happens to it any more."""
        self._mortal = False

    def check(self) -> None:
        """Raises Gone if it is dead."""
        if self.dead:
            raise Gone

    def cut(self, thing: Any) -> Any:
        """A store whose methods know this process: they do nothing for the dead.

        Before and after each of them lies an await, so that a process can die with its entry not made, and with its
        entry made and nobody told.
        """
        methods = {
            name: _entry(name)
            for name, _ in inspect.getmembers(type(thing), inspect.iscoroutinefunction)
            if not name.startswith("_")
        }
        return type(f"Cut{type(thing).__name__}", (_Cut,), methods)(self, thing)

    def bury(self) -> None:
        """Let go of what the dead were doing: at the end, in the loop, when nothing is looked at any more.

        Collected, a coroutine runs its `finally` blocks, which no dead process does: so they are kept until then.
        """
        context = contextvars.copy_context()
        context.run(_own.set, self)  # whatever they begin with their last words ends at once
        while self._grave:
            context.run(_end, self._grave.pop())
        if self._far is not None:
            self._far.bury()

    def _lives_on(self) -> bool:
        """Count an await; whether the process is still alive."""
        self.awaits += 1
        if not self._mortal:
            return True
        if self.awaits == self.dies_at:
            self.kill()
        if self.awaits == self.cancels_at:
            for steps, task in list(self._begun.items()):
                if steps.main:
                    task.cancel()
        if self.awaits == self.stalls_at and not self.dead:
            self.stalled = True
            asyncio.get_running_loop().call_later(self.stalls_for, self._go_on)
        return not self.dead

    def _standstill(self) -> asyncio.Future[None]:
        """What a task waits for that must not take its next step now."""
        until: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        until._asyncio_future_blocking = True  # noqa: SLF001 - as if it had been awaited
        self._waiting.append(until)
        return until

    def _go_on(self) -> None:
        self.stalled = False
        waiting, self._waiting = self._waiting, []
        for until in waiting:
            if not until.done():
                until.set_result(None)

    def __repr__(self) -> str:
        return f"Process({self.name!r}, awaits={self.awaits}, dead={self.dead})"


def _end(work: Work) -> None:
    """Let it run out. Not with `close()`, which leaves generators inside that are awaited as they are."""
    with contextlib.suppress(BaseException):
        for _ in range(MOST_LAST_WORDS):
            work.throw(Gone())


_own: Final[ContextVar[Process | None]] = ContextVar("backstay_process", default=None)


def own_process() -> Process | None:
    """The process that the caller's task belongs to, if any."""
    return _own.get()


def _make_task(loop: asyncio.AbstractEventLoop, work: Any, **facts: Any) -> Any:
    """A loop's task factory: what a task of a process starts belongs to it."""
    context: Context | None = facts.get("context")
    process = _own.get() if context is None else context.get(_own)
    if process is None:
        return asyncio.Task(work, loop=loop, **facts)
    return asyncio.Task(_Steps(process, work), loop=loop, **facts)


class _Steps(Coroutine[Any, Any, Any]):
    """Work of a process, step by step: every step that ends in waiting counts, and none is made for the dead."""

    __slots__ = ("_held", "_process", "_task", "_work", "main")

    def __init__(self, process: Process, work: Work, *, main: bool = False) -> None:
        self._process = process
        self._work = work
        self.main = main
        self._task: asyncio.Task[Any] | None = None
        self._held: tuple[Callable[..., Any], tuple[Any, ...]] | None = None
        """The step that it would have taken, had its process not stood still."""

    def send(self, value: Any) -> Any:
        """See `Coroutine`."""
        return self._step(self._work.send, value)

    def throw(self, *error: Any) -> Any:
        """See `Coroutine`."""
        return self._step(self._work.throw, *error)

    def close(self) -> None:
        """See `Coroutine`."""
        self._work.close()

    def __await__(self) -> Any:
        """Only a task drives it."""
        return self

    def _step(self, go_on: Callable[..., Any], *given: Any) -> Any:
        process = self._process
        if process.dead:
            raise self._buried()
        if self._task is None:
            self._task = asyncio.current_task()
            assert self._task is not None
            process._begun[self] = self._task  # noqa: SLF001 - one module
        if self._held is not None and go_on == self._work.send:
            go_on, given = self._held
        self._held = None
        if process.stalled:
            self._held = (go_on, given)
            return process._standstill()  # noqa: SLF001 - as above
        try:
            waits_for = go_on(*given)
        except BaseException:
            process._begun.pop(self, None)  # noqa: SLF001 - as above
            raise
        if not process._lives_on():  # noqa: SLF001 - as above
            if asyncio.isfuture(waits_for):
                waits_for.add_done_callback(heard)
            raise self._buried()
        return waits_for

    def _buried(self) -> BaseException:
        self._process._begun.pop(self, None)  # noqa: SLF001 - as above
        self._process._grave.append(self._work)  # noqa: SLF001 - as above
        return Gone() if self.main else StopIteration()  # of the others' end nobody is left to hear


class _Cut:
    """See `Process.cut`."""

    def __init__(self, process: Process, thing: Any) -> None:
        self._process = process
        self._thing = thing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._thing, name)


def _entry(name: str) -> Any:
    async def call(self: _Cut, *args: Any, **kwargs: Any) -> Any:
        self._process.check()
        await _let_others_run()
        value = await getattr(self._thing, name)(*args, **kwargs)
        await _let_others_run()
        return value

    return call


@types.coroutine
def _let_others_run() -> Generator[None, None, None]:
    yield


def heard(done: asyncio.Future[Any]) -> None:
    """What nobody waits for any more is no error of the program."""
    if not done.cancelled():
        done.exception()


class SkewedClock:
    """A process's own clock on the common time: its wall is wrong by so many seconds."""

    __slots__ = ("_time", "_wrong", "block", "monotonic", "random", "sleep", "token")

    def __init__(self, time: Clock, wrong: float) -> None:
        self._time = time
        self._wrong = wrong
        self.monotonic, self.sleep, self.block = time.monotonic, time.sleep, time.block
        self.random, self.token = time.random, time.token

    def wall(self) -> float:
        """See `Clock.wall`."""
        return self._time.wall() + self._wrong


__all__ = ["Gone", "Process", "SkewedClock", "heard", "own_process"]
