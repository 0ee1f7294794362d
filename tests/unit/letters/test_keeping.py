"""Which calls leave a letter, that it is one, what it says, and where it goes when its store does not take it."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backstay import Effect, Runtime, bind_context, resilient
from backstay.ads import (
    CampaignPatch,
    ConfiguredStatus,
    MediaKind,
    MediaUpload,
    Ref,
)
from backstay.errors import (
    BackstayError,
    CircuitOpenError,
    ConflictError,
    ConnectionFailedError,
    CreativeRejectedError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    PlatformServiceError,
    QuotaExhaustedError,
    RateLimitError,
    ResourceError,
    SpendGuardError,
    TokenExpiredError,
    UnsupportedError,
)
from backstay.events import DeadLetter, LettersAlarm, Problem
from backstay.events.log import level_of
from backstay.letters import Incident, Letter, LetterState, MemoryLetters, Outcome, sqlite
from backstay.policies.breaker import State
from backstay.taxonomy import Certainty
from backstay.testing.clock import run
from tests.support.letters import Stage, spec, tree

NOT_SENT = Certainty.NOT_SENT
TOKEN = "act." + "Qw7" * 12


# Which failures -------------------------------------------------------------------------------------------------------

LEAVES: list[tuple[BackstayError, str, Outcome | None]] = [
    (ConnectionFailedError(certainty=NOT_SENT), "attempts", Outcome.FAILED),
    (PlatformServiceError(), "attempts", Outcome.FAILED),  # looked up each time, and not there
    (RateLimitError(retry_after=86_400.0), "vendor_wait", Outcome.FAILED),
    (QuotaExhaustedError(), "not_retryable", Outcome.FAILED),
    (InvalidRequestError("wrong"), "", None),
    (NotFoundError("gone"), "", None),
    (PermissionDeniedError("no"), "", None),
    (TokenExpiredError("old"), "", None),
    (CreativeRejectedError("ugly"), "", None),
    (ConflictError("there"), "", None),
    (UnsupportedError("never"), "", None),
    (SpendGuardError("too much"), "", None),
]


@pytest.mark.parametrize(("error", "why", "outcome"), LEAVES, ids=lambda each: getattr(each, "type", None))
def test_only_what_may_succeed_later_leaves_a_letter(error: BackstayError, why: str, outcome: Outcome | None) -> None:
    """One letter with what is known of the failure; a wrong, forbidden or guarded request leaves none."""
    stage = Stage()

    async def main() -> tuple[Letter, ...]:
        stage.ads.refuses = error
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k"))
        return await stage.letters()

    found = stage.run(main())
    assert [(each.why, each.outcome) for each in found] == ([(why, outcome)] if outcome else [])
    assert len(stage.told(DeadLetter)) == len(found)


def test_the_breaker_the_deadline_and_the_line_leave_letters() -> None:
    """What was never sent can be sent later."""
    stage = Stage()

    async def main() -> list[str]:
        for scope in stage.runtime.scopes:
            scope.breaker.force(State.FORCED_OPEN, stage.clock.monotonic())
        await stage.ads.warm_up()
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="late", deadline=0.5, max_attempts=10))
        for scope in stage.runtime.scopes:
            scope.breaker.force(State.FORCED_OPEN, stage.clock.monotonic())
        error = await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="held"))
        assert isinstance(error, CircuitOpenError)
        return sorted(each.type for each in await stage.letters())

    assert stage.run(main()) == ["CIRCUIT_OPEN", "CONNECTION_FAILED"]


def test_an_unknown_outcome_is_open_in_letter_and_journal() -> None:
    """Looking fails as well: nobody knows, and both say so."""
    stage = Stage()

    async def lost(*_: Any) -> str:
        stage.ads._fetch = down  # type: ignore[method-assign]  # reads fail from now on
        raise PlatformServiceError("the answer is lost")

    async def main() -> None:
        stage.ads._send_create = lost  # type: ignore[method-assign]  # that is the point
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k"))
        (letter,) = await stage.letters()
        assert (letter.outcome, letter.type, letter.why) == (Outcome.OPEN, "UNKNOWN_OUTCOME", "unsettled")
        assert letter.journal_id is not None
        record = await stage.runtime.journal.get(letter.journal_id)
        assert record is not None
        assert record.state == "unknown"

    async def down(*_: Any) -> Any:
        raise ConnectionFailedError("no way")

    stage.run(main())


def test_a_read_that_fails_on_the_way_to_a_write_leaves_the_writes_letter() -> None:
    """In an outage the write is not even reached; it is lost all the same."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        stage.ads._fetch = down  # type: ignore[method-assign]  # reads fail
        await stage.failed(stage.ads.update_campaign(made.ref, CampaignPatch(name="New")))
        await stage.failed(stage.ads.get_campaign(made.ref, max_age=0, max_stale=0))
        (letter,) = await stage.letters()
        assert (letter.operation, letter.outcome, letter.effect) == ("update_campaign", Outcome.FAILED, "set")

    async def down(*_: Any) -> Any:
        raise ConnectionFailedError("no way")

    stage.run(main())


