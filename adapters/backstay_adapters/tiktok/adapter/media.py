"""Images and videos in TikTok's words. File names are unique within an advertiser."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from backstay.ad_adapter import Json, parsing
from backstay.ads import MediaKind, MediaRef, MediaState, MediaUpload
from backstay.spec import merge_extra
from backstay_adapters.tiktok.adapter.calls import text_of
from backstay_adapters.tiktok.adapter.changes import TikTokChanges
from backstay_adapters.tiktok.adapter.reads import listed
from backstay_adapters.tiktok.wire.read import required

IMAGE: Final = "/file/image/ad"
VIDEO: Final = "/file/video/ad"


class TikTokMedia(TikTokChanges):
    """The account's library of images and videos."""

    name_limit: ClassVar[int] = 100

    async def _send_upload(self, media: MediaUpload, name: str) -> MediaRef:
        if media.kind is MediaKind.IMAGE:
            return image(await self._send_file(f"{IMAGE}/upload/", "image", media, name), media)
        data = await self._send_file(f"{VIDEO}/upload/", "video", media, name)
        return video(data[0] if isinstance(data, list) and data else data, media)

    async def _send_file(self, path: str, what: str, media: MediaUpload, name: str) -> Json:
        fields = {"advertiser_id": self.account, "file_name": name}
        if media.url is not None:
            fields |= {"upload_type": "UPLOAD_BY_URL", f"{what}_url": media.url}
            return await self._upload(path, _form(fields, media), {})
        content = media.data or b""
        signature = hashlib.md5(content, usedforsecurity=False).hexdigest()  # the vendor's choice of checksum
        fields |= {"upload_type": "UPLOAD_BY_FILE", f"{what}_signature": signature}
        kind = media.media_type or "application/octet-stream"
        return await self._upload(path, _form(fields, media), {f"{what}_file": (name, content, kind)})

    async def _find_upload(self, media: MediaUpload, name: str) -> Sequence[MediaRef]:
        """Among the newest hundred files: what has just been uploaded is there."""
        path, parse = (IMAGE, image) if media.kind is MediaKind.IMAGE else (VIDEO, video)
        rows, _ = listed(await self._get(f"{path}/search/", advertiser_id=self.account, page=1, page_size=100))
        return [parse(row, media) for row in rows if row.get("file_name") == name]

    async def _ready_video(self, known: MediaRef) -> MediaRef | None:
        data = await self._get(f"{VIDEO}/info/", advertiser_id=self.account, video_ids=[known.id])
        found = next((row for row in listed(data)[0] if str(row.get("video_id")) == known.id), None)
        if found is None:
            return None
        return known.model_copy(update={"state": MediaState.READY, "url": found.get("preview_url") or known.url})


def _form(fields: Mapping[str, str], media: MediaUpload) -> dict[str, str]:
    """A form's fields with the caller's own, which are JSON where they are no text: `flaw_detect` is `true`."""
    return {name: text_of(value) for name, value in merge_extra(fields, media.extra).items()}


def image(raw: Any, media: MediaUpload) -> MediaRef:
    """An uploaded image; usable at once."""
    with parsing("tiktok", "image"):
        return MediaRef(
            kind=MediaKind.IMAGE, id=required(raw, "image_id"), state=MediaState.READY, url=raw.get("image_url"),
            sha256=media.sha256, width=raw.get("width"), height=raw.get("height"),
        )  # fmt: skip


def video(raw: Any, media: MediaUpload) -> MediaRef:
    """An uploaded video; transcoding takes its time."""
    with parsing("tiktok", "video"):
        return MediaRef(
            kind=MediaKind.VIDEO, id=required(raw, "video_id"), state=MediaState.PROCESSING,
            url=raw.get("preview_url") or raw.get("video_cover_url"), sha256=media.sha256,
        )  # fmt: skip
