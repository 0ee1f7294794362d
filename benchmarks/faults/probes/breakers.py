"""Breakers that open after five failures for five seconds."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from backstay.testing.clock import VirtualClock
from benchmarks.faults.probes import Boom, Facts, Function, Makers, asked


def ask() -> dict[str, dict[str, Facts]]:
    """All breakers."""
    return {"breaker": asked(questions, MAKERS)}


async def questions(guard: Any, clock: VirtualClock) -> Facts:
    """Each of the four with a breaker of its own."""
    return {
        "halfopen_calls_of_100": await herd(guard),
        "stale_success_lets_in_of_20": await stale_success(guard),
        "recover_after_cancelled_probe_s": await cancelled_probe(guard, clock),
        "cancel_counts_as_failure": await cancelled_calls(guard),
    }


class Dependency:
    """Fails at once, or answers after a while."""

    def __init__(self) -> None:
        self.calls = 0
        self.failing = True
        self.slow_failures = False

    async def __call__(self, kind: str = "") -> int:
        """Ask it."""
        self.calls += 1
        if kind == "old":
            await asyncio.sleep(6.0)
            return 1
        if self.failing and not self.slow_failures:
            raise Boom
        await asyncio.sleep(3.0 if self.slow_failures else 1.0)
        if self.slow_failures:
            raise Boom
        return 1


async def tried(function: Function, *args: Any) -> str:
    """ "ok", or the class of what was raised; a cancellation passes."""
    try:
        await function(*args)
    except Exception as error:
        return type(error).__name__
    return "ok"


async def opened(guard: Any) -> tuple[Dependency, Function]:
    """A breaker that has opened, and a dependency that is well again, 5.2 s later."""
    dependency = Dependency()
    function = guard(_plain(dependency))
    for _ in range(12):
        await tried(function)
    await asyncio.sleep(5.2)
    dependency.failing, dependency.calls = False, 0
    return dependency, function


def _plain(dependency: Dependency) -> Function:
    async def call(kind: str = "") -> int:
        return await dependency(kind)

    return call


async def herd(guard: Any) -> int:
    """A hundred calls at once while it tests the water: how many reach the dependency; one is right."""
    dependency, function = await opened(guard)
    await asyncio.gather(*(tried(function) for _ in range(100)))
    return dependency.calls


async def cancelled_probe(guard: Any, clock: VirtualClock) -> float | None:
    """The probe is cancelled by its caller: seconds until a call passes again."""
    _, function = await opened(guard)
    probe = asyncio.ensure_future(tried(function))
    await asyncio.sleep(0.1)
    probe.cancel()
    await asyncio.wait([probe])
    began = clock.monotonic()
    for _ in range(60):
        if await tried(function) == "ok":
            return round(clock.monotonic() - began, 1)
        await asyncio.sleep(1.0)
    return None


async def cancelled_calls(guard: Any) -> str:
    """Twenty calls are cancelled by their callers while all is well: is the next one held back?"""
    dependency = Dependency()
    dependency.failing = False
    function = guard(_plain(dependency))
    for _ in range(20):
        task = asyncio.ensure_future(function())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
    told = await tried(function)
    return "no" if told == "ok" else f"YES ({told})"


async def stale_success(guard: Any) -> int:
    """A call from before the outage succeeds while a probe is out: how many of twenty are let in? None is right."""
    dependency = Dependency()
    function = guard(_plain(dependency))
    old = asyncio.ensure_future(tried(function, "old"))
    await asyncio.sleep(0.01)
    for _ in range(12):
        await tried(function)
    await asyncio.sleep(5.2)
    dependency.slow_failures = True
    probe = asyncio.ensure_future(tried(function))
    await asyncio.sleep(1.0)
    await old
    dependency.calls = 0
    tasks = [asyncio.ensure_future(tried(function)) for _ in range(20)]
    await asyncio.sleep(0.1)
    let_in = dependency.calls
    for task in (*tasks, probe):
        task.cancel()
    await asyncio.wait([*tasks, probe])
    return let_in


def ours(function: Function, clock: VirtualClock) -> Function:
    """Five failures, five seconds."""
    from backstay import Profile, Runtime, resilient
    from backstay.policies.breaker import BreakerOptions

    breaker = BreakerOptions(min_calls=5, open_for=5.0, open_max=5.0)
    guard = resilient(
        Profile(breaker=breaker), runtime=Runtime.in_memory(clock=clock, listeners=()), max_attempts=1, on=Boom,
        scope=f"probe {clock.token()}",
    )  # fmt: skip
    return guard(function)


def hyx(function: Function, _: VirtualClock) -> Function:
    from hyx.circuitbreaker import consecutive_breaker

    return consecutive_breaker(exceptions=Boom, failure_threshold=5, recovery_time_secs=5, recovery_threshold=3)(
        function
    )


def aiobreaker(function: Function, _: VirtualClock) -> Function:
    from aiobreaker import CircuitBreaker

    return CircuitBreaker(fail_max=5, timeout_duration=timedelta(seconds=5))(function)


def purgatory(function: Function, _: VirtualClock) -> Function:
    from purgatory import AsyncCircuitBreakerFactory

    return AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=5)("x")(function)


def nopanic(function: Function, _: VirtualClock) -> Function:
    import nopanic as n

    return n.circuit_breaker(on=Boom, min_calls=5, window=10.0, reset_timeout=5.0)(function)


def pyresilience(function: Function, _: VirtualClock) -> Function:
    from pyresilience import CircuitBreakerConfig, resilient

    breaker = CircuitBreakerConfig(failure_threshold=5, recovery_timeout=5, success_threshold=2, error_types=(Boom,))
    return resilient(circuit_breaker=breaker)(function)


def redress(function: Function, _: VirtualClock) -> Function:
    import redress as r

    kinds = {r.ErrorClass.UNKNOWN, r.ErrorClass.SERVER_ERROR, r.ErrorClass.TRANSIENT}
    breaker = r.CircuitBreaker(failure_threshold=5, window_s=60, recovery_timeout_s=5, trip_on=kinds)
    policy = r.AsyncPolicy(retry=None, circuit_breaker=breaker)

    async def call(*args: Any) -> Any:
        return await policy.call(lambda: function(*args))

    return call


def resilix(function: Function, _: VirtualClock) -> Function:
    import resilix as r

    return r.CircuitBreaker(failures=5, reset_timeout=5, on=Boom)(function)


MAKERS: Makers = {
    "backstay": (ours, ()),
    "hyx consecutive_breaker": (hyx, ("hyx",)),
    "aiobreaker": (aiobreaker, ("aiobreaker",)),
    "purgatory": (purgatory, ("purgatory",)),
    "nopanic": (nopanic, ("nopanic",)),
    "pyresilience": (pyresilience, ("pyresilience",)),
    "redress": (redress, ("redress",)),
    "resilix": (resilix, ("resilix",)),
}
