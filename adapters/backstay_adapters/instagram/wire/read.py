"""From the API's answers to ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from backstay.content.publish import Container, Post, PostInsights, Quota
from backstay.content.words import ContainerState, PostKind
from backstay.content_adapter import Answers

Json = Any

ANSWERS: Final = Answers("instagram")
reading = ANSWERS.reading

STATES: Final[Mapping[str, ContainerState]] = MappingProxyType(
    {
        "IN_PROGRESS": ContainerState.IN_PROGRESS, "FINISHED": ContainerState.FINISHED,
        "PUBLISHED": ContainerState.PUBLISHED, "ERROR": ContainerState.FAILED, "EXPIRED": ContainerState.EXPIRED,
    }
)  # fmt: skip
PRODUCTS: Final[Mapping[str, PostKind]] = MappingProxyType({"REELS": PostKind.REEL, "STORY": PostKind.STORY})
TYPES: Final[Mapping[str, PostKind]] = MappingProxyType(
    {"IMAGE": PostKind.IMAGE, "CAROUSEL_ALBUM": PostKind.CAROUSEL, "VIDEO": PostKind.VIDEO}
)
POST_FIELDS: Final = "id,caption,media_type,media_product_type,permalink,timestamp"
CONTAINER_FIELDS: Final = "id,status_code,status"

METRICS: Final[Mapping[str, str]] = MappingProxyType(
    {"reach": "reach", "views": "impressions", "likes": "likes", "comments": "comments", "saved": "saves",
     "shares": "shares"}
)  # fmt: skip
"""The vendor's metrics by ours; its others are in `extra`. `impressions` was removed on 2025-04-21 for `views`."""
FEED_METRICS: Final = "reach,views,likes,comments,saved,shares,total_interactions"
REEL_METRICS: Final = f"{FEED_METRICS},ig_reels_avg_watch_time,ig_reels_video_view_total_time"
STORY_METRICS: Final = "reach,views,replies,shares,navigation,total_interactions"
"""One metric that a kind of post does not have fails the whole call."""
_READ: Final = frozenset(POST_FIELDS.split(","))


def made_id(data: Json) -> str:
    """The id of what was made."""
    with reading("an id", data):
        found = data["id"]
        if not (isinstance(found, str | int) and str(found).isdigit()):
            raise ValueError
        return str(found)


def container(data: Json) -> Container:
    """A container's state; one that failed is an answer like the others."""
    with reading("a container", data):
        word = data.get("status_code")
        state = STATES.get(word, ContainerState.UNKNOWN)
        reason = str(data.get("status") or "") or None
        return Container(
            id=str(data["id"]), state=state, raw_state=word,
            reason=reason if state in {ContainerState.FAILED, ContainerState.EXPIRED} else None,
        )  # fmt: skip


def post(data: Json) -> Post:
    """A published post."""
    with reading("a post", data):
        return Post(
            id=made_id(data),
            kind=kind_of(data),
            permalink=data.get("permalink"),
            caption=data.get("caption"),
            published_at=moment(data.get("timestamp")),
            extra={name: value for name, value in data.items() if name not in _READ},
        )


def page(data: Json) -> tuple[list[Post], str | None]:
    """Posts of a list, and where it goes on; None at its end."""
    with reading("a list of posts", data):
        cursors = (data.get("paging") or {}) if isinstance(data, Mapping) else {}
        after = (cursors.get("cursors") or {}).get("after") if cursors.get("next") else None
        return [post(each) for each in data["data"]], after


def kind_of(data: Mapping[str, Json]) -> PostKind:
    """What a post is: its product says more than its type."""
    return PRODUCTS.get(str(data.get("media_product_type"))) or TYPES.get(str(data.get("media_type")), PostKind.UNKNOWN)


def moment(text: object) -> datetime | None:
    """A time such as 2026-01-31T12:00:00+0000; None for what is none."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z") if isinstance(text, str) else None
    except ValueError:
        return None


def quota(data: Json) -> Quota:
    """What is left of the moving day."""
    with reading("a quota", data):
        told = data["data"][0]
        config = told.get("config") or {}
        total, window = config.get("quota_total"), config.get("quota_duration")
        return Quota(
            used=int(told["quota_usage"]),
            total=None if total is None else int(total),
            window=None if window is None else timedelta(seconds=int(window)),
        )


def insights(post_id: str, data: Json, kind: PostKind) -> PostInsights:
    """Figures of a post; what the vendor does not tell is absent."""
    with reading("insights", data):
        told = {str(each["name"]): each for each in data["data"]}
        values = {name: found for name, each in told.items() if (found := _figure(each)) is not None}
        metrics = {METRICS[name]: value for name, value in values.items() if name in METRICS}
        if kind is PostKind.REEL and "views" in values:
            metrics["plays"] = values["views"]
        return PostInsights(
            post_id=post_id, metrics=metrics,
            extra={name: value for name, value in values.items() if name not in METRICS},
        )  # fmt: skip


def _figure(told: Mapping[str, Json]) -> Decimal | None:
    """A total, or the first of the values; None where neither is told."""
    total, values = told.get("total_value"), told.get("values")
    entry = total if isinstance(total, Mapping) else values[0] if isinstance(values, list) and values else None
    value = entry.get("value") if isinstance(entry, Mapping) else None
    return None if value is None or isinstance(value, bool | Mapping) else Decimal(str(value))


__all__ = [
    "CONTAINER_FIELDS", "POST_FIELDS", "container", "insights", "kind_of", "made_id", "moment", "page", "post",
    "quota",
]  # fmt: skip
