"""A create reads back in the same request (Graph's "read-after-write"), and what happens where that read is no good."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from backstay.ads import ConfiguredStatus, Creative, CreativeKind, IdentityRef, Level, Platform, Ref
from backstay.errors import InvalidRequestError, NotFoundError
from backstay.sandbox import FaultKind, FaultRule
from backstay.sandbox.wire import Reply
from backstay.writes.journal import State
from backstay.writes.lately import Lately
from backstay_adapters.meta.errors import TABLE, decode
from tests.support.meta import GROUP, HOME, SPEC, Stage

WRITTEN: dict[str, Any] = {
    "error": {
        "message": "(#100) Tried accessing nonexisting field (x) on node type (Campaign)", "type": "OAuthException",
        "code": 100, "original_response": {"id": "5"},
    }
}  # fmt: skip


def told(stage: Stage, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Have the simulator answer creates of campaigns otherwise than it would; what it does stays as it is."""
    real = stage.sandbox.handle

    def handle(request: Any, *rest: Any) -> Reply:
        reply = real(request, *rest)
        if request.method != "POST" or not request.path.endswith("/campaigns"):
            return reply
        return Reply(reply.status, reply.headers, json.dumps(change(json.loads(reply.body))).encode())

    stage.sandbox.handle = handle  # type: ignore[method-assign]  # that is the point


def reads_of_nodes(stage: Stage) -> int:
    return len([path for method, path in stage.sent if method == "GET" and path.rpartition("/")[2].isdigit()])


def test_one_request_makes_a_campaign_and_reads_it() -> None:
    """Nothing is asked after the POST, and the journal says at once that it was verified."""
    stage = Stage()

    async def main() -> None:
        made = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        assert reads_of_nodes(stage) == 0
        assert made.value.budget == SPEC.budget
        assert made.value.status.configured is ConfiguredStatus.PAUSED
        assert (made.served.source, made.served.attempts) == ("live", 1)
        assert len(made.served.request_ids) == 1
        record = await stage.runtime.journal.get(made.value.key_token or "")
        assert record is not None
        assert record.state is State.VERIFIED
        read = await stage.ads.get_campaign(made.value.ref, max_age=0)
        assert read == made.value
        again = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        assert (again.how, again.value) == ("replayed", made.value)

    stage.run(main())
    assert stage.posts == 1


def test_a_create_whose_reading_failed_is_made_and_read_again() -> None:
    """The vendor answers with an error and the new id beside it; a second POST would be a second campaign."""
    stage = Stage()
    ads = stage.adapter(fields={"campaign": ("no_such_field",)})

    async def main() -> None:
        made = await ads.create_campaign(SPEC, idempotency_key="k")
        assert made.how == "created"
        assert set(made.value.extra["refused_fields"]) == {"no_such_field"}
        record = await stage.runtime.journal.get(made.value.key_token or "")
        assert record is not None
        assert record.state is State.VERIFIED
        before = len(stage.sent)
        other = await ads.create_campaign(SPEC.but(name="Autumn"), idempotency_key="l")
        assert other.value.extra["refused_fields"] == made.value.extra["refused_fields"]
        methods = [method for method, _ in stage.sent[before:]]
        assert methods[-1] == "POST"  # the field is not asked for any more

    stage.run(main())
    assert stage.posts == 2
    assert len(stage.sandbox.world.objects(level="campaign")) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda said: {"id": said["id"]}, lambda said: {"id": said["id"], "success": True},
        lambda said: {**said, "daily_budget": "many"}, lambda said: {**said, "account_id": "1"},
        lambda said: {"error": {**WRITTEN["error"], "original_response": said}},
    ],
)  # fmt: skip
def test_an_answer_that_does_not_show_the_campaign_is_followed_by_a_read(change: Any) -> None:
    """Only the id, half of it, another account's, or an error of the read."""
    stage = Stage()
    told(stage, change)

    async def main() -> None:
        made = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        assert made.value.budget == SPEC.budget
        assert reads_of_nodes(stage) == 1

    stage.run(main())
    assert stage.posts == 1
    assert len(stage.sandbox.world.objects(level="campaign")) == 1


