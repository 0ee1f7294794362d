"""Publishing: steps that go on where one broke off, lost answers that are looked up, nothing twice and nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from backstay.clock import utc
from backstay.content import ContainerState, Post, PostKind, PublishRequest
from backstay.errors import (
    APIError,
    BackstayError,
    BadResponseError,
    IdempotencyConflictError,
    InvalidRequestError,
    NotReadyError,
    QuotaExhaustedError,
    RateLimitError,
    UnknownOutcomeError,
)
from backstay.events import Problem
from backstay.letters.frame import Recalled, Replaying
from backstay.sandbox import FaultKind
from backstay.taxonomy import Certainty
from backstay.writes.journal import Moment, State
from backstay.writes.memory import MemoryJournal
from backstay.writes.recover import Verdict, recover
from tests.support.posts import CAROUSEL, IMAGE, REEL, STORY, Desk, jpeg, mp4


@pytest.mark.parametrize("request_", [IMAGE, CAROUSEL, REEL, STORY], ids=lambda each: each.kind.value)
def test_a_post_goes_out_once(request_: PublishRequest) -> None:
    """Containers, looks, one publishing, one confirmation; the same key again gives the same post and sends none."""
    desk = Desk()
    first = desk.run(desk.process().publish_post(request_, idempotency_key="k"))
    again = desk.run(desk.process().publish_post(request_, idempotency_key="k"))
    (live,) = desk.vendor.live()
    assert (first.how, again.how, again.id) == ("created", "replayed", first.id)
    assert (first.id, first.kind, first.permalink) == (live.id, request_.kind, live.data["permalink"])
    assert first.published_at is not None
    assert first.served.source == "live"
    assert desk.asked.count("media_publish") == 1


def test_a_carousel_is_one_post_of_its_items_in_their_order() -> None:
    """Items are containers of their own; only when each is ready the whole is made."""
    desk = Desk(prepare=(2.0, 9.0))
    desk.run(desk.process().publish_post(CAROUSEL, idempotency_key="k"))
    (live,) = desk.vendor.live()
    items = [desk.vendor.containers[name] for name in live.data["_params"]["children"].split(",")]
    assert [each.address for each in items] == [media.url for media in CAROUSEL.media]
    assert all("caption" not in each.params for each in items)
    assert desk.asked.index("media/carousel") > desk.asked.index("container")
    assert desk.vendor.used(desk.clock.wall()) == 1


@pytest.mark.parametrize(("declared", "sent"), [(True, "true"), (False, "false"), (None, None)])
@pytest.mark.parametrize("request_", [IMAGE, CAROUSEL], ids=["image", "carousel"])
def test_that_a_model_made_it_travels_to_the_post(
    request_: PublishRequest, declared: bool | None, sent: str | None
) -> None:
    """On the container that becomes the post; not declared is not sent."""
    desk = Desk()
    post = desk.run(desk.process().publish_post(request_.but(ai_generated=declared), idempotency_key="k"))
    assert desk.vendor.live()[0].data["_ai"] == sent
    assert post.ai_generated is declared


def test_what_a_reel_and_a_video_story_are_sent_as() -> None:
    """Their media types and addresses; fields of the vendor's own are merged last."""
    desk = Desk()
    reel = REEL.but(media=(mp4(cover_url="https://cdn.example/c.jpg"),), extra={"share_to_feed": True})
    desk.run(desk.process().publish_post(reel, idempotency_key="reel"))
    desk.run(desk.process().publish_post(STORY.but(media=(mp4(),)), idempotency_key="story"))
    first, second = (thing.data["_params"] for thing in desk.vendor.live())
    assert (first["media_type"], first["share_to_feed"]) == ("REELS", "true")
    assert first["cover_url"] == "https://cdn.example/c.jpg"
    assert (second["media_type"], second["video_url"]) == ("STORIES", "https://cdn.example/a.mp4")


DAY = 86_400.0

# Lost answers -------------------------------------------------------------------------------------------------------

