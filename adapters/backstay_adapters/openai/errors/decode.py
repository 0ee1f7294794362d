"""OpenAI's error envelope, read out of anything that may arrive in its place.

`{"error": {"message", "type", "param", "code"}}`. A stream says it in an event, after HTTP 200; a response that failed
has it inside; clients print the inner object alone; proxies and resellers send `param: ""`, HTML, or plain text. `code`
is the error's code, or its type where it has none; `subcode` its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.table import Facts, event_data, excerpt, header_ids, plain, read_json

Json = Any


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the body of a success and None for everything else.
    """
    value, whole = read_json(event_data(body))
    error = error_of(value)
    told = error or {}
    good = isinstance(value, dict) and error is None
    kind = _word(told.get("type"))
    return Facts(
        status=status,
        headers=headers,
        code=_word(told.get("code")) or kind,
        subcode=kind,
        message=plain(told.get("message")) or plain(told.get("detail")) or ("" if good else excerpt(body)),
        blamed=_word(told.get("param")),
        request_ids=header_ids(headers, "x-request-id", "apim-request-id"),
        data=value if good else None,
        body=body if value is None else value,
        operation=operation,
        readable=good and whole,
    )


def error_of(value: Json) -> Mapping[str, Json] | None:
    """The error of an answer; None where it holds none, `{}` where it holds one that says nothing."""
    if not isinstance(value, dict):
        return None
    if value.get("type") in ("response.failed", "response.incomplete") and isinstance(value.get("response"), dict):
        return _told(value["response"]) or {}
    return _told(value)


def _told(value: dict[str, Json]) -> Mapping[str, Json] | None:
    if value.get("error") is not None:
        told = value["error"]
        return told if isinstance(told, dict) else {"message": told if isinstance(told, str) else ""}
    details = value.get("incomplete_details")
    if value.get("status") == "incomplete" and isinstance(details, dict) and details.get("reason") == "content_filter":
        return {"code": "content_filter", "message": "the answer was stopped by the content filter"}
    inner = "message" in value and ("code" in value or str(value.get("type", "")).endswith("error"))
    return value if inner or ("detail" in value and "data" not in value) else None


def _word(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return plain(value, 100) or None


__all__ = ["decode", "error_of"]
