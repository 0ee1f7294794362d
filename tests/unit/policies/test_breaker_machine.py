"""Breaker: its invariants under every interleaving of calls, cancellations, lost reports and time."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backstay.policies.breaker import Breaker, BreakerOptions, State

RAND = st.floats(0.0, 1.0, exclude_max=True)
PICK = st.integers(0, 10**6)


@dataclass
class Held:
    """A permit that is not given back yet."""

    token: int
    generation: int
    lease: float | None
    """Until when a probe's place is its own; None for a permit that is no probe."""


class BreakerMachine(RuleBasedStateMachine):
    """Calls begin, end, are cancelled or never reported, in any order."""

    @initialize(
        probes=st.integers(1, 3),
        close_after=st.integers(1, 3),
        ramp=st.sampled_from([0.0, 0.5]),
        slow=st.booleans(),
    )
    def begin(self, probes: int, close_after: int, ramp: float, slow: bool) -> None:
        """A small breaker that opens easily."""
        options = BreakerOptions(
            min_calls=2, failure_rate=0.6, probes=probes, close_after=close_after, ramp=ramp, probe_lease=5.0,
            slow_after=1.0 if slow else None,
        )  # fmt: skip
        self.breaker, self.now, self.generation = Breaker(options), 100.0, 0
        self.held: list[Held] = []
        self.lost: list[Held] = []

    def note_changes(self) -> None:
        """Count generations: each transition begins one, except the ramp's end."""
        while change := self.breaker.take_change():
            self.generation += (change.before, change.after) != (State.RAMP, State.CLOSED)
            assert change.at == self.now
            if change.after is State.OPEN:
                options = self.breaker.options
                assert options.open_for <= self.breaker.peek(self.now) + 1e-9 <= options.open_max + 1e-6

    def snapshot(self) -> tuple[object, ...]:
        """All that decides about later calls, but for the places of probes."""
        breaker = self.breaker
        tally = breaker._tally.recent(self.now, 10**9)
        inner = (breaker._until, breaker._well, breaker._outage, breaker._current)
        return breaker.state, tally, inner, len(breaker.changes)

    def probes_out(self) -> list[Held]:
        """Probes of this generation that hold a place under a running lease."""
        return [
            h for h in self.held + self.lost
            if h.lease is not None and h.generation == self.generation and h.lease > self.now
        ]  # fmt: skip

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.1, 0.3, 0.6, 2.0, 5.0, 11.0, 100.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule(rand=RAND)
    def begin_call(self, rand: float) -> None:
        """A permit agrees with what `peek` announced, and `peek` moves nothing."""
        before = self.snapshot()
        announced = self.breaker.peek(self.now)
        assert self.snapshot() == before
        ramp = self.breaker.state is State.RAMP
        token = self.breaker.permit(self.now, rand)
        self.note_changes()
        if token < 0:
            assert token == -1
            assert announced > 0.0 or ramp
            return
        assert announced == 0.0
        assert token not in {h.token for h in self.held if h.lease is not None}
        probe = self.breaker.state is State.HALF_OPEN
        lease = self.now + self.breaker.options.probe_lease if probe else None
        self.held.append(Held(token, self.generation, lease))

    @precondition(lambda self: self.breaker.state is State.CLOSED)
    @rule()
    def outage(self) -> None:
        """Calls fail until it opens, and then it is time for a probe."""
        while self.breaker.state is State.CLOSED:
            self.breaker.failure(self.breaker.permit(self.now, 0.5), self.now, 0.05)
        self.note_changes()
        self.now += self.breaker.peek(self.now)

    @precondition(lambda self: self.held)
    @rule(pick=PICK, failed=st.booleans(), took=st.sampled_from([0.05, 3.0]))
    def end_call(self, pick: int, failed: bool, took: float) -> None:
        """A result of an older generation has no effect at all."""
        held = self.held.pop(pick % len(self.held))
        before = self.snapshot()
        report = self.breaker.failure if failed else self.breaker.success
        report(held.token, self.now, took)
        if held.generation != self.generation:
            assert self.snapshot() == before
        self.note_changes()

    @precondition(lambda self: self.held)
    @rule(pick=PICK)
    def cancel_call(self, pick: int) -> None:
        """A cancelled call changes no statistic and no state."""
        held = self.held.pop(pick % len(self.held))
        before = self.snapshot()
        self.breaker.cancel(held.token, self.now)
        assert self.snapshot() == before

    @precondition(lambda self: self.held)
    @rule(pick=PICK)
    def lose_call(self, pick: int) -> None:
        """A permit is never reported."""
        self.lost.append(self.held.pop(pick % len(self.held)))

    @rule(state=st.sampled_from([None, State.FORCED_OPEN, State.FORCED_CLOSED, State.OPEN]))
    def force(self, state: State | None) -> None:
        """Somebody takes it in hand."""
        self.breaker.force(state, self.now)
        self.note_changes()

    @invariant()
    def at_most_n_probes(self) -> None:
        """In half-open never more than N calls at once."""
        if hasattr(self, "breaker") and self.breaker.state is State.HALF_OPEN:
            assert len(self.probes_out()) <= self.breaker.options.probes

    @invariant()
    def never_stuck(self) -> None:
        """Unless it was forced, a try makes sense within the longest open time."""
        if hasattr(self, "breaker") and self.breaker.state is not State.FORCED_OPEN:
            assert 0.0 <= self.breaker.peek(self.now) <= self.breaker.options.open_max
            assert 0.0 <= self.breaker.retry_after(self.now) <= self.breaker.options.open_max


BreakerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestBreakerMachine = BreakerMachine.TestCase
