"""Images: named by the hash of their bytes, so that uploading twice changes nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from backstay.sandbox.world import State, Thing
from backstay_adapters.meta.sandbox.context import DONE
from backstay_adapters.meta.sandbox.kinds import IMAGE, IMAGES
from backstay_adapters.meta.sandbox.listing import listing
from backstay_adapters.meta.sandbox.paging import paged
from backstay_adapters.meta.sandbox.refusal import Data, invalid, missing, param
from backstay_adapters.meta.sandbox.rows import shown, wanted

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

_all = listing(IMAGES)


def upload(ctx: Ctx) -> Data:
    """POST /act_{id}/adimages: files of a form, or `bytes` in base64."""
    ctx.writer()
    found = {part.filename: part.content for part in ctx.params.files.values()}
    if ctx.params.get("bytes") is not None:
        found["bytes"] = _decoded(ctx.params.text("bytes"))
    if not found:
        raise missing("bytes")
    if not all(found.values()):
        raise invalid("Image is empty", "The file has no content.", blame="filename")
    name = ctx.params.get("name")
    return {"images": {key: _shown(_kept(ctx, str(name or key), content)) for key, content in found.items()}}


def find(ctx: Ctx) -> Data:
    """GET /act_{id}/adimages: the library, or the images with some hashes."""
    hashes = {str(each) for each in ctx.params.items("hashes")}
    if not hashes:
        return _all(ctx)
    fields = wanted(ctx, IMAGES)
    things = [ctx.world.get(f"{ctx.account.id}:{each}") for each in sorted(hashes)]
    rows = [thing for thing in things if thing is not None and thing.state is not State.REMOVED]
    numbered = list(enumerate(rows))
    return paged(ctx, numbered, lambda item: len(rows) - item[0], lambda item: shown(ctx, item[1], item[1].now, fields))


def delete(ctx: Ctx) -> Data:
    """DELETE /act_{id}/adimages?hash=..."""
    account = ctx.writer()
    thing = ctx.world.get(f"{account.id}:{ctx.params.text('hash')}")
    if thing is None:
        raise param("The image does not exist")
    ctx.world.set_state(ctx.now, thing, State.REMOVED)
    return DONE


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise param("Param bytes must be base64") from None


def _kept(ctx: Ctx, name: str, content: bytes) -> Thing:
    account = ctx.account
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    known = ctx.world.get(f"{account.id}:{digest}")
    if known is not None:
        if known.state is State.REMOVED:
            ctx.world.set_state(ctx.now, known, State.PAUSED)
        return known
    where = f"https://example.com/image/{digest}"
    data: dict[str, Any] = {
        "hash": digest, "url": where, "url_128": f"{where}_128", "permalink_url": where, "width": 1080, "height": 1080,
        "original_width": 1080, "original_height": 1080, "_turn": len(ctx.world.at(account.id, IMAGE)),
    }  # fmt: skip
    return ctx.world.create(
        ctx.now, id=f"{account.id}:{digest}", account=account.id, level=IMAGE, name=name, data=data, spends=False,
        kind="upload",
    )  # fmt: skip


def _shown(thing: Thing) -> Data:
    names = ("hash", "url", "url_128", "width", "height")
    return {"name": thing.name, **{name: thing.data[name] for name in names}}
