"""What must hold whatever happens, and a witness who sees it: told by the vendor and the callers, not by the engine.

    witness = Witness(scope, clock, judge)             # before the scope's first call
    witness.began(7, deadline=now + 5.0, timeout=1.0)  # a call begins ...
    await witness.attempt(7, ask_the_vendor)           # ... this is the body that the engine is given ...
    witness.ended(7, error)                            # ... and this is how it ended
    assert witness.at_rest() == []

Everything is counted a second time here, with other means than the engine's own, so that a safeguard that is missing
shows. `docs/faults.md` lists the rules; a run whose witness complains is wrong, however good its numbers are.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from backstay.engine.timer import sweep_of
from backstay.errors import BackstayError
from backstay.policies.breaker import Breaker, State
from backstay.policies.budget import RetryBudget
from backstay.policies.retry import Why
from backstay.taxonomy import BREAKING, Certainty

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from backstay.clock import Clock
    from backstay.engine.scope import Scope

RULES: Final = {
    "deadline": "no attempt begins at or after its call's deadline",
    "budget": "retries and hedges cost at most a share of the first attempts, and the reserve, in every span of time",
    "probes": "a breaker that tests the water has at most so many calls under way",
    "room": "never more under way than allowed, and nothing is left behind: no place, permit, task or timer",
    "cancelled": "a call that its caller cancels counts neither for nor against the vendor",
    "twice": "nothing is made twice",
    "reason": "every failure has a code, its attempts, and the reason why it was the last one",
    "generation": "a result of an older state of the breaker changes nothing",
}
"""What a witness complains of; two more rules are about whole runs: the same seed gives the same trace, and a vendor
that is back is used again within two seconds."""
_DUST: Final = 1e-6
_CHEAP: Final = 0.4
"""The price of a retry after a rate limit; all others cost 1."""


@dataclass(slots=True)
class _Told:
    """One call, as its caller and the vendor see it."""

    deadline: float
    timeout: float
    rounds: int = 0
    """Requests that were sent while none of the same call was under way: attempts, without hedges."""
    sent: int = 0
    running: int = 0
    since: float = 0.0
    """When the running attempt began."""
    counted: bool = False
    """Whether the running attempt speaks against the vendor."""
    last: str = ""
    """The type of the last failure."""
    answered: bool = False
    cancelled: bool = False


class Witness:
    """Of all calls through one scope; `complaints` are what it has seen, each with the rule that was broken."""

    def __init__(self, scope: Scope, clock: Clock, judge: Callable[[Exception], BackstayError]) -> None:
        """Replace the scope's breaker and budget by the same ones under observation."""
        self.scope = scope
        self.clock = clock
        self.judge = judge
        self.complaints: list[str] = []
        self.failures = 0
        """Attempts that spoke against the vendor."""
        self.trace: list[tuple[float, str, object]] = []
        """(seconds, what, whose): everything that reached the vendor or a caller, in order."""
        self._calls: dict[Hashable, _Told] = {}
        self._running = 0
        self._probing: set[tuple[Hashable, int]] = set()
        self._made: set[Hashable] = set()
        self._extra = 0.0
        scope.breaker = self.breaker = WatchedBreaker(self, scope.breaker)
        scope.budget = self.budget = WatchedBudget(self, scope.budget)

    # What the callers tell ------------------------------------------------------------------------------------

    def began(self, call: Hashable, *, deadline: float, timeout: float) -> None:
        """A call begins: it must end by `deadline`, monotonic seconds; one attempt may take `timeout` seconds."""
        self._calls[call] = _Told(deadline, timeout)

    def cancelled(self, call: Hashable) -> None:
        """Its caller is about to cancel it."""
        self._calls[call].cancelled = True

    def ended(self, call: Hashable, error: BaseException | None) -> None:
        """A call has ended; `error` is what its caller got."""
        self._note("end", call if error is None else (call, getattr(error, "type", type(error).__name__)))
        if isinstance(error, BackstayError):
            self._judge_error(self._calls[call], error)

    def made(self, key: Hashable) -> None:
        """The vendor has made an object under a key."""
        if key in self._made:
            self.complain("twice", f"{key} was made a second time")
        self._made.add(key)

    # What the vendor tells ------------------------------------------------------------------------------------

    async def attempt(self, call: Hashable, body: Callable[[], Awaitable[Any]]) -> Any:
        """One request to the vendor, and its answer: `body`'s."""
        told = self._calls[call]
        mine = (call, told.sent)
        self._sent(told, call, mine)
        try:
            answer = await body()
        except asyncio.CancelledError:
            self._over(told, mine)
            self._cut(told)
            raise
        except Exception as error:
            self._over(told, mine)
            self._failed(told, self.judge(error))
            raise
        self._over(told, mine)
        told.answered = True
        if told.counted:  # its other request failed
            self._against(told, -1)
        return answer

    def _sent(self, told: _Told, call: Hashable, mine: tuple[Hashable, int]) -> None:
        now, scope = self.clock.monotonic(), self.scope
        self._note("sent", call)
        if now >= told.deadline:
            self.complain("deadline", f"{call}: an attempt began {now - told.deadline:.3f} s after the deadline")
        if told.sent:
            self._extra += _CHEAP if told.last == "API_RATE_LIMIT" and not told.running else 1.0
        if not told.running:
            told.rounds += 1
            told.since = now
            told.counted = False
        told.sent += 1
        told.running += 1
        self._running += 1
        if self._running > scope.bulkhead.options.limit:
            self.complain("room", f"{self._running} under way where {scope.bulkhead.options.limit} may be")
        if self._extra > self.budget.ratio * len(self._calls) + self.budget.cap + _DUST:
            self.complain("budget", f"{self._extra:.1f} of retries and hedges for {len(self._calls)} calls")
        if self.breaker.state is State.HALF_OPEN and not self.breaker.options.shadow:
            self._probing.add(mine)
            if len(self._probing) > self.breaker.options.probes:
                self.complain("probes", f"{len(self._probing)} calls while it tests the water")

    def _over(self, told: _Told, mine: tuple[Hashable, int]) -> None:
        self._note("over", mine[0])
        told.running -= 1
        self._running -= 1
        self._probing.discard(mine)

    def _cut(self, told: _Told) -> None:
        """Our timer ended it: against the vendor if it had all its time, and not if the deadline cut it short."""
        if told.cancelled or told.answered:
            return
        told.last = "TIMEOUT"
        if self._had_its_time(told):
            self._against(told, 1)

    def _had_its_time(self, told: _Told) -> bool:
        return self.clock.monotonic() - told.since >= told.timeout - _DUST

    def happened(self) -> int:
        """Attempts that spoke against the vendor, those included whose request learns a turn later that it was cut."""
        late = [each for each in self._calls.values() if each.running and not (each.counted or each.cancelled)]
        return self.failures + sum(not each.answered and self._had_its_time(each) for each in late)

    def _failed(self, told: _Told, error: BackstayError) -> None:
        told.last = error.type
        if error.type in BREAKING and error.why is None:
            self._against(told, 1)

    def _against(self, told: _Told, change: int) -> None:
        """Count an attempt that speaks against the vendor once, however many requests it was."""
        if told.counted == (change > 0):
            return
        told.counted = change > 0
        self.failures += change

    # What it makes of it --------------------------------------------------------------------------------------

    def complain(self, rule: str, what: str) -> None:
        """Remember a rule that was broken."""
        self.complaints.append(f"{rule} ({RULES[rule]}): {what}, at {self.clock.monotonic():.3f}")

    def _note(self, what: str, whose: object) -> None:
        self.trace.append((round(self.clock.monotonic(), 6), what, whose))

    def _judge_error(self, told: _Told, error: BackstayError) -> None:
        why = {each.value for each in Why}
        if not error.code.isdigit() or error.why not in why or not isinstance(error.certainty, Certainty):
            self.complain("reason", f"{error.type} has code {error.code!r}, why {error.why!r}")
        if len(error.attempts) != told.rounds:
            self.complain(
                "reason", f"{error.type} tells of {len(error.attempts)} attempts, and {told.rounds} were made"
            )

    def digest(self) -> str:
        """A hash of the trace: the same seed must give the same one."""
        return hashlib.sha256(repr(self.trace).encode()).hexdigest()

    def at_rest(self) -> list[str]:
        """All complaints, when no call is under way any more; needs the running loop, some time after the last call."""
        scope, loop = self.scope, asyncio.get_running_loop()
        if scope.bulkhead.in_flight or scope.line:
            self.complain("room", f"{scope.bulkhead.in_flight} places taken and {len(scope.line)} waiting for nobody")
        if self.breaker.lent:
            self.complain("room", f"{self.breaker.lent} permits were never given back")
        if sweep_of(loop).guarding:
            self.complain("room", f"{sweep_of(loop).guarding} timers guard nothing")
        tasks = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        if tasks:
            self.complain("room", f"{len(tasks)} tasks are left")
        return self.complaints


