"""Replays: they look first, only one at a time, and what they do is done once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, ClassVar, Unpack

import pytest

from backstay import CallOptions, Credentials, Effect, Profile, Runtime
from backstay.ads import AdGroupPatch, Budget, CampaignPatch, ConfiguredStatus, Money, Ref
from backstay.base import Adapter
from backstay.compose import Split, Weights
from backstay.errors import (
    BackstayError,
    ConflictError,
    ConnectionFailedError,
    InFlightError,
    InvalidRequestError,
    NotFoundError,
    PlatformServiceError,
)
from backstay.events import DeadLetter, LetterReplayed
from backstay.events.log import level_of
from backstay.letters import Incident, Letter, LetterOptions, LetterState, MemoryLetters, Outcome
from backstay.operation import NeverSpends, operation
from backstay.taxonomy import Certainty
from backstay.writes.reconcile import Seen
from tests.support.letters import Shop, Stage, letter, spec, tree


def not_sent() -> ConnectionFailedError:
    """An error of its own each time: the engine writes into them."""
    return ConnectionFailedError("no way", certainty=Certainty.NOT_SENT)


FEWER = Budget.daily(Money("50.00", "EUR"))


async def given_up(stage: Stage, work: Any) -> Letter:
    """The letter that a write leaves on a stage that refuses everything; then the vendor is well again."""
    stage.ads.refuses = not_sent()
    await stage.failed(work)
    stage.ads.refuses = None
    return (await stage.runtime.letters.list())[-1]


# Creates --------------------------------------------------------------------------------------------------------------


def test_a_create_is_made_once_and_its_letter_is_over() -> None:
    """With its own key: the call made again is answered from the journal."""
    stage = Stage()

    async def main() -> None:
        left = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        made = await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert (made.how, made.value.name) == ("created", "Spring")
        after = await stage.runtime.letters.show(left.dlq_id)
        assert (after.state, after.failures, after.held_until) == (LetterState.REPLAYED, 1, None)
        again = await stage.ads.create_campaign(spec(), idempotency_key="k")
        assert (again.how, again.value.ref) == ("replayed", made.value.ref)

    stage.run(main())
    assert len(stage.ads.rows) == 1
    (event,) = stage.told(LetterReplayed)
    assert (event.outcome, level_of(event)) == ("replayed", "info")


def test_a_create_that_happened_is_adopted(tmp_path: Path) -> None:
    """The answer was lost and so were the looks; the replay looks before it sends, in the next process too."""
    stage = Stage(tmp_path)

    async def main() -> None:
        real, fetch = stage.ads._send_create, stage.ads._fetch

        async def lost(*args: Any) -> str:
            await real(*args)
            stage.ads._fetch = down  # type: ignore[method-assign]  # reads fail from now on
            raise PlatformServiceError("the answer is lost")

        async def down(*_: Any) -> Any:
            raise ConnectionFailedError("no way")

        stage.ads._send_create = lost  # type: ignore[method-assign]  # that is the point
        await stage.failed(stage.ads.create_campaign(spec(), idempotency_key="k"))
        stage.ads._fetch = fetch  # type: ignore[method-assign]  # up again
        (left,) = await stage.letters()
        assert left.outcome is Outcome.OPEN
        await stage.runtime.aclose()
        later = Runtime(state=tmp_path, clock=stage.clock, listeners=())
        ads = Shop(later)
        ads.rows = stage.ads.rows
        made = await later.letters.replay(left.dlq_id, ads)
        assert made.how == "adopted"
        await later.aclose()

    stage.run(main())
    assert len(stage.ads.rows) == 1


def test_a_create_is_looked_up_even_where_no_journal_knows_it(tmp_path: Path) -> None:
    """The letters were carried elsewhere, the journal was not: a tree's campaign is there already."""
    store = MemoryLetters()
    stage = Stage(store=store)

    async def main() -> None:
        real = stage.ads._draft_ad_group

        async def down(*_: Any) -> Any:
            raise not_sent()

        stage.ads._draft_ad_group = down  # type: ignore[method-assign]  # the second level fails
        await stage.failed(stage.ads.create_tree(tree(), idempotency_key="t"))
        stage.ads._draft_ad_group = real  # type: ignore[method-assign]  # well again
        (left,) = await stage.letters()
        options = LetterOptions(store=store)
        elsewhere = Runtime(state=tmp_path, clock=stage.clock, listeners=(), letters=options)
        ads = Shop(elsewhere)
        ads.rows = stage.ads.rows
        await stage.clock.sleep(60)
        built = await elsewhere.letters.replay(left.dlq_id, ads)
        assert len(built.value.groups) == 1
        await elsewhere.aclose()

    stage.run(main())
    assert [row["level"] for row in stage.ads.rows.values()] == ["campaign", "ad_group"]


