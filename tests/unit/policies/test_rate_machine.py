"""Bucket, window, gate and limiter: never more admitted than allowed, over every span of time."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from backstay.policies.rate import Gate, Limiter, TokenBucket, Window

GAPS = st.one_of(st.sampled_from([0.0, 0.001, 0.1, 1.0, 30.0]), st.floats(0.0, 20.0))


class LimiterMachine(RuleBasedStateMachine):
    """Callers, holds and time in any order."""

    @initialize(
        start=st.sampled_from([0.0, 17.3, 1e6, 1e9]),
        rate=st.floats(0.1, 50.0),
        burst=st.floats(2.0, 20.0),
        limit=st.none() | st.integers(2, 30),
    )
    def begin(self, start: float, rate: float, burst: float, limit: int | None) -> None:
        """One bucket (the quick way through `admit`), or a bucket and a window."""
        self.rate, self.burst, self.limit = rate, burst, limit
        bucket = TokenBucket(rate, burst, start)
        self.window = Window(limit, 10.0) if limit else None
        self.limiter = Limiter((bucket, self.window) if self.window else (bucket,), Gate(rise=0.02))
        self.now, self.held = start, float("-inf")
        self.log: list[tuple[float, float]] = []

    def state(self) -> tuple[object, ...]:
        """All that a refusal must leave alone."""
        gate, window = self.limiter.gate, self.window
        bucket = self.limiter.buckets[0]
        assert isinstance(bucket, TokenBucket)
        return bucket.full_at, window and window.used, gate.quiet, gate.held_until, gate.tally.calls

    @rule(seconds=GAPS)
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule(cost=st.sampled_from([0.5, 1.0, 2.0]), times=st.integers(1, 8))
    def callers(self, cost: float, times: int) -> None:
        """The head of the line asks; the answer agrees with `wait`, and a refusal takes nothing."""
        for _ in range(times):
            announced, before = self.limiter.wait(self.now, cost), self.state()
            answer = self.limiter.admit(self.now, cost)
            assert answer == announced
            if answer == 0.0:
                assert self.now >= self.held
                self.log.append((self.now, cost))
            else:
                assert answer > 0.0
                assert self.state() == before

    @rule(cost=st.sampled_from([0.5, 1.0, 2.0]))
    def patient_caller(self, cost: float) -> None:
        """Whoever sleeps exactly as long as told gets through, without a second sleep."""
        asked = self.limiter.wait(self.now, cost)
        self.now += asked
        assert self.limiter.admit(self.now, cost) == 0.0
        self.log.append((self.now, cost))

    @rule(seconds=st.sampled_from([-1.0, 0.0, 0.5, 5.0, 40.0]))
    def vendor_says_wait(self, seconds: float) -> None:
        """A hold only ever moves forward."""
        before = self.limiter.gate.held_until
        self.limiter.gate.hold(self.now + seconds, self.now)
        after = self.limiter.gate.held_until
        assert after >= before
        if seconds > 0.0:
            assert after >= self.now + seconds
            self.held = after

    @invariant()
    def never_more_than_rate_and_burst(self) -> None:
        """Over every span: admitted <= rate x t + burst."""
        if not hasattr(self, "log"):
            return
        dust = 1e-3 + self.rate * 2e-6
        total, lowest = 0.0, float("inf")
        for at, cost in self.log:
            lowest = min(lowest, total - self.rate * (at - self.log[0][0]))
            total += cost
            assert total - self.rate * (at - self.log[0][0]) - lowest <= self.burst + dust

    @invariant()
    def never_more_than_the_window(self) -> None:
        """In every ten seconds: admitted <= limit."""
        if not hasattr(self, "log") or self.limit is None:
            return
        recent = sum(cost for at, cost in self.log if at > self.now - 10.0)
        assert recent <= self.limit + 1e-6


LimiterMachine.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestLimiterMachine = LimiterMachine.TestCase


class GateMachine(RuleBasedStateMachine):
    """A line at the gate: nobody passes during a hold, and after it they pass one pace apart."""

    @initialize()
    def begin(self) -> None:
        """An open gate."""
        self.gate, self.now = Gate(), 50.0
        self.passed: list[float] = []

    @rule(seconds=GAPS)
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    @rule(seconds=st.floats(0.1, 60.0))
    def hold(self, seconds: float) -> None:
        """The vendor says wait."""
        self.gate.hold(self.now + seconds, self.now)
        self.passed.clear()

    @rule(times=st.integers(1, 30))
    def line(self, times: int) -> None:
        """Each goes as soon as it may."""
        for _ in range(times):
            self.now += self.gate.wait(self.now)
            assert self.now >= self.gate.held_until or self.gate.quiet
            pace = self.gate.pace(self.now)
            self.gate.take(self.now)
            if self.passed and not self.gate.quiet:
                assert self.now - self.passed[-1] >= 0.9 / pace / 3.0
            self.passed.append(self.now)

    @invariant()
    def at_most_the_pace(self) -> None:
        """Since the last hold no second saw more than the pace of its end and one."""
        if not hasattr(self, "gate") or self.gate.quiet or not self.passed:
            return
        last = self.passed[-1]
        assert sum(at > last - 1.0 for at in self.passed) <= self.gate.pace(last) + 1.0 + 1e-6


GateMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestGateMachine = GateMachine.TestCase
