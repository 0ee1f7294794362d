"""The journal in memory and in a file: the same rules, whoever asks, whatever the clocks say."""

from __future__ import annotations

import itertools
import sqlite3
import tempfile
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backstay.ads import Level, Money, Platform, Ref
from backstay.errors import IdempotencyConflictError, InvalidRequestError
from backstay.testing.clock import run as virtually
from backstay.writes import sqlite as sqlite_journal
from backstay.writes.database import Database, Room
from backstay.writes.journal import (
    DONE,
    FREE,
    OPEN,
    Journal,
    JournalKey,
    Kind,
    Moment,
    Record,
    State,
    check_key,
    copied,
)
from backstay.writes.memory import MemoryJournal
from backstay.writes.sightings import SKEW
from backstay.writes.sqlite import SqliteJournal

T = TypeVar("T")

LEASE = 30.0
KEY = JournalKey("tiktok", "7001", "create_campaign", "spring/1")
REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "18001")
START = Moment(1_000_000.0, 50.0)


def after(seconds: float) -> Moment:
    return Moment(START.wall + seconds, START.monotonic + seconds)


def fresh(owner: str = "me", payload: str = "p", key: JournalKey = KEY, **facts: Any) -> Record:
    return Record(key, payload, owner=owner, **facts)


def done(work: Awaitable[T]) -> T:
    async def main() -> T:
        return await work

    return virtually(main())


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    if request.param == "memory":
        yield MemoryJournal(lease=LEASE)
        return
    with closing(Database(tmp_path / "state.db")) as database:
        yield SqliteJournal(database, lease=LEASE)


def test_a_claim_holds_a_key_until_it_is_let_go(journal: Journal) -> None:
    """Another one sees whose it is, and gets it afterwards."""
    first = done(journal.claim(fresh("one"), after(0)))
    assert (first.owner, first.state, first.attempts, first.expires) == ("one", State.PLANNED, 0, START.wall + LEASE)
    assert done(journal.claim(fresh("two"), after(1))).owner == "one"
    done(journal.release(KEY.id, "one"))
    assert done(journal.claim(fresh("two"), after(2))).owner == "two"


def test_another_payload_is_a_conflict_once_something_was_sent(journal: Journal) -> None:
    """The refusal names field, value, cure and the journal id; before, the other one is only waited for."""
    record = done(journal.claim(fresh("one"), after(0)))
    assert done(journal.claim(fresh("two", payload="other"), after(0))).owner == "one"
    record.state = State.SENT
    done(journal.save(record, after(0)))
    with pytest.raises(IdempotencyConflictError) as caught:
        done(journal.claim(fresh("two", payload="other"), after(0)))
    error = caught.value
    assert (error.field, error.value, error.journal_id) == ("idempotency_key", KEY.key, KEY.id)
    assert error.hint


def test_an_id_is_that_of_the_key() -> None:
    """However a record was made from another one."""
    record, other = fresh(), KEY._replace(key="other")
    assert record.id == KEY.id
    assert replace(record, key=other).id == other.id
    assert copied(record, state=State.SENT).id == KEY.id
    assert copied(record) == record


def test_a_claim_says_whether_it_began_the_record(journal: Journal) -> None:
    """What it began may be sent at once; what another one left must be looked for, though both say SENT."""
    sent: dict[str, Any] = {"state": State.SENT, "attempts": 1, "uncertain_since": START.wall, "in_air": 31.0}
    first = done(journal.claim(fresh("one", **sent), after(0)))
    assert (first.state, first.begun, first.open_since) == (State.SENT, True, START.monotonic + 31.0)
    assert done(journal.claim(fresh("two", **sent), after(1))).owner == "one"
    done(journal.release(KEY.id, "one"))
    taken = done(journal.claim(fresh("three", **sent), after(1)))
    assert (taken.owner, taken.state, taken.begun) == ("three", State.SENT, False)
    taken.state = State.FAILED
    assert done(journal.save(taken, after(2), release=True))
    again = done(journal.claim(fresh("four", **sent), after(3)))
    assert (again.owner, again.state, again.begun) == ("four", State.SENT, True)


