"""One timer for many timeouts: exact moments, little work."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from backstay.engine.timer import Watched, sweep_of, within
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


async def takes(clock: VirtualClock, seconds: float) -> str:
    await clock.sleep(seconds)
    return "done"


@pytest.mark.parametrize(("seconds", "took"), [(2.0, None), (5.0, 3.0), (1e6, 3.0)])
def test_work_is_done_within_its_time_or_cut_off_at_its_end(seconds: float, took: float | None) -> None:
    """And whoever waited goes on as if nobody had ever asked to cancel it."""
    clock = VirtualClock()

    async def main() -> None:
        began = clock.monotonic()
        if took is None:
            assert await within(3.0, takes(clock, seconds)) == "done"
        else:
            with pytest.raises(TimeoutError):
                await within(3.0, takes(clock, seconds))
            assert clock.monotonic() - began == pytest.approx(took)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        assert sweep_of(asyncio.get_running_loop()).guarding == 0
        await clock.sleep(10.0)

    virtually(main(), clock)


def test_what_the_work_raises_is_raised_and_a_cancellation_from_outside_is_none_of_ours() -> None:
    """Only our own timer becomes a TimeoutError."""
    clock = VirtualClock()

    async def breaks() -> None:
        raise KeyError("x")

    async def main() -> None:
        with pytest.raises(KeyError):
            await within(3.0, breaks())
        task = asyncio.create_task(within(3.0, takes(clock, 100.0)))
        await clock.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    virtually(main(), clock)


def test_work_that_ends_all_the_same_when_it_is_cut_off_has_won() -> None:
    """The result is there, and the request to cancel is taken back."""
    clock = VirtualClock()

    async def ends_all_the_same() -> str:
        try:
            await clock.sleep(100.0)
        except asyncio.CancelledError:
            return "half"
        return "whole"

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        assert await within(3.0, ends_all_the_same()) == "half"
        assert task.cancelling() == 0
        await clock.sleep(1.0)

    virtually(main(), clock)
