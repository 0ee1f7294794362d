"""Containers: what the vendor fetches, how long it takes, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from backstay_adapters.instagram.sandbox.refusal import Refusal

Json = Any

CAPTION: Final = 2_200
ITEMS: Final = range(2, 11)
FETCHED: Final[Mapping[str, str]] = {
    "missing": "fetch", "slow": "late", "huge": "image_size", "wide": "aspect", "empty": "aspect",
}  # fmt: skip
"""Words in a media address that the simulated crawler stumbles over, at once."""
PROCESSED: Final[Mapping[str, int]] = {
    "badvideo": 2207026, "badfile": 2207076, "norange": 2207077, "flaky": 2207085,
}  # fmt: skip
"""The same for what shows only while the media is processed."""


@dataclass(slots=True)
class Kept:
    """One container."""

    id: str
    account: str
    made: float
    ready: float
    """When it is prepared."""
    params: Mapping[str, str]
    failed: int | None = None
    """Why it fails when it would be ready."""
    published: float | None = None
    shown: float = 0.0
    """When reads show that it was published."""
    post: str | None = None
    tries: int = 0
    """Publishing was asked for so often."""

    @property
    def kind(self) -> str:
        """IMAGE, VIDEO, CAROUSEL, REELS, STORIES."""
        return self.params.get("media_type") or "IMAGE"

    @property
    def is_item(self) -> bool:
        """Whether it is a part of a carousel."""
        return self.params.get("is_carousel_item") == "true"

    @property
    def address(self) -> str:
        """Where its media is."""
        return self.params.get("video_url") or self.params.get("image_url") or ""

    def truth(self, now: float, life: float) -> str:
        """Its state as the vendor itself knows it."""
        if self.published is not None:
            return "PUBLISHED"
        if now >= self.made + life:
            return "EXPIRED"
        if now < self.ready:
            return "IN_PROGRESS"
        return "ERROR" if self.failed else "FINISHED"

    def state(self, now: float, life: float) -> str:
        """Its state as reads show it."""
        if self.published is not None and now < self.shown:
            return "FINISHED"
        return self.truth(now, life)

    def body(self, now: float, life: float) -> dict[str, Json]:
        """What a read answers."""
        state = self.state(now, life)
        told = {
            "ERROR": f"Error: Media upload has failed with error code {self.failed}",
            "EXPIRED": "Expired: the container was not published within 24 hours",
        }.get(state, f"{state.title().replace('_', ' ')}: the media is {state.lower()}")
        return {"status_code": state, "status": told, "id": self.id}


def check(params: Mapping[str, str], containers: Mapping[str, Kept]) -> None:
    """Refuse what the vendor refuses before it makes a container."""
    kind = params.get("media_type") or "IMAGE"
    if kind not in {"IMAGE", "VIDEO", "CAROUSEL", "REELS", "STORIES"}:
        raise Refusal("media_type")
    if len(params.get("caption", "").encode("utf-16-le")) // 2 > CAPTION:
        raise Refusal("caption")
    if kind == "CAROUSEL":
        _check_children(params, containers)
        return
    address = params.get("video_url") or params.get("image_url") or ""
    if (kind in {"REELS", "VIDEO"}) is not ("video_url" in params) and kind != "STORIES":
        raise Refusal("parameter", message="(#100) The parameter video_url is required")
    _fetch(address, video="video_url" in params)


def fails_later(params: Mapping[str, str]) -> int | None:
    """The number with which processing fails, if it does."""
    address = params.get("video_url") or params.get("image_url") or ""
    return next((number for word, number in PROCESSED.items() if word in address), None)


def _check_children(params: Mapping[str, str], containers: Mapping[str, Kept]) -> None:
    names = [name for name in params.get("children", "").split(",") if name]
    if len(names) not in ITEMS:
        raise Refusal("carousel")
    if any(name not in containers or not containers[name].is_item for name in names):
        raise Refusal("gone")


def _fetch(address: str, *, video: bool) -> None:
    """What the vendor's crawler says at once."""
    parts = urlsplit(address)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise Refusal("fetch")
    for word, name in FETCHED.items():
        if word in parts.path:
            raise Refusal(name)
    if not video and parts.path.lower().endswith((".png", ".webp", ".gif")):
        raise Refusal("image_format")


__all__ = ["Kept", "check", "fails_later"]
