"""Videos: whole, from an address, or in chunks that can be resumed; each upload is another video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import Thing
from backstay_adapters.meta.sandbox.context import DONE
from backstay_adapters.meta.sandbox.kinds import VIDEO
from backstay_adapters.meta.sandbox.refusal import Data, Refused, invalid, missing, nothing, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

BROKEN: Final = b"[broken]"
PHASES: Final = ("start", "transfer", "finish", "cancel")


def upload(ctx: Ctx) -> Data:
    """POST /act_{id}/advideos."""
    ctx.writer()
    if ctx.params.get("upload_phase") is not None:
        return _phase(ctx, ctx.params.choice("upload_phase", PHASES))
    part = ctx.params.files.get("source")
    if part is None and ctx.params.get("file_url") is None:
        raise missing("source")
    if part is not None and not part.content:
        raise Refused(6000, 1363045)
    content = b"" if part is None else part.content
    thing = _make(ctx, str(ctx.params.get("title") or ctx.params.get("name") or (part.filename if part else "")))
    ctx.world.update(ctx.now, thing, **_done(ctx, content))
    return {"id": thing.id}


def thumbnails(ctx: Ctx) -> Data:
    """GET /{video}/thumbnails: there are some when the video is ready."""
    if ctx.now < ctx.thing.data.get("_ready_at", float("inf")):
        return {"data": []}
    where = f"https://example.com/video/{ctx.thing.id}.jpg"
    return {"data": [{"id": f"{ctx.thing.id}1", "uri": where, "is_preferred": True, "width": 1080, "height": 1080}]}


def update(ctx: Ctx) -> Data:
    """POST /{video}: its title."""
    ctx.writer()
    ctx.world.update(ctx.now, ctx.thing, name=str(ctx.params.get("title") or ctx.params.text("name")))
    return DONE


def _phase(ctx: Ctx, phase: str) -> Data:
    if phase == "start":
        return _start(ctx)
    session = ctx.params.text("upload_session_id")
    thing = ctx.world.get(ctx.sim.uploads.get(session, ""))
    if thing is None or thing.account != ctx.account.id:
        raise nothing(session, "post")
    if phase == "cancel":
        del ctx.sim.uploads[session]
        return DONE
    return _transfer(ctx, thing) if phase == "transfer" else _finish(ctx, thing)


def _start(ctx: Ctx) -> Data:
    size = ctx.params.whole("file_size")
    if not size:
        raise missing("file_size")
    thing = _make(ctx, str(ctx.params.get("title") or ""))
    ctx.world.update(ctx.now, thing, _complete=False, _size=size, _bytes=b"", _ready_at=float("inf"))
    session = ctx.sim.new_id()
    ctx.sim.uploads[session] = thing.id
    return {"upload_session_id": session, "video_id": thing.id, **_offsets(ctx, thing)}


def _offsets(ctx: Ctx, thing: Thing) -> dict[str, str]:
    """What the server wants next; equal offsets say that it has everything."""
    start = len(thing.data["_bytes"])
    return {"start_offset": str(start), "end_offset": str(min(thing.data["_size"], start + ctx.switches.chunk))}


def _transfer(ctx: Ctx, thing: Thing) -> Data:
    part = ctx.params.files.get("video_file_chunk")
    if part is None:
        raise missing("video_file_chunk")
    held: bytes = thing.data["_bytes"]
    fits = len(held) + len(part.content) <= thing.data["_size"]
    if ctx.params.whole("start_offset") != len(held) or not part.content or not fits:
        # Where to go on is in the error's data, as whole numbers this time.
        data = {name: int(value) for name, value in _offsets(ctx, thing).items()}
        raise Refused(6001, 1363037, data=data)
    ctx.world.update(ctx.now, thing, _bytes=held + part.content)
    return dict(_offsets(ctx, thing))


def _finish(ctx: Ctx, thing: Thing) -> Data:
    if thing.data["_complete"]:
        return DONE
    held: bytes = thing.data["_bytes"]
    if len(held) < thing.data["_size"]:
        told = "The video has not been uploaded as a whole."
        raise invalid("Upload is incomplete", told, blame="upload_phase")
    title = ctx.params.get("title") or ctx.params.get("name")
    ctx.world.update(ctx.now, thing, name=None if title is None else str(title), **_done(ctx, held))
    return DONE


def _done(ctx: Ctx, content: bytes) -> dict[str, Any]:
    return {
        "_complete": True, "_ready_at": ctx.now + ctx.switches.transcode, "_broken": content.startswith(BROKEN),
        "_size": len(content), "_bytes": b"",
    }  # fmt: skip


def _make(ctx: Ctx, title: str) -> Thing:
    account = ctx.account
    if len(title) > 400:
        raise param("Param title is too long")
    id_ = ctx.sim.new_id()
    where = f"https://example.com/video/{id_}"
    data: dict[str, Any] = {
        "picture": f"{where}.jpg", "source": f"{where}.mp4", "permalink_url": where, "_complete": False, "_size": 0,
        "_bytes": b"", "_ready_at": float("inf"), "_turn": len(ctx.world.at(account.id, VIDEO)),
        "description": ctx.params.get("description"),
    }  # fmt: skip
    return ctx.world.create(
        ctx.now, id=id_, account=account.id, level=VIDEO, name=title, data=data, spends=False, kind="upload"
    )
