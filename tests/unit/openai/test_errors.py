"""OpenAI's error table: codes before types before texts before statuses, and what stands in front of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.table import Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.openai.errors import TABLE, decode

BAD = "invalid_request_error"
USER = "image_generation_user_error"
LIMITED = "rate_limit_exceeded"
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
REACHED = "Rate limit reached for gpt-image-2 in organization org-1 on"


def envelope(code: str | None, kind: str | None, message: str = "x", **more: Any) -> bytes:
    """An error as the API sends it."""
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code, **more}}).encode()


def judged(body: object, status: int | None = 400, headers: dict[str, str] | None = None) -> Verdict:
    """The table's verdict on a failure."""
    found = TABLE.classify(status, headers or {}, body, None)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "code", "kind", "type_", "retryable"),
    [
        (400, "moderation_blocked", USER, "CREATIVE_REJECTED", False),
        (400, "content_policy_violation", BAD, "CREATIVE_REJECTED", False),
        (400, "invalid_image_file", USER, "VALIDATION_FAILED", False),
        (400, "unknown_parameter", BAD, "VALIDATION_FAILED", False),
        (400, "brand_new_code", BAD, "VALIDATION_FAILED", False),
        (400, "string_above_max_length", BAD, "TOO_MUCH_DATA", False),
        (400, "context_length_exceeded", BAD, "TOO_MUCH_DATA", False),
        (400, "billing_hard_limit_reached", BAD, "BUDGET_INSUFFICIENT", False),
        (429, "insufficient_quota", "insufficient_quota", "BUDGET_INSUFFICIENT", False),
        (429, "credit_balance_exhausted", "requests", "BUDGET_INSUFFICIENT", False),
        (429, "project_spend_limit_exceeded", "requests", "BUDGET_INSUFFICIENT", False),
        (429, "billing_not_active", "billing_not_active", "ACCOUNT_DISABLED", False),
        (401, "account_deactivated", BAD, "ACCOUNT_DISABLED", False),
        (401, "invalid_api_key", BAD, "TOKEN_INVALID", False),
        (401, "token_expired", BAD, "TOKEN_EXPIRED", False),
        (401, "ip_not_authorized", BAD, "PERMISSION_DENIED", False),
        (403, "unsupported_country_region_territory", "request_forbidden", "PERMISSION_DENIED", False),
        (400, "model_not_found", BAD, "NOT_FOUND", False),
        (404, "model_not_found", BAD, "NOT_FOUND", False),
        (429, LIMITED, "requests", "API_RATE_LIMIT", True),
        (429, LIMITED, "tokens", "API_RATE_LIMIT", True),
        (503, "slow_down", "server_error", "SERVICE_UNAVAILABLE", True),
        (500, "server_error", "server_error", "AI_MODEL_FAILED", True),
        (None, None, "server_error", "AI_MODEL_FAILED", True),
        (200, "server_error", None, "AI_MODEL_FAILED", True),
        (200, "brand_new_code", None, "AI_MODEL_FAILED", True),
    ],
)
def test_codes(status: int | None, code: str | None, kind: str | None, type_: str, retryable: bool) -> None:
    """The vendor's own code decides, whatever the type and the status say."""
    found = judged(envelope(code, kind), status)
    assert (found.type, found.retryable) == (type_, retryable)


