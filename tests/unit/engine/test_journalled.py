"""Creates and the journal: what is durable when, and what is said when it cannot be written."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextvars import ContextVar
from typing import Any

import pytest

from backstay.engine.call import Call, current
from backstay.engine.claim import moment
from backstay.engine.write import Entry, Written, change, create
from backstay.errors import (
    BackstayError,
    CircuitOpenError,
    ConnectionFailedError,
    IdempotencyConflictError,
    InFlightError,
    RateLimitError,
    ResourceError,
    UnknownOutcomeError,
)
from backstay.events import Event
from backstay.policies.breaker import State as Circuit
from backstay.policies.effect import Effect
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay.writes.journal import JournalKey, Kind, Record, State
from backstay.writes.memory import MemoryJournal
from backstay.writes.reconcile import Seen
from tests.support import make_plan, make_scope

LAG = 5.0
KEY = JournalKey("test", "acc", "create_thing", "k1")


class Breakable(MemoryJournal):
    """A journal whose disk is full for some states."""

    def __init__(self, *full: State, **options: Any) -> None:
        super().__init__(**options)
        self.full = set(full)
        self.saved: list[State] = []

    async def claim(self, fresh: Record, now: Any) -> Record:
        if fresh.state in self.full:
            raise ResourceError("the disk is full", field="state", value="state.db")
        return await super().claim(fresh, now)

    async def save(self, record: Record, now: Any, *, release: bool = False) -> bool:
        if record.state in self.full:
            raise ResourceError("the disk is full", field="state", value="state.db")
        self.saved.append(record.state)
        return await super().save(record, now, release=release)


class Story:
    """One vendor, one journal, a clock."""

    def __init__(self, journal: MemoryJournal, *steps: str) -> None:
        self.clock = VirtualClock()
        self.journal = journal
        self.steps = list(steps) or ["ok"]
        self.sent: list[State] = []
        """What the journal said at the moment of each send."""
        self.made: list[str] = []
        self.looks = 0
        self.events: list[Event] = []

    async def send(self, *_: object, **__: object) -> Any:
        found = await self.journal.get(KEY.id)
        self.sent.append(found.state if found is not None else State.PLANNED)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if step == "slow":
            await self.clock.sleep(100.0)
        if step not in {"dropped", "busy"}:
            self.made.append(f"id{len(self.made) + 1}")
        if step == "busy":
            raise RateLimitError("later")
        if step in {"lost", "dropped"}:
            raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)
        return self.made[-1]

    async def look(self, *_: object, **__: object) -> list[str]:
        self.looks += 1
        return list(self.made)

    async def create(self, **facts: Any) -> Written[Any]:
        """One create."""
        payload = facts.pop("payload", "p")
        key = facts.pop("key", KEY)
        plan = make_plan(
            self.clock, events=self.events, effect=Effect.CREATE, read_lag=LAG, patience=(0.0, 1.0), **facts
        )
        return await create(plan, self.send, (), {}, key=key, payload=payload, look=self.look, journal=self.journal)

    def run(self, work: Any) -> Any:
        return virtually(work, self.clock)


def test_sent_is_written_before_anything_leaves_and_the_answer_before_it_is_returned() -> None:
    """The journal says SENT while the vendor has it, and CREATED when the caller has it."""
    story = Story(Breakable())
    story.run(story.create())
    assert story.sent == [State.SENT]
    (record,) = story.run(story.journal.records())
    assert (record.state, record.value, record.known, record.owner) == (State.CREATED, "id1", True, "")


def test_nothing_is_sent_when_it_cannot_be_written_down() -> None:
    """RESOURCE_LIMIT, certainly not sent, and the key is free afterwards."""
    journal = Breakable(State.SENT)
    story = Story(journal)
    with pytest.raises(ResourceError) as caught:
        story.run(story.create())
    assert (caught.value.certainty, caught.value.journal_id) == (Certainty.NOT_SENT, KEY.id)
    assert story.sent == []
    assert story.run(story.journal.records()) == ()
    journal.full.clear()
    assert story.run(story.create()).how == "created"


def test_nothing_is_sent_late_when_it_cannot_be_written_down_again() -> None:
    """The claim was made long before its turn came, and in between the disk has filled up."""
    journal = Breakable()
    story = Story(journal)

    scope = make_scope(rate=0.2)
    scope.try_admit(story.clock.monotonic(), 1.0, story.clock.random)  # the next one's turn comes in five seconds

    async def main() -> None:
        task = asyncio.create_task(story.create(scope=scope))
        await story.clock.sleep(2.0)
        journal.full.add(State.SENT)
        with pytest.raises(ResourceError):
            await task

    story.run(main())
    assert story.sent == []
    assert [record.state for record in story.run(journal.records())] == [State.FAILED]


def test_an_attempt_that_is_sent_at_once_is_written_down_by_its_claim() -> None:
    """One step on the disk before it leaves, one after it; a second attempt is written down by itself."""
    journal = Breakable()
    story = Story(journal, "busy", "ok")
    story.run(story.create())
    assert story.sent == [State.SENT, State.SENT]
    assert journal.saved == [State.SENT, State.CREATED]
    (record,) = story.run(journal.records())
    assert record.attempts == 2


def test_a_write_that_never_left_counts_no_attempt() -> None:
    """The breaker is open: the record says so, and the key is free."""
    journal = Breakable()
    story = Story(journal)
    scope = make_scope()
    scope.breaker.force(Circuit.FORCED_OPEN, story.clock.monotonic())
    with pytest.raises(CircuitOpenError):
        story.run(story.create(scope=scope))
    assert story.sent == []
    assert [(record.state, record.attempts) for record in story.run(journal.records())] == [(State.FAILED, 0)]


def test_an_answer_that_cannot_be_written_down_is_an_unknown_outcome() -> None:
    """The object is there: the error says so, and the same call finds it when the disk works again."""
    journal = Breakable(State.CREATED)
    story = Story(journal)
    with pytest.raises(UnknownOutcomeError, match="it was made") as caught:
        story.run(story.create())
    assert caught.value.journal_id == KEY.id
    assert KEY.id in (caught.value.hint or "")
    assert KEY.key in (caught.value.hint or "")
    journal.full.clear()
    assert story.run(story.create()) == Written("id1", "adopted")
    assert len(story.sent) == 1


def test_a_lost_answer_that_cannot_be_written_down_is_an_unknown_outcome() -> None:
    """It is not looked up and not sent again; the record says SENT, so the next call looks."""
    journal = Breakable(State.UNKNOWN)
    story = Story(journal, "lost")
    with pytest.raises(UnknownOutcomeError, match="journal"):
        story.run(story.create())
    assert [record.state for record in story.run(journal.records())] == [State.SENT]
    journal.full.clear()
    assert story.run(story.create()).how == "adopted"
    assert len(story.sent) == 1


def test_a_failure_that_cannot_be_written_down_is_still_raised() -> None:
    """The caller hears of the vendor's error, the listeners of the journal's; the record stays open, to be safe."""
    story = Story(Breakable(State.FAILED), "ok")

    async def refused(*_: object, **__: object) -> Any:
        raise ConnectionFailedError("refused", certainty=Certainty.NOT_SENT, retryable=False)

    story.send = refused  # type: ignore[method-assign]  # a vendor that is away
    with pytest.raises(ConnectionFailedError):
        story.run(story.create())
    assert "journal.save" in {getattr(event, "where", None) for event in story.events}
    assert [record.state for record in story.run(story.journal.records())] == [State.SENT]


def test_a_replay_of_what_could_not_be_stored_is_looked_up() -> None:
    """The journal knows that it was made, not what it was."""
    story = Story(MemoryJournal())
    story.run(story.create())

    async def forget() -> None:
        (record,) = await story.journal.records()
        story.journal._records[record.id].known = False

    story.run(forget())
    assert story.run(story.create()) == Written("id1", "replayed")
    assert (len(story.sent), story.looks) == (1, 1)
    story.made.clear()
    with pytest.raises(UnknownOutcomeError, match="does not find it"):
        story.run(story.create())


def test_a_long_attempt_is_renewed() -> None:
    """A create that takes longer than its lease keeps it: another call waits and gets the answer."""
    story = Story(MemoryJournal(lease=6.0), "slow")

    async def main() -> list[str]:
        first = asyncio.create_task(story.create(attempt_timeout=200.0, deadline=400.0))
        await story.clock.sleep(1.0)
        second = asyncio.create_task(story.create(deadline=400.0))
        return [(await first).how, (await second).how]

    assert story.run(main()) == ["created", "replayed"]
    assert len(story.sent) == 1


def test_who_stood_still_for_a_lease_sends_nothing_more() -> None:
    """Another process has taken the key over meanwhile: IN_FLIGHT, and its record is left alone."""
    story = Story(MemoryJournal(lease=6.0), "dropped", "ok")

    async def main() -> None:
        original = story.look

        async def stolen(*_: object, **__: object) -> list[str]:
            story.journal._records[KEY.id].owner = "somebody else"
            return await original()

        story.look = stolen  # type: ignore[method-assign]  # while this process looks, it stands still
        with pytest.raises(InFlightError, match="taken"):
            await story.create()
        (record,) = await story.journal.records()
        assert record.owner == "somebody else"

    story.run(main())
    assert len(story.sent) == 1


def test_who_loses_the_key_with_the_answer_in_hand_says_that_it_was_made() -> None:
    """UNKNOWN_OUTCOME: the object exists, but the record is another process's now."""
    story = Story(MemoryJournal(lease=6.0))

    async def main() -> None:
        original = story.send

        async def stolen(*_: object, **__: object) -> Any:
            answer = await original()
            story.journal._records[KEY.id].owner = "somebody else"
            return answer

        story.send = stolen  # type: ignore[method-assign]  # as above
        with pytest.raises(UnknownOutcomeError, match="it was made"):
            await story.create()

    story.run(main())