def test_dry_runs_and_cancellation_leave_nothing() -> None:
    """A dry run is no write, and who goes away has not given up: the journal keeps what is open."""
    stage = Stage()

    async def main() -> tuple[Letter, ...]:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k", dry_run=True))
        task = asyncio.create_task(stage.ads.create_campaign(spec(), idempotency_key="k"))
        await stage.clock.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return await stage.letters()

    assert stage.run(main()) == ()


# One letter -----------------------------------------------------------------------------------------------------------


def test_a_tree_leaves_one_letter() -> None:
    """Whatever fails inside it: the tree is the call that was made."""
    stage = Stage()

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        error = await stage.failed(stage.ads.create_tree(tree(), idempotency_key="t"))
        (letter,) = await stage.letters()
        assert (letter.operation, letter.key) == ("create_tree", "meta/1/create_tree/t")
        assert letter.dlq_id in "".join(error.__notes__)

    stage.run(main())
    assert len(stage.told(DeadLetter)) == 1


def test_the_same_call_again_is_the_same_letter() -> None:
    """Counted up; another key or other arguments are another one."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="ok")).value
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        for key in ("a", "a", "b", "a"):
            await stage.failed(stage.ads.create_campaign(spec(), idempotency_key=key))
        for name in ("One", "One", "Two"):
            await stage.failed(stage.ads.update_campaign(made.ref, CampaignPatch(name=name)))
        assert sorted(each.failures for each in await stage.letters()) == [1, 1, 2, 3]

    stage.run(main())


def test_the_same_call_that_succeeds_settles_its_letter() -> None:
    """Nobody has to replay what was done since."""
    stage = Stage()

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        for key in ("a", "b"):
            await stage.failed(stage.ads.create_campaign(spec(), idempotency_key=key))
        stage.ads.refuses = None
        await stage.ads.create_campaign(spec(), idempotency_key="a")
        assert {each.key[-1]: each.state for each in await stage.letters()} == {
            "a": LetterState.REPLAYED, "b": LetterState.WAITING,
        }  # fmt: skip

    stage.run(main())


def test_a_change_that_is_made_leaves_nothing_when_only_reading_back_fails() -> None:
    """There is nothing to do again."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        real, sent = stage.ads._fetch, stage.ads._send_change

        async def then_down(ref: Ref, request: Any) -> None:
            await sent(ref, request)
            stage.ads._fetch = down  # type: ignore[method-assign]  # reads fail from now on

        async def down(*_: Any) -> Any:
            raise ConnectionFailedError("no way")

        stage.ads._send_change = then_down  # type: ignore[method-assign]  # as above
        await stage.failed(stage.ads.update_campaign(made.ref, CampaignPatch(name="New")))
        stage.ads._fetch = real  # type: ignore[method-assign]  # up again
        assert await stage.letters() == ()
        assert (await stage.ads.get_campaign(made.ref, max_age=0)).name == "New"

    stage.run(main())


def test_a_failure_inside_a_guarded_function_is_the_functions() -> None:
    """The outermost call that leaves letters leaves the one letter."""
    stage = Stage()

    @resilient("api", runtime=stage.runtime, letters=True)
    async def launch(name: str) -> str:
        made = await stage.ads.create_campaign(spec(name), idempotency_key=name)
        return made.value.ref.id

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        await stage.failed(launch("Spring"))
        (letter,) = await stage.letters()
        assert (letter.vendor, letter.operation) == ("function", "launch")
        stage.ads.refuses = None
        assert await stage.runtime.letters.replay(letter.dlq_id, launch) == "1"

    stage.run(main())


def test_a_failure_that_the_caller_swallows_keeps_its_letter() -> None:
    """The function went well; the write inside it was dropped all the same."""
    stage = Stage()

    @resilient("api", runtime=stage.runtime, letters=True)
    async def launch() -> str:
        try:
            await stage.ads.create_campaign(spec(), idempotency_key="k")
        except ConnectionFailedError:
            return "without"
        return "with"

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        assert await launch() == "without"
        (letter,) = await stage.letters()
        assert letter.operation == "create_campaign"

    stage.run(main())


