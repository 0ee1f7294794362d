"""Single-flight: one call for all, and a leader that goes takes nobody along."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from backstay.engine.flight import Flights, shared
from backstay.errors import DeadlineExceededError, InternalError, InvalidRequestError, NotFoundError
from backstay.testing.clock import VirtualClock, run


class Origin:
    """Takes a second for each call, and counts them."""

    def __init__(self, clock: VirtualClock, seconds: float = 1.0, error: Exception | None = None) -> None:
        self.clock, self.seconds, self.error, self.calls = clock, seconds, error, 0

    async def __call__(self) -> int:
        self.calls += 1
        number = self.calls
        await self.clock.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return number


def bounded(clock: VirtualClock, origin: Origin, seconds: float) -> tuple[Any, Any]:
    """A caller's work and what is left of its time: the work ends by itself, as the engine's does."""
    end = clock.monotonic() + seconds

    async def work() -> int:
        try:
            async with asyncio.timeout(end - clock.monotonic()):
                return await origin()
        except TimeoutError:
            raise DeadlineExceededError(why="deadline") from None

    return work, lambda: end - clock.monotonic()


def test_a_hundred_callers_make_one_call() -> None:
    """All get the value of the first one's call, and nothing is left behind."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[int]:
        return await asyncio.gather(*(shared(flights, "k", origin) for _ in range(100)))

    assert run(main(), clock) == [1] * 100
    assert origin.calls == 1
    assert len(flights) == 0


def test_keys_do_not_share() -> None:
    """Two keys are two calls."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[int]:
        return await asyncio.gather(shared(flights, "a", origin), shared(flights, "b", origin))

    assert sorted(run(main(), clock)) == [1, 2]


def test_the_leader_runs_in_its_own_task() -> None:
    """No task is made: the work sees the caller's task and context."""
    flights = Flights()

    async def main() -> tuple[Any, Any]:
        async def who() -> Any:
            return asyncio.current_task()

        return await shared(flights, "k", who), asyncio.current_task()

    inner, outer = run(main())
    assert inner is outer


def test_a_cancelled_leader_costs_one_more_call_and_no_bystander() -> None:
    """At most two calls, and 99 of 99 joiners get the value."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[Any]:
        tasks = [asyncio.create_task(shared(flights, "k", origin)) for _ in range(100)]
        await clock.sleep(0.5)
        tasks[0].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, *rest = run(main(), clock)
    assert isinstance(first, asyncio.CancelledError)
    assert rest == [2] * 99
    assert origin.calls == 2
    assert len(flights) == 0


def test_the_heir_may_be_cancelled_in_the_same_moment() -> None:
    """Leadership goes on to the next one, also when the heir has not run yet."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[Any]:
        tasks = [asyncio.create_task(shared(flights, "k", origin)) for _ in range(4)]
        await clock.sleep(0.5)
        for task in tasks[:3]:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert run(main(), clock)[3] == 2
    assert origin.calls == 2


def test_a_joiner_chosen_to_lead_and_cancelled_passes_it_on() -> None:
    """The heir is told and then cancelled before it wakes: the next joiner leads."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[Any]:
        leader, *joiners = [asyncio.create_task(shared(flights, "k", origin)) for _ in range(4)]
        await clock.sleep(0.5)
        leader.cancel()
        await asyncio.sleep(0)
        assert leader.done()
        assert origin.calls == 1
        joiners[0].cancel()
        return await asyncio.gather(*joiners, return_exceptions=True)

    gone, *rest = run(main(), clock)
    assert isinstance(gone, asyncio.CancelledError)
    assert rest == [2, 2]
    assert len(flights) == 0


def test_cancelled_joiners_disturb_nobody() -> None:
    """The call goes on for the leader and for those who stay."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[Any]:
        tasks = [asyncio.create_task(shared(flights, "k", origin)) for _ in range(10)]
        await clock.sleep(0.5)
        for task in tasks[1:9]:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    ended = run(main(), clock)
    assert (ended[0], ended[9], origin.calls) == (1, 1, 1)


