"""One timer for many timeouts: exact moments, little work."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from backstay.engine.timer import Watched, sweep_of
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually


def watch(seconds: float) -> Watched:
    loop = asyncio.get_running_loop()
    watched = Watched()
    sweep_of(loop).guard(watched, loop, loop.time() + seconds)
    return watched


def test_each_watch_ends_at_its_own_moment() -> None:
    """Short, long and equal timeouts all fire exactly when they must."""
    clock = VirtualClock()
    ends: dict[float, float] = {}

    async def guarded(seconds: float) -> None:
        began = clock.monotonic()
        guard = watch(seconds)
        try:
            await clock.sleep(1e6)
        except asyncio.CancelledError as error:
            assert guard.timed_out(error)
        ends[seconds] = clock.monotonic() - began

    async def main() -> None:
        await asyncio.gather(*(guarded(seconds) for seconds in (30.0, 5.0, 12.5, 0.25, 30.5)))

    virtually(main(), clock)
    assert ends == pytest.approx({seconds: seconds for seconds in ends})
    assert len(ends) == 5


def test_a_dropped_watch_never_fires() -> None:
    """What ended in time is not cut off later."""
    clock = VirtualClock()

    async def main() -> None:
        sweep = sweep_of(asyncio.get_running_loop())
        guard = watch(1.0)
        sweep.drop(guard)
        await clock.sleep(5.0)
        assert not guard.fired

    virtually(main(), clock)


def test_equal_timeouts_share_timers() -> None:
    """A thousand calls one after the other within 30 s arm one timer, not a thousand."""
    clock = VirtualClock()

    async def main() -> int:
        loop = asyncio.get_running_loop()
        sweep, armed = sweep_of(loop), 0
        call_at = loop.call_at

        def counting(*args: object, **kwargs: object) -> asyncio.TimerHandle:
            nonlocal armed
            armed += 1
            return call_at(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they came

        loop.call_at = counting  # type: ignore[method-assign, assignment]  # counted on purpose
        for _ in range(1000):
            sweep.drop(watch(30.0))
        return armed

    assert virtually(main(), clock) == 1


def test_a_loop_that_is_closed_is_let_go() -> None:
    """A program that runs one loop after the other keeps none of them, the last one at most."""
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loops.append(weakref.ref(loop))
        sweep_of(loop).drop(watch(30.0))

    for _ in range(5):
        asyncio.run(main())
    gc.collect()
    assert sum(loop() is not None for loop in loops) <= 1
