"""Claude's error table: codes before texts before types before statuses, and what stands in front of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.table import Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.claude.errors import TABLE, decode

NOON = 1_767_268_800.0  # 2026-01-01 12:00:00 UTC
INVALID = "invalid_request_error"
KEY = "authentication_error"
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def envelope(kind: str, message: str, code: str | None = None, **more: Any) -> bytes:
    """An error as the API sends it."""
    error = {"type": kind, "message": message, "details": None if code is None else {"error_code": code}}
    return json.dumps({"type": "error", "error": error, "request_id": "req_1", **more}).encode()


def judged(body: object, status: int | None = 400, headers: dict[str, str] | None = None) -> Verdict:
    """The table's verdict on a failure."""
    found = TABLE.classify(status, headers or {}, body, None, now=NOON)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "kind", "type_", "retryable"),
    [
        (400, INVALID, "VALIDATION_FAILED", False),
        (401, "authentication_error", "TOKEN_INVALID", False),
        (402, "billing_error", "BUDGET_INSUFFICIENT", False),
        (403, "permission_error", "PERMISSION_DENIED", False),
        (404, "not_found_error", "NOT_FOUND", False),
        (408, "timeout_error", "PLATFORM_TIMEOUT", True),
        (409, "conflict_error", "CONFLICT", False),
        (413, "request_too_large", "TOO_MUCH_DATA", False),
        (429, "rate_limit_error", "API_RATE_LIMIT", True),
        (500, "api_error", "AI_MODEL_FAILED", True),
        (503, "api_error", "AI_MODEL_FAILED", True),
        (504, "timeout_error", "PLATFORM_TIMEOUT", True),
        (529, "overloaded_error", "SERVICE_UNAVAILABLE", True),
    ],
)
def test_types(status: int, kind: str, type_: str, retryable: bool) -> None:
    """The documented pairs of status and type; after HTTP 200, in a stream, the type decides alone."""
    for seen in (status, 200, None):
        found = judged(envelope(kind, "x"), seen)
        assert (found.type, found.retryable) == (type_, retryable)


@pytest.mark.parametrize(
    ("status", "kind", "code", "type_"),
    [
        (429, "rate_limit_error", "enforced_spend_limit_reached", "BUDGET_INSUFFICIENT"),
        (429, "rate_limit_error", "contract_spend_limit_reached", "BUDGET_INSUFFICIENT"),
        (402, "billing_error", "linked_organization_spend_limit_reached", "BUDGET_INSUFFICIENT"),
        (429, "rate_limit_error", "ramp_limit_exceeded", "API_RATE_LIMIT"),
        (400, INVALID, "organization_on_hold", "ACCOUNT_DISABLED"),
        (400, INVALID, "image_dimensions_too_large", "TOO_MUCH_DATA"),
        (413, INVALID, "request_body_too_large_after_decoding", "TOO_MUCH_DATA"),
        (400, INVALID, "storage_quota_exceeded", "QUOTA_EXHAUSTED"),
        (400, INVALID, "cmek_key_disabled", "PERMISSION_DENIED"),
        (403, "permission_error", "api_key_scope_missing", "PERMISSION_DENIED"),
        (404, "not_found_error", "file_expired", "NOT_FOUND"),
        (400, INVALID, "request_body_timeout", "PLATFORM_TIMEOUT"),
        (503, "api_error", "cmek_key_unreachable", "AI_MODEL_FAILED"),
        (503, "api_error", "registration_pending", "NOT_READY"),
        (529, "overloaded_error", "compaction_unavailable", "SERVICE_UNAVAILABLE"),
        (400, INVALID, "tool_name_conflict", "VALIDATION_FAILED"),
        (400, INVALID, "brand_new_code", "VALIDATION_FAILED"),
    ],
)
def test_codes_beat_everything(status: int, kind: str, code: str, type_: str) -> None:
    """`details.error_code` decides whatever the text says; one that is not known leaves it to the type."""
    assert judged(envelope(kind, "a text that tells nothing", code), status).type == type_


