"""Timeouts for many calls with one timer: the loop's own timer is armed for the earliest end only.

`asyncio.timeout` arms and cancels a timer for every call; that is most of what a successful call through a
resilience stack costs. Here a call puts its end into a set and takes it out again. The one armed timer looks at
the set when it fires. Timeouts of equal length end in the order in which they began, so it fires about once a
timeout, not once a call, and still at the exact moment.
"""

from __future__ import annotations

import asyncio
import weakref


class Watch:
    """One guarded stretch of a task: when it must end, and whether it was cut off."""

    __slots__ = ("cancelling", "fired", "task", "when")

    def __init__(self, task: asyncio.Task[object], when: float) -> None:
        self.task = task
        self.when = when
        self.fired = False
        self.cancelling = task.cancelling()

    def timed_out(self, error: BaseException) -> bool:
        """Whether a cancellation that reached the task was ours; takes our request back from the task.

        The same care as `asyncio.timeout`: when somebody else asked for the cancellation too, theirs wins.
        """
        if not self.fired:
            return False
        mine = self.task.uncancel() <= self.cancelling
        return mine and isinstance(error, asyncio.CancelledError)


class Sweep:
    """All watches of one event loop."""

    __slots__ = ("__weakref__", "_armed_for", "_handle", "_loop", "_watches")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = weakref.ref(loop)
        self._watches: dict[Watch, None] = {}  # in order, so that the same seed gives the same trace
        self._armed_for = float("inf")
        self._handle: asyncio.TimerHandle | None = None

    @property
    def guarding(self) -> int:
        """How many stretches are guarded now."""
        return len(self._watches)

    def serves(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether this is that loop's sweep."""
        return self._loop() is loop

    def watch(self, loop: asyncio.AbstractEventLoop, when: float, task: asyncio.Task[object] | None = None) -> Watch:
        """Guard the running task of the running loop until `when`, a time of that loop; `task`: it is known already."""
        if task is None and (task := asyncio.current_task(loop)) is None:
            message = "a call needs a running task"
            raise RuntimeError(message)
        guard = Watch(task, when)
        self._watches[guard] = None
        if when < self._armed_for:
            self._arm(loop, when)
        return guard

    def drop(self, guard: Watch) -> None:
        """Stop guarding; the timer stays armed and finds nothing to do."""
        self._watches.pop(guard, None)

    def _arm(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._armed_for = when
        self._handle = loop.call_at(when, self._fire)

    def _fire(self) -> None:
        loop = self._loop()
        if loop is None:
            return
        self._armed_for, self._handle = float("inf"), None
        now = loop.time()
        for guard in [guard for guard in self._watches if guard.when <= now]:
            self._watches.pop(guard, None)
            guard.fired = True
            guard.task.cancel()
        if self._watches:
            self._arm(loop, min(guard.when for guard in self._watches))


_newest: Sweep | None = None
_sweeps: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Sweep] = weakref.WeakKeyDictionary()


def sweep_of(loop: asyncio.AbstractEventLoop) -> Sweep:
    """The sweep of a loop; made at the loop's first call."""
    global _newest  # noqa: PLW0603 - a process has one loop nearly always: a weak dictionary costs four times this
    sweep = _newest
    if sweep is not None and sweep.serves(loop):
        return sweep
    sweep = _sweeps.get(loop)
    if sweep is None:
        sweep = _sweeps[loop] = Sweep(loop)
    _newest = sweep
    return sweep