@pytest.mark.parametrize("state", DONE)
def test_what_is_done_is_handed_out_with_its_value(journal: Journal, state: State) -> None:
    """To anybody, without being held; the value has its type again."""
    record = done(journal.claim(fresh("one"), after(0)))
    record.state, record.value, record.known, record.parked = State.CREATED, REF, True, (REF, "other")
    assert done(journal.save(record, after(1), release=True))
    done(journal.mark(KEY.id, state, after(2)))
    found = done(journal.claim(fresh("two"), after(3)))
    assert (found.state, found.owner, found.known, found.value, found.parked) == (state, "", True, REF, (REF, "other"))
    assert done(journal.save(replace(found, owner="two"), after(4))) is False


@pytest.mark.parametrize("value", [REF, None, Money.of("5 EUR"), ("a", 1), {"k": [1.5]}])
def test_values_come_back_equal(journal: Journal, value: object) -> None:
    """None is a value too."""
    record = done(journal.claim(fresh(), after(0)))
    record.state, record.value, record.known = State.CREATED, value, True
    done(journal.save(record, after(1), release=True))
    found = done(journal.get(KEY.id))
    assert found is not None
    assert (found.known, found.value, type(found.value)) == (True, value, type(value))


@pytest.mark.parametrize("state", sorted(FREE))
def test_a_key_of_which_nothing_was_made_is_free_again(journal: Journal, state: State) -> None:
    """Also for another payload, with nothing left of the first try."""
    record = done(journal.claim(fresh("one", payload="first"), after(0)))
    record.state, record.attempts, record.note = state, 3, "refused"
    done(journal.save(record, after(1), release=True))
    again = done(journal.claim(fresh("two", payload="second"), after(2)))
    assert (again.owner, again.payload, again.attempts, again.note) == ("two", "second", 0, "")
    assert again.created == START.wall + 2


def test_an_abandoned_key_stays_closed(journal: Journal) -> None:
    """The refusal says what the person said."""
    record = done(journal.claim(fresh("one"), after(0)))
    record.state, record.note = State.ABANDONED, "deleted by hand"
    done(journal.save(record, after(1), release=True))
    with pytest.raises(IdempotencyConflictError, match="deleted by hand"):
        done(journal.claim(fresh("two"), after(2)))


def test_a_dead_owners_claim_lapses_and_its_open_state_stays(journal: Journal) -> None:
    """Whoever takes it over finds SENT, and so knows that it must look."""
    record = done(journal.claim(fresh("one"), after(0)))
    record.state, record.attempts, record.uncertain_since, record.in_air = State.SENT, 1, START.wall, 10.0
    done(journal.save(record, after(0)))
    assert done(journal.claim(fresh("two"), after(1))).owner == "one"
    taken = done(journal.claim(fresh("two"), after(1 + LEASE)))
    assert (taken.owner, taken.state, taken.attempts) == ("two", State.SENT, 1)
    assert done(journal.save(record, after(1 + LEASE))) is False
    assert done(journal.renew(KEY.id, "one", after(1 + LEASE))) is False


def test_renewing_keeps_a_claim(journal: Journal) -> None:
    """For as long as it is done."""
    done(journal.claim(fresh("one"), after(0)))
    for seconds in range(0, 200, 10):
        assert done(journal.renew(KEY.id, "one", after(seconds)))
        assert done(journal.claim(fresh("two"), after(seconds + 9))).owner == "one"


