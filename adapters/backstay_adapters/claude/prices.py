"""What Anthropic's models cost, and which are gone, at a date: data, not code. Give `Claude(prices=...)` your own.

Source: the model list of the `anthropic` SDK 2.12 and the vendor's price page as public price maps had it on the date.
Prices are USD per million tokens. A prompt cache is written at 1.25 times the input's price (5 minutes) or twice it
(1 hour).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from backstay.cost import MILLION, Price, PriceTable

AS_OF: Final = date(2026, 11, 22)

WEB_SEARCH: Final = Decimal("0.01")
"""A search of the vendor's own web tool."""
LONG_CACHE: Final = "cache_write_1h"
"""The piece by which tokens are counted that were written to the cache for an hour."""
US_ONLY: Final = Decimal("1.1")
"""What inference in the United States only costs, times the price (`inference_geo: us`)."""


def _price(
    input_: str, output: str, *, read: str | None = None, over: int | None = None, then: Price | None = None
) -> Price:
    rate = Decimal(input_)
    return Price(
        input=rate,
        output=Decimal(output),
        cache_read=Decimal(read) if read is not None else rate / 10,
        cache_write=rate * Decimal("1.25"),
        each={LONG_CACHE: rate * 2 / MILLION, "web_search": WEB_SEARCH},
        over=over,
        then=then,
    )


_OPUS: Final = _price("5", "25")
_FABLE: Final = _price("10", "50")

PRICES: Final = PriceTable(
    as_of=AS_OF,
    source="anthropic 2.12 and public price maps, 2026-11-22",
    models={
        "claude-opus-5-5": _price("4", "20", read="0.20"),
        "claude-sonnet-5-5": _price("2", "10", read="0.10"),
        "claude-haiku-5-5": _price("0.10", "0.50", over=100_000, then=_price("0.50", "2.50")),
        "claude-fable-5": _FABLE,
        "claude-fable-5-1": _FABLE,
        "claude-fable-5-2": _FABLE,
        "claude-mythos-5": _FABLE,
        "claude-mythos-5-1": _FABLE,
        "claude-opus-5": _OPUS,
        "claude-opus-4-8": _OPUS,
        "claude-opus-4-7": _OPUS,
        "claude-opus-4-6": _OPUS,
        "claude-opus-4-5": _OPUS,
        "claude-sonnet-5": _price("2", "10"),
        "claude-sonnet-4-6": _price("3", "15"),
        "claude-sonnet-4-5": _price("3", "15"),
        "claude-haiku-4-5": _price("1", "5"),
    },
)  # fmt: skip

_NOW: Final = {"opus": "claude-opus-5-5", "sonnet": "claude-sonnet-5-5", "haiku": "claude-haiku-5-5"}

RETIRED: Final = MappingProxyType(
    {
        "claude-opus-4-0": _NOW["opus"],
        "claude-opus-4-1": _NOW["opus"],
        "claude-opus-4-20250514": _NOW["opus"],
        "claude-sonnet-4-0": _NOW["sonnet"],
        "claude-sonnet-4-20250514": _NOW["sonnet"],
        "claude-3": _NOW["sonnet"],
        "claude-2": _NOW["sonnet"],
        "claude-1": _NOW["sonnet"],
        "claude-instant": _NOW["haiku"],
    }
)
"""How the ids of models begin that answer 404 since their end, and who took their place."""

SUNSETS: Final = MappingProxyType({"claude-sonnet-4-5": date(2026, 11, 30)})
"""The last day of models that still answer."""


def successor(model: str) -> str | None:
    """Who took a retired model's place; None for one that is not known to be retired."""
    return next((name for start, name in RETIRED.items() if model.startswith(start)), None)


__all__ = ["AS_OF", "LONG_CACHE", "PRICES", "RETIRED", "SUNSETS", "US_ONLY", "WEB_SEARCH", "successor"]