def test_a_failure_that_is_made_good_inside_leaves_nothing() -> None:
    """The same write again, in the same call."""
    stage = Stage()

    @resilient("api", runtime=stage.runtime, letters=True)
    async def launch() -> None:
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k"))
        stage.ads.refuses = None
        await stage.ads.create_campaign(spec(), idempotency_key="k")

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        await launch()
        assert await stage.letters() == ()

    stage.run(main())


# Plain functions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside_a_loop", [False, True])
def test_a_blocking_function_leaves_a_letter(inside_a_loop: bool) -> None:
    """In a plain thread, and in one that has an event loop."""
    stage = Stage()
    left = [ConnectionError("down")] * 3

    @resilient("api", runtime=stage.runtime, letters=True)
    def tell(who: str) -> str:
        if left:
            raise left.pop()
        return f"told {who}"

    def once() -> Letter:
        with pytest.raises(ConnectionError) as caught:
            tell("you")
        (letter,) = asyncio.run_coroutine_threadsafe(stage.letters(), loop).result() if loop else run(stage.letters())
        assert caught.value.__notes__ == [f"dead letter {letter.dlq_id}"]
        return letter

    loop = None
    if inside_a_loop:

        async def main() -> None:
            with pytest.raises(ConnectionError):
                tell("you")
            (letter,) = await stage.letters()
            assert tell("you") == "told you"
            assert (await stage.runtime.letters.show(letter.dlq_id)).state is LetterState.REPLAYED

        run(main(), stage.clock)
        return
    letter = once()
    assert (letter.error.type, letter.retry_count, letter.outcome) == ("ConnectionError", 2, Outcome.FAILED)
    assert run(stage.runtime.letters.replay(letter.dlq_id, tell)) == "told you"


def test_a_function_that_creates_is_looked_up_when_it_is_replayed() -> None:
    """The answer was lost and so was the look: the letter is open, and the replay finds what is there."""
    stage = Stage()
    made: list[str] = []
    broken = [True]

    async def find(name: str) -> str | None:
        if broken[0]:
            raise ConnectionError("down")
        return next((each for each in made if each == name), None)

    @resilient("api", runtime=stage.runtime, letters=True, effect=Effect.CREATE, look=find)
    async def make(name: str) -> str:
        made.append(name)
        if broken[0]:
            raise ConnectionError("reset")
        return name

    async def main() -> None:
        await stage.failed(make("x"))
        (letter,) = await stage.letters()
        assert letter.outcome is Outcome.OPEN
        broken[0] = False
        await stage.clock.sleep(60)
        assert await stage.runtime.letters.replay(letter.dlq_id, make) == "x"
        assert made == ["x"]

    stage.run(main())


def test_letters_go_where_the_function_says() -> None:
    """Letters of another runtime, for one function."""
    stage, other = Stage(), Stage()

    @resilient("api", runtime=stage.runtime, letters=other.runtime.letters)
    async def tell() -> None:
        raise ConnectionError("down")

    async def main() -> None:
        await stage.failed(tell())
        assert stage.runtime.opened_letters is None
        assert len(await other.letters()) == 1

    stage.run(main())


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyError("x")])
def test_a_functions_own_fault_leaves_nothing(error: Exception) -> None:
    """It would be as wrong tomorrow."""
    stage = Stage()

    @resilient("api", runtime=stage.runtime, letters=True)
    async def tell() -> None:
        raise error

    async def main() -> tuple[Letter, ...]:
        await stage.failed(tell())
        return await stage.letters()

    assert stage.run(main()) == ()


def test_letters_and_a_cache_do_not_go_together() -> None:
    """What is only read leaves no letter."""
    with pytest.raises(InvalidRequestError) as caught:

        @resilient("api", ttl=5.0, letters=True)
        async def ask() -> None: ...

    assert caught.value.field == "letters"


# What it says ---------------------------------------------------------------------------------------------------------


def test_the_event_has_the_fields_that_people_alert_on() -> None:
    """S2-14: at error level, with the letter's id and the event's own."""
    stage = Stage()

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError("no way", certainty=NOT_SENT)
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="spring/1"))
        (letter,) = await stage.letters()
        (event,) = stage.told(DeadLetter)
        assert (event.name, level_of(event), event.stored) == ("dead_letter", "error", "store")
        assert (event.dlq_id, event.event_id, event.function) == (letter.dlq_id, "spring/1", "create_campaign")
        assert (event.error_type, event.type) == ("ConnectionFailedError", "CONNECTION_FAILED")

    stage.run(main())


