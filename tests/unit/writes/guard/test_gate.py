"""The gate below every write: what is judged, held, recorded and told, whatever becomes of the write."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Unpack

import pytest

from backstay import Credentials, Money, Profile, Runtime, SpendGuard, bind_context
from backstay.base import Adapter
from backstay.engine.call import note_request_id
from backstay.errors import (
    BackstayError,
    ConnectionFailedError,
    InternalError,
    InvalidRequestError,
    ResourceError,
    SpendGuardError,
    UnknownOutcomeError,
)
from backstay.events import Event, Problem, SpendRefused
from backstay.lifetime import Life
from backstay.operation import CallOptions, NeverSpends, operation
from backstay.policies.caps import Dial
from backstay.policies.effect import Effect
from backstay.policies.spend import Book
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock, run
from backstay.writes.guard import Gate, MemoryAudit, MemoryLedger, Spending
from backstay.writes.reconcile import Seen

CAPS = SpendGuard(total=Money("100", "USD"))


class Tap(Adapter):
    """A vendor of one budget, which is turned on and off; `script` says how sending goes."""

    vendor: ClassVar[str] = "tap"

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(
            credentials=Credentials("key"), account="1", host="https://tap.example", runtime=runtime, options={},
            profile=Profile(read_lag=5.0),
        )  # fmt: skip
        self.sent: list[str] = []
        self.script: BaseException | float | None = None
        self.unreadable: BackstayError | None = None

    @operation(Effect.SET, look="_look", spend="_spend_of_turn")
    async def turn(self, name: str, amount: int, **_: Unpack[CallOptions]) -> str:
        """Turn one on."""
        return await self._send(name)

    @operation(Effect.SET, look="_look", pausing=lambda *_: True, spend="_spend_of_stop")
    async def stop(self, name: str, **_: Unpack[CallOptions]) -> str:
        """Turn one off."""
        return await self._send(name)

    @operation(Effect.SET, look="_look", spend=NeverSpends("a name costs nothing"))
    async def rename(self, name: str, password: str, **_: Unpack[CallOptions]) -> str:
        """Neither."""
        return await self._send(name)

    async def _send(self, name: str) -> str:
        self.sent.append(name)
        note_request_id(f"req-{len(self.sent)}")
        if isinstance(self.script, float):
            await self.runtime.clock.sleep(self.script)
        elif self.script is not None:
            raise self.script
        return name

    async def _look(self, *_: object) -> Seen:
        return Seen.OTHER

    async def _spend_of_turn(self, name: str, amount: int) -> Spending:
        if self.unreadable is not None:
            raise self.unreadable
        dial = Dial(name, "USD", Decimal(amount), on=False, turns=True)
        return Spending((dial,), wakes=True, ref=name, before={"status": "off"}, after={"status": "on"})

    async def _spend_of_stop(self, name: str) -> Spending:
        return Spending(stops=(name,), ref=name)


class Stage:
    """A tap on a virtual clock, and what was recorded and told."""

    def __init__(self, guard: SpendGuard | None = CAPS, **options: Any) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.audit = MemoryAudit()
        self.runtime = Runtime.in_memory(
            clock=self.clock, listeners=(self.events.append,), guard=guard, **{"audit": self.audit, **options}
        )  # fmt: skip
        self.tap = Tap(self.runtime)

    @property
    def gate(self) -> Gate:
        return self.runtime.gate

    def run(self, work: Awaitable[Any]) -> Any:
        async def main() -> Any:
            return await work

        self.tap._life = Life()  # each run has a loop of its own
        return run(main(), self.clock)

    def counted(self) -> dict[str, Decimal]:
        lines = self.run(self.gate.counted())
        return {line.holder: max([line.amount, *(h.amount or 0 for h in line.holds)]) for line in lines}

    def phases(self) -> list[Any]:
        return [entry["phase"] for entry in self.audit.entries]

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


def test_a_write_that_passes_is_held_recorded_sent_and_settled() -> None:
    """Who, what, before, after, verdict, key, outcome, request ids; one id for both lines."""
    stage = Stage(actor="night-shift")

    async def main() -> None:
        with bind_context(user_id="u1", password="x"):
            await stage.tap.turn("t1", 60)

    stage.run(main())
    intent, outcome = stage.audit.entries
    assert (intent["actor"], intent["context"]) == ("night-shift", {"user_id": "u1", "password": "REDACTED"})
    assert (intent["vendor"], intent["account"], intent["operation"], intent["effect"]) == ("tap", "1", "turn", "set")
    assert (intent["ref"], intent["before"], intent["after"]) == ("t1", {"status": "off"}, {"status": "on"})
    assert intent["verdict"] == {
        "allowed": True, "guard": "SpendGuard(total=100 USD)", "exposure_before": "0 USD", "exposure_after": "60 USD",
    }  # fmt: skip
    assert (outcome["id"], outcome["outcome"], outcome["request_ids"]) == (intent["id"], "done", ["req-1"])
    assert stage.counted() == {"t1": 60}


def test_a_refusal_is_recorded_and_told_and_nothing_is_sent() -> None:
    """Rule, value, cap and cure; the error says which vendor and operation, and that the guard ended it."""
    stage = Stage()
    with pytest.raises(SpendGuardError) as caught:
        stage.run(stage.tap.turn("t1", 101))
    error = caught.value
    assert (error.vendor, error.operation, error.why, error.certainty) == ("tap", "turn", "guard", Certainty.NOT_SENT)
    assert stage.tap.sent == []
    (record,) = stage.audit.entries
    assert (record["phase"], record["rule"], record["value"], record["cap"]) == (
        "refused", "guard.total", "101 USD", "100 USD",
    )  # fmt: skip
    (event,) = stage.told(SpendRefused)
    assert isinstance(event, SpendRefused)
    assert (event.rule, event.value, event.cap, event.account) == ("guard.total", "101 USD", "100 USD", "1")
    assert stage.run(stage.runtime.letters.list(None)) == ()


@pytest.mark.parametrize(("error", "outcome", "kept"), [
    (InvalidRequestError("no"), "refused", False),
    (ConnectionFailedError("no route", certainty=Certainty.NOT_SENT), "not_sent", False),
    (UnknownOutcomeError("lost", certainty=Certainty.UNKNOWN), "unknown", True),
    (RuntimeError("a bug"), "unknown", True),
])  # fmt: skip
def test_only_what_surely_did_not_happen_is_let_go(error: Exception, outcome: str, kept: bool) -> None:
    """An outcome that nobody knows keeps its reservation."""
    stage = Stage()
    stage.tap.script = error
    with pytest.raises(BackstayError):
        stage.run(stage.tap.with_options(max_attempts=1).turn("t1", 60))
    assert stage.audit.entries[-1]["outcome"] == outcome
    assert stage.counted() == ({"t1": 60} if kept else {})


def test_who_goes_away_in_mid_write_leaves_the_reservation() -> None:
    """It may have been carried out; the record says that nobody knows."""
    stage = Stage()
    stage.tap.script = 50.0

    async def main() -> None:
        task = asyncio.create_task(stage.tap.turn("t1", 60))
        await stage.clock.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])
        with pytest.raises(SpendGuardError):
            await stage.tap.turn("t2", 60)

    stage.run(main())
    assert stage.phases() == ["intent", "outcome", "refused"]
    assert stage.audit.entries[1]["outcome"] == "unknown"


def test_who_goes_away_before_anything_is_sent_leaves_nothing() -> None:
    """Cancelled while the record is written: the room is free again."""

    class Slow(MemoryAudit):
        async def append(self, entry: Mapping[str, Any]) -> None:
            await stage.clock.sleep(5.0)
            await super().append(entry)

    stage = Stage(audit=Slow())

    async def main() -> None:
        task = asyncio.create_task(stage.tap.turn("t1", 60))
        await stage.clock.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])

    stage.run(main())
    assert (stage.counted(), stage.tap.sent) == ({}, [])


def test_who_goes_away_while_it_is_held_leaves_nothing() -> None:
    """Cancelled while the ledger commits, which it may have done: the room is free again."""

    class Slow(MemoryLedger):
        async def run(self, work: Callable[[Book], Any], holders: Any = None) -> Any:
            result = await super().run(work, holders)
            await stage.clock.sleep(5.0)
            return result

    stage = Stage(spend_ledger=Slow())

    async def main() -> None:
        task = asyncio.create_task(stage.tap.turn("t1", 60))
        await stage.clock.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])

    stage.run(main())
    assert (stage.counted(), stage.tap.sent) == ({}, [])


class Broken(MemoryAudit):
    """A disk without room."""

    async def append(self, entry: Mapping[str, Any]) -> None:
        raise ResourceError("no space left", rule="guard.audit")


class Locked(MemoryLedger):
    """A file that another process holds."""

    async def run(self, work: Callable[[Book], Any], holders: Any = None) -> Any:
        raise ResourceError("locked", field="state", value="backstay.db")


@pytest.mark.parametrize(("options", "error", "rule"), [
    ({"audit": Broken()}, ResourceError, "guard.audit"), ({"spend_ledger": Locked()}, SpendGuardError, "guard.ledger"),
])  # fmt: skip
def test_what_cannot_be_held_or_recorded_is_not_sent(options: Any, error: type[BackstayError], rule: str) -> None:
    """Fail closed; a pause is sent all the same, and the listeners are told."""
    stage = Stage(**options)
    with pytest.raises(error) as caught:
        stage.run(stage.tap.turn("t1", 60))
    assert caught.value.rule == rule
    assert stage.tap.sent == []
    assert stage.run(stage.tap.stop("t1")) == "t1"
    assert stage.told(Problem)


class Hung(MemoryAudit):
    """A disk that does not answer."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.clock = clock

    async def append(self, entry: Mapping[str, Any]) -> None:
        await self.clock.sleep(1e6)


