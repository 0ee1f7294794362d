"""What a server says went wrong, read out of anything that may arrive in its place.

A JSON-RPC error (`{"error": {"code", "message", "data"}}`) at any HTTP status; the page or the text of a gateway; the
result of a tool that says `isError`, which is an answer with HTTP 200. `code` is the protocol's number, or the word
"tool" or "input" for a result that is no good one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.facts import Code
from backstay.table import Facts, excerpt, header_ids, plain, read_json

Json = Any

TOOL: Final = "tool"
"""The code of a tool's own failure."""
INPUT: Final = "input"
"""The code of a result that asks for more instead of answering."""


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer at any HTTP status; `headers` have names in lower case. Never raises.

    `data` is the result of a success and None for everything else.
    """
    value, whole = read_json(_event(body))
    told = value if isinstance(value, dict) else {}
    error, result = told.get("error"), told.get("result")
    code, message = _of_error(error, told) if error is not None else _of_result(result)
    good = error is None and isinstance(result, dict) and code is None
    return Facts(
        status=status,
        headers=headers,
        code=code,
        message=message or ("" if good else plain(headers.get("www-authenticate")) or excerpt(body)),
        request_ids=header_ids(headers, "x-request-id", "request-id"),
        data=result if good else None,
        body=body if value is None else value,
        operation=operation,
        readable=whole and (good or code is not None),
    )


def _event(body: object) -> object:
    """The data of a server-sent event, where an answer came as one."""
    text = body[:200_000].decode("utf-8", "replace") if isinstance(body, bytes | bytearray) else body
    if not isinstance(text, str) or not text.lstrip().startswith(("event:", "data:", "id:")):
        return body
    found = [line[5:].strip() for line in text.splitlines() if line.startswith("data:") and line[5:].strip()]
    return found[-1] if found else body


def _of_error(error: Json, told: Mapping[str, Json]) -> tuple[Code | None, str]:
    if not isinstance(error, dict):  # a page on authorization says it so
        return None, plain(told.get("error_description")) or plain(error)
    code = error.get("code")
    known = code if isinstance(code, int) and not isinstance(code, bool) else None
    return known, plain(error.get("message"))


def _of_result(result: Json) -> tuple[Code | None, str]:
    if not isinstance(result, dict):
        return None, ""
    if result.get("resultType", "complete") != "complete":
        return INPUT, f"the answer is of the kind {plain(result.get('resultType'), 100)}"
    if result.get("isError") is not True:
        return None, ""
    blocks = result.get("content")
    texts = (
        [plain(block.get("text")) for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
    )
    return TOOL, " ".join(text for text in texts if text) or "the tool failed and said nothing"


__all__ = ["INPUT", "TOOL", "decode"]
