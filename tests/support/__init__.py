"""What several tests share: plans without an adapter, and scripted vendors."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from backstay.engine.call import Plan
from backstay.engine.scope import Scope
from backstay.errors import BackstayError, InternalError
from backstay.events import Event, Stream
from backstay.policies.breaker import Breaker, BreakerOptions
from backstay.policies.budget import RetryBudget
from backstay.policies.bulkhead import Bulkhead, BulkheadOptions
from backstay.policies.effect import Effect
from backstay.policies.rate import Limiter, TokenBucket
from backstay.profile import PRESETS
from backstay.testing.clock import VirtualClock


def judged(error: Exception) -> BackstayError:
    """Ours stay, foreign ones are our fault: as an adapter names them."""
    return error if isinstance(error, BackstayError) else InternalError(repr(error))


def make_scope(
    *, rate: float = 1e6, limit: int = 100, queue: int = 200, max_wait: float = 1e6, **breaker: Any
) -> Scope:
    """A scope with one limiter named "app"."""
    return Scope(
        "test",
        breaker=Breaker(BreakerOptions(**breaker)),
        budget=RetryBudget(),
        bulkhead=Bulkhead(BulkheadOptions(limit=limit, queue=queue, max_wait=max_wait)),
        limiters={"app": Limiter((TokenBucket(rate, max(1.0, rate), 0.0),))},
    )


def make_plan(
    clock: VirtualClock, *, events: list[Event] | None = None, effect: Effect = Effect.READ, **facts: Any
) -> Plan:
    """A plan with the schedule of `ads_default` (4 calls; waits 1, 2, 4 s)."""
    stream = Stream(events.append) if events is not None else Stream()
    base: dict[str, Any] = {
        "vendor": "test", "function": "ask", "effect": effect, "clock": clock, "scope": make_scope(),
        "events": stream, "retry": PRESETS["ads_default"].retry, "judge": judged,
    }  # fmt: skip
    return Plan(**{**base, **facts})


class Script:
    """A vendor that plays a list: an exception is raised, a number of seconds is slept, anything else is the answer."""

    def __init__(self, clock: VirtualClock, *steps: object, before: Callable[[], None] | None = None) -> None:
        self.clock = clock
        self.steps = list(steps)
        self.times: list[float] = []
        self.began = clock.monotonic()
        self.before = before

    @property
    def calls(self) -> int:
        """Calls made so far."""
        return len(self.times)

    async def __call__(self, *_: object, **__: object) -> object:
        """Play the next step; the last one repeats."""
        self.times.append(self.clock.monotonic() - self.began)
        if self.before is not None:
            self.before()
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        while isinstance(step, float):
            await self.clock.sleep(step)
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, BaseException):
            raise copy.copy(step)
        return step
