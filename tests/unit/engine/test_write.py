"""Writes with lost answers: adopted when found, sent again only when proved absent, else left open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from backstay.engine.claim import moment
from backstay.engine.write import Written, change, create
from backstay.errors import (
    ConflictError,
    ConnectionFailedError,
    IdempotencyConflictError,
    InFlightError,
    InvalidRequestError,
    PlatformServiceError,
    UnknownOutcomeError,
)
from backstay.policies.effect import Effect
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually
from backstay.writes.journal import JournalKey, State
from backstay.writes.memory import MemoryJournal
from backstay.writes.reconcile import Seen
from tests.support import make_plan

LAG = 5.0
KEY = JournalKey("test", "acc", "create_thing", "k1")


class Vendor:
    """Creates things; `plan` says what each send does: "ok", "lost" (made, answer lost), "dropped", "unsent"."""

    def __init__(self, clock: VirtualClock, *plan: str, lag: float = 0.0, blind: int = 0) -> None:
        self.clock = clock
        self.plan = list(plan)
        self.lag = lag
        self.blind = blind
        self.made: list[tuple[str, float]] = []
        self.sends = 0
        self.looks = 0

    async def send(self, *_: object, **__: object) -> str:
        self.sends += 1
        step = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        if step in {"ok", "lost"}:
            self.made.append((f"id{self.sends}", self.clock.monotonic() + self.lag))
        if step in {"lost", "dropped"}:
            raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)
        if step == "unsent":
            raise ConnectionFailedError("refused", certainty=Certainty.NOT_SENT)
        if step == "exists":
            raise ConflictError("already exists")
        if step == "hang":
            await self.clock.sleep(1e6)
        return self.made[-1][0]

    async def look(self, *_: object, **__: object) -> Sequence[str]:
        self.looks += 1
        if self.blind:
            self.blind -= 1
            raise PlatformServiceError("cannot look")
        return [name for name, visible in self.made if visible <= self.clock.monotonic()]


def once(
    vendor: Vendor, journal: MemoryJournal | None = None, *, payload: str = "p", effect: Effect = Effect.CREATE,
    **facts: Any,
) -> Any:  # fmt: skip
    plan = make_plan(vendor.clock, effect=effect, read_lag=LAG, patience=(0.0, 0.5, 1.0, 2.0, 4.0), **facts)
    return create(
        plan,
        vendor.send,
        (),
        {},
        key=KEY,
        payload=payload,
        look=vendor.look,
        journal=journal or MemoryJournal(),
    )


def test_a_lost_answer_is_adopted() -> None:
    """The object is there, so it is found and taken; nothing is sent twice."""
    clock = VirtualClock()
    vendor = Vendor(clock, "lost", "ok", lag=1.7)
    written = virtually(once(vendor), clock)
    assert written == Written("id1", "adopted")
    assert vendor.sends == 1


def test_an_absent_object_is_sent_again_only_after_the_read_lag() -> None:
    """Nothing seen before the read lag is no proof; after it the same create is sent once more."""
    clock = VirtualClock()
    began = clock.monotonic()
    vendor = Vendor(clock, "dropped", "ok")
    written = virtually(once(vendor), clock)
    assert written == Written("id2", "created")
    assert clock.monotonic() - began >= LAG


def test_lagging_reads_never_make_a_second_object() -> None:
    """An object that shows just within the read lag is adopted."""
    clock = VirtualClock()
    vendor = Vendor(clock, "lost", "ok", lag=LAG - 0.01)
    assert virtually(once(vendor), clock).how == "adopted"
    assert len(vendor.made) == 1


def test_what_was_never_sent_is_sent_again_without_looking() -> None:
    """The transport's mark proves that nothing left: no look is needed."""
    clock = VirtualClock()
    vendor = Vendor(clock, "unsent", "ok")
    assert virtually(once(vendor), clock).how == "created"
    assert (vendor.sends, vendor.looks) == (2, 0)


