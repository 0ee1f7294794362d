"""The retry loop: waits, reasons to stop, deadlines, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from backstay.clock import SystemClock
from backstay.engine.call import current, time_left
from backstay.engine.loop import begin, run
from backstay.errors import (
    BackstayError,
    CallTimeoutError,
    CircuitOpenError,
    ConnectionFailedError,
    DeadlineExceededError,
    InvalidRequestError,
    LoadShedError,
    PlatformServiceError,
    RateLimitError,
    ResourceError,
    TokenExpiredError,
)
from backstay.events import Event
from backstay.policies.breaker import State
from backstay.policies.effect import Effect
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from tests.support import Script, make_plan, make_scope


def test_waits_are_one_two_four_seconds() -> None:
    """S0-02: four calls with waits of exactly 1, 2 and 4 seconds."""
    clock = VirtualClock()
    vendor = Script(clock, PlatformServiceError())

    with pytest.raises(PlatformServiceError) as caught:
        virtually(run(begin(make_plan(clock)), vendor, (), {}), clock)

    assert pytest.approx(vendor.times) == [0.0, 1.0, 3.0, 7.0]
    assert caught.value.why == "attempts"
    assert [attempt.number for attempt in caught.value.attempts] == [1, 2, 3, 4]


def test_four_hanging_attempts_end_after_127_seconds() -> None:
    """Decision 3: four attempts of 30 s and 7 s of waits are 127 s, to the moment."""
    clock = VirtualClock()
    began = clock.monotonic()

    with pytest.raises(CallTimeoutError) as caught:
        virtually(run(begin(make_plan(clock)), Script(clock, 1e6), (), {}), clock)

    assert clock.monotonic() - began == pytest.approx(127.0)
    assert caught.value.certainty is Certainty.UNKNOWN


def test_success_after_retries_tells_its_story() -> None:
    """Two failures and a success: the value comes, and the events name retry, delay and calls."""
    clock, events = VirtualClock(), list[Event]()
    vendor = Script(clock, PlatformServiceError(), PlatformServiceError(), "done")

    value = virtually(run(begin(make_plan(clock, events=events)), vendor, (), {}), clock)

    assert value == "done"
    assert [event.name for event in events] == ["retry_attempt", "retry_attempt", "retry_success"]
    assert events[-1].facts()["total_delay"] == pytest.approx(3.0)
    assert events[-1].facts()["calls"] == 3


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (PlatformServiceError(), 4),
        (ConnectionFailedError(), 4),
        (RateLimitError(), 4),
        (InvalidRequestError("no"), 1),
        (TokenExpiredError(), 1),
        (CircuitOpenError(), 1),
        (LoadShedError(), 1),
        (ValueError("a bug"), 1),
    ],
)
def test_only_what_passes_is_asked_again(error: Exception, calls: int) -> None:
    """Transient errors are retried; wrong requests, dead tokens, our own refusals and bugs are not."""
    clock = VirtualClock()
    vendor = Script(clock, error)

    with pytest.raises(Exception):  # noqa: B017 - the table names many classes
        virtually(run(begin(make_plan(clock)), vendor, (), {}), clock)

    assert vendor.calls == calls


def test_a_deadline_cuts_the_running_attempt() -> None:
    """With 5 s in all a hanging attempt ends at 5.0 s, not at its own 30 s."""
    clock = VirtualClock()
    began = clock.monotonic()

    with pytest.raises(DeadlineExceededError):
        virtually(run(begin(make_plan(clock, deadline=5.0)), Script(clock, 1e6), (), {}), clock)

    assert clock.monotonic() - began == pytest.approx(5.0)


def test_no_wait_that_ends_after_the_deadline() -> None:
    """With 2.5 s left after the first retry a wait of 2 s that leaves nothing is not begun."""
    clock = VirtualClock()
    vendor = Script(clock, PlatformServiceError())

    with pytest.raises(PlatformServiceError) as caught:
        virtually(run(begin(make_plan(clock, deadline=2.9)), vendor, (), {}), clock)

    assert vendor.calls == 2
    assert caught.value.why == "deadline"
    assert clock.monotonic() - vendor.began == pytest.approx(1.0)


def test_nested_calls_inherit_what_is_left() -> None:
    """A call inside a call has at most the outer one's deadline."""
    clock = VirtualClock()
    inner_left: list[float | None] = []

    async def outer() -> None:
        await clock.sleep(2.0)
        await run(begin(make_plan(clock, deadline=100.0)), inner, (), {})

    async def inner() -> None:
        inner_left.append(time_left())

    virtually(run(begin(make_plan(clock, deadline=10.0)), outer, (), {}), clock)

    assert pytest.approx(inner_left) == [8.0]
    assert current() is None


