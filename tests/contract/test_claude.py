"""Claude under the conformance suite, on its simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.content import TextGenerator
from backstay.sandbox import FaultKind, FaultRule, SimTransport2
from backstay.testing.bench import VendorError
from backstay.testing.conformance import ContentBench, TextGeneratorConformance
from backstay_adapters.claude import Claude
from backstay_adapters.claude.sandbox import KEY, ClaudeSandbox
from backstay_adapters.claude.wire.read import FINISHES


def envelope(kind: str, message: str, code: str | None = None) -> bytes:
    """An error of the Messages API."""
    details = None if code is None else {"error_code": code}
    error = {"type": kind, "message": message, "details": details}
    return json.dumps({"type": "error", "error": error, "request_id": "req_1"}).encode()


def error(status: int, body: bytes, type_: str, *, again: bool, **facts: Any) -> VendorError:
    """A row of the table."""
    return VendorError(body, type_, again, status=status, **facts)


LIMIT = "This request would exceed your organization's rate limit of 40,000 input tokens per minute."
BLOCKED = "Output blocked by content filtering policy"
BAD = "invalid_request_error"
ERRORS = (
    error(400, envelope(BAD, "max_tokens: Field required"), "VALIDATION_FAILED", again=False),
    error(400, envelope(BAD, "prompt is too long: 9 tokens > 8 maximum"), "TOO_MUCH_DATA", again=False),
    error(400, envelope(BAD, "Your credit balance is too low"), "BUDGET_INSUFFICIENT", again=False),
    error(400, envelope(BAD, BLOCKED), "CREATIVE_REJECTED", again=False),
    error(400, envelope(BAD, "x", "organization_on_hold"), "ACCOUNT_DISABLED", again=False),
    error(401, envelope("authentication_error", "invalid x-api-key"), "TOKEN_INVALID", again=False),
    error(401, envelope("authentication_error", "OAuth token has expired."), "TOKEN_EXPIRED", again=False),
    error(403, envelope("permission_error", "no"), "PERMISSION_DENIED", again=False),
    error(404, envelope("not_found_error", "model: claude-nobody"), "NOT_FOUND", again=False),
    error(404, envelope("not_found_error", "model: claude-3-opus-20240229"), "UNSUPPORTED", again=False),
    error(413, b'{"error":{"type":"request_too_large","message":"Request exceeds"}}', "TOO_MUCH_DATA", again=False),
    error(
        429, envelope("rate_limit_error", LIMIT), "API_RATE_LIMIT", again=True, headers={"retry-after": "24"},
        retry_after=24.0,
    ),
    error(429, envelope("rate_limit_error", "x", "enforced_spend_limit_reached"), "BUDGET_INSUFFICIENT", again=False),
    error(500, envelope("api_error", "Internal server error"), "AI_MODEL_FAILED", again=True),
    error(502, b"<html><h1>502 Bad Gateway</h1></html>", "AI_MODEL_FAILED", again=True),
    error(504, envelope("timeout_error", "late"), "PLATFORM_TIMEOUT", again=True),
    error(
        522, b'{"title":"Error 522","status":522,"retry_after":120}', "PLATFORM_TIMEOUT", again=True, retry_after=120.0
    ),
    error(529, envelope("overloaded_error", "Overloaded"), "SERVICE_UNAVAILABLE", again=True, retry_after=1.0),
    error(200, b"<html>Log in</html>", "BAD_RESPONSE", again=True),
    error(200, b"{}", "BAD_RESPONSE", again=True),
    error(200, envelope("overloaded_error", "Overloaded"), "SERVICE_UNAVAILABLE", again=True, retry_after=1.0),
)  # fmt: skip


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, operation="messages", **facts)


RULES = {
    "refusal": said("refusal"),
    "truncated": said("max_tokens"),
    "bad_json": said("bad_json"),
    "broken_stream": said("overloaded_error", after_commit=True),
}


class TestClaude(TextGeneratorConformance):
    """The official SDK on the simulator."""

    @pytest.fixture
    def bench(self) -> ContentBench[TextGenerator]:
        return ContentBench[TextGenerator](
            ClaudeSandbox(seed=11, pace=0.02),
            lambda runtime, transport: Claude(KEY, runtime=runtime, transport=transport),
            shell=SimTransport2,
            rules=RULES,
            generate="messages",
            finishes=FINISHES,
            errors=ERRORS,
        )


class TestClaudeWithLimits(TestClaude):
    """The same with the vendor's rate limits and their headers in every answer."""

    @pytest.fixture
    def bench(self) -> ContentBench[TextGenerator]:
        return ContentBench[TextGenerator](
            ClaudeSandbox(seed=12, tier="start"),
            lambda runtime, transport: Claude(KEY, runtime=runtime, transport=transport),
            shell=SimTransport2,
            rules=RULES,
            generate="messages",
            finishes=FINISHES,
            errors=ERRORS,
        )
