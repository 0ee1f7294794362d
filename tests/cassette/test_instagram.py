"""Instagram from cassettes: every kind of post, every read, a refusal of what was carried out, and its errors.

Record anew with `pytest tests/cassette --backstay-record=sandbox`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from backstay.content import ContainerState, Post, PublishRequest
from backstay.errors import BackstayError
from backstay.runtime import Runtime
from backstay.sandbox import Fault, FaultKind, FaultPlan, FaultRule, Reply, Request
from backstay_adapters.instagram import Instagram
from backstay_adapters.instagram.sandbox import ACCOUNT, KEY, InstagramSandbox
from tests.support import plays
from tests.support.plays import StillClock
from tests.support.posts import CAROUSEL, IMAGE, REEL, STORY, jpeg, mp4

Play = Callable[[Instagram], Awaitable[Any]]


class QuickClock(StillClock):
    """A still date, and waits that take no time: a container is looked at as often as the tape has looks."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(0.0)


class HastySandbox(InstagramSandbox):
    """A minute passes between two requests, so that a container is begun, prepared and published on one tape."""

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        self.minutes = getattr(self, "minutes", 0) + 1
        return super().handle(request, now + 60.0 * self.minutes, fault)


async def published(instagram: Instagram, request: PublishRequest, key: str = "tape/1") -> Post:
    """A post that is out."""
    post = await instagram.publish_post(request, idempotency_key=key)
    assert post.id
    assert str(post.permalink).startswith("https://www.instagram.com/")
    return post


async def publish_image(instagram: Instagram) -> None:
    asked = IMAGE.but(ai_generated=True, media=(jpeg(alt_text="A sail"),), location_id="110589025635590")
    post = await published(instagram, asked)
    again = await instagram.publish_post(asked, idempotency_key="tape/1")
    assert (post.how, again.how, again.id) == ("created", "replayed", post.id)


async def publish_carousel(instagram: Instagram) -> None:
    await published(instagram, CAROUSEL.but(media=(*CAROUSEL.media, mp4("4"))))


async def publish_reel(instagram: Instagram) -> None:
    await published(instagram, REEL.but(media=(mp4(cover_url="https://cdn.example/c.jpg"),)))


async def publish_story(instagram: Instagram) -> None:
    await published(instagram, STORY)


async def prepare(instagram: Instagram) -> None:
    container = await instagram.prepare(IMAGE, idempotency_key="tape/1")
    assert container.state is ContainerState.IN_PROGRESS
    assert (await instagram.container(container.id)).state is ContainerState.FINISHED


async def find_post(instagram: Instagram) -> None:
    container = await instagram.prepare(IMAGE, idempotency_key="tape/1")
    assert await instagram.find_post(container.id, since=datetime(2025, 12, 31, tzinfo=UTC)) is None


async def quota(instagram: Instagram) -> None:
    assert (await instagram.quota()).left == 50


async def insights(instagram: Instagram) -> None:
    post = await published(instagram, REEL)
    assert "plays" in (await instagram.insights(str(post.id))).metrics


async def permalink(instagram: Instagram) -> None:
    post = await published(instagram, IMAGE)
    assert (await instagram.post(str(post.id), max_age=0)).permalink == post.permalink


OPERATIONS: tuple[Play, ...] = (
    publish_image, publish_carousel, publish_reel, publish_story, prepare, find_post, quota, insights, permalink,
)  # fmt: skip


def said(name: str, operation: str = "*", **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, operation=operation, **facts)


