"""Work for a thread of ours, handed over together: all that one turn of the event loop asks for makes one trip.

Waking a thread and being woken by it costs more than what a write of the journal does there. Fifty writes in flight
come in groups, so a group pays once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Generic, TypeVar

J = TypeVar("J")
Pair = tuple[J, "asyncio.Future[None]"]


class Together(Generic[J]):
    """The way of jobs to an executor, from any loop of the process; `trip` is run there with a list of them."""

    def __init__(self, executor: Callable[[], Executor], trip: Callable[[list[J]], Any]) -> None:
        self._executor = executor
        self._trip = trip
        self._turn = threading.local()  # a thread runs one loop at a time

    async def done(self, job: J) -> None:
        """Return when the job's trip is over; what became of it is for the job to say.

        Raises:
            BaseException: what the trip itself raised, not the work of one job.
        """
        loop = asyncio.get_running_loop()
        known: tuple[Any, list[Pair[J]]] | None = getattr(self._turn, "waiting", None)
        if known is None or known[0] is not loop:  # another loop's were never taken: it is gone
            known = self._turn.waiting = (loop, [])
            loop.call_soon(self._leave, loop, known[1])
        waiter = loop.create_future()
        known[1].append((job, waiter))
        await waiter

    def _leave(self, loop: asyncio.AbstractEventLoop, waiting: list[Pair[J]]) -> None:
        self._turn.waiting = None
        wanted = [(job, waiter) for job, waiter in waiting if not waiter.done()]
        if not wanted:
            return
        try:
            over = loop.run_in_executor(self._executor(), self._trip, [job for job, _ in wanted])
        except Exception as error:  # noqa: BLE001 - whoever waits raises it
            _tell(wanted, error)
            return
        over.add_done_callback(partial(_arrived, wanted))


def _arrived(waiting: list[Pair[J]], over: asyncio.Future[Any]) -> None:
    _tell(waiting, asyncio.CancelledError() if over.cancelled() else over.exception())


def _tell(waiting: list[Pair[J]], error: BaseException | None) -> None:
    for _, waiter in waiting:
        if waiter.done():  # cancelled: nobody waits for it any more
            continue
        if error is None:
            waiter.set_result(None)
        elif isinstance(error, asyncio.CancelledError):
            waiter.cancel()
        else:
            waiter.set_exception(error)


__all__ = ["Together"]
