"""What calls share: one breaker, one budget, one bulkhead, limiters, and one line of those who wait.

A scope is shared by every task, and by threads too (the blocking twin), so each touch of its policies happens under
one lock, which is never held over an await. Only the head of the line asks the policies; the others wait behind
it, hold no token and leave no trace when they are cancelled: fairness and cancellation need no more than that.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from backstay.errors import CircuitOpenError, LoadShedError, RateLimitError
from backstay.policies.breaker import State
from backstay.policies.deadline import Typical
from backstay.policies.hedge import Hedge, HedgeOptions
from backstay.policies.strain import Strain, StrainOptions
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backstay.engine.call import Call
    from backstay.policies.breaker import Breaker, Change
    from backstay.policies.budget import RetryBudget
    from backstay.policies.bulkhead import Bulkhead
    from backstay.policies.rate import Limiter

FOREVER: Final = float("inf")
RANKS: Final = {"write": 0, "interactive": 1, "background": 2}
"""Who goes first when there is not room for all."""
UNCOUNTED: Final = 1 << 62
"""The permit of a call that the breaker would have held back: its result changes nothing."""
FULL: Final = FOREVER
"""The wait of somebody who needs another call to leave: no time is known."""


class Waiter(Protocol):
    """Somebody in the line, a task or a thread."""

    rank: int
    """Who goes first: see `RANKS`."""
    shed: bool
    """Sent away, for somebody who goes first."""

    def wake(self) -> None:
        """Let it look again."""
        ...


class Scope:
    """The shared state for calls to one endpoint group of one account or app."""

    __slots__ = (
        "_hedges",
        "_only",
        "breaker",
        "budget",
        "bulkhead",
        "calls",
        "limiters",
        "line",
        "lock",
        "name",
        "strain",
        "typical",
    )

    def __init__(
        self,
        name: str,
        *,
        breaker: Breaker,
        budget: RetryBudget,
        bulkhead: Bulkhead,
        limiters: Mapping[str, Limiter],
        strain: StrainOptions | None = None,
        lock: threading.Lock | None = None,
    ) -> None:
        self.name = name
        self.breaker = breaker
        self.budget = budget
        self.bulkhead = bulkhead
        self.strain = Strain(bulkhead.limit, strain)
        """How many calls a slow vendor can bear."""
        self.limiters = dict(limiters)
        """By the name of what they guard (app, account, an endpoint): a vendor's wait holds one of them."""
        self.lock = lock or threading.Lock()
        self.line: deque[Waiter] = deque()
        self.calls = 0
        """Attempts admitted so far."""
        self._hedges: dict[str, Hedge] = {}
        self.typical = Typical()
        """How long an attempt usually takes: one that cannot end in time is not begun."""
        self._only = next(iter(self.limiters.values())) if len(self.limiters) == 1 else None

    @property
    def idle(self) -> bool:
        """Whether nobody is in it or waits for it."""
        return not self.bulkhead.in_flight and not self.line

    def try_admit(self, now: float, cost: float, random: Callable[[], float]) -> tuple[int, float]:
        """Admit one attempt: (permit, 0.0), or (0, seconds until it makes sense to look again). Needs the lock.

        Raises:
            CircuitOpenError: the breaker holds calls back.
        """
        breaker, bulkhead = self.breaker, self.bulkhead
        wait = breaker.peek(now)
        if wait > 0.0 and not breaker.options.shadow:
            raise self._open(wait)
        if bulkhead.in_flight >= bulkhead.limit:
            return 0, FULL
        if self.strain.tense:
            wait = self.strain.wait(now, bulkhead.in_flight)
            if wait > 0.0:
                return 0, wait
        wait = self._limits(now, cost)
        if wait > 0.0:
            return 0, wait
        # Only a breaker that is not closed needs a random number.
        permit = breaker.permit(now, 0.5 if breaker.state is State.CLOSED else random())
        if permit < 0:
            permit = self._held_back(breaker, now, cost)
        bulkhead.in_flight += 1
        self.calls += 1
        return permit, 0.0

    def _held_back(self, breaker: Breaker, now: float, cost: float) -> int:
        """The breaker has said no: give back what was taken; a breaker in the shadow only watches."""
        if breaker.options.shadow:
            return UNCOUNTED
        for limiter in self.limiters.values():
            limiter.give_back(now, cost)
        raise self._open(breaker.retry_after(now))

    def admit_hedge(self, hedge: Hedge, now: float, cost: float, random: Callable[[], float]) -> int:
        """The permit of a second request, or 0: it takes from the retry budget, and never waits or stands in a line."""
        with self.lock:
            if self.line or self.strain.tense or not self.budget.affords() or not hedge.spend():
                return 0
            try:
                permit, _ = self.try_admit(now, cost, random)
            except CircuitOpenError:
                return 0
            if permit:
                self.budget.withdraw()
            return permit

    def hedge(self, operation: str, options: HedgeOptions) -> Hedge:
        """What is known of an operation's durations."""
        with self.lock:
            known = self._hedges.get(operation)
            if known is None:
                known = self._hedges[operation] = Hedge(options)
            return known

    def _limits(self, now: float, cost: float) -> float:
        """0.0 and taken from all limiters, or the seconds to wait and nothing taken."""
        only = self._only
        if only is not None:
            return only.admit(now, cost)
        wait = max((limiter.wait(now, cost) for limiter in self.limiters.values()), default=0.0)
        if wait <= 0.0:
            for limiter in self.limiters.values():
                limiter.take(now, cost)
        return wait

    def done(
        self,
        permit: int,
        now: float,
        took: float,
        failed: bool | None,  # noqa: FBT001 - a verdict, on the hot path
        timeout: float = FOREVER,
        *,
        lost: bool = False,
    ) -> None:
        """Give every permit back; `failed` None means no verdict on the vendor (cancelled, or our own affair)."""
        with self.lock:
            self.bulkhead.leave()
            if failed is None:
                self.breaker.cancel(permit, now)
            elif failed:
                self.breaker.failure(permit, now, took)
            else:
                self.breaker.success(permit, now, took)
                self.typical.add(took)
            if lost or (failed is False and (self.strain.level or took > self.strain.options.high * timeout)):
                self._strained(now, took, timeout, lost=lost)
            if self.line:
                self.line[0].wake()

    def _strained(self, now: float, took: float, timeout: float, *, lost: bool) -> None:
        bulkhead, strain = self.bulkhead, self.strain
        if strain.add(now, took, timeout, bulkhead.in_flight, lost=lost):
            self.breaker.forgive()  # what failed was too much at once; nobody knows yet whether less of it works
        bulkhead.limit = strain.limit

    def hold(self, limit: str | None, until: float, now: float) -> bool:
        """The vendor said wait: nobody passes this limit before `until`, and then one after the other.

        False when nothing here can hold the callers back: then each must wait for itself.
        """
        with self.lock:
            limiter = self.limiters.get(limit or "app") or self._only
            if limiter is None:
                return False
            limiter.gate.hold(until, now)
            return True

    def hear(self, limit: str, used: float, now: float, wait: float | None = None) -> None:
        """The vendor says how much of a limit is used (1.0 is all): its callers slow down before the wall."""
        limiter = self.limiters.get(limit)
        pace = limiter.pace if limiter is not None else None
        if limiter is None or pace is None or (pace.quiet and used < pace.options.start):
            return
        with self.lock:
            limiter.hear(used, now, wait)

    def take_change(self) -> Change | None:
        """The breaker's oldest change that nobody has been told of."""
        if not self.breaker.changes:
            return None
        with self.lock:
            return self.breaker.take_change()

    def queue(self, waiter: Waiter, now: float, cost: float, left: float) -> None:
        """Stand in the line, before all who matter less. Needs the lock.

        Raises:
            LoadShedError: too many wait for a place, and none of them matters less.
            RateLimitError: the limits let it through too late.
        """
        line = self.line
        place = len(line)
        while place and line[place - 1].rank > waiter.rank:
            place -= 1
        if self.strain.tense or self.bulkhead.full:
            if not self.bulkhead.may_queue(len(line)):
                if place == len(line):
                    raise self._shed("engine.queue_full")
                self._send_away(line[-1])
        else:  # it is the time that bounds who waits for a limit, not the number
            turn = max((each.turn(now, place, cost) for each in self.limiters.values()), default=0.0)
            refuse_long_wait(self, turn, left)
        line.insert(place, waiter)

    def _send_away(self, last: Waiter) -> None:
        self.line.remove(last)
        last.shed = True
        last.wake()

    def _shed(self, rule: str) -> LoadShedError:
        return LoadShedError(
            f"{self.name}: {self.bulkhead.in_flight} calls under way and {len(self.line)} waiting",
            certainty=Certainty.NOT_SENT, rule=rule, hint="send fewer at once or raise the limit",
        )  # fmt: skip

    def quit(self, waiter: Waiter) -> None:
        """Leave the line, for whatever reason; the next one becomes the head at once."""
        with self.lock:
            if waiter in self.line:
                self.line.remove(waiter)
            if self.line:
                self.line[0].wake()

    def _open(self, wait: float) -> CircuitOpenError:
        return CircuitOpenError(
            f"{self.name} is failing; calls are held back", retry_after=round(wait, 3),
            certainty=Certainty.NOT_SENT, rule="engine.breaker",
            hint="wait, or look at the vendor's status page",
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
        scope.queue(waiter, began, call.plan.cost, call.deadline - began)
    try:
        while True:
            permit, pause = look(scope, call, waiter, began)
            if permit:
                return permit
            await waiter.wait(pause)
    finally:
        scope.quit(waiter)


def look(scope: Scope, call: Call, waiter: Waiter, began: float) -> tuple[int, float]:
    """One look of somebody in the line: (permit, 0.0), or (0, seconds to wait at most before the next look).

    Raises:
        CircuitOpenError, LoadShedError, RateLimitError: refused here; nothing was sent.
    """
    clock = call.plan.clock
    with scope.lock:
        now = clock.monotonic()
        if waiter.shed:
            raise scope._shed("engine.overtaken")  # noqa: SLF001 - this module's own class
        head = scope.line[0] is waiter
        permit, pause = scope.try_admit(now, call.plan.cost, clock.random) if head else (0, FULL)
    if permit:
        return permit, 0.0
    # Only who is held up by a full bulkhead has waited long enough at some point; a gate is waited for.
    patience = began + scope.bulkhead.options.max_wait if head and pause == FULL else FOREVER
    left = min(call.deadline, patience) - now
    refuse_long_wait(scope, pause, left)
    return 0, min(pause, left)


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


__all__ = ["FOREVER", "FULL", "Scope", "TaskWaiter", "Waiter", "look", "refuse_long_wait", "wait_turn"]