# Changes --------------------------------------------------------------------------------------------------------------


def test_a_change_in_two_steps_goes_on_where_it_broke_off() -> None:
    """The name was set, the budget was not: the replay sets the budget only."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        real, patch = stage.ads._send_change, CampaignPatch(name="New", budget=FEWER)

        async def second_fails(ref: Ref, request: Any) -> None:
            if request["set"] == "budget":
                raise not_sent()
            await real(ref, request)

        stage.ads._send_change = second_fails  # type: ignore[method-assign]  # that is the point
        await stage.failed(stage.ads.update_campaign(made.ref, patch))
        stage.ads._send_change = real  # type: ignore[method-assign]  # well again
        (left,) = await stage.letters()
        before = len(stage.ads.sent)
        changed = await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert (changed.value.name, changed.value.budget) == ("New", FEWER)
        assert [request["set"] for request in stage.ads.sent[before:]] == ["budget"]

    stage.run(main())


def test_a_change_that_happened_is_not_sent_again() -> None:
    """Somebody has done it by hand since."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        left = await given_up(stage, stage.ads.set_budget(made.ref, FEWER, expect=made))
        stage.ads.rows[made.ref.id]["budget"] = FEWER
        before = len(stage.ads.sent)
        await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert len(stage.ads.sent) == before
        assert (await stage.runtime.letters.show(left.dlq_id)).state is LetterState.REPLAYED

    stage.run(main())


@pytest.mark.parametrize("expected", [True, False])
def test_a_change_that_was_overtaken_is_not_made(expected: bool) -> None:
    """Neither as it was nor as it shall be: somebody else decided, and that stands; the letter waits for a person."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        work = (
            stage.ads.set_budget(made.ref, FEWER, expect=made) if expected
            else stage.ads.update_campaign(made.ref, CampaignPatch(budget=FEWER))
        )  # fmt: skip
        left = await given_up(stage, work)
        assert left.before is not None
        stage.ads.rows[made.ref.id]["budget"] = Budget.daily(Money("75.00", "EUR"))
        before = len(stage.ads.sent)
        with pytest.raises(ConflictError, match="has changed"):
            await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert len(stage.ads.sent) == before
        after = await stage.runtime.letters.show(left.dlq_id)
        assert (after.state, after.failures, after.type) == (LetterState.WAITING, 2, "CONFLICT")

    stage.run(main())


def test_what_the_caller_expected_counts_even_if_nothing_was_sent() -> None:
    """The call failed at its first read; the answer that it was handed says what must still be so."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        real = stage.ads._fetch

        async def down(*_: Any) -> Any:
            raise ConnectionFailedError("no way")

        stage.ads._fetch = down  # type: ignore[method-assign]  # reads fail
        await stage.failed(stage.ads.set_budget(made.ref, FEWER, expect=made))
        stage.ads._fetch = real  # type: ignore[method-assign]  # up again
        (left,) = await stage.letters()
        stage.ads.rows[made.ref.id]["budget"] = Budget.daily(Money("75.00", "EUR"))
        with pytest.raises(ConflictError):
            await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        stage.ads.rows[made.ref.id]["budget"] = made.budget
        changed = await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert changed.value.budget == FEWER

    stage.run(main())


