"""Gemini under the conformance suites of texts and of pictures, on its simulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.content import ImageGenerator, TextGenerator
from backstay.sandbox import FaultKind, FaultRule, SimTransport2
from backstay.testing.bench import VendorError
from backstay.testing.conformance import ContentBench, ImageGeneratorConformance, TextGeneratorConformance
from backstay_adapters.gemini import Gemini
from backstay_adapters.gemini.sandbox import KEY, GeminiSandbox
from backstay_adapters.gemini.wire.read import FINISHES

GOOGLE = "type.googleapis.com/google.rpc."


def envelope(code: int, status: str, message: str, *details: dict[str, Any]) -> bytes:
    """An error of generateContent."""
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


def reason(word: str) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}ErrorInfo", "reason": word}


def quota(name: str, wait: str) -> tuple[dict[str, Any], dict[str, Any]]:
    failure = {"@type": f"{GOOGLE}QuotaFailure", "violations": [{"quotaId": name}]}
    return failure, {"@type": f"{GOOGLE}RetryInfo", "retryDelay": wait}


def error(status: int, body: bytes, type_: str, *, again: bool, **facts: Any) -> VendorError:
    """A row of the table."""
    return VendorError(body, type_, again, status=status, **facts)


BAD, OUT, NO = "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED"
ERRORS = (
    error(400, envelope(400, BAD, "Please use a valid role: user, model."), "VALIDATION_FAILED", again=False),
    error(400, envelope(400, BAD, "API key not valid.", reason("API_KEY_INVALID")), "TOKEN_INVALID", again=False),
    error(400, envelope(400, BAD, "API key expired.", reason("API_KEY_INVALID")), "TOKEN_EXPIRED", again=False),
    error(
        400, envelope(400, BAD, "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
        "TOO_MUCH_DATA", again=False,
    ),
    error(400, envelope(400, "FAILED_PRECONDITION", "User location is not"), "PERMISSION_DENIED", again=False),
    error(403, envelope(403, NO, "x", reason("CONSUMER_SUSPENDED")), "ACCOUNT_DISABLED", again=False),
    error(403, envelope(403, NO, "Your API key was reported as leaked."), "TOKEN_INVALID", again=False),
    error(404, envelope(404, "NOT_FOUND", "models/nobody is not found"), "NOT_FOUND", again=False),
    error(404, envelope(404, "NOT_FOUND", "models/gemini-1.5-flash is not found"), "UNSUPPORTED", again=False),
    error(
        429, envelope(429, OUT, "x", *quota("GenerateRequestsPerMinute", "34.4s")), "API_RATE_LIMIT", again=True,
        retry_after=34.4,
    ),
    error(
        429, envelope(429, OUT, "x", *quota("GenerateRequestsPerDay", "36s")), "QUOTA_EXHAUSTED", again=False,
        retry_after=36.0,
    ),
    error(429, envelope(429, OUT, "You have hit your monthly spending cap"), "BUDGET_INSUFFICIENT", again=False),
    error(
        429, envelope(429, OUT, "x", reason("MODEL_CAPACITY_EXHAUSTED")), "SERVICE_UNAVAILABLE", again=True,
        retry_after=1.0,
    ),
    error(500, envelope(500, "INTERNAL", "x"), "AI_MODEL_FAILED", again=True),
    error(502, b"<html><h1>502 Bad Gateway</h1></html>", "AI_MODEL_FAILED", again=True),
    error(503, envelope(503, "UNAVAILABLE", "The service is currently unavailable."), "AI_MODEL_FAILED", again=True),
    error(503, envelope(503, "UNAVAILABLE", "overloaded"), "SERVICE_UNAVAILABLE", again=True, retry_after=1.0),
    error(504, envelope(504, "DEADLINE_EXCEEDED", "x"), "PLATFORM_TIMEOUT", again=True),
    error(200, b"<html>Log in</html>", "BAD_RESPONSE", again=True),
    error(200, b"{}", "BAD_RESPONSE", again=True),
    error(200, envelope(500, "INTERNAL", "x"), "AI_MODEL_FAILED", again=True),
    error(
        200, b'{"candidates":[{"finishReason":"SAFETY","index":0}],"usageMetadata":{"promptTokenCount":3}}',
        "CREATIVE_REJECTED", again=False,
    ),
    error(
        200, b'{"promptFeedback":{"blockReason":"OTHER"},"usageMetadata":{"promptTokenCount":3}}',
        "CREATIVE_REJECTED", again=False,
    ),
    error(
        200, b'{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}],"usageMetadata":{"promptTokenCount":3}}',
        "AI_MODEL_FAILED", again=True,
    ),
)  # fmt: skip


def said(name: str, **facts: Any) -> FaultRule:
    """A fault of the simulator's by its own name."""
    return FaultRule(FaultKind.VENDOR_ERROR, error=name, operation="*enerateContent", **facts)


class TestGemini(TextGeneratorConformance):
    """The official SDK on the simulator, writing."""

    @pytest.fixture
    def bench(self) -> ContentBench[TextGenerator]:
        return ContentBench[TextGenerator](
            GeminiSandbox(seed=11, pace=0.02),
            lambda runtime, transport: Gemini(KEY, runtime=runtime, transport=transport),
            shell=SimTransport2,
            rules={
                "refusal": said("safety"),
                "truncated": said("max_tokens"),
                "bad_json": said("bad_json"),
                "broken_stream": said("overloaded", after_commit=True),
            },
            generate="*enerateContent",
            finishes=FINISHES,
            errors=ERRORS,
        )


class TestGeminiDraws(ImageGeneratorConformance):
    """The same, drawing."""

    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        return ContentBench[ImageGenerator](
            GeminiSandbox(seed=12, tier="paid"),
            lambda runtime, transport: Gemini(KEY, runtime=runtime, transport=transport),
            shell=SimTransport2,
            rules={"refusal": said("image_safety")},
            generate="generateContent",
            errors=ERRORS,
        )
