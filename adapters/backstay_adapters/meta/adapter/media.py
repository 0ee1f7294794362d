"""Images and videos in Meta's words. Equal images are one image; every upload of a video is another video."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from backstay.ad_adapter import Json, Request
from backstay.ads import MediaKind, MediaRef, MediaState, MediaUpload
from backstay.errors import (
    BackstayError,
    BadResponseError,
    NotFoundError,
    ProcessingError,
    UnsupportedCapabilityError,
)
from backstay.facts import read_json
from backstay.table import Facts
from backstay.taxonomy import Certainty
from backstay_adapters.meta.adapter.calls import Files, Upload
from backstay_adapters.meta.adapter.changes import MetaChanges
from backstay_adapters.meta.adapter.reads import rows_of
from backstay_adapters.meta.errors import TABLE, succeeded
from backstay_adapters.meta.errors.decode import error_of
from backstay_adapters.meta.wire.read import Raw, required

WHOLE: Final = 4 * 1024 * 1024
"""Bytes of a video up to which it is sent as one; larger ones go in the parts that the server asks for."""
PLAIN: Final = "application/octet-stream"
NEWEST: Final = 100


class MetaMedia(MetaChanges):
    """The account's library of images and videos."""

    name_limit: ClassVar[int] = 100

    async def _send_upload(self, media: MediaUpload, name: str) -> MediaRef:
        if media.kind is MediaKind.IMAGE:
            return await self._send_image(media, name)
        if media.data is None or len(media.data) <= WHOLE:
            return await self._send_video(media, name)
        return await self._send_parts(media, media.data, name)

    # Images -----------------------------------------------------------------------------------------------------

    async def _send_image(self, media: MediaUpload, name: str) -> MediaRef:
        if media.data is None:
            raise UnsupportedCapabilityError(
                "Meta's library takes no image by its address", vendor=self.vendor, field="media.url", value=media.url,
                hint="fetch it and give its bytes: MediaUpload(data=...)",
            )  # fmt: skip
        request = self._build("AdAccount", self.account, "create_ad_image", dict(media.extra))
        data = await self._send(request, files={"filename": (name, media.data, media.media_type or PLAIN)})
        images = data.get("images") if isinstance(data, dict) else None
        found = next(iter(images.values()), None) if isinstance(images, dict) else None
        return image(found, media)

    async def _find_image(self, media: MediaUpload) -> Sequence[MediaRef]:
        """By its content: the vendor's hash of an image is the MD5 of its bytes."""
        digest = hashlib.md5(media.data or b"", usedforsecurity=False).hexdigest()
        params = {"hashes": [digest], "fields": "hash,name,url,width,height"}
        data = await self._send(self._build("AdAccount", self.account, "get_ad_images", params))
        return [image(row, media) for row in rows_of(data) if row.get("hash") == digest]

    # Videos -----------------------------------------------------------------------------------------------------

    async def _send_video(self, media: MediaUpload, name: str) -> MediaRef:
        params = {"title": name, "file_url": media.url, **media.extra}
        files: Files | None = None
        if media.data is not None:
            files = {"source": (name, media.data, media.media_type or PLAIN)}
        data = await self._send(self._build("AdAccount", self.account, "create_ad_video", params), files=files)
        return video(required(data, "id"), media)

    async def _send_parts(self, media: MediaUpload, content: bytes, name: str) -> MediaRef:
        """In the parts that the server asks for; an attempt goes on where the one before it broke off."""
        upload = self._uploads.get(name)
        if upload is None:
            upload = self._uploads[name] = await self._begin(len(content))
        try:
            while upload.start < upload.end:
                await self._transfer(upload, content, name)
            last = {"upload_phase": "finish", "upload_session_id": upload.session, "title": name, **media.extra}
            await self._send(self._phase(last), host=self.video_url)
        except NotFoundError:  # the server has forgotten the session: the next try begins anew
            del self._uploads[name]
            raise
        self._uploads.pop(name, None)
        return video(upload.video, media)

    async def _begin(self, size: int) -> Upload:
        facts = await self._early({"upload_phase": "start", "file_size": size})
        if not succeeded(facts):
            raise _harmless(TABLE.error(facts))
        start, end = _offsets(facts.data)
        return Upload(required(facts.data, "upload_session_id"), required(facts.data, "video_id"), start, end)

    async def _transfer(self, upload: Upload, content: bytes, name: str) -> None:
        params = {
            "upload_phase": "transfer", "upload_session_id": upload.session, "start_offset": str(upload.start),
        }  # fmt: skip
        files = {"video_file_chunk": (name, content[upload.start : upload.end], PLAIN)}
        facts = await self._early(params, files)
        told = facts.data if succeeded(facts) else resumes_at(facts)
        if told is None or _offsets(told) == (upload.start, upload.end):
            raise _harmless(TABLE.error(facts))
        upload.start, upload.end = _offsets(told)

    async def _early(self, params: dict[str, Json], files: Files | None = None) -> Facts:
        """A phase before the last: no video comes of it, so whatever happened to it can be done again."""
        try:
            return await self._ask(self._phase(params), files, self.video_url)
        except BackstayError as error:
            raise _harmless(error) from error.__cause__

    def _phase(self, params: dict[str, Json]) -> Request:
        return self._build("AdAccount", self.account, "create_ad_video", params)

    async def _find_upload(self, media: MediaUpload, name: str) -> Sequence[MediaRef]:
        """Images by content, videos among the newest by their title."""
        if media.kind is MediaKind.IMAGE:
            return await self._find_image(media)
        params = {"fields": "id,title,status", "limit": NEWEST}
        data = await self._send(self._build("AdAccount", self.account, "get_ad_videos", params))
        rows = [row for row in rows_of(data) if row.get("title") == name and _phase_of(row) != "uploading"]
        return [video(required(row, "id"), media) for row in rows]

    async def _ready_video(self, known: MediaRef) -> MediaRef | None:
        try:
            data = await self._send(self._build("AdVideo", known.id, "api_get", {"fields": "id,status,picture,source"}))
        except NotFoundError:  # a video that was just uploaded is not seen by every server at once
            return None
        word = _phase_of(data)
        if word == "error":
            raise ProcessingError(
                f"Meta cannot use video {known.id}", vendor=self.vendor, field="media", value=known.id,
                rule="meta.video.error", hint="check its format, length and codec, then upload it under a new key",
            )  # fmt: skip
        if word != "ready":
            return None
        return known.model_copy(update={"state": MediaState.READY, "url": data.get("picture") or known.url})