def test_an_error_without_the_writes_own_answer_is_a_refusal() -> None:
    """Nothing was made, and nothing is looked for."""
    stage = Stage()
    told(stage, lambda _: {"error": {"message": "(#100) Invalid parameter", "code": 100, "type": "OAuthException"}})

    async def main() -> None:
        with pytest.raises(InvalidRequestError):
            await stage.ads.create_campaign(SPEC, idempotency_key="k")

    stage.run(main())
    assert stage.posts == 1


def test_a_campaign_that_runs_although_it_was_made_paused_is_paused() -> None:
    """The answer shows it, so that it is found out without a read."""
    stage = Stage()
    told(stage, lambda said: {**said, "status": "ACTIVE"})

    async def main() -> None:
        made = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        assert made.value.status.configured is ConfiguredStatus.PAUSED
        record = await stage.runtime.journal.get(made.value.key_token or "")
        assert record is not None
        assert record.state is State.VERIFIED

    stage.run(main())


def test_what_was_just_made_is_waited_for_where_reads_lag() -> None:
    """Its create has shown it, so a read without it says nothing yet, to any adapter of the process."""
    stage = Stage(read_lag=4.0, lag_nodes=True)
    reader = stage.adapter()

    async def main() -> None:
        made = await stage.ads.create_campaign(SPEC.but(budget=None), idempotency_key="k")
        began = stage.clock.monotonic()
        assert (await reader.get_campaign(made.value.ref)).ref == made.value.ref
        assert stage.clock.monotonic() - began >= 3.0
        other = await stage.ads.create_campaign(SPEC.but(name="Other", budget=None), idempotency_key="o")
        group = await stage.ads.create_ad_group(other.value.ref, GROUP.but(budget=SPEC.budget), idempotency_key="g")
        assert group.value.campaign == other.value.ref
        began = stage.clock.monotonic()
        with pytest.raises(NotFoundError):
            await stage.ads.get_campaign(Ref(Platform.META, HOME, Level.CAMPAIGN, "999"))
        assert stage.clock.monotonic() - began < 1.0

    stage.run(main())


def test_a_creative_is_read_in_its_create_as_well() -> None:
    """One POST, and no GET behind it."""
    stage = Stage()
    image = Creative(
        kind=CreativeKind.IMAGE, link="https://example.com/", texts=("Cheaper",), identity=IdentityRef(id="99")
    )

    async def main() -> None:
        made = await stage.ads.create_creative(image, name="Spring", idempotency_key="k")
        assert made.value.link == image.link
        assert reads_of_nodes(stage) == 0
        assert await stage.ads.get_creative(made.value.id or "") == made.value

    stage.run(main())


def test_a_lost_answer_is_looked_up_as_ever() -> None:
    """It has shown nothing to us, so what looking finds is read back."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="campaign/create", times=1))
        made = await stage.ads.create_campaign(SPEC, idempotency_key="k")
        assert made.how == "adopted"
        assert made.value.budget == SPEC.budget

    stage.run(main())
    assert stage.posts == 1


def test_the_error_of_such_a_read_says_that_the_write_was_done() -> None:
    """For whoever calls the vendor's own SDK with `fields`."""
    error = TABLE.failure(decode(400, {}, json.dumps(WRITTEN).encode(), None))
    assert error is not None
    assert (error.rule, error.type, error.certainty.value, error.retryable) == (
        "meta.written", "PARTIAL_FAILURE", "unknown", False,
    )  # fmt: skip
    assert "original_response" in (error.hint or "")


@pytest.mark.parametrize(("at", "new"), [(0.0, True), (9.9, True), (10.0, False), (50.0, False)])
def test_what_is_new_is_new_for_the_read_lag(at: float, new: bool) -> None:
    """And what is old is forgotten when something else is made."""
    lately, ref, other = Lately(), Ref(Platform.META, HOME, Level.AD, "1"), Ref(Platform.META, HOME, Level.AD, "2")
    assert not lately.has(ref, 0.0)
    lately.made(ref, 0.0, 10.0)
    assert lately.has(ref, at) is new
    lately.made(other, 30.0, 10.0)
    assert not lately.has(ref, 5.0)
    assert lately.has(other, 35.0)
