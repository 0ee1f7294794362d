"""Perplexity's error envelope, read out of anything that may arrive in its place.

`{"error": {"message", "type", "code"}}`, where `code` is the HTTP status as a number; a stream says it in an event,
after HTTP 200. Gateways in front of the API send HTML, frameworks `{"detail": ...}`. `code` here is the error's type.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from backstay.table import Facts, excerpt, header_ids, plain, read_json

Json = Any

ASYNC: Final = "async.chat.completions"
"""How operations of the asynchronous API begin: they have a limit of their own."""

_BLAMED: Final = re.compile(r"At body -> ([\w.]+(?: -> [\w.]+)*)")


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the body of a success and None for everything else.
    """
    value, whole = read_json(body)
    error = error_of(value)
    told = error or {}
    good = isinstance(value, dict) and error is None
    message = _message(told)
    return Facts(
        status=_status(status, told),
        headers=headers,
        code=_word(told.get("type")),
        message=message or ("" if good else excerpt(body)),
        blamed=_blamed(message),
        request_ids=header_ids(headers, "x-request-id", "request-id"),
        data=value if good else None,
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
    if value.get("detail") is not None and "choices" not in value:
        return {"message": value["detail"]}
    bare = isinstance(value.get("type"), str) and isinstance(value.get("message"), str) and "code" in value
    return value if bare else None  # the inner object alone, as clients print it


def _status(status: int | None, told: Mapping[str, Json]) -> int | None:
    """The answer's status; in a stream, after 200, the one that the error names."""
    named = told.get("code")
    if (status is None or 200 <= status < 300) and isinstance(named, int) and 400 <= named <= 599:
        return named
    return status


def _message(told: Mapping[str, Json]) -> str:
    said = told.get("message")
    return plain(said if isinstance(said, str) else json.dumps(said)) if said else ""


def _word(value: object) -> str | None:
    return plain(value, 100).lower() or None


def _blamed(message: str) -> str | None:
    """The field in "At body -> response_format -> type: ..."."""
    found = _BLAMED.search(message)
    return found[1].replace(" -> ", ".") if found else None


__all__ = ["ASYNC", "decode", "error_of"]
