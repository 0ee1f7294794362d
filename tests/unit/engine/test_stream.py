"""Streams: when they are asked again, what their times mean, and that every permit comes back however they end."""

from __future__ import annotations

import asyncio
import copy
import gc
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from backstay.clock import SystemClock
from backstay.engine.call import current, time_left
from backstay.engine.loop import begin, run
from backstay.engine.scope import Scope
from backstay.engine.stream import Streaming, Whole, pieces
from backstay.errors import (
    BackstayError,
    CallTimeoutError,
    DeadlineExceededError,
    InvalidRequestError,
    PlatformServiceError,
    RateLimitError,
    ServiceUnavailableError,
)
from backstay.events import Event
from backstay.policies.breaker import State
from backstay.policies.retry import Retry
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from tests.support import make_plan, make_scope

Step = str | float | Exception


class Kept:
    """Collects pieces as one text."""

    def __init__(self) -> None:
        self.text = ""

    def add(self, piece: str) -> None:
        self.text += piece

    def partial(self) -> str:
        return self.text


class Source:
    """A vendor that streams: each call follows its own script of texts, waits in seconds, and errors."""

    def __init__(self, clock: VirtualClock, *scripts: tuple[Step, ...]) -> None:
        self.clock = clock
        self.scripts = list(scripts)
        self.calls = 0
        self.closed = 0
        self.inside: list[bool] = []

    async def __call__(self) -> AsyncGenerator[Any, None]:
        script = self.scripts[min(self.calls, len(self.scripts) - 1)]
        self.calls += 1
        try:
            for step in script:
                self.inside.append(current() is not None)
                if isinstance(step, Exception):
                    raise copy.copy(step)
                if isinstance(step, float):
                    await self.clock.sleep(step)
                else:
                    yield step
            yield Whole("".join(step for step in script if isinstance(step, str)))
        finally:
            self.closed += 1


class Bench:
    """One scope, one clock, one source."""

    def __init__(self, *scripts: tuple[Step, ...], **options: Any) -> None:
        self.clock = VirtualClock()
        self.source = Source(self.clock, *scripts)
        self.scope: Scope = options.pop("scope", None) or make_scope()
        self.events: list[Event] = []
        retry = Retry(max_attempts=options.pop("max_attempts", 4))
        self.plan = make_plan(self.clock, scope=self.scope, events=self.events, retry=retry, **options)
        self.kept = Kept()

    def open(self) -> Streaming[str, str]:
        return Streaming(pieces(begin(self.plan), self.source, (), {}, self.kept), self.kept)

    def run(self, work: Callable[[], Any]) -> Any:
        return virtually(work(), self.clock)


async def read(stream: Streaming[str, str]) -> list[str]:
    """All pieces."""
    return [piece async for piece in stream]


def test_pieces_come_in_order_and_the_result_at_the_end() -> None:
    """The reader sees the pieces, and the whole answer once the last one is read; the place is free again."""
    bench = Bench(("a", 1.0, "b"))

    async def main() -> None:
        stream = bench.open()
        with pytest.raises(InvalidRequestError, match="not been read"):
            _ = stream.result
        assert await read(stream) == ["a", "b"]
        assert (stream.result, stream.partial) == ("ab", "ab")

    bench.run(main)
    assert (bench.scope.bulkhead.in_flight, bench.source.closed, bench.scope.calls) == (0, 1, 1)


def test_nothing_is_sent_until_it_is_read() -> None:
    """A stream that nobody reads asks nobody, and closing it is harmless."""
    bench = Bench(("a",))

    async def main() -> None:
        await bench.open().aclose()

    bench.run(main)
    assert bench.source.calls == 0


def test_failures_before_the_first_piece_are_retried() -> None:
    """Two failures, then pieces: waits as for any call, and the events say so."""
    bench = Bench((ServiceUnavailableError(),), (1.0, PlatformServiceError()), ("a",))

    async def main() -> None:
        assert await bench.open().whole() == "a"

    bench.run(main)
    assert (bench.source.calls, bench.scope.bulkhead.in_flight) == (3, 0)
    assert [event.name for event in bench.events] == ["retry_attempt", "retry_attempt", "retry_success"]


