"""MetaAds on its simulator: images by their content, videos in parts."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from backstay.ads import (
    MediaKind,
    MediaState,
    MediaUpload,
)
from backstay.errors import (
    BackstayError,
    NotFoundError,
    ProcessingError,
    UnsupportedCapabilityError,
)
from backstay.sandbox import FaultKind, FaultRule
from backstay_adapters.meta.adapter.media import WHOLE
from tests.support.meta import Stage


def picture(data: bytes = b"png", **fields: Any) -> MediaUpload:
    return MediaUpload(**{"kind": MediaKind.IMAGE, "name": "a.png", "data": data, "media_type": "image/png", **fields})


def film(data: bytes, **fields: Any) -> MediaUpload:
    return MediaUpload(**{"kind": MediaKind.VIDEO, "name": "a.mp4", "data": data, "media_type": "video/mp4", **fields})


def test_an_image_is_named_by_its_content() -> None:
    """Uploaded twice it is one; a lost answer is found by it; an address is refused."""
    stage = Stage()

    async def main() -> None:
        first = await stage.ads.upload_image(picture(), idempotency_key="one")
        assert first.value.state is MediaState.READY
        assert first.value.sha256 == hashlib.sha256(b"png").hexdigest()
        second = await stage.ads.upload_image(picture(), idempotency_key="two")
        assert second.value.id == first.value.id
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="image/upload", times=1))
        lost = await stage.ads.upload_image(picture(b"other"), idempotency_key="three")
        assert lost.how == "adopted"
        remote = MediaUpload(kind=MediaKind.IMAGE, name="a.png", url="https://example.com/a.png")
        with pytest.raises(UnsupportedCapabilityError) as caught:
            await stage.ads.upload_image(remote, idempotency_key="four")
        assert caught.value.field == "media.url"

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="image")) == 2


BIG = bytes(range(256)) * ((WHOLE // 256) + 4096)


def uploads(stage: Stage) -> list[str]:
    """The phases of the uploads so far."""
    bodies = [request.body for request in stage.transport.requests if request.path.endswith("/advideos")]
    found = [re.search(rb'upload_phase(?:=|"\r\n\r\n)(\w+)', body[:2000]) for body in bodies]
    return ["whole" if match is None else match[1].decode() for match in found]


def test_a_large_video_goes_in_the_parts_that_the_server_asks_for() -> None:
    """And arrives whole."""
    stage = Stage()

    async def main() -> None:
        made = await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert made.value.state is MediaState.READY
        assert uploads(stage) == ["start", *["transfer"] * 5, "finish"]

    stage.run(main())
    (video,) = stage.sandbox.world.objects(level="video")
    assert video.data["_size"] == len(BIG)


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(FaultKind.RESET_AFTER, operation="video/upload", skip=3, times=1),
        FaultRule(FaultKind.RESET_BEFORE, operation="video/upload", skip=3, times=1),
        FaultRule(FaultKind.HTTP_5XX, operation="video/upload", skip=3, times=1, after_commit=True, status=502),
        FaultRule(FaultKind.VENDOR_ERROR, operation="video/upload", skip=3, times=1, code=1363030),
    ],
    ids=["answer lost", "part lost", "bad gateway", "timed out"],
)
def test_an_upload_goes_on_where_it_broke_off(rule: FaultRule) -> None:
    """One session, one video, and no part that has arrived is sent a third time."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(rule)
        made = await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert made.value.state is MediaState.READY
        phases = uploads(stage)
        assert phases.count("start") == phases.count("finish") == 1
        assert phases.count("transfer") <= 7

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="video")) == 1


def test_a_lost_finish_is_found_by_its_title() -> None:
    """The video is there; it is not uploaded again."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.RESET_AFTER, operation="video/upload", skip=6, times=1))
        made = await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert made.how == "adopted"

    stage.run(main())
    assert len(stage.sandbox.world.objects(level="video")) == 1


def test_a_forgotten_session_begins_anew_with_the_next_call() -> None:
    """The server does not know it any more."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.get_account()
        stage.fail(FaultRule(FaultKind.CONNECT_REFUSED, operation="video/upload", skip=3))
        with pytest.raises(BackstayError):
            await stage.ads.upload_video(film(BIG), idempotency_key="v")
        stage.sandbox.uploads.clear()
        stage.sandbox.faults = None
        await stage.clock.sleep(60)
        with pytest.raises(NotFoundError):
            await stage.ads.upload_video(film(BIG), idempotency_key="v")
        assert (await stage.ads.upload_video(film(BIG), idempotency_key="v")).value.state is MediaState.READY

    stage.run(main())


def test_small_videos_and_addresses_go_at_once() -> None:
    """And a video that Meta cannot use is named as one."""
    stage = Stage()

    async def main() -> None:
        await stage.ads.upload_video(film(b"small"), idempotency_key="one")
        remote = MediaUpload(kind=MediaKind.VIDEO, name="a.mp4", url="https://example.com/a.mp4")
        await stage.ads.upload_video(remote, idempotency_key="two")
        assert uploads(stage) == ["whole", "whole"]
        with pytest.raises(ProcessingError):
            await stage.ads.upload_video(film(b"[broken]"), idempotency_key="three")

    stage.run(main())
