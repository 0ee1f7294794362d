"""Gemini's error table: reasons, quotas, statuses, and refusals inside of HTTP 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.table import Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.gemini.errors import TABLE, decode
from backstay_adapters.gemini.sandbox.faults import ERRORS
from backstay_adapters.gemini.wire.read import FAULTS, REFUSALS

GOOGLE = "type.googleapis.com/google.rpc."
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
OUT = "RESOURCE_EXHAUSTED"
BAD = "INVALID_ARGUMENT"
NO = "PERMISSION_DENIED"


def envelope(status: int, word: str | None, message: str = "x", *details: dict[str, Any]) -> dict[str, Any]:
    """An error as the API sends it."""
    return {"error": {"code": status, "message": message, "status": word, "details": list(details)}}


def reason(word: str) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}ErrorInfo", "reason": word}


def quota(*names: str, value: str = "20") -> dict[str, Any]:
    listed = [{"quotaId": name, "quotaValue": value} for name in names]
    return {"@type": f"{GOOGLE}QuotaFailure", "violations": listed}


def retry(delay: str) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}RetryInfo", "retryDelay": delay}


def judged(body: object, status: int | None = 400, headers: dict[str, str] | None = None) -> Verdict:
    """The table's verdict on a failure."""
    found = TABLE.classify(status, headers or {}, json.dumps(body) if isinstance(body, dict | list) else body, None)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("status", "word", "message", "details", "type_"),
    [
        (400, BAD, "API key not valid.", [reason("API_KEY_INVALID")], "TOKEN_INVALID"),
        (400, BAD, "API Key not found.", [], "TOKEN_INVALID"),
        (400, BAD, "API key expired. Please renew.", [reason("API_KEY_INVALID")], "TOKEN_EXPIRED"),
        (400, BAD, "temperature must be in the range", [], "VALIDATION_FAILED"),
        (400, BAD, "The input token count (9) exceeds the maximum number of tokens allowed (8).", [], "TOO_MUCH_DATA"),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", [], "PERMISSION_DENIED"),
        (400, "FAILED_PRECONDITION", "Please enable billing.", [], "PERMISSION_DENIED"),
        (400, "FAILED_PRECONDITION", "The File abc is not in an ACTIVE state and cannot be used.", [], "NOT_READY"),
        (400, BAD, "The prompt violates our Prohibited Use Policy.", [], "CREATIVE_REJECTED"),
        (401, "UNAUTHENTICATED", "x", [reason("CREDENTIALS_MISSING")], "TOKEN_INVALID"),
        (401, "UNAUTHENTICATED", "x", [reason("ACCESS_TOKEN_EXPIRED")], "TOKEN_EXPIRED"),
        (403, NO, "Your API key was reported as leaked.", [], "TOKEN_INVALID"),
        (403, NO, "x", [reason("CONSUMER_SUSPENDED")], "ACCOUNT_DISABLED"),
        (403, NO, "disabled in this account for violation of Terms of\n\tService", [], "ACCOUNT_DISABLED"),
        (403, NO, "Your project has been denied access.", [], "ACCOUNT_DISABLED"),
        (403, NO, "Method doesn't allow unregistered callers.", [], "TOKEN_INVALID"),
        (400, BAD, "Image generation is not available in your country.", [], "PERMISSION_DENIED"),
        (403, NO, "x", [reason("SERVICE_DISABLED")], "PERMISSION_DENIED"),
        (403, NO, "The caller does not have permission", [], "PERMISSION_DENIED"),
        (404, "NOT_FOUND", "models/nobody is not found for API version v1beta", [], "NOT_FOUND"),
        (404, "NOT_FOUND", "models/gemini-1.5-pro is not found for API version v1beta", [], "UNSUPPORTED"),
        (404, "NOT_FOUND", "This model is no longer available.", [], "UNSUPPORTED"),
        (409, "ABORTED", "x", [], "CONFLICT"),
        (499, "CANCELLED", "x", [], "PLATFORM_TIMEOUT"),
        (500, "INTERNAL", "x", [], "AI_MODEL_FAILED"),
        (501, "UNIMPLEMENTED", "x", [], "UNSUPPORTED"),
        (503, "UNAVAILABLE", "The service is currently unavailable.", [], "AI_MODEL_FAILED"),
        (503, "UNAVAILABLE", "This model is currently experiencing high demand.", [], "SERVICE_UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED", "x", [], "PLATFORM_TIMEOUT"),
        (418, "BRAND_NEW", "x", [], "VALIDATION_FAILED"),
        (None, "BRAND_NEW", "x", [], "AI_MODEL_FAILED"),
    ],
)  # fmt: skip
def test_statuses_and_reasons(
    status: int | None, word: str, message: str, details: list[dict[str, Any]], type_: str
) -> None:
    """The reason in the details goes before the status; alone or in an array of one."""
    body = envelope(status or 0, word, message, *details)
    assert judged(body, status).type == type_
    assert judged([body], status).type == type_


