"""The retry loop: admit, attempt, decide, wait; under one total deadline. Read this file to know what a call does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backstay.engine import report
from backstay.engine.attempt import attempt
from backstay.engine.call import Call, Settled, enter, leave
from backstay.engine.call import current as current_call
from backstay.engine.decide import exists_already, next_move, refused, wait_or_raise
from backstay.engine.line import refuse_late, wait_turn
from backstay.errors import BackstayError
from backstay.policies.effect import Effect, Move
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backstay.engine.call import Plan

_CREATES = frozenset({Effect.CREATE, Effect.PUBLISH})


def begin(plan: Plan) -> Call:
    """A call with its deadline: its own, or what the call around it has left."""
    now = plan.clock.monotonic()
    deadline = now + plan.deadline
    outer = current_call()
    if outer is not None and outer.deadline < deadline:
        deadline = outer.deadline
    return Call(plan, now, deadline)


async def run(
    call: Call,
    body: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    attempt: Callable[..., Awaitable[Any]] = attempt,
) -> Any:
    """Call until it succeeds or there is a reason to stop; `attempt` is another way to make one (a stream's).

    Raises:
        BackstayError: with its timeline and why it stopped; for plain functions their own last exception.
    """
    token = enter(call)
    try:
        while True:
            permit = admit(call) or await _wait_turn(call)
            try:
                value = await attempt(call, permit, body, args, kwargs)
            except BackstayError as error:
                settled = await _after(call, error)
                if settled is not None:
                    return settled.value
            else:
                if call.calls > 1:
                    report.recovered(call)
                return value
    except BackstayError as error:
        report.failed(call, error)
        raise
    finally:
        call.task = None  # no circle of task, context and call is left behind
        try:  # noqa: SIM105 - every call would pay for `suppress`
            leave(token)
        except ValueError:  # thrown away from outside, where the call is not entered
            pass


def admit(call: Call) -> int:
    """Admit at once if nobody waits and nothing stands in the way; 0 means: stand in the line.

    Raises:
        CircuitOpenError: the breaker holds calls back.
        DeadlineExceededError: an attempt cannot end before the deadline.
    """
    plan = call.plan
    scope, now = plan.scope, plan.clock.monotonic()
    call.admitted = now
    try:
        if call.deadline - call.reserve - now <= scope.typical.value:
            refuse_late(call, now)
        scope.lock.acquire()  # not `with`, which costs twice that
        try:
            if call.calls == 0:
                scope.budget.deposit()
            return 0 if scope.line else scope.try_admit(now, plan.cost, plan.clock.random)
        finally:
            scope.lock.release()
    except BackstayError as refusal:
        raise refused(call, refusal) from None


async def _wait_turn(call: Call) -> int:
    clock = call.plan.clock
    began = clock.monotonic()
    try:
        permit = await wait_turn(call.plan.scope, call)
    except BackstayError as refusal:
        raise refused(call, refusal) from None
    call.admitted = clock.monotonic()
    report.waited(call, call.admitted - began)
    return permit


async def _after(call: Call, error: BackstayError) -> Settled | None:
    """Wait and return None to go on; return what looking found; or raise."""
    plan = call.plan
    if error.type == "TOKEN_EXPIRED" and plan.renew is not None and not call.renewed:
        call.renewed = True
        if await _has_newer(plan.renew, error):
            return None
    step = next_move(call, error)
    if call.settle is not None and (step is Move.LOOK or exists_already(call, error)):
        settled = await call.settle(error)
        if settled is not None:
            return settled
        if _proves(plan) and not call.blind:
            call.certainty, error.certainty = Certainty.NOT_SENT, Certainty.REFUSED
        step = Move.AGAIN
    pause = wait_or_raise(call, error, step)
    if pause > 0.0:
        await plan.clock.sleep(pause)
    return None


async def _has_newer(renew: Callable[[], Awaitable[bool]], error: BackstayError) -> bool:
    """Whether there is a newer credential; why there is none is told with the refusal of the old one."""
    try:
        return await renew()
    except BackstayError as trouble:
        error.add_note(f"no newer credential: {trouble}")
        return False


def _proves(plan: Plan) -> bool:
    """Whether looking that shows nothing of a write proves that it has not happened.

    What creates has been looked for until the read lag was over. A change is looked at once: where reads lag they may
    show what was before, so it is sent again, which does no harm, and counts as one that may have happened.
    """
    return plan.effect in _CREATES or plan.read_lag <= 0.0


__all__ = ["admit", "begin", "run"]