@pytest.mark.parametrize(
    ("status", "kind", "message", "type_"),
    [
        (400, BAD, "Your request was rejected as a result of our safety system.", "CREATIVE_REJECTED"),
        (400, BAD, "rejected by the safety system ... safety_violations=[sexual]", "CREATIVE_REJECTED"),
        (403, BAD, "Your organization must be verified to use the model `gpt-image-2`.", "PERMISSION_DENIED"),
        (401, BAD, "You must be a member of an organization to use the API", "PERMISSION_DENIED"),
        (401, BAD, "You didn't provide an API key.", "TOKEN_INVALID"),
        (404, BAD, "Invalid URL (POST /v1/pictures)", "NOT_FOUND"),
        (400, BAD, "The model `dall-e-3` does not exist.", "UNSUPPORTED"),
        (400, BAD, "The requested model 'nobody' does not exist.", "NOT_FOUND"),
        (400, BAD, "The file does not exist, says the model.", "VALIDATION_FAILED"),
        (404, BAD, "The model `x` has been deprecated, learn more here", "UNSUPPORTED"),
        (404, BAD, "The image variations endpoint has been retired", "UNSUPPORTED"),
        (400, BAD, "Unsupported parameter: 'max_tokens' is deprecated for this model", "VALIDATION_FAILED"),
        (400, BAD, "Runs in status \"in_progress\" do not accept tool outputs.", "NOT_READY"),
        (400, BAD, "This model's maximum context length is 8 tokens", "TOO_MUCH_DATA"),
        (503, "server_error", "The engine is currently overloaded", "SERVICE_UNAVAILABLE"),
        (503, "server_error", "Service temporarily unavailable", "AI_MODEL_FAILED"),
        (429, "requests", "That model is currently overloaded with other requests.", "SERVICE_UNAVAILABLE"),
        (409, BAD, "Resource was changed", "CONFLICT"),
        (413, BAD, "Too big", "TOO_MUCH_DATA"),
        (402, None, "", "BUDGET_INSUFFICIENT"),
        (418, None, "short and stout", "VALIDATION_FAILED"),
    ],
)  # fmt: skip
def test_texts_and_statuses(status: int, kind: str | None, message: str, type_: str) -> None:
    """Where there is no code."""
    assert judged(envelope(None, kind, message), status).type == type_


@pytest.mark.parametrize(
    ("message", "type_", "wait", "scope"),
    [
        (f"{REACHED} images per min: Limit 5, Used 5, Requested 1. Please try again in 12s.", "API_RATE_LIMIT", 12.0,
         "images"),
        (f"{REACHED} input-images per min: Limit 4000. Please try again in 15ms.", "API_RATE_LIMIT", 0.015,
         "input_images"),
        (f"{REACHED} tokens per min (TPM): Limit 10. Please try again in 6m0s.", "API_RATE_LIMIT", 360.0, "tokens"),
        (f"{REACHED} requests per min (RPM): Limit 10, Used 10.", "API_RATE_LIMIT", None, "requests"),
        (f"{REACHED} requests per day (RPD): Limit 200. Please try again in 7m12s.", "QUOTA_EXHAUSTED", None, None),
        ("Limit: 0 / 1min. Please contact us.", "PERMISSION_DENIED", None, None),
        ("Limit 0, Used 0, Requested 1.", "PERMISSION_DENIED", None, None),
        ("Request too large on tokens per min (TPM): Limit 10, Requested 12.", "TOO_MUCH_DATA", None, None),
    ],
)  # fmt: skip
def test_one_code_for_waits_of_milliseconds_of_days_and_for_ever(
    message: str, type_: str, wait: float | None, scope: str | None
) -> None:
    """`rate_limit_exceeded` says none of it; the message does."""
    found = judged(envelope(LIMITED, "requests", message), 429)
    assert (found.type, found.retry_after, found.scope) == (type_, wait, scope)


def test_a_header_beats_the_messages_wait() -> None:
    """`retry-after-ms` before `retry-after` before the text, and a limit that is used up tells when it is new."""
    body = envelope(LIMITED, "requests", f"{REACHED} images per min. Please try again in 12s.")
    assert judged(body, 429, {"Retry-After": "3"}).retry_after == 3.0
    assert judged(body, 429, {"retry-after": "3", "retry-after-ms": "250"}).retry_after == 0.25
    told = {
        "x-ratelimit-limit-images": "5", "x-ratelimit-remaining-images": "0", "x-ratelimit-reset-images": "42s",
        "x-ratelimit-limit-requests": "5", "x-ratelimit-remaining-requests": "4", "x-ratelimit-reset-requests": "59s",
    }  # fmt: skip
    assert judged(envelope(LIMITED, "requests"), 429, told).retry_after == 42.0


@pytest.mark.parametrize(
    ("model", "type_"),
    [
        ("dall-e-3", "UNSUPPORTED"),
        ("gpt-image-1", "UNSUPPORTED"),
        ("gpt-image-1-2025-04-23", "UNSUPPORTED"),
        ("gpt-image-1-mini", "NOT_FOUND"),
        ("gpt-image-2", "NOT_FOUND"),
        ("nobody", "NOT_FOUND"),
    ],
)
def test_a_model_that_our_table_knows_to_be_gone(model: str, type_: str) -> None:
    """The vendor answers a retired model like a misspelt one; the table knows better."""
    for message in (f"The model '{model}' does not exist.", f"The model `{model}` does not exist or you do not have"):
        assert judged(envelope("model_not_found", BAD, message), 404).type == type_


