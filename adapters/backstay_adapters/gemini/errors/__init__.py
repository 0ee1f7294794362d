"""Gemini's error table (generateContent, and the Interactions API's codes): reasons and quotas, then the status.

HTTP 400 is a bad field, a bad key or a wrong country; HTTP 429 a wait of seconds, of a day, an empty purse, a full
house or a quota of nought; HTTP 200 may be a refusal. Sources: the vendor's pages "Troubleshooting" and "API errors",
the `google-genai` SDK 3.6, and answers that users of public connectors reported.
"""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable, holds_data
from backstay_adapters.gemini.errors.decode import decode
from backstay_adapters.gemini.errors.edges import EDGES
from backstay_adapters.gemini.errors.quotas import QUOTAS
from backstay_adapters.gemini.errors.reasons import REASONS
from backstay_adapters.gemini.errors.statuses import REST, STATUSES

TABLE: Final = ErrorTable("gemini", decode, (*EDGES, *REASONS, *QUOTAS, *STATUSES, *REST), succeeded=holds_data)
"""Every answer of Gemini's, named."""

__all__ = ["TABLE", "decode"]
