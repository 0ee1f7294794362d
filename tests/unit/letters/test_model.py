"""A letter: the fields of the requirements, one for each logical call, and what merging two of them gives."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import BadResponseError
from backstay.letters import Letter, LetterError, LetterState, Outcome
from backstay.letters.model import letter_id
from tests.support.letters import at, letter


def test_the_record_has_the_fields_of_the_requirements() -> None:
    """S2-13, by their names, first, as JSON; the id is a UUID and times carry their offset."""
    found = json.loads(json.dumps(letter(context={"workflow_id": "w"}).as_json()))
    assert list(found)[:6] == ["dlq_id", "timestamp", "original_event", "error", "retry_count", "context"]
    assert UUID(found["dlq_id"]).version == 5
    assert found["timestamp"] == "2026-01-01T00:00:00Z"
    assert found["original_event"] == {"event_id": "a"}
    assert found["error"] == {"type": "ConnectionFailedError", "message": "no way", "traceback": None}
    assert (found["retry_count"], found["context"]) == (3, {"workflow_id": "w"})


def test_what_is_written_is_read() -> None:
    """Also by an older version of us, which ignores what it does not know."""
    assert Letter.from_json(letter().as_json()) == letter()
    assert Letter.from_json({**letter().as_json(), "of_a_later_version": 1}) == letter()


@pytest.mark.parametrize("found", [None, [], {}, {"dlq_id": "x"}, {**letter().as_json(), "timestamp": "yesterday"}])
def test_what_is_no_letter_is_refused(found: object) -> None:
    """The field is named; what stands in it is not, since it may be anything."""
    with pytest.raises(BadResponseError, match="no dead letter") as caught:
        Letter.from_json(found)
    assert "yesterday" not in str(caught.value)


def test_one_call_has_one_id() -> None:
    """The same in every process; another key has another."""
    assert letter_id("tiktok/7001/create/k") == letter_id("tiktok/7001/create/k") != letter_id("tiktok/7001/create/l")


def test_a_second_failure_counts_up_in_the_same_letter() -> None:
    """The newest error, the first time, both counted."""
    newer = letter(seconds=60, error=LetterError(type="CallTimeoutError", message="late"), retry_count=1)
    merged = letter().merged(newer)
    assert (merged.failures, merged.first_at, merged.timestamp) == (2, at(0), at(60))
    assert (merged.error.type, merged.retry_count) == ("CallTimeoutError", 1)


MERGES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"outcome": Outcome.OPEN}, {}, {"outcome": Outcome.OPEN}),  # a breaker that opens later proves nothing
    ({}, {"outcome": Outcome.OPEN}, {"outcome": Outcome.OPEN}),
    ({"before": "b"}, {}, {"before": "b"}),
    ({"before": "b"}, {"before": "c"}, {"before": "c"}),
    ({"call": "c"}, {"call": None, "not_replayable": "why"}, {"call": "c", "not_replayable": None}),
    ({"call": None, "not_replayable": "x"}, {"call": None, "not_replayable": "y"}, {"not_replayable": "y"}),
    ({"held_until": at(99)}, {}, {"held_until": at(99)}),  # a replay that is under way goes on
]


@pytest.mark.parametrize(("old", "new", "expected"), MERGES)
def test_what_merging_keeps(old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]) -> None:
    """What the newer failure does not know is not lost."""
    merged = letter(**old).merged(letter(seconds=60, **new))
    assert {name: getattr(merged, name) for name in expected} == expected


def test_a_settled_letter_reopens_for_a_later_failure_only() -> None:
    """One that was spilled before the replay and drained after it changes nothing but the count."""
    done = letter(outcome=Outcome.OPEN).settled(LetterState.REPLAYED, at(100))
    late = done.merged(letter(seconds=50))
    assert (late.state, late.failures, late.settled_at) == (LetterState.REPLAYED, 2, at(100))
    again = done.merged(letter(seconds=200))
    assert (again.state, again.settled_at, again.outcome) == (LetterState.WAITING, None, Outcome.FAILED)


@given(st.permutations([0, 10, 20, 30]))
def test_the_order_in_which_failures_arrive_does_not_matter(order: list[int]) -> None:
    """The spill file may be drained at any time."""
    merged = letter(seconds=order[0])
    for seconds in order[1:]:
        merged = merged.merged(letter(seconds=seconds))
    assert (merged.failures, merged.first_at, merged.timestamp) == (4, at(0), at(30))