@pytest.mark.parametrize("traced", [False, True])
def test_no_planted_secret_reaches_a_file(tmp_path: Path, traced: bool) -> None:
    """In arguments, extra fields, the error's text, the bound context, a traceback, an event: nowhere in any file."""
    stage = Stage(tmp_path, tracebacks=traced)

    @resilient("api", runtime=stage.runtime, letters=True)
    async def tell(token: str, note: str, payload: dict[str, str]) -> None:
        raise ConnectionError(f"https://me:{TOKEN}@example.com failed, access_token={TOKEN}")

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(f"no way: access_token={TOKEN}", certainty=NOT_SENT)
        secret = spec(extra={"access_token": TOKEN, "other": TOKEN})
        with bind_context(user_id="u1", session=TOKEN, request_id=TOKEN):
            await stage.failed(stage.ads.create_campaign(secret, idempotency_key=f"k {TOKEN}"))
            await stage.failed(tell(TOKEN, f"see token={TOKEN}", {"card": TOKEN, "event_id": "e1"}))
            error = PlatformServiceError(f"bearer {TOKEN}")
            await stage.runtime.letters.publish_failed_event({"event_id": "e1", "body": TOKEN}, error, 3, {"x": TOKEN})
        for letter in await stage.letters():
            assert not letter.replayable
            assert letter.not_replayable
        stage.runtime.letters._shelf.sink.put = broken  # type: ignore[method-assign]  # and into the spill file
        await stage.failed(tell(TOKEN, TOKEN, {}))

    async def broken(*_: Incident) -> Any:
        raise ResourceError(f"full of {TOKEN}")

    stage.run(main())
    files = [file for file in tmp_path.rglob("*") if file.name.startswith(("letters", "spill"))]
    assert {"letters.sqlite", "spill.jsonl"} <= {file.name for file in files}
    for file in files:
        assert TOKEN.encode() not in file.read_bytes(), file.name
    assert TOKEN not in json.dumps([event.facts() for event in stage.told(DeadLetter)], default=str)


def test_media_bytes_make_a_letter_that_says_why_it_cannot_be_replayed() -> None:
    """They are not kept; whoever has them calls again with the same key."""
    stage = Stage()
    media = MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=b"12345")

    async def down(*_: Any) -> Any:
        raise ConnectionFailedError("no way", certainty=NOT_SENT)

    async def main() -> None:
        stage.ads._send_upload = down  # type: ignore[method-assign]  # the upload fails
        await stage.failed(stage.ads.upload_image(media, idempotency_key="k"))
        (letter,) = await stage.letters()
        assert not letter.replayable
        assert "media.data has 5 bytes" in str(letter.not_replayable)
        with pytest.raises(InvalidRequestError, match=r"media\.data has 5 bytes"):
            await stage.runtime.letters.replay(letter.dlq_id, stage.ads)

    stage.run(main())


# Where it goes --------------------------------------------------------------------------------------------------------


def full(*_: Any) -> Any:
    raise sqlite3.OperationalError("database or disk is full")


def read_only(*_: Any) -> Any:
    error = sqlite3.OperationalError("attempt to write a readonly database")
    error.sqlite_errorcode = sqlite3.SQLITE_READONLY
    raise error


@pytest.mark.parametrize("trouble", [full, read_only])
def test_a_store_that_takes_nothing_is_spilled_and_drained_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Callable[..., Any]
) -> None:
    """S2-15: critical, in the spill file, listed from there; once the disk is well again, once each in the store."""
    stage = Stage(tmp_path)

    async def main() -> None:
        letters, spill = stage.runtime.letters, tmp_path / "spill.jsonl"
        stage.ads.refuses = ConnectionFailedError("no way", certainty=NOT_SENT)
        with monkeypatch.context() as patch:
            patch.setattr(sqlite, "_put", trouble)
            for key in ("a", "b", "a"):
                await stage.failed(stage.ads.create_campaign(spec(), idempotency_key=key))
            assert [level_of(event) for event in stage.told(DeadLetter)] == ["critical"] * 3
            assert [json.loads(line)["key"][-1] for line in spill.read_text().splitlines()] == ["a", "b", "a"]
            listed = await letters.list()
            assert {each.key[-1]: each.failures for each in listed} == {"a": 2, "b": 1}
            assert any(event.where == "letters.store" for event in stage.told(Problem))
            with pytest.raises(ResourceError):
                await letters.replay(listed[0].dlq_id, stage.ads)  # it cannot be held, so it is not made
            assert stage.ads.sent == []
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="c"))
        assert not list(tmp_path.glob("spill*"))
        assert {each.key[-1]: each.failures for each in await letters.list()} == {"a": 2, "b": 1, "c": 1}
        assert {each.key[-1]: each.failures for each in await letters.list()} == {"a": 2, "b": 1, "c": 1}

    stage.run(main())