def test_releasing_needs_the_owner(journal: Journal) -> None:
    """Nobody lets go of what somebody else holds; nor does an empty name hold anything."""
    done(journal.claim(fresh("one"), after(0)))
    done(journal.release(KEY.id, "two"))
    done(journal.release(KEY.id, ""))
    assert done(journal.claim(fresh("two"), after(1))).owner == "one"
    done(journal.release(KEY.id, "one"))
    found = done(journal.get(KEY.id))
    assert found is not None
    assert not done(journal.renew(KEY.id, "", after(2)))
    assert not done(journal.save(found, after(2)))


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ([State.VERIFIED], State.VERIFIED),
        ([State.ACTIVE], State.ACTIVE),
        ([State.ACTIVE, State.VERIFIED], State.ACTIVE),
        ([State.VERIFIED, State.CREATED], State.VERIFIED),
    ],
)
def test_marks_only_move_on(journal: Journal, steps: list[State], ends: State) -> None:
    """CREATED, VERIFIED, ACTIVE: never back."""
    record = done(journal.claim(fresh("one"), after(0)))
    record.state = State.CREATED
    done(journal.save(record, after(1), release=True))
    for state in steps:
        done(journal.mark(KEY.id, state, after(2)))
    assert [each.state for each in done(journal.records())] == [ends]


def test_a_mark_does_nothing_to_what_is_not_done(journal: Journal) -> None:
    """An open record is not made to look settled, and a missing one is not made."""
    record = done(journal.claim(fresh("one"), after(0)))
    record.state = State.UNKNOWN
    done(journal.save(record, after(1)))
    done(journal.mark(KEY.id, State.ACTIVE, after(2)))
    done(journal.mark("nobody", State.ACTIVE, after(2)))
    assert [each.state for each in done(journal.records())] == [State.UNKNOWN]


def test_taking_is_for_records_that_nobody_holds(journal: Journal) -> None:
    """Whatever the payload; a missing record gives None."""
    assert done(journal.take(KEY.id, "cli", after(0))) is None
    done(journal.claim(fresh("one"), after(0)))
    assert done(journal.take(KEY.id, "cli", after(1))) is None
    taken = done(journal.take(KEY.id, "cli", after(1 + LEASE)))
    assert taken is not None
    assert taken.owner == "cli"


def test_a_set_keeps_its_arguments_and_is_dropped(journal: Journal) -> None:
    """What cannot be stored is left out; only its holder may drop it."""
    asked = {"ref": REF, "status": "paused", "object": object()}
    record = done(journal.claim(fresh("one", kind=Kind.SET, state=State.SENT, asked=asked), after(0)))
    (found,) = done(journal.records(*OPEN))
    assert (found.kind, found.asked["ref"], found.asked["status"]) == (Kind.SET, REF, "paused")
    done(journal.drop(replace(record, owner="two")))
    assert len(done(journal.records())) == 1
    done(journal.drop(record))
    assert done(journal.records()) == ()


def test_records_are_listed_by_state_oldest_first(journal: Journal) -> None:
    """With a limit the newest ones; a key that is used anew counts as new."""
    for number, state in enumerate([State.UNKNOWN, State.CREATED, State.FAILED, State.SENT]):
        record = done(journal.claim(fresh("one", key=KEY._replace(key=str(number))), after(number)))
        record.state = state
        done(journal.save(record, after(number), release=True))

    def keys(*states: State, limit: int | None = None) -> list[str]:
        return [record.key.key for record in done(journal.records(*states, limit=limit))]

    assert keys() == ["0", "1", "2", "3"]
    assert keys(State.SENT, State.UNKNOWN) == ["0", "3"]
    assert keys(limit=2) == ["2", "3"]
    done(journal.claim(fresh("one", key=KEY._replace(key="2")), after(9)))
    assert keys() == ["0", "1", "3", "2"]


def test_what_is_handed_out_is_a_copy(journal: Journal) -> None:
    """Changing it changes nothing until it is saved."""
    record = done(journal.claim(fresh("one"), after(0)))
    record.state = State.CREATED
    found = done(journal.get(KEY.id))
    assert found is not None
    assert found.state is State.PLANNED


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "empty"),
        ("   ", "empty"),
        (None, "empty"),
        (7, "no text"),
        ("x" * 201, "201 characters"),
        ("a\nb", "control"),
        ("a\x00", "control"),
        ("a\x7f", "control"),
        ("\ud800", "control"),
        ("a\u2028b", "control"),
    ],
)
def test_a_bad_key_is_refused(journal: Journal, key: Any, said: str) -> None:
    """With the field, the value and the cure."""
    with pytest.raises(InvalidRequestError, match=said) as caught:
        done(journal.claim(fresh(key=KEY._replace(key=key)), after(0)))
    assert (caught.value.field, caught.value.value) == ("idempotency_key", key)
    assert caught.value.hint