@pytest.mark.parametrize(
    ("ending", "kind", "certainty"),
    [
        (ServiceUnavailableError(), ServiceUnavailableError, Certainty.UNKNOWN),
        (RateLimitError(), RateLimitError, Certainty.REFUSED),
        (ValueError("a bug"), BackstayError, Certainty.UNKNOWN),
        (1e6, CallTimeoutError, Certainty.UNKNOWN),
    ],
)
def test_a_failure_after_the_first_piece_is_final_and_keeps_the_pieces(
    ending: Step, kind: type[BackstayError], certainty: Certainty
) -> None:
    """Typed, asked once, with what had arrived, why it stopped, and an event; the place is free."""
    bench = Bench(("a", "b", ending))

    async def main() -> BackstayError:
        with pytest.raises(kind) as caught:
            await read(bench.open())
        return caught.value

    error = bench.run(main)
    assert (error.partial, error.why, error.retry_allowed, bench.source.calls) == ("ab", "started", False, 1)
    assert error.certainty is certainty
    assert [attempt.number for attempt in error.attempts] == [1]
    assert bench.events[-1].name == "operation_error"
    assert (bench.scope.bulkhead.in_flight, bench.source.closed) == (0, 1)


@pytest.mark.parametrize(
    ("script", "options", "kind", "ends"),
    [
        ((1e6,), {"attempt_timeout": 10.0}, CallTimeoutError, 10.0),
        (("a", 1e6), {"attempt_timeout": 10.0}, CallTimeoutError, 10.0),
        (("a", 9.0, "b", 9.0, "c", 1e6), {"attempt_timeout": 10.0}, CallTimeoutError, 28.0),
        (("a", 9.0, "b", 9.0, "c", 9.0), {"attempt_timeout": 10.0, "deadline": 20.0}, DeadlineExceededError, 20.0),
    ],
    ids=["to the first piece", "between two pieces", "each silence anew", "the deadline over all"],
)
def test_times(script: tuple[Step, ...], options: dict[str, Any], kind: type[BackstayError], ends: float) -> None:
    """The attempt's timeout bounds each silence, the deadline the whole, to the moment."""
    bench = Bench(script, max_attempts=1, **options)
    began = bench.clock.monotonic()

    async def main() -> None:
        with pytest.raises(kind):
            await read(bench.open())

    bench.run(main)
    assert bench.clock.monotonic() - began == pytest.approx(ends)
    assert bench.scope.bulkhead.in_flight == 0


def test_the_readers_own_time_counts_for_the_deadline() -> None:
    """A reader that takes 30 s with a piece has used 30 s of the stream's deadline."""
    bench = Bench(("a", 1.0, "b"), deadline=20.0)

    async def main() -> None:
        stream = bench.open()
        assert await anext(stream) == "a"
        await bench.clock.sleep(30.0)
        with pytest.raises(DeadlineExceededError):
            await anext(stream)

    bench.run(main)
    assert bench.scope.bulkhead.in_flight == 0