def test_already_exists_is_adopted_when_it_is_ours() -> None:
    """The vendor refuses the name because an earlier process made it: found by its key, it is taken."""
    clock = VirtualClock()
    vendor = Vendor(clock, "exists")
    vendor.made.append(("id0", 0.0))
    assert virtually(once(vendor), clock) == Written("id0", "adopted", fresh=False)


def test_already_exists_without_our_key_is_a_conflict() -> None:
    """Somebody else's object with that name is not ours to take."""
    clock = VirtualClock()
    with pytest.raises(ConflictError):
        virtually(once(Vendor(clock, "exists")), clock)


def test_several_objects_keep_the_oldest_and_park_the_rest() -> None:
    """Two under one key: one is adopted, the other is named, none is deleted."""
    clock = VirtualClock()
    vendor = Vendor(clock, "lost", "ok")
    vendor.made.append(("id0", 0.0))
    written = virtually(once(vendor), clock)
    assert written == Written("id0", "adopted", ("id1",))


def test_several_posts_are_left_to_a_person() -> None:
    """PUBLISH with many: raise, touch nothing."""
    clock = VirtualClock()
    vendor = Vendor(clock, "lost", "ok")
    vendor.made.append(("id0", 0.0))
    with pytest.raises(UnknownOutcomeError):
        virtually(once(vendor, effect=Effect.PUBLISH), clock)


def test_when_looking_fails_the_outcome_stays_open() -> None:
    """No second send: UNKNOWN_OUTCOME, and the key remembers; the next call looks first and adopts."""
    clock = VirtualClock()
    journal = MemoryJournal()
    vendor = Vendor(clock, "lost", "ok", blind=1000)

    async def main() -> Written[str]:
        with pytest.raises(UnknownOutcomeError) as caught:
            await once(vendor, journal)
        assert "same idempotency key" in (caught.value.hint or "")
        assert not caught.value.retry_allowed
        assert [record.state for record in await journal.records()] == [State.UNKNOWN]
        vendor.blind = 0
        written: Written[str] = await once(vendor, journal)
        return written

    assert virtually(main(), clock) == Written("id1", "adopted")
    assert vendor.sends == 1


def test_a_deadline_in_the_middle_of_looking_is_no_second_send() -> None:
    """Looking that is cut short ends as UNKNOWN_OUTCOME."""
    clock = VirtualClock()
    vendor = Vendor(clock, "dropped", "ok")
    with pytest.raises(UnknownOutcomeError):
        virtually(once(vendor, deadline=3.0), clock)
    assert vendor.sends == 1


def test_cancelled_in_mid_create_stays_open() -> None:
    """C14: the caller goes away after sending; the record is open and the next call looks first."""
    clock = VirtualClock()
    journal = MemoryJournal()
    vendor = Vendor(clock, "hang", "ok")

    async def main() -> Written[str]:
        task = asyncio.create_task(once(vendor, journal))
        await clock.sleep(1.0)
        vendor.made.append(("landed", clock.monotonic()))
        task.cancel()
        await asyncio.wait([task])
        assert [record.state for record in await journal.records()] == [State.UNKNOWN]
        written: Written[str] = await once(vendor, journal)
        return written

    assert virtually(main(), clock) == Written("landed", "adopted")
    assert vendor.sends == 1


def test_the_same_key_is_replayed_and_another_payload_refused() -> None:
    """Same key, same payload: the same answer, fresh until it was verified; other payload: a conflict, nothing sent."""
    clock = VirtualClock()
    journal = MemoryJournal()
    vendor = Vendor(clock, "ok")

    async def main() -> None:
        assert (await once(vendor, journal)).how == "created"
        assert await once(vendor, journal) == Written("id1", "replayed")
        await journal.mark(KEY.id, State.VERIFIED, moment(clock))
        assert await once(vendor, journal) == Written("id1", "replayed", fresh=False)
        with pytest.raises(IdempotencyConflictError):
            await once(vendor, journal, payload="other")

    virtually(main(), clock)
    assert vendor.sends == 1