def test_a_disk_that_hangs_holds_nobody_for_ever() -> None:
    """A write is refused after half a minute; a pause goes on after a second, and so does its answer."""
    stage = Stage()
    stage.gate.audit = Hung(stage.clock)
    began = stage.clock.monotonic()
    with pytest.raises(ResourceError) as caught:
        stage.run(stage.tap.turn("t1", 60))
    assert (caught.value.rule, stage.clock.monotonic() - began) == ("guard.slow", 30.0)
    assert (stage.counted(), stage.tap.sent) == ({}, [])
    began = stage.clock.monotonic()
    assert stage.run(stage.tap.stop("t1")) == "t1"
    assert stage.clock.monotonic() - began == 2.0


def test_a_record_that_fails_gives_the_room_back() -> None:
    """Nothing was sent, so nothing is held."""
    stage = Stage(audit=Broken())
    with pytest.raises(ResourceError):
        stage.run(stage.tap.turn("t1", 60))
    assert stage.counted() == {}


def test_what_never_spends_is_recorded_too() -> None:
    """With the caller's arguments, as far as they may be shown, and without a guard."""
    stage = Stage(guard=None)
    stage.run(stage.tap.rename("t1", "secret"))
    intent = stage.audit.entries[0]
    assert (intent["after"], intent["verdict"]) == (
        {"name": "t1", "password": "REDACTED"},
        {"allowed": True, "guard": "none"},
    )
    assert stage.phases() == ["intent", "outcome"]