@pytest.mark.parametrize(
    ("message", "details", "type_", "wait"),
    [
        ("x", [quota("GenerateRequestsPerMinute"), retry("48s")], "API_RATE_LIMIT", 48.0),
        ("x", [quota("GenerateRequestsPerMinute"), retry("18.403470473s")], "API_RATE_LIMIT", 18.403470473),
        ("x", [quota("GenerateRequestsPerDayPerProject"), retry("36s")], "QUOTA_EXHAUSTED", 36.0),
        ("x", [quota("GenerateRequestsPerMinute", "GenerateRequestsPerDay"), retry("36s")], "QUOTA_EXHAUSTED", 36.0),
        ("x", [quota("GenerateRequestsPerDay", value="0"), retry("36s")], "PERMISSION_DENIED", None),
        ("Quota exceeded for metric: requests, limit: 0, model: x", [], "PERMISSION_DENIED", None),
        ("Quota exceeded, limit: 0.5", [retry("3s")], "API_RATE_LIMIT", 3.0),
        ("You exceeded your current quota, please check your plan", [], "QUOTA_EXHAUSTED", None),
        ("You exceeded your current quota.\nPlease retry in 18.403s.", [], "API_RATE_LIMIT", 18.403),
        ("Your project has reached its monthly spending cap", [], "BUDGET_INSUFFICIENT", None),
        ("Your prepayment credits are depleted.", [], "BUDGET_INSUFFICIENT", None),
        ("x", [reason("MODEL_CAPACITY_EXHAUSTED")], "SERVICE_UNAVAILABLE", 1.0),
        ("Resource exhausted. Please try again later.", [], "SERVICE_UNAVAILABLE", 1.0),
        ("Resource has been exhausted (e.g. check quota).", [], "API_RATE_LIMIT", None),
    ],
)  # fmt: skip
def test_one_status_for_waits_of_seconds_of_days_and_for_ever(
    message: str, details: list[dict[str, Any]], type_: str, wait: float | None
) -> None:
    """RESOURCE_EXHAUSTED says none of it: the quota's name, its value and the message do; digits in them do not."""
    found = judged(envelope(429, OUT, message, *details), 429)
    assert (found.type, found.retry_after) == (type_, wait)
    assert found.retryable is (type_ in {"API_RATE_LIMIT", "SERVICE_UNAVAILABLE"})