LOST = [
    (FaultKind.RESET_AFTER, {}), (FaultKind.HALF_JSON, {}), (FaultKind.EMPTY, {}),
    (FaultKind.HTTP_5XX, {"after_commit": True}), (FaultKind.HTML, {"after_commit": True, "status": 200}),
    (FaultKind.TIMEOUT, {"after_commit": True}), (FaultKind.VENDOR_ERROR, {"after_commit": True, "error": "unknown"}),
    (FaultKind.VENDOR_ERROR, {"after_commit": True, "error": "spam"}),
    (FaultKind.VENDOR_ERROR, {"after_commit": True, "error": "not_ready"}),
    (FaultKind.VENDOR_ERROR, {"after_commit": True, "error": "gone"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "facts"), LOST, ids=[f"{kind}-{facts.get('error', '')}" for kind, facts in LOST])
@pytest.mark.parametrize("lags", [{}, {"status_lag": 6.0, "read_lag": 9.0}], ids=["at once", "late"])
def test_a_post_that_is_out_although_its_answer_is_lost_is_success(
    kind: FaultKind, facts: dict[str, Any], lags: dict[str, float]
) -> None:
    """It is found by its container and its caption, and named; nothing is sent again, 4/2207051 included."""
    desk = Desk(again="posts", **lags)
    desk.breaks(kind, **facts)
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (post.how, post.id, desk.posts()) == ("adopted", desk.vendor.live()[0].id, 1)
    assert desk.asked.count("media_publish") == 1


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        (FaultKind.RESET_BEFORE, {}), (FaultKind.HTTP_5XX, {"after_commit": False}),
        (FaultKind.TIMEOUT, {"after_commit": False}), (FaultKind.VENDOR_ERROR, {"error": "server"}),
        (FaultKind.VENDOR_ERROR, {"error": "not_ready"}), (FaultKind.CONNECT_REFUSED, {}),
    ],
)  # fmt: skip
def test_a_post_that_certainly_is_not_out_is_sent_again(kind: FaultKind, facts: dict[str, Any]) -> None:
    """The same container, after reads have had all their time to show it."""
    desk = Desk(again="posts", status_lag=20.0, read_lag=20.0)
    desk.breaks(kind, **facts)
    began = desk.clock.monotonic()
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (post.how, desk.posts(), len(desk.vendor.containers)) == ("created", 1, 1)
    if kind is not FaultKind.CONNECT_REFUSED:
        assert desk.clock.monotonic() - began > 30.0


def test_a_block_against_spam_without_a_post_is_told_and_nothing_is_sent_again() -> None:
    """The error says that it was not published; hours later the same key publishes the same container."""
    desk = Desk()
    desk.says("spam", times=None)
    with pytest.raises(RateLimitError) as caught:
        desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (caught.value.certainty, caught.value.retryable) == (Certainty.REFUSED, False)
    assert (desk.posts(), desk.asked.count("media_publish")) == (0, 1)
    desk.heals()
    desk.clock.advance(3 * 3600.0)
    desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (desk.posts(), len(desk.vendor.containers)) == (1, 1)


def test_the_latest_post_is_not_taken_for_ours() -> None:
    """Somebody posts something else while ours is lost: ours is still missing, and is sent."""
    desk = Desk()
    desk.breaks(FaultKind.RESET_BEFORE)

    async def work() -> Post:
        task = asyncio.ensure_future(desk.process().publish_post(IMAGE, idempotency_key="k"))
        await desk.clock.sleep(15.0)
        desk.vendor.by_hand(desk.clock.wall(), "Something else")
        return await task

    post = desk.run(work())
    theirs, ours = desk.vendor.live()
    assert (post.id, ours.data["_container"]) == (ours.id, post.container_id)
    assert theirs.id != post.id


def test_a_post_with_our_caption_that_is_not_ours_leaves_it_open_and_nothing_is_sent() -> None:
    """The container says no and the account shows one: nobody may decide, so UNKNOWN_OUTCOME."""
    desk = Desk()
    desk.breaks(FaultKind.RESET_BEFORE)

    async def work() -> None:
        task = asyncio.ensure_future(desk.process().publish_post(IMAGE, idempotency_key="k"))
        await desk.clock.sleep(15.0)
        desk.vendor.by_hand(desk.clock.wall(), "Hello")
        await task

    with pytest.raises(UnknownOutcomeError) as caught:
        desk.run(work())
    assert caught.value.journal_id is not None
    with pytest.raises(UnknownOutcomeError):
        desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (desk.posts(), desk.asked.count("media_publish")) == (1, 1)


def test_a_story_that_is_out_without_an_answer_has_no_id() -> None:
    """Nothing tells stories apart, and the latest one is not taken for ours: it is live, and that is all we know."""
    desk = Desk()
    desk.breaks(FaultKind.RESET_AFTER)
    post = desk.run(desk.process().publish_post(STORY, idempotency_key="k"))
    assert (post.id, post.permalink, post.how, desk.posts()) == (None, None, "adopted", 1)
    assert post.container_id == desk.vendor.live()[0].data["_container"]


