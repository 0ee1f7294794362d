"""The peers, wrapped around the same no-op; who is not installed is named, with the line that installs it."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Call

ROOM = 1000
"""Entries in everybody's cache: the loops below make new keys all the time, so each call also makes one leave."""
INSTALL = "pip install -r benchmarks/requirements-peers.txt"


async def noop(x: int) -> int:
    """What is called."""
    return x


def numbered(wrapped: Callable[[int], Any]) -> Call:
    """Each call with another argument, so that every call is a cache miss."""
    numbers = itertools.count()

    def call() -> Any:
        return wrapped(next(numbers))

    return call


def same(wrapped: Callable[[int], Any]) -> Call:
    """Each call with the same argument: a cache hit after the first."""

    def call() -> Any:
        return wrapped(1)

    return call


def stacks() -> dict[str, Call]:
    """Peer stacks that have cache, retry and budget, breaker, limiter and timeout, or what people glue together."""
    found: dict[str, Call] = {}
    if have("nopanic"):
        import nopanic as n

        found["nopanic: cache, retry + budget, breaker, limiter, timeout"] = numbered(
            n.compose(
                n.cache(ttl=3600.0, maxsize=ROOM),
                n.retry(attempts=3, on=OSError, budget=n.RetryBudget(0.1)),
                n.circuit_breaker(on=OSError),
                n.rate_limit(1e9, 1.0),
                n.timeout(30.0),
            )(noop)
        )
    if have("pyresilience"):
        from pyresilience import BulkheadConfig, CircuitBreakerConfig, RetryConfig, TimeoutConfig, resilient

        found["pyresilience: retry, breaker, bulkhead, timeout (no cache)"] = numbered(
            resilient(
                retry=RetryConfig(max_attempts=3, retry_on=(OSError,)),
                timeout=TimeoutConfig(seconds=30),
                circuit_breaker=CircuitBreakerConfig(),
                bulkhead=BulkheadConfig(max_concurrent=100),
            )(noop)
        )
    if have("tenacity") and have("aiolimiter") and have("cashews") and have("aiobreaker"):
        found["glue: cashews, tenacity, aiobreaker, aiolimiter, asyncio.timeout"] = numbered(_glue())
    return found


def _glue() -> Callable[[int], Any]:
    import asyncio

    import tenacity
    from aiobreaker import CircuitBreaker
    from aiolimiter import AsyncLimiter
    from cashews import Cache

    cache = Cache()
    cache.setup("mem://", size=ROOM)
    limiter, breaker = AsyncLimiter(1e9, 1), CircuitBreaker(fail_max=5)

    @breaker
    async def guarded(x: int) -> int:
        async with limiter, asyncio.timeout(30):
            return await noop(x)

    retried = tenacity.retry(stop=tenacity.stop_after_attempt(3), retry=tenacity.retry_if_exception_type(OSError))(
        guarded
    )
    wrapped: Callable[[int], Any] = cache(ttl="1h", key="k:{x}")(retried)
    return wrapped


def hits() -> dict[str, Call]:
    """A fresh hit in each peer's memory cache."""
    found: dict[str, Call] = {}
    if have("nopanic"):
        import nopanic as n

        found["nopanic.cache"] = same(n.cache(ttl=3600.0)(noop))
    if have("aiocache"):
        from aiocache import cached

        found["aiocache.cached"] = same(cached(ttl=3600)(noop))
    if have("cashews"):
        from cashews import Cache

        cache = Cache()
        cache.setup("mem://", size=ROOM)
        found["cashews cache"] = same(cache(ttl="1h", key="h:{x}")(noop))
    return found


def have(name: str) -> bool:
    """Whether a peer is installed."""
    return importlib.util.find_spec(name) is not None


def missing() -> list[str]:
    """Peers that are not here."""
    names = ("nopanic", "pyresilience", "tenacity", "aiolimiter", "aiobreaker", "cashews", "aiocache")
    return [name for name in names if not have(name)]