def test_a_letter_that_nothing_takes_is_in_the_log(tmp_path: Path) -> None:
    """A file stands where the state folder should be: the line holds the whole letter, and the error says so."""
    (tmp_path / "state").write_text("")
    stage = Stage(tmp_path / "state")

    @resilient("api", runtime=stage.runtime, letters=True)
    async def tell(who: str) -> None:
        raise ConnectionError("down")

    async def main() -> None:
        error = await stage.failed(tell("you"))
        (event,) = stage.told(DeadLetter)
        assert (event.stored, level_of(event)) == ("nowhere", "critical")
        assert Letter.from_json(json.loads(event.letter)).original_event["arguments"] == {"who": "you"}
        assert error.__notes__ == [f"dead letter {event.dlq_id} (nowhere)"]
        assert isinstance(error, ConnectionError)
        with pytest.raises(ResourceError, match="could not be kept"):
            await stage.runtime.letters.publish_failed_event({"event_id": "e"}, error)

    stage.run(main())


async def test_a_worker_does_not_start_without_letters(tmp_path: Path) -> None:
    """Decision 11 of the requirements; and what was spilled is put away when it starts."""
    (tmp_path / "state").write_text("")
    runtime = Runtime(state=tmp_path / "state", listeners=())
    with pytest.raises(BackstayError):
        await runtime.letters.start()
    await runtime.aclose()
    fine = Runtime(state=tmp_path / "fine", listeners=())
    await fine.letters.start()
    await fine.aclose()


class Topic:
    """A sink like a broker's topic."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []

    async def start(self) -> None: ...

    async def put(self, *incidents: Incident) -> tuple[Letter, ...]:
        self.messages += [(each.letter.key, each.letter.as_json()) for each in incidents]
        return tuple(each.letter for each in incidents)

    async def aclose(self) -> None: ...


def test_a_broker_is_enough_to_keep_letters() -> None:
    """Key and value of a message; what it cannot do is refused by name."""
    topic = Topic()
    stage = Stage(store=topic)

    async def main() -> None:
        await stage.runtime.letters.publish_failed_event({"event_id": "e1"}, ValueError("no"), 3, {"workflow_id": "w"})
        ((key, value),) = topic.messages
        assert key == "event/e1"
        assert (value["retry_count"], value["context"], value["original_event"]) == (
            3, {"workflow_id": "w"}, {"event_id": "e1"},
        )  # fmt: skip
        with pytest.raises(UnsupportedError, match="only takes letters"):
            await stage.runtime.letters.list()

    stage.run(main())


# Events of workers ----------------------------------------------------------------------------------------------------


def test_a_failed_event_is_published() -> None:
    """S2-12, S2-18, S2-19: acknowledged when it returns, by the event's id, redacted, with the ids that are bound."""
    stage = Stage()

    async def main() -> None:
        letters = stage.runtime.letters
        event = {"event_id": "e1", "workflow_id": "w1", "workflow_run_id": "r1", "data": {"private": 1}}
        with bind_context(user_id="u1"):
            first = await letters.publish_failed_event(event, TimeoutError("slow"), 3, {"workflow_id": "w1"})
        again = await letters.publish_failed_event(event, TimeoutError("slow"), 3, {"workflow_id": "w1"})
        assert first.dlq_id == again.dlq_id
        assert again.failures == 2
        assert first.original_event == {**event, "data": "REDACTED"}
        assert first.context == {"user_id": "u1", "workflow_id": "w1"}
        assert (first.error.type, first.error.message, first.operation) == ("TimeoutError", "slow", "event")
        assert "data is not in the allow-list" in str(first.not_replayable)
        (told, _) = stage.told(DeadLetter)
        assert (told.event_id, told.stored) == ("e1", "store")

    stage.run(main())