@pytest.mark.parametrize("key", ["k", "x" * 200, "frühling/ä ö", "春\u3000季", "a|b", "'; DROP TABLE writes; --"])
def test_a_good_key_is_taken(journal: Journal, key: str) -> None:
    """Any line of text."""
    record = done(journal.claim(fresh(key=KEY._replace(key=key)), after(0)))
    found = done(journal.get(record.id))
    assert found is not None
    assert found.key.key == key


def test_a_key_that_will_be_lengthened_needs_room() -> None:
    """The refusal says how many characters are left for it."""
    check_key("x" * 190, room=10)
    with pytest.raises(InvalidRequestError) as caught:
        check_key("x" * 191, room=10)
    assert "190" in (caught.value.hint or "")


# What only one of them does ---------------------------------------------------------------------------------------


def test_memory_forgets_the_oldest_settled_ones() -> None:
    """Open and held records stay however many there are."""
    journal = MemoryJournal(3)
    for number in range(10):
        record = done(journal.claim(fresh("one", key=KEY._replace(key=str(number))), after(number)))
        record.state = State.UNKNOWN if number < 2 else State.CREATED
        done(journal.save(record, after(number), release=True))
    assert [record.key.key for record in done(journal.records())] == ["0", "1", "9"]


def test_a_file_outlives_its_process(tmp_path: Path) -> None:
    """Every field but the monotonic one."""
    with closing(Database(tmp_path / "state.db")) as database:
        journal = SqliteJournal(database)
        record = done(journal.claim(fresh("one"), after(0)))
        record.state, record.attempts, record.uncertain_since, record.in_air = State.UNKNOWN, 2, 123.5, 4.5
        record.note, record.parked = "TIMEOUT: no answer", (REF,)
        done(journal.save(record, after(1)))
        before = done(journal.get(KEY.id))
    with closing(Database(tmp_path / "state.db")) as database:
        assert done(SqliteJournal(database).get(KEY.id)) == before


def test_a_value_that_cannot_be_stored_is_not_known(tmp_path: Path) -> None:
    """It is no reason to fail after the object was made: the replay looks it up."""
    with closing(Database(tmp_path / "state.db")) as database:
        journal = SqliteJournal(database)
        record = done(journal.claim(fresh("one"), after(0)))
        record.state, record.value, record.known = State.CREATED, object(), True
        assert done(journal.save(record, after(1), release=True))
        found = done(journal.claim(fresh("two"), after(2)))
        assert (found.state, found.known, found.value) == (State.CREATED, False, None)


def test_half_a_surrogate_pair_in_a_vendors_message_is_no_failure(tmp_path: Path) -> None:
    """It is no UTF-8; what matters is that the state is kept."""
    with closing(Database(tmp_path / "state.db")) as database:
        journal = SqliteJournal(database)
        record = done(journal.claim(fresh("one"), after(0)))
        record.state, record.note = State.UNKNOWN, "said \ud800"
        assert done(journal.save(record, after(1)))
        assert [each.note for each in done(journal.records())] == ["said ?"]


def test_a_value_of_a_class_that_is_gone_is_not_known(tmp_path: Path) -> None:
    """A file of another version can be read."""
    with closing(Database(tmp_path / "state.db")) as database:
        journal = SqliteJournal(database)
        record = done(journal.claim(fresh("one"), after(0)))
        record.state, record.value, record.known = State.CREATED, REF, True
        done(journal.save(record, after(1), release=True))
        sql = """UPDATE writes SET value = '{"$":"model","n":"backstay.ads.model.Gone","v":{}}', parked = '{broken'"""
        done(database.write(lambda db: db.execute(sql).rowcount))
        found = done(journal.get(KEY.id))
        assert found is not None
        assert (found.known, found.parked) == (False, ())


