"""Creatives: objects of their own, in practice immutable, whose names the vendor may change."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from backstay.clock import utc
from backstay.sandbox.world import State, Thing
from backstay_adapters.meta.sandbox import labels, objects
from backstay_adapters.meta.sandbox.context import DONE
from backstay_adapters.meta.sandbox.kinds import CREATIVE, CREATIVES, VIDEO
from backstay_adapters.meta.sandbox.refusal import Data, Refused, invalid, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

SOURCES: Final = ("object_story_spec", "object_story_id", "asset_feed_spec", "source_instagram_media_id",
                  "image_hash", "object_url")  # fmt: skip
EDITABLE: Final = frozenset({"name", "status", "adlabels", "account_id", "execution_options", "access_token",
                             "appsecret_proof", "fields"})  # fmt: skip


def create(ctx: Ctx) -> Data:
    """POST /act_{id}/adcreatives."""
    account = ctx.writer()
    data = objects.extras(ctx, CREATIVES)
    check(ctx, data)
    spec = labels.checked(ctx, account)
    if ctx.only_validate:
        return DONE
    known = _same(ctx, data) if ctx.switches.same_creative else None
    if known is not None:
        return objects.made(ctx, known)
    sent = str(ctx.params.get("name") or "")
    return objects.made(ctx, _make(ctx, sent, data, spec))


def update(ctx: Ctx) -> Data:
    """POST /{creative}: name, labels and status only."""
    for name in ctx.params.data:
        if name not in EDITABLE:
            raise Refused(100, 1815573, message=f"(#100) The parameter {name} is not supported")
    return objects.update(ctx, objects.editable(ctx), {})


def inline(ctx: Ctx, spec: Data) -> str | None:
    """The creative that an ad brings along in its own create."""
    ctx.writer()
    data = {name: value for name, value in spec.items() if name in CREATIVES.fields and name not in {"id", "name"}}
    check(ctx, data)
    return None if ctx.only_validate else _make(ctx, str(spec.get("name") or ""), data, []).id


def check(ctx: Ctx, data: Data) -> None:
    """What a creative must have, and that its media are there."""
    if not any(data.get(source) for source in SOURCES):
        told = f"Specify one of {', '.join(SOURCES[:3])}."
        raise invalid("Creative is incomplete", told, blame="object_story_spec")
    story = data.get("object_story_spec")
    if story is None:
        return
    if not isinstance(story, dict):
        raise param("Param object_story_spec must be a JSON object.")
    page = story.get("page_id")
    if not page or (ctx.sim.pages is not None and str(page) not in ctx.sim.pages):
        raise invalid("Page not found", "Choose a Page that you may advertise for.", blame="object_story_spec")
    if story.get("link_data"):
        _link(ctx, story["link_data"])
    if story.get("video_data"):
        _video(ctx, story["video_data"])
    if not (story.get("link_data") or story.get("video_data") or story.get("photo_data") or story.get("text_data")):
        raise invalid("Creative is incomplete", "Specify link_data or video_data.", blame="object_story_spec")


def _link(ctx: Ctx, link: Any) -> None:
    if not isinstance(link, dict) or not link.get("link"):
        raise invalid("Link is missing", "Specify a link in link_data.", blame="object_story_spec")
    for each in (link, *link.get("child_attachments", ())):
        _image(ctx, each.get("image_hash"))


def _image(ctx: Ctx, image_hash: Any) -> None:
    if image_hash is not None and ctx.world.get(f"{ctx.account.id}:{image_hash}") is None:
        raise invalid("Image not found", f"There is no image with the hash {image_hash}.", blame="object_story_spec")


def _video(ctx: Ctx, data: Any) -> None:
    if not isinstance(data, dict) or not (data.get("image_hash") or data.get("image_url")):
        told = "Please specify one of image_hash or image_url in the video_data field of object_story_spec."
        raise invalid("Your ad needs a video thumbnail", told, 1443226, blame="object_story_spec")
    _image(ctx, data.get("image_hash"))
    video = ctx.world.get(str(data.get("video_id")))
    if video is None or video.level != VIDEO or video.account != ctx.account.id or not video.data.get("_complete"):
        raise invalid("Video not found", "There is no such video.", blame="object_story_spec")
    waits = ctx.switches.video_must_be_ready and ctx.now < video.data.get("_ready_at", 0.0)
    if waits or video.data.get("_broken"):
        raise invalid("Video not ready for use in an ad", "The video is still being processed.", 1885252)


def _make(ctx: Ctx, sent: str, data: Data, spec: list[Data]) -> Thing:
    account = ctx.account
    turn = len(ctx.world.at(account.id, CREATIVE))
    stored = {**data, "_turn": turn, "_content": _content(data), "_labels": labels.made(ctx, account, spec)}
    thing = ctx.world.create(
        ctx.now, id=ctx.sim.new_id(), account=account.id, level=CREATIVE, name=sent, state=State.PAUSED, data=stored,
        spends=False, key=labels.key_of(spec),
    )  # fmt: skip
    if ctx.switches.rename_creatives or not sent:
        name = f"{sent} {utc(ctx.now):%Y-%m-%d}-{stored['_content']}".strip()
        ctx.world.update(ctx.now, thing, name=name)
    return thing


def _content(data: Data) -> str:
    text = json.dumps(data, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _same(ctx: Ctx, data: Data) -> Thing | None:
    content = _content(data)
    found = (thing for thing in ctx.world.at(ctx.account.id, CREATIVE) if thing.state is not State.REMOVED)
    return next((thing for thing in found if thing.data.get("_content") == content), None)
