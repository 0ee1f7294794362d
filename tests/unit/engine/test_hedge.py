"""Two requests for one read: who wins, who is cancelled, and that nothing is left behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backstay.engine.call import Call
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, CallTimeoutError, PlatformServiceError
from backstay.policies.hedge import Hedge, HedgeOptions
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from tests.support import make_plan, make_scope


class Vendor:
    """Each call plays (seconds, answer or exception); remembers who was cancelled."""

    def __init__(self, clock: VirtualClock, *steps: tuple[float, object]) -> None:
        self.clock, self.steps = clock, list(steps)
        self.calls, self.cancelled, self.ended = 0, list[int](), list[int]()

    async def __call__(self) -> object:
        number, (seconds, answer) = self.calls, self.steps[min(self.calls, len(self.steps) - 1)]
        self.calls += 1
        try:
            await self.clock.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        self.ended.append(number)
        if isinstance(answer, Exception):
            raise answer
        return answer


def ready(share: float = 1.0) -> Hedge:
    """A hedge that knows that answers take 50 ms, nearly all at most 100 ms, and late ones a second."""
    hedge = Hedge(HedgeOptions(share=share, saved=5.0))
    hedge.delay, hedge.usual, hedge._excess, hedge.balance = 0.1, 0.05, 1.0, 5.0
    return hedge


def play(clock: VirtualClock, vendor: Vendor, hedge: Hedge | None = None, **facts: Any) -> tuple[Call, Any]:
    """One read; the call, and its answer or error."""
    plan = make_plan(clock, hedge=hedge or ready(), **facts)

    async def main() -> tuple[Call, Any]:
        call = begin(plan)
        try:
            answer: Any = await run(call, vendor, (), {})
        except BackstayError as error:
            answer = error
        current = asyncio.current_task()
        assert current is not None
        assert current.cancelling() == 0  # nothing of ours is left on the caller's task
        await clock.sleep(10.0)
        assert plan.scope.idle
        return call, answer

    return virtually(main(), clock)


def test_a_late_first_request_is_overtaken() -> None:
    """The second one, sent after 100 ms, answers at 150 ms; the first is cancelled, and the answer says hedged."""
    clock = VirtualClock()
    vendor, began = Vendor(clock, (5.0, "first"), (0.05, "second")), clock.monotonic()
    call, answer = play(clock, vendor)
    assert (answer, call.hedged, vendor.calls, vendor.cancelled) == ("second", True, 2, [0])
    assert clock.monotonic() - began == pytest.approx(10.15)


def test_a_first_request_that_comes_after_all_wins() -> None:
    """The second one is cancelled then."""
    clock = VirtualClock()
    vendor = Vendor(clock, (0.12, "first"), (0.05, "second"))
    call, answer = play(clock, vendor)
    assert (answer, call.hedged, vendor.calls, vendor.cancelled) == ("first", False, 2, [1])


def test_in_time_there_is_no_second_request() -> None:
    """What is answered within the delay is asked once."""
    clock = VirtualClock()
    vendor = Vendor(clock, (0.09, "first"))
    assert play(clock, vendor)[1] == "first"
    assert vendor.calls == 1


def test_a_first_request_that_fails_waits_for_the_second() -> None:
    """One failure of two is none."""
    clock = VirtualClock()
    vendor = Vendor(clock, (0.12, PlatformServiceError()), (0.05, "second"))
    call, answer = play(clock, vendor)
    assert (answer, vendor.calls, call.calls) == ("second", 2, 1)


def test_when_both_fail_the_first_ones_error_counts() -> None:
    """And is retried as any other."""
    clock = VirtualClock()
    vendor = Vendor(clock, (0.12, PlatformServiceError("one")), (0.05, PlatformServiceError("two")), (0.01, "third"))
    call, answer = play(clock, vendor)
    assert (answer, call.calls) == ("third", 2)
    assert call.timeline[0].type == "PLATFORM_SERVICE_ERROR"


def test_retries_are_not_hedged() -> None:
    """A second attempt is asked once, however late it is."""
    clock = VirtualClock()
    vendor = Vendor(clock, (0.01, PlatformServiceError()), (5.0, "slow"))
    assert play(clock, vendor)[1] == "slow"
    assert vendor.calls == 2


def test_a_timeout_ends_both() -> None:
    """The attempt's timer cuts off the first and the second."""
    clock = VirtualClock()
    vendor = Vendor(clock, (9.0, "first"), (9.0, "second"))
    plan = {"attempt_timeout": 1.0, "retry": make_plan(clock).retry.__class__(max_attempts=1)}
    _, error = play(clock, vendor, **plan)
    assert isinstance(error, CallTimeoutError)
    assert sorted(vendor.cancelled) == [0, 1]


def test_the_callers_cancellation_is_the_callers() -> None:
    """Whoever cancels the call gets a CancelledError; both requests end and every permit is back."""
    clock = VirtualClock()
    vendor, plan = Vendor(clock, (9.0, "first"), (9.0, "second")), make_plan(clock, hedge=ready())

    async def main() -> None:
        task = asyncio.create_task(run(begin(plan), vendor, (), {}))
        await clock.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await clock.sleep(0.0)

    virtually(main(), clock)
    assert sorted(vendor.cancelled) == [0, 1]
    assert plan.scope.idle


@pytest.mark.parametrize("what", ["budget", "line", "tense", "full", "breaker"])
def test_whatever_guards_the_vendor_stops_a_second_request(what: str) -> None:
    """An empty retry budget, a line, a slow or failing vendor, no place: then the first one is waited for."""
    clock = VirtualClock()
    scope = make_scope(limit=1 if what == "full" else 100)
    if what == "budget":
        scope.budget.balance = scope.budget.ratio = 0.0
    elif what == "tense":
        scope.strain.tense = True
        scope.strain.limit = scope.bulkhead.limit - 1
    vendor = Vendor(clock, (0.5, "first"), (0.05, "second"))

    def hinder() -> None:
        from backstay.policies.breaker import State

        if what == "line":
            scope.line.append(_Waiting())
        elif what == "breaker":
            scope.breaker.force(State.FORCED_OPEN, clock.monotonic())

    async def main() -> object:
        asyncio.get_running_loop().call_later(0.05, hinder)
        answer = await run(begin(make_plan(clock, hedge=ready(), scope=scope)), vendor, (), {})
        scope.line.clear()
        return answer

    assert virtually(main(), clock) == "first"
    assert vendor.calls == 1


class _Waiting:
    rank, shed = 1, False

    def wake(self) -> None:
        """Nobody is there."""
