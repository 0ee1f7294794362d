"""What an answer used and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.content.usage import TokenUsage, count_of
from backstay.cost import Cost, PriceTable
from backstay_adapters.claude.prices import LONG_CACHE, US_ONLY

Json = Any
_KNOWN = frozenset(
    {
        "input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation",
        "output_tokens_details", "server_tool_use",
    }
)  # fmt: skip


def usage_of(told: Mapping[str, Json] | None) -> TokenUsage:
    """The vendor's count; what it does not say is nought."""
    told = told or {}
    tools = told.get("server_tool_use") or {}
    searches = count_of(tools.get("web_search_requests"))
    details = told.get("output_tokens_details") or {}
    thought = details.get("thinking_tokens", details.get("reasoning_tokens"))
    return TokenUsage(
        input_tokens=count_of(told.get("input_tokens")),
        output_tokens=count_of(told.get("output_tokens")),
        cache_read_tokens=count_of(told.get("cache_read_input_tokens")),
        cache_write_tokens=count_of(told.get("cache_creation_input_tokens")),
        thinking_tokens=thought if isinstance(thought, int) else None,
        pieces={"web_search": searches} if searches else {},
        extra={name: value for name, value in told.items() if name not in _KNOWN and value is not None},
    )


def cost_of(usage: TokenUsage, told: Mapping[str, Json] | None, model: str, prices: PriceTable | None) -> Cost:
    """What it cost by the table; UNKNOWN where the table does not have the model or the mode."""
    told = told or {}
    if prices is None:
        return Cost.unknown("no prices were given")
    if told.get("speed") not in {None, "standard"} or told.get("service_tier") == "priority":
        return Cost.unknown(f"no price of {told.get('speed') or 'priority'} mode; give prices=", prices.currency)
    kept = told.get("cache_creation") or {}
    long = min(count_of(kept.get("ephemeral_1h_input_tokens")), usage.cache_write_tokens)
    cost = prices.cost(
        model, input=usage.input_tokens, output=usage.output_tokens, cache_read=usage.cache_read_tokens,
        cache_write=usage.cache_write_tokens - long, each={**usage.pieces, LONG_CACHE: long},
    )  # fmt: skip
    if cost.amount is not None and told.get("inference_geo") == "us":
        return cost.model_copy(update={"amount": cost.amount * US_ONLY})
    return cost


__all__ = ["cost_of", "usage_of"]
