"""Virtual time: worker threads run in real time, and the same seed gives the same trace all the same."""

from __future__ import annotations

import asyncio
import threading

import pytest

from backstay.testing.clock import VirtualClock, VirtualTimeDeadlock, run


def test_results_of_threads_arrive_in_the_order_in_which_the_work_was_given() -> None:
    """However long each took: here the first can only end after the second."""
    second, told = threading.Event(), list[str]()

    async def ask(name: str, work: object) -> None:
        assert callable(work)
        await asyncio.to_thread(work)
        told.append(name)

    async def main() -> None:
        await asyncio.gather(ask("first", lambda: second.wait(30.0)), ask("second", second.set))

    run(main())
    assert told == ["first", "second"]


def test_time_stands_still_while_a_thread_works() -> None:
    """A timeout of the program does not run out because a disk is slow."""
    clock, moment = VirtualClock(), threading.Event()

    async def main() -> float:
        began = clock.monotonic()
        async with asyncio.timeout(1.0):
            await asyncio.to_thread(moment.wait, 0.02)
        return clock.monotonic() - began

    assert run(main(), clock) == 0.0


def test_what_a_thread_raises_and_what_nobody_waits_for() -> None:
    """An error arrives as it is; a caller that was cancelled leaves nothing behind."""

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        waiting = asyncio.create_task(asyncio.to_thread(lambda: None))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        await asyncio.sleep(1.0)

    run(main())


def test_a_thread_may_ask_the_loop_for_something() -> None:
    """It is served while it works."""

    async def answer() -> int:
        return 7

    async def main() -> int:
        loop = asyncio.get_running_loop()
        return await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(answer(), loop).result(30.0))

    assert run(main()) == 7


def test_a_program_that_waits_for_ever_is_told() -> None:
    """Nothing is ready and there is no timer."""

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(VirtualTimeDeadlock):
        run(main())
