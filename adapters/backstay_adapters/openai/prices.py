"""What OpenAI's image models cost at a date: data, not code. Give `OpenAIImages(prices=...)` your own.

Source: public price maps as of the date. Prices are USD per million tokens: text in, pictures in, pictures out.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from backstay.cost import MILLION, Price, PriceTable

AS_OF: Final = date(2026, 11, 22)

IMAGE_IN: Final = "image_in"
"""The piece by which tokens of pictures are counted that a request brings along."""
TEXT_OUT: Final = "text_out"
"""The piece by which tokens of words are counted that come with the pictures."""


def _price(text_in: str, image_in: str, image_out: str, text_out: str | None = None) -> Price:
    return Price(
        input=Decimal(text_in),
        output=Decimal(image_out),
        each={IMAGE_IN: Decimal(image_in) / MILLION, TEXT_OUT: Decimal(text_out or image_out) / MILLION},
    )


_NOW: Final = _price("5", "8", "30")
_LATEST: Final = _price("5", "8", "32", "10")

PRICES: Final = PriceTable(
    as_of=AS_OF,
    source="public price maps, 2026-11-22",
    models={
        "gpt-image-2": _NOW,
        "gpt-image-2.5-sunburst": _NOW,
        "gpt-image-2.5-flare": _NOW,
        "gpt-image-1.5": _LATEST,
        "chatgpt-image-latest": _LATEST,
        "gpt-image-1": _price("5", "10", "40"),
        "gpt-image-1-mini": _price("2", "2.5", "8"),
    },
)

TOKENS: Final = {"low": 272, "medium": 1_056, "high": 4_160}
"""Output tokens of a square of 1,024 pixels, by quality: of a price for a picture, divided by that of a token."""
MOST: Final = {**TOKENS, "xhigh": 8_320, "max": 16_640}
"""The same for an upper estimate before the call; the two best have no published number, and are taken as twice and
four times."""
SOURCE_TOKENS: Final = 5_000
"""Tokens of a picture that a request brings along, at most, for the same purpose."""

__all__ = ["AS_OF", "IMAGE_IN", "MOST", "PRICES", "SOURCE_TOKENS", "TEXT_OUT", "TOKENS"]