@pytest.mark.parametrize(
    ("status", "kind", "message", "type_"),
    [
        (400, INVALID, "Your credit balance is too low to access the Anthropic API.", "BUDGET_INSUFFICIENT"),
        (400, INVALID, "You have reached your specified workspace API usage limits.", "BUDGET_INSUFFICIENT"),
        (429, "rate_limit_error", "You have reached your API usage limits: ...", "BUDGET_INSUFFICIENT"),
        (429, "rate_limit_error", "Extra usage is required for long context requests.", "BUDGET_INSUFFICIENT"),
        (400, INVALID, "This organization has been disabled.", "ACCOUNT_DISABLED"),
        (403, "permission_error", "This organization has been disabled.", "ACCOUNT_DISABLED"),
        (400, INVALID, "Output blocked by content filtering policy", "CREATIVE_REJECTED"),
        (401, KEY, "OAuth token has expired. Please obtain a new token", "TOKEN_EXPIRED"),
        (401, KEY, "Invalid bearer token", "TOKEN_INVALID"),
        (401, KEY, "x-api-key header is required", "TOKEN_INVALID"),
        (401, KEY, "OAuth authentication is currently not allowed for this organization.", "PERMISSION_DENIED"),
        (401, KEY, "CORS requests must set 'anthropic-dangerous-direct-browser-access' header", "PERMISSION_DENIED"),
        (400, INVALID, "This credential is only authorized for use with another product", "PERMISSION_DENIED"),
        (400, INVALID, "prompt is too long: 210000 tokens > 200000 maximum", "TOO_MUCH_DATA"),
        (400, INVALID, "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000", "TOO_MUCH_DATA"),
        (400, INVALID, "messages.1.content.0: image exceeds 5 MB maximum: 6 MB", "TOO_MUCH_DATA"),
        (400, INVALID, "At least one of the image dimensions exceed max allowed size: 8000 pixels", "TOO_MUCH_DATA"),
        (400, INVALID, "max_tokens: 200000 > 64000, which is the maximum allowed number", "VALIDATION_FAILED"),
        (400, INVALID, "messages.167: `tool_use` ids were found without `tool_result` blocks", "VALIDATION_FAILED"),
        (400, INVALID, "temperature is deprecated for this model.", "VALIDATION_FAILED"),
        (404, "not_found_error", "model: claude-nobody-9", "NOT_FOUND"),
        (404, "not_found_error", "model: claude-3-5-sonnet-20241022", "UNSUPPORTED"),
        (404, "not_found_error", "model: claude-opus-4-1-20250805", "UNSUPPORTED"),
        (404, "not_found_error", "model: claude-opus-4-5", "NOT_FOUND"),
        (429, "rate_limit_error", "Number of concurrent connections has exceeded your rate limit.", "API_RATE_LIMIT"),
        (429, "rate_limit_error", "Number of request tokens has exceeded your daily rate limit", "QUOTA_EXHAUSTED"),
        (429, "rate_limit_error", "Number of request tokens has exceeded your per-minute rate limit", "API_RATE_LIMIT"),
        (500, "api_error", "Overloaded", "SERVICE_UNAVAILABLE"),
    ],
)  # fmt: skip
def test_texts_split_the_catch_all_types(status: int, kind: str, message: str, type_: str) -> None:
    """One type has many meanings, and only the text tells."""
    assert judged(envelope(kind, message), status).type == type_


