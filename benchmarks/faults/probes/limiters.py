"""Limiters: ten a second, ten at once."""

from __future__ import annotations

import asyncio
from typing import Any

from backstay.testing.clock import VirtualClock
from benchmarks.faults.probes import Facts, Function, Makers, asked


def ask() -> dict[str, dict[str, Facts]]:
    """All limiters."""
    return {"limiter": asked(questions, MAKERS)}


async def nothing() -> None:
    """What is limited."""


async def questions(guard: Any, clock: VirtualClock) -> Facts:
    """Each with a limiter of its own."""
    return {**await crowd(guard(nothing), clock), **await cancelled(guard(nothing), clock)}


async def crowd(acquire: Function, clock: VirtualClock) -> Facts:
    """A hundred and ten at once: ten seconds are right, and at most twenty in any second."""
    began, moments = clock.monotonic(), list[float]()

    async def one() -> None:
        await acquire()
        moments.append(clock.monotonic() - began)

    await asyncio.gather(*(one() for _ in range(110)))
    most = max(sum(start <= each < start + 1.0 - 1e-6 for each in moments) for start in moments)
    return {"all_110_in_s": round(max(moments), 2), "most_in_1_s": most}


async def cancelled(acquire: Function, clock: VirtualClock) -> Facts:
    """Half of a hundred who wait go away: the others need five seconds if those leave no gap."""
    await asyncio.sleep(5)
    for _ in range(10):
        await acquire()
    began, moments = clock.monotonic(), list[float]()

    async def one() -> None:
        await acquire()
        moments.append(clock.monotonic() - began)

    tasks = [asyncio.ensure_future(one()) for _ in range(100)]
    await asyncio.sleep(0.01)
    for task in tasks[:50]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"after_cancel_last_in_s": round(max(moments), 2), "admitted": len(moments)}


def ours(function: Function, clock: VirtualClock) -> Function:
    from backstay import Profile, Runtime, resilient
    from backstay.profile import Limit

    profile = Profile(limits={"app": Limit(rate=10.0, burst=10.0)})
    runtime = Runtime.in_memory(clock=clock, listeners=())
    return resilient(profile, runtime=runtime, scope=f"probe {clock.token()}")(function)


def aiolimiter(function: Function, _: VirtualClock) -> Function:
    from aiolimiter import AsyncLimiter

    del function
    return AsyncLimiter(10, 1).acquire


def nopanic(function: Function, _: VirtualClock) -> Function:
    import nopanic as n

    return n.rate_limit(10, 1.0)(function)


def pyresilience(function: Function, _: VirtualClock) -> Function:
    from pyresilience import RateLimiterConfig, resilient

    return resilient(rate_limiter=RateLimiterConfig(max_calls=10, period=1.0, max_wait=1e6))(function)


MAKERS: Makers = {
    "backstay": (ours, ()),
    "aiolimiter": (aiolimiter, ("aiolimiter",)),
    "nopanic rate_limit": (nopanic, ("nopanic",)),
    "pyresilience rate_limiter": (pyresilience, ("pyresilience",)),
}
