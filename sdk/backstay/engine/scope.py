"""What calls share: one breaker, one budget, one bulkhead, limiters, and one line of those who wait.

A scope is shared by every task, and by threads too (the blocking twin), so each touch of its policies happens under
one lock, which is never held over an await.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final

from backstay.errors import CircuitOpenError
from backstay.policies.breaker import State
from backstay.policies.deadline import Typical
from backstay.policies.hedge import Hedge, HedgeOptions
from backstay.policies.rate import Cost, price
from backstay.policies.strain import Strain, StrainOptions
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backstay.engine.line import Waiter
    from backstay.policies.breaker import Breaker, Change
    from backstay.policies.budget import RetryBudget
    from backstay.policies.bulkhead import Bulkhead
    from backstay.policies.rate import Limiter

CLOSED: Final = State.CLOSED  # looked up once: an enumeration's member costs more than the comparison
FOREVER: Final = float("inf")
UNCOUNTED: Final = 1 << 62
"""The permit of a call that the breaker would have held back: its result changes nothing."""
FULL: Final = FOREVER
"""The wait of somebody who needs another call to leave: no time is known."""


class Scope:
    """The shared state for calls to one endpoint group of one account or app."""

    __slots__ = (
        "_hedges",
        "_only",
        "_strained_from",
        "breaker",
        "budget",
        "bulkhead",
        "calls",
        "limiters",
        "line",
        "lock",
        "name",
        "pause",
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
        self._strained_from = self.strain.options.high
        self.limiters = dict(limiters)
        """By the name of what they guard (app, account, an endpoint): a vendor's wait holds one of them."""
        self.lock = lock or threading.Lock()
        self.line: deque[Waiter] = deque()
        self.calls = 0
        """Attempts admitted so far."""
        self.pause = 0.0
        """What `try_admit` says beside a refusal: seconds until it makes sense to look again."""
        self._hedges: dict[str, Hedge] = {}
        self.typical = Typical()
        """How long an attempt usually takes: one that cannot end in time is not begun."""
        self._only = next(iter(self.limiters.values())) if len(self.limiters) == 1 else None

    @property
    def idle(self) -> bool:
        """Whether nobody is in it or waits for it."""
        return not self.bulkhead.in_flight and not self.line

    def try_admit(self, now: float, cost: Cost, random: Callable[[], float]) -> int:
        """Admit one attempt: its permit, or 0 and in `pause` how long it makes no sense to look again. Needs the lock.

        Raises:
            CircuitOpenError: the breaker holds calls back.
        """
        breaker, bulkhead, only = self.breaker, self.bulkhead, self._only
        closed = breaker.state is CLOSED
        if not closed:
            wait = breaker.peek(now)
            if wait > 0.0 and not breaker.options.shadow:
                raise self._open(wait)
        if bulkhead.in_flight >= bulkhead.limit:
            self.pause = FULL
            return 0
        wait = self.strain.wait(now, bulkhead.in_flight) if self.strain.tense else 0.0
        if wait <= 0.0:
            wait = only.admit(now, cost) if only is not None and type(cost) is float else self._limits(now, cost)
        if wait > 0.0:
            self.pause = wait
            return 0
        permit = breaker.permit(now, 0.5) if closed else self._permit_in_trouble(breaker, now, cost, random())
        bulkhead.in_flight += 1
        self.calls += 1
        return permit

    def _permit_in_trouble(self, breaker: Breaker, now: float, cost: Cost, random: float) -> int:
        """Ask a breaker that is not closed: probes are paid from the retry budget; a no gives back what was taken."""
        permit = breaker.permit(now, random)
        if permit >= 0:
            if breaker.state is State.HALF_OPEN:
                self.budget.charge()
            return permit
        if breaker.options.shadow:  # it only watches
            return UNCOUNTED
        for name, limiter in self.limiters.items():
            limiter.give_back(now, price(cost, name))
        raise self._open(breaker.retry_after(now))

    def admit_hedge(self, hedge: Hedge, now: float, cost: Cost, random: Callable[[], float]) -> int:
        """The permit of a second request, or 0: it takes from the retry budget, and never waits or stands in a line."""
        with self.lock:
            if self.line or self.strain.tense or not self.budget.affords() or not hedge.spend():
                return 0
            try:
                permit = self.try_admit(now, cost, random)
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

    def _limits(self, now: float, cost: Cost) -> float:
        """0.0 and taken from all limiters, or the seconds to wait and nothing taken."""
        only = self._only
        if only is not None and type(cost) is float:
            return only.admit(now, cost)
        longest = 0.0
        for name, limiter in self.limiters.items():
            wait = limiter.wait(now, price(cost, name))
            if wait > longest:
                longest = wait
        if longest <= 0.0:
            for name, limiter in self.limiters.items():
                limiter.take(now, price(cost, name))
        return longest

    def turn(self, now: float, ahead: int, cost: Cost) -> float:
        """About how many seconds until the limits let somebody through who has so many before him."""
        return max(
            (limiter.turn(now, ahead, price(cost, name)) for name, limiter in self.limiters.items()), default=0.0
        )

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
        bulkhead, lock = self.bulkhead, self.lock
        lock.acquire()  # not `with`, which costs twice that
        try:
            if bulkhead.in_flight <= 0:
                bulkhead.leave()  # refuses
            bulkhead.in_flight -= 1
            if failed is False:
                self.breaker.success(permit, now, took)
                self.typical.add(took)
            elif failed:
                self.breaker.failure(permit, now, took)
            else:
                self.breaker.cancel(permit, now)
            if lost or (failed is False and (self.strain.level or took > self._strained_from * timeout)):
                self._strained(now, took, timeout, lost=lost)
            if self.line:
                self.line[0].wake()
        finally:
            lock.release()

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

    def held(self, now: float) -> float:
        """Seconds for which the vendor's own word holds everybody back; 0.0 when nobody is held."""
        return max((0.0, *(limiter.gate.held_until - now for limiter in self.limiters.values())))

    def shut(self, now: float) -> bool:
        """Whether asking now would be refused by the breaker, or held by the vendor's word."""
        return self.held(now) > 0.0 or (self.breaker.peek(now) > 0.0 and not self.breaker.options.shadow)

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

    def _open(self, wait: float) -> CircuitOpenError:
        return CircuitOpenError(
            f"{self.name} is failing; calls are held back", retry_after=round(wait, 3),
            certainty=Certainty.NOT_SENT, rule="engine.breaker",
            hint="wait, or look at the vendor's status page",
        )  # fmt: skip


__all__ = ["FOREVER", "FULL", "Scope"]
