"""The floor: the same logic as our stack, by hand in one function. What a fused implementation would cost."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from benchmarks.peers import ROOM, noop

deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def by_hand(*, timer: bool) -> Callable[[int], Awaitable[int]]:
    """Cache and single flight, ambient deadline, token bucket, breaker, bulkhead, budget, timeout, retry loop."""
    stored: OrderedDict[int, tuple[float, int]] = OrderedDict()
    flights: dict[int, asyncio.Future[int]] = {}
    now_of = time.monotonic
    state = {"full_at": 0.0, "open": 0.0, "busy": 0.0, "good": 0.0, "bad": 0.0, "budget": 10.0}

    async def attempt(x: int, seconds: float) -> int:
        if not timer:
            return await noop(x)
        async with asyncio.timeout(seconds):
            return await noop(x)

    async def call(x: int) -> int:
        now = now_of()
        hit = stored.get(x)
        if hit is not None and hit[0] > now:
            return hit[1]
        if x in flights:
            return await flights[x]
        if state["open"] > now or state["busy"] >= 1000:
            raise ConnectionError
        state["full_at"] = max(state["full_at"], now) + 1e-9
        if state["full_at"] - now > 1.0:
            raise ConnectionError
        state["busy"] += 1
        state["budget"] = min(10.0, state["budget"] + 0.2)
        outer = deadline.get()
        end = now + 130.0 if outer is None or outer > now + 130.0 else outer
        token = deadline.set(end)
        try:
            for retry in range(4):
                try:
                    value = await attempt(x, min(30.0, end - now))
                except OSError:
                    state["bad"] += 1
                    if retry == 3 or state["budget"] < 1:
                        raise
                    state["budget"] -= 1
                    await asyncio.sleep(0.05)
                else:
                    state["good"] += 1
                    stored[x] = (now + 3600.0, value)
                    if len(stored) > ROOM:
                        stored.popitem(last=False)
                    return value
        finally:
            deadline.reset(token)
            state["busy"] -= 1
        raise AssertionError

    return call