def test_two_posts_with_one_caption_are_each_named_right() -> None:
    """What one key owns is never taken for another's."""
    desk = Desk(read_lag=(0.0, 10.0), status_lag=(0.0, 10.0))
    desk.breaks(FaultKind.RESET_AFTER, times=2)
    other = IMAGE.but(media=(jpeg("b"),))

    async def work() -> list[Post]:
        ours = desk.process()
        return list(await asyncio.gather(*(
            ours.publish_post(each, idempotency_key=key) for key, each in (("a", IMAGE), ("b", other))
        )))  # fmt: skip

    told = {each.container_id: each.id for each in desk.run(work())}
    live = {thing.data["_container"]: thing.id for thing in desk.vendor.live()}
    assert told.keys() == live.keys()
    assert all(name in {None, live[container]} for container, name in told.items())


def test_a_letter_that_is_replayed_where_no_journal_knows_it_publishes_nothing_that_may_be_out() -> None:
    """The old post is found by its words, and nobody may decide; where nothing like it shows, it is published."""
    desk = Desk()
    desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    sent = desk.clock.wall()
    desk.clock.advance(3 * 3600.0)
    desk.journal = MemoryJournal(lease=2.0)

    async def replayed(key: str, request: PublishRequest) -> Post:
        with Replaying(Recalled(sent_until=sent)):
            return await desk.process().publish_post(request, idempotency_key=key)

    with pytest.raises(UnknownOutcomeError):
        desk.run(replayed("k", IMAGE))
    assert desk.posts() == 1
    desk.run(replayed("other", IMAGE.but(caption="Other words")))
    assert desk.posts() == 2


# Going on -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["media/item", "media/carousel", "media_publish"])
@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_BEFORE])
def test_a_second_call_goes_on_at_the_step_that_was_lost(step: str, kind: FaultKind) -> None:
    """The process is stopped at that step; the next one makes nothing anew that was made before."""
    desk = Desk()
    desk.breaks(kind, step)

    async def stopped() -> None:
        task = asyncio.ensure_future(desk.process(max_attempts=1).publish_post(CAROUSEL, idempotency_key="k"))
        while desk.vendor.faults is None or not sum(desk.vendor.faults.struck):
            await desk.clock.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])

    desk.run(stopped())
    desk.heals()
    post = desk.run(desk.process().publish_post(CAROUSEL, idempotency_key="k"))
    count = Counter(desk.asked)
    assert (desk.posts(), post.id) == (1, desk.vendor.live()[0].id)
    assert count["media_publish"] == (2 if step == "media_publish" and kind is FaultKind.RESET_BEFORE else 1)
    assert count["media/carousel"] == (2 if step == "media/carousel" else 1)


@pytest.mark.parametrize(("done", "verdict", "out"), [(True, Verdict.ADOPTED, 1), (False, Verdict.ABSENT, 0)])
def test_recover_settles_what_a_crash_has_left_open(done: bool, verdict: Verdict, out: int) -> None:
    """By looking only; the same key then replays the post, or publishes it."""
    desk = Desk()
    desk.breaks(FaultKind.TIMEOUT, after_commit=done)

    async def stopped() -> None:
        task = asyncio.ensure_future(desk.process().publish_post(IMAGE, idempotency_key="k"))
        while "media_publish" not in desk.asked:
            await desk.clock.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])

    desk.run(stopped())
    desk.heals()
    again = desk.process()
    (found,) = desk.run(recover(again.runtime, [again]))
    assert (found.verdict, desk.posts(), desk.asked.count("media_publish")) == (verdict, out, 1)
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (desk.posts(), post.how) == (1, "replayed" if out else "created")


def test_the_same_key_with_another_payload_is_refused_before_anything_is_sent() -> None:
    """After publishing, and after a single container was made."""
    desk = Desk()
    desk.run(desk.process().publish_post(IMAGE, idempotency_key="out"))
    desk.run(desk.process().prepare(IMAGE, idempotency_key="prepared"))
    sent = len(desk.asked)
    for key in ("out", "prepared"):
        for other in (IMAGE.but(caption="Bye"), IMAGE.but(ai_generated=True), IMAGE.but(media=(jpeg("b"),))):
            with pytest.raises(IdempotencyConflictError) as caught:
                desk.run(desk.process().publish_post(other, idempotency_key=key))
            assert caught.value.value == key
    assert len(desk.asked) == sent


