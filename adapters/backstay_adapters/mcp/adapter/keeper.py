"""A session that is kept open by a task of its own: the SDK's must be entered and left in one task."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")


class Keeper(Generic[T]):
    """Keeps one resource open, from `start` until it ends by itself or `stop`."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[T]]) -> None:
        self._make = make
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._opened: T | None = None
        self._ready = asyncio.Event()
        self._trouble: BaseException | None = None

    @property
    def alive(self) -> bool:
        """Whether it is open."""
        return self._task is not None and not self._task.done() and self._opened is not None

    async def start(self) -> T:
        """Open it; raises what opening it raised. Whoever is cancelled meanwhile leaves nothing open."""
        # In a context of its own: a session outlives the call that has opened it, with its deadline and its budget.
        self._task = asyncio.get_running_loop().create_task(self._keep(), context=Context())
        self._task.add_done_callback(lambda _: self._ready.set())
        try:
            await self._ready.wait()
        except asyncio.CancelledError:
            self._task.cancel()
            raise
        if self._opened is None:
            raise self._trouble or RuntimeError("it ended while it was opened")
        return self._opened

    async def stop(self, patience: float) -> None:
        """Close it, in `patience` seconds or by force."""
        if self._task is None or self._task.done():
            return
        self._leave.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await asyncio.wait((self._task,))
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _keep(self) -> None:
        try:
            async with self._make() as opened:
                self._opened = opened
                self._ready.set()
                await self._leave.wait()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - told to whoever waits in `start`
            self._trouble = error
        finally:
            self._opened = None


__all__ = ["Keeper"]
