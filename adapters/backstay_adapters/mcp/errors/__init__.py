"""MCP's error table: results of tools that failed, the protocol's codes, then what HTTP has said.

Sources: the protocol's revisions 2025-11-25 and 2026-07-28, the source of the SDK `mcp` 2.3, and what it was seen to
do with each answer. HTTP's status comes from the transport: the SDK itself makes one message of them all.
"""

from __future__ import annotations

from typing import Final

from backstay.table import (
    ANYTHING,
    READABLE,
    ErrorTable,
    Row,
    code,
    holds_data,
    pattern,
    status,
    statuses_between,
    text,
)
from backstay.taxonomy import Certainty
from backstay_adapters.mcp.errors.decode import INPUT, TOOL, decode
from backstay_adapters.mcp.profile import REQUESTS

_UNKNOWN_TOOL: Final = pattern(r"\bunknown tool\b|\btool\b.{0,80}\b(not found|does not exist|is not (known|available))")
_ARGUMENTS: Final = pattern(
    r"\bvalidation errors?\b|\binvalid (arguments?|params|parameters|input)\b|\binput should be\b|\bfield required\b"
    r"|\bmissing (required )?(argument|parameter)\b"
)

TOOLS: Final = (
    Row("mcp.tool.unknown", code(TOOL) & _UNKNOWN_TOOL, "NOT_FOUND",
        hint="list the tools again: the server has changed"),
    Row("mcp.tool.arguments", code(TOOL) & _ARGUMENTS, "VALIDATION_FAILED",
        hint="the arguments do not fit the tool's schema; nothing was done"),
    # The tool ran, so that half of its work may be done: nobody knows what its own calls came to.
    Row("mcp.tool", code(TOOL), "MCP_TOOL_ERROR", certainty=Certainty.UNKNOWN,
        hint="the tool itself failed; `allow_error=True` gives its answer, for a model to read"),
    Row("mcp.input", code(INPUT), "UNSUPPORTED", certainty=Certainty.UNKNOWN,
        hint="the tool asks its user for more, which nobody answers here: call it with all that it needs"),
)  # fmt: skip

_LOST: Final = pattern(r"session (was )?(terminated|expired|not found)|(unknown|invalid|no valid|missing) session")

SESSION: Final = (
    Row("mcp.session", _LOST & status(400, 404), "MCP_CONNECTION_ERROR", certainty=Certainty.REFUSED,
        hint="the server has forgotten the session: another one is opened"),
    Row("mcp.token.expired", status(401, 403) & pattern(r"expired"), "TOKEN_EXPIRED"),
    Row("mcp.token", status(401), "TOKEN_INVALID", hint="check the token; it goes out as `Authorization: Bearer`"),
    Row("mcp.limit", status(429), "API_RATE_LIMIT", scope=REQUESTS),
)  # fmt: skip

_SAID: Final = ~statuses_between(300, 599)
"""Said by the protocol, or by the SDK itself: servers use the same two codes for what HTTP's status says better."""

CODES: Final = (
    Row("mcp.timeout", code(-32001) & _SAID, "MCP_TIMEOUT", certainty=Certainty.UNKNOWN),
    Row("mcp.closed", code(-32000) & _SAID, "MCP_CONNECTION_ERROR", certainty=Certainty.UNKNOWN,
        hint="the connection ended before the answer: another session is opened"),
    Row("mcp.redirect", code(-32600) & text("redirect to"), "MCP_CONNECTION_ERROR", retryable=False,
        certainty=Certainty.REFUSED, hint="the server has moved: use the address that it names"),
    Row("mcp.unreadable.code", code(-32600, -32700) & text("unexpected content type", "202 accepted", "failed to parse "
        "json response", "failed to parse sse"), "BAD_RESPONSE", certainty=Certainty.UNKNOWN,
        hint="the answer is none of the protocol's: a proxy in between?"),
    Row("mcp.parse", code(-32700), "VALIDATION_FAILED"),
    Row("mcp.params.tool", code(-32602) & _UNKNOWN_TOOL, "NOT_FOUND"),
    Row("mcp.params", code(-32602), "VALIDATION_FAILED"),
    Row("mcp.method", code(-32601), "NOT_FOUND", hint="the server has no such method: does it offer tools?"),
    Row("mcp.request", code(-32600), "VALIDATION_FAILED"),
    Row("mcp.header", code(-32020), "VALIDATION_FAILED", hint="the tool has changed: list the tools again"),
    Row("mcp.capability", code(-32021), "UNSUPPORTED", hint="the tool needs what this client does not offer"),
    Row("mcp.version", code(-32022), "UNSUPPORTED", hint="no version of the protocol in common"),
    Row("mcp.elicitation", code(-32042), "PERMISSION_DENIED",
        hint="the server wants its user to open a page first; the error's text says which"),
    Row("mcp.internal", code(-32603), "PLATFORM_SERVICE_ERROR", certainty=Certainty.UNKNOWN),
)  # fmt: skip

REST: Final = (
    Row("mcp.unreadable", statuses_between(200, 299) & code(None) & ~READABLE, "BAD_RESPONSE",
        certainty=Certainty.UNKNOWN, hint="the answer says success and is not JSON-RPC: a proxy in between?"),
    Row("mcp.http.3xx", statuses_between(300, 399), "MCP_CONNECTION_ERROR", retryable=False,
        certainty=Certainty.REFUSED, hint="the server has moved: use the address that it names"),
    Row("mcp.http.402", status(402), "BUDGET_INSUFFICIENT"),
    Row("mcp.http.403", status(403), "PERMISSION_DENIED"),
    Row("mcp.http.404", status(404, 410), "NOT_FOUND", hint="no MCP server at this address: many end in /mcp"),
    Row("mcp.http.408", status(408, 499), "MCP_TIMEOUT"),
    Row("mcp.http.409", status(409), "CONFLICT"),
    Row("mcp.http.413", status(413), "TOO_MUCH_DATA"),
    Row("mcp.http.501", status(405, 406, 415, 501, 505), "UNSUPPORTED", hint="is it a server of streamable HTTP?"),
    Row("mcp.http.502", status(502, 520, 521, 523), "MCP_CONNECTION_ERROR",
        hint="a gateway does not reach the server"),
    Row("mcp.http.503", status(503, 529), "SERVICE_UNAVAILABLE"),
    Row("mcp.http.504", status(504, 522, 524), "MCP_TIMEOUT", hint="a gateway gave up waiting for the server"),
    Row("mcp.http.5xx", statuses_between(500, 599), "PLATFORM_SERVICE_ERROR"),
    Row("mcp.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("mcp.other", ~code(None), "PLATFORM_SERVICE_ERROR", retryable=False, certainty=Certainty.UNKNOWN,
        hint="a code of the server's own: read the message"),
    Row("mcp.anything", ANYTHING, "BAD_RESPONSE", certainty=Certainty.UNKNOWN),
)  # fmt: skip

TABLE: Final = ErrorTable("mcp", decode, (*TOOLS, *SESSION, *CODES, *REST), succeeded=holds_data)
"""Every answer of a server's, named."""

__all__ = ["TABLE", "decode"]
