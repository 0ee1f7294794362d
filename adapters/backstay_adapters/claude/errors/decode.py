"""Claude's error envelope, read out of anything that may arrive in its place.

`{"type": "error", "error": {"type", "message", "details": {"error_code", ...} | null}, "request_id"}`. The edge in
front of the API leaves out the outer type and the id, or sends HTML, plain text or a problem document; clients print
the inner object alone; a stream says it in an event, after HTTP 200. `code` is the error's type, `subcode` its code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from backstay.table import Facts, event_data, excerpt, header_ids, plain, read_json

Json = Any

_FIELD: Final = re.compile(r"\A([a-z_]+(?:\.[A-Za-z0-9_]+)*):\s")


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the body of a success and None for everything else.
    """
    value, whole = read_json(event_data(body))
    error = error_of(value)
    told = error or {}
    good = isinstance(value, dict) and error is None
    message = plain(told.get("message")) or plain(told.get("detail"))
    return Facts(
        status=status,
        headers=headers,
        code=_word(told.get("type")),
        subcode=_code(told),
        message=message or ("" if good else excerpt(body)),
        blamed=_blamed(message),
        request_ids=header_ids(headers, "request-id", "x-request-id", also=_id(value)),
        data=value if good else None,
        body=body if value is None else value,
        operation=operation,
        readable=good and whole,
    )


def error_of(value: Json) -> Mapping[str, Json] | None:
    """The error of an answer; None where it holds none, `{}` where it holds one that says nothing."""
    if not isinstance(value, dict):
        return None
    if "error" in value and value["error"] is not None:
        told = value["error"]
        return told if isinstance(told, dict) else {"message": told if isinstance(told, str) else ""}
    kind = str(value.get("type", ""))
    if kind == "error" or (kind.endswith("_error") and "message" in value):
        return value
    if kind == "request_too_large" or ("status" in value and "title" in value):  # a problem document of the edge
        return {"message": value.get("message") or value.get("title"), "detail": value.get("detail")}
    return None


def _code(told: Mapping[str, Json]) -> str | None:
    details = told.get("details")
    return _word(details.get("error_code")) if isinstance(details, dict) else None


def _word(value: object) -> str | None:
    return plain(value, 100) or None


def _blamed(message: str) -> str | None:
    """The field at the beginning of "messages.0.content: Field required"."""
    found = _FIELD.match(message)
    return found[1] if found and found[1] != "model" else None


def _id(value: Json) -> object:
    return value.get("request_id") if isinstance(value, dict) else None


__all__ = ["decode", "error_of"]
