"""Pictures: what is asked of a model that draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.content.image import ImageRequest, Size
from backstay.content.words import PictureFormat, Quality
from backstay.errors import InvalidRequestError
from backstay_adapters.gemini.wire.write import picture

Json = Any

RATIOS: Final[Mapping[str, str]] = {
    "1:1": "1024x1024", "2:3": "832x1248", "3:2": "1248x832", "3:4": "864x1184", "4:3": "1184x864", "4:5": "896x1152",
    "5:4": "1152x896", "9:16": "768x1344", "16:9": "1344x768", "21:9": "1536x672",
}  # fmt: skip
"""The ratios that models draw, and the pixels that they make of them at the usual size."""
_ONE_SIZE: Final = "gemini-2.5-"
"""How the names of models begin that know no larger size."""


def contents_of(request: ImageRequest) -> list[dict[str, Json]]:
    """The words, and the pictures to start from before them."""
    return [{"role": "user", "parts": [*(picture(each) for each in request.sources), {"text": request.prompt}]}]


def config_of(request: ImageRequest, model: str) -> dict[str, Json]:
    """The configuration, by the SDK's names; raises InvalidRequestError for what the model lacks."""
    if request.format is not PictureFormat.PNG:
        raise InvalidRequestError(
            "the API does not let the format be chosen", field="format", value=request.format.value,
            hint="take png, and convert the bytes yourself",
        )  # fmt: skip
    image: dict[str, Json] = {}
    ratio = _ratio(request)
    if ratio is not None:
        image["aspect_ratio"] = ratio
    if request.quality is Quality.HIGH:
        if model.startswith(_ONE_SIZE):
            raise InvalidRequestError(
                f"{model} has one quality", field="quality", value=request.quality.value,
                hint="leave quality out, or take a newer model",
            )  # fmt: skip
        image["image_size"] = "2K"
    config: dict[str, Json] = {"response_modalities": ["TEXT", "IMAGE"]}
    return {**config, "image_config": image} if image else config


def _ratio(request: ImageRequest) -> str | None:
    if request.size is not None:
        return _by_pixels(request.size)
    if request.aspect is not None and request.aspect not in RATIOS:
        raise InvalidRequestError(
            "the model has no such ratio", field="aspect", value=request.aspect, hint=f"one of {', '.join(RATIOS)}"
        )
    return request.aspect


def _by_pixels(size: Size) -> str:
    found = next((ratio for ratio, pixels in RATIOS.items() if pixels == str(size)), None)
    if found is None:
        raise InvalidRequestError(
            "the model chooses the pixels itself", field="size", value=str(size),
            hint=f"aspect=, one of {', '.join(RATIOS)}",
        )  # fmt: skip
    return found


__all__ = ["RATIOS", "config_of", "contents_of"]
