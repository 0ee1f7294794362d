"""Waits, deadlines, and hedges when everything is slow."""

from __future__ import annotations

import asyncio
from typing import Any

from backstay.testing.clock import VirtualClock
from benchmarks.faults.probes import Facts, Function, Makers, asked


class Wait(Exception):  # noqa: N818 - no error of ours
    """A failure that may say how long to wait."""

    def __init__(self, retry_after: float | None = None) -> None:
        super().__init__()
        if retry_after is not None:
            self.retry_after = retry_after


def ask() -> dict[str, dict[str, Facts]]:
    """Waits, deadlines, hedges."""
    return {
        "outer timeout of 1 s": asked(outer_timeout, WAITS),
        "retry_after of 7 s": asked(told_to_wait, DEFAULTS),
        "deadline": asked(deadline, DEADLINES),
        "hedge": asked(everything_slow, HEDGES),
    }


async def outer_timeout(guard: Any, clock: VirtualClock) -> Facts:
    """`asyncio.timeout(1)` around a retry that waits ten seconds: one second is right."""

    async def fails() -> None:
        raise Wait

    began = clock.monotonic()
    try:
        async with asyncio.timeout(1):
            await guard(fails)()
    except Exception as error:
        return {"ends": f"{type(error).__name__}@{clock.monotonic() - began:.2f}s"}
    return {"ends": "no"}


async def told_to_wait(guard: Any, clock: VirtualClock) -> Facts:
    """The exception says seven seconds: how long until the second call?"""
    moments = []

    async def once() -> int:
        moments.append(clock.monotonic())
        if len(moments) == 1:
            raise Wait(7.0)
        return 1

    await guard(once)()
    return {"waited": round(moments[1] - moments[0], 2)}


async def deadline(guard: Any, clock: VirtualClock) -> Facts:
    """Five seconds in all. Attempts of half a second and waits of four; then one attempt that hangs for thirty."""
    began, moments = clock.monotonic(), list[float]()

    async def fails() -> None:
        moments.append(clock.monotonic())
        await asyncio.sleep(0.5)
        raise Wait

    async def hangs() -> None:
        await asyncio.sleep(30)

    await _ended(guard(fails))
    attempts, last = len(moments), round(moments[-1] - began, 2)
    began = clock.monotonic()
    await _ended(guard(hangs))
    return {"attempts": attempts, "last_began_at": last, "returned_at": round(clock.monotonic() - began, 2)}


async def _ended(function: Function) -> None:
    try:
        await function()
    except Exception:
        return


async def everything_slow(guard: Any, _: VirtualClock) -> Facts:
    """Every answer takes a second: calls for each request; a hedge is of no use."""
    calls = 0

    async def slow() -> int:
        nonlocal calls
        calls += 1
        await asyncio.sleep(1.0)
        return 1

    function = guard(slow)
    for _ in range(20):
        await asyncio.gather(*(function() for _ in range(10)))
    return {"calls_per_request": calls / 200}


def _ours(**options: Any) -> Any:
    def wrap(function: Function, clock: VirtualClock) -> Function:
        from backstay import Runtime, resilient

        runtime = Runtime.in_memory(clock=clock, listeners=())
        return resilient(runtime=runtime, scope=f"probe {clock.token()}", **options)(function)

    return wrap


def _fixed(seconds: float, calls: int) -> Any:
    from backstay import Profile
    from backstay.policies.backoff import Backoff, Jitter, Strategy
    from backstay.policies.retry import Retry

    backoff = Backoff(strategy=Strategy.FIXED, base=seconds, cap=seconds, jitter=Jitter.NONE)
    return Profile(retry=Retry(max_attempts=calls, backoff=backoff))


def ours_waits(function: Function, clock: VirtualClock) -> Function:
    return _ours(profile=_fixed(10.0, 3), on=Wait)(function, clock)


def ours_deadline(function: Function, clock: VirtualClock) -> Function:
    return _ours(profile=_fixed(4.0, 10), on=Wait, deadline=5.0)(function, clock)


