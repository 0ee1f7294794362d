"""The base of every content vendor's adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from backstay.base import Adapter

if TYPE_CHECKING:
    from backstay.content.capabilities import ContentCapabilities
    from backstay.cost import Cost, PriceTable

BYTES: Final = 3
"""Bytes of a token at least, for an upper estimate before the call: English has about four, Chinese three or more."""


def tokens_at_most(size: int) -> int:
    """Tokens of a text of so many bytes, at most."""
    return -(-size // BYTES)


def known(cost: Cost | None) -> Cost | None:
    """An estimate, or None where its table of prices does not know the amount."""
    return cost if cost is not None and cost.amount is not None else None


class ContentAdapter(Adapter):
    """One account of a content vendor; a vendor's adapter sets `vendor`, `CAPABILITIES` and `prices`."""

    CAPABILITIES: ClassVar[ContentCapabilities]
    prices: PriceTable | None = None
    """What the vendor asks for, at a date; None: costs that the vendor does not name are unknown."""

    @property
    def capabilities(self) -> ContentCapabilities:
        """What it can do; what is off is refused before anything is sent."""
        return self.CAPABILITIES


__all__ = ["BYTES", "ContentAdapter", "known", "tokens_at_most"]