def test_an_error_of_the_origin_is_everybodys() -> None:
    """One call, the same error for all, and the next caller asks anew."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, error=NotFoundError("no such campaign"))

    async def main() -> list[Any]:
        return await asyncio.gather(*(shared(flights, "k", origin) for _ in range(100)), return_exceptions=True)

    errors = run(main(), clock)
    assert {type(error) for error in errors} == {NotFoundError}
    assert origin.calls == 1
    run(main(), clock)
    assert origin.calls == 2


def test_a_shared_error_keeps_a_short_traceback() -> None:
    """A hundred joiners that raise one instance do not make its traceback a hundred times longer."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, error=NotFoundError())

    async def main() -> int:
        await asyncio.gather(*(shared(flights, "k", origin) for _ in range(100)), return_exceptions=True)
        assert origin.error is not None
        frames, at = 0, origin.error.__traceback__
        while at is not None:
            frames, at = frames + 1, at.tb_next
        return frames

    assert run(main(), clock) < 15


def test_each_joiner_keeps_its_own_deadline() -> None:
    """The impatient one gives up at its time, the others get the value."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, 10.0)
    began = clock.monotonic()
    gave_up: list[float] = []

    async def impatient() -> None:
        work, left = bounded(clock, origin, 3.0)
        with pytest.raises(DeadlineExceededError):
            await shared(flights, "k", work, remaining=left)
        gave_up.append(clock.monotonic() - began)

    async def main() -> list[Any]:
        return await asyncio.gather(shared(flights, "k", origin), impatient(), shared(flights, "k", origin))

    assert run(main(), clock) == [1, None, 1]
    assert gave_up == [3.0]
    assert origin.calls == 1


def test_a_joiner_without_time_is_refused_at_once() -> None:
    """No time left, no waiting."""
    clock, flights = VirtualClock(), Flights()

    async def main() -> None:
        leader = asyncio.create_task(shared(flights, "k", Origin(clock)))
        await clock.sleep(0.5)
        with pytest.raises(DeadlineExceededError):
            await shared(flights, "k", Origin(clock), remaining=lambda: 0.0)
        assert await leader == 1

    run(main(), clock)


def test_a_leader_out_of_time_hands_over() -> None:
    """A joiner with more time calls again and gets the value; the leader gets its deadline."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, 5.0)
    short, short_left = bounded(clock, origin, 2.0)
    long, long_left = bounded(clock, origin, 60.0)

    async def main() -> list[Any]:
        return await asyncio.gather(
            shared(flights, "k", short, remaining=short_left),
            shared(flights, "k", long, remaining=long_left),
            return_exceptions=True,
        )

    first, second = run(main(), clock)
    assert isinstance(first, DeadlineExceededError)
    assert second == 2


def test_equal_deadlines_make_no_second_call() -> None:
    """Who runs out of time with the leader does not lead for nothing."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, 1e6)

    async def main() -> list[Any]:
        pairs = [bounded(clock, origin, 2.0) for _ in range(50)]
        calls = (shared(flights, "k", work, remaining=left) for work, left in pairs)
        return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(error) for error in run(main(), clock)} == {DeadlineExceededError}
    assert origin.calls == 1


def test_work_that_gives_up_early_is_not_repeated_by_those_with_no_more_time() -> None:
    """The engine gives up when the next wait does not fit: whoever has the same deadline would do the same."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, 1.0, DeadlineExceededError(why="deadline"))

    async def main() -> list[Any]:
        end = clock.monotonic() + 5.0
        calls = (shared(flights, "k", origin, remaining=lambda: end - clock.monotonic()) for _ in range(50))
        return await asyncio.gather(*calls, return_exceptions=True)

    assert {type(error) for error in run(main(), clock)} == {DeadlineExceededError}
    assert origin.calls == 1