def test_what_was_prepared_is_published_without_being_made_again() -> None:
    """`prepare` shows nothing to anybody; `publish_post` with its key goes on from there."""
    desk = Desk()
    container = desk.run(desk.process().prepare(CAROUSEL, idempotency_key="k"))
    assert (desk.posts(), container.state in {ContainerState.IN_PROGRESS, ContainerState.FINISHED}) == (0, True)
    made = len(desk.vendor.containers)
    post = desk.run(desk.process().publish_post(CAROUSEL, idempotency_key="k"))
    assert (post.container_id, len(desk.vendor.containers)) == (container.id, made)


def test_a_container_that_ran_out_is_built_anew() -> None:
    """A day later; the one that is dead can never go out."""
    desk = Desk()
    first = desk.run(desk.process().prepare(IMAGE, idempotency_key="k"))
    desk.clock.advance(25 * 3600.0)
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert post.container_id != first.id
    assert desk.posts() == 1


def test_media_that_may_pass_gets_a_new_container_and_then_a_typed_error() -> None:
    """2207085 may pass: three containers in a call, then the vendor's reason; nothing is out."""
    desk = Desk()
    flaky = REEL.but(media=(mp4("flaky"),))
    with pytest.raises(BackstayError) as caught:
        desk.run(desk.process().publish_post(flaky, idempotency_key="k"))
    assert (caught.value.type, caught.value.vendor_subcode) == ("PLATFORM_SERVICE_ERROR", 2207085)
    assert (len(desk.vendor.containers), desk.posts()) == (3, 0)


def test_media_that_cannot_pass_is_refused_once_and_tried_again_by_the_next_call() -> None:
    """2207026 stays: one container a call. Whoever has mended the file behind the address calls again."""
    desk = Desk()
    bad = CAROUSEL.but(media=(jpeg("1"), mp4("badvideo")))
    with pytest.raises(InvalidRequestError) as caught:
        desk.run(desk.process().publish_post(bad, idempotency_key="k"))
    assert (caught.value.vendor_subcode, caught.value.operation) == (2207026, "publish_post")
    assert len(desk.vendor.containers) == 2
    with pytest.raises(InvalidRequestError):
        desk.run(desk.process().publish_post(bad, idempotency_key="k"))
    assert len(desk.vendor.containers) == 4


def test_an_address_that_the_crawler_could_not_read_is_asked_for_again() -> None:
    """9004/2207052 comes for good addresses, too."""
    desk = Desk()
    desk.says("fetch", "media/single", times=2)
    desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (desk.posts(), desk.asked.count("media/single")) == (1, 3)


def test_a_day_that_is_full_is_told_and_the_key_publishes_the_same_container_later() -> None:
    """QUOTA_EXHAUSTED; the quota is asked for live."""
    desk = Desk(quota=1)
    desk.run(desk.process().publish_post(IMAGE, idempotency_key="a"))
    with pytest.raises(QuotaExhaustedError):
        desk.run(desk.process().publish_post(CAROUSEL, idempotency_key="b"))
    quota = desk.run(desk.process().quota())
    assert (quota.used, quota.total, quota.left) == (1, 1, 0)
    desk.vendor.quota, made = 2, len(desk.vendor.containers)
    desk.run(desk.process().publish_post(CAROUSEL, idempotency_key="b"))
    assert (desk.posts(), len(desk.vendor.containers)) == (2, made)


def test_a_call_whose_time_is_over_while_media_is_prepared_says_so() -> None:
    """NOT_READY, and the same key goes on; the deadline is that of all steps together."""
    desk = Desk(video=100.0)
    began = desk.clock.monotonic()
    with pytest.raises(NotReadyError, match="still being prepared"):
        desk.run(desk.process().publish_post(REEL, idempotency_key="k", deadline=40.0))
    assert desk.clock.monotonic() - began <= 40.0
    desk.run(desk.process().publish_post(REEL, idempotency_key="k"))
    assert (desk.posts(), len(desk.vendor.containers)) == (1, 1)


