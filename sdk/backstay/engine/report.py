"""The engine's events. Every function looks for listeners first: nobody pays for what nobody hears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.events.model import (
    BreakerChanged,
    CallFailed,
    LimiterWaited,
    Problem,
    RetryAttempt,
    RetryBudgetEmpty,
    RetryExhausted,
    RetrySuccess,
    StaleServed,
    WriteSettled,
)
from backstay.redact import scrub

if TYPE_CHECKING:
    from backstay.engine.call import Call, Plan
    from backstay.errors import BackstayError


def retrying(call: Call, error: BackstayError, wait: float) -> None:
    """A call failed and will be made again."""
    plan = call.plan
    changed(call)
    if plan.events.listeners:
        plan.events.emit(
            RetryAttempt(
                at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, attempt=call.calls,
                max_attempts=plan.retry.max_attempts, delay=wait, exception=exception_name(error), calls=call.calls,
                type=error.type, rule=error.rule,
            )
        )  # fmt: skip


def recovered(call: Call) -> None:
    """A call succeeded after retries."""
    plan = call.plan
    changed(call)
    if plan.events.listeners:
        plan.events.emit(
            RetrySuccess(
                at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, attempt=call.calls - 1,
                total_delay=call.waited, calls=call.calls,
            )
        )  # fmt: skip


def failed(call: Call, error: BackstayError) -> None:
    """A call ended with an error."""
    plan = call.plan
    changed(call)
    if not plan.events.listeners:
        return
    at, calls = plan.clock.wall(), call.calls
    if calls > 1:
        plan.events.emit(
            RetryExhausted(
                at=at, vendor=plan.vendor, function=plan.function, max_attempts=plan.retry.max_attempts,
                total_delay=call.waited, error=str(error), calls=calls, type=error.type, rule=error.rule,
                why=error.why or "",
            )
        )  # fmt: skip
    plan.events.emit(
        CallFailed(
            at=at, vendor=plan.vendor, function=plan.function, error_type=exception_name(error),
            error_message=str(error), platform=plan.vendor, retry_count=max(0, calls - 1), calls=calls,
            type=error.type, rule=error.rule, why=error.why or "",
        )
    )  # fmt: skip


def waited(call: Call, seconds: float) -> None:
    """A call waited for its turn."""
    plan = call.plan
    if plan.events.listeners:
        plan.events.emit(
            LimiterWaited(
                at=plan.clock.wall(),
                vendor=plan.vendor,
                function=plan.function,
                scope=plan.scope.name,
                wait=seconds,
            )
        )


def changed(call: Call) -> None:
    """Tell of the breaker's changes since somebody last looked."""
    plan = call.plan
    while (change := plan.scope.take_change()) is not None:
        if plan.events.listeners:
            plan.events.emit(
                BreakerChanged(
                    at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, scope=plan.scope.name,
                    old=change.before.value, new=change.after.value, shadow=plan.scope.breaker.options.shadow,
                    calls=change.calls, failures=change.failures,
                )
            )  # fmt: skip


def budget_empty(plan: Plan) -> None:
    """A retry was refused because the budget is empty, for the first time in a while."""
    if plan.events.listeners:
        plan.events.emit(
            RetryBudgetEmpty(
                at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, scope=plan.scope.name,
                refused=plan.scope.budget.refused,
            )
        )  # fmt: skip


def stale(call: Call, age: float, cause: str) -> None:
    """A stale answer was served."""
    plan = call.plan
    if plan.events.listeners:
        plan.events.emit(
            StaleServed(at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, age=age, cause=cause)
        )


def settled(call: Call, outcome: str, found: int) -> None:
    """A write with a lost answer was looked up."""
    plan = call.plan
    if plan.events.listeners:
        plan.events.emit(
            WriteSettled(at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, outcome=outcome, found=found)
        )


STANDS_IN: Final = "plain."
"""What the rule of an error begins with that stands for a plain function's own exception, its cause."""


def original_of(error: BackstayError) -> BaseException | None:
    """The exception that an error of ours stands for; None if it is our own."""
    return error.__cause__ if error.rule is not None and error.rule.startswith(STANDS_IN) else None


def exception_name(error: BackstayError) -> str:
    """The class of what was really raised: a plain function's own exception, or ours."""
    return class_name(original_of(error) or error)


def class_name(error: BaseException) -> str:
    """`httpx.ReadTimeout`, `TimeoutError`: the top package and the class."""
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package in {"builtins", "backstay"} else f"{package}.{kind.__qualname__}"


def problem(plan: Plan, where: str, error: BaseException) -> None:
    """Something in the background failed."""
    if plan.events.listeners:
        plan.events.emit(
            Problem(
                at=plan.clock.wall(), vendor=plan.vendor, function=plan.function, where=where, error=scrub(str(error))
            )
        )
