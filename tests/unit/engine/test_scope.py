"""The line: who goes first, who is sent away, and what is refused at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backstay.engine.loop import begin, run
from backstay.engine.scope import Scope
from backstay.errors import (
    BackstayError,
    CallTimeoutError,
    LoadShedError,
    PlatformServiceError,
    RateLimitError,
    ServiceUnavailableError,
)
from backstay.events import BreakerChanged, Event
from backstay.policies.breaker import State
from backstay.policies.hedge import Hedge, HedgeOptions
from backstay.policies.retry import Retry
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from tests.support import Script, make_plan, make_scope

ONCE = Retry(max_attempts=1)


def ask(clock: VirtualClock, scope: Scope, vendor: Any, **facts: Any) -> asyncio.Task[Any]:
    """A call in a task of its own."""
    return asyncio.create_task(run(begin(make_plan(clock, scope=scope, retry=ONCE, **facts)), vendor, (), {}))


async def outcome(task: asyncio.Task[Any]) -> Any:
    """The answer, or the error's rule."""
    try:
        return await task
    except BackstayError as error:
        return error.rule


def test_who_matters_more_goes_first() -> None:
    """One place and three who wait: the write, then the person, then the background."""
    clock, order = VirtualClock(), list[str]()

    async def main() -> None:
        scope = make_scope(limit=1)

        def vendor(name: str) -> Any:
            async def call() -> None:
                order.append(name)
                await clock.sleep(1.0)

            return call

        first = ask(clock, scope, vendor("first"))
        await clock.sleep(0.1)
        rest = [ask(clock, scope, vendor(name), criticality=name) for name in ("background", "interactive", "write")]
        await asyncio.gather(first, *rest)

    virtually(main(), clock)
    assert order == ["first", "write", "interactive", "background"]


def test_a_full_line_sends_the_least_away() -> None:
    """Somebody who matters more takes the last one's place in the line; the same rank does not."""
    clock = VirtualClock()

    async def main() -> list[Any]:
        scope = make_scope(limit=1, queue=1)
        busy = ask(clock, scope, Script(clock, 1.0, "first"))
        await clock.sleep(0.1)
        waiting = ask(clock, scope, Script(clock, "one"), criticality="background")
        await clock.sleep(0.1)
        equal = ask(clock, scope, Script(clock, "two"), criticality="background")
        await clock.sleep(0.1)
        better = ask(clock, scope, Script(clock, "three"), criticality="write")
        found = [await outcome(task) for task in (busy, waiting, equal, better)]
        assert scope.idle
        return found

    assert virtually(main(), clock) == ["first", "engine.overtaken", "engine.queue_full", "three"]


def test_first_attempts_are_shed_while_the_vendor_is_slow() -> None:
    """After timeouts fewer calls go than usual and as many may wait; the others hear it at once, unsent."""
    clock = VirtualClock()

    async def main() -> tuple[list[Any], int]:
        scope = make_scope(limit=100)
        lost = [ask(clock, scope, Script(clock, 1e6), attempt_timeout=1.0) for _ in range(20)]
        await asyncio.gather(*lost, return_exceptions=True)
        assert scope.strain.tense
        later = [ask(clock, scope, Script(clock, 0.1, "ok"), attempt_timeout=1.0) for _ in range(60)]
        found = await asyncio.gather(*later, return_exceptions=True)
        shed = [error for error in found if isinstance(error, LoadShedError)]
        assert all(error.certainty == "not_sent" for error in shed)
        return [answer for answer in found if answer == "ok"], len(shed)

    fine, shed = virtually(main(), clock)
    assert len(fine) + shed == 60
    assert shed > 20
    assert len(fine) >= 5


def test_the_breaker_does_not_open_for_too_much_at_once() -> None:
    """A burst that times out cuts the limit; what fails of the same burst later is not held against the vendor."""
    clock = VirtualClock()

    async def main() -> State:
        scope = make_scope(limit=100, min_calls=20)
        lost = [ask(clock, scope, Script(clock, 1e6), attempt_timeout=1.0) for _ in range(60)]
        await asyncio.gather(*lost, return_exceptions=True)
        return scope.breaker.state

    assert virtually(main(), clock) is State.CLOSED


def test_a_vendor_that_hangs_for_good_opens_it_after_all() -> None:
    """With fewer calls it still does not answer: then it is the vendor."""
    clock = VirtualClock()

    async def main() -> State:
        scope = make_scope(limit=100, min_calls=20)
        for _ in range(12):
            lost = [ask(clock, scope, Script(clock, 1e6), attempt_timeout=1.0) for _ in range(30)]
            await asyncio.gather(*lost, return_exceptions=True)
        return scope.breaker.state

    assert virtually(main(), clock) is not State.CLOSED


