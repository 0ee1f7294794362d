"""Which failures leave a dead letter, and when the alarm rings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import CLASSES, InvalidRequestError
from backstay.policies.letters import SizeAlarm, check_retention, deserves_letter
from backstay.taxonomy import TYPES, Certainty

KEPT = {
    "API_RATE_LIMIT", "QUOTA_EXHAUSTED", "CONNECTION_FAILED", "TIMEOUT", "DEADLINE_EXCEEDED", "CIRCUIT_OPEN",
    "UNKNOWN_OUTCOME", "BAD_RESPONSE", "LOAD_SHED", "MCP_CONNECTION_ERROR", "MCP_TIMEOUT", "AI_MODEL_FAILED",
    "PLATFORM_SERVICE_ERROR", "PLATFORM_TIMEOUT", "SERVICE_UNAVAILABLE", "RESOURCE_LIMIT",
}  # fmt: skip
"""Out of tries, time, budget or room; held back; asked to wait for longer; quota; unknown outcome."""


@pytest.mark.parametrize("name", sorted(TYPES))
def test_what_may_succeed_later_leaves_a_letter(name: str) -> None:
    """Every type of the taxonomy is one or the other: a wrong, forbidden or guarded request leaves none."""
    error = CLASSES[name](certainty=Certainty.REFUSED)
    assert deserves_letter(error, wrote=True) is (name in KEPT)


@pytest.mark.parametrize(
    ("name", "wrote", "kept"),
    [
        ("INTERNAL_ERROR", True, True),  # sent, and nobody knows what became of it
        ("INTERNAL_ERROR", False, False),  # a fault of ours on the way to the write
        ("CONFLICT", True, False),  # somebody else has decided in the meantime
        ("IN_FLIGHT", True, False),  # the other call leaves its own letter
        ("NOT_READY", True, False),  # the write is done; its media is being processed
        ("PROCESSING_FAILED", False, False),
    ],
)
def test_an_open_outcome_of_a_write_leaves_a_letter(name: str, wrote: bool, kept: bool) -> None:
    """Whatever its type, unless it is settled elsewhere."""
    assert deserves_letter(CLASSES[name](certainty=Certainty.UNKNOWN), wrote=wrote) is kept


def test_the_vendors_word_on_one_error_counts() -> None:
    """A row of a vendor's table may say that this conflict passes, or that this platform error does not."""
    refused = Certainty.REFUSED
    assert deserves_letter(CLASSES["CONFLICT"](retryable=True, certainty=refused), wrote=True)
    assert not deserves_letter(CLASSES["PLATFORM_SERVICE_ERROR"](retryable=False, certainty=refused), wrote=True)


def test_the_alarm_rings_once_until_it_was_better() -> None:
    """At the limit, not at every letter beyond it; again after a fifth fewer."""
    alarm = SizeAlarm(10)
    assert [n for n in (1, 9, 10, 11, 50, 9, 10, 8, 9, 10) if alarm.rings(n)] == [10, 10]


@given(st.lists(st.integers(0, 40), max_size=60))
def test_the_alarm_never_rings_below_its_limit_nor_twice_in_a_row(counts: list[int]) -> None:
    """Between two rings there is a moment of calm."""
    alarm, calm = SizeAlarm(20), True
    for count in counts:
        if alarm.rings(count):
            assert count >= 20
            assert calm
            calm = False
        calm = calm or count <= 16


@pytest.mark.parametrize(
    ("age", "count", "alarm", "field"),
    [
        (0.0, 10, 5, "max_age"), (-1.0, 10, 5, "max_age"), (float("nan"), 10, 5, "max_age"), (True, 10, 5, "max_age"),
        (1.0, 0, 5, "max_count"), (1.0, 10, 0, "alarm"), (1.0, 10, 11, "alarm"), (1.0, 1.5, 1, "max_count"),
    ],
)  # fmt: skip
def test_retention_that_keeps_nothing_is_refused(age: float, count: int, alarm: int, field: str) -> None:
    """By its field; an alarm above the limit would never be heard."""
    with pytest.raises(InvalidRequestError) as caught:
        check_retention(age, count, alarm)
    assert caught.value.field == field
    assert caught.value.hint


def test_retention_as_it_comes_is_fine() -> None:
    """The limit itself may be the alarm."""
    check_retention(1.0, 10, 10)
