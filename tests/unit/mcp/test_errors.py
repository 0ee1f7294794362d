"""MCP's error table: results of tools, the protocol's codes, what HTTP says, and what stands in between."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.mcp.errors import TABLE, decode

UNKNOWN, REFUSED = Certainty.UNKNOWN, Certainty.REFUSED


def envelope(code: Any, message: str) -> bytes:
    """A JSON-RPC error."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}).encode()


def result(*texts: str, failed: bool = True, kind: str = "complete") -> bytes:
    """A tool's result."""
    content = [{"type": "text", "text": text} for text in texts]
    told = {"content": content, "isError": failed, "resultType": kind}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": told}).encode()


@pytest.mark.parametrize(
    ("status", "code", "message", "type_", "retryable", "certainty"),
    [
        (200, -32700, "Parse error", "VALIDATION_FAILED", False, REFUSED),
        (200, -32700, "Failed to parse JSON response: x", "BAD_RESPONSE", True, UNKNOWN),
        (200, -32600, "Invalid Request", "VALIDATION_FAILED", False, REFUSED),
        (200, -32600, "Unexpected content type: text/html", "BAD_RESPONSE", True, UNKNOWN),
        (200, -32600, "server answered a request with 202 Accepted", "BAD_RESPONSE", True, UNKNOWN),
        (404, -32600, "Session terminated", "MCP_CONNECTION_ERROR", True, REFUSED),
        (404, -32001, "Session not found", "MCP_CONNECTION_ERROR", True, REFUSED),
        (400, -32000, "Bad Request: No valid session ID provided", "MCP_CONNECTION_ERROR", True, REFUSED),
        (200, -32603, "Error: session expired at the bank", "PLATFORM_SERVICE_ERROR", True, UNKNOWN),
        (405, -32000, "Method not allowed.", "UNSUPPORTED", False, REFUSED),
        (404, -32601, "Method not found", "NOT_FOUND", False, REFUSED),
        (200, -32602, "Unknown tool: sail", "NOT_FOUND", False, REFUSED),
        (400, -32602, "Invalid params", "VALIDATION_FAILED", False, REFUSED),
        (200, -32603, "Internal error", "PLATFORM_SERVICE_ERROR", True, UNKNOWN),
        (None, -32000, "Connection closed", "MCP_CONNECTION_ERROR", True, UNKNOWN),
        (None, -32001, "Timed out", "MCP_TIMEOUT", True, UNKNOWN),
        (400, -32020, "Header mismatch", "VALIDATION_FAILED", False, REFUSED),
        (400, -32021, "Missing capability", "UNSUPPORTED", False, REFUSED),
        (400, -32022, "Unsupported version", "UNSUPPORTED", False, REFUSED),
        (200, -32042, "URL elicitation required", "PERMISSION_DENIED", False, REFUSED),
        (200, -32050, "the server's own", "PLATFORM_SERVICE_ERROR", False, UNKNOWN),
        (401, -32603, "no", "TOKEN_INVALID", False, REFUSED),
        (429, -32603, "slow down", "API_RATE_LIMIT", True, REFUSED),
    ],
)  # fmt: skip
def test_the_protocols_codes(
    status: int | None, code: int, message: str, type_: str, retryable: bool, certainty: Certainty
) -> None:
    """Code, text and HTTP's status together; a lost session is one only where HTTP says so."""
    for body in (envelope(code, message), b"event: message\ndata: " + envelope(code, message) + b"\n\n"):
        found = TABLE.classify(status, {}, body)
        assert found is not None
        assert (found.type, found.retryable, found.certainty) == (type_, retryable, certainty)


