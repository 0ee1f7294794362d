"""From our posts to the vendor's parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from backstay.content.publish import PostMedia, PublishRequest
from backstay.content.words import PostKind
from backstay.spec import merge_extra
from backstay_adapters.instagram.wire.checks import is_video

Json = Any


def item(media: PostMedia) -> dict[str, str]:
    """A carousel's item: a container of its own, without a caption."""
    params: dict[str, Json] = {"is_carousel_item": True, **_address(media)}
    if is_video(media):
        params["media_type"] = "VIDEO"
    return encoded(merge_extra(params | _alt(media), media.extra))


def carousel(request: PublishRequest, children: Sequence[str]) -> dict[str, str]:
    """The whole of several items."""
    params = {"media_type": "CAROUSEL", "children": ",".join(children), **_common(request)}
    return encoded(merge_extra(params, request.extra))


def single(request: PublishRequest, media: PostMedia) -> dict[str, str]:
    """A picture, a reel or a story."""
    params: dict[str, Json] = {**_address(media), **_alt(media), **_common(request)}
    if request.kind is PostKind.REEL:
        params["media_type"] = "REELS"
        if media.cover_url:
            params["cover_url"] = media.cover_url
    elif request.kind is PostKind.STORY:
        params["media_type"] = "STORIES"
    return encoded(merge_extra(merge_extra(params, media.extra), request.extra))


def encoded(params: Mapping[str, Json]) -> dict[str, str]:
    """Values as a form carries them: booleans and structures as JSON, None left out."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        for name, value in params.items()
        if value is not None
    }


def _address(media: PostMedia) -> dict[str, Json]:
    return {"video_url" if is_video(media) else "image_url": media.url}


def _alt(media: PostMedia) -> dict[str, Json]:
    return {"alt_text": media.alt_text} if media.alt_text else {}


def _common(request: PublishRequest) -> dict[str, Json]:
    told = {
        "caption": request.caption or None,
        "location_id": request.location_id,
        "is_ai_generated": request.ai_generated,
    }
    return {name: value for name, value in told.items() if value is not None}


__all__ = ["carousel", "encoded", "item", "single"]