class Slow(MemoryJournal):
    """A journal whose first claim takes a whole lease to be written."""

    clock: VirtualClock
    slow = 1

    async def claim(self, fresh: Record, now: Any) -> Record:
        kept = await super().claim(fresh, now)
        if self.slow:
            self.slow -= 1
            await self.clock.sleep(self.lease)
        return kept


@pytest.mark.parametrize(("stolen", "sends"), [(False, 1), (True, 0)])
def test_nothing_is_sent_with_a_claim_that_may_have_lapsed(stolen: bool, sends: int) -> None:
    """The disk took a lease: the claim is made sure of once more, and if somebody else has it, nothing is sent."""
    story = Story(journal := Slow(lease=6.0))
    journal.clock = story.clock

    async def main() -> None:
        task = asyncio.create_task(story.create())
        await story.clock.sleep(3.0)
        if stolen:
            journal._records[KEY.id].owner = "somebody else"
        if not stolen:
            assert (await task).how == "created"
            return
        with pytest.raises(InFlightError):
            await task

    story.run(main())
    assert len(story.sent) == sends


def test_a_cancelled_wait_lets_go_of_the_key() -> None:
    """Whoever comes next need not wait for its lease."""
    story = Story(MemoryJournal(), "slow")

    async def main() -> float:
        first = asyncio.create_task(story.create(attempt_timeout=200.0, deadline=400.0))
        await story.clock.sleep(0.5)
        waiting = asyncio.create_task(story.create())
        await story.clock.sleep(0.5)
        waiting.cancel()
        await asyncio.wait([waiting])
        first.cancel()
        await asyncio.wait([first])
        (record,) = await story.journal.records()
        assert (record.state, record.owner, record.note) == (State.UNKNOWN, "", "cancelled")
        return story.clock.monotonic()

    assert story.run(main()) == pytest.approx(1_001.0)