def test_a_nested_failure_is_not_multiplied() -> None:
    """The inner call had its four attempts; the outer one does not start them again."""
    clock = VirtualClock()
    vendor = Script(clock, PlatformServiceError())

    async def outer() -> None:
        await run(begin(make_plan(clock)), vendor, (), {})

    with pytest.raises(PlatformServiceError):
        virtually(run(begin(make_plan(clock)), outer, (), {}), clock)

    assert vendor.calls == 4


def test_the_vendors_wait_holds_everybody_and_lets_them_out_paced() -> None:
    """After one "wait 5 s" nobody is sent before, and then not all at once."""
    clock = VirtualClock()
    plan = make_plan(clock)
    times: list[float] = []
    limited = [RateLimitError(retry_after=5.0)]

    async def vendor() -> None:
        times.append(clock.monotonic())
        if limited:
            raise limited.pop()

    async def main() -> float:
        began = clock.monotonic()
        await asyncio.gather(*(run(begin(plan), vendor, (), {}) for _ in range(1)))
        await asyncio.gather(*(run(begin(plan), vendor, (), {}) for _ in range(5)))
        return began

    began = virtually(main(), clock)
    waits = [moment - began for moment in times[1:]]
    assert min(waits) >= 5.0
    assert all(later - earlier > 0.1 for earlier, later in itertools.pairwise(waits))


def test_a_vendors_wait_beyond_the_deadline_fails_at_once() -> None:
    """Decision 17: a wait that does not fit is not waited for; the error says how long it would be."""
    clock = VirtualClock()
    vendor = Script(clock, RateLimitError(retry_after=300.0))

    with pytest.raises(RateLimitError) as caught:
        virtually(run(begin(make_plan(clock)), vendor, (), {}), clock)

    assert caught.value.why == "vendor_wait"
    assert caught.value.retry_after == 300.0
    assert clock.monotonic() == vendor.began


def test_cancellation_gives_everything_back() -> None:
    """A cancelled call leaves no permit, no statistic and no waiter behind."""
    clock = VirtualClock()
    scope = make_scope(limit=1)
    plan = make_plan(clock, scope=scope)

    async def main() -> None:
        first = asyncio.create_task(run(begin(plan), Script(clock, 1e3), (), {}))
        second = asyncio.create_task(run(begin(plan), Script(clock, None), (), {}))
        await clock.sleep(1.0)
        second.cancel()
        first.cancel()
        await asyncio.wait([first, second])
        assert first.cancelled()
        assert second.cancelled()

    virtually(main(), clock)
    assert scope.idle
    assert not scope.breaker.changes