def test_a_container_that_somebody_else_has_published_is_success() -> None:
    """Its state says so before anything is sent."""
    desk = Desk(again="posts")
    container = desk.run(desk.process().prepare(IMAGE, idempotency_key="k"))
    desk.clock.advance(60.0)
    desk.vendor._post(desk.vendor.containers[container.id], desk.clock.wall())
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (post.how, post.id, desk.posts()) == ("adopted", desk.vendor.live()[0].id, 1)


def test_a_post_whose_permalink_cannot_be_read_is_out_all_the_same() -> None:
    """The publishing was good, so the call is; listeners hear of the read."""
    desk = Desk()
    desk.breaks(FaultKind.HTTP_5XX, "post", times=None)
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert (post.id, post.permalink) == (desk.vendor.live()[0].id, None)
    assert "publish.confirm" in [each.where for each in desk.events if isinstance(each, Problem)]
    desk.heals()
    assert desk.run(desk.process().publish_post(IMAGE, idempotency_key="k")).permalink is not None


def test_calls_at_once_with_one_key_make_one_post() -> None:
    """In one process and in two."""
    desk = Desk()

    async def work() -> list[Post]:
        one, two = desk.process(), desk.process()
        return list(await asyncio.gather(*(
            each.publish_post(IMAGE, idempotency_key="k") for each in (one, one, two)
        )))  # fmt: skip

    found = desk.run(work())
    assert len({each.id for each in found}) == 1
    assert desk.posts() == 1


# Finding ------------------------------------------------------------------------------------------------------------


def test_find_post_knows_what_the_journal_knows() -> None:
    """Without a request."""
    desk = Desk()
    post = desk.run(desk.process().publish_post(IMAGE, idempotency_key="k"))
    assert post.container_id is not None
    sent = len(desk.asked)
    found = desk.run(desk.process().find_post(post.container_id))
    assert found is not None
    assert (found.id, len(desk.asked)) == (post.id, sent)


def test_find_post_says_none_only_when_that_is_certain() -> None:
    """A container that waits for half a minute with nothing to see, or one that is dead."""
    desk = Desk(prepare=0.0)
    container = desk.run(desk.process().prepare(IMAGE, idempotency_key="k"))
    began = desk.clock.monotonic()
    assert desk.run(desk.process().find_post(container.id)) is None
    assert desk.clock.monotonic() - began >= 29.0
    desk.clock.advance(25 * 3600.0)
    began = desk.clock.monotonic()
    assert desk.run(desk.process().find_post(container.id)) is None
    assert desk.clock.monotonic() - began < 1.0


@pytest.mark.parametrize(("caption", "name"), [("Hello", True), ("", False)])
def test_find_post_names_a_post_only_by_its_caption(caption: str, name: bool) -> None:
    """A container that was published without us: live for certain, named where one post alone has its caption."""
    desk = Desk(prepare=0.0)
    container = desk.run(desk.process().prepare(IMAGE.but(caption=caption), idempotency_key="k"))
    desk.vendor._post(desk.vendor.containers[container.id], desk.clock.wall())
    found = desk.run(desk.process().find_post(container.id))
    assert found is not None
    assert found.id == (desk.vendor.live()[0].id if name else None)


def test_find_post_does_not_guess() -> None:
    """A container that the vendor does not show, and one that waits while somebody posts the same words."""
    desk = Desk(prepare=0.0)
    with pytest.raises(UnknownOutcomeError):
        desk.run(desk.process().find_post("17800000000000000"))
    container = desk.run(desk.process().prepare(IMAGE, idempotency_key="k"))
    desk.vendor.by_hand(desk.clock.wall(), "Hello")
    with pytest.raises(UnknownOutcomeError):
        desk.run(desk.process().find_post(container.id))


def test_find_post_waits_for_an_attempt_that_is_on_its_way() -> None:
    """Another process is publishing: its request may still arrive, so "none" is not certain before it is over."""
    desk = Desk(prepare=0.0)
    desk.breaks(FaultKind.LATENCY, delay=100.0)  # arrives after fifty seconds, and is answered too late

    async def main() -> Post | None:
        theirs = asyncio.ensure_future(desk.process().publish_post(IMAGE, idempotency_key="k"))
        while "media_publish" not in desk.asked:
            await desk.clock.sleep(0.1)
        (container,) = desk.vendor.containers
        found = await desk.process().find_post(container)
        theirs.cancel()
        await asyncio.wait([theirs])
        return found

    found = desk.run(main())
    assert found is not None
    assert found.id == desk.vendor.live()[0].id