def test_open_records_are_found_by_an_index(tmp_path: Path) -> None:
    """However many settled ones there are."""
    with closing(Database(tmp_path / "state.db")) as database:
        SqliteJournal(database)
        sql = "EXPLAIN QUERY PLAN SELECT * FROM writes WHERE state IN ('sent', 'unknown') ORDER BY number DESC LIMIT 9"
        plan = done(database.read(lambda db: str(db.execute(sql).fetchall())))
        assert "writes_open" in plan


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its records stay, open ones too; the older version then refuses the newer file."""
    path = tmp_path / "state.db"
    with closing(Database(path)) as database:
        record = done(SqliteJournal(database).claim(fresh("one"), after(0)))
        record.state = State.UNKNOWN
        done(SqliteJournal(database).save(record, after(1), release=True))
        before = done(SqliteJournal(database).records())
    first = sqlite_journal.ROOM
    later = Room("journal", (*first.steps, ("ALTER TABLE writes ADD COLUMN colour TEXT",)))
    with monkeypatch.context() as patch, closing(Database(path)) as database:
        patch.setattr(sqlite_journal, "ROOM", later)
        assert done(SqliteJournal(database).records()) == before
    with closing(Database(path)) as database, pytest.raises(InvalidRequestError, match="version 2, we know 1"):
        done(SqliteJournal(database).records())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM writes").fetchone() == (1,)


# Clocks -----------------------------------------------------------------------------------------------------------


def test_a_wall_clock_that_jumps_takes_nobodys_claim(journal: Journal) -> None:
    """Forward by five minutes: the claim still lasts for a lease of the clock that does not jump."""
    done(journal.claim(fresh("one"), after(0)))
    jumped = Moment(START.wall + SKEW, START.monotonic + 1)
    assert done(journal.claim(fresh("two"), jumped)).owner == "one"


def test_a_claim_of_long_ago_is_nobodys(journal: Journal) -> None:
    """Older than any clock that still works may be wrong by: no need to watch it for a lease."""
    done(journal.claim(fresh("one"), after(0)))
    assert done(journal.claim(fresh("two"), after(LEASE + SKEW))).owner == "two"


@pytest.mark.parametrize(
    ("state", "in_air", "asleep", "skew", "since"),
    [
        (State.UNKNOWN, 0.0, 0.0, 0.0, 0.0),  # seen at once: counts from now
        (State.UNKNOWN, 0.0, 100.0, 0.0, 100.0),  # seen by another process: from when it first saw it
        (State.UNKNOWN, 0.0, 100.0, 200.0, 100.0),  # whatever its wall clock says
        (State.UNKNOWN, 0.0, 100.0, -200.0, 100.0),
        (State.UNKNOWN, 0.0, SKEW + 50.0, 0.0, SKEW),  # 50 s of it are certain
        (State.SENT, 40.0, 0.0, 0.0, 40.0),  # it may be on its way for as long as the attempt's time
        (State.SENT, 40.0, 100.0, 0.0, 140.0),
        (State.SENT, 40.0, SKEW + 50.0, 0.0, SKEW + 40.0),
    ],
)
def test_an_open_record_is_waited_out(
    tmp_path: Path, state: State, in_air: float, asleep: float, skew: float, since: float
) -> None:
    """`since` is the second (after the record was saved) from which another process counts the read lag."""
    path = tmp_path / "state.db"
    with closing(Database(path)) as database:
        one = SqliteJournal(database, lease=LEASE)
        record = done(one.claim(fresh("one"), after(0)))
        record.state, record.uncertain_since, record.in_air = state, START.wall, in_air
        done(one.save(record, after(0)))
        assert record.open_since == pytest.approx(START.monotonic + in_air)
    with closing(Database(path)) as database:
        other = SqliteJournal(database, lease=LEASE)
        seen = Moment(START.wall + asleep + skew, START.monotonic + asleep)
        found = done(other.claim(fresh("two"), seen))
        assert found.open_since == pytest.approx(START.monotonic + since)
        later = Moment(seen.wall + 20, seen.monotonic + 20)
        assert done(other.claim(fresh("two"), later)).open_since == pytest.approx(START.monotonic + since)


# A model ----------------------------------------------------------------------------------------------------------


@dataclass
class Truth:
    """What is so, whatever anybody's clock says."""

    payload: str
    state: State = State.PLANNED
    value: str = ""
    owner: str = ""
    beat: float = 0.0
    over: float = 0.0
    """True seconds at which the last attempt is surely over."""


