"""Caches: two seconds fresh, ten more stale where there is such a thing; the origin takes a second."""

from __future__ import annotations

import asyncio
from typing import Any

from backstay.testing.clock import VirtualClock
from benchmarks.faults.probes import Boom, Facts, Function, Makers, asked

LONG = 500.0


def ask() -> dict[str, dict[str, Facts]]:
    """All caches."""
    return {"cache": asked(questions, MAKERS)}


class Origin:
    """Answers or fails after a second, and counts."""

    def __init__(self) -> None:
        self.calls = 0
        self.failing = False

    async def __call__(self, x: int) -> str:
        """Ask it."""
        self.calls += 1
        await asyncio.sleep(1.0)
        if self.failing:
            raise Boom
        return f"v{x}"


async def questions(guard: Any, _: VirtualClock) -> Facts:
    """One cache for all of them, as in a process."""
    origin = Origin()

    async def call(x: int) -> str:
        return await origin(x)

    function = guard(call)
    return {
        "cold_100": await crowd(origin, function, 1),
        **await leader_cancelled(origin, function),
        **await stale(origin, function),
        "fails_100": await crowd(origin, function, 9),
    }


async def crowd(origin: Origin, function: Function, x: int) -> int:
    """A hundred callers at once: calls to the origin; one is right."""
    origin.calls = 0
    await asyncio.wait_for(asyncio.gather(*(function(x) for _ in range(100)), return_exceptions=True), LONG)
    return origin.calls


async def leader_cancelled(origin: Origin, function: Function) -> Facts:
    """The first of a hundred goes away: what that costs the origin, and the others."""
    origin.calls = 0
    tasks = [asyncio.ensure_future(function(2)) for _ in range(100)]
    await asyncio.sleep(0.1)
    tasks[0].cancel()
    results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), LONG)
    failed = sum(isinstance(result, BaseException) for result in results[1:])
    return {"leader_cancelled_calls": origin.calls, "leader_cancelled_failed_of_99": failed}


async def stale(origin: Origin, function: Function) -> Facts:
    """The origin fails: what is served inside the stale window, and after it."""

    async def said() -> str:
        try:
            return str(await function(3))
        except Exception as error:
            return type(error).__name__

    await function(3)
    await asyncio.sleep(2.5)
    origin.failing = True
    soon = await said()
    await asyncio.sleep(3)
    later = await said()
    await asyncio.sleep(12)
    return {"stale_on_error": f"{soon},{later}", "after_window": await said()}


def ours(function: Function, clock: VirtualClock) -> Function:
    from backstay import Runtime, resilient

    runtime = Runtime.in_memory(clock=clock, listeners=())
    return resilient(ttl=2.0, max_stale=12.0, on=Boom, max_attempts=1, runtime=runtime)(function)


def lru(function: Function, _: VirtualClock) -> Function:
    from async_lru import alru_cache

    return alru_cache(ttl=2)(function)


def resilix(function: Function, _: VirtualClock) -> Function:
    import resilix as r

    return r.protect.single_flight(key=lambda x: x)(function)


def _cashews() -> Any:
    from cashews import Cache

    cache = Cache()
    cache.setup("mem://")
    return cache


def cashews_plain(function: Function, _: VirtualClock) -> Function:
    return _cashews()(ttl=2, key="k:{x}")(function)


def cashews_locked(function: Function, _: VirtualClock) -> Function:
    cache = _cashews()
    return cache.locked(ttl=60, key="k:{x}", check_interval=0.05)(cache(ttl=2, key="k:{x}")(function))


def cashews_early(function: Function, _: VirtualClock) -> Function:
    return _cashews().early(ttl=12, early_ttl=2, key="k:{x}")(function)


def cashews_soft(function: Function, _: VirtualClock) -> Function:
    return _cashews().soft(ttl=12, soft_ttl=2, exceptions=Boom, key="k:{x}")(function)


def cashews_failover(function: Function, _: VirtualClock) -> Function:
    return _cashews().failover(ttl=12, exceptions=Boom, key="k:{x}")(function)


def aiocache(function: Function, _: VirtualClock) -> Function:
    import aiocache as a

    return a.cached(ttl=2)(function)


def aiocache_stampede(function: Function, _: VirtualClock) -> Function:
    from aiocache.decorators import cached_stampede

    return cached_stampede(lease=60, ttl=2)(function)


def nopanic(function: Function, _: VirtualClock) -> Function:
    import nopanic as n

    return n.cache(ttl=2.0, stale_ttl=10.0, on=Boom)(function)


def pyresilience(function: Function, _: VirtualClock) -> Function:
    from pyresilience import CacheConfig, resilient

    return resilient(cache=CacheConfig(ttl=2))(function)


MAKERS: Makers = {
    "backstay": (ours, ()),
    "async-lru alru_cache(ttl)": (lru, ("async_lru",)),
    "resilix single_flight (no cache)": (resilix, ("resilix",)),
    "cashews cache(ttl)": (cashews_plain, ("cashews",)),
    "cashews locked(check 0.05)+cache": (cashews_locked, ("cashews",)),
    "cashews early": (cashews_early, ("cashews",)),
    "cashews soft": (cashews_soft, ("cashews",)),
    "cashews failover": (cashews_failover, ("cashews",)),
    "aiocache cached": (aiocache, ("aiocache",)),
    "aiocache cached_stampede": (aiocache_stampede, ("aiocache",)),
    "nopanic cache": (nopanic, ("nopanic",)),
    "pyresilience cache": (pyresilience, ("pyresilience",)),
}
