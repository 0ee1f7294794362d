"""Processes that die at any await: nothing of them goes on but what is on the wire already."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any, Final

import httpx

from backstay.writes.journal import Journal

GRAVEYARD: Final[list[Coroutine[Any, Any, Any]]] = []
"""What the dead were doing. Collected, a coroutine runs its `finally`, which no dead process does."""


class Gone(BaseException):
    """The process has died."""


class Process:
    """Runs work until its `dies_at`-th await; what it shares with the living is cut off then."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.awaits = 0
        self.dead = False
        self._task: asyncio.Task[Any] | None = None

    async def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """What `work` returns; raises Gone when the process dies first. In a task of its own, whose timers die too."""
        self._task = asyncio.create_task(_running(self, work))
        return await self._task

    def kill(self) -> None:
        """Die now."""
        self.dead = True
        if self._task is not None:
            self._task.cancel()

    def cut(self, journal: Journal) -> Any:
        """A journal that hears nothing from a dead process, such as a renewal by a timer."""
        return _Cut(self, journal)


async def _running(process: Process, work: Coroutine[Any, Any, Any]) -> Any:
    return await _stepped(process, work)


@types.coroutine
def _stepped(process: Process, work: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
    error: BaseException | None = None
    while True:
        try:
            waits_for = work.send(None) if error is None else work.throw(error)
        except StopIteration as done:
            return done.value
        error = None
        process.awaits += 1
        process.dead = process.dead or process.awaits == process.dies_at
        if not process.dead:
            try:
                yield waits_for
            except BaseException as caught:  # noqa: BLE001 - handed on to the work
                error = caught
        if process.dead:
            GRAVEYARD.append(work)
            raise Gone from None


class _Cut:
    def __init__(self, process: Process, journal: Journal) -> None:
        self.lease = journal.lease
        self._process = process
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._journal, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if self._process.dead and name == "renew":  # a timer that was set
                await asyncio.get_running_loop().create_future()
            if self._process.dead:
                raise Gone  # met by the loop when it closes what the dead left open
            return await method(*args, **kwargs)

        return call


class Wire(httpx.AsyncBaseTransport):
    """Requests that have left go on when their process dies."""

    marks_sent = True

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        exchange = asyncio.ensure_future(self.inner.handle_async_request(request))
        exchange.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(exchange)