@pytest.mark.parametrize(("others", "known"), [(200, True), (201, False)])
def test_find_post_decides_nothing_by_half_a_list(others: int, known: bool) -> None:
    """Of an account with more posts since then than are read, nobody can say whether one is missing."""
    desk = Desk()

    async def work() -> object:
        adapter = desk.process()
        prepared = await adapter.prepare(IMAGE, idempotency_key="k")
        since = utc(desk.clock.wall())
        for number in range(others):
            desk.vendor.by_hand(desk.clock.wall(), f"Another one, {number}")
        return await adapter.find_post(prepared.id, since=since)

    if known:
        assert desk.run(work()) is None
        return
    with pytest.raises(BadResponseError) as caught:
        desk.run(work())
    assert caught.value.rule == "instagram.pages"


def test_find_post_takes_no_time_without_a_zone() -> None:
    """It would mean another moment on each machine."""
    desk = Desk()
    with pytest.raises(InvalidRequestError, match="since"):
        desk.run(desk.process().find_post("17800000000000000", since=datetime(2026, 1, 1)))  # noqa: DTZ001 - wrong on purpose
    assert desk.asked == []


def test_a_key_that_a_person_gave_up_stays_closed() -> None:
    """Abandoned after an open outcome: no later call publishes under it."""
    desk = Desk()
    desk.breaks(FaultKind.RESET_BEFORE)

    async def main() -> None:
        ours = desk.process()
        task = asyncio.ensure_future(ours.publish_post(IMAGE, idempotency_key="k"))
        while "media_publish" not in desk.asked:
            await desk.clock.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        (record,) = await desk.journal.records(State.UNKNOWN)
        now = Moment(desk.clock.wall(), desk.clock.monotonic())
        held = await desk.journal.take(record.id, "somebody", now)
        assert held is not None
        held.state = State.ABANDONED
        await desk.journal.save(held, now, release=True)
        await desk.process().publish_post(IMAGE, idempotency_key="k")

    with pytest.raises(IdempotencyConflictError, match="abandoned"):
        desk.run(main())
    assert desk.posts() == 0


# Reads --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        (IMAGE, {"reach", "impressions", "likes", "comments", "saves", "shares"}),
        (REEL, {"reach", "impressions", "likes", "comments", "saves", "shares", "plays"}),
        (STORY, {"reach", "impressions", "shares"}),
    ],
    ids=["image", "reel", "story"],
)
def test_insights_ask_for_the_figures_that_a_kind_of_post_has(request_: PublishRequest, names: set[str]) -> None:
    """One figure that it does not have would fail the whole call; the vendor's others are in `extra`."""
    desk = Desk()
    post = desk.run(desk.process().publish_post(request_, idempotency_key="k"))
    desk.clock.advance(48 * 3600.0)
    found = desk.run(desk.process().insights(str(post.id)))
    assert set(found.metrics) == names
    assert "total_interactions" in found.extra
    assert found.metrics["reach"] > 0


@pytest.mark.parametrize("read", ["post", "insights"])
def test_permalinks_and_insights_are_kept_and_served_stale(read: str) -> None:
    """Within their time from the cache, and marked; after it from the vendor, or stale when that fails."""
    desk = Desk()

    async def work() -> list[str]:
        ours = desk.process()
        post = await ours.publish_post(IMAGE, idempotency_key="k")
        ask = getattr(ours, read)
        sources = [(await ask(post.id)).served.source for _ in range(2)]
        await desk.clock.sleep(2 * 3600.0)
        desk.breaks(FaultKind.HTTP_5XX, "*", times=None)
        return [*sources, (await ask(post.id)).served.source]

    first, *rest = desk.run(work())
    assert rest == ["cache", "stale"]
    assert first in {"live", "cache"}


def test_quota_is_never_kept() -> None:
    """Stale it would be worse than none."""
    desk = Desk()

    async def work() -> None:
        ours = desk.process(max_stale=DAY)
        await ours.quota()
        desk.breaks(FaultKind.HTTP_5XX, "content_publishing_limit", times=None)
        await ours.quota()

    with pytest.raises(APIError):
        desk.run(work())


def test_a_kind_that_has_no_adapter_is_refused() -> None:
    """VIDEO is no kind of the vendor's: its name is reel."""
    desk = Desk()
    with pytest.raises(InvalidRequestError, match="video"):
        desk.run(desk.process().publish_post(REEL.but(kind=PostKind.VIDEO), idempotency_key="k"))
    assert desk.asked == []
