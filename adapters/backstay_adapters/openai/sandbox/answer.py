"""What the simulated model draws."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final

from backstay.content.image import Size
from backstay.sandbox.painter import draw, draw_jpeg
from backstay.sandbox.writer import tokens_of
from backstay_adapters.openai.prices import MOST
from backstay_adapters.openai.sandbox.checks import Order

Json = Any

SQUARE: Final = 1_024 * 1_024
SOURCE_TOKENS: Final = 800
"""Tokens of a picture that a request brings along."""


def pictures(order: Order, seed: int) -> list[bytes]:
    """The pictures: JPEGs where they are asked for, else PNGs, since this simulator has no writer of WebP."""
    size, clear = size_of(order), order.body.get("background") == "transparent"
    if format_of(order) == "jpeg":
        return [draw_jpeg(order.body["prompt"], size.width, size.height, seed + n) for n in range(order.count)]
    return [
        draw(order.body["prompt"], size.width, size.height, seed + number, transparent=clear)
        for number in range(order.count)
    ]


def format_of(order: Order) -> str:
    """The format that the pictures have."""
    return "jpeg" if order.body.get("output_format") == "jpeg" else "png"


def size_of(order: Order) -> Size:
    """The size; the vendor chooses where it is told to."""
    told = order.body.get("size") or "auto"
    return Size(width=1024, height=1024) if told == "auto" else Size.of(str(told))


def answer(order: Order, shown: Sequence[dict[str, Json]], now: float) -> dict[str, Json]:
    """The body; `shown` are the pictures, by bytes or by address."""
    quality = order.body.get("quality") or "auto"
    return {
        "created": int(now),
        "background": order.body.get("background") or "opaque",
        "data": list(shown),
        "output_format": format_of(order),
        "quality": "medium" if quality == "auto" else quality,
        "size": str(size_of(order)),
        "usage": usage(order),
    }


def usage(order: Order) -> dict[str, Json]:
    """What it used."""
    size, words = size_of(order), tokens_of(order.body["prompt"])
    quality = order.body.get("quality") or "medium"
    each = int(MOST.get(quality, MOST["medium"]) * size.width * size.height / SQUARE)
    brought, made = order.sources * SOURCE_TOKENS, each * order.count
    return {
        "input_tokens": words + brought,
        "input_tokens_details": {"text_tokens": words, "image_tokens": brought},
        "output_tokens": made,
        "output_tokens_details": {"image_tokens": made, "text_tokens": 0},
        "total_tokens": words + brought + made,
    }


def base64_of(picture: bytes) -> dict[str, Json]:
    """A picture in the answer itself."""
    return {"b64_json": base64.b64encode(picture).decode()}


__all__ = ["answer", "base64_of", "pictures"]
