"""What type checkers must see of publishers and media hosts; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

from backstay.adapters import Instagram, S3Host
from backstay.content import (
    Container,
    HostedMedia,
    MediaHost,
    Post,
    PostInsights,
    PostKind,
    PostMedia,
    Publisher,
    PublishRequest,
    Quota,
)
from backstay.hosting import FolderHost


async def a_service(host: MediaHost, publisher: Publisher) -> None:
    """A service knows the protocols only, and everything in it is typed."""
    hosted = await host.put(b"x", "image/jpeg", key="a.jpg", deadline=30.0)
    assert_type(hosted, HostedMedia)
    request = PublishRequest(kind=PostKind.IMAGE, media=(PostMedia(url=hosted.url),))
    assert_type(await publisher.publish_post(request, idempotency_key="k", deadline=300.0), Post)
    container = await publisher.prepare(request, idempotency_key="k")
    assert_type(container, Container)
    assert_type(await publisher.container(container.id), Container)
    assert_type(await publisher.find_post(container.id), Post | None)
    assert_type(await publisher.quota(), Quota)
    assert_type(await publisher.insights("1", max_stale=60.0), PostInsights)
    await host.delete("a.jpg")


async def adapters(instagram: Instagram, bucket: S3Host, folder: FolderHost) -> None:
    """Each stands where its protocol is asked for, and takes options and no others."""
    await a_service(bucket, instagram)
    await a_service(folder.with_options(deadline=60.0), instagram.with_options(max_attempts=2))
    assert_type(await instagram.post("1"), Post)
    await instagram.quota(deadlin=1)  # type: ignore[call-arg]  # planted: a misspelled option
    await folder.put(b"x", "image/jpeg", key="a", deadlin=1)  # type: ignore[call-arg]  # planted: a misspelled option
