"""Virtual time: an event loop that never waits, so that an hour of retries runs in milliseconds.

    clock = VirtualClock(seed=7)
    result = run(main(clock), clock)        # every sleep and timeout of `main` jumps

The loop jumps to its next timer whenever nothing is ready. The same seed gives the same trace. When nothing is
ready and there is no timer either, the program hangs: the loop says so with `VirtualTimeDeadlock`.
"""

from __future__ import annotations

import asyncio
import math
import random
import selectors
import threading
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

START: Final = 1_000.0
WALL_START: Final = 1_767_225_600.0
"""2026-01-01T00:00:00Z: where virtual wall time begins."""


class VirtualTimeDeadlock(RuntimeError):  # noqa: N818 - a diagnosis, not an error of ours to handle
    """Nothing is ready and no timer is set: the program under test would wait for ever."""


class VirtualClock:
    """A clock that moves only when somebody sleeps; fits `backstay.clock.Clock`."""

    __slots__ = ("_lock", "_now", "_rng", "random")

    def __init__(self, seed: int = 0) -> None:
        self._now = START
        self._lock = threading.Lock()
        self._rng = random.Random(seed)  # noqa: S311 - a seeded trace, not a secret
        self.random = self._rng.random

    def monotonic(self) -> float:
        """See `Clock.monotonic`; begins at 1000."""
        return self._now

    def wall(self) -> float:
        """See `Clock.wall`; begins with the year 2026."""
        return WALL_START + self._now - START

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`; returns at once in real time when the loop is a `VirtualLoop`."""
        await asyncio.sleep(seconds)

    def block(self, seconds: float, until: threading.Event | None = None) -> None:
        """See `Clock.block`; returns at once, with the clock moved on, unless the event is set already.

        Made for one thread: threads that wake each other need the real clock, except where the wait has no end.
        """
        if until is None or (seconds < math.inf and not until.is_set()):
            self.advance(seconds)
        elif seconds == math.inf:
            until.wait()

    def token(self) -> str:
        """See `Clock.token`; drawn from the seed."""
        return f"{self._rng.getrandbits(128):032x}"

    def advance(self, seconds: float) -> None:
        """Move time on by hand; never back."""
        with self._lock:
            self._now += max(0.0, seconds)


class _JumpSelector(selectors.DefaultSelector):
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.loop.threads:  # a worker thread runs in real time; virtual time stands still for it
            return super().select(0.05 if timeout else timeout)
        if timeout is None:
            message = "nothing is ready and no timer is set: the program waits for ever"
            raise VirtualTimeDeadlock(message)
        ready = super().select(0)
        if not ready and timeout > 0:
            self.loop.clock.advance(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a `VirtualClock`; made for tests and simulations, not for sockets."""

    def __init__(self, clock: VirtualClock | None = None) -> None:
        self.clock = clock or VirtualClock()
        self.threads = 0
        selector = _JumpSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        """The virtual clock's monotonic time."""
        return self.clock.monotonic()

    def run_in_executor(  # type: ignore[override]  # typeshed's version needs TypeVarTuple; same at run time
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run in a thread; time stands still until it is done.

        An executor that says it is `independent` of the loop (a state file's) is waited for at once, so that the same
        seed gives the same trace however long the disk takes.
        """
        if getattr(executor, "independent", False):
            done = executor.submit(func, *args)
            wait([done])
            return asyncio.wrap_future(done, loop=self)
        self.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """End the worker threads; this too waits for a thread, so time stands still."""
        del timeout  # they end at once: nothing runs in them any more
        self.threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self.threads -= 1

    def _thread_done(self, _: object) -> None:
        self.threads -= 1


def run(main: Coroutine[Any, Any, T], clock: VirtualClock | None = None) -> T:
    """Run a coroutine to its end in virtual time, as `asyncio.run` would in real time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(main)
