"""Perplexity's error table: texts before types before statuses, and what stands in front of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.perplexity.errors import TABLE, decode
from benchmarks.score_corpus import rows_of, score

CORPUS = Path(__file__).resolve().parents[4] / "shared/corpus/perplexity.jsonl"
PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center>openresty</body></html>"


def envelope(kind: str | None, message: str, code: int) -> bytes:
    """An error as the API sends it."""
    return json.dumps({"error": {"message": message, "type": kind, "code": code}}).encode()


ROLES = "After the (optional) system message(s), user and assistant roles should be alternating."
SLOW = "Request rate limit exceeded, please try again later."


@pytest.mark.parametrize(
    ("status", "kind", "message", "type_", "retryable"),
    [
        (400, "invalid_model", "Invalid model 'sonar-huge'. Permitted models can be found", "NOT_FOUND", False),
        (400, "invalid_model", "Invalid model 'sonar-reasoning-pr'. x", "NOT_FOUND", False),
        (400, "invalid_model", "Invalid model 'sonar-reasoning'. x", "UNSUPPORTED", False),
        (400, "invalid_model", "Invalid model 'llama-3.1-sonar-huge-128k-online'. x", "UNSUPPORTED", False),
        (400, "invalid_model", "Invalid model 'r1-1776'. x", "UNSUPPORTED", False),
        (400, "invalid_message", ROLES, "VALIDATION_FAILED", False),
        (400, "invalid_parameter", "max_tokens must be at least 16 for sonar.", "VALIDATION_FAILED", False),
        (400, "bad_request", '["At body -> messages -> 0 -> content: no credits left"]', "VALIDATION_FAILED", False),
        (400, "too_many_prompt_tokens", "The total length of all messages is too long.", "TOO_MUCH_DATA", False),
        (401, "invalid_api_key", "Invalid API key provided.", "TOKEN_INVALID", False),
        (401, "insufficient_quota", "You exceeded your current quota", "BUDGET_INSUFFICIENT", False),
        (401, None, "You have run out of credits.", "BUDGET_INSUFFICIENT", False),
        (402, None, "x", "BUDGET_INSUFFICIENT", False),
        (403, None, "x", "PERMISSION_DENIED", False),
        (404, None, "x", "NOT_FOUND", False),
        (422, None, "x", "VALIDATION_FAILED", False),
        (429, "request_rate_limit_exceeded", SLOW, "API_RATE_LIMIT", True),
        (429, None, "Please check your plan and billing details", "BUDGET_INSUFFICIENT", False),
        (500, "internal_server_error", "Internal server error", "AI_MODEL_FAILED", True),
        (500, None, "billing service is down", "AI_MODEL_FAILED", True),
        (504, None, "late", "PLATFORM_TIMEOUT", True),
    ],
)  # fmt: skip
def test_the_envelope(status: int, kind: str | None, message: str, type_: str, retryable: bool) -> None:
    """Status, type and text together; after HTTP 200, in a stream, the error's own code stands for the status."""
    for seen in (status, 200, None):
        found = TABLE.classify(seen, {}, envelope(kind, message, status))
        assert found is not None
        assert (found.type, found.retryable) == (type_, retryable)


@pytest.mark.parametrize(
    ("status", "text", "type_"),
    [
        (401, "401 Authorization Required", "TOKEN_INVALID"),
        (403, "Just a moment...", "PERMISSION_DENIED"),
        (500, "500 Internal Server Error", "AI_MODEL_FAILED"),
        (502, "502 Bad Gateway", "AI_MODEL_FAILED"),
        (503, "503 Service Temporarily Unavailable", "AI_MODEL_FAILED"),
        (504, "504 Gateway Time-out", "PLATFORM_TIMEOUT"),
        (524, "524: A timeout occurred", "PLATFORM_TIMEOUT"),
        (200, "Welcome", "BAD_RESPONSE"),
    ],
)
def test_pages(status: int, text: str, type_: str) -> None:
    """HTML of whatever stands in front of the API."""
    error = TABLE.failure(decode(status, {"cf-ray": "8a-FRA"}, PAGE.format(text), None))
    assert error is not None
    assert error.type == type_
    assert error.request_ids == ("8a-FRA",)
    assert (error.certainty is Certainty.UNKNOWN) == (status >= 500 or status == 200)


def test_a_wait_is_believed_only_where_it_is_said() -> None:
    """No answer is known to say when to come back; a header that does is listened to."""
    body = envelope("request_rate_limit_exceeded", SLOW, 429)
    silent, told = TABLE.classify(429, {}, body), TABLE.classify(429, {"Retry-After": "7"}, body)
    assert silent is not None
    assert told is not None
    assert (silent.retry_after, told.retry_after) == (None, 7.0)


def test_deep_research_has_a_limit_of_its_own() -> None:
    """The scope of a 429 is that of the operation that was asked for."""
    body = envelope("request_rate_limit_exceeded", SLOW, 429)
    scopes = [TABLE.decode(429, {}, body, name) for name in ("chat.completions", "async.chat.completions.create")]
    assert [TABLE.error(facts).scope for facts in scopes] == ["requests", "deep_requests"]


def test_the_blamed_field_is_named() -> None:
    """A pydantic line says where."""
    facts = decode(400, {}, envelope("bad_request", '["At body -> response_format -> type: x"]', 400), None)
    assert facts.blamed == "response_format.type"


def test_an_answer_is_a_success() -> None:
    """No row takes what is good."""
    assert TABLE.classify(200, {}, b'{"id": "1", "choices": []}') is None


ANY: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "type", "code", "message", "detail", "choices"]), inner, max_size=4)
    ),
)


@settings(max_examples=500, deadline=None, database=None)
@given(body=ANY, status=st.sampled_from([None, 200, 302, 400, 401, 429, 500, 999]), cut=st.integers(0, 60))
def test_whatever_comes_has_a_type(body: object, status: int | None, cut: int) -> None:
    """No answer, whole or cut, is an untyped exception."""
    for each in (body, json.dumps(body).encode()[:cut]):
        error = TABLE.failure(decode(status, {}, each, None))
        assert error is None or isinstance(error, BackstayError)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real answers is not part of the project")
def test_real_answers() -> None:
    """At least 95 % of them are right in type and in `retryable`."""
    found = score(rows_of(CORPUS))["perplexity"]
    assert found.right_in_both >= 0.95 * found.rows
