"""Instagram's error envelopes, read out of anything that may arrive in their place.

Graph's `{"error": {"message", "type", "code", "error_subcode", "error_user_title", "error_user_msg", "fbtrace_id"}}`
comes with any HTTP status. A container that failed says so with HTTP 200 and without it (`status_code`: ERROR, a text
in `status` that holds the number), and an upload has `{"debug_info": {"retriable", "type", "message"}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from backstay.table import Facts, excerpt, plain, read_json

Json = Any

_NUMBER: Final = re.compile(r"\s*-?\d{1,12}\s*", re.ASCII)
_TOLD: Final = re.compile(r"\b(\d{7})\b", re.ASCII)
"""How a failed container's text names the reason: "Media upload has failed with error code 2207026"."""
_IDS: Final = ("x-fb-trace-id", "x-fb-request-id", "x-fb-debug")
FAILED: Final = "ERROR"
UPLOAD: Final = "upload"
"""The code of answers of the upload host, which have none."""


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the body of a success, and of a container that failed; None for everything else.
    """
    value, whole = read_json(body)
    told = error_of(value)
    good = isinstance(value, dict) and told is None
    message = plain((told or {}).get("message")) or ("" if good or told is not None else excerpt(body))
    return Facts(
        status=status,
        headers=headers,
        code=_code(told),
        subcode=_subcode(told, value),
        message=message or _reason(value),
        shown=_shown(told or {}, message),
        request_ids=_request_ids(told or {}, headers),
        data=value if good else None,
        body=body if value is None else value,
        operation=operation,
        readable=isinstance(value, dict) and (whole or bool(told)),
    )


def succeeded(facts: Facts) -> bool:
    """A 2xx that can be read, holds no error and no container that failed."""
    return facts.readable and facts.ok_status and facts.data is not None and not failed_container(facts)


def failed_container(facts: Facts) -> bool:
    """Whether it is the state of a container that failed."""
    return isinstance(facts.data, dict) and facts.data.get("status_code") == FAILED


def error_of(value: Json) -> Mapping[str, Json] | None:
    """The error of an answer; None where it holds none, `{}` where it holds one that says nothing."""
    if not isinstance(value, dict):
        return None
    if "error" in value:
        told = value["error"]
        return told if isinstance(told, dict) else {"message": told if isinstance(told, str) else ""}
    if isinstance(value.get("debug_info"), dict):
        return _upload_error(value["debug_info"])
    bare = as_code(value.get("code")) is not None and ("message" in value or "error_subcode" in value)
    return value if bare else None  # the inner object alone, as clients print it


def _upload_error(told: Mapping[str, Json]) -> dict[str, Json]:
    """The upload host's own envelope: its message may be JSON in a text."""
    inner = read_json(told.get("message"))[0]
    error = inner.get("error") if isinstance(inner, dict) else None
    message = error.get("message") if isinstance(error, dict) else told.get("message")
    return {"message": message, "code": UPLOAD, "retriable": told.get("retriable")}


def as_code(value: object) -> int | None:
    """A code as a number; Graph sends an int, gateways and test doubles also text or a float, never a bool."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return int(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _code(told: Mapping[str, Json] | None) -> int | str | None:
    if told is None:
        return None
    return UPLOAD if told.get("code") == UPLOAD else as_code(told.get("code"))


def _subcode(told: Mapping[str, Json] | None, value: Json) -> int | None:
    if told is not None:
        return as_code(told.get("error_subcode"))
    found = _TOLD.search(_reason(value))
    return int(found[1]) if found else None


def _reason(value: Json) -> str:
    failed = isinstance(value, dict) and value.get("status_code") == FAILED
    return plain(value.get("status")) if failed else ""


def _shown(told: Mapping[str, Json], message: str) -> str:
    """What the vendor wants people to read: mostly the only reason behind a bare "Fatal"."""
    parts = [plain(told.get(name), 500).strip() for name in ("error_user_title", "error_user_msg")]
    text = ": ".join(part.rstrip(".:") if number == 0 else part for number, part in enumerate(parts) if part)
    return f"{text} ({message})" if text and message and message not in text else text


def _request_ids(told: Mapping[str, Json], headers: Mapping[str, str]) -> tuple[str, ...]:
    found = [plain(told.get("fbtrace_id"), 128), *(plain(headers.get(name), 128) for name in _IDS)]
    return tuple(dict.fromkeys(name for name in found if name))[:1]


__all__ = ["FAILED", "UPLOAD", "as_code", "decode", "error_of", "failed_container", "succeeded"]
