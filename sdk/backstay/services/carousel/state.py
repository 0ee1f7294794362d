"""What a carousel has so far, so that another process can go on where one died."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, Field

from backstay.content import GeneratedImage, HostedMedia, Post, PublishRequest, ResearchResult
from backstay.services.carousel.plan import CarouselPlan
from backstay.spec import Spec


class Point(Spec):
    """One slide of an outline."""

    heading: str
    point: str
    picture: str
    """What its picture shows."""


class Outline(Spec):
    """What is said in which order."""

    title: str
    points: tuple[Point, ...]
    template: bool = False
    """Written by no model: the writer's could not be read."""


class Slide(Spec):
    """What stands on a slide."""

    headline: str
    body: str
    alt_text: str


class Caption(Spec):
    """What stands under the post."""

    text: str
    hashtags: tuple[str, ...] = ()


class KeptPicture(Spec):
    """A picture's bytes, in a record of their own."""

    prompt: str
    image: GeneratedImage


class Done(Spec):
    """A step that was made: by whom, and what it took."""

    step: str
    by: str
    at: AwareDatetime
    source: str = "live"
    """live, cache, stale or replayed."""
    cause: str | None = None
    """Why it was not the first adapter of a fallback, or why it is stale."""
    attempts: int = 1


class CarouselState(Spec):
    """One carousel."""

    plan: CarouselPlan
    research: ResearchResult | None = None
    outline: Outline | None = None
    slides: tuple[Slide | None, ...] = ()
    caption: Caption | None = None
    hooks: tuple[str, ...] = ()
    pictures: tuple[str | None, ...] = ()
    """The SHA-256 of each; `Carousel.picture(n)` gives the bytes."""
    media: tuple[HostedMedia | None, ...] = ()
    ai_generated: bool = False
    request: PublishRequest | None = None
    """What was handed to the publisher first; it is never changed after."""
    post: Post | None = None
    degraded: tuple[str, ...] = ()
    """Parts that are not as good as they should be, each as "step: why"."""
    done: tuple[Done, ...] = ()
    spent: Decimal = Decimal(0)
    """By all processes that worked on it, in the currency of the plan's money (else USD); lost answers included."""
    retries: int = Field(default=0, ge=0)
    retry_seconds: float = Field(default=0.0, ge=0)

    @property
    def made(self) -> int:
        """How many of `plan.steps` are done."""
        parts = (self.research, self.outline, self.caption, self.hooks or None, self.post)
        several = (*self.slides, *self.pictures, *self.media)
        return sum(part is not None for part in (*parts, *several))

    @property
    def prepared(self) -> bool:
        """Whether everything but the publishing is done."""
        return self.made >= self.plan.steps - 1

    def with_one(self, field: str, number: int, value: Any) -> CarouselState:
        """With one item of `slides`, `pictures` or `media`."""
        found = list(getattr(self, field)) or [None] * self.plan.slides
        found[number] = value
        return self.but(**{field: tuple(found)})

    def without_degraded(self) -> CarouselState:
        """With everything that is degraded, and all that was made from it, to be made anew."""
        if not self.degraded:
            return self
        stale = any(part.startswith("research") for part in self.degraded)
        return self.but(
            research=None if stale else self.research, outline=None, slides=(), caption=None, hooks=(), pictures=(),
            media=(), degraded=(),
        )  # fmt: skip


__all__ = ["Caption", "CarouselState", "Done", "KeptPicture", "Outline", "Point", "Slide"]
