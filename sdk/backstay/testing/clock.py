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
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

START: Final = 1_000.0
MOMENT: Final = 0.005
"""Real seconds between two looks at what worker threads may want of the loop."""
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
        if self.loop.working:  # worker threads run in real time; virtual time stands still for them
            ready = super().select(0)
            if timeout != 0 and not ready:
                self.loop.hand_over()
            return ready
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
        self.working: deque[tuple[Future[Any], asyncio.Future[Any]]] = deque()
        """What worker threads do, and who waits for it; in the order in which it was given to them."""
        self._pool: ThreadPoolExecutor | None = None
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

        However long the threads take, the same seed gives the same trace: results arrive in the order in which the
        work was given, one at a time, when nothing else is ready. An executor that says it is `independent` of the
        loop (a state file's) is waited for at once.
        """
        if getattr(executor, "independent", False):
            done = executor.submit(func, *args)
            wait([done])
            return asyncio.wrap_future(done, loop=self)
        waiter: asyncio.Future[T] = self.create_future()
        job = (executor or self._workers()).submit(func, *args)
        waiter.add_done_callback(lambda done: done.cancelled() and job.cancel())
        self.working.append((job, waiter))
        return waiter

    def hand_over(self) -> None:
        """Give the oldest work's result to who waits for it, if it is there; else wait for it, a moment at most."""
        job, waiter = self.working[0]
        if not wait([job], timeout=MOMENT).done:
            return
        self.working.popleft()
        if waiter.done():
            return
        if job.cancelled():
            waiter.cancel()
        elif (error := job.exception()) is not None:
            waiter.set_exception(error)
        else:
            waiter.set_result(job.result())

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """End the worker threads."""
        del timeout  # they end at once: nothing runs in them any more
        if self._pool is not None:
            self._pool.shutdown()

    def _workers(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(thread_name_prefix="virtual")
            self.set_default_executor(self._pool)
        return self._pool


def run(main: Coroutine[Any, Any, T], clock: VirtualClock | None = None) -> T:
    """Run a coroutine to its end in virtual time, as `asyncio.run` would in real time."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(main)
