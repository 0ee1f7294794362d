"""Timeouts for many calls with one timer: the loop's own timer is armed for the earliest end only.

`asyncio.timeout` arms and cancels a timer for every call; that is most of what a successful call through a
resilience stack costs. Here a call puts itself into a set and takes itself out again. The one armed timer looks at
the set when it fires. Timeouts of equal length end in the order in which they began, so it fires about once a
timeout, not once a call, and still at the exact moment.
"""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from collections.abc import Awaitable
from math import inf
from typing import Any, TypeVar

T = TypeVar("T")


class Watched:
    """What a sweep watches, one stretch after the other: a call is one, so that guarding it makes no second object."""

    task: asyncio.Task[Any] | None = None
    """The one that is guarded; None before the first stretch."""
    when: float = inf
    """When the stretch must end, a time of the loop."""
    fired: bool = False
    """Whether it was cut off."""
    cancelling: int = 0
    """How many requests to cancel the task had when the stretch began."""

    def expire(self) -> None:
        """The stretch has not ended in time: cut the task off."""
        if self.task is not None:
            self.fired = True
            self.task.cancel()

    def timed_out(self, error: BaseException) -> bool:
        """Whether a cancellation that reached the task was ours; takes our request back from the task.

        The same care as `asyncio.timeout`: when somebody else asked for the cancellation too, theirs wins.
        """
        return self.take_back() and isinstance(error, asyncio.CancelledError)

    def take_back(self) -> bool:
        """Take our request to cancel back, if there is one; whether there was, and nobody else asks for it too."""
        if not self.fired or self.task is None:
            return False
        return self.task.uncancel() <= self.cancelling


class Sweep:
    """All that is guarded in one event loop."""

    __slots__ = ("__weakref__", "_armed_for", "_guarded", "_handle", "home")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.home = weakref.ref(loop)
        self._guarded: dict[Watched, None] = {}  # in order, so that the same seed gives the same trace
        self._armed_for = float("inf")
        self._handle: asyncio.TimerHandle | None = None

    @property
    def guarding(self) -> int:
        """How many stretches are watched now."""
        return len(self._guarded)

    def guard(self, watched: Watched, loop: asyncio.AbstractEventLoop, when: float) -> None:
        """Guard the running task of the running loop until `when`, a time of that loop."""
        task = watched.task
        if task is None:
            task = watched.task = _running(loop)
        watched.fired = False
        watched.cancelling = task.cancelling()
        self.add(watched, loop, when)

    def add(self, watched: Watched, loop: asyncio.AbstractEventLoop, when: float) -> None:
        """Let it expire at `when`, a time of that loop, unless it is dropped before."""
        watched.when = when
        self._guarded[watched] = None
        if when < self._armed_for:
            self._arm(loop, when)

    def drop(self, watched: Watched) -> None:
        """Stop guarding; the timer stays armed and finds nothing to do."""
        self._guarded.pop(watched, None)

    def _arm(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed_for = when
        # In a context of its own: whoever happens to arm it would be kept alive until it fires.
        self._handle = loop.call_at(when, self._fire, context=contextvars.Context())

    def _fire(self) -> None:
        loop = self.home()
        if loop is None:
            return
        self._armed_for, self._handle = float("inf"), None
        now = loop.time()
        for watched in [watched for watched in self._guarded if watched.when <= now]:
            self._guarded.pop(watched, None)
            watched.expire()
        if self._guarded:
            self._arm(loop, min(watched.when for watched in self._guarded))


def _running(loop: asyncio.AbstractEventLoop) -> asyncio.Task[Any]:
    task = asyncio.current_task(loop)
    if task is None:
        message = "a call needs a running task"
        raise RuntimeError(message)
    return task


_newest: Sweep | None = None
_sweeps: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Sweep] = weakref.WeakKeyDictionary()


def sweep_of(loop: asyncio.AbstractEventLoop) -> Sweep:
    """The sweep of a loop; made at the loop's first call."""
    global _newest  # noqa: PLW0603 - a process has one loop nearly always: a weak dictionary costs four times this
    sweep = _newest
    if sweep is not None and sweep.home() is loop:
        return sweep
    sweep = _sweeps.get(loop)
    if sweep is None:
        _forget_closed()
        sweep = _sweeps[loop] = Sweep(loop)
    _newest = sweep
    return sweep


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What the work gives, if it is done in time; as `asyncio.timeout`, on the shared timer.

    Raises:
        TimeoutError: it took longer, and was cancelled.
    """
    loop = asyncio.get_running_loop()
    sweep, watched = sweep_of(loop), Watched()
    sweep.guard(watched, loop, loop.time() + seconds)
    try:
        found = await work
    except BaseException as error:
        sweep.drop(watched)
        if watched.timed_out(error):
            raise TimeoutError from error
        raise
    sweep.drop(watched)
    watched.take_back()  # the work has won the race against the timer
    return found


def _forget_closed() -> None:
    """Let closed loops go: an armed timer knows its loop, which is more than a weak key can bear."""
    for known in _sweeps.keyrefs():
        loop = known()
        if loop is not None and loop.is_closed():
            _sweeps.pop(loop, None)