def test_without_a_guard_nothing_is_turned_on_but_everything_off() -> None:
    """Whoever runs without a guard is told how to give one."""
    stage = Stage(guard=None)
    with pytest.raises(SpendGuardError) as caught:
        stage.run(stage.tap.turn("t1", 1))
    assert (caught.value.rule, caught.value.field) == ("guard.no_guard", "guard")
    assert "SpendGuard.unlimited()" in (caught.value.hint or "")
    stage.run(stage.tap.stop("t1"))
    assert stage.tap.sent == ["t1"]


def test_unlimited_lets_pass_and_writes_down() -> None:
    """So that caps that come later know what runs."""
    stage = Stage(guard=SpendGuard.unlimited())
    stage.run(stage.tap.turn("t1", 1_000_000))
    assert stage.counted() == {"t1": 1_000_000}


def test_what_cannot_be_read_is_not_sent() -> None:
    """The read's own error comes out, and is recorded."""
    stage = Stage()
    stage.tap.unreadable = ConnectionFailedError("away", certainty=Certainty.NOT_SENT)
    with pytest.raises(ConnectionFailedError):
        stage.run(stage.tap.turn("t1", 60))
    assert (stage.tap.sent, stage.phases()) == ([], ["refused"])


def test_copies_with_other_options_pass_the_same_gate() -> None:
    """`with_options` is no way around."""
    stage = Stage()
    stage.run(stage.tap.turn("t1", 60))
    stage.tap._life = Life()
    with pytest.raises(SpendGuardError):
        run(stage.tap.with_options(deadline=5.0).turn("t2", 60), stage.clock)


def test_a_write_that_declares_nothing_cannot_be_defined() -> None:
    """The message says what to write."""
    with pytest.raises(InternalError, match="does not say how it can spend") as caught:

        class Silent(Tap):
            @operation(Effect.CREATE, look="_look")
            async def make(self, name: str, *, idempotency_key: str) -> str:
                return name

    assert "NeverSpends" in (caught.value.hint or "")
    with pytest.raises(InvalidRequestError, match="without a reason"):
        NeverSpends(" ")


def test_a_write_that_slipped_in_later_is_refused_when_called() -> None:
    """A method that was put on the class by hand passes no check of classes."""

    async def body(self: Tap, name: str) -> str:
        return await self._send(name)

    stage = Stage()
    declared = operation(Effect.SET, look="_look")(body)
    with pytest.raises(InternalError, match="does not say how it can spend"):
        stage.run(declared(stage.tap, "t1"))
    assert stage.tap.sent == []
