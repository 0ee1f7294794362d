"""Meta's error table (Graph and Marketing API): subcodes before codes, codes before statuses, texts where they must.

The order: batches, limits, subcodes, failed report runs, the texts that split catch-all codes, codes, the HTTP status,
the last row. The sources are the vendor's documentation and answers that users of public connectors reported; user
titles and messages come in the user's language, so they are shown and never matched.
"""

from __future__ import annotations

from typing import Final

from backstay.table import ErrorTable
from backstay_adapters.meta.errors.batch import batches
from backstay_adapters.meta.errors.codes import CODES, OBJECTS, TOKENS
from backstay_adapters.meta.errors.decode import decode, is_sdk_error, succeeded, written
from backstay_adapters.meta.errors.limits import LIMITS, UNCODED
from backstay_adapters.meta.errors.statuses import REST, RUNS
from backstay_adapters.meta.errors.subcodes import SUBCODES
from backstay_adapters.meta.errors.texts import FIRST, TEXTS

ROWS: Final = (*FIRST, *SUBCODES, *RUNS, *LIMITS, *OBJECTS, *TEXTS, *TOKENS, *CODES, *UNCODED, *REST)
"""The rows for one answer."""

TABLE: Final = ErrorTable(
    "meta", decode, (*batches(ErrorTable("meta", decode, ROWS, succeeded=succeeded)), *ROWS), succeeded=succeeded
)
"""Every answer of Meta's, named: single answers, batches, and the vendor's own SDK's FacebookRequestError."""

__all__ = ["ROWS", "TABLE", "decode", "is_sdk_error", "succeeded", "written"]