def test_an_abandoned_key_is_refused() -> None:
    """With what the person said."""
    story = Story(MemoryJournal())

    async def main() -> None:
        record = Record(KEY, "p", owner="cli", state=State.UNKNOWN)
        held = await story.journal.claim(record, moment(story.clock))
        held.state, held.note = State.ABANDONED, "given up"
        await story.journal.save(held, moment(story.clock), release=True)
        with pytest.raises(IdempotencyConflictError, match="given up"):
            await story.create()

    story.run(main())
    assert story.sent == []


# SET and DELETE -----------------------------------------------------------------------------------------------------


class Setting:
    """A SET under an entry of the journal."""

    def __init__(self, journal: MemoryJournal, error: BackstayError | None = None, *, pausing: bool = False) -> None:
        self.clock = VirtualClock()
        self.journal = journal
        self.error = error
        self.pausing = pausing
        self.events: list[Event] = []
        self.sent: list[tuple[Kind, State]] = []

    async def send(self, *_: object, **__: object) -> None:
        self.sent += [(record.kind, record.state) for record in await self.journal.records()]
        if not self.sent:
            self.sent.append((Kind.CREATE, State.FAILED))  # sent without being written down
        if self.error is not None:
            raise self.error

    async def look(self, *_: object, **__: object) -> Seen:
        raise ConnectionFailedError("cannot look")

    def run(self, **facts: Any) -> Any:
        plan = make_plan(self.clock, events=self.events, effect=Effect.SET, **facts)
        entry = Entry(self.journal, JournalKey("test", "acc", "update", "thing#1"), {"budget": 5})
        return virtually(change(plan, self.send, (), {}, look=self.look, pausing=self.pausing, entry=entry), self.clock)

    def records(self) -> list[tuple[Kind, State]]:
        return [(record.kind, record.state) for record in virtually(self.journal.records(), self.clock)]


