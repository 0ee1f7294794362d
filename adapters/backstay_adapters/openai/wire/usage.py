"""What an answer used and cost, and what one may cost at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.content.image import ImageRequest, Size
from backstay.content.usage import TokenUsage, count_of
from backstay.content_adapter import tokens_at_most
from backstay.cost import Cost, PriceTable
from backstay.errors import InvalidRequestError
from backstay_adapters.openai.models import known
from backstay_adapters.openai.prices import IMAGE_IN, MOST, SOURCE_TOKENS, TEXT_OUT
from backstay_adapters.openai.wire.sizes import size_of

Json = Any

SQUARE: Final = 1_024 * 1_024
_KNOWN: Final = frozenset(
    {"input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens"}
)


def usage_of(told: Json, pictures: int) -> TokenUsage:
    """The vendor's count; what it does not say is nought. `pieces` has the pictures and the tokens they brought."""
    told = told if isinstance(told, Mapping) else {}
    into, out = (told.get(f"{way}_tokens_details") for way in ("input", "output"))
    pieces = {
        "image": pictures,
        IMAGE_IN: count_of(_of(into, "image_tokens")),
        TEXT_OUT: count_of(_of(out, "text_tokens")),
    }
    return TokenUsage(
        input_tokens=count_of(told.get("input_tokens")),
        output_tokens=count_of(told.get("output_tokens")),
        pieces={name: count for name, count in pieces.items() if count},
        extra={name: value for name, value in told.items() if name not in _KNOWN and value is not None},
    )


def cost_of(usage: TokenUsage, told: Json, model: str, prices: PriceTable | None) -> Cost:
    """What it cost by the table; UNKNOWN where the vendor counted nothing or the table does not have the model."""
    if prices is None:
        return Cost.unknown("no prices were given")
    if not isinstance(told, Mapping):
        return Cost.unknown("the vendor counted no tokens", prices.currency)
    brought, words = usage.pieces.get(IMAGE_IN, 0), usage.pieces.get(TEXT_OUT, 0)
    return prices.cost(
        model, input=max(0, usage.input_tokens - brought), output=max(0, usage.output_tokens - words),
        each={IMAGE_IN: brought, TEXT_OUT: words},
    )  # fmt: skip


def most_of(request: ImageRequest, model: str, prices: PriceTable | None) -> Cost | None:
    """The most that pictures may cost; None where nobody can tell."""
    if prices is None:
        return None
    try:
        size = Size.of(size_of(request, known(model)) or "1536x1024")
    except InvalidRequestError:
        return None  # it will be refused before it costs anything
    facts = known(model)
    best = facts.qualities[-1] if facts is not None else "max"
    wanted = request.extra.get("quality", request.quality.value)
    tokens = MOST.get(str(wanted), MOST[best] if wanted != "auto" else MOST["high"])
    area = size.width * size.height / SQUARE
    cost = prices.cost(
        model, input=tokens_at_most(len(request.prompt.encode())),
        output=int(tokens * max(1.0, area) * 1.1) * request.n,
        each={IMAGE_IN: (len(request.sources) + (request.mask is not None)) * SOURCE_TOKENS},
    )  # fmt: skip
    return None if cost.amount is None else cost


def _of(told: Json, name: str) -> Json:
    return told.get(name) if isinstance(told, Mapping) else None


__all__ = ["cost_of", "most_of", "usage_of"]
