"""Stale answers joined with breaker, gate and deadline: what cannot be asked now is answered at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from backstay.cache import Cache
from backstay.engine.call import Plan
from backstay.engine.read import Reading, read
from backstay.errors import BackstayError, CircuitOpenError, PlatformServiceError, RateLimitError
from backstay.events import Event
from backstay.policies.breaker import State
from backstay.policies.deadline import Typical
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from tests.support import Script, make_plan, make_scope

Trouble = Callable[[Plan, VirtualClock], None]


def open_breaker(plan: Plan, clock: VirtualClock) -> None:
    """The breaker holds everybody back."""
    plan.scope.breaker.force(State.FORCED_OPEN, clock.monotonic())


def hold_gate(plan: Plan, clock: VirtualClock) -> None:
    """The vendor said: wait 20 s."""
    now = clock.monotonic()
    plan.scope.hold("app", now + 20.0, now)


def slow_vendor(plan: Plan, clock: VirtualClock) -> None:
    """Answers usually take longer than the call has."""
    plan.scope.typical = Typical()
    for _ in range(20):
        plan.scope.typical.add(500.0)


def keep_reading(
    clock: VirtualClock, vendor: Script, trouble: Trouble, *, max_stale: float = 100.0, **facts: Any
) -> tuple[Reading | BackstayError, float, list[Event]]:
    """Read, let the answer grow 30 s old (fresh for 10 s), let the trouble come, read again: (how, seconds, events)."""
    events = list[Event]()
    plan = make_plan(clock, events=events, ttl=10.0, max_stale=max_stale, **facts)
    cache = Cache(clock=clock)

    async def main() -> tuple[Reading | BackstayError, float]:
        assert (await read(plan, "k", cache, vendor, (), {})).source == "live"
        await clock.sleep(30.0)
        trouble(plan, clock)
        began = clock.monotonic()
        found: Reading | BackstayError
        try:
            found = await read(plan, "k", cache, vendor, (), {})
        except BackstayError as error:
            found = error
        took = clock.monotonic() - began
        await clock.sleep(0.0)
        return found, took

    found, took = virtually(main(), clock)
    return found, took, events


@pytest.mark.parametrize(
    ("trouble", "cause"),
    [(open_breaker, "CIRCUIT_OPEN"), (hold_gate, "API_RATE_LIMIT"), (slow_vendor, "DEADLINE_EXCEEDED")],
)
def test_what_cannot_be_asked_now_is_answered_at_once(trouble: Trouble, cause: str) -> None:
    """No wait, nothing sent, an answer that says how old it is and why; and an event that tells of it."""
    clock = VirtualClock()
    vendor = Script(clock, "answer")
    found, took, events = keep_reading(clock, vendor, trouble)
    assert isinstance(found, Reading)
    assert (found.value, found.source, found.age, found.cause) == ("answer", "stale", pytest.approx(30.0), cause)
    assert (took, vendor.calls) == (0.0, 1)
    assert [event.facts()["cause"] for event in events if event.name == "stale_served"] == [cause]


@pytest.mark.parametrize(
    ("trouble", "wait", "calls"), [(open_breaker, 0.0, 1), (hold_gate, 20.0, 2), (slow_vendor, 0.0, 1)]
)
def test_without_a_stored_answer_the_caller_waits_or_hears_why(trouble: Trouble, wait: float, calls: int) -> None:
    """A caller who takes no old answer waits for the vendor's word to end; a refusal tells its reason."""
    clock = VirtualClock()
    vendor = Script(clock, "answer")
    found, took, _ = keep_reading(clock, vendor, trouble, max_stale=0.0)
    assert (took, vendor.calls) == (pytest.approx(wait), calls)
    if isinstance(found, Reading):
        assert found.source == "live"
    else:
        assert found.why in {"open_breaker", "deadline"}


def test_an_answer_that_is_too_old_stands_in_for_nothing() -> None:
    """30 s old where 20 are allowed: the refusal is raised."""
    clock = VirtualClock()
    found, _, _ = keep_reading(clock, Script(clock, "answer"), open_breaker, max_stale=20.0)
    assert isinstance(found, CircuitOpenError)
    assert found.why == "open_breaker"


@pytest.mark.parametrize("trouble", [open_breaker, hold_gate])
def test_no_refresh_in_the_background_while_nobody_may_ask(trouble: Trouble) -> None:
    """The answer is served as before, and no task is begun that could only be refused or wait."""
    clock, events = VirtualClock(), list[Event]()
    plan = make_plan(clock, events=events, ttl=10.0, revalidate=100.0)
    cache, vendor = Cache(clock=clock), Script(clock, "answer")

    async def main() -> None:
        await read(plan, "k", cache, vendor, (), {})
        await clock.sleep(30.0)
        trouble(plan, clock)
        assert (await read(plan, "k", cache, vendor, (), {})).source == "cache"
        await clock.sleep(1.0)
        assert vendor.calls == 1
        await clock.sleep(30.0)
        plan.scope.breaker.force(None, clock.monotonic())
        assert (await read(plan, "k", cache, vendor, (), {})).source == "cache"
        await clock.sleep(1.0)
        assert vendor.calls == 2

    virtually(main(), clock)
    assert [event.name for event in events if event.name == "problem"] == []


def test_a_refresh_in_the_background_lets_others_go_first() -> None:
    """In a full bulkhead, somebody who waits for an answer overtakes it."""
    clock = VirtualClock()
    order = list[str]()
    plan = make_plan(clock, ttl=10.0, revalidate=100.0, scope=make_scope(limit=1))
    cache = Cache(clock=clock)

    async def vendor(name: str) -> str:
        order.append(name)
        await clock.sleep(1.0)
        return name

    async def main() -> None:
        await read(plan, "old", cache, vendor, ("old",), {})
        await clock.sleep(30.0)
        async with asyncio.TaskGroup() as group:
            group.create_task(read(plan, "busy", cache, vendor, ("busy",), {}))
            await clock.sleep(0.1)
            await read(plan, "old", cache, vendor, ("refresh",), {})
            await clock.sleep(0.1)
            group.create_task(read(plan, "person", cache, vendor, ("person",), {}))
        await clock.sleep(5.0)

    virtually(main(), clock)
    assert order == ["old", "busy", "person", "refresh"]


def test_the_vendors_no_is_no_outage() -> None:
    """A rate limit in the middle of a call is waited for and asked again, as long as there is time."""
    clock = VirtualClock()
    vendor = Script(clock, "answer", RateLimitError(retry_after=3.0), "new")
    found, took, _ = keep_reading(clock, vendor, lambda *_: None)
    assert isinstance(found, Reading)
    assert (found.value, found.source, took >= 3.0) == ("new", "live", True)


def test_when_tries_run_out_the_old_answer_stands_in() -> None:
    """After four failures, with the last one's type."""
    clock = VirtualClock()
    vendor = Script(clock, "answer", PlatformServiceError())
    found, took, _ = keep_reading(clock, vendor, lambda *_: None)
    assert isinstance(found, Reading)
    assert (found.source, found.cause, took) == ("stale", "PLATFORM_SERVICE_ERROR", pytest.approx(7.0))
