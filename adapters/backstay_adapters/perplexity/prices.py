"""What Sonar models cost, and which are gone, at a date: data, not code. Give `Perplexity(prices=...)` your own.

The vendor names the cost of each answer, and that figure is used; the table is for an answer that names none. Source:
the vendor's price page (USD per million tokens, and a fee per request by its search context).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from backstay.cost import Price, PriceTable

AS_OF: Final = date(2026, 11, 22)

REQUEST: Final = "request_"
"""How the piece of a request's fee begins; its search context (low, medium, high) ends it."""
SEARCH: Final = "web_search"
"""The piece by which searches of deep research are counted."""


def _price(input_: str, output: str, fees: tuple[str, str, str]) -> Price:
    sizes = zip(("low", "medium", "high"), fees, strict=True)
    each = {f"{REQUEST}{size}": Decimal(fee) / 1_000 for size, fee in sizes}
    return Price(input=Decimal(input_), output=Decimal(output), each=each)


PRICES: Final = PriceTable(
    as_of=AS_OF,
    source="the vendor's price page, 2026-11-22",
    models={
        "sonar": _price("1", "1", ("5", "8", "12")),
        "sonar-pro": _price("3", "15", ("6", "10", "14")),
        "sonar-reasoning-pro": _price("2", "8", ("6", "10", "14")),
    },
)
"""Without deep research: its price needs counts that only an answer with a cost has."""

_RETIRED: Final = re.compile(r"sonar-reasoning|r1-1776|llama-3.*|.*-online")
SUCCESSORS: Final = MappingProxyType({"sonar-reasoning": "sonar-reasoning-pro", "r1-1776": "sonar-reasoning-pro"})


def retired(model: str) -> bool:
    """Whether a model once existed; the API answers for it as for one that never did."""
    return _RETIRED.fullmatch(model.lower()) is not None


__all__ = ["AS_OF", "PRICES", "REQUEST", "SEARCH", "SUCCESSORS", "retired"]
