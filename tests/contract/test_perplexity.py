"""Perplexity under the conformance suite, on its simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.content import Researcher
from backstay.sandbox import FaultKind, FaultRule, SimTransport
from backstay.testing.bench import VendorError
from backstay.testing.conformance import ContentBench, ResearcherConformance
from backstay_adapters.perplexity import Perplexity
from backstay_adapters.perplexity.sandbox import KEY, PerplexitySandbox
from backstay_adapters.perplexity.wire.read import FINISHES


def error(status: int, kind: str, message: str, type_: str, *, again: bool, **facts: Any) -> VendorError:
    """A row of the table: an error as the Sonar API words it."""
    body = json.dumps({"error": {"message": message, "type": kind, "code": status}}).encode()
    return page(status, body, type_, again=again, **facts)


def page(status: int, body: bytes, type_: str, *, again: bool, **facts: Any) -> VendorError:
    """A row of the table: whatever else may come."""
    return VendorError(body, type_, again, status=status, **facts)


HTML = b"<html><h1>%s</h1></html>"
ROLES = "After the (optional) system message(s), user and assistant roles should be alternating."
SLOW = "Request rate limit exceeded, please try again later."
LIMIT = "request_rate_limit_exceeded"
ERRORS = (
    error(400, "invalid_model", "Invalid model 'sonar-huge'. x", "NOT_FOUND", again=False),
    error(400, "invalid_model", "Invalid model 'sonar-reasoning'. x", "UNSUPPORTED", again=False),
    error(400, "invalid_message", ROLES, "VALIDATION_FAILED", again=False),
    error(400, "bad_request", '["At body -> messages -> field required"]', "VALIDATION_FAILED", again=False),
    error(400, "too_many_prompt_tokens", "The total length of all messages is too long.", "TOO_MUCH_DATA", again=False),
    error(401, "invalid_api_key", "Invalid API key provided.", "TOKEN_INVALID", again=False),
    page(401, HTML % b"401 Authorization Required", "TOKEN_INVALID", again=False),
    error(401, "insufficient_quota", "You exceeded your current quota", "BUDGET_INSUFFICIENT", again=False),
    page(403, HTML % b"Just a moment...", "PERMISSION_DENIED", again=False),
    page(404, b'{"detail":"Not Found"}', "NOT_FOUND", again=False),
    error(429, LIMIT, SLOW, "API_RATE_LIMIT", again=True),
    error(429, LIMIT, SLOW, "API_RATE_LIMIT", again=True, headers={"retry-after": "7"}, retry_after=7.0),
    error(500, "internal_server_error", "Internal server error", "AI_MODEL_FAILED", again=True),
    page(502, HTML % b"502 Bad Gateway", "AI_MODEL_FAILED", again=True),
    page(524, HTML % b"A timeout occurred", "PLATFORM_TIMEOUT", again=True),
    page(200, HTML % b"Welcome", "BAD_RESPONSE", again=True),
    page(200, b"{}", "BAD_RESPONSE", again=True),
    error(200, "internal_server_error", "Internal server error", "AI_MODEL_FAILED", again=True),
)
ASKS = "*chat/completions"
RULES = {
    "broken_stream": FaultRule(
        FaultKind.VENDOR_ERROR, error="internal_server_error", after_commit=True, operation="chat/completions"
    ),
    "lost_look": FaultRule(FaultKind.RESET_AFTER, operation="async/chat/completions/get", times=1),
    "job_failed": FaultRule(FaultKind.VENDOR_ERROR, error="job_failed", operation="async/chat/completions"),
}


class TestPerplexity(ResearcherConformance):
    """The adapter on the simulator."""

    @pytest.fixture
    def bench(self) -> ContentBench[Researcher]:
        return ContentBench[Researcher](
            PerplexitySandbox(seed=21, pace=0.02),
            lambda runtime, transport: Perplexity(KEY, runtime=runtime, transport=transport),
            shell=SimTransport,
            rules=RULES,
            generate=ASKS,
            finishes=FINISHES,
            errors=ERRORS,
        )