@pytest.mark.parametrize(
    ("wanted", "was", "now", "sent"),
    [
        ("paused", "active", "active", 1), ("paused", "active", "paused", 1),
        ("deleted", "paused", "paused", 1), ("deleted", "paused", "deleted", 0),
    ],
)  # fmt: skip
def test_a_switch_is_compared_but_a_pause_is_sent_again(wanted: str, was: str, now: str, sent: int) -> None:
    """A read that lags may show a pause of before what was switched on since: believing it would let it run."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        stage.ads.rows[made.ref.id]["status"] = was
        left = await given_up(stage, stage.ads.set_status(made.ref, ConfiguredStatus(wanted)))
        stage.ads.rows[made.ref.id]["status"] = now
        before = len(stage.ads.sent)
        switched = await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert switched.value.status.configured.value == wanted
        assert len(stage.ads.sent) - before == sent

    stage.run(main())


def test_a_change_of_what_is_gone_fails_and_waits() -> None:
    """A person decides what becomes of it."""
    stage = Stage()

    async def main() -> None:
        made = (await stage.ads.create_campaign(spec(), idempotency_key="k")).value
        left = await given_up(stage, stage.ads.update_campaign(made.ref, CampaignPatch(name="New")))
        del stage.ads.rows[made.ref.id]
        with pytest.raises(NotFoundError):
            await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert (await stage.runtime.letters.show(left.dlq_id)).state is LetterState.WAITING

    stage.run(main())


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"dlq_id": "0" * 36}, NotFoundError, "no dead letter"),
        ({"state": LetterState.REPLAYED}, ConflictError, "is replayed already"),
        ({"state": LetterState.DISCARDED}, ConflictError, "is discarded already"),
        ({"call": None, "not_replayable": "media.data has 5 bytes"}, InvalidRequestError, "5 bytes"),
        ({"account": "2"}, InvalidRequestError, "meta/2"),
        ({"vendor": "tiktok"}, InvalidRequestError, "tiktok/1"),
        ({"call": "{}"}, BackstayError, "cannot be read"),
        ({"call": "damaged"}, BackstayError, "cannot be read"),
        ({"call": '{"method":"aclose","args":{"$":"tuple","v":[]},"kwargs":{},"words":{},"live":{}}'},
         InvalidRequestError, "has no write 'aclose'"),
        ({"call": '{"method":"get_account","args":{"$":"tuple","v":[]},"kwargs":{},"words":{},"live":{}}'},
         InvalidRequestError, "has no write 'get_account'"),
    ],
)  # fmt: skip
def test_what_cannot_be_replayed_is_refused(change: dict[str, Any], error: type[BackstayError], words: str) -> None:
    """By name, before anything is sent: a letter calls writes of the adapter and nothing else."""
    stage = Stage()
    call = '{"method":"create_campaign","args":{"$":"tuple","v":[]},"kwargs":{},"words":{},"live":{}}'
    known = letter("k", vendor="meta", account="1", call=call)

    async def main() -> None:
        changed = known.model_copy(update={name: value for name, value in change.items() if name != "dlq_id"})
        await stage.runtime.letters._shelf.store.put(Incident("t", changed))
        with pytest.raises(error, match=words):
            await stage.runtime.letters.replay(change.get("dlq_id", known.dlq_id), stage.ads)

    stage.run(main())
    assert stage.ads.sent == []


@pytest.mark.parametrize("target", [None, "ads", print])
def test_an_adapters_letter_takes_an_adapter(target: Any) -> None:
    """And says whose."""
    stage = Stage()

    async def main() -> None:
        left = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        with pytest.raises(InvalidRequestError, match="is of meta/1") as caught:
            await stage.runtime.letters.replay(left.dlq_id, target)
        assert caught.value.hint == "pass the adapter of meta/1"

    stage.run(main())


# Failing, crashing, two at once ---------------------------------------------------------------------------------------


def test_a_replay_that_fails_counts_up_and_leaves_no_second_letter() -> None:
    """Its error is in the letter, which goes on waiting."""
    stage = Stage()

    async def main() -> None:
        left = await given_up(stage, stage.ads.create_tree(tree(), idempotency_key="t"))
        stage.ads.refuses = PlatformServiceError("still down")
        with pytest.raises(PlatformServiceError):
            await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        (after,) = await stage.letters()
        assert (after.failures, after.type, after.state) == (2, "PLATFORM_SERVICE_ERROR", LetterState.WAITING)
        assert after.held_until is None
        assert after.call == left.call
        stage.ads.refuses = None
        await stage.runtime.letters.replay(left.dlq_id, stage.ads)

    stage.run(main())
    assert [event.outcome for event in stage.told(LetterReplayed)] == ["failed", "replayed"]
    assert level_of(stage.told(LetterReplayed)[0]) == "warning"
    assert len(stage.told(DeadLetter)) == 1


def test_of_two_replays_at_once_one_wins(tmp_path: Path) -> None:
    """In two processes: the other one is told, and nothing is made twice."""
    stage = Stage(tmp_path)

    async def main() -> None:
        left = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        other = Runtime(state=tmp_path, clock=stage.clock, listeners=())
        ads = Shop(other)
        ads.rows = stage.ads.rows
        done = await asyncio.gather(
            stage.runtime.letters.replay(left.dlq_id, stage.ads), other.letters.replay(left.dlq_id, ads),
            return_exceptions=True,
        )  # fmt: skip
        assert sorted(type(each).__name__ for each in done) == ["Created", "InFlightError"]
        with pytest.raises(ConflictError, match="replayed already"):
            await other.letters.replay(left.dlq_id, ads)
        await other.aclose()

    stage.run(main())
    assert len(stage.ads.rows) == 1


def test_a_long_replay_keeps_its_hold() -> None:
    """A replay that takes ten times the hold is not overtaken."""
    stage = Stage(hold=10.0)
    made: list[str] = []

    async def slow(event: Any) -> None:
        await stage.clock.sleep(100.0)
        made.append(event["event_id"])

    async def main() -> None:
        left = await stage.runtime.letters.publish_failed_event({"event_id": "e"}, ValueError())
        first = asyncio.create_task(stage.runtime.letters.replay(left.dlq_id, slow))
        for _ in range(9):
            await stage.clock.sleep(10.5)
            with pytest.raises(InFlightError):
                await stage.runtime.letters.replay(left.dlq_id, slow)
        await first

    stage.run(main())
    assert made == ["e"]


def test_a_cancelled_replay_gives_the_letter_back() -> None:
    """As it was: neither failed nor done."""
    stage = Stage()

    async def slow(_: Any) -> None:
        await stage.clock.sleep(100.0)

    async def main() -> None:
        left = await stage.runtime.letters.publish_failed_event({"event_id": "e"}, ValueError())
        task = asyncio.create_task(stage.runtime.letters.replay(left.dlq_id, slow))
        await stage.clock.sleep(1.0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert await stage.runtime.letters.show(left.dlq_id) == left

    stage.run(main())


def test_a_crashed_replay_frees_the_letter_when_its_hold_ends(tmp_path: Path) -> None:
    """The process is gone; the next one replays, and looks first."""
    stage = Stage(tmp_path, hold=60.0)

    async def main() -> None:
        left = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        store = stage.runtime.letters._shelf.store
        now = left.timestamp
        assert await store.hold(left.dlq_id, "a process that died", now, now.replace(year=2026, minute=2)) is not None
        with pytest.raises(InFlightError):
            await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        await stage.clock.sleep(180.0)
        await stage.runtime.letters.replay(left.dlq_id, stage.ads)

    stage.run(main())
    assert len(stage.ads.rows) == 1


def test_discarding_ends_a_letter_once() -> None:
    """It stays readable, and cannot be replayed; the same call that fails again opens it anew."""
    stage = Stage()

    async def main() -> None:
        letters = stage.runtime.letters
        left = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        assert (await letters.discard(left.dlq_id)).state is LetterState.DISCARDED
        for work in (letters.discard(left.dlq_id), letters.replay(left.dlq_id, stage.ads)):
            with pytest.raises(ConflictError, match="discarded already"):
                await work
        with pytest.raises(NotFoundError):
            await letters.discard("nothing")
        await stage.clock.sleep(1.0)
        again = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        assert (again.dlq_id, again.state, again.failures) == (left.dlq_id, LetterState.WAITING, 2)

    stage.run(main())


def test_a_patch_of_another_level_is_replayed_by_its_own_method() -> None:
    """Ad groups too."""
    stage = Stage()

    async def main() -> None:
        built = (await stage.ads.create_tree(tree(), idempotency_key="t")).value
        ref = built.groups[0].ad_group.ref
        left = await given_up(stage, stage.ads.update_ad_group(ref, AdGroupPatch(name="Some")))
        changed = await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert changed.value.name == "Some"

    stage.run(main())


class Own(Shop):
    """A vendor with a way of its own to make a campaign."""

    async def create_campaign(self, spec: Any, **facts: Any) -> Any:  # type: ignore[override]  # one of its own
        """It looks at the account first."""
        await self.get_account(max_age=0)
        return await super().create_campaign(spec, **facts)


def test_an_override_of_a_write_is_a_write() -> None:
    """It fails as one, leaves one letter, and is what the replay calls."""
    stage = Stage()
    stage.ads = Own(stage.runtime)

    async def main() -> None:
        left = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k"))
        assert left.operation == "create_campaign"
        assert len(await stage.letters()) == 1
        made = await stage.runtime.letters.replay(left.dlq_id, stage.ads)
        assert made.how == "created"
        with pytest.raises(InvalidRequestError, match="no write"):
            await stage.ads.redo("with_options", (), {})

    stage.run(main())


def test_a_split_is_replayed_by_its_member() -> None:
    """The letter is the member's; the split may be handed in."""
    stage = Stage()
    other = Shop(stage.runtime, "2")
    split = Split({"one": stage.ads, "two": other}, Weights({"one": 0, "two": 1}), name="s")

    async def main() -> None:
        other.refuses = not_sent()
        await stage.failed(split.create_campaign(spec(), idempotency_key="k"))
        other.refuses = None
        (left,) = await stage.letters()
        assert left.account == "2"
        made = await stage.runtime.letters.replay(left.dlq_id, Split({"both": split}, lambda _: "both", name="outer"))
        assert made.value.ref.account_id == "2"
        lonely = Split({"one": stage.ads}, lambda _: "one", name="lonely")
        stray = await given_up(stage, stage.ads.create_campaign(spec(), idempotency_key="k2"))
        await stage.runtime.letters.replay(stray.dlq_id, lonely)
        other.refuses = not_sent()
        await stage.failed(other.create_campaign(spec(), idempotency_key="k3"))
        (third,) = await stage.runtime.letters.list()
        with pytest.raises(InvalidRequestError, match="is of meta/2"):
            await stage.runtime.letters.replay(third.dlq_id, lonely)

    stage.run(main())


