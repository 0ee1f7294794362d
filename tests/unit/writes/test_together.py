"""Jobs of one turn of the loop make one trip to their thread; nobody waits for what was never taken along."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from backstay.writes.together import Together


class Road:
    """An executor with one thread, and the trips that were made."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(1)
        self.trips: list[list[int]] = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.together = Together[int](lambda: self.pool, self.travel)

    def travel(self, jobs: list[int]) -> None:
        self.begun.set()
        assert self.gate.wait(10)
        self.trips.append(jobs)
        if -1 in jobs:
            raise OSError(13, "no way")


@pytest.fixture
def road() -> Iterator[Road]:
    """With its thread ended afterwards."""
    made = Road()
    yield made
    made.pool.shutdown()


async def test_what_one_turn_asks_for_makes_one_trip(road: Road) -> None:
    """And what the next turn asks for makes another."""
    await asyncio.gather(*(road.together.done(number) for number in range(3)))
    await road.together.done(7)
    assert road.trips == [[0, 1, 2], [7]]


async def test_who_stops_waiting_before_the_trip_is_left_behind(road: Road) -> None:
    """The others arrive; alone, no trip is made at all."""
    tasks = [asyncio.create_task(road.together.done(number)) for number in range(3)]
    asyncio.get_running_loop().call_soon(tasks[1].cancel)  # after they have asked, before they leave
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in found] == [type(None), asyncio.CancelledError, type(None)]
    assert road.trips in ([[0, 2]], [[0, 1, 2]])
    alone = asyncio.create_task(road.together.done(5))
    alone.cancel()
    await asyncio.wait([alone])
    await asyncio.sleep(0)
    assert len(road.trips) == 1


async def test_who_stops_waiting_on_the_way_is_no_trouble_to_the_others(road: Road) -> None:
    """What is under way is done all the same."""
    road.gate.clear()
    tasks = [asyncio.create_task(road.together.done(number)) for number in range(2)]
    assert await asyncio.to_thread(road.begun.wait, 10)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    road.gate.set()
    await tasks[1]
    assert road.trips == [[0, 1]]


async def test_a_trip_that_fails_fails_for_all_of_it(road: Road) -> None:
    """And the next trip is another one."""
    found = await asyncio.gather(*(road.together.done(number) for number in (1, -1)), return_exceptions=True)
    assert [type(each) for each in found] == [PermissionError, PermissionError]
    await road.together.done(2)


async def test_an_executor_that_takes_nothing_leaves_nobody_waiting(road: Road) -> None:
    """It was shut down."""
    road.pool.shutdown()
    with pytest.raises(RuntimeError, match="shutdown"):
        await road.together.done(1)


def test_loops_of_several_threads_do_not_mix(road: Road) -> None:
    """Each has its own trips."""

    async def many(first: int) -> None:
        for number in range(first, first + 50):
            await road.together.done(number)

    threads = [threading.Thread(target=asyncio.run, args=(many(first),)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for trip in road.trips for number in trip) == [*range(50), *range(100, 150), *range(200, 250)]


def test_a_loop_that_ended_before_it_handed_over_is_forgotten(road: Road) -> None:
    """The next loop of the thread makes trips of its own, and the old one is not kept."""
    loop = asyncio.new_event_loop()
    ended = weakref.ref(loop)

    async def ask() -> None:
        asyncio.ensure_future(road.together.done(1)).add_done_callback(lambda _: None)
        await asyncio.sleep(0)

    loop.run_until_complete(ask())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.close()
    asyncio.run(road.together.done(2))
    del loop, task
    gc.collect()
    assert ended() is None
    assert [2] in road.trips
