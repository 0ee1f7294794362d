"""Posts: what is to be published, how far it is, and what went out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from backstay.answer import Answer
from backstay.content.words import ContainerState, PostKind
from backstay.spec import Spec, SpecPart
from backstay.values import EMPTY, Extra, freeze

How = Literal["created", "adopted", "replayed"]
"""`created` by this call; `adopted`: an earlier call had published it and its answer was lost; `replayed`: the journal
knew it."""


class PostMedia(SpecPart):
    """One picture or video of a post, at an address that the vendor can fetch while it prepares the post."""

    url: str
    media_type: str = "image/jpeg"
    alt_text: str | None = None
    cover_url: str | None = None
    """A video's still picture."""
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    """Pixels, where they are known: then the vendor's limits are checked before anything is sent."""
    size: int | None = Field(default=None, ge=0)
    """Bytes, as above."""
    extra: Extra = EMPTY


class PublishRequest(Spec):
    """What goes out. Limits of the vendor (items, captions, hashtags) are checked before anything is sent."""

    kind: PostKind
    media: tuple[PostMedia, ...] = Field(min_length=1)
    caption: str = ""
    ai_generated: bool | None = None
    """Declared where the platform takes a declaration; set it from `GeneratedImage.ai_generated`."""
    location_id: str | None = None
    extra: Extra = EMPTY


class Container(Answer):
    """Something that the vendor prepares for publishing."""

    id: str
    kind: PostKind = PostKind.UNKNOWN
    state: ContainerState = ContainerState.UNKNOWN
    raw_state: str | None = None
    reason: str | None = None
    """Why it failed, by the vendor's word."""
    children: tuple[str, ...] = ()
    created_at: datetime | None = None
    expires_at: datetime | None = None


class Post(Answer):
    """What went out. `id` is None only where it is certain that it is live and the vendor did not say under what id."""

    id: str | None
    kind: PostKind = PostKind.UNKNOWN
    permalink: str | None = None
    caption: str | None = None
    published_at: datetime | None = None
    container_id: str | None = None
    ai_generated: bool | None = None
    how: How = "created"


class Quota(Answer):
    """How many posts an account may still publish; always asked live."""

    used: int
    total: int | None = None
    window: timedelta | None = None
    """The span in which they are counted."""

    @property
    def left(self) -> int | None:
        """What is left; None where the vendor does not say."""
        return None if self.total is None else max(0, self.total - self.used)


class PostInsights(Answer):
    """How a post is doing; a number that the vendor does not tell is absent, never 0."""

    _unhashed: ClassVar = frozenset({"metrics", "extra"})

    post_id: str
    metrics: Annotated[Mapping[str, Decimal], AfterValidator(freeze)] = EMPTY
    """By common name: impressions, reach, likes, comments, saves, shares, plays; the vendor's others in `extra`."""


__all__ = ["Container", "How", "Post", "PostInsights", "PostMedia", "PublishRequest", "Quota"]