def test_the_same_key_twice_at_once_makes_one_object() -> None:
    """The second caller waits for the first and gets its answer."""
    clock = VirtualClock()
    journal = MemoryJournal()
    vendor = Vendor(clock, "lost", "ok", lag=1.0)

    async def main() -> set[str]:
        answers = await asyncio.gather(*(once(vendor, journal) for _ in range(5)))
        return {answer.value for answer in answers}

    assert virtually(main(), clock) == {"id1"}
    assert vendor.sends == 1


def test_waiting_for_the_same_key_ends_with_the_deadline() -> None:
    """IN_FLIGHT when the other call takes longer than this one may wait."""
    clock = VirtualClock()
    journal = MemoryJournal()
    vendor = Vendor(clock, "hang")

    async def main() -> None:
        first = asyncio.create_task(once(vendor, journal))
        await clock.sleep(0.1)
        with pytest.raises(InFlightError):
            await once(vendor, journal, deadline=2.0)
        first.cancel()
        await asyncio.wait([first])

    virtually(main(), clock)


@pytest.mark.parametrize("key", ["", "   ", "x" * 201])
def test_a_bad_key_is_refused_before_anything_is_sent(key: str) -> None:
    """An empty or endless key names no write."""
    clock = VirtualClock()
    vendor = Vendor(clock, "ok")
    plan = make_plan(clock, effect=Effect.CREATE)
    with pytest.raises(InvalidRequestError) as caught:
        virtually(
            create(
                plan, vendor.send, (), {}, key=KEY._replace(key=key), payload="p", look=vendor.look,
                journal=MemoryJournal(),
            ),
            clock,
        )  # fmt: skip
    assert caught.value.field == "idempotency_key"
    assert vendor.sends == 0


@pytest.mark.parametrize(
    ("seen", "sends", "raises"),
    [(Seen.WANTED, 1, None), (Seen.BEFORE, 2, None), (Seen.OTHER, 1, ConflictError)],
)
def test_a_set_looks_before_it_sends_again(seen: Seen, sends: int, raises: type[Exception] | None) -> None:
    """SET: as wanted is done, as before is sent again, anything else is somebody's change."""
    clock = VirtualClock()
    count = 0

    async def send() -> None:
        nonlocal count
        count += 1
        if count == 1:
            raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)

    async def look() -> Seen:
        return seen

    work = change(make_plan(clock, effect=Effect.SET), send, (), {}, look=look)
    if raises is None:
        virtually(work, clock)
    else:
        with pytest.raises(raises):
            virtually(work, clock)
    assert count == sends


@pytest.mark.parametrize(("lag", "certainty"), [(0.0, Certainty.REFUSED), (LAG, Certainty.UNKNOWN)])
def test_as_before_is_no_proof_while_reads_lag(lag: float, certainty: Certainty) -> None:
    """A SET that looks undone is sent again at once; out of tries, it may have happened unless reads are exact."""
    clock = VirtualClock()
    sends = 0

    async def send() -> None:
        nonlocal sends
        sends += 1
        raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)

    async def look() -> Seen:
        return Seen.BEFORE

    plan = make_plan(clock, effect=Effect.SET, read_lag=lag)
    with pytest.raises(ConnectionFailedError) as caught:
        virtually(change(plan, send, (), {}, look=look), clock)
    assert sends > 1
    assert caught.value.certainty is certainty


def test_a_pause_is_always_sent_again() -> None:
    """Stopping spend must not wait for a look."""
    clock = VirtualClock()
    count = 0

    async def send() -> None:
        nonlocal count
        count += 1
        if count == 1:
            raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)

    async def never() -> Seen:
        raise AssertionError

    virtually(change(make_plan(clock, effect=Effect.SET), send, (), {}, look=never, pausing=True), clock)
    assert count == 2


def test_nothing_is_proved_where_nobody_can_look() -> None:
    """A SET without a look is sent again, and out of tries it may have happened."""
    clock = VirtualClock()
    sends = 0

    async def send() -> None:
        nonlocal sends
        sends += 1
        raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN)

    with pytest.raises(ConnectionFailedError) as caught:
        virtually(change(make_plan(clock, effect=Effect.SET), send, (), {}, look=None), clock)
    assert sends > 1
    assert caught.value.certainty is Certainty.UNKNOWN
