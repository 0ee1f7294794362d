"""TikTok's error table (Marketing API v1.3): the body's code beats the HTTP status, texts split the catch-all codes.

The order: a success that is none, partial success, the texts of the catch-all codes, one row a code, ranges of
codes, the HTTP status, the last row. Sources: the return-code appendix of the vendor's documentation, the names in
tiktok-business-api-sdk-official 1.1.3, and answers that users of public connectors reported.
"""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable
from backstay_adapters.tiktok.errors.codes import CODES
from backstay_adapters.tiktok.errors.decode import decode, succeeded
from backstay_adapters.tiktok.errors.limits import LIMITS
from backstay_adapters.tiktok.errors.statuses import FIRST, REST
from backstay_adapters.tiktok.errors.texts import TEXTS

TABLE: Final = ErrorTable("tiktok", decode, (*FIRST, *LIMITS, *TEXTS, *CODES, *REST), succeeded=succeeded)
"""Every answer of TikTok's, named."""

__all__ = ["TABLE", "decode", "succeeded"]
