"""One attempt: guarded by a timer, named by the vendor's table, every permit given back whatever happened."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from backstay.engine.hedge import hedged
from backstay.engine.timer import sweep_of
from backstay.errors import Attempt, BackstayError, CallTimeoutError, DeadlineExceededError, InternalError
from backstay.taxonomy import BREAKING, Certainty

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backstay.engine.call import Call

NO_VERDICT = frozenset(
    {"API_RATE_LIMIT", "QUOTA_EXHAUSTED", "DEADLINE_EXCEEDED", "INTERNAL_ERROR", "RESOURCE_LIMIT", "IN_FLIGHT"}
)
"""Types that say nothing about the vendor's health: the breaker hears neither success nor failure."""


async def attempt(
    call: Call,
    permit: int,
    body: Callable[..., Awaitable[Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Make one attempt under its permit.

    Raises:
        BackstayError: the failure under its name, from what was raised.
    """
    plan, clock = call.plan, call.plan.clock
    began = call.admitted
    limit = call.deadline - call.reserve - began
    limit = plan.attempt_timeout if plan.attempt_timeout < limit else limit
    call.calls += 1
    call.sent = None
    loop = call.loop or asyncio.get_running_loop()
    sweep = sweep_of(loop)
    sweep.guard(call, loop, began + limit)
    try:
        if plan.hedge is None or call.calls > 1:
            value = await body(*args, **kwargs)
        else:
            value = await hedged(call, plan.hedge, body, args, kwargs)
    except BaseException as error:
        sweep.drop(call)
        failure = settle_failure(call, permit, error, began, limit)
        if failure is None or failure is error:
            raise
        raise failure from error
    sweep.drop(call)
    if call.fired:  # the answer won the race against the timer
        call.take_back()
    now = clock.monotonic()
    plan.scope.done(permit, now, now - began, False, plan.attempt_timeout)
    return value


def settle_failure(call: Call, permit: int, error: BaseException, began: float, limit: float) -> BackstayError | None:
    """Give a failed attempt's permit back, and its name; None for what is not ours to handle."""
    now = call.plan.clock.monotonic()
    failure = _named(call, error, limit)
    call.plan.scope.done(permit, now, now - began, verdict(failure), limit, lost=overloaded(failure))
    if failure is not None:
        record(call, failure, began, now - began)
    return failure


def _named(call: Call, error: BaseException, limit: float) -> BackstayError | None:
    """Our name for what was raised; None for what is not ours to handle, such as the caller's cancellation."""
    if call.timed_out(error):
        return timeout_error(call, limit)
    if not isinstance(error, Exception):
        return None
    try:
        return call.plan.judge(error)
    except Exception:  # noqa: BLE001 - a table that fails must not keep the permit
        return InternalError(f"{type(error).__name__} could not be classified", rule="engine.judge")


def timeout_error(call: Call, limit: float) -> BackstayError:
    """An attempt that our timer cut off: certain only if the transport says that it was never sent."""
    certainty = Certainty.NOT_SENT if call.sent is False else Certainty.UNKNOWN
    if limit < call.plan.attempt_timeout:
        return DeadlineExceededError(
            f"{call.plan.function} did not end within its deadline", certainty=certainty, rule="engine.deadline",
            retryable=True, hint="give the call more time (deadline=) or try again later",
        )  # fmt: skip
    return CallTimeoutError(
        f"no answer within {limit:g} s", duration=limit, certainty=certainty, rule="engine.attempt_timeout"
    )


def verdict(failure: BackstayError | None) -> bool | None:
    """What a failure tells the breaker: True down, False alive (it refused us, so it works), None nothing."""
    if failure is None or failure.why is not None or failure.type in NO_VERDICT:
        return None
    # What does not pass by waiting is no outage: a model's answer that is cut came from a vendor that works.
    return failure.type in BREAKING and failure.retryable


OVERLOADED = frozenset({"TIMEOUT", "PLATFORM_TIMEOUT", "SERVICE_UNAVAILABLE"})
"""Types that say that the vendor has more to do than it can."""


def overloaded(failure: BackstayError | None) -> bool:
    """Whether a failure speaks of too much work at once."""
    return failure is not None and failure.type in OVERLOADED and failure.why is None


def record(call: Call, failure: BackstayError, began: float, took: float) -> None:
    """Write the failed attempt into the call's timeline."""
    done = Attempt(call.calls, began - call.began, took, failure.type, failure.certainty, call.paused, failure.rule)
    call.timeline = (*call.timeline, done)
    call.paused = 0.0