class Machine(RuleBasedStateMachine):
    """Three processes with wrong wall clocks on one store, crashing and restarting, against what is so.

    No living owner is ever displaced; who is displaced changes nothing; an open outcome is never counted from a moment
    at which its attempt may still be on its way; what was saved is what is found.
    """

    file = False

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.folder = tempfile.TemporaryDirectory()
        self.shared = MemoryJournal(lease=LEASE)
        self.journals = [self.opened() for _ in range(3)]
        self.skews = [0.0, 0.0, 0.0]
        self.truth: dict[str, Truth] = {}
        self.hands: dict[tuple[int, str], Record] = {}
        self.names = map("o{}".format, itertools.count())

    def opened(self) -> Any:
        if not self.file:
            return self.shared
        return SqliteJournal(Database(Path(self.folder.name, "state.db")), lease=LEASE)

    def now(self, process: int) -> Moment:
        return Moment(1e6 + self.time + self.skews[process], self.mono(process))

    def mono(self, process: int) -> float:
        """Processes begin to count where they like; runtimes that share an object share its clock."""
        return self.time + (7_777.0 * process if self.file else 0.0)

    def teardown(self) -> None:
        for journal in self.journals:
            if self.file:
                journal.database.close()
        self.folder.cleanup()

    processes = st.sampled_from([0, 1, 2])
    keys = st.sampled_from(["a", "b"])
    payloads = st.sampled_from(["p", "q"])

    @rule(seconds=st.sampled_from([0.0, 0.5, LEASE / 3, LEASE, 3 * LEASE, SKEW, 4 * SKEW]))
    def wait(self, seconds: float) -> None:
        self.time += seconds

    @rule(process=processes, skew=st.sampled_from([-SKEW / 2, -1.0, 0.0, 1.0, SKEW / 2]))
    def wall_jumps(self, process: int, skew: float) -> None:
        self.skews[process] = skew

    @rule(process=processes)
    def crash(self, process: int) -> None:
        self.hands = {place: record for place, record in self.hands.items() if place[0] != process}
        if self.file:
            self.journals[process].database.close()
        self.journals[process] = self.opened()

    @rule(process=processes, key=keys, payload=payloads)
    def claim(self, process: int, key: str, payload: str) -> None:
        owner, truth = next(self.names), self.truth.get(key)
        try:
            found = done(self.journals[process].claim(fresh(owner, payload, KEY._replace(key=key)), self.now(process)))
        except IdempotencyConflictError:
            assert truth is not None
            assert truth.payload != payload or truth.state is State.ABANDONED
            assert truth.state not in FREE
            return
        if truth is None or (truth.state in FREE and found.owner == owner):
            assert found.owner == owner
            assert truth is None or not self.alive(truth)
            truth = self.truth[key] = Truth(payload, owner=owner, beat=self.time)
        assert truth.payload == payload or truth.state in FREE
        assert truth.state is not State.ABANDONED
        assert (found.state, found.value or "") == (truth.state, truth.value)
        self.taken(process, key, found, owner)

    @rule(process=processes, key=keys)
    def take(self, process: int, key: str) -> None:
        owner, truth = next(self.names), self.truth.get(key)
        found = done(self.journals[process].take(KEY._replace(key=key).id, owner, self.now(process)))
        assert truth is not None or found is None
        if found is not None:
            assert found.owner == owner
            self.taken(process, key, found, owner)

    def taken(self, process: int, key: str, found: Record, owner: str) -> None:
        truth = self.truth[key]
        if found.owner == owner:
            assert truth.owner in {"", owner} or not self.alive(truth)
            truth.owner, truth.beat = owner, self.time
            self.hands[process, key] = found
            if found.state in OPEN:
                assert found.open_since >= truth.over + self.mono(process) - self.time - 1e-6
        elif found.state in DONE:
            assert truth.state in DONE
        else:
            assert found.owner == truth.owner

    def alive(self, truth: Truth) -> bool:
        """Whether its owner has shown a sign of life within a lease."""
        return bool(truth.owner) and self.time - truth.beat < LEASE

    @precondition(lambda self: self.hands)
    @rule(
        data=st.data(), state=st.sampled_from(list(State)), release=st.booleans(), in_air=st.sampled_from([0.0, 40.0])
    )
    def save(self, data: st.DataObject, state: State, release: bool, in_air: float) -> None:
        (process, key), record = data.draw(st.sampled_from(sorted(self.hands.items(), key=lambda item: item[0])))
        truth, now = self.truth[key], self.now(process)
        flying = in_air if state is State.SENT else 0.0
        record.state, record.value, record.known = state, f"{self.time}", True
        record.uncertain_since, record.in_air = now.wall, flying
        held = truth.owner == record.owner
        assert done(self.journals[process].save(record, now, release=release)) is held
        if not held:
            del self.hands[process, key]
            return
        truth.state, truth.value, truth.over = state, record.value, self.time + flying
        truth.owner, truth.beat = ("" if release else record.owner), self.time
        if state in OPEN:
            assert record.open_since >= truth.over + self.mono(process) - self.time - 1e-6
        if release:
            del self.hands[process, key]

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        (process, key), record = data.draw(st.sampled_from(sorted(self.hands.items(), key=lambda item: item[0])))
        truth = self.truth[key]
        held = truth.owner == record.owner
        assert done(self.journals[process].renew(record.id, record.owner, self.now(process))) is held
        if held:
            truth.beat = self.time

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        (process, key), record = data.draw(st.sampled_from(sorted(self.hands.items(), key=lambda item: item[0])))
        del self.hands[process, key]
        done(self.journals[process].release(record.id, record.owner))
        if self.truth[key].owner == record.owner:
            self.truth[key].owner = ""

    @rule(process=processes, key=keys, state=st.sampled_from(DONE))
    def mark(self, process: int, key: str, state: State) -> None:
        done(self.journals[process].mark(KEY._replace(key=key).id, state, self.now(process)))
        truth = self.truth.get(key)
        if truth is not None and truth.state in DONE and DONE.index(state) > DONE.index(truth.state):
            truth.state = state

    @rule(process=processes, key=keys, payload=payloads)
    def watched_for_a_lease_it_can_be_had(self, process: int, key: str, payload: str) -> None:
        """Progress: a claim that shows no sign of life for a lease is nobody's."""
        self.claim(process, key, payload)
        self.time += LEASE
        truth = self.truth.get(key)
        closed = truth is not None and (truth.payload != payload and truth.state not in FREE)
        if truth is None or closed or truth.state in {*DONE, State.ABANDONED}:
            return
        self.claim(process, key, payload)
        assert self.hands[process, key].owner == self.truth[key].owner

    @invariant()
    def everybody_sees_the_same(self) -> None:
        for journal in {id(each): each for each in self.journals}.values():
            found = {record.key.key: record for record in done(journal.records())}
            assert {key: (record.state, record.payload, record.owner) for key, record in found.items()} == {
                key: (truth.state, truth.payload, truth.owner) for key, truth in self.truth.items()
            }


class FileMachine(Machine):
    file = True


TestMemoryAgainstItsModel = Machine.TestCase
TestMemoryAgainstItsModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFileAgainstItsModel = FileMachine.TestCase
TestFileAgainstItsModel.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
