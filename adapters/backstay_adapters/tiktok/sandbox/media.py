"""Uploads: images and videos of the advertiser's library."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.wire import Part
from backstay.sandbox.world import State, Thing
from backstay_adapters.tiktok.sandbox.envelope import Data, Refusal, invalid, stamp
from backstay_adapters.tiktok.sandbox.paging import page

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

BAD_SIGNATURE: Final = 40900
TRANSCODING: Final = 40901
NO_FILE: Final = 40905
EMPTY_FILE: Final = 40906
SAME_NAME: Final = 40911
KINDS: Final = ("UPLOAD_BY_FILE", "UPLOAD_BY_URL", "UPLOAD_BY_FILE_ID", "UPLOAD_BY_VIDEO_ID")


def upload_image(ctx: Ctx) -> Data:
    """POST /file/image/ad/upload/: one object."""
    return _shown(_upload(ctx, "image", 0.0))


def upload_video(ctx: Ctx) -> list[Data]:
    """POST /file/video/ad/upload/: a list, usable after the transcoding."""
    return [_shown(_upload(ctx, "video", ctx.switches.transcode))]


def videos(ctx: Ctx) -> Data:
    """GET /file/video/ad/info/: refuses with 40901 while a video is being transcoded."""
    account = ctx.advertiser()
    return {"list": [_ready(ctx, account, id_) for id_ in ctx.params.ids("video_ids", most=60)]}


def images(ctx: Ctx) -> Data:
    """GET /file/image/ad/info/."""
    account = ctx.advertiser()
    found = [ctx.world.get(id_) for id_ in ctx.params.ids("image_ids", most=100)]
    return {"list": [_shown(each) for each in found if each is not None and each.account == account.id]}


def search_images(ctx: Ctx) -> Data:
    """GET /file/image/ad/search/: the library, the newest first."""
    return _search(ctx, "image")


def search_videos(ctx: Ctx) -> Data:
    """GET /file/video/ad/search/: the library, the newest first."""
    return _search(ctx, "video")


def _search(ctx: Ctx, level: str) -> Data:
    account = ctx.advertiser()
    rows = [_shown(each) for each in reversed(ctx.world.at(account.id, level)) if each.seen(ctx.now)]
    listed, about = page(ctx.params, rows)
    return {"list": listed, "page_info": about}


def _upload(ctx: Ctx, level: str, wait: float) -> Thing:
    account = ctx.writer()
    how = ctx.params.choice("upload_type", KINDS, "UPLOAD_BY_FILE")
    content, default = _content(ctx, level, how)
    name = str(ctx.params.get("file_name") or default)
    if not 1 <= len(name) <= 100:
        raise invalid("file_name: Length must be between 1 and 100.")
    if ctx.world.named(account.id, level, name):
        raise Refusal(SAME_NAME, "The material name is duplicated.")
    signature = hashlib.md5(content, usedforsecurity=False).hexdigest()
    data = {"signature": signature, "size": len(content), "_ready_at": ctx.now + wait, "file_name": name}
    return ctx.world.create(
        ctx.now, id=_new_id(ctx, level), account=account.id, level=level, name=name, state=State.PAUSED,
        data={**data, "create_time": stamp(ctx.now)}, spends=False, kind="upload",
    )  # fmt: skip


def _content(ctx: Ctx, level: str, how: str) -> tuple[bytes, str]:
    if how != "UPLOAD_BY_FILE":
        source = str(ctx.params.need(f"{level}_url" if how == "UPLOAD_BY_URL" else "file_id"))
        return source.encode(), source.rsplit("/", 1)[-1][:100]
    part: Part | None = ctx.params.files.get(f"{level}_file")
    if part is None:
        raise Refusal(NO_FILE, "The file is missing.")
    if not part.content:
        raise Refusal(EMPTY_FILE, "The file is empty.")
    if ctx.params.text(f"{level}_signature") != hashlib.md5(part.content, usedforsecurity=False).hexdigest():
        raise Refusal(BAD_SIGNATURE, "The file signature does not match.")
    return part.content, part.filename


def _new_id(ctx: Ctx, level: str) -> str:
    number = ctx.sim.new_id()
    return f"ad-site-i18n-sg/{number}" if level == "image" else f"v10033g50000{number}"


def _ready(ctx: Ctx, account: Advertiser, id_: str) -> dict[str, Any]:
    video = ctx.world.get(id_)
    if video is None or video.level != "video" or video.account != account.id:
        message = f"The video {id_} does not exist."
        raise Refusal(40002, message)
    if video.data["_ready_at"] > ctx.now:
        raise Refusal(TRANSCODING, "The video is being transcoded. Please try again later.")
    return _shown(video)


def _shown(thing: Thing) -> dict[str, Any]:
    data = {name: value for name, value in thing.data.items() if not name.startswith("_")}
    shape = {"width": 1080, "height": 1920, "material_id": thing.id[-19:], "displayable": True}
    where = f"https://example.com/{thing.level}/{thing.id}"
    if thing.level == "image":
        return {"image_id": thing.id, "image_url": where, "format": "png", **data, **shape}
    shape |= {"duration": 15.0, "format": "mp4", "bit_rate": 1_000_000, "allow_download": True}
    return {"video_id": thing.id, "video_cover_url": f"{where}.jpg", "preview_url": where, **data, **shape}