def _phase_of(raw: Raw) -> str:
    """`status.video_status` of a video."""
    status = raw.get("status") if isinstance(raw, dict) else None
    return str(status.get("video_status")) if isinstance(status, dict) else ""


def _offsets(data: Json) -> tuple[int, int]:
    """Which part the server wants next; equal offsets say that it has everything."""
    try:
        return int(required(data, "start_offset")), int(required(data, "end_offset"))
    except ValueError:
        raise BadResponseError(
            "the offsets of an upload are no numbers", vendor="meta", field="start_offset", rule="meta.wire.offset",
            hint="try again: the upload goes on where it was",
        ) from None  # fmt: skip


def resumes_at(facts: Facts) -> Raw | None:
    """Where the server wants to go on after a lost part: 1363037 names it in `error_data`, as an object or a text."""
    told = error_of(facts.body, facts.status) or {}
    data = told.get("error_data")
    value = read_json(data)[0] if isinstance(data, str) else data
    return value if isinstance(value, dict) and "start_offset" in value else None


def _harmless(error: BackstayError) -> BackstayError:
    """An error of a phase that leaves nothing behind, and may be sent again without looking."""
    if error.certainty is Certainty.UNKNOWN:
        error.certainty = Certainty.REFUSED
    return error


def image(raw: Any, media: MediaUpload) -> MediaRef:
    """An uploaded image, named by its hash; usable at once."""
    return MediaRef(
        kind=MediaKind.IMAGE, id=required(raw, "hash"), state=MediaState.READY, url=raw.get("url"),
        sha256=media.sha256, width=raw.get("width"), height=raw.get("height"),
    )  # fmt: skip


def video(id_: str, media: MediaUpload) -> MediaRef:
    """An uploaded video; transcoding takes its time."""
    return MediaRef(kind=MediaKind.VIDEO, id=id_, state=MediaState.PROCESSING, sha256=media.sha256)