@pytest.mark.parametrize(
    ("date", "type_"),
    [("Mon, 30 Nov 2026 12:00:00 GMT", "NOT_FOUND"), ("Wed, 02 Dec 2026 12:00:00 GMT", "UNSUPPORTED")],
)
def test_a_model_is_gone_after_its_last_day(date: str, type_: str) -> None:
    """By the answer's own date: before it the model is misspelt, or not for this project."""
    body = envelope("model_not_found", BAD, "The model 'gpt-image-1.5' does not exist.")
    assert judged(body, 404, {"date": date}).type == type_


def test_a_picture_that_was_blocked_is_not_a_prompt_that_was() -> None:
    """The stage is told: another try may pass, and is billed."""
    for stage, rule in (("output", "openai.blocked.output"), ("input", "openai.blocked"), (None, "openai.blocked")):
        details = {"moderation_details": {"moderation_stage": stage}}
        found = judged(envelope("moderation_blocked", USER, **details))
        assert (found.type, found.rule, found.retryable) == ("CREATIVE_REJECTED", rule, False)


@pytest.mark.parametrize(
    ("status", "body", "type_", "certainty"),
    [
        (502, PAGE, "AI_MODEL_FAILED", Certainty.UNKNOWN),
        (500, envelope("server_error", "server_error"), "AI_MODEL_FAILED", Certainty.UNKNOWN),
        (200, envelope("server_error", "server_error"), "AI_MODEL_FAILED", Certainty.UNKNOWN),
        (None, envelope(None, "server_error"), "AI_MODEL_FAILED", Certainty.UNKNOWN),
        (503, envelope("slow_down", "server_error"), "SERVICE_UNAVAILABLE", Certainty.REFUSED),
        (503, envelope(None, "server_error", "overloaded"), "SERVICE_UNAVAILABLE", Certainty.REFUSED),
        (504, PAGE, "PLATFORM_TIMEOUT", Certainty.UNKNOWN),
        (408, b"", "PLATFORM_TIMEOUT", Certainty.UNKNOWN),
        (200, PAGE, "BAD_RESPONSE", Certainty.UNKNOWN),
        (200, b"", "BAD_RESPONSE", Certainty.UNKNOWN),
        (200, b'{"created": 1, "da', "BAD_RESPONSE", Certainty.UNKNOWN),
        (403, b"<title>Just a moment...</title>", "PERMISSION_DENIED", Certainty.REFUSED),
        (429, b"error code: 1015", "API_RATE_LIMIT", Certainty.REFUSED),
        (302, b"", "BAD_RESPONSE", Certainty.UNKNOWN),
    ],
)
def test_what_is_sure(status: int, body: bytes, type_: str, certainty: Certainty) -> None:
    """What the API turns away was not done; what failed inside of it, or behind a gateway, nobody knows."""
    found = judged(body, status)
    assert (found.type, found.certainty) == (type_, certainty)


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "insufficient_quota", "message": "x"}},
        {"code": "insufficient_quota", "message": "x"},
        {"type": "error", "error": {"code": "insufficient_quota"}},
        {"type": "response.failed", "response": {"error": {"code": "insufficient_quota"}}},
        {"status": "failed", "error": {"code": "insufficient_quota"}},
        b'event: error\ndata: {"type":"error","error":{"code":"insufficient_quota"}}\n\n',
    ],
)
def test_one_error_in_many_wrappings(body: object) -> None:
    """An envelope, the inner object alone, an event of a stream, a response that failed."""
    assert judged(body, 200).type == "BUDGET_INSUFFICIENT"


def test_a_picture_is_a_success() -> None:
    """And says nothing of an error."""
    assert TABLE.classify(200, {}, b'{"created": 1, "data": [{"b64_json": "aGk="}], "error": null}') is None


def test_what_is_told_of_an_error() -> None:
    """The field that is blamed, the request's id, the vendor's words without control characters."""
    body = envelope("invalid_value", BAD, "Invalid\x00 value", param="size")
    error = TABLE.failure(decode(400, {"x-request-id": "req_1", "cf-ray": "r"}, body, "images.generate"))
    assert error is not None
    assert (error.field, error.request_ids, error.vendor_code, error.vendor_subcode) == (
        "size", ("req_1",), "invalid_value", BAD,
    )  # fmt: skip
    assert "\x00" not in str(error)
