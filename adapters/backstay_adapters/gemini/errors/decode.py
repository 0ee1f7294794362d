"""Gemini's error envelope, read out of anything that may arrive in its place; and refusals inside of HTTP 200.

`{"error": {"code": 429, "message", "status": "RESOURCE_EXHAUSTED", "details": [{"@type", ...}]}}`, alone or in an array
of one; the Interactions API has a word as its code and no status. `code` is the status, or the word; `subcode` the
reason of the details. An answer that ends badly has the vendor's word as its code and `finish` or `block` as subcode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from backstay.redact import scrub
from backstay.table import Facts, event_data, excerpt, plain, read_json
from backstay_adapters.gemini.wire.read import FAULTS, FINISHES, REFUSALS, ending

Json = Any

FINISH: Final = "finish"
BLOCK: Final = "block"
_GOOD: Final = frozenset(FINISHES) - {*REFUSALS, *FAULTS}
_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")
_RETRY: Final = re.compile(r"retry in (\d{1,9}(?:\.\d{1,9})?)s")


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the body of a success and None for everything else.
    """
    value, whole = read_json(event_data(body))
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    error = error_of(value)
    told = error or {}
    good = isinstance(value, dict) and error is None
    word, kind = _ended(value) if isinstance(value, dict) and good else (None, None)
    return Facts(
        status=status,
        headers=headers,
        code=word or _code(told),
        subcode=kind or _reason(told),
        message=scrub(plain(told.get("message")) or plain(told.get("msg")) or _why(value, word) or _head(body, good)),
        blamed=_blamed(told),
        request_ids=_request_ids(value),
        data=value if good and word is None else None,
        body=body if value is None else value,
        operation=operation,
        readable=good and whole,
    )


def error_of(value: Json) -> Mapping[str, Json] | None:
    """The error of an answer; None where it holds none, `{}` where it holds one that says nothing."""
    if not isinstance(value, dict):
        return None
    if value.get("error") is not None:
        told = value["error"]
        return told if isinstance(told, dict) else {"message": told if isinstance(told, str) else ""}
    return value if "message" in value and ("code" in value or "status" in value) else None


def details(facts: Facts, kind: str) -> Iterator[Mapping[str, Json]]:
    """The details of an error whose `@type` ends so."""
    for each in _details(error_of(facts.body) or {}):
        if str(each.get("@type", "")).endswith(kind):
            yield each


def retry_delay(facts: Facts) -> float | None:
    """Seconds that RetryInfo, or the message, asks to wait."""
    for each in details(facts, "RetryInfo"):
        found = _SECONDS.fullmatch(str(each.get("retryDelay", "")))
        if found is not None:
            return float(found[1])
    said = _RETRY.search(facts.said)
    return float(said[1]) if said is not None else None


def _details(told: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    found = told.get("details")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _ended(value: Mapping[str, Json]) -> tuple[str | None, str | None]:
    """How an answer ended, where it ended badly."""
    word, blocked = ending(value)
    if word is None or (word in _GOOD and not blocked):
        return None, None
    known = blocked or word in FINISHES
    return (plain(word, 100), BLOCK if blocked else FINISH) if known else (None, None)


def _why(value: Json, word: str | None) -> str:
    if word is None:
        return ""
    feedback, listed = value.get("promptFeedback"), value.get("candidates")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    told = feedback.get("blockReasonMessage") if isinstance(feedback, dict) else None
    return plain(told) or plain(first.get("finishMessage")) or f"the model stopped: {word}"


def _head(body: object, good: bool) -> str:  # noqa: FBT001 - a fact, never a literal
    return "" if good else excerpt(body)


def _code(told: Mapping[str, Json]) -> str | None:
    status, code = told.get("status"), told.get("code")
    return plain(status, 100) or plain(code, 100) or None


def _reason(told: Mapping[str, Json]) -> str | None:
    for each in _details(told):
        reason = plain(each.get("reason"), 100)
        if reason:
            return reason
    old = told.get("errors")
    first = old[0] if isinstance(old, list) and old and isinstance(old[0], Mapping) else {}
    return plain(first.get("reason"), 100) or None


def _blamed(told: Mapping[str, Json]) -> str | None:
    for each in _details(told):
        violations = each.get("fieldViolations")
        first = violations[0] if isinstance(violations, list) and violations else None
        if isinstance(first, Mapping) and plain(first.get("field")):
            return plain(first["field"], 100)
    return None


def _request_ids(value: Json) -> tuple[str, ...]:
    told = plain(value.get("responseId"), 128) if isinstance(value, dict) else ""
    return (told,) if told else ()


__all__ = ["BLOCK", "FINISH", "decode", "details", "error_of", "retry_delay"]
