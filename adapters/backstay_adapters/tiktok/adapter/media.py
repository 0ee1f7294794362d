"""Images and videos. Uploading spends nothing: a lost answer costs a duplicate at worst. We look first all the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final, Unpack

from backstay.ads import Created, MediaKind, MediaRef, MediaState, MediaUpload
from backstay.answer import Served, stamp
from backstay.clock import utc
from backstay.engine.poll import poll
from backstay.engine.write import Written
from backstay.errors import InvalidRequestError, NotReadyError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.writes.marker import token
from backstay_adapters.tiktok.adapter.ads import TikTokAdObjects
from backstay_adapters.tiktok.adapter.calls import Json
from backstay_adapters.tiktok.adapter.objects import listed
from backstay_adapters.tiktok.wire.read import Raw, required

IMAGE: Final = "/file/image/ad"
VIDEO: Final = "/file/video/ad"
LONGEST_NAME: Final = 100
TRANSCODING: Final = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 90.0, 120.0)
"""Seconds after an upload at which a video is looked at; usually it is ready within a minute."""


class TikTokMedia(TikTokAdObjects):
    """The account's library of images and videos."""

    async def upload_image(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[MediaRef]:
        """Upload an image (JPG or PNG); a key is sent once."""
        self._is(media, MediaKind.IMAGE)
        written = await self._upload_image(media, idempotency_key=idempotency_key, **options)
        return self._uploaded(written, written.value)

    async def upload_video(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[MediaRef]:
        """Upload a video and wait until it can be used (NotReadyError after two minutes: call again)."""
        self._is(media, MediaKind.VIDEO)
        written = await self._upload_video(media, idempotency_key=idempotency_key, **options)
        ready = await poll(self.runtime.clock, lambda: self._ready_video(written.value), TRANSCODING)
        if ready is None:
            raise NotReadyError(
                f"video {written.value.id} is still being transcoded", vendor=self.vendor, field="media",
                value=written.value.id, hint="call again later with the same key: nothing is uploaded twice",
            )  # fmt: skip
        return self._uploaded(written, ready)

    def _is(self, media: MediaUpload, kind: MediaKind) -> None:
        if media.kind is not kind:
            raise InvalidRequestError(
                f"a {media.kind} is no {kind}",
                field="media.kind",
                value=media.kind.value,
                hint=f"use upload_{media.kind}",
            )

    def _uploaded(self, written: Written[MediaRef], found: MediaRef) -> Created[MediaRef]:
        told = Served(source="live", by=self.vendor, fetched_at=utc(self.runtime.clock.wall()))
        return stamp(Created(value=found, how=written.how), told)

    @operation(Effect.CREATE, look="_look_image", kind="upload", group="media", name="upload_image")
    async def _upload_image(
        self, media: MediaUpload, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[MediaRef]:
        data = await self._send_file(f"{IMAGE}/upload/", "image", media, self._file_name(media, idempotency_key))
        return Written(image(data, media))

    @operation(Effect.CREATE, look="_look_video", kind="upload", group="media", name="upload_video")
    async def _upload_video(
        self, media: MediaUpload, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[MediaRef]:
        data = await self._send_file(f"{VIDEO}/upload/", "video", media, self._file_name(media, idempotency_key))
        return Written(video(data[0] if isinstance(data, list) and data else data, media))

    async def _send_file(self, path: str, what: str, media: MediaUpload, name: str) -> Json:
        fields = {"advertiser_id": self.account, "file_name": name, **{k: str(v) for k, v in media.extra.items()}}
        if media.url is not None:
            return await self._upload(path, {**fields, "upload_type": "UPLOAD_BY_URL", f"{what}_url": media.url}, {})
        content = media.data or b""
        signature = hashlib.md5(content, usedforsecurity=False).hexdigest()  # the vendor's choice of checksum
        fields |= {"upload_type": "UPLOAD_BY_FILE", f"{what}_signature": signature}
        kind = media.media_type or "application/octet-stream"
        return await self._upload(path, fields, {f"{what}_file": (name, content, kind)})

    def _file_name(self, media: MediaUpload, key: str) -> str:
        """File names are unique within an advertiser, so the marker in one makes it findable."""
        mark = token(self.vendor, self.account, f"upload_{media.kind}", key)
        stem, dot, ending = media.name.rpartition(".")
        stem, ending = (stem, dot + ending) if dot else (media.name, "")
        room = LONGEST_NAME - len(mark) - len(ending) - 4
        return f"{stem[:room]}-bs-{mark}{ending}"

    async def _look_image(self, media: MediaUpload, *, idempotency_key: str) -> Sequence[MediaRef]:
        rows = await self._search(f"{IMAGE}/search/")
        name = self._file_name(media, idempotency_key)
        return [image(row, media) for row in rows if row.get("file_name") == name]

    async def _look_video(self, media: MediaUpload, *, idempotency_key: str) -> Sequence[MediaRef]:
        rows = await self._search(f"{VIDEO}/search/")
        name = self._file_name(media, idempotency_key)
        return [video(row, media) for row in rows if row.get("file_name") == name]

    @operation(Effect.READ, deciding=True, group="media", name="search_media")
    async def _search(self, path: str, **_: Unpack[CallOptions]) -> list[Raw]:
        """The newest hundred files: what has just been uploaded is among them."""
        rows, _info = listed(await self._get(path, advertiser_id=self.account, page=1, page_size=100))
        return list(rows)

    async def _ready_video(self, known: MediaRef) -> MediaRef | None:
        try:
            rows = await self._video_info(known.id)
        except NotReadyError:
            return None
        found = next((row for row in rows if str(row.get("video_id")) == known.id), None)
        if found is None:
            return None
        return known.model_copy(update={"state": MediaState.READY, "url": found.get("preview_url") or known.url})

    @operation(Effect.READ, deciding=True, group="media", name="video_info")
    async def _video_info(self, video_id: str, **_: Unpack[CallOptions]) -> list[Raw]:
        data = await self._get(f"{VIDEO}/info/", advertiser_id=self.account, video_ids=[video_id])
        return list(listed(data)[0])


def image(raw: Any, media: MediaUpload) -> MediaRef:
    """An uploaded image; usable at once."""
    return MediaRef(
        kind=MediaKind.IMAGE, id=required(raw, "image_id"), state=MediaState.READY, url=raw.get("image_url"),
        sha256=media.sha256, width=raw.get("width"), height=raw.get("height"),
    )  # fmt: skip


def video(raw: Any, media: MediaUpload) -> MediaRef:
    """An uploaded video; transcoding takes its time."""
    return MediaRef(
        kind=MediaKind.VIDEO, id=required(raw, "video_id"), state=MediaState.PROCESSING,
        url=raw.get("preview_url") or raw.get("video_cover_url"), sha256=media.sha256,
    )  # fmt: skip