@pytest.mark.parametrize(
    ("status", "code", "type_"),
    [
        (400, "invalid_request", "VALIDATION_FAILED"),
        (400, "failed_precondition", "PERMISSION_DENIED"),
        (401, "authentication", "TOKEN_INVALID"),
        (402, "payment_required", "BUDGET_INSUFFICIENT"),
        (404, "model_not_found", "NOT_FOUND"),
        (409, "aborted", "CONFLICT"),
        (429, "rate_limit_exceeded", "API_RATE_LIMIT"),
        (429, "quota_exceeded", "QUOTA_EXHAUSTED"),
        (500, "api_error", "AI_MODEL_FAILED"),
        (503, "service_unavailable", "SERVICE_UNAVAILABLE"),
        (504, "deadline_exceeded", "PLATFORM_TIMEOUT"),
    ],
)
def test_the_interactions_apis_own_words(status: int, code: str, type_: str) -> None:
    """A word for a code, and no status; the same as an event of a stream, after 200."""
    body = {"error": {"code": code, "message": "x"}}
    assert judged(body, status).type == type_
    assert judged({"event_type": "error", **body}, 200).type == type_


@pytest.mark.parametrize("word", REFUSALS)
def test_a_refusal_is_no_success(word: str) -> None:
    """HTTP 200, and a word for the ending."""
    found = judged({"candidates": [{"finishReason": word, "finishMessage": "No."}]}, 200)
    assert (found.type, found.retryable, found.certainty) == ("CREATIVE_REJECTED", False, Certainty.REFUSED)


@pytest.mark.parametrize("word", FAULTS)
def test_the_models_own_faults_may_pass(word: str) -> None:
    """Answered and billed, so no outcome is open."""
    found = judged({"candidates": [{"finishReason": word}]}, 200)
    assert (found.type, found.retryable, found.certainty) == ("AI_MODEL_FAILED", True, Certainty.REFUSED)


@pytest.mark.parametrize("word", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "JAILBREAK"])
def test_a_blocked_prompt_has_no_candidates(word: str) -> None:
    """Whatever the word: OTHER blocks as well."""
    found = judged({"promptFeedback": {"blockReason": word}}, 200)
    assert (found.type, found.rule) == ("CREATIVE_REJECTED", "gemini.blocked")


@pytest.mark.parametrize("word", ["STOP", "MAX_TOKENS", "CONTINUATION", "BRAND_NEW"])
def test_a_good_ending_is_a_success(word: str) -> None:
    """And so is a word that is new: the text is there."""
    body = {"candidates": [{"content": {"parts": [{"text": "Aye."}]}, "finishReason": word}]}
    assert TABLE.classify(200, {}, json.dumps(body)) is None


@pytest.mark.parametrize(
    ("status", "body", "type_", "certainty"),
    [
        (502, PAGE, "AI_MODEL_FAILED", Certainty.UNKNOWN),
        (504, PAGE, "PLATFORM_TIMEOUT", Certainty.UNKNOWN),
        (200, PAGE, "BAD_RESPONSE", Certainty.UNKNOWN),
        (200, b"", "BAD_RESPONSE", Certainty.UNKNOWN),
        (200, b'{"candidates": [', "BAD_RESPONSE", Certainty.UNKNOWN),
        (302, b"", "BAD_RESPONSE", Certainty.UNKNOWN),
        (429, b"slow down", "API_RATE_LIMIT", Certainty.REFUSED),
    ],
)
def test_what_is_sure(status: int, body: bytes, type_: str, certainty: Certainty) -> None:
    """Behind a gateway nobody knows."""
    found = judged(body, status)
    assert (found.type, found.certainty) == (type_, certainty)


def test_a_key_in_a_message_is_not_told() -> None:
    """The vendor prints it when it suspends it."""
    key = "AI" + "za" + "x" * 35
    error = TABLE.failure(decode(403, {}, envelope(403, NO, f"Consumer 'api_key:{key}' has been suspended."), None))
    assert error is not None
    assert key not in str(error)
    assert error.type == "ACCOUNT_DISABLED"


@pytest.mark.parametrize("name", ERRORS)
def test_every_named_error_of_the_simulator_has_a_row_of_its_own(name: str) -> None:
    """None falls through to HTTP's status."""
    refusal = ERRORS[name]()
    found = judged(refusal.body(""), refusal.status)
    assert not found.rule.startswith(("gemini.http", "gemini.anything", "gemini.unknown"))
