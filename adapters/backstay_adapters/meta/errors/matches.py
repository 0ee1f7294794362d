"""Conditions that only Meta's table needs."""

from __future__ import annotations

from typing import Final

from backstay.table import Code, Match, code, subcode
from backstay_adapters.meta.errors.decode import REPORT_ENDED, error_of, written


def number(*numbers: Code) -> Match:
    """One of these as subcode or as code: subcodes are global, and some answers carry them in the code's place."""
    return code(*numbers) | subcode(*numbers)


def _transient(facts: object) -> bool:
    body = getattr(facts, "body", None)
    told = error_of(body, getattr(facts, "status", None))
    return told is not None and told.get("is_transient") is True


TRANSIENT: Final = Match(_transient)
"""The vendor says that it may pass. Its silence or denial says nothing: a plain limit has carried false."""

ENVELOPE: Final = Match(lambda facts: error_of(facts.body, facts.status) is not None)
"""The answer is an error of Graph's, with a code or without."""

REPORT: Final = Match(lambda facts: isinstance(facts.body, dict) and facts.body.get("async_status") in REPORT_ENDED)
"""A report run that failed or was skipped."""

NOT_DONE: Final = Match(lambda facts: isinstance(facts.data, dict) and facts.data.get("success") is False)
"""A write that was answered without an error and not done."""

WRITTEN: Final = Match(lambda facts: written(facts) is not None)
"""A write that was carried out and could not be read back."""

BATCH: Final = Match(lambda facts: bool(facts.items))
"""A batch with failed items."""
