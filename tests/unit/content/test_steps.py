"""The steps of a post in the journal."""

from __future__ import annotations

import pytest

from backstay.content import PostKind
from backstay.content_adapter.steps import WHOLE, Prepared, Steps, digest
from backstay.errors import IdempotencyConflictError
from backstay.testing import VirtualClock
from backstay.writes.journal import State
from backstay.writes.memory import MemoryJournal


def steps(journal: MemoryJournal, key: str = "k", payload: str = "1:a") -> Steps:
    """Of one key."""
    return Steps(journal, VirtualClock(), ("square", "1"), key, payload)


async def test_what_was_written_down_first_counts() -> None:
    """Of two calls that make a container each, both go on with one."""
    journal = MemoryJournal()
    one, two = Prepared(id="1", kind=PostKind.IMAGE), Prepared(id="2", kind=PostKind.IMAGE)
    assert await steps(journal).known(1, WHOLE) is None
    assert await steps(journal).keep(1, WHOLE, one) == one
    assert await steps(journal).keep(1, WHOLE, two) == one
    found = await steps(journal).known(1, WHOLE)
    assert found is not None
    assert found[0] == one
    assert await steps(journal, key="other").known(1, WHOLE) is None


async def test_a_round_is_begun_before_anything_is_made_in_it() -> None:
    """A process that dies in between finds the new round, and nothing of it."""
    journal = MemoryJournal()
    await steps(journal).keep(1, WHOLE, Prepared(id="1"))
    assert await steps(journal).round() == 1
    await steps(journal).begin(2, "1")
    await steps(journal).begin(2, "1")
    assert await steps(journal).round() == 2
    assert await steps(journal).last() is None
    notes = [each.note for each in await journal.records(State.VERIFIED)]
    assert "the container 1 is dead" in notes


async def test_another_payload_is_a_conflict_under_the_callers_own_key() -> None:
    """For reading and for writing; whoever recovers knows no payload, and may look."""
    journal = MemoryJournal()
    await steps(journal).keep(1, WHOLE, Prepared(id="1"))
    other = steps(journal, payload="1:b")
    for work in (other.known(1, WHOLE), other.keep(1, WHOLE, Prepared(id="2"))):
        with pytest.raises(IdempotencyConflictError) as caught:
            await work
        assert caught.value.value == "k"
    assert await steps(journal, payload="").last() is not None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hello", "Hello", True), ("Hello\r\nyou ", " Hello\nyou", True), ("Caf\u00e9", "Cafe\u0301", True),
        ("Hello", "hello", False), ("Hello", "Hello!", False), ("a b", "a  b", False), ("", None, True),
        ("  ", "", True),
    ],
)  # fmt: skip
def test_captions_are_compared_as_vendors_keep_them(one: str, other: str | None, same: bool) -> None:
    """Blanks at ends of lines and composed letters do not count; every other sign does."""
    assert (digest(one) == digest(other)) is same


def test_no_caption_tells_nothing() -> None:
    """Its digest is empty, so that it never matches as a caption."""
    assert digest("") == digest(" \n") == ""
