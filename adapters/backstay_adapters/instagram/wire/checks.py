"""What the vendor would refuse, told before anything is sent: items, types, sizes, shapes, captions."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from backstay.content.publish import PostMedia, PublishRequest
from backstay.content.words import PostKind
from backstay.errors import InvalidRequestError
from backstay_adapters.instagram.profile import (
    ALT_TEXT,
    CAPTION,
    HASHTAGS,
    IMAGE_BYTES,
    ITEMS,
    MENTIONS,
    NARROWEST,
    STORY_VIDEO_BYTES,
    VIDEO_BYTES,
    WIDEST,
)

IMAGES: Final = frozenset({"image/jpeg"})
VIDEOS: Final = frozenset({"video/mp4", "video/quicktime"})
_BOTH: Final = IMAGES | VIDEOS
_TYPES: Final = {
    PostKind.IMAGE: IMAGES, PostKind.CAROUSEL: _BOTH, PostKind.REEL: VIDEOS, PostKind.STORY: _BOTH,
}  # fmt: skip
_HASHTAG: Final = re.compile(r"#\w+")
_MENTION: Final = re.compile(r"(?<![\w.])@[\w.]+")
_ROUNDED: Final = 0.005
"""By which a ratio may be over its end: pixels are whole numbers, and 1080 x 566 is what everybody calls 1.91:1."""


def check(request: PublishRequest) -> None:
    """Refuse a post that the vendor would refuse.

    Raises:
        InvalidRequestError: naming the field, its value and the cure.
    """
    _check_items(request)
    for place, media in enumerate(request.media):
        _check_media(f"media.{place}", media, request.kind)
    _check_caption(request)


def is_video(media: PostMedia) -> bool:
    """Whether it is a video by its type."""
    return media.media_type in VIDEOS


def units(text: str) -> int:
    """A caption's length as the server counts it: in UTF-16, an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _check_items(request: PublishRequest) -> None:
    count = len(request.media)
    low, high = ITEMS if request.kind is PostKind.CAROUSEL else (1, 1)
    if not low <= count <= high:
        _refuse("media", count, f"{low} to {high} items" if high > 1 else "one item; several are a carousel")


def _check_media(field: str, media: PostMedia, kind: PostKind) -> None:
    allowed = _TYPES[kind]
    if media.media_type not in allowed:
        _refuse(f"{field}.media_type", media.media_type, f"one of {', '.join(sorted(allowed))}: convert the file first")
    if media.alt_text and (is_video(media) or kind in {PostKind.STORY, PostKind.REEL}):
        _refuse(f"{field}.alt_text", media.alt_text[:20], "alt_text for pictures in the feed only")
    if media.alt_text and len(media.alt_text) > ALT_TEXT:
        _refuse(f"{field}.alt_text", len(media.alt_text), f"at most {ALT_TEXT} characters")
    if media.cover_url and kind is not PostKind.REEL:
        _refuse(f"{field}.cover_url", media.cover_url.partition("?")[0], "cover_url for reels only")
    most = IMAGE_BYTES if not is_video(media) else STORY_VIDEO_BYTES if kind is PostKind.STORY else VIDEO_BYTES
    if media.size is not None and not 0 < media.size <= most:
        _refuse(f"{field}.size", media.size, f"1 to {most} bytes")
    if not is_video(media) and kind is not PostKind.STORY:
        _check_shape(field, media)


def _check_shape(field: str, media: PostMedia) -> None:
    if media.width is None or media.height is None:
        return
    ratio = media.width / media.height
    if not NARROWEST - _ROUNDED <= ratio <= WIDEST + _ROUNDED:
        _refuse(f"{field}.width", f"{media.width}x{media.height}", "4:5 to 1.91:1, such as 1080x1350 or 1080x1080")


def _check_caption(request: PublishRequest) -> None:
    caption = request.caption
    if caption and request.kind is PostKind.STORY:
        _refuse("caption", caption[:20], "no caption for a story: draw the text into the picture")
    if units(caption) > CAPTION:
        _refuse("caption", f"{units(caption)} characters", f"at most {CAPTION} characters, an emoji counts two")
    for name, found, most in (("hashtags", _HASHTAG, HASHTAGS), ("mentions", _MENTION, MENTIONS)):
        count = len(found.findall(caption))
        if count > most:
            _refuse("caption", f"{count} {name}", f"at most {most} {name}")


def _refuse(field: str, value: object, cure: str) -> NoReturn:
    raise InvalidRequestError(
        f"{field} cannot be {value!r}", field=field, value=value, hint=f"give {cure}", vendor="instagram",
        rule="instagram.check",
    )  # fmt: skip


__all__ = ["check", "is_video", "units"]