LOST = ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)


def test_a_set_is_written_down_before_it_is_sent_and_forgotten_when_it_is_done() -> None:
    """What is settled needs no record: an absolute value is not replayed."""
    story = Setting(MemoryJournal())
    story.run()
    assert story.sent == [(Kind.SET, State.SENT)]
    assert story.records() == []


def test_a_set_with_an_open_outcome_stays() -> None:
    """UNKNOWN, with the journal id in the error."""
    story = Setting(MemoryJournal(), LOST)
    with pytest.raises(UnknownOutcomeError) as caught:
        story.run()
    assert caught.value.journal_id == JournalKey("test", "acc", "update", "thing#1").id
    assert story.records() == [(Kind.SET, State.UNKNOWN)]


def test_a_set_that_was_refused_is_forgotten() -> None:
    """Certainly nothing happened."""
    story = Setting(MemoryJournal(), ConnectionFailedError("no", certainty=Certainty.NOT_SENT, retryable=False))
    with pytest.raises(ConnectionFailedError):
        story.run()
    assert story.records() == []


class Full(MemoryJournal):
    """A journal that takes no claims."""

    async def claim(self, fresh: Record, now: Any) -> Record:
        raise ResourceError("the disk is full", field="state", value="state.db")


def test_a_set_that_cannot_be_written_down_is_not_sent() -> None:
    """RESOURCE_LIMIT."""
    story = Setting(Full())
    with pytest.raises(ResourceError):
        story.run()
    assert story.sent == []


def test_a_pause_is_sent_all_the_same() -> None:
    """Stopping spend goes before writing it down; the listeners hear of the journal."""
    story = Setting(Full(), pausing=True)
    story.run()
    assert len(story.sent) == 1
    assert "journal.pause" in {getattr(event, "where", None) for event in story.events}


class Hanging(MemoryJournal):
    """A journal that never answers."""

    async def claim(self, fresh: Record, now: Any) -> Record:
        await asyncio.sleep(1e6)
        return fresh


def test_a_pause_does_not_wait_for_a_journal_that_hangs() -> None:
    """A second, not more."""
    story = Setting(Hanging(), pausing=True)
    story.run()
    assert len(story.sent) == 1
    assert story.clock.monotonic() <= 1_000.0 + 1.5


def test_a_pause_with_lost_answers_is_sent_again_and_stands_in_the_journal() -> None:
    """PAUSE always again; when it is given up, it is visible."""
    story = Setting(MemoryJournal(), LOST, pausing=True)
    with pytest.raises(ConnectionFailedError):
        story.run()
    assert len(story.sent) == 4
    assert story.records() == [(Kind.SET, State.UNKNOWN)]


WORK: ContextVar[str] = ContextVar("work", default="nobody's")


class Renewed(MemoryJournal):
    """A journal that notes in whose name a claim is renewed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.works: list[str] = []

    async def renew(self, id: str, owner: str, now: Any) -> bool:  # noqa: A002 - the protocol's own name
        self.works.append(WORK.get())
        return await super().renew(id, owner, now)


def test_a_claim_is_renewed_in_the_name_of_its_call() -> None:
    """Though the timer is everybody's, and was armed by somebody else."""
    journal = Renewed(lease=30.0)
    story = Story(journal, "slow")

    async def one(name: str, key: str) -> None:
        WORK.set(name)
        await story.create(key=KEY._replace(key=key), attempt_timeout=120.0, deadline=150.0)

    async def main() -> None:
        await asyncio.gather(one("first", "k1"), one("second", "k2"))

    story.run(main())
    assert journal.works[:2] == ["first", "second"]
    assert len(journal.works) > 10


async def test_a_write_leaves_no_circle_behind() -> None:
    """Its call is gone as soon as it is over, without the collector."""
    story = Story(MemoryJournal())
    seen: list[weakref.ref[Call]] = []

    async def send(*_: object, **__: object) -> str:
        call = current()
        assert call is not None
        seen.append(weakref.ref(call))
        return "id"

    async def look(*_: object, **__: object) -> Seen:
        return Seen.WANTED

    story.send = send  # type: ignore[method-assign]  # to see the call
    gc.disable()
    try:
        await story.create()
        await change(make_plan(story.clock, effect=Effect.SET), send, (), {}, look=look)
        assert [call() for call in seen] == [None, None]
    finally:
        gc.enable()
