"""Claude's error table (Messages API): the vendor's error code first, then texts, then its type, then the status.

The order: edges that answer instead of the API, error codes, the texts that split catch-all types, types, statuses, the
last row. One type stands for many meanings: `invalid_request_error` is a bad field, an empty balance or a blocked text,
and HTTP 429 is a wait of seconds or of a month. Sources: the error pages of the vendor's documentation, the error codes
of the `anthropic` SDK 2.12, and answers that users of public connectors reported.
"""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable, holds_data
from backstay_adapters.claude.errors.codes import CODES
from backstay_adapters.claude.errors.decode import decode
from backstay_adapters.claude.errors.edges import EDGES
from backstay_adapters.claude.errors.statuses import REST, TYPES
from backstay_adapters.claude.errors.texts import TEXTS

TABLE: Final = ErrorTable("claude", decode, (*EDGES, *CODES, *TEXTS, *TYPES, *REST), succeeded=holds_data)
"""Every answer of Claude's, named."""

__all__ = ["TABLE", "decode"]
