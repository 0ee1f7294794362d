"""Posts as reads show them, and their figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.world import Thing
from backstay_adapters.instagram.sandbox.refusal import Refusal

Json = Any

POST: Final = "post"
"""The level of the world's objects that are posts."""
_FEED: Final = frozenset({"reach", "views", "likes", "comments", "saved", "shares", "total_interactions"})
METRICS: Final[Mapping[str, frozenset[str]]] = {
    "FEED": _FEED,
    "REELS": _FEED | {"ig_reels_avg_watch_time", "ig_reels_video_view_total_time"},
    "STORY": frozenset({"reach", "views", "replies", "shares", "navigation", "total_interactions"}),
}
_TYPES: Final = {"CAROUSEL": "CAROUSEL_ALBUM", "REELS": "VIDEO", "VIDEO": "VIDEO"}
_PRODUCTS: Final = {"REELS": "REELS", "STORIES": "STORY"}
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def data_of(kind: str, params: Mapping[str, str], container: str, name: str) -> dict[str, Json]:
    """What the world keeps of a post."""
    product = _PRODUCTS.get(kind, "FEED")
    video = "video_url" in params
    media = _TYPES.get(kind) or ("VIDEO" if video else "IMAGE")
    place = {"REELS": "reel", "STORY": "stories/sandbox"}.get(product, "p")
    told = {
        "media_type": media, "media_product_type": product, "caption": params.get("caption"),
        "permalink": f"https://www.instagram.com/{place}/{short(name)}/",
    }  # fmt: skip
    hidden = {"_container": container, "_ai": params.get("is_ai_generated"), "_params": dict(params)}
    return {**{key: value for key, value in told.items() if value is not None}, **hidden}


def body(thing: Thing, fields: str) -> dict[str, Json]:
    """A post with the fields that are asked for; what it does not have is left out."""
    told = {"id": thing.id, "timestamp": stamp(thing.created_at), **thing.data}
    wanted = [name for name in fields.split(",") if name] or ["id"]
    return {name: told[name] for name in dict.fromkeys((*wanted, "id")) if name in told}


def figures(thing: Thing, metric: str, seed: int, now: float) -> dict[str, Json]:
    """Insights; one metric that this kind of post does not have fails the whole call."""
    known = METRICS[str(thing.data["media_product_type"])]
    names = [name for name in metric.split(",") if name]
    for name in names:
        if name not in known:
            message = f"(#100) metric[0] must be one of the following values: {', '.join(sorted(known))}"
            raise Refusal("parameter", message=message)
    hours = max(0.0, now - thing.created_at) / 3600.0
    return {
        "data": [
            {"name": name, "period": "lifetime", "id": f"{thing.id}/insights/{name}/lifetime",
             "values": [{"value": int(hours * (bits(seed, name, thing.id) % 50))}]}
            for name in names
        ]
    }  # fmt: skip


def stamp(seconds: float) -> str:
    """A time as Graph writes it."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def short(name: str) -> str:
    """The code in a permalink."""
    number, code = int(name), ""
    while number:
        number, rest = divmod(number, 64)
        code = LETTERS[rest] + code
    return code


__all__ = ["METRICS", "POST", "body", "data_of", "figures", "stamp"]
