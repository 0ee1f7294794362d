"""Pictures: what is asked and what comes back, always as bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from pydantic import Field, model_validator

from backstay.answer import Answer
from backstay.content.parts import Picture
from backstay.content.usage import TokenUsage
from backstay.content.words import Background, PictureFormat, Quality
from backstay.cost import Cost
from backstay.errors import InvalidRequestError
from backstay.spec import Spec, SpecPart
from backstay.values import EMPTY, Extra, Value


class Size(SpecPart):
    """Pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)

    @classmethod
    def of(cls, text: str) -> Size:
        """Read "1024x1536"."""
        width, _, height = text.partition("x")
        return cls.model_validate({"width": width, "height": height})

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class ImageRequest(Spec):
    """What a picture is to show; with `sources` it is an edit of them. What a model lacks is refused before sending."""

    prompt: str = Field(min_length=1)
    n: int = Field(default=1, ge=1, le=10)
    size: Size | None = None
    aspect: str | None = Field(default=None, pattern=r"^[1-9]\d*:[1-9]\d*$")
    """Width to height, such as "4:5", where the exact size does not matter."""
    quality: Quality = Quality.AUTO
    background: Background = Background.AUTO
    format: PictureFormat = PictureFormat.PNG
    seed: int | None = None
    sources: tuple[Picture, ...] = ()
    """Pictures to start from."""
    mask: Picture | None = None
    """Where its first source may be changed: the transparent pixels."""
    model: str | None = None
    """The vendor's model id; None: the adapter's."""
    end_user: str | None = None
    """An opaque id of the person behind the request, for the vendor's abuse checks."""
    extra: Extra = EMPTY

    @model_validator(mode="after")
    def _checked(self) -> ImageRequest:
        if self.size is not None and self.aspect is not None:
            raise InvalidRequestError(
                "size and aspect say the same thing twice", field="aspect", value=self.aspect, hint="give one of them"
            )
        return self


class GeneratedImage(Value):
    """A picture: its bytes are here, whatever way the vendor gave it."""

    data: bytes = Field(repr=False)
    media_type: str
    width: int
    height: int
    url: str | None = None
    """Where the vendor shows it, if it does; it expires."""
    expires_at: datetime | None = None
    revised_prompt: str | None = None
    ai_generated: bool = True
    """To be declared where the picture is shown."""

    @property
    def sha256(self) -> str:
        """Of the bytes: a name that the same picture always has."""
        return hashlib.sha256(self.data).hexdigest()


class ImageResult(Answer):
    """Pictures, and what they cost."""

    images: tuple[GeneratedImage, ...]
    usage: TokenUsage = Field(default_factory=TokenUsage)
    cost: Cost | None = None
    model: str = ""
    request_id: str | None = None
    ai_generated: bool = True

    @property
    def image(self) -> GeneratedImage:
        """The first one."""
        return self.images[0]


__all__ = ["GeneratedImage", "ImageRequest", "ImageResult", "Size"]