ERRORS: dict[str, tuple[FaultRule, str]] = {
    "rate_limit": (FaultRule(FaultKind.RATE_LIMIT, retry_after=300.0), "API_RATE_LIMIT"),
    "token_expired": (FaultRule(FaultKind.TOKEN_EXPIRED), "TOKEN_EXPIRED"),
    "token_revoked": (FaultRule(FaultKind.TOKEN_REVOKED), "TOKEN_INVALID"),
    "permission": (said("permission"), "PERMISSION_DENIED"),
    "restricted": (said("restricted"), "ACCOUNT_DISABLED"),
    "server": (said("server"), "PLATFORM_SERVICE_ERROR"),
    "reduce": (said("reduce"), "TOO_MUCH_DATA"),
    "bad_gateway": (FaultRule(FaultKind.HTTP_5XX, status=502), "PLATFORM_SERVICE_ERROR"),
    "gateway_timeout": (FaultRule(FaultKind.HTTP_5XX, status=504), "PLATFORM_TIMEOUT"),
    "html": (FaultRule(FaultKind.HTML, status=200), "BAD_RESPONSE"),
    "half_json": (FaultRule(FaultKind.HALF_JSON), "BAD_RESPONSE"),
    "empty": (FaultRule(FaultKind.EMPTY), "BAD_RESPONSE"),
}
"""Of any read."""
POSTS: dict[str, tuple[FaultRule | None, PublishRequest, str]] = {
    "quota": (said("quota", "media_publish"), IMAGE, "QUOTA_EXHAUSTED"),
    "spam": (said("spam", "media_publish"), IMAGE, "API_RATE_LIMIT"),
    "fetch": (said("fetch", "media/single"), IMAGE, "VALIDATION_FAILED"),
    "late": (said("late", "media/single"), IMAGE, "PLATFORM_TIMEOUT"),
    "image_format": (None, IMAGE.but(media=(jpeg("huge"),)), "VALIDATION_FAILED"),
    "container_failed": (None, REEL.but(media=(mp4("badvideo"),)), "VALIDATION_FAILED"),
}
"""Of a post, by the vendor or by what its crawler finds."""


@contextlib.asynccontextmanager
async def stage(record: str | None, *rules: FaultRule | None) -> AsyncIterator[Instagram]:
    """An adapter on the sandbox's socket while recording, else on the vendor's own address, which the tape answers."""
    if record == "live":
        pytest.skip("recording live needs credentials: set INSTAGRAM_ACCESS_TOKEN and use Instagram.from_env()")
    plan = FaultPlan([rule for rule in rules if rule is not None])
    sandbox = HastySandbox(seed=5, faults=plan, prepare=90.0, video=150.0) if record else None
    runtime = Runtime.in_memory(clock=QuickClock(), listeners=())
    async with (
        plays.address("instagram", sandbox) as where,
        Instagram(ACCOUNT, KEY, runtime=runtime, max_attempts=1, **where) as instagram,
    ):
        yield instagram


@pytest.mark.parametrize("play", OPERATIONS, ids=lambda play: play.__name__)
async def test_operation(play: Play, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The operation's exchanges, as recorded."""
    async with stage(backstay_record) as instagram:
        with backstay_cassette(f"instagram/{play.__name__}"):
            await play(instagram)


async def test_a_refusal_of_what_was_carried_out(backstay_cassette: Any, backstay_record: str | None) -> None:
    """4/2207051, and the container says that it is published: success, and nothing is sent again."""
    async with stage(backstay_record, said("spam", "media_publish", after_commit=True)) as instagram:
        with backstay_cassette("instagram/refused_but_live"):
            assert (await published(instagram, IMAGE)).how == "adopted"


@pytest.mark.parametrize("name", ERRORS)
async def test_error(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """The vendor's answer has its type."""
    rule, kind = ERRORS[name]
    async with stage(backstay_record, rule) as instagram:
        with backstay_cassette(f"instagram/error_{name}"), pytest.raises(BackstayError) as caught:
            await instagram.quota()
    assert caught.value.type == kind


@pytest.mark.parametrize("name", POSTS)
async def test_error_of_a_post(name: str, backstay_cassette: Any, backstay_record: str | None) -> None:
    """What stops a post on its way; nothing is out."""
    rule, request, kind = POSTS[name]
    async with stage(backstay_record, rule) as instagram:
        with backstay_cassette(f"instagram/error_{name}"), pytest.raises(BackstayError) as caught:
            await instagram.publish_post(request, idempotency_key="tape/1")
    assert caught.value.type == kind


def test_cassettes_hold_no_secret(request: pytest.FixtureRequest) -> None:
    """No token, no header beyond the allow-list, and each says where it comes from."""
    files = sorted((request.config.rootpath / "cassettes" / "instagram").glob("*.yaml"))
    assert len(files) >= len(OPERATIONS) + 10
    for file in files:
        text = file.read_text()
        assert KEY not in text
        assert "uthorization:" not in text
        assert "127.0.0.1" not in text
        assert text.startswith("recorded_from: ")
