"""Instagram's error table: its own subcodes, then Graph's limits, tokens and codes, then the HTTP status."""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable
from backstay_adapters.instagram.errors.codes import CODES, LIMITS, REST, TOKENS
from backstay_adapters.instagram.errors.decode import decode, failed_container, succeeded
from backstay_adapters.instagram.errors.subcodes import SUBCODES

TABLE: Final = ErrorTable("instagram", decode, (*SUBCODES, *LIMITS, *TOKENS, *CODES, *REST), succeeded=succeeded)
"""Every answer of Instagram's, named: errors, failed containers, uploads."""

__all__ = ["TABLE", "decode", "failed_container", "succeeded"]