def test_the_callers_own_cancellation_wins_over_our_timer() -> None:
    """When both want to end the task, the caller's cancellation is what it sees."""
    clock = VirtualClock()

    async def main() -> None:
        task = asyncio.create_task(run(begin(make_plan(clock, deadline=1.0)), Script(clock, 1e3), (), {}))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(1.0, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    virtually(main(), clock)


def test_a_timeout_before_the_head_left_is_not_sent() -> None:
    """Only the transport's mark proves that nothing was sent."""
    clock = VirtualClock()

    async def unsent() -> None:
        call = current()
        assert call is not None
        call.sent = False
        await clock.sleep(1e3)

    with pytest.raises(CallTimeoutError) as caught:
        virtually(run(begin(make_plan(clock)), unsent, (), {}), clock)
    assert caught.value.certainty is Certainty.NOT_SENT


def test_an_empty_budget_stops_retries_and_says_so() -> None:
    """The reserve of ten pays for ten retries of a dead vendor; then calls fail at the first error."""
    clock = VirtualClock()
    plan = make_plan(clock, scope=make_scope(min_calls=1000))
    vendor = Script(clock, PlatformServiceError())

    async def main() -> list[str | None]:
        reasons = []
        for _ in range(6):
            with pytest.raises(PlatformServiceError) as caught:
                await run(begin(plan), vendor, (), {})
            reasons.append(caught.value.why)
        return reasons

    reasons = virtually(main(), clock)
    assert reasons[0] == "attempts"
    assert reasons[-1] == "budget"
    assert vendor.calls <= 6 + 10 + 2


def test_a_new_credential_is_asked_for_once() -> None:
    """TOKEN_EXPIRED asks the provider, then there is one more try; a second expiry is final."""
    clock = VirtualClock()
    asked: list[int] = []

    async def renew() -> bool:
        asked.append(1)
        return True

    vendor = Script(clock, TokenExpiredError(), "fine")
    assert virtually(run(begin(make_plan(clock, renew=renew)), vendor, (), {}), clock) == "fine"
    vendor = Script(clock, TokenExpiredError())
    with pytest.raises(TokenExpiredError):
        virtually(run(begin(make_plan(clock, renew=renew)), vendor, (), {}), clock)
    assert vendor.calls == 2
    assert len(asked) == 2


def test_a_credential_that_cannot_be_had_leaves_the_vendors_refusal() -> None:
    """The provider fails: the expired token is what the caller hears of, with why there is no newer one."""
    clock = VirtualClock()

    async def renew() -> bool:
        raise ResourceError("the vault is away", certainty=Certainty.NOT_SENT)

    vendor = Script(clock, TokenExpiredError("expired"))
    with pytest.raises(TokenExpiredError) as caught:
        virtually(run(begin(make_plan(clock, renew=renew)), vendor, (), {}), clock)
    assert caught.value.why == "not_retryable"
    assert "the vault is away" in "".join(caught.value.__notes__)


def test_an_open_breaker_refuses_and_comes_back() -> None:
    """After an outage calls are refused unsent, probes find the vendor back, and traffic ramps up."""
    clock = VirtualClock()
    scope = make_scope()
    plan = make_plan(clock, scope=scope, retry=make_plan(clock).retry)
    down = [True]

    async def vendor() -> str:
        if down[0]:
            raise ConnectionFailedError
        return "up"

    async def main() -> tuple[int, float]:
        refused = 0
        for _ in range(40):
            try:
                await run(begin(plan), vendor, (), {})
            except CircuitOpenError as error:
                refused += 1
                assert error.certainty is Certainty.NOT_SENT or error.attempts
                assert (error.retry_after or 0.0) <= 1.0
            except ConnectionFailedError:
                pass
        down[0] = False
        began = clock.monotonic()
        while True:
            try:
                await run(begin(plan), vendor, (), {})
            except CircuitOpenError:
                await clock.sleep(0.05)
                continue
            if scope.breaker.state == "closed":
                return refused, clock.monotonic() - began
            await clock.sleep(0.01)

    refused, recovered = virtually(main(), clock)
    assert refused > 20
    assert recovered < 2.0


def test_generate_is_paid_once_where_the_profile_says_so() -> None:
    """A picture whose answer was lost is not asked for again unless the profile allows it."""
    clock = VirtualClock()
    for again, calls in ((True, 4), (False, 1)):
        vendor = Script(clock, ConnectionFailedError())
        plan = make_plan(clock, effect=Effect.GENERATE, generate_again=again)
        with pytest.raises(ConnectionFailedError):
            virtually(run(begin(plan), vendor, (), {}), clock)
        assert vendor.calls == calls


def test_an_empty_budget_is_told_once() -> None:
    """Of all the calls that get no retry, the first one tells it; again only after it was half full."""
    clock, events = VirtualClock(), list[Event]()
    scope = make_scope()
    plan = make_plan(clock, scope=scope, events=events)

    async def fail(times: int) -> list[str | None]:
        found = []
        for _ in range(times):
            try:
                await run(begin(plan), Script(clock, PlatformServiceError()), (), {})
            except PlatformServiceError as error:
                found.append(error.why)
        return found

    async def main() -> None:
        scope.budget.balance = 0.0
        assert await fail(5) == ["budget", "budget", "budget", "budget", "budget"]
        assert [event.name for event in events].count("retry_budget_empty") == 1
        scope.budget.balance = 3.0
        assert (await fail(2))[-1] == "budget"
        assert [event.name for event in events].count("retry_budget_empty") == 1
        scope.budget.balance = 5.0
        assert (await fail(3))[-1] == "budget"
        assert [event.name for event in events].count("retry_budget_empty") == 2

    virtually(main(), clock)


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (lambda scope, now: scope.breaker.force(State.FORCED_OPEN, now), "open_breaker"),
        (lambda scope, now: scope.hold("app", now + 1_000.0, now), "deadline"),
        (lambda scope, now: [scope.typical.add(500.0) for _ in range(20)], "deadline"),
    ],
)
def test_a_refusal_before_anything_is_sent_tells_its_reason(refusal: Any, why: str) -> None:
    """Every failure has a reason, also one that sent nothing."""
    clock = VirtualClock()
    plan = make_plan(clock)
    refusal(plan.scope, clock.monotonic())
    with pytest.raises(BackstayError) as caught:
        virtually(run(begin(plan), Script(clock, "answer"), (), {}), clock)
    assert (caught.value.why, caught.value.attempts, caught.value.certainty) == (why, (), Certainty.NOT_SENT)
    assert caught.value.code


def test_a_call_that_is_thrown_away_after_its_loop_says_nothing() -> None:
    """Collected outside of the task that entered it, it cannot leave there: no ValueError, and its place is free."""
    scope, loop = make_scope(), asyncio.new_event_loop()
    plan = make_plan(VirtualClock(), scope=scope)
    plan.clock = SystemClock()

    async def hang() -> None:
        await asyncio.Future()

    calling = loop.create_task(run(begin(plan), hang, (), {}))
    calling._log_destroy_pending = False  # type: ignore[attr-defined]  # it is left on purpose
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    assert scope.bulkhead.in_flight == 1
    coroutine = calling.get_coro()
    assert coroutine is not None
    coroutine.close()
    assert scope.idle
