"""OpenAIImages under the conformance suite, on its simulator: with bytes in the answer, with limits, with addresses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.content import ImageGenerator
from backstay.download import Downloads
from backstay.runtime import Runtime
from backstay.sandbox import FaultKind, FaultRule, SimTransport, SimTransport2
from backstay.testing.bench import VendorError
from backstay.testing.conformance import ContentBench, ImageGeneratorConformance
from backstay_adapters.openai import OpenAIImages
from backstay_adapters.openai.sandbox import KEY, OpenAISandbox

BAD = "invalid_request_error"
USER = "image_generation_user_error"


def envelope(kind: str, message: str, code: str | None = None, **facts: Any) -> bytes:
    """An error of the Images API."""
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code, **facts}}).encode()


def error(status: int, body: bytes, type_: str, *, again: bool, **facts: Any) -> VendorError:
    """A row of the table."""
    return VendorError(body, type_, again, status=status, **facts)


LIMIT = "Rate limit reached for gpt-image-2 on images per min: Limit 5, Used 5, Requested 1. Please try again in 12s."
DAY = "Rate limit reached for gpt-image-2 on requests per day (RPD): Limit 200. Please try again in 7m12s."
ERRORS = (
    error(400, envelope(BAD, "Unknown parameter: 'style'.", "unknown_parameter"), "VALIDATION_FAILED", again=False),
    error(400, envelope(USER, "Invalid image data.", "invalid_image_file"), "VALIDATION_FAILED", again=False),
    error(400, envelope(USER, "rejected", "moderation_blocked"), "CREATIVE_REJECTED", again=False),
    error(400, envelope(BAD, "rejected by the safety system"), "CREATIVE_REJECTED", again=False),
    error(400, envelope(BAD, "x", "string_above_max_length"), "TOO_MUCH_DATA", again=False),
    error(400, envelope(BAD, "x", "billing_hard_limit_reached"), "BUDGET_INSUFFICIENT", again=False),
    error(401, envelope(BAD, "Incorrect API key provided", "invalid_api_key"), "TOKEN_INVALID", again=False),
    error(403, envelope(BAD, "Your organization must be verified to use it"), "PERMISSION_DENIED", again=False),
    error(404, envelope(BAD, "The model 'nobody' does not exist.", "model_not_found"), "NOT_FOUND", again=False),
    error(404, envelope(BAD, "The model 'dall-e-3' does not exist.", "model_not_found"), "UNSUPPORTED", again=False),
    error(
        429, envelope("images", LIMIT, "rate_limit_exceeded"), "API_RATE_LIMIT", again=True, retry_after=12.0
    ),
    error(429, envelope("requests", DAY, "rate_limit_exceeded"), "QUOTA_EXHAUSTED", again=False),
    error(429, envelope("requests", "Limit: 0 / 1min.", "rate_limit_exceeded"), "PERMISSION_DENIED", again=False),
    error(429, envelope("x", "x", "insufficient_quota"), "BUDGET_INSUFFICIENT", again=False),
    error(429, envelope("x", "x", "billing_not_active"), "ACCOUNT_DISABLED", again=False),
    error(
        429, b"error code: 1015", "API_RATE_LIMIT", again=True, headers={"retry-after": "54749"}, retry_after=54_749.0
    ),
    error(500, envelope("server_error", "The server had an error", "server_error"), "AI_MODEL_FAILED", again=True),
    error(502, b"<html><h1>502 Bad Gateway</h1></html>", "AI_MODEL_FAILED", again=True),
    error(503, envelope("server_error", "overloaded"), "SERVICE_UNAVAILABLE", again=True, retry_after=1.0),
    error(504, b"<html>Gateway time-out</html>", "PLATFORM_TIMEOUT", again=True),
    error(200, b"<html>Log in</html>", "BAD_RESPONSE", again=True),
    error(200, b"{}", "BAD_RESPONSE", again=True),
    error(200, b'{"data": []}', "BAD_RESPONSE", again=True),
    error(200, envelope("server_error", "x", "server_error"), "AI_MODEL_FAILED", again=True),
)  # fmt: skip

RULES = {"refusal": FaultRule(FaultKind.VENDOR_ERROR, error="moderation_blocked", operation="images/*")}


class TestOpenAIImages(ImageGeneratorConformance):
    """The official SDK on the simulator."""

    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        return ContentBench[ImageGenerator](
            OpenAISandbox(seed=11),
            lambda runtime, transport: OpenAIImages(KEY, runtime=runtime, transport=transport),
            shell=SimTransport2,
            rules=RULES,
            generate="images/*",
            errors=ERRORS,
        )


class TestOpenAIImagesWithLimits(TestOpenAIImages):
    """The same with the vendor's rate limits and their headers in every answer."""

    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        return ContentBench[ImageGenerator](
            OpenAISandbox(seed=12, tier="large"),
            lambda runtime, transport: OpenAIImages(KEY, runtime=runtime, transport=transport),
            shell=SimTransport2,
            rules=RULES,
            generate="images/*",
            errors=ERRORS,
        )


class TestOpenAIImagesByAddress(TestOpenAIImages):
    """The same where answers hold addresses: pictures are bytes all the same."""

    @pytest.fixture
    def bench(self) -> ContentBench[ImageGenerator]:
        sandbox = OpenAISandbox(seed=13, urls=True, counting=True)

        def make(runtime: Runtime, transport: Any) -> OpenAIImages:
            fetching = Downloads(transport=SimTransport(sandbox, transport.clock))
            return OpenAIImages(KEY, runtime=runtime, transport=transport, downloads=fetching)

        return ContentBench[ImageGenerator](
            sandbox, make, shell=SimTransport2, rules=RULES, generate="images/*", errors=ERRORS
        )
