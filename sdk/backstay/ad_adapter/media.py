"""Images and videos. Uploading spends nothing: a lost answer costs a duplicate at worst. We look first all the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Unpack

from backstay.ad_adapter.creating import Creating
from backstay.ad_adapter.spending import FREE
from backstay.ads import Capability, Created, MediaKind, MediaRef, MediaState, MediaUpload
from backstay.answer import stamp
from backstay.engine.poll import poll
from backstay.engine.write import Written
from backstay.errors import InvalidRequestError, NotReadyError
from backstay.operation import CallOptions, intent, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import need
from backstay.writes.marker import PREFIX, token

TRANSCODING: Final = (0.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0, 90.0, 120.0)
"""Seconds after an upload at which a video is looked at; usually it is ready within a minute."""


class Media(Creating):
    """The account's library of images and videos."""

    @intent(Effect.CREATE)
    async def upload_image(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[MediaRef]:
        """Upload an image; a key is sent once."""
        self.capabilities.require(Capability.IMAGE_UPLOAD, "upload_image")
        _require_kind(media, MediaKind.IMAGE)
        written = await self._upload_image(media, idempotency_key=idempotency_key, **options)
        return self._uploaded(written, written.value)

    @intent(Effect.CREATE)
    async def upload_video(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[MediaRef]:
        """Upload a video and wait until it can be used (NotReadyError after two minutes: call again)."""
        self.capabilities.require(Capability.VIDEO_UPLOAD, "upload_video")
        _require_kind(media, MediaKind.VIDEO)
        written = await self._upload_video(media, idempotency_key=idempotency_key, **options)
        ready = await poll(self.runtime.clock, lambda: self._transcoded(written.value), TRANSCODING)
        if ready is None:
            raise NotReadyError(
                f"video {written.value.id} is still being transcoded", vendor=self.vendor, field="media",
                value=written.value.id, hint="call again later with the same key: nothing is uploaded twice",
            )  # fmt: skip
        return self._uploaded(written, ready)

    def _uploaded(self, written: Written[MediaRef], found: MediaRef) -> Created[MediaRef]:
        return stamp(Created(value=found, how=written.how), self._now())

    @operation(
        Effect.CREATE, look="_look_upload", kind="upload", group="media", name="upload_image", spend=FREE
    )  # fmt: skip
    async def _upload_image(
        self, media: MediaUpload, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[MediaRef]:
        return Written(await self._send_upload(media, self._file_name(media, idempotency_key)))

    @operation(
        Effect.CREATE, look="_look_upload", kind="upload", group="media", name="upload_video", spend=FREE
    )  # fmt: skip
    async def _upload_video(
        self, media: MediaUpload, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[MediaRef]:
        return Written(await self._send_upload(media, self._file_name(media, idempotency_key)))

    async def _look_upload(self, media: MediaUpload, *, idempotency_key: str) -> Sequence[MediaRef]:
        return await self._search_upload(media, self._file_name(media, idempotency_key))

    @operation(Effect.READ, deciding=True, group="media", name="search_media")
    async def _search_upload(self, media: MediaUpload, name: str, **_: Unpack[CallOptions]) -> Sequence[MediaRef]:
        return await self._find_upload(media, name)

    async def _transcoded(self, known: MediaRef) -> MediaRef | None:
        if known.state is MediaState.READY:
            return known
        try:
            return await self._video(known)
        except NotReadyError:
            return None

    @operation(Effect.READ, deciding=True, group="media", name="video_info")
    async def _video(self, known: MediaRef, **_: Unpack[CallOptions]) -> MediaRef | None:
        return await self._ready_video(known)

    def _file_name(self, media: MediaUpload, key: str) -> str:
        """The file's name with our marker before its ending, so that a lost upload is found again."""
        mark = token(self.vendor, self.account, f"upload_{media.kind}", key)
        stem, dot, ending = media.name.rpartition(".")
        stem, ending = (stem, dot + ending) if dot else (media.name, "")
        room = self.name_limit - len(mark) - len(ending) - len(PREFIX)
        return f"{stem[:room]}-bs-{mark}{ending}"


def _require_kind(media: MediaUpload, kind: MediaKind) -> None:
    need("media", media, MediaUpload)
    if media.kind is not kind:
        raise InvalidRequestError(
            f"a {media.kind} is no {kind}", field="media.kind", value=media.kind.value,
            hint=f"use upload_{media.kind}",
        )  # fmt: skip
