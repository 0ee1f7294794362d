"""What a carousel is to be: its topic, its shape, and what it may use up."""

from __future__ import annotations

from typing import Final, Self

from pydantic import Field, model_validator

from backstay.content import Depth, PictureFormat, Quality, Recency, Size
from backstay.errors import InvalidRequestError
from backstay.money import Money
from backstay.services.store import check_name
from backstay.spec import Spec

LONGEST_ID: Final = 50
"""Characters: the store adds words of its own."""


class CarouselPlan(Spec):
    """One carousel. Its id names it in the store, in the events, in the ledger and for the publisher: once for good."""

    id: str
    topic: str = Field(min_length=1, max_length=500)
    slides: int = Field(default=6, ge=2, le=10)
    style: str = "educational"
    """The kind of carousel, in words for the writer."""
    audience: str = ""
    language: str = ""
    """In words for the writer, such as "German"; empty: that of the topic."""
    hooks: int = Field(default=3, ge=1, le=10)
    """Variations of the caption's first line; the first one is used."""
    depth: Depth = Depth.STANDARD
    recency: Recency | None = None
    look: str = "calm, modern illustration, generous empty space, soft light"
    """How the pictures are to look, in words for whoever makes them."""
    aspect: str | None = "4:5"
    size: Size | None = None
    """Exact pixels, instead of `aspect`."""
    quality: Quality = Quality.AUTO
    format: PictureFormat = PictureFormat.JPEG
    """Instagram takes JPEG and nothing else."""
    user_id: str | None = None
    """Whose it is; stands in events and in the ledger."""
    money: Money | None = None
    """What all its calls together may cost, over all restarts; a call that could pass it is not made."""
    retries: int | None = Field(default=None, ge=0)
    """Calls made again, of all steps together."""
    retry_seconds: float | None = Field(default=None, ge=0)
    """Seconds spent on retries, of all steps together."""
    unpriced: bool = False
    """Whether calls may be made whose cost nobody can tell beforehand, where `money` is bounded."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        check_name(self.id)
        if len(self.id) > LONGEST_ID:
            raise InvalidRequestError(
                f"id: {len(self.id)} characters", field="id", value=self.id, hint=f"at most {LONGEST_ID}"
            )
        return self

    @property
    def steps(self) -> int:
        """How many steps it takes, for a bar: research, outline, caption, hooks, publishing, and three a slide."""
        return 5 + 3 * self.slides


__all__ = ["CarouselPlan"]
