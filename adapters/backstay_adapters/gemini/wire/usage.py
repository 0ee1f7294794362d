"""What an answer used and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.content.usage import TokenUsage, count_of
from backstay.cost import Cost, PriceTable
from backstay_adapters.gemini.prices import IMAGE

Json = Any

_KNOWN: Final = frozenset(
    {
        "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount", "cachedContentTokenCount",
        "toolUsePromptTokenCount",
    }
)  # fmt: skip


def usage_of(told: Json, pictures: int = 0) -> TokenUsage:
    """The vendor's count; what it does not say is nought. Thinking is part of what comes out."""
    told = told if isinstance(told, Mapping) else {}
    cached, thought = count_of(told.get("cachedContentTokenCount")), count_of(told.get("thoughtsTokenCount"))
    asked = count_of(told.get("promptTokenCount")) + count_of(told.get("toolUsePromptTokenCount"))
    return TokenUsage(
        input_tokens=max(0, asked - cached),
        output_tokens=count_of(told.get("candidatesTokenCount")) + thought,
        cache_read_tokens=cached,
        thinking_tokens=thought if "thoughtsTokenCount" in told else None,
        pieces={IMAGE: pictures} if pictures else {},
        extra={name: value for name, value in told.items() if name not in _KNOWN and value is not None},
    )


def cost_of(usage: TokenUsage, model: str, prices: PriceTable | None) -> Cost:
    """What it cost by the table; a picture has a price each, so its own tokens are not counted once more."""
    if prices is None:
        return Cost.unknown("no prices were given")
    pictures = usage.pieces.get(IMAGE, 0)
    output = (usage.thinking_tokens or 0) if pictures else usage.output_tokens
    return prices.cost(
        model, input=usage.input_tokens, output=output, cache_read=usage.cache_read_tokens, each={IMAGE: pictures}
    )


__all__ = ["cost_of", "usage_of"]
