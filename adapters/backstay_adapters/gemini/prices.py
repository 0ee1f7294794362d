"""What Gemini's models cost at a date: data, not code. Give `Gemini(prices=...)` your own.

Source: public price maps as of the date. Prices are USD per million tokens; pictures have a price each, and the words
that ask for them that of the family's text model. What a prompt cache saves is not in the maps: it is counted in full.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from backstay.cost import Price, PriceTable

AS_OF: Final = date(2026, 11, 22)
IMAGE: Final = "image"


def _price(input_: str, output: str, image: str | None = None) -> Price:
    each = {} if image is None else {IMAGE: Decimal(image)}
    return Price(input=Decimal(input_), output=Decimal(output), each=each)


_FLASH: Final = _price("0.75", "3.75")

PRICES: Final = PriceTable(
    as_of=AS_OF,
    source="public price maps, 2026-11-22",
    models={
        "gemini-2.5-flash": _price("0.30", "2.50"),
        "gemini-3.6-flash": _FLASH,
        "gemini-3.7-flash": _FLASH,
        "gemini-3.8-flash": _FLASH,
        "gemini-3.1-pro-preview": _price("2", "12"),
        "gemini-2.5-flash-image": _price("0.30", "2.50", "0.039"),
        "gemini-3.1-flash-image": _price("0.75", "3.75", "0.045"),
        "gemini-3-pro-image": _price("2", "12", "0.134"),
    },
)

RETIRED: Final = ("gemini-1.0-", "gemini-1.5-")
"""How the names of models begin that answer 404 since their end."""
SUCCESSOR: Final = "gemini-3.8-flash"


def is_retired(model: str) -> bool:
    """Whether a model is known to be gone."""
    return model.removeprefix("models/").startswith(RETIRED)


__all__ = ["AS_OF", "IMAGE", "PRICES", "RETIRED", "SUCCESSOR", "is_retired"]