def ours_hedged(function: Function, clock: VirtualClock) -> Function:
    from backstay.engine.loop import begin, run
    from backstay.plain import Guard
    from backstay.policies.hedge import Hedge
    from backstay.runtime import Runtime

    guard = Guard(function, None, {"runtime": Runtime.in_memory(clock=clock, listeners=()), "scope": "hedged"})
    plan = guard.make()
    plan.hedge = Hedge()  # an adapter's operation has it by `hedge=True`; plain functions are not hedged

    async def call() -> Any:
        return await run(begin(plan), function, (), {})

    return call


def tenacity(**options: Any) -> Any:
    def wrap(function: Function, _: VirtualClock) -> Function:
        import tenacity as t

        named = {
            "stop": lambda kind, value: {"stop": getattr(t, kind)(value)},
            "wait": lambda kind, *values: {"wait": getattr(t, kind)(*values)},
        }
        facts = [each for key, value in options.items() for each in named[key](*value).items()]
        return t.retry(reraise=True, **dict(facts))(function)

    return wrap


def stamina(**options: Any) -> Any:
    def wrap(function: Function, _: VirtualClock) -> Function:
        import stamina as s
        from stamina import instrumentation

        instrumentation.set_on_retry_hooks([])
        return s.retry(on=Wait, **options)(function)

    return wrap


def backoff(strategy: str, **options: Any) -> Any:
    def wrap(function: Function, _: VirtualClock) -> Function:
        import backoff as b

        return b.on_exception(getattr(b, strategy), Wait, **options)(function)

    return wrap


def hyx(**options: Any) -> Any:
    def wrap(function: Function, _: VirtualClock) -> Function:
        from hyx.retry import retry

        return retry(on=Wait, attempts=2, **options)(function)

    return wrap


def nopanic(**options: Any) -> Any:
    def wrap(function: Function, _: VirtualClock) -> Function:
        import nopanic as n

        return n.retry(on=Wait, **options)(function)

    return wrap


def nopanic_hedge(function: Function, _: VirtualClock) -> Function:
    import nopanic as n

    return n.hedge(delay=0.1, max_hedges=1)(function)


WAITS: Makers = {
    "backstay": (ours_waits, ()),
    "tenacity": (tenacity(stop=("stop_after_attempt", 3), wait=("wait_fixed", 10)), ("tenacity",)),
    "stamina": (stamina(attempts=3, wait_initial=10, wait_max=10, wait_jitter=0, timeout=None), ("stamina",)),
    "backoff": (backoff("constant", interval=10, max_tries=3, jitter=None), ("backoff",)),
    "hyx": (hyx(backoff=10), ("hyx",)),
    "nopanic": (nopanic(attempts=3, backoff=10.0), ("nopanic",)),
}
DEFAULTS: Makers = {
    "backstay": (_ours(on=lambda error: getattr(error, "retry_after", True)), ()),
    "tenacity": (tenacity(stop=("stop_after_attempt", 3), wait=("wait_exponential", 0.1)), ("tenacity",)),
    "stamina": (stamina(), ("stamina",)),
    "backoff": (backoff("expo", max_tries=3), ("backoff",)),
    "hyx": (hyx(), ("hyx",)),
    "nopanic": (nopanic(attempts=3), ("nopanic",)),
}
DEADLINES: Makers = {
    "backstay": (ours_deadline, ()),
    "tenacity stop_after_delay(5)": (tenacity(stop=("stop_after_delay", 5), wait=("wait_fixed", 4)), ("tenacity",)),
    "tenacity stop_before_delay(5)": (tenacity(stop=("stop_before_delay", 5), wait=("wait_fixed", 4)), ("tenacity",)),
    "stamina timeout=5": (stamina(attempts=None, timeout=5, wait_initial=4, wait_max=4, wait_jitter=0), ("stamina",)),
    "backoff max_time=5": (backoff("constant", interval=4, max_time=5, jitter=None), ("backoff",)),
    "nopanic max_time=5": (nopanic(attempts=99, backoff=4.0, max_time=5.0), ("nopanic",)),
}
HEDGES: Makers = {"backstay": (ours_hedged, ()), "nopanic hedge": (nopanic_hedge, ("nopanic",))}
