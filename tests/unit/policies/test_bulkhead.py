"""Bulkhead: never more than the limit, and every place comes back once."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backstay.errors import InternalError, InvalidRequestError
from backstay.policies.bulkhead import Bulkhead, BulkheadOptions


def test_the_place_after_the_last_is_refused() -> None:
    """A full bulkhead refuses, and a refusal takes no place."""
    bulkhead = Bulkhead(BulkheadOptions(limit=2))
    assert [bulkhead.enter() for _ in range(3)] == [True, True, False]
    assert bulkhead.full
    bulkhead.leave()
    assert not bulkhead.full
    assert bulkhead.in_flight == 1


def test_a_place_given_back_twice_is_an_error_not_a_larger_limit() -> None:
    """Leaving more often than entering is refused loudly."""
    bulkhead = Bulkhead()
    bulkhead.enter()
    bulkhead.leave()
    with pytest.raises(InternalError):
        bulkhead.leave()
    assert bulkhead.in_flight == 0


@pytest.mark.parametrize(
    ("queue", "waiting", "verdict"), [(2, 0, True), (2, 1, True), (2, 2, False), (2, 9, False), (0, 0, False)]
)
def test_the_line_is_bounded(queue: int, waiting: int, verdict: bool) -> None:
    """No more may wait than the queue holds; a queue of 0 sheds at once."""
    assert Bulkhead(BulkheadOptions(queue=queue)).may_queue(waiting) is verdict


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"queue": -1}, "queue"),
        ({"max_wait": -1.0}, "max_wait"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, int], field: str) -> None:
    """A refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        BulkheadOptions(**settings)
    assert caught.value.field == field


class BulkheadMachine(RuleBasedStateMachine):
    """Entering, leaving and a limit that moves while calls are under way."""

    def __init__(self) -> None:
        """An empty bulkhead for three."""
        super().__init__()
        self.bulkhead = Bulkhead(BulkheadOptions(limit=3))
        self.inside = 0

    @rule()
    def enter(self) -> None:
        """Admitted exactly while below the limit."""
        admitted = self.bulkhead.enter()
        assert admitted is (self.inside < self.bulkhead.limit)
        self.inside += admitted

    @precondition(lambda self: self.inside > 0)
    @rule()
    def leave(self) -> None:
        """A call ends, whatever way."""
        self.bulkhead.leave()
        self.inside -= 1

    @rule(limit=st.integers(1, 5))
    def resize(self, limit: int) -> None:
        """A lower limit interrupts nobody."""
        self.bulkhead.limit = limit

    @invariant()
    def counted(self) -> None:
        """The counter is what is inside, and zero after the last one left."""
        assert self.bulkhead.in_flight == self.inside
        assert self.bulkhead.full is (self.inside >= self.bulkhead.limit)


TestBulkheadMachine = BulkheadMachine.TestCase
