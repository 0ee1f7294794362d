"""A circuit breaker with generations, paced probes under a lease, growing open time and a ramp."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Final, NamedTuple

from backstay.policies.settings import above, whole, within
from backstay.policies.tally import Tally


class State(StrEnum):
    """What the breaker does with calls."""

    CLOSED = "closed"
    """Lets all through and counts."""
    OPEN = "open"
    """Lets none through."""
    HALF_OPEN = "half_open"
    """Lets single probes through."""
    RAMP = "ramp"
    """Lets a growing random share through, after the probes succeeded."""
    FORCED_OPEN = "forced_open"
    """Lets none through until it is told otherwise."""
    FORCED_CLOSED = "forced_closed"
    """Lets all through and only counts."""


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    """When to open, how to probe and how to come back; times in seconds, rates from 0 to 1.

    It opens when of the newest calls (`min_calls` at least, twice as many where the `window` holds them) a
    share of `failure_rate` failed, or with `slow_after` a share of `slow_rate` took longer than that. The
    open time is `open_growth` x the age of the outage, but at least `open_for` and at most `open_max`, plus
    a random part of up to a fifth: by default half a second at first, below 1 s for the first minute, 8 s
    after ten, so that the vendor's return is seen late by a small share of its absence. `probes` calls at
    once test the water; each frees its place after `probe_lease` if nobody reports it, so the lease must be
    longer than an attempt. After `close_after` successes in a row, traffic ramps up within `ramp` seconds
    from the share `ramp_from`.
    """

    failure_rate: float = 0.9
    slow_rate: float = 1.0
    slow_after: float | None = None
    window: float = 10.0
    buckets: int = 40
    min_calls: int = 20
    open_for: float = 0.5
    open_growth: float = 1.0 / 75.0
    open_max: float = 8.0
    probes: int = 1
    probe_lease: float = 35.0
    close_after: int = 3
    ramp: float = 0.5
    ramp_from: float = 0.25
    shadow: bool = False
    """Decide and report, but hold nobody back: to see what it would do before it does."""

    def __post_init__(self) -> None:
        """Refuse settings outside their range."""
        above("failure_rate", self.failure_rate, 0.0)
        within("failure_rate", self.failure_rate, 0.0, 1.0)
        above("slow_rate", self.slow_rate, 0.0)
        within("slow_rate", self.slow_rate, 0.0, 1.0)
        if self.slow_after is not None:
            above("slow_after", self.slow_after, 0.0)
        for field in ("window", "open_for", "probe_lease"):
            above(field, getattr(self, field), 0.0)
        for field in ("min_calls", "probes", "close_after"):
            whole(field, getattr(self, field), 1)
        whole("buckets", self.buckets, 2, 1000)
        within("open_growth", self.open_growth, 0.0, 1.0)
        within("open_max", self.open_max, self.open_for)
        within("ramp", self.ramp, 0.0)
        within("ramp_from", self.ramp_from, 0.0, 1.0)


class Change(NamedTuple):
    """One transition, for the event stream: `calls` and `failures` are what was counted when it opened."""

    before: State
    after: State
    at: float
    calls: int = 0
    failures: int = 0


_SPREAD: Final = 0.2
_RAMP_CALLS: Final = 4
_KEPT_CHANGES: Final = 32


class Breaker:
    """Told of every call's permit and end, it decides which calls may go.

    Each permit is a positive token, handed back once with `success`, `failure` or `cancel`. A token of an
    older generation (before the last transition, or of a probe whose lease ran out) has no effect. Errors
    of the caller must not be reported as failures, a cancelled call must be reported with `cancel`: neither
    says anything of the vendor. `changes` holds the transitions that nobody took yet, newest last.
    """

    __slots__ = (
        "_began", "_current", "_leases", "_outage", "_pass", "_rand", "_slow_after", "_tally", "_token",
        "_until", "_well", "changes", "options", "state", )  # fmt: skip

    def __init__(self, options: BreakerOptions | None = None) -> None:
        """Begin closed."""
        self.options = options or BreakerOptions()
        self.state = State.CLOSED
        self.changes: deque[Change] = deque(maxlen=_KEPT_CHANGES)
        self._slow_after = inf if self.options.slow_after is None else self.options.slow_after
        self._tally = Tally(self.options.window, self.options.buckets)
        self._leases: dict[int, float] = {}
        self._token = self._current = self._pass = 1
        self._began = self._until = 0.0
        self._outage: float | None = None
        self._rand = 0.5
        self._well = 0

    def take_change(self) -> Change | None:
        """The oldest transition that nobody took yet."""
        return self.changes.popleft() if self.changes else None

    def peek(self, now: float) -> float:
        """0.0 when a call may try; else the seconds until a try makes sense. Nothing moves."""
        if self._pass or self.state is State.RAMP:
            return 0.0
        if self.state is State.FORCED_OPEN:
            return self.options.open_max
        if self.state is State.OPEN:
            return max(0.0, self._until - now)
        busy = sorted(end for end in self._leases.values() if end > now)
        if len(busy) < self.options.probes:
            return 0.0
        return min(busy[0] - now, self.options.open_for)

    def retry_after(self, now: float) -> float:
        """The seconds for an error's `retry_after`: as `peek`, and in the ramp what is left of it."""
        if self.state is State.RAMP:
            return max(0.0, self._began + self.options.ramp - now)
        return self.peek(now)

    def permit(self, now: float, rand: float) -> int:
        """A token if the call may go, else -1."""
        return self._pass or self._permit(now, rand)

    def _permit(self, now: float, rand: float) -> int:
        if self.state is State.RAMP:
            return self._ramp(now, rand)
        if self.state is State.OPEN and now >= self._until:
            self._well = 0
            self._become(State.HALF_OPEN, now)
        return self._probe(now, rand) if self.state is State.HALF_OPEN else -1

    def _ramp(self, now: float, rand: float) -> int:
        """Admit a share that grows evenly with time; at its end the outage is over."""
        options = self.options
        passed = now - self._began
        if passed >= options.ramp:
            self._close(now)
            return self._current
        share = options.ramp_from + (1.0 - options.ramp_from) * passed / options.ramp
        return self._current if rand < share else -1

    def _probe(self, now: float, rand: float) -> int:
        """Lend one of the probe places, free ones and those whose lease ran out."""
        leases = self._leases
        if len(leases) >= self.options.probes:
            for token in [token for token, end in leases.items() if end <= now]:
                del leases[token]
            if len(leases) >= self.options.probes:
                return -1
        self._rand = rand
        self._token += 1
        leases[self._token] = now + self.options.probe_lease
        return self._token

    def success(self, token: int, now: float, took: float) -> None:
        """The call with this token was answered after `took` seconds."""
        if token != self._current:
            if self._leases.pop(token, None) is not None:
                self._probed(now, well=took <= self._slow_after)
            return
        tally = self._tally
        if now >= tally.edge:
            tally.turn(now)
        tally.calls += 1
        if took > self._slow_after:
            tally.slow += 1
            self._judge(now)

    def failure(self, token: int, now: float, took: float) -> None:
        """The call with this token failed in a way that speaks against the vendor."""
        if token != self._current:
            if self._leases.pop(token, None) is not None:
                self._probed(now, well=False)
            return
        tally = self._tally
        if now >= tally.edge:
            tally.turn(now)
        tally.calls += 1
        tally.failures += 1
        if took > self._slow_after:
            tally.slow += 1
        self._judge(now)

    def cancel(self, token: int, now: float) -> None:  # noqa: ARG002 - the same shape as success and failure
        """The call with this token ended without a verdict: its permit is free, nothing else moves."""
        self._leases.pop(token, None)

    def forgive(self) -> None:
        """Begin a new generation in the same state: what fails from older calls has a cause that has been mended."""
        if not self._current:
            return
        self._tally.clear()
        self._token += 1
        if self._pass:
            self._pass = self._token
        self._current = self._token

    def force(self, state: State | None, now: float) -> None:
        """Hold the breaker FORCED_OPEN or FORCED_CLOSED, or any other state; None sets it back to CLOSED."""
        self._outage = None
        if state is State.OPEN:
            self._open(now)
        elif state is None or state is State.CLOSED:
            self._close(now, fresh=True)
        else:
            self._well = 0
            self._become(state, now)

    def _probed(self, now: float, *, well: bool) -> None:
        """One probe came back: enough in a row begin the ramp, a bad one opens again."""
        if not well:
            self._open(now)
            return
        self._well += 1
        if self._well < self.options.close_after:
            return
        if self.options.ramp > 0.0:
            self._become(State.RAMP, now)
        else:
            self._close(now, fresh=True)

    def _judge(self, now: float) -> None:
        """Open if the newest calls went too badly; the ramp is judged on fewer of them."""
        if self.state is State.FORCED_CLOSED:
            return
        options = self.options
        least = options.min_calls
        if self.state is State.RAMP:
            least = max(1, least // _RAMP_CALLS)
        calls, failures, slow = self._tally.recent(now, 2 * least)
        too_slow = options.slow_after is not None and slow >= options.slow_rate * calls
        if calls >= least and (too_slow or failures >= options.failure_rate * calls):
            self._open(now, calls, failures)

    def _open(self, now: float, calls: int = 0, failures: int = 0) -> None:
        """Let none through for a time that grows with the age of the outage."""
        if self._outage is None:
            self._outage = now
        options = self.options
        nominal = min(options.open_max, max(options.open_for, options.open_growth * (now - self._outage)))
        # Spread by the random number of the last probe, so that many processes do not probe in step.
        self._until = now + min(options.open_max, nominal * (1.0 + _SPREAD * self._rand))
        self._become(State.OPEN, now, calls, failures)

    def _close(self, now: float, *, fresh: bool = False) -> None:
        """Let all through; the ramp's calls belong to the same generation unless the start is `fresh`."""
        self._outage = None
        if fresh:
            self._become(State.CLOSED, now)
            return
        self.changes.append(Change(self.state, State.CLOSED, now))
        self.state = State.CLOSED
        self._pass = self._current

    def _become(self, state: State, now: float, calls: int = 0, failures: int = 0) -> None:
        """Begin a generation: older tokens lose their effect, counters begin anew."""
        self.changes.append(Change(self.state, state, now, calls, failures))
        self.state = state
        self._began = now
        self._token += 1
        self._leases.clear()
        self._tally.clear()
        counts = state in {State.CLOSED, State.RAMP, State.FORCED_CLOSED}
        self._current = self._token if counts else 0
        self._pass = 0 if state is State.RAMP else self._current