@pytest.mark.parametrize("error", [CallTimeoutError(), ServiceUnavailableError()])
def test_overload_is_what_strains(error: Exception) -> None:
    """Timeouts and "overloaded" cut the limit."""
    clock = VirtualClock()

    async def main() -> bool:
        scope = make_scope()
        lost = [ask(clock, scope, Script(clock, error)) for _ in range(10)]
        await asyncio.gather(*lost, return_exceptions=True)
        return scope.strain.tense

    assert virtually(main(), clock)


def test_it_is_time_that_bounds_who_waits_for_a_limit() -> None:
    """At one a second with 10.5 s each, about eleven of thirty get through; the others hear it at once."""
    clock = VirtualClock()

    async def main() -> list[Any]:
        scope = make_scope(rate=1.0, queue=2)
        began = clock.monotonic()
        tasks = [ask(clock, scope, Script(clock, "ok"), deadline=10.5) for _ in range(30)]
        await clock.sleep(0.0)
        await clock.sleep(0.0)
        refused = [task for task in tasks if task.done() and task.exception() is not None]
        assert clock.monotonic() == began
        assert all(isinstance(task.exception(), RateLimitError) for task in refused)
        assert all(task.exception().retry_after >= 10.0 for task in refused)  # type: ignore[union-attr]  # as said
        return [await outcome(task) for task in tasks]

    found = virtually(main(), clock)
    assert 10 <= found.count("ok") <= 12
    assert found.count("ok") + found.count("engine.limiter") == 30


def test_a_breaker_in_the_shadow_reports_and_holds_nobody_back() -> None:
    """Its state changes as it would; every call goes."""
    clock = VirtualClock()

    async def main() -> tuple[State, int]:
        scope = make_scope(min_calls=5, shadow=True)
        vendor = Script(clock, ServiceUnavailableError())
        for _ in range(30):
            await asyncio.gather(ask(clock, scope, vendor), return_exceptions=True)
        assert scope.idle
        return scope.breaker.state, vendor.calls

    state, calls = virtually(main(), clock)
    assert state is State.OPEN
    assert calls == 30


@pytest.mark.parametrize("payer", ["retry", "hedge", "probe"])
def test_retries_hedges_and_probes_are_paid_from_one_budget(payer: str) -> None:
    """What one of them takes, the others do not have."""
    clock, random = VirtualClock(), lambda: 0.5
    scope = make_scope(min_calls=5)
    budget, now = scope.budget, clock.monotonic()
    budget.ratio, budget.balance = 0.0, 1.0
    hedge = Hedge(HedgeOptions(share=1.0))
    hedge.balance = 3.0
    if payer == "retry":
        assert budget.withdraw()
    elif payer == "hedge":
        assert scope.admit_hedge(hedge, now, 1.0, random)
    else:
        scope.breaker.force(State.HALF_OPEN, now)
        assert scope.try_admit(now, 1.0, random)
        scope.breaker.force(None, now)
    assert budget.balance == 0.0
    assert not budget.withdraw()
    assert not scope.admit_hedge(hedge, now, 1.0, random)


def test_a_probe_goes_even_on_an_empty_budget() -> None:
    """Else a vendor that is back would never be found out."""
    clock = VirtualClock()
    scope = make_scope()
    scope.budget.balance = 0.0
    scope.breaker.force(State.HALF_OPEN, clock.monotonic())
    assert scope.try_admit(clock.monotonic(), 1.0, lambda: 0.5)
    assert scope.budget.balance == 0.0


def test_a_breakers_changes_tell_that_it_only_watches() -> None:
    """The events of a breaker in the shadow say so, with what was counted."""
    clock, events = VirtualClock(), list[Event]()

    async def main() -> None:
        plan = make_plan(clock, scope=make_scope(min_calls=5, shadow=True), retry=ONCE, events=events)
        for _ in range(6):
            await outcome(asyncio.create_task(run(begin(plan), Script(clock, PlatformServiceError()), (), {})))

    virtually(main(), clock)
    change = next(event for event in events if isinstance(event, BreakerChanged))
    assert (change.old, change.new, change.shadow, change.calls, change.failures) == ("closed", "open", True, 5, 5)


def test_a_place_that_is_free_in_the_moment_of_the_deadline_comes_too_late() -> None:
    """Whoever waited until then is refused, and nothing is sent for nobody."""
    clock = VirtualClock()

    async def main() -> tuple[Any, int]:
        scope, vendor = make_scope(limit=1), Script(clock, "late")
        busy = ask(clock, scope, Script(clock, 1.0, "busy"))
        waiting = ask(clock, scope, vendor, deadline=1.0)
        assert await busy == "busy"
        return await outcome(waiting), vendor.calls

    assert virtually(main(), clock) == ("engine.cannot_finish", 0)
