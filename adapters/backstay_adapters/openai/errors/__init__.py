"""OpenAI's error table (Images API, and what the other endpoints share): code, then type, then texts, then status.

HTTP 429 is a wait of milliseconds, of a day, or an empty purse; HTTP 400 is a wrong field, a blocked prompt or a
spending limit; the type `image_generation_user_error` is a bad file or a blocked picture: so the code goes before
both. Sources: the vendor's page "Error codes", the docstrings of the `openai` SDK 3.57, and answers that users of
public connectors reported.
"""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable, holds_data
from backstay_adapters.openai.errors.codes import CODES
from backstay_adapters.openai.errors.decode import decode
from backstay_adapters.openai.errors.edges import EDGES
from backstay_adapters.openai.errors.limits import LIMITS
from backstay_adapters.openai.errors.statuses import REST, TYPES
from backstay_adapters.openai.errors.texts import TEXTS

TABLE: Final = ErrorTable("openai", decode, (*EDGES, *LIMITS, *CODES, *TEXTS, *TYPES, *REST), succeeded=holds_data)
"""Every answer of OpenAI's, named."""

__all__ = ["TABLE", "decode"]