@pytest.mark.parametrize(
    ("text", "type_", "certainty"),
    [
        ("Error executing tool boom", "MCP_TOOL_ERROR", UNKNOWN),
        ("", "MCP_TOOL_ERROR", UNKNOWN),
        ("Rate limit reached, session not found", "MCP_TOOL_ERROR", UNKNOWN),
        ("Unknown tool: nope", "NOT_FOUND", REFUSED),
        ("Tool nope not found", "NOT_FOUND", REFUSED),
        ("Error executing tool add: 2 validation errors for addArguments", "VALIDATION_FAILED", REFUSED),
        ("MCP error -32602: Invalid arguments for tool add", "VALIDATION_FAILED", REFUSED),
    ],
)
def test_tools_that_failed(text: str, type_: str, certainty: Certainty) -> None:
    """With HTTP 200: what the tool did not even begin is a refusal; everything else may be half done."""
    found = TABLE.classify(200, {}, result(text))
    assert found is not None
    assert (found.type, found.retryable, found.certainty) == (type_, False, certainty)


@pytest.mark.parametrize(
    ("status", "text", "type_"),
    [
        (307, "", "MCP_CONNECTION_ERROR"),
        (401, "Unauthorized", "TOKEN_INVALID"),
        (401, '{"error":"invalid_token","error_description":"The access token expired"}', "TOKEN_EXPIRED"),
        (402, "Payment Required", "BUDGET_INSUFFICIENT"),
        (403, "Forbidden", "PERMISSION_DENIED"),
        (404, "Not Found", "NOT_FOUND"),
        (405, "Method Not Allowed", "UNSUPPORTED"),
        (408, "", "MCP_TIMEOUT"),
        (409, "", "CONFLICT"),
        (413, "", "TOO_MUCH_DATA"),
        (429, "", "API_RATE_LIMIT"),
        (500, "Internal Server Error", "PLATFORM_SERVICE_ERROR"),
        (502, "<h1>Bad Gateway</h1>", "MCP_CONNECTION_ERROR"),
        (503, "", "SERVICE_UNAVAILABLE"),
        (504, "", "MCP_TIMEOUT"),
        (200, "<h1>Log in</h1>", "BAD_RESPONSE"),
        (200, "{}", "BAD_RESPONSE"),
    ],
)
def test_what_http_says(status: int, text: str, type_: str) -> None:
    """Pages and texts of whatever stands in front of the server."""
    error = TABLE.failure(decode(status, {"x-request-id": "r1"}, text.encode(), None))
    assert error is not None
    assert (error.type, error.request_ids) == (type_, ("r1",))


def test_a_challenge_in_a_header_is_read() -> None:
    """Where the body is silent."""
    headers = {"www-authenticate": 'Bearer error="invalid_token", error_description="The access token expired"'}
    found = TABLE.classify(401, headers, b"")
    assert found is not None
    assert found.type == "TOKEN_EXPIRED"


def test_the_wait_is_read() -> None:
    """In seconds, where HTTP says it."""
    found = TABLE.classify(429, {"Retry-After": "7"}, b"Too Many Requests")
    assert found is not None
    assert (found.retry_after, found.scope) == (7.0, "requests")


def test_results_are_successes_unless_they_ask_for_more() -> None:
    """No row takes what is good."""
    assert TABLE.classify(200, {}, result("3", failed=False)) is None
    asked = TABLE.classify(200, {}, result("3", failed=False, kind="input_required"))
    assert asked is not None
    assert (asked.type, asked.certainty) == ("UNSUPPORTED", UNKNOWN)


ANY: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "result", "code", "message", "content", "isError", "text"]), inner, max_size=4
        )
    ),
)


@settings(max_examples=500, deadline=None, database=None)
@given(body=ANY, status=st.sampled_from([None, 200, 302, 400, 401, 429, 500, 999]), cut=st.integers(0, 60))
def test_whatever_comes_has_a_type(body: object, status: int | None, cut: int) -> None:
    """No answer, whole or cut, is an untyped exception."""
    for each in (body, json.dumps(body).encode()[:cut]):
        error = TABLE.failure(decode(status, {}, each, None))
        assert error is None or isinstance(error, BackstayError)