class Wall(Adapter):
    """A vendor whose operations are public: a post, and a colour."""

    vendor: ClassVar[str] = "wall"

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(
            credentials=Credentials("key"), account="1", host="https://wall.example", profile=Profile(),
            runtime=runtime, options={},
        )  # fmt: skip
        self.posts: list[str] = []
        self.color = "white"
        self.away = False

    @operation(Effect.PUBLISH, look="find", spend=NeverSpends("a post is free"))
    async def post(self, text: str, *, idempotency_key: str, **_: Unpack[CallOptions]) -> str:
        if self.away:
            raise not_sent()
        self.posts.append(text)
        return text

    async def find(self, text: str, *, idempotency_key: str) -> list[str]:
        return [each for each in self.posts if each == text]

    @operation(Effect.SET, look="seen", spend=NeverSpends("paint is free"))
    async def paint(self, color: str, was: str, **_: Unpack[CallOptions]) -> None:
        if self.away:
            raise not_sent()
        self.color = color

    async def seen(self, color: str, was: str) -> Seen:
        return {color: Seen.WANTED, was: Seen.BEFORE}.get(self.color, Seen.OTHER)

    @operation(Effect.GENERATE)
    async def imagine(self, text: str, **_: Unpack[CallOptions]) -> str:
        raise not_sent()


def test_operations_that_are_public_leave_letters_themselves() -> None:
    """A post is made once, a colour is compared; what is only generated leaves nothing."""
    stage = Stage()
    wall = Wall(stage.runtime)

    async def main() -> None:
        wall.away = True
        await stage.failed(wall.post("hello", idempotency_key="k", deadline=60.0))
        await stage.failed(wall.paint("blue", "white"))
        await stage.failed(wall.imagine("a wall"))
        wall.away = False
        posted, painted = await stage.runtime.letters.list()
        assert (posted.operation, painted.operation) == ("post", "paint")
        assert posted.original_event["arguments"] == {"text": "hello", "idempotency_key": "k"}
        wall.color = "red"
        with pytest.raises(ConflictError, match="has changed"):
            await stage.runtime.letters.replay(painted.dlq_id, wall)
        wall.color = "white"
        await stage.runtime.letters.replay(painted.dlq_id, wall)
        assert await stage.runtime.letters.replay(posted.dlq_id, wall)
        assert (wall.posts, wall.color) == (["hello"], "blue")

    stage.run(main())