def test_an_errors_own_count_of_tries_is_believed() -> None:
    """Decision 10 of the requirements."""
    stage = Stage()

    async def main() -> None:
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        error = await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k"))
        letter = await stage.runtime.letters.publish_failed_event({"event_id": "e1"}, error, 99)
        assert letter.retry_count == 3

    stage.run(main())


@pytest.mark.parametrize(
    ("event", "key", "same"),
    [
        ({"event_id": "e"}, None, {"event_id": "e", "attempt": 2}),
        ({"status": "a"}, None, {"status": "a"}),
        ({"event_id": "e"}, "own", {"event_id": "f"}),
    ],
)
def test_what_names_an_event(event: dict[str, Any], key: str | None, same: dict[str, Any]) -> None:
    """Its id; without one its content; or the key that is given."""
    stage = Stage()

    async def main() -> None:
        letters = stage.runtime.letters
        one = await letters.publish_failed_event(event, ValueError(), key=key)
        two = await letters.publish_failed_event(same, ValueError(), key=key)
        other = await letters.publish_failed_event({"event_id": "other"}, ValueError())
        assert one.dlq_id == two.dlq_id != other.dlq_id

    stage.run(main())


def test_an_event_that_may_be_kept_whole_is_handled_again() -> None:
    """The replay hands it to the handler."""
    stage = Stage()
    seen: list[dict[str, Any]] = []

    async def handle(event: dict[str, Any]) -> str:
        seen.append(event)
        return "done"

    async def main() -> None:
        event = {"event_id": "e1", "workflow_id": "w"}
        letter = await stage.runtime.letters.publish_failed_event(event, ValueError("no"))
        assert await stage.runtime.letters.replay(letter.dlq_id, handle) == "done"
        assert seen == [event]

    stage.run(main())


# Order ----------------------------------------------------------------------------------------------------------------


def test_too_many_letters_ring_the_alarm_once() -> None:
    """S2-25."""
    stage = Stage(alarm=3)

    async def main() -> None:
        for number in range(6):
            await stage.runtime.letters.publish_failed_event({"event_id": str(number)}, ValueError())

    stage.run(main())
    (event,) = stage.told(LettersAlarm)
    assert (event.waiting, event.limit, event.dropped, level_of(event)) == (3, 3, 0, "error")


def test_letters_beyond_the_limit_are_deleted_and_told() -> None:
    """The oldest go, and not in silence."""
    stage = Stage(max_count=16, alarm=16)

    async def main() -> tuple[Letter, ...]:
        for number in range(40):
            await stage.runtime.letters.publish_failed_event({"event_id": str(number)}, ValueError())
            await stage.clock.sleep(1)
        return await stage.letters()

    found = stage.run(main())
    assert [each.original_event["event_id"] for each in found] == [str(n) for n in range(24, 40)]
    assert sum(event.dropped for event in stage.told(LettersAlarm)) == 24


def test_old_letters_are_deleted_by_a_purge() -> None:
    """By age since something last happened to them."""
    stage = Stage(max_age=100.0)

    async def main() -> None:
        letters = stage.runtime.letters
        for key in ("old", "done", "new"):
            await letters.publish_failed_event({"event_id": key}, ValueError())
            await stage.clock.sleep(60)
        done = next(each for each in await letters.list() if each.key == "event/done")
        await letters.discard(done.dlq_id)
        purged = await letters.purge()
        assert (purged.settled, purged.waiting) == (0, 1)
        assert [each.key for each in await letters.list(None)] == ["event/done", "event/new"]

    stage.run(main())
    assert [event.dropped for event in stage.told(LettersAlarm)] == [1]


def test_a_store_that_breaks_after_the_letter_is_kept_is_told() -> None:
    """Counting fails: the caller's error is raised all the same, and nothing is swallowed."""
    store = MemoryLetters()
    stage = Stage(store=store)

    async def broken() -> int:
        raise RuntimeError("no count")

    async def main() -> None:
        store.waiting = broken  # type: ignore[method-assign]  # that is the point
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        error = await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k"))
        assert isinstance(error, ConnectionFailedError)
        assert len(await stage.letters()) == 1

    stage.run(main())
    assert [event.where for event in stage.told(Problem)] == ["letters.order"]


def test_status_changes_leave_letters_too() -> None:
    """Pausing is a write that matters."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        stage.ads.refuses = ConnectionFailedError(certainty=NOT_SENT)
        await stage.failed(stage.ads.set_status(made.ref, ConfiguredStatus.PAUSED))
        (letter,) = await stage.letters()
        assert letter.original_event["arguments"]["status"] == "paused"

    stage.run(main())
