"""The line of those who wait for a scope: who goes first, who is sent away, and what is refused at once.

Only the head of the line asks the policies; the others wait behind it, hold no token and leave no trace when they are
cancelled: fairness and cancellation need no more than that.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final, Protocol

from backstay.engine.scope import FOREVER, FULL
from backstay.errors import DeadlineExceededError, LoadShedError, RateLimitError
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from backstay.engine.call import Call
    from backstay.engine.scope import Scope
    from backstay.policies.rate import Cost

RANKS: Final = {"write": 0, "interactive": 1, "background": 2}
"""Who goes first when there is not room for all."""


class Waiter(Protocol):
    """Somebody in the line, a task or a thread."""

    rank: int
    """Who goes first: see `RANKS`."""
    shed: bool
    """Sent away, for somebody who goes first."""

    def wake(self) -> None:
        """Let it look again."""
        ...


def queue(scope: Scope, waiter: Waiter, now: float, cost: Cost, left: float) -> None:
    """Stand in the line, before all who matter less. Needs the scope's lock.

    Raises:
        LoadShedError: too many wait for a place, and none of them matters less.
        RateLimitError: the limits let it through too late.
    """
    line = scope.line
    place = len(line)
    while place and line[place - 1].rank > waiter.rank:
        place -= 1
    if scope.strain.tense or scope.bulkhead.full:
        if not scope.bulkhead.may_queue(len(line)):
            if place == len(line):
                raise _shed(scope, "engine.queue_full")
            _send_away(scope)
    else:  # it is the time that bounds who waits for a limit, not the number
        refuse_long_wait(scope, scope.turn(now, place, cost), left)
    line.insert(place, waiter)


def leave(scope: Scope, waiter: Waiter) -> None:
    """Leave the line, for whatever reason; the next one becomes the head at once."""
    with scope.lock:
        if waiter in scope.line:
            scope.line.remove(waiter)
        if scope.line:
            scope.line[0].wake()


def _send_away(scope: Scope) -> None:
    last = scope.line.pop()
    last.shed = True
    last.wake()


def _shed(scope: Scope, rule: str) -> LoadShedError:
    return LoadShedError(
        f"{scope.name}: {scope.bulkhead.in_flight} calls under way and {len(scope.line)} waiting",
        certainty=Certainty.NOT_SENT, rule=rule, hint="send fewer at once or raise the limit",
    )  # fmt: skip


class TaskWaiter:
    """A task in the line."""

    __slots__ = ("_future", "_loop", "_thread", "rank", "shed", "woken")

    def __init__(self, rank: int = 1) -> None:
        self.rank = rank
        self.shed = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._future: asyncio.Future[None] | None = None
        self.woken = False

    def wake(self) -> None:
        """See `Waiter`; may come from another thread."""
        if threading.get_ident() == self._thread:
            self._set()
        else:
            self._loop.call_soon_threadsafe(self._set)

    def _set(self) -> None:
        self.woken = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Wait to be woken, at most so long."""
        if self.woken:
            self.woken = False
            return
        self._future = self._loop.create_future()
        timer = None if seconds == FOREVER else self._loop.call_later(max(0.0, seconds), self._set)
        try:
            await self._future
        finally:
            self._future, self.woken = None, False
            if timer is not None:
                timer.cancel()


async def wait_turn(scope: Scope, call: Call) -> int:
    """Wait in the line until the attempt is admitted; returns the permit.

    Raises:
        CircuitOpenError, LoadShedError, RateLimitError: refused here; nothing was sent.
    """
    waiter, began = TaskWaiter(RANKS[call.plan.criticality]), call.plan.clock.monotonic()
    with scope.lock:
        queue(scope, waiter, began, call.plan.cost, call.deadline - began)
    try:
        while True:
            permit, pause = look(scope, call, waiter, began)
            if permit:
                return permit
            await waiter.wait(pause)
    finally:
        leave(scope, waiter)


def look(scope: Scope, call: Call, waiter: Waiter, began: float) -> tuple[int, float]:
    """One look of somebody in the line: (permit, 0.0), or (0, seconds to wait at most before the next look).

    Raises:
        CircuitOpenError, DeadlineExceededError, LoadShedError, RateLimitError: refused here; nothing was sent.
    """
    clock = call.plan.clock
    with scope.lock:
        now = clock.monotonic()
        if waiter.shed:
            raise _shed(scope, "engine.overtaken")
        refuse_late(call, now)
        head = scope.line[0] is waiter
        permit = scope.try_admit(now, call.plan.cost, clock.random) if head else 0
        pause = scope.pause if head else FULL
    if permit:
        return permit, 0.0
    # Only who is held up by a full bulkhead has waited long enough at some point; a gate is waited for.
    patience = began + scope.bulkhead.options.max_wait if head and pause == FULL else FOREVER
    left = min(call.deadline, patience) - now
    refuse_long_wait(scope, pause, left)
    return 0, min(pause, left)


def refuse_late(call: Call, now: float) -> None:
    """Refuse an attempt that would usually not end before the deadline."""
    typical = call.plan.scope.typical
    if call.deadline - call.reserve - now <= typical.value:
        typical.skipped()
        raise DeadlineExceededError(
            f"{call.plan.function} usually takes {typical.value:.3g} s, which is more than is left",
            certainty=Certainty.NOT_SENT, rule="engine.cannot_finish", hint="give the call more time (deadline=)",
        )  # fmt: skip


def refuse_long_wait(scope: Scope, pause: float, left: float) -> None:
    """Refuse at once what cannot be admitted in time, so that a caller learns it now and not at the deadline."""
    if pause != FULL and pause >= left:
        raise RateLimitError(
            f"{scope.name}: the limit lets the next call out in {pause:.1f} s, which is too late",
            certainty=Certainty.NOT_SENT, retry_after=round(pause, 3), rule="engine.limiter",
            hint="give the call more time, send fewer, or raise the limit of the profile",
        )  # fmt: skip
    if left <= 0.0:
        raise LoadShedError(
            f"{scope.name}: no room within the time allowed for waiting",
            certainty=Certainty.NOT_SENT, rule="engine.no_room", hint="send fewer at once or raise the limit",
        )  # fmt: skip


__all__ = ["RANKS", "TaskWaiter", "Waiter", "leave", "look", "queue", "refuse_late", "refuse_long_wait", "wait_turn"]