class WatchedBudget(RetryBudget):
    """Keeps a second account: in every span the cost stays within ratio x first attempts + cap."""

    __slots__ = ("_level", "_witness")

    def __init__(self, witness: Witness, budget: RetryBudget) -> None:
        """In the place of `budget`, which nobody has used yet."""
        super().__init__(budget.ratio, budget.reserve, budget.cap)
        self._witness = witness
        self._level = 0.0
        """Cost less what first attempts have earned since the span that is worst so far began."""

    def deposit(self) -> None:
        """See `RetryBudget.deposit`."""
        self._level = max(0.0, self._level - self.ratio)
        super().deposit()

    def withdraw(self, cost: float = 1.0) -> bool:
        """See `RetryBudget.withdraw`."""
        paid = super().withdraw(cost)
        if paid:
            self._level += cost
        if self._level > self.cap + _DUST:
            self._witness.complain("budget", f"{self._level:.1f} spent where {self.cap:g} may be")
        return paid


class WatchedBreaker(Breaker):
    """Counts permits and generations by itself, and looks at what a result has changed."""

    __slots__ = ("_generation", "_heard", "_of", "_witness", "lent", "trips")

    def __init__(self, witness: Witness, breaker: Breaker) -> None:
        """In the place of `breaker`, which nobody has used yet."""
        self._witness = witness
        self._generation = self._heard = 0
        self._of: dict[int, int] = {}
        self.lent = 0
        """Permits that were not given back yet."""
        self.trips = 0
        """How often it opened while all seemed well."""
        super().__init__(breaker.options)

    def permit(self, now: float, rand: float) -> int:
        """See `Breaker.permit`."""
        token = super().permit(now, rand)
        if token > 0:
            self.lent += 1
            self._of[token] = self._generation
        return token

    def success(self, token: int, now: float, took: float) -> None:
        """See `Breaker.success`."""
        self._ended(token, now, lambda: super(WatchedBreaker, self).success(token, now, took))

    def failure(self, token: int, now: float, took: float) -> None:
        """See `Breaker.failure`."""
        self._heard += 1
        happened = self._witness.happened()
        if self._heard > happened:
            self._witness.complain("cancelled", f"{self._heard} failures counted, and {happened} happened")
        self._ended(token, now, lambda: super(WatchedBreaker, self).failure(token, now, took))

    def cancel(self, token: int, now: float) -> None:
        """See `Breaker.cancel`."""
        before = self._seen(now)
        self._ended(token, now, lambda: super(WatchedBreaker, self).cancel(token, now))
        if self._seen(now) != before:
            self._witness.complain("cancelled", "a call without a verdict has changed the breaker")

    def forgive(self) -> None:
        """See `Breaker.forgive`: it begins a generation, unless the breaker is open or tests the water."""
        self._generation += bool(self._current)
        super().forgive()

    def _ended(self, token: int, now: float, report: Callable[[], None]) -> None:
        if token not in self._of:  # of a shadow
            report()
            return
        self.lent -= 1
        old, before = self._of[token] != self._generation, self._seen(now)
        report()
        if old and self._seen(now) != before:
            self._witness.complain("generation", f"an older result has changed {before[0]} to {self._seen(now)[0]}")

    def _become(self, state: State, now: float, calls: int = 0, failures: int = 0) -> None:
        self._generation += 1
        self.trips += self.state is State.CLOSED and state is State.OPEN
        super()._become(state, now, calls, failures)

    def _seen(self, now: float) -> tuple[State, tuple[int, int, int], float, int]:
        """All that decides about later calls."""
        return self.state, self._tally.recent(now, 1 << 62), self._until, self._well


__all__ = ["RULES", "WatchedBreaker", "WatchedBudget", "Witness"]
