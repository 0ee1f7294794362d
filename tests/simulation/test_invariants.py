"""What must hold whatever happens: calls, failures, cancellations and time in any order, and a witness of them all."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from backstay.errors import (
    ConnectionFailedError,
    InvalidRequestError,
    PlatformServiceError,
    RateLimitError,
    ServiceUnavailableError,
)
from backstay.policies.breaker import State
from backstay.taxonomy import Certainty
from backstay.writes.journal import DONE, OPEN, JournalKey
from tests.support import make_scope
from tests.support.stage import Stage, Step

SECONDS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 40.0])
"""On a grid, so that things coincide: a place is free in the moment in which a deadline is over."""
ERRORS = st.sampled_from(
    [
        None,
        None,
        PlatformServiceError(),
        ServiceUnavailableError(),
        ConnectionFailedError(certainty=Certainty.NOT_SENT),
        RateLimitError(retry_after=1.0),
        RateLimitError(retry_after=30.0),
        RateLimitError(),
        InvalidRequestError("no"),
        ValueError("a bug"),
    ]
)
STEPS = st.lists(st.tuples(SECONDS, ERRORS), min_size=1, max_size=4)
DEADLINES = st.sampled_from([0.5, 1.0, 2.0, 20.0, 130.0])
TIMEOUTS = st.sampled_from([0.5, 1.0, 30.0])
PICK = st.integers(0, 10**6)
BAD: list[Step] = [(0.05, PlatformServiceError())]
HANGS: list[Step] = [(40.0, None)]


class CallsMachine(RuleBasedStateMachine):
    """Reads, through a scope that is small enough for everything to matter."""

    @initialize(
        limit=st.sampled_from([1, 2, 8]), queue=st.integers(0, 3), rate=st.sampled_from([2.0, 1e6]),
        probes=st.integers(1, 2), hedging=st.booleans(), shadow=st.booleans(),
        reserve=st.sampled_from([0.0, 2.0, 10.0]),
    )  # fmt: skip
    def begin(
        self, limit: int, queue: int, rate: float, probes: int, hedging: bool, shadow: bool, reserve: float
    ) -> None:
        """An empty stage."""
        scope = make_scope(
            rate=rate, limit=limit, queue=queue, max_wait=10.0, min_calls=4, probes=probes, shadow=shadow
        )
        scope.budget.reserve = scope.budget.cap = scope.budget.balance = reserve
        self.stage = Stage(scope, hedging=hedging)

    @rule(
        steps=STEPS, deadline=DEADLINES, timeout=TIMEOUTS, who=st.sampled_from(["write", "interactive", "background"])
    )
    def ask(self, steps: list[Step], deadline: float, timeout: float, who: str) -> None:
        """Somebody asks."""
        self.stage.ask(steps, deadline=deadline, timeout=timeout, criticality=who)

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.stage.pass_time(seconds)

    @rule(count=st.integers(4, 12))
    def outage(self, count: int) -> None:
        """Everything fails for a while: the breaker has reason to open."""
        for _ in range(count):
            self.stage.ask(BAD, deadline=20.0, timeout=1.0)
            self.stage.pass_time(0.1)

    @rule(count=st.integers(2, 6))
    def overload(self, count: int) -> None:
        """Many at once, and none is answered in time: fewer may go from now on."""
        for _ in range(count):
            self.stage.ask(HANGS, deadline=20.0, timeout=1.0)
        self.stage.pass_time(1.0)

    @precondition(lambda self: self.stage.under_way)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        """A cancelled call says nothing of the vendor."""
        stage = self.stage
        stage.settle()
        if stage.under_way:
            played = stage.under_way[pick % len(stage.under_way)]
            before = stage.statistics()
            stage.cancel(played)
            assert played.task is not None
            while not played.task.done():
                stage.step()
            assert stage.statistics() == before
            assert played.task.cancelled()

    @rule(state=st.sampled_from([None, State.FORCED_OPEN, State.FORCED_CLOSED]))
    def force(self, state: State | None) -> None:
        """Somebody takes the breaker in hand."""
        self.stage.scope.breaker.force(state, self.stage.clock.monotonic())

    @invariant()
    def holds(self) -> None:
        """No rule was broken so far."""
        if hasattr(self, "stage"):
            assert self.stage.witness.complaints == []

    def teardown(self) -> None:
        """When all is over nothing is left."""
        if hasattr(self, "stage"):
            self.stage.scope.breaker.force(None, self.stage.clock.monotonic())
            assert self.stage.close() == []


KEYS = st.sampled_from(["a", "b"])
LOST = st.sampled_from([None, Exception("after"), PlatformServiceError("no", certainty=Certainty.REFUSED)])


class CreatesMachine(RuleBasedStateMachine):
    """Creates whose answers are lost, which are cancelled, or begun again under the same key."""

    @initialize()
    def begin(self) -> None:
        """A wide scope: what matters here is what is made."""
        self.stage = Stage(make_scope(min_calls=1_000))
        self.stage.scope.budget.balance = self.stage.scope.budget.cap = 1_000.0

    @rule(
        key=KEYS, steps=st.lists(st.tuples(st.sampled_from([0.05, 0.9]), LOST), min_size=1, max_size=4),
        deadline=st.sampled_from([0.5, 4.0, 60.0]), timeout=st.sampled_from([0.3, 5.0]),
        lag=st.sampled_from([0.0, 1.9]),
    )  # fmt: skip
    def make(self, key: str, steps: list[Step], deadline: float, timeout: float, lag: float) -> None:
        """Somebody creates."""
        self.stage.make(key, steps, deadline=deadline, timeout=timeout, lag=lag)

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.5, 2.0, 70.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.stage.pass_time(seconds)

    @precondition(lambda self: self.stage.under_way)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        """A caller gives up in the middle of it."""
        self.stage.settle()
        if self.stage.under_way:
            self.stage.cancel(self.stage.under_way[pick % len(self.stage.under_way)])
            self.stage.settle()

    @invariant()
    def holds(self) -> None:
        """No rule was broken so far: above all, nothing was made twice."""
        if hasattr(self, "stage"):
            assert self.stage.witness.complaints == []

    def teardown(self) -> None:
        """Nothing is left, and nothing was made that the journal does not know of."""
        if not hasattr(self, "stage"):
            return
        stage = self.stage
        stage.pass_time(200.0)
        for key in stage.objects:
            record = stage.loop.run_until_complete(stage.journal.get(JournalKey("test", "1", "make", key).id))
            assert record is not None
            assert record.state in DONE or record.state in OPEN
        assert stage.close() == []


CallsMachine.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
TestCalls = CallsMachine.TestCase
CreatesMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
TestCreates = CreatesMachine.TestCase


def test_a_second_request_that_ends_after_its_call_is_no_false_alarm() -> None:
    """It is sent in the moment in which the first fails, and its end is seen a turn after the timer's verdict."""
    machine = CallsMachine()
    machine.begin(limit=8, queue=0, rate=1e6, probes=1, hedging=True, shadow=False, reserve=2.0)
    machine.ask(steps=[(0.25, RateLimitError())], deadline=0.5, timeout=0.5, who="write")
    machine.overload(count=2)
    machine.holds()
    assert machine.stage.witness.failures == 3
    machine.teardown()
