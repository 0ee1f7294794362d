"""How the simulated server says no, and the faults that have words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from backstay.sandbox import content
from backstay.sandbox.faults import Fault, FaultKind
from backstay.sandbox.wire import Reply, text_reply

Json = Any

CODES: Final[Mapping[str, tuple[int, int, str]]] = MappingProxyType(
    {
        "internal": (200, -32603, "Internal error"),
        "method": (404, -32601, "Method not found"),
        "params": (400, -32602, "Invalid params"),
        "header": (400, -32020, "Header mismatch: Mcp-Param-Place"),
        "capability": (400, -32021, "Missing required client capability: elicitation"),
        "version": (400, -32022, "Unsupported protocol version"),
        "elicitation": (200, -32042, "URL elicitation required: https://example.com/authorize"),
        "own": (200, 4711, "The tide table is being rebuilt"),
        "session": (404, -32001, "Session not found"),
    }
)
"""JSON-RPC errors by the name that a rule's `error` gives: HTTP's status, the code, the message."""

PAGES: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {"permission": (403, "Forbidden"), "payment": (402, "Payment Required"), "moved": (307, ""), "accepted": (202, "")}
)
"""Answers that are HTTP's alone, by the same name."""

TOOL_ERRORS: Final[Mapping[str, str]] = MappingProxyType(
    {"tool": "Error executing tool {name}", "tool_arguments": "Error executing tool {name}: 1 validation error for it",
     "tool_unknown": "Unknown tool: {name}"}
)  # fmt: skip
"""Results that say `isError`, by the same name."""
NAMES: Final = (*CODES, *PAGES, *TOOL_ERRORS, "input")
"""All that a rule's `error` may name; "input" is a result that asks for more."""


class Refusal(content.Refusal):
    """A JSON-RPC error; `code` is the protocol's, `id` the request's."""

    def __init__(self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, str(code), message, headers)
        self.code = code
        self.id: Json = None

    def body(self, request_id: str) -> Json:
        """The envelope; the request's own id stands in a header only."""
        del request_id
        return {"jsonrpc": "2.0", "id": self.id, "error": {"code": self.code, "message": self.message}}

    def about(self, request_id: str) -> Mapping[str, str]:
        """The request's id."""
        return {"x-request-id": request_id}


class Page(content.Refusal):
    """An answer of whatever stands in front of the server: no JSON-RPC."""

    def reply(self, request_id: str) -> Reply:
        """The answer."""
        plain = text_reply(self.message, self.status)
        return content.with_headers(plain, {"x-request-id": request_id, **self.headers})


def bad_token(*, expired: bool = False) -> Page:
    """401 as the protocol's page on authorization words it."""
    said = "The access token expired" if expired else "The access token is not known"
    challenge = f'Bearer error="invalid_token", error_description="{said}"'
    body = json.dumps({"error": "invalid_token", "error_description": said})
    return Page(401, "unauthorized", body, {"www-authenticate": challenge, "content-type": "application/json"})


def words(fault: Fault) -> content.Refusal | None:
    """The refusal for a fault; None when it has no words for it, or is a tool's own failure."""
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            wait = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
            return Page(429, "limit", fault.text or "Too Many Requests", wait)
        case FaultKind.TOKEN_EXPIRED | FaultKind.TOKEN_REVOKED:
            return bad_token(expired=fault.kind is FaultKind.TOKEN_EXPIRED)
        case FaultKind.VENDOR_ERROR if fault.error in PAGES:
            status, message = PAGES[fault.error or ""]
            headers = {"location": "https://elsewhere.example/mcp"} if status == 307 else {}
            return Page(status, "page", fault.text or message, headers)
        case FaultKind.VENDOR_ERROR if fault.error not in {*TOOL_ERRORS, "input"}:
            status, code, message = CODES.get(fault.error or "", CODES["internal"])
            return Refusal(fault.status or status, code, fault.text or message)
        case _:
            return None


__all__ = ["CODES", "NAMES", "PAGES", "TOOL_ERRORS", "Page", "Refusal", "bad_token", "words"]
