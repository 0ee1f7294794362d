"""The blocking twin: the same decisions in threads, and the same line for tasks and threads."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backstay.clock import SystemClock
from backstay.engine import blocking
from backstay.engine.blocking import ThreadWaiter
from backstay.engine.call import Plan, current, time_left
from backstay.engine.loop import begin
from backstay.engine.loop import run as drive
from backstay.engine.scope import Scope
from backstay.errors import (
    BackstayError,
    CircuitOpenError,
    DeadlineExceededError,
    LoadShedError,
    PlatformServiceError,
    RateLimitError,
    ServiceUnavailableError,
)
from backstay.events import Event
from backstay.policies.breaker import Breaker, State
from backstay.policies.rate import Limiter, TokenBucket
from backstay.policies.retry import Retry
from backstay.testing.clock import VirtualClock
from tests.support import make_plan, make_scope

THREADS = 50


def script(clock: VirtualClock, *steps: object) -> tuple[Callable[..., Any], list[float]]:
    """A blocking function that plays a list (a number is a block of so many seconds), and the times of its calls."""
    left, times, began = list(steps), list[float](), clock.monotonic()

    def ask(*_: object) -> object:
        times.append(clock.monotonic() - began)
        step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, float):
            clock.block(step)
            step = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(step, BaseException):
            raise step.__class__() if isinstance(step, BackstayError) else step
        return step

    return ask, times


class Yielding(Breaker):
    """Lets other threads run between the look at the bulkhead and the step into it: who holds no lock is found out."""

    def permit(self, now: float, rand: float) -> int:
        time.sleep(0)
        return super().permit(now, rand)

    def success(self, token: int, now: float, took: float) -> None:
        time.sleep(0)
        super().success(token, now, took)


def crowded_scope(**facts: Any) -> Scope:
    """A scope whose lock is tested at every admission."""
    scope = make_scope(**facts)
    scope.breaker = Yielding(scope.breaker.options)
    return scope


def real_plan(**facts: Any) -> Plan:
    """A plan on the real clock, for threads that wake each other; nothing in these tests waits for time to pass."""
    return make_plan(SystemClock(), **facts)  # type: ignore[arg-type]  # any clock will do


def ask_plan(plan: Plan, body: Callable[..., Any], *args: Any) -> Any:
    return blocking.run(begin(plan), body, args, {})


# Virtual time --------------------------------------------------------------------------------------------------------


def test_the_same_waits_as_the_loop() -> None:
    """Waits of 1, 2 and 4 s, four calls, and the reason why there is no fifth."""
    clock, events = VirtualClock(), list[Event]()
    body, times = script(clock, PlatformServiceError())

    with pytest.raises(PlatformServiceError) as caught:
        ask_plan(make_plan(clock, events=events), body)

    assert times == pytest.approx([0, 1, 3, 7])
    assert caught.value.why == "attempts"
    assert [attempt.waited for attempt in caught.value.attempts] == pytest.approx([0, 1, 2, 4])
    assert [event.name for event in events] == ["retry_attempt"] * 3 + ["retry_exhausted", "operation_error"]


def test_success_after_retries_is_told() -> None:
    """The events are those of the async loop."""
    clock, events = VirtualClock(), list[Event]()
    body, _ = script(clock, PlatformServiceError(), PlatformServiceError(), "done")

    assert ask_plan(make_plan(clock, events=events), body) == "done"
    assert events[-1].facts()["total_delay"] == pytest.approx(3.0)


def test_a_running_function_is_not_interrupted_but_not_called_again_either() -> None:
    """An attempt may outlast the deadline; its answer counts, and after a failure there is no further one."""
    clock = VirtualClock()
    body, times = script(clock, 100.0, "late, but here")
    assert ask_plan(make_plan(clock, deadline=10.0), body) == "late, but here"

    body, times = script(clock, 100.0, PlatformServiceError())
    with pytest.raises(PlatformServiceError) as caught:
        ask_plan(make_plan(clock, deadline=10.0), body)
    assert (len(times), caught.value.why) == (1, "deadline")


def test_time_left_works_inside_and_nothing_stays_behind() -> None:
    """Code with timeouts of its own can ask; outside there is no call."""
    clock = VirtualClock()
    assert ask_plan(make_plan(clock, deadline=10.0), time_left) == pytest.approx(10.0)
    assert current() is None


def test_a_breaker_that_opens_in_mid_call_ends_it() -> None:
    """Our own refusal is raised, not waited out."""
    clock = VirtualClock()
    scope = make_scope(min_calls=2, open_for=100.0, open_max=100.0)
    body, times = script(clock, PlatformServiceError())
    with pytest.raises(CircuitOpenError) as caught:
        ask_plan(make_plan(clock, scope=scope), body)
    assert scope.breaker.state is State.OPEN
    assert times == pytest.approx([0, 1])
    assert [attempt.type for attempt in caught.value.attempts] == ["PLATFORM_SERVICE_ERROR"] * 2


def test_a_limiter_spaces_calls() -> None:
    """A token bucket lets the burst through; the rest waits in virtual time."""
    clock = VirtualClock()
    plan = make_plan(clock, scope=make_scope(rate=4.0))
    body, times = script(clock, "done")
    for _ in range(8):
        ask_plan(plan, body)
    assert times == pytest.approx([0, 0, 0, 0, 0.25, 0.5, 0.75, 1.0], abs=1e-4)


@pytest.mark.parametrize(("deadline", "error"), [(1.0, RateLimitError), (0.0, DeadlineExceededError)])
def test_what_cannot_be_admitted_in_time_is_refused(deadline: float, error: type[BackstayError]) -> None:
    """At once, with nothing called and nothing left in the line."""
    clock = VirtualClock()
    scope = make_scope()
    scope.limiters["app"].gate.hold(clock.monotonic() + 60.0, clock.monotonic())
    body, times = script(clock, "done")
    with pytest.raises(error):
        ask_plan(make_plan(clock, scope=scope, deadline=deadline), body)
    assert times == []
    assert not scope.line


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_exception_of_ours_passes(error: type[BaseException]) -> None:
    """The place is given back, and nothing is repeated or reported."""
    clock, events = VirtualClock(), list[Event]()
    plan = make_plan(clock, events=events)
    body, times = script(clock, error())
    with pytest.raises(error):
        ask_plan(plan, body)
    assert (len(times), plan.scope.idle, events) == (1, True, [])


# Fifty real threads --------------------------------------------------------------------------------------------------


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads take turns every few instructions, not every 5 ms: else each would be done before the next begins."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


class Crowd:
    """A body that counts how many threads are in it, and holds them until enough have met."""

    def __init__(self, meet: int = 1) -> None:
        self.lock = threading.Lock()
        self.inside = self.most = self.calls = 0
        self.meet = threading.Barrier(meet) if meet > 1 else None

    def __call__(self, *_: object) -> int:
        with self.lock:
            self.calls += 1
            self.inside += 1
            self.most = max(self.most, self.inside)
        if self.meet is not None:
            self.meet.wait(timeout=30.0)
        with self.lock:
            self.inside -= 1
        return self.calls


def storm(plan: Plan, body: Callable[..., Any], threads: int = THREADS, calls: int = 1) -> list[object]:
    """Call from many threads at once; each outcome is an answer or an exception."""
    start = threading.Barrier(threads)

    def one(_: int) -> list[object]:
        start.wait(timeout=30.0)
        outcomes: list[object] = []
        for _ in range(calls):
            try:
                outcomes.append(ask_plan(plan, body))
            except Exception as error:  # noqa: BLE001 - outcomes are counted, whatever they are
                outcomes.append(error)
        return outcomes

    with ThreadPoolExecutor(threads) as pool:
        return [outcome for outcomes in pool.map(one, range(threads)) for outcome in outcomes]


@pytest.mark.parametrize("limit", [1, 5, 25])
@pytest.mark.usefixtures("restless")
def test_the_bulkhead_holds_under_fifty_threads(limit: int) -> None:
    """Never more inside than the limit, and as many at some time; nobody is lost and everything is given back."""
    crowd = Crowd(meet=limit)  # so many must meet inside before any of them goes on
    plan = real_plan(scope=crowded_scope(limit=limit))

    outcomes = storm(plan, crowd)

    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert (crowd.most, crowd.calls) == (limit, THREADS)
    assert plan.scope.idle
    assert plan.scope.calls == THREADS


@pytest.mark.usefixtures("restless")
def test_many_calls_from_many_threads_count_right() -> None:
    """2 000 calls through one scope: counters, permits and the retry budget add up."""
    plan = real_plan(scope=crowded_scope(limit=8))

    outcomes = storm(plan, lambda: "done", calls=40)

    assert outcomes == ["done"] * (40 * THREADS)
    assert plan.scope.calls == 40 * THREADS
    assert (plan.scope.idle, plan.scope.bulkhead.in_flight, len(plan.scope.line)) == (True, 0, 0)
    assert plan.scope.budget.balance == plan.scope.budget.cap


@pytest.mark.usefixtures("restless")
def test_a_full_line_sheds_the_rest() -> None:
    """One inside, four in the line: 45 of 50 are refused at once while the one is held."""
    gate, entered = threading.Event(), threading.Event()
    plan = real_plan(scope=crowded_scope(limit=1, queue=4))

    def hold() -> str:
        entered.set()
        gate.wait(timeout=30.0)
        return "done"

    with ThreadPoolExecutor(THREADS) as pool:
        first = pool.submit(ask_plan, plan, hold)
        assert entered.wait(timeout=30.0)
        others = [pool.submit(ask_plan, plan, hold) for _ in range(THREADS - 1)]
        refused = 0
        while refused < THREADS - 5:  # they end while the first one is inside; the four in the line do not
            refused = sum(future.done() for future in others)
        gate.set()
        outcomes = [first.exception(), *(future.exception() for future in others)]

    assert sum(outcome is None for outcome in outcomes) == 5
    assert all(isinstance(outcome, LoadShedError) for outcome in outcomes if outcome is not None)
    assert plan.scope.idle


@pytest.mark.usefixtures("restless")
def test_a_bucket_is_not_overdrawn_by_threads() -> None:
    """A burst of 20 and (almost) no refill: exactly 20 of 50 get through, the others learn it at once."""
    scope = crowded_scope()
    bucket = TokenBucket(1e-6, 20.0, SystemClock().monotonic())
    scope.limiters["app"] = scope._only = Limiter((bucket,))
    crowd = Crowd()

    outcomes = storm(real_plan(scope=scope), crowd)

    assert crowd.calls == 20
    assert sum(isinstance(outcome, RateLimitError) for outcome in outcomes) == THREADS - 20


@pytest.mark.usefixtures("restless")
def test_threads_open_the_breaker_once() -> None:
    """Fifty failures at once: one transition, and every place given back."""
    events: list[Event] = []
    plan = real_plan(scope=crowded_scope(open_for=100.0, open_max=100.0, limit=100), events=events)

    def fail() -> None:
        raise PlatformServiceError

    one = real_plan(scope=plan.scope, events=events, retry=plan.retry.__class__(max_attempts=1))
    storm(one, fail)

    assert plan.scope.breaker.state is State.OPEN
    assert [event.name for event in events].count("breaker_changed") == 1
    assert plan.scope.bulkhead.in_flight == 0


def test_tasks_and_threads_stand_in_one_line() -> None:
    """A task that waits is woken by a thread that leaves, and a thread by a task."""
    plan = real_plan(scope=crowded_scope(limit=1))
    gate, entered = threading.Event(), threading.Event()

    def hold() -> str:
        entered.set()
        gate.wait(timeout=30.0)
        return "thread"

    async def quick() -> str:
        return "task"

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        thread = loop.run_in_executor(None, lambda: ask_plan(plan, hold))
        await loop.run_in_executor(None, entered.wait, 30.0)
        task = asyncio.ensure_future(drive(begin(plan), quick, (), {}))
        while not plan.scope.line:  # noqa: ASYNC110 - the line tells nobody that it has grown
            await asyncio.sleep(0)
        later = loop.run_in_executor(None, lambda: ask_plan(plan, lambda: "later"))
        while len(plan.scope.line) < 2:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
        gate.set()
        return list(await asyncio.gather(thread, task, later))

    assert asyncio.run(main()) == ["thread", "task", "later"]
    assert plan.scope.idle


# Waiting -------------------------------------------------------------------------------------------------------------


def test_a_wake_that_came_early_is_not_lost() -> None:
    """Woken before it waits, a thread does not wait at all; the next wait is a real one."""
    clock = VirtualClock()
    waiter = ThreadWaiter(clock)
    waiter.wake()
    waiter.wait(5.0)
    assert clock.monotonic() == 1000.0
    waiter.wait(5.0)
    assert clock.monotonic() == 1005.0


def test_an_endless_wait_ends_by_the_wake() -> None:
    """On both clocks; an infinite number is no timeout that `threading` knows."""
    for clock in (VirtualClock(), SystemClock()):
        waiter = ThreadWaiter(clock)
        thread = threading.Thread(target=waiter.wait, args=(float("inf"),))
        thread.start()
        waiter.wake()
        thread.join(timeout=30.0)
        assert not thread.is_alive()


def test_overload_limits_blocking_calls_too() -> None:
    """Timeouts of the function's own client, and "overloaded", cut how many may run; answers open it again."""
    clock, scope = VirtualClock(), make_scope()
    plan = make_plan(clock, scope=scope, retry=Retry(max_attempts=1))

    def fails() -> None:
        raise ServiceUnavailableError

    for _ in range(10):
        with pytest.raises(ServiceUnavailableError):
            blocking.run(begin(plan), fails, (), {})
    assert scope.strain.tense
    cut = scope.bulkhead.limit
    for _ in range(200):
        clock.advance(0.1)
        assert blocking.run(begin(plan), lambda: "fine", (), {}) == "fine"
    assert scope.bulkhead.limit > cut
