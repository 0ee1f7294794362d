"""Both stores, one behaviour: letters are merged, found, lent to one replay at a time, changed and deleted."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from backstay.errors import InvalidRequestError
from backstay.letters import LetterSink, LetterState, LetterStore, MemoryLetters, Purged, SqliteLetters, Wanted
from backstay.letters.model import letter_id
from backstay.writes.database import Database
from tests.support.letters import at, incident, letter

A, B, C = (letter_id(key) for key in "abc")


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LetterStore]:
    if request.param == "memory":
        yield MemoryLetters()
        return
    database = Database(tmp_path / "letters.sqlite")
    yield SqliteLetters(database)
    database.close()


async def test_they_speak_the_protocols(store: LetterStore) -> None:
    """A store is a sink too: what a worker needs is `start` and `put`."""
    assert isinstance(store, LetterStore)
    assert isinstance(store, LetterSink)
    await store.start()
    await store.start()


async def test_what_was_put_is_there(store: LetterStore) -> None:
    """As it was put, by its id; nothing else is."""
    assert await store.put(incident()) == (letter(),)
    assert await store.get(A) == letter()
    assert await store.get(B) is None
    assert await store.put() == ()


async def test_a_second_failure_is_merged_and_one_told_twice_counts_once(store: LetterStore) -> None:
    """By the incident's token, so that a drain which broke off can begin again."""
    await store.put(incident(), incident("b"))
    (kept,) = await store.put(incident(seconds=60))
    assert (kept.failures, kept.timestamp) == (2, at(60))
    (again,) = await store.put(incident(seconds=60))
    assert again == kept == await store.get(A)
    assert await store.waiting() == 2


async def test_a_list_is_filtered_ordered_and_cut(store: LetterStore) -> None:
    """The oldest failure first; each filter narrows."""
    await store.put(incident("a", 30), incident("b", 10, vendor="meta"), incident("c", 20, operation="create_ad"))
    await store.change(C, None, lambda found: found.settled(LetterState.DISCARDED, at(40)))

    async def ids(**wanted: object) -> list[str]:
        return [found.key for found in await store.find(Wanted(**wanted))]  # type: ignore[arg-type]  # a table of filters

    assert await ids() == ["b", "c", "a"]
    assert await ids(limit=2) == ["b", "c"]
    assert await ids(state=LetterState.WAITING) == ["b", "a"]
    assert await ids(vendor="meta") == ["b"]
    assert await ids(operation="create_ad", state=LetterState.DISCARDED) == ["c"]
    assert await ids(account="7001", vendor="meta") == ["b"]
    assert await ids(account="other") == []
    assert await store.waiting() == 2


async def test_a_letter_is_lent_to_one_owner(store: LetterStore) -> None:
    """Until the hold ends or is given back; the same owner may hold it longer."""
    await store.put(incident())
    held = await store.hold(A, "one", at(0), at(60))
    assert held is not None
    assert held.held_until == at(60)
    assert await store.hold(A, "other", at(59), at(120)) is None
    assert await store.hold(A, "one", at(59), at(120)) is not None
    assert await store.hold(A, "other", at(119), at(180)) is None
    assert await store.hold(A, "other", at(120), at(180)) is not None
    assert await store.change(A, "one", lambda found: found) is None  # it has lost it
    assert await store.change(A, "other", lambda found: found) is not None
    assert await store.hold(A, "one", at(121), at(180)) is not None


async def test_what_is_gone_or_over_is_lent_to_nobody(store: LetterStore) -> None:
    """A replay of it would be a second one."""
    assert await store.hold(A, "one", at(0), at(60)) is None
    await store.put(incident())
    await store.change(A, None, lambda found: found.settled(LetterState.REPLAYED, at(1)))
    assert await store.hold(A, "one", at(2), at(60)) is None


async def test_two_that_ask_at_once_are_one_that_gets_it(store: LetterStore) -> None:
    """Whatever the order."""
    await store.put(incident())
    tries = await asyncio.gather(*(store.hold(A, f"owner {n}", at(0), at(60)) for n in range(20)))
    assert sum(found is not None for found in tries) == 1


async def test_a_failure_in_mid_replay_leaves_the_hold(store: LetterStore) -> None:
    """The application fails with the same call while it is replayed: counted, and still lent."""
    await store.put(incident())
    await store.hold(A, "one", at(0), at(60))
    await store.put(incident(seconds=5))
    assert await store.hold(A, "other", at(6), at(60)) is None
    changed = await store.change(A, "one", lambda found: found.settled(LetterState.REPLAYED, at(7)))
    assert changed is not None
    assert (changed.failures, changed.held_until) == (2, None)


async def test_changing_nothing(store: LetterStore) -> None:
    """No such letter is None."""
    assert await store.change(A, None, lambda found: found) is None


@pytest.mark.parametrize(
    ("before", "most", "left", "purged"),
    [
        (0, 10, "abc", Purged(0, 0)),
        (15, 10, "bc", Purged(0, 1)),  # a is old
        (35, 10, "c", Purged(1, 1)),  # b was settled at 30
        (0, 2, "ac", Purged(1, 0)),  # the one that is over goes first
        (0, 1, "c", Purged(1, 1)),  # then the oldest
        (15, 1, "c", Purged(1, 1)),
    ],
)
async def test_purging(store: LetterStore, before: float, most: int, left: str, purged: Purged) -> None:
    """By age since something last happened, then by number."""
    await store.put(incident("a", 10), incident("b", 20), incident("c", 40))
    await store.change(B, None, lambda found: found.settled(LetterState.REPLAYED, at(30)))
    assert await store.purge(at(before), most) == purged
    assert "".join(sorted(found.key for found in await store.find(Wanted()))) == left


async def test_the_file_is_private_and_outlives_its_store(tmp_path: Path) -> None:
    """Mode 0600 in a folder of mode 0700, and nothing is made before the first use."""
    path = tmp_path / "state" / "letters.sqlite"
    first = SqliteLetters(Database(path))
    assert not path.parent.exists()
    await first.put(incident())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await first.aclose()
    second = SqliteLetters(Database(path))
    assert await second.get(A) == letter()
    await second.aclose()
    with pytest.raises(InvalidRequestError, match="closed"):
        await second.get(A)


async def test_two_processes_share_the_file(tmp_path: Path) -> None:
    """Each with its own connection: one merges what the other put, and cannot hold what the other holds."""
    one, other = (SqliteLetters(Database(tmp_path / "letters.sqlite")) for _ in range(2))
    await one.put(incident())
    (kept,) = await other.put(incident(seconds=9))
    assert kept.failures == 2
    assert await one.hold(A, "one", at(10), at(70)) is not None
    assert await other.hold(A, "other", at(11), at(70)) is None
    for store in (one, other):
        await store.aclose()
