"""Assets: images, texts and videos that ads are made of. The same bytes make no second asset."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import checks
from backstay_adapters.google_ads.sandbox.protos import Message, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op

LARGEST: Final = 5 * 1024 * 1024
"""Bytes of an image at most (vendor page "Image assets")."""

_TYPES: Final = {"image_asset": "IMAGE", "text_asset": "TEXT", "youtube_video_asset": "YOUTUBE_VIDEO"}
_MAGIC: Final = ((b"\x89PNG\r\n\x1a\n", "IMAGE_PNG"), (b"\xff\xd8\xff", "IMAGE_JPEG"), (b"GIF8", "IMAGE_GIF"))


def create(op: Op, pb: Message) -> Draft:
    """A new asset, or the one that is already there."""
    kind = pb.WhichOneof("asset_data")
    if kind is None:
        raise op.required("asset_data")
    if kind == "image_asset":
        _image(op, pb.image_asset)
    if kind == "youtube_video_asset" and not pb.youtube_video_asset.youtube_video_id:
        raise op.required(kind, "youtube_video_id")
    if kind in _TYPES:
        put(pb, "type_", _TYPES[kind])
    digest = hashlib.sha256(getattr(pb, kind).SerializeToString(deterministic=True)).hexdigest()
    known = next((each for each in op.txn.all(op.kind) if _digest(each) == digest), None)
    if known is not None:
        if op.txn.ctx.switches.same_asset == "refused":
            text = "An asset with this content already exists."
            raise op.refuse("asset_error", "DUPLICATE_ASSET", text, trigger=known.name)
        return known
    if pb.name:
        text = "An asset with this name already exists, with another content."
        checks.unique(op, None, pb.name, "asset_error", "DUPLICATE_ASSET_NAME", text)
    put(pb, "source", "ADVERTISER")
    pb.id = int(op.txn.ctx.sim.new_id())
    name = op.kind.name_of(op.txn.customer.id, str(pb.id))
    return Draft(op.kind, name, pb, State.PAUSED, extra={"_digest": digest})


def update(op: Op, old: Draft, pb: Message) -> Draft:
    """Its name and links; what it shows cannot be changed."""
    kind = old.pb.WhichOneof("asset_data")
    if pb.WhichOneof("asset_data") != kind or getattr(pb, kind) != getattr(old.pb, kind):
        text = "The field attempted to be mutated is immutable."
        raise op.refuse("field_error", "IMMUTABLE_FIELD", text, kind)
    draft = Draft(op.kind, old.name, pb, old.state, thing=old.thing)
    op.txn.update(draft)
    return draft


def remove(op: Op, old: Draft) -> None:
    """The vendor has no such operation."""


def _digest(draft: Draft) -> str | None:
    found = draft.extra if draft.thing is None else draft.thing.data
    return found.get("_digest")


def _image(op: Op, image: Message) -> None:
    if not image.data:
        raise op.refuse("asset_error", "ASSET_DATA_IS_MISSING", "Asset data is missing.", "image_asset", "data")
    if len(image.data) > LARGEST:
        raise op.refuse("image_error", "FILE_TOO_LARGE", "The image is too large.", "image_asset", "data")
    mime = next((word for magic, word in _MAGIC if image.data.startswith(magic)), None)
    if mime is None:
        raise op.refuse("image_error", "INVALID_IMAGE", "The image is not valid.", "image_asset", "data")
    put(image, "mime_type", mime)
    image.file_size = len(image.data)
    if mime == "IMAGE_PNG" and len(image.data) >= 24:
        image.full_size.width_pixels, image.full_size.height_pixels = struct.unpack(">II", image.data[16:24])
