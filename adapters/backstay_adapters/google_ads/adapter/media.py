"""Images in the account's library of assets; the same image is there once. Videos are YouTube's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from backstay.ads import MediaKind, MediaRef, MediaState, MediaUpload
from backstay.errors import UnsupportedCapabilityError
from backstay_adapters.google_ads.adapter.changes import GoogleChanges
from backstay_adapters.google_ads.wire import gaql, write
from backstay_adapters.google_ads.wire.names import id_of

FIELDS: Final = (
    "asset.id", "asset.name", "asset.image_asset.full_size.url", "asset.image_asset.full_size.width_pixels",
    "asset.image_asset.full_size.height_pixels",
)  # fmt: skip


class GoogleMedia(GoogleChanges):
    """The account's library of images."""

    name_limit: ClassVar[int] = 128

    async def _send_upload(self, media: MediaUpload, name: str) -> MediaRef:
        if media.data is None:
            raise UnsupportedCapabilityError(
                "Google fetches no images", vendor=self.vendor, field="media.url", value=media.url,
                hint="fetch it yourself and give its bytes",
            )  # fmt: skip
        body = {"name": name, "type_": "IMAGE", "image_asset": {"data": media.data}, **media.extra}
        made = await self._mutate(write.mutate(self.account, [write.create("asset", body)]))
        id_ = next(id_of(each) for kind, each in made if kind == "asset_result")
        found = await self._images((gaql.numbers("asset.id", [id_]),), media)
        return found[0] if found else MediaRef(
            kind=MediaKind.IMAGE, id=id_, state=MediaState.READY, sha256=media.sha256
        )  # fmt: skip

    async def _find_upload(self, media: MediaUpload, name: str) -> Sequence[MediaRef]:
        return await self._images((gaql.equals("asset.name", name),), media)

    async def _images(self, where: Sequence[str], media: MediaUpload) -> list[MediaRef]:
        size = "asset.image_asset.full_size"
        return [
            MediaRef(
                kind=MediaKind.IMAGE, id=str(row["asset.id"]), state=MediaState.READY, url=row.get(f"{size}.url"),
                sha256=media.sha256, width=row.get(f"{size}.width_pixels"), height=row.get(f"{size}.height_pixels"),
            )
            for row in await self._search("asset", FIELDS, where)
        ]  # fmt: skip