@pytest.mark.parametrize("how", ["block", "break", "closed", "cancelled", "forgotten"])
def test_a_stream_that_is_left_gives_its_place_back(how: str) -> None:
    """Whatever the reader does, the permit comes back, the source is closed, and the breaker thinks well of it."""
    bench = Bench(("a", "b", 1e6, "c"))

    async def main() -> None:
        stream = bench.open()
        if how == "block":
            async with stream:
                assert await anext(stream) == "a"
        elif how == "break":
            async for _ in stream:
                break
            await stream.aclose()
        elif how == "closed":
            await anext(stream)
            await stream.aclose()
            assert [piece async for piece in stream] == []
        elif how == "cancelled":
            reading = asyncio.ensure_future(read(stream))
            await bench.clock.sleep(1.0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        else:
            await anext(stream)
            del stream
            gc.collect()
            await bench.clock.sleep(0.0)
            await bench.clock.sleep(0.0)

    bench.run(main)
    assert (bench.scope.bulkhead.in_flight, bench.source.closed) == (0, 1)
    assert bench.scope.breaker.state is State.CLOSED
    assert not [event for event in bench.events if event.name == "operation_error"]


def test_a_place_is_held_until_the_stream_ends() -> None:
    """With room for one, the second stream waits until the first one is read to its end."""
    bench = Bench(("a", 5.0, "b"), ("c",), scope=make_scope(limit=1))
    times: list[float] = []

    async def one() -> None:
        began = bench.clock.monotonic()
        await read(bench.open())
        times.append(bench.clock.monotonic() - began)

    async def main() -> None:
        await asyncio.gather(one(), one())

    bench.run(main)
    assert times == [pytest.approx(5.0), pytest.approx(5.0)]


def test_the_reader_is_not_inside_the_call() -> None:
    """Between pieces the reader's own calls do not inherit the stream's deadline; inside the source there is one."""
    bench = Bench(("a", "b"), deadline=60.0)

    async def main() -> None:
        async for _ in bench.open():
            assert time_left() is None

    bench.run(main)
    assert all(bench.source.inside)


def test_a_stream_inherits_the_deadline_of_the_call_around_it() -> None:
    """A stream that is opened inside a call ends with it."""
    bench = Bench(("a", 1e6))
    outer = make_plan(bench.clock, deadline=7.0, retry=Retry(max_attempts=1))
    began = bench.clock.monotonic()

    async def body() -> list[str]:
        return await read(bench.open())

    async def main() -> None:
        with pytest.raises(BackstayError):
            await run(begin(outer), body, (), {})

    bench.run(main)
    assert bench.clock.monotonic() - began == pytest.approx(7.0)


def test_each_piece_is_timed_in_the_task_that_waits_for_it() -> None:
    """Each is read in a task of its own: the silence cuts off the one that waits, not one that has read before."""
    bench = Bench(("a", "b", 100.0, "c"), attempt_timeout=5.0)

    async def one(stream: Streaming[str, str]) -> str:
        return await anext(aiter(stream))

    async def main() -> float:
        stream, began = bench.open(), bench.clock.monotonic()
        assert [await asyncio.create_task(one(stream)) for _ in range(2)] == ["a", "b"]
        with pytest.raises(CallTimeoutError):
            await asyncio.create_task(one(stream))
        await stream.aclose()
        return bench.clock.monotonic() - began

    assert bench.run(main) == pytest.approx(5.0)
    assert bench.scope.idle


def test_streams_that_break_open_the_breaker() -> None:
    """Enough broken streams are evidence that the vendor is down."""
    bench = Bench(("a", ServiceUnavailableError()))

    async def main() -> None:
        for _ in range(40):
            with pytest.raises(BackstayError):
                await read(bench.open())

    bench.run(main)
    assert bench.scope.breaker.state is State.OPEN


def test_an_empty_stream_has_a_result() -> None:
    """A vendor that has nothing to say still says that it was all."""
    bench = Bench(())

    async def main() -> None:
        stream = bench.open()
        assert await read(stream) == []
        assert stream.result == ""

    bench.run(main)


def test_a_read_that_is_dropped_after_its_loop_gives_its_place_back() -> None:
    """A loop closed over a waiting read leaves nothing in flight: the next loop's calls have all the room."""
    scope, kept, loop = make_scope(), Kept(), asyncio.new_event_loop()

    async def source() -> AsyncGenerator[Any, None]:
        yield "a"
        await asyncio.Future()

    plan = make_plan(VirtualClock(), scope=scope, retry=Retry())
    plan.clock = SystemClock()
    call = begin(plan)
    reading = loop.create_task(read(Streaming(pieces(call, source, (), {}, kept), kept)))
    reading._log_destroy_pending = False  # type: ignore[attr-defined]  # it is left on purpose
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    assert (kept.text, scope.bulkhead.in_flight) == ("a", 1)
    coroutine = reading.get_coro()
    assert coroutine is not None
    coroutine.close()
    assert scope.idle
