"""Sizes: which a model takes, and which one a ratio stands for."""

from __future__ import annotations

from typing import Final

from backstay.content.image import ImageRequest, Size
from backstay.errors import InvalidRequestError
from backstay_adapters.openai.models import Model

STEP: Final = 16
"""Both sides of a free size are multiples of it."""
LONGEST: Final = 3_840
SHORTEST: Final = 2_160
"""The shorter side at most: 3840x2160 is the largest picture."""
RATIO: Final = 3
"""At most three times as long as wide, or as wide as long."""
SIDE: Final = 1_088
"""The shorter side for a ratio: the first multiple that fills the 1,080 pixels of social networks."""


def size_of(request: ImageRequest, model: Model | None) -> str | None:
    """The size on the wire; None leaves it to the vendor. Raises InvalidRequestError for one that it would refuse."""
    if request.size is not None:
        return _checked(request.size, model)
    return None if request.aspect is None else _by_ratio(request.aspect, model)


def _checked(size: Size, model: Model | None) -> str:
    told = str(size)
    if model is None:
        return told
    if model.sizes is not None:
        if told not in model.sizes:
            raise _wrong("size", told, f"one of {', '.join(model.sizes)}")
        return told
    long, short = max(size.width, size.height), min(size.width, size.height)
    if size.width % STEP or size.height % STEP:
        raise _wrong("size", told, f"both sides as multiples of {STEP}, such as {_rounded(size)}")
    if long > RATIO * short or long > LONGEST or short > SHORTEST:
        raise _wrong("size", told, f"at most {LONGEST}x{SHORTEST}, and at most 1:{RATIO}")
    return told


def _by_ratio(aspect: str, model: Model | None) -> str:
    width, height = (int(part) for part in aspect.split(":"))
    if model is not None and model.sizes is not None:
        for size in model.sizes:
            known = Size.of(size)
            if known.width * height == known.height * width:
                return size
        raise _wrong("aspect", aspect, f"a model with free sizes (gpt-image-2), or a size of {', '.join(model.sizes)}")
    if max(width, height) > RATIO * min(width, height):
        raise _wrong("aspect", aspect, f"a ratio between 1:{RATIO} and {RATIO}:1")
    if width == height:
        return "1024x1024"  # the one that prices are made for
    long = round(SIDE * max(width, height) / min(width, height) / STEP) * STEP
    return f"{long}x{SIDE}" if width > height else f"{SIDE}x{long}"


def _rounded(size: Size) -> str:
    width, height = (max(STEP, round(side / STEP) * STEP) for side in (size.width, size.height))
    return f"{width}x{height}"


def _wrong(field: str, value: str, cure: str) -> InvalidRequestError:
    return InvalidRequestError(f"the model makes no pictures of {value}", field=field, value=value, hint=cure)


__all__ = ["size_of"]