def test_an_error_that_a_cancelled_joiner_never_reads_is_no_complaint() -> None:
    """The leader has raised it already; asyncio must not log it once more."""
    clock, flights, said = VirtualClock(), Flights(), list[dict[str, Any]]()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: said.append(what))
        tasks = [asyncio.create_task(shared(flights, "k", Origin(clock, 1.0, NotFoundError()))) for _ in range(2)]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        while not tasks[1].done():
            tasks[1].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        tasks.clear()
        gc.collect()

    run(main(), clock)
    assert said == []


def test_late_comers_of_a_hanging_origin_do_not_line_up() -> None:
    """A hundred callers in a second, two seconds each: the one with most time inherits, so there are two calls."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, 1e6)

    async def caller(after: float) -> None:
        await clock.sleep(after)
        work, left = bounded(clock, origin, 2.0)
        await shared(flights, "k", work, remaining=left)

    async def main() -> list[Any]:
        return await asyncio.gather(*(caller(n / 100) for n in range(100)), return_exceptions=True)

    assert {type(error) for error in run(main(), clock)} == {DeadlineExceededError}
    assert origin.calls == 2


def test_work_that_cancels_itself_is_a_failure_and_not_repeated() -> None:
    """Handing over would cancel each joiner in turn: they get an error instead, after one call."""
    clock, flights, calls = VirtualClock(), Flights(), []

    async def broken() -> int:
        calls.append(1)
        await clock.sleep(1.0)
        raise asyncio.CancelledError

    async def main() -> list[Any]:
        return await asyncio.gather(*(shared(flights, "k", broken) for _ in range(5)), return_exceptions=True)

    _, *rest = run(main(), clock)
    assert {type(error) for error in rest} == {InternalError}
    assert len(calls) == 1


def test_asking_for_the_same_key_inside_is_refused() -> None:
    """It would wait for itself for ever."""
    flights = Flights()

    async def main() -> None:
        async def inner() -> int:
            return 1

        with pytest.raises(InvalidRequestError, match="same key"):
            await shared(flights, "k", lambda: shared(flights, "k", inner))
        assert await shared(flights, "k", inner) == 1

    run(main())


def test_a_leader_that_left_may_ask_again_at_once() -> None:
    """It joins its heir, which has not run yet, instead of being taken for the leader."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock, 5.0)

    async def persistent() -> int:
        work, left = bounded(clock, origin, 2.0)
        with pytest.raises(DeadlineExceededError):
            await shared(flights, "k", work, remaining=left)
        return await shared(flights, "k", origin)

    async def main() -> list[Any]:
        return await asyncio.gather(persistent(), shared(flights, "k", origin))

    assert run(main(), clock) == [2, 2]


def test_nobody_joins_a_call_that_is_older_than_a_change() -> None:
    """After `forget` a new caller asks anew; those who waited before get the old call's value."""
    clock, flights = VirtualClock(), Flights()
    origin = Origin(clock)

    async def main() -> list[int]:
        old = [asyncio.create_task(shared(flights, "a/1", origin, tags=("t",))) for _ in range(2)]
        await clock.sleep(0.5)
        flights.forget(tag="other")
        flights.forget(prefix="b/")
        flights.forget("a")
        assert len(flights) == 1
        flights.forget(tag="t")
        new = asyncio.create_task(shared(flights, "a/1", origin, tags=("t",)))
        await clock.sleep(0.6)  # the old call has ended, and has left the new one in its place
        assert len(flights) == 1
        return [*await asyncio.gather(*old), await new]

    assert run(main(), clock) == [1, 1, 2]


def test_loops_do_not_share() -> None:
    """A future of one loop is not awaited in another, and a loop that died leaves no trap."""
    flights = Flights()

    async def never() -> None:
        await asyncio.Event().wait()

    async def start() -> None:
        asyncio.get_running_loop().create_task(shared(flights, "k", never))
        await asyncio.sleep(0)

    async def quick() -> int:
        return 7

    run(start())
    assert run(shared(flights, "k", quick)) == 7
    gc.collect()
    assert len(flights) == 0
