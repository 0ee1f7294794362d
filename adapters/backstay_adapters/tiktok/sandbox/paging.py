"""Pages by number, as the vendor does: no cursor, so a list may shift while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.envelope import Params

T = TypeVar("T")


def page(params: Params, rows: Sequence[T], most: int = 1000) -> tuple[list[T], dict[str, Any]]:
    """The asked page and its `page_info`."""
    number = params.whole("page", 1, 1, 1_000_000)
    size = params.whole("page_size", 10, 1, most)
    about = {
        "page": number,
        "page_size": size,
        "total_number": len(rows),
        "total_page": -(-len(rows) // size),
    }
    return list(rows[(number - 1) * size : number * size]), about