@pytest.mark.parametrize(
    ("status", "body", "headers", "type_", "wait"),
    [
        (502, PAGE, {}, "AI_MODEL_FAILED", None),
        (503, b"upstream connect error or disconnect/reset before headers.", {}, "AI_MODEL_FAILED", None),
        (504, b"api.anthropic.com | 504: Gateway time-out", {}, "PLATFORM_TIMEOUT", None),
        (520, b"", {}, "AI_MODEL_FAILED", None),
        (522, b'{"title":"Error 522","status":522,"retry_after":120}', {}, "PLATFORM_TIMEOUT", 120.0),
        (521, b'{"title":"Error 521","status":521,"retry_after":"soon"}', {}, "AI_MODEL_FAILED", None),
        (529, b"<html>busy</html>", {}, "SERVICE_UNAVAILABLE", 1.0),
        (403, b"<html><title>Just a moment...</title></html>", {}, "PERMISSION_DENIED", None),
        (403, b'{"error":{"type":"forbidden","message":"Request not allowed"}}', {}, "PERMISSION_DENIED", None),
        (413, b'{"error":{"type":"request_too_large","message":"too big"}}', {}, "TOO_MUCH_DATA", None),
        (429, b"<html>slow down</html>", {"retry-after": "7"}, "API_RATE_LIMIT", 7.0),
        (405, b"Method Not Allowed", {}, "VALIDATION_FAILED", None),
        (501, b"", {}, "UNSUPPORTED", None),
        (418, b"", {}, "VALIDATION_FAILED", None),
        (200, PAGE, {}, "BAD_RESPONSE", None),
        (200, b"", {}, "BAD_RESPONSE", None),
        (200, b'{"type":"message","id":"ms', {}, "BAD_RESPONSE", None),
        (200, b'[1]', {}, "BAD_RESPONSE", None),
        (302, b"", {}, "BAD_RESPONSE", None),
    ],
)  # fmt: skip
def test_answers_that_are_not_the_apis(
    status: int, body: bytes, headers: dict[str, str], type_: str, wait: float | None
) -> None:
    """Gateways, challenges, pages, and half answers."""
    found = judged(body, status, headers)
    assert (found.type, found.retry_after) == (type_, wait)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "24"}, 24.0),
        ({}, None),
        (
            {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "0",
             "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:30Z"}, 30.0,
        ),
        (
            {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": "9",
             "anthropic-ratelimit-requests-reset": "2026-01-01T12:00:30Z"}, None,
        ),
        (
            {"anthropic-ratelimit-tokens-limit": "50", "anthropic-ratelimit-tokens-remaining": "0",
             "anthropic-ratelimit-tokens-reset": "yesterday"}, None,
        ),
    ],
)  # fmt: skip
def test_how_long_a_limit_asks_to_wait(headers: dict[str, str], wait: float | None) -> None:
    """Its header, else the reset of the limit that is used up."""
    assert judged(envelope("rate_limit_error", "x"), 429, headers).retry_after == wait


def test_a_limit_that_waiting_does_not_lift_is_no_rate_limit() -> None:
    """The vendor's own `x-should-retry: false` on a 429 is believed."""
    found = judged(envelope("rate_limit_error", "x"), 429, {"x-should-retry": "false"})
    assert (found.type, found.retryable) == ("QUOTA_EXHAUSTED", False)


@pytest.mark.parametrize(
    ("message", "scope"),
    [
        ("rate limit of 40,000 input tokens per minute", "input_tokens"),
        ("rate limit of 8,000 output tokens per minute", "output_tokens"),
        ("rate limit of 50 requests per minute", "requests"),
    ],
)
def test_the_limit_that_was_hit_is_named(message: str, scope: str) -> None:
    """So that only those who pass it are held."""
    assert judged(envelope("rate_limit_error", message), 429).scope == scope


def test_overload_before_the_answer_is_a_refusal_and_after_it_nobody_knows() -> None:
    """529 turned the request away; the same word in a stream came after it had begun."""
    body = envelope("overloaded_error", "Overloaded")
    assert judged(body, 529).certainty is Certainty.REFUSED
    assert judged(body, 200).certainty is Certainty.UNKNOWN


def test_a_retired_model_names_its_successors() -> None:
    """Decision 12: UNSUPPORTED, with who took its place."""
    found = judged(envelope("not_found_error", "model: claude-3-opus-20240229"), 404)
    assert found.hint is not None
    assert "claude-sonnet-5-5" in found.hint


@pytest.mark.parametrize(
    ("body", "headers", "ids", "field"),
    [
        (envelope(INVALID, "messages.0.text: Required"), {"request-id": "r"}, ("req_1", "r"), "messages.0.text"),
        (envelope(INVALID, "x", request_id=None), {"request-id": "req_h"}, ("req_h",), None),
        (envelope(INVALID, "x", request_id=None), {"cf-ray": "ray"}, ("ray",), None),
        (envelope("not_found_error", "model: x"), {}, ("req_1",), None),
    ],
)  # fmt: skip
def test_what_else_an_error_says(body: bytes, headers: dict[str, str], ids: tuple[str, ...], field: str | None) -> None:
    """Request ids of body and header, the edge's as a last resort, and the field that is blamed."""
    facts = decode(400, headers, body, None)
    assert (facts.request_ids, facts.blamed) == (ids, field)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        {"type": "overloaded_error", "message": "Overloaded"},
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
        b'event: ping\ndata: {}\n\nevent: error\ndata: {"error":{"type":"overloaded_error","message":"x"}}\n\n',
    ],
)  # fmt: skip
def test_the_same_error_in_other_clothes(body: object) -> None:
    """Decoded already, the inner object alone, or as an event of a stream."""
    assert judged(body, 200).type == "SERVICE_UNAVAILABLE"
