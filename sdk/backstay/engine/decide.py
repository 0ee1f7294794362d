"""What follows a failure: shared by the async loop and its blocking twin, so that both decide alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstay.clock import utc
from backstay.engine import report
from backstay.engine.allowance import count_retry, refused_retry
from backstay.errors import BackstayError
from backstay.policies.budget import price
from backstay.policies.effect import Effect, Move, move, worst
from backstay.policies.retry import Why, decide

if TYPE_CHECKING:
    from backstay.engine.call import Call

OWN_REFUSALS = {
    "CIRCUIT_OPEN": Why.OPEN_BREAKER,
    "LOAD_SHED": Why.SHED,
    "SPEND_GUARD": Why.GUARD,
    "DEADLINE_EXCEEDED": Why.DEADLINE,
}
"""Refusals made by ourselves end the loop: asking ourselves again at once gives the same answer."""

THROTTLED = frozenset({"API_RATE_LIMIT"})


def refused(call: Call, refusal: BackstayError) -> BackstayError:
    """A call that ends before it is sent, by a refusal of our own: finished, ready to be raised."""
    limited = Why.DEADLINE if refusal.type in THROTTLED else Why.NOT_RETRYABLE
    return finish(call, refusal, OWN_REFUSALS.get(refusal.type, limited))


def next_move(call: Call, error: BackstayError) -> Move:
    """AGAIN, LOOK or STOP; remembers the worst certainty of all attempts."""
    call.certainty = worst(call.certainty, error.certainty)
    plan = call.plan
    if error.type in OWN_REFUSALS and error.certainty is not call.certainty:
        return Move.STOP
    return move(plan.effect, call.certainty, error.retryable, pausing=call.pausing, generate_again=plan.generate_again)


def exists_already(call: Call, error: BackstayError) -> bool:
    """Whether the vendor refused a CREATE because the object is there: perhaps our own, so look."""
    return error.type == "CONFLICT" and not error.retryable and call.plan.effect in {Effect.CREATE, Effect.PUBLISH}


def wait_or_raise(call: Call, error: BackstayError, step: Move) -> float:
    """Seconds to sleep before the next attempt; 0.0 where the gate of the limiter does the waiting.

    Raises:
        BackstayError: `error`, finished, with the reason why there is no further attempt.
    """
    plan, scope, clock = call.plan, call.plan.scope, call.plan.clock
    now = clock.monotonic()
    throttled = error.type in THROTTLED
    wait = plan.retry.next_wait(call.calls, throttled, clock.random(), call.paused, error.retry_after)
    held = throttled and error.retry_after is not None and scope.hold(error.scope, now + wait, now)
    found = ruling(call, error, step, wait, now)
    if isinstance(found, Why):
        raise finish(call, error, found)
    bound = refused_retry(call, wait)
    if bound is not None:
        cure = f"this work may use {bound.field}={bound.cap}, another retry makes {bound.value}: {bound.cure}"
        error.hint = f"{error.hint}; {cure}" if error.hint else cure
        raise finish(call, error, Why.ALLOWANCE)
    with scope.lock:
        paid = scope.budget.withdraw(price(error.type))
        dry = not paid and scope.budget.ran_dry()
    if dry:
        report.budget_empty(plan)
    if not paid:
        raise finish(call, error, Why.BUDGET)
    count_retry(call, wait)
    report.retrying(call, error, wait)
    call.waited += wait
    call.paused = wait
    return 0.0 if held else wait


def ruling(call: Call, error: BackstayError, step: Move, wait: float, now: float) -> float | Why:
    """The wait before another attempt, or the reason why there is none; the retry budget is not asked yet."""
    plan = call.plan
    if error.why is not None:  # a nested call has ended: it had its tries, ours would multiply them
        return Why(error.why)
    if error.type in OWN_REFUSALS:
        return OWN_REFUSALS[error.type]
    return decide(
        calls_made=call.calls,
        max_attempts=plan.retry.max_attempts,
        retryable=error.retryable,
        allowed=step is Move.AGAIN,
        budget_ok=True,
        wait=wait,
        time_left=call.deadline - call.reserve - now,
        vendor_wait=error.retry_after,
        vendor_wait_refused=plan.retry.refuses(error.retry_after),
        least=plan.scope.typical.value,
    )


def finish(call: Call, error: BackstayError, why: Why | None) -> BackstayError:
    """Write into an error all that the call knows; the error is the same object, ready to be raised."""
    plan = call.plan
    error.why = error.why or (why.value if why else None)
    error.vendor = error.vendor or plan.vendor
    error.operation = error.operation or plan.function
    error.certainty = worst(call.certainty, error.certainty)
    error.attempts = call.timeline or error.attempts
    error.request_ids = error.request_ids or call.request_ids
    error.retry_allowed = (
        move(
            plan.effect,
            error.certainty,
            error.retryable,
            pausing=call.pausing,
            generate_again=plan.generate_again,
        )
        is Move.AGAIN
    )
    error.at = utc(plan.clock.wall())
    return error
