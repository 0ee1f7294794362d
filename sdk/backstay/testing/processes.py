"""Processes in virtual time that die at any await: what a crash leaves behind, without a process of the machine.

    process = Process(dies_at=17)
    journal = process.cut(MemoryJournal())              # hears nothing from the dead
    transport = Wire(SimTransport(simulator, clock), process)
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

import httpx

from backstay.clock import Clock

T = TypeVar("T")
Work = Coroutine[Any, Any, Any]

MOST_LAST_WORDS: Final = 1_000
"""Times that a dead coroutine is told that it is over."""


class Gone(BaseException):
    """The process has died."""


class Process:
    """Runs work, in as many tasks as it makes, until the `dies_at`-th await of them all, or until it is killed."""

    def __init__(self, dies_at: int | None = None, name: str = "") -> None:
        self.name = name
        self.dies_at = dies_at
        self.awaits = 0
        """How often its tasks have let others run."""
        self.dead = False
        self._begun: dict[_Steps, asyncio.Task[Any] | None] = {}  # in order
        self._grave: list[Work] = []

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
        for task in list(self._begun.values()):
            task.cancel()  # so that it steps once more, and is buried instead; one that never began does so anyway

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

    def _lives_on(self) -> bool:
        """Count an await; whether the process is still alive."""
        self.awaits += 1
        if self.awaits == self.dies_at:
            self.kill()
        return not self.dead

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

    __slots__ = ("_main", "_process", "_task", "_work")

    def __init__(self, process: Process, work: Work, *, main: bool = False) -> None:
        self._process = process
        self._work = work
        self._main = main
        self._task: asyncio.Task[Any] | None = None

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
            process._begun[self] = self._task  # noqa: SLF001 - one module
        try:
            waits_for = go_on(*given)
        except BaseException:
            process._begun.pop(self, None)  # noqa: SLF001 - as above
            raise
        if not process._lives_on():  # noqa: SLF001 - as above
            raise self._buried()
        return waits_for

    def _buried(self) -> BaseException:
        self._process._begun.pop(self, None)  # noqa: SLF001 - as above
        self._process._grave.append(self._work)  # noqa: SLF001 - as above
        return Gone() if self._main else StopIteration()  # of the others' end nobody is left to hear


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


class Wire(httpx.AsyncBaseTransport):
    """Requests that have left go on when their process dies, or are lost with it (`arrives=False`)."""

    marks_sent = True

    def __init__(self, inner: httpx.AsyncBaseTransport, process: Process, *, arrives: bool = True) -> None:
        self.inner = inner
        self.arrives = arrives
        self._process = process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        self._process.check()
        if not self.arrives:
            return await self.inner.handle_async_request(request)
        exchange = asyncio.get_running_loop().create_task(self.inner.handle_async_request(request), context=Context())
        exchange.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(exchange)

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`; the far side stays."""


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


__all__ = ["Gone", "Process", "SkewedClock", "Wire", "own_process"]
