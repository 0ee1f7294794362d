"""The loop's twin for plain blocking functions: the same scopes, decisions and events, in threads.

Two differences, both because a running function cannot be interrupted from outside: an attempt is never cut off, so
time is checked between attempts only (code inside has `backstay.time_left()` for timeouts of its own), and a wait
blocks the calling thread, so such a function does not belong on an event loop's thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from backstay.engine import report
from backstay.engine.attempt import overloaded, record, verdict
from backstay.engine.call import Call, enter, leave
from backstay.engine.decide import next_move, refused, wait_or_raise
from backstay.engine.line import RANKS, look, queue
from backstay.engine.line import leave as quit_line
from backstay.engine.loop import admit
from backstay.errors import BackstayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backstay.clock import Clock


def run(call: Call, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call until it succeeds or there is a reason to stop; see `backstay.engine.loop.run`.

    Raises:
        BackstayError: with its timeline and why it stopped; for plain functions it stands for their own.
    """
    token = enter(call)
    try:
        while True:
            permit = admit(call) or _wait_turn(call)
            try:
                value = _attempt(call, permit, body, args, kwargs)
            except BackstayError as error:
                pause = wait_or_raise(call, error, next_move(call, error))
                if pause > 0.0:
                    call.plan.clock.block(pause)
            else:
                if call.calls > 1:
                    report.recovered(call)
                return value
    except BackstayError as error:
        report.failed(call, error)
        raise
    finally:
        leave(token)


def _attempt(
    call: Call, permit: int, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:  # fmt: skip
    """Make one attempt under its permit; every permit is given back, whatever happened."""
    plan, clock = call.plan, call.plan.clock
    began = clock.monotonic()
    call.calls += 1
    call.sent = None
    try:
        value = body(*args, **kwargs)
    except BaseException as error:
        now = clock.monotonic()
        failure = plan.judge(error) if isinstance(error, Exception) else None
        plan.scope.done(
            permit, now, now - began, verdict(failure), plan.attempt_timeout, lost=overloaded(failure)
        )  # fmt: skip
        if failure is None:
            raise
        record(call, failure, began, now - began)
        if failure is error:
            raise
        raise failure from error
    now = clock.monotonic()
    plan.scope.done(permit, now, now - began, False)
    return value


def _wait_turn(call: Call) -> int:
    """Stand in the line, the same one in which tasks stand; returns the permit."""
    clock, scope = call.plan.clock, call.plan.scope
    waiter, began = ThreadWaiter(clock, RANKS[call.plan.criticality]), clock.monotonic()
    try:
        with scope.lock:
            queue(scope, waiter, began, call.plan.cost, call.deadline - began)
        try:
            while True:
                permit, pause = look(scope, call, waiter, began)
                if permit:
                    break
                waiter.wait(pause)
        finally:
            quit_line(scope, waiter)
    except BackstayError as refusal:
        raise refused(call, refusal) from None
    report.waited(call, clock.monotonic() - began)
    return permit


class ThreadWaiter:
    """A thread in the line."""

    __slots__ = ("_clock", "_event", "rank", "shed")

    def __init__(self, clock: Clock, rank: int = 1) -> None:
        self.rank = rank
        self.shed = False
        self._clock = clock
        self._event = threading.Event()

    def wake(self) -> None:
        """See `backstay.engine.line.Waiter`; comes from any thread."""
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Wait to be woken, at most so long; a wake that came before counts."""
        self._clock.block(max(0.0, seconds), self._event)
        self._event.clear()


__all__ = ["ThreadWaiter", "run"]
