"""Creatives, both ways. Meta has many forms; the common one is a page's story: a link, a video, or several cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from backstay.ads.parts import Creative, IdentityRef, MediaRef
from backstay.ads.words import CreativeKind, MediaKind
from backstay.errors import InvalidRequestError, UnsupportedCapabilityError
from backstay.spec import merge_extra
from backstay.values import FrozenDict
from backstay_adapters.meta.wire.parts import maps

Raw = Mapping[str, Any]
Body = dict[str, Any]

PAGE: Final = "page"
"""The kind of identity that stories speak as; `instagram` beside it goes into `extra`."""


# Reading --------------------------------------------------------------------------------------------------------


def creative(raw: Any) -> Creative:
    """What an ad shows; what has no common name is in its `extra`."""
    if not isinstance(raw, Mapping):
        return Creative(kind=CreativeKind.UNKNOWN)
    story = raw.get("object_story_spec")
    spec: Raw = story if isinstance(story, Mapping) else {}
    kind, data = _form(raw, spec)
    page = spec.get("page_id")
    post = raw.get("object_story_id")
    return Creative(
        kind=kind,
        id=str(raw["id"]) if raw.get("id") else None,
        texts=_said(data.get("message"), raw.get("body")),
        headlines=_headlines(raw, data),
        media=tuple(_media(raw, data)),
        link=_link(data) or raw.get("link_url"),
        call_to_action=_action(data) or raw.get("call_to_action_type"),
        identity=IdentityRef(id=str(page), kind=PAGE) if page else None,
        post_id=str(post) if post else None,
        extra=FrozenDict({name: value for name, value in raw.items() if name not in _KNOWN}),
    )


_KNOWN: Final = ("id", "object_story_spec", "object_story_id", "body", "title", "link_url", "call_to_action_type",
                 "image_hash", "video_id")  # fmt: skip


def _form(raw: Raw, spec: Raw) -> tuple[CreativeKind, Raw]:
    link, video = spec.get("link_data"), spec.get("video_data")
    if isinstance(video, Mapping):
        return CreativeKind.VIDEO, video
    if isinstance(link, Mapping):
        return CreativeKind.CAROUSEL if link.get("child_attachments") else CreativeKind.IMAGE, link
    if raw.get("object_story_id"):
        return CreativeKind.EXISTING_POST, {}
    if raw.get("asset_feed_spec"):
        return CreativeKind.RESPONSIVE, {}
    if raw.get("video_id"):
        return CreativeKind.VIDEO, {}
    return CreativeKind.IMAGE if raw.get("image_hash") else CreativeKind.UNKNOWN, {}


def _said(*texts: Any) -> tuple[str, ...]:
    return tuple(str(text) for text in texts if text)[:1]


def _headlines(raw: Raw, data: Raw) -> tuple[str, ...]:
    cards = maps(data.get("child_attachments"))
    if cards:
        return tuple(str(each["name"]) for each in cards if each.get("name"))
    return _said(data.get("name"), data.get("title"), raw.get("title"))


def _media(raw: Raw, data: Raw) -> list[MediaRef]:
    parts = maps(data.get("child_attachments")) or [data or raw]
    found = []
    for part in parts:
        if part.get("video_id"):
            found.append(MediaRef(kind=MediaKind.VIDEO, id=str(part["video_id"])))
        if part.get("image_hash"):
            found.append(MediaRef(kind=MediaKind.IMAGE, id=str(part["image_hash"])))
    return found


def _action(data: Raw) -> str | None:
    action = data.get("call_to_action")
    return str(action["type"]) if isinstance(action, Mapping) and action.get("type") else None


def _link(data: Raw) -> str | None:
    action = data.get("call_to_action")
    value = action.get("value") if isinstance(action, Mapping) else None
    link = data.get("link") or (value.get("link") if isinstance(value, Mapping) else None)
    return str(link) if link else None


# Writing --------------------------------------------------------------------------------------------------------


def creative_out(value: Creative, name: str) -> Body:
    """The creative of an ad: the id of one that is there, or the spec of one that is made with the ad."""
    if value.id is not None:
        return {"creative_id": value.id}
    if value.ai_generated is not None:
        raise UnsupportedCapabilityError(
            "Meta's creatives have no field that declares AI", vendor="meta", field="creative.ai_generated",
            value=str(value.ai_generated), hint="leave it out, and disclose it in Ads Manager",
        )  # fmt: skip
    form = _FORMS.get(value.kind)
    if form is None:
        _refuse("creative.kind", value.kind, "there is no common form for it", "use creative.id or creative.extra")
    return merge_extra({"name": name, **form(value)}, value.extra)


def _post(value: Creative) -> Body:
    if not value.post_id:
        _refuse("creative.post_id", None, "the post is missing", 'give post_id="<page>_<post>"')
    return {"object_story_id": value.post_id}


def _image(value: Creative) -> Body:
    images = _ids(value, MediaKind.IMAGE)
    body = {**_link_data(value), "name": _first(value.headlines), "image_hash": _first(images)}
    return _story(value, "link_data", body)


def _carousel(value: Creative) -> Body:
    media = [each for each in value.media if each.kind in {MediaKind.IMAGE, MediaKind.VIDEO}]
    if len(media) < 2:
        _refuse("creative.media", len(media), "a carousel has two cards or more", "give each card its image or video")
    cards = [
        _clean({
            "link": value.link, "name": value.headlines[number] if number < len(value.headlines) else None,
            "image_hash" if each.kind is MediaKind.IMAGE else "video_id": each.id,
        })
        for number, each in enumerate(media)
    ]  # fmt: skip
    return _story(value, "link_data", {**_link_data(value), "child_attachments": cards})


def _video(value: Creative) -> Body:
    videos, images = _ids(value, MediaKind.VIDEO), _ids(value, MediaKind.IMAGE)
    if not videos:
        _refuse("creative.media", (), "the video is missing", "upload it first: upload_video(...)")
    if not images:
        _refuse("creative.media", videos[0], "Meta wants a cover for every video", "add an image: upload_image(...)")
    body = {
        "video_id": videos[0], "image_hash": images[0], "message": _first(value.texts),
        "title": _first(value.headlines), "call_to_action": _call(value),
    }  # fmt: skip
    return _story(value, "video_data", body)


_FORMS: Final = {
    CreativeKind.IMAGE: _image,
    CreativeKind.VIDEO: _video,
    CreativeKind.CAROUSEL: _carousel,
    CreativeKind.EXISTING_POST: _post,
}


def _link_data(value: Creative) -> Body:
    if not value.link:
        _refuse("creative.link", None, "an ad of this kind needs a link", 'give creative.link="https://..."')
    return {"link": value.link, "message": _first(value.texts), "call_to_action": _call(value)}


def _call(value: Creative) -> Body | None:
    if value.call_to_action is None:
        return None
    return _clean({"type": value.call_to_action, "value": {"link": value.link} if value.link else None})


def _story(value: Creative, part: str, data: Body) -> Body:
    if value.identity is None:
        _refuse("creative.identity", None, "Meta wants a page", 'give creative.identity=IdentityRef(id="<page id>")')
    return {"object_story_spec": {"page_id": value.identity.id, part: _clean(data)}}


def _ids(value: Creative, kind: MediaKind) -> list[str]:
    return [each.id for each in value.media if each.kind is kind]


def _first(values: Sequence[str]) -> str | None:
    return values[0] if values else None


def _clean(body: Body) -> Body:
    return {name: each for name, each in body.items() if each is not None}


def _refuse(field: str, value: object, message: str, hint: str) -> NoReturn:
    raise InvalidRequestError(f"{field}: {message}", field=field, value=value, hint=hint, vendor="meta")
