"""Instagram's error table: its own subcodes before Graph's codes, failed containers, uploads, and proxies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.errors import BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.instagram.errors import TABLE
from benchmarks.score_corpus import rows_of, score

CORPUS = Path(__file__).resolve().parents[4] / "shared/corpus/instagram.jsonl"


def envelope(code: int | None, subcode: int | None = None, message: str = "", **more: Any) -> bytes:
    """An error as Graph sends it."""
    told = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, **more}
    return json.dumps({"error": {name: value for name, value in told.items() if value is not None}}).encode()


def verdict(status: int, body: bytes, operation: str | None = None, **headers: str) -> tuple[str, bool, Certainty]:
    """Type, retryable and certainty."""
    found = TABLE.classify(status, headers, body, operation)
    assert found is not None
    return found.type, found.retryable, found.certainty


@pytest.mark.parametrize(
    ("code", "subcode", "message", "type_", "retryable"),
    [
        (-2, 2207003, "It takes too long", "PLATFORM_TIMEOUT", True),
        (-2, 2207020, "", "NOT_FOUND", False),
        (-1, 2207001, "Fatal", "PLATFORM_SERVICE_ERROR", True),
        (-1, 2207032, "Fatal", "PLATFORM_SERVICE_ERROR", True),
        (-1, 2207053, "Fatal", "PLATFORM_SERVICE_ERROR", True),
        (1, 2207057, "", "VALIDATION_FAILED", False),
        (1, None, "", "PLATFORM_SERVICE_ERROR", True),
        (2, None, "", "PLATFORM_SERVICE_ERROR", True),
        (3, 2228054, "", "PERMISSION_DENIED", False),
        (4, None, "Application request limit reached", "API_RATE_LIMIT", True),
        (4, 2207051, "Application request limit reached", "API_RATE_LIMIT", False),
        (9, 2207042, "", "QUOTA_EXHAUSTED", False),
        (9, None, "Application limit reached", "QUOTA_EXHAUSTED", False),
        (24, None, "", "NOT_FOUND", False),
        (25, None, "", "ACCOUNT_DISABLED", False),
        (5, None, "", "PERMISSION_DENIED", False),
        (10, None, "(#10) Application does not have permission", "PERMISSION_DENIED", False),
        (10, None, "(#10) Not enough viewers for the media to show insights", "VALIDATION_FAILED", False),
        (24, 2207006, "", "NOT_FOUND", False),
        (24, 2207008, "", "NOT_FOUND", True),
        (25, 2207050, "", "ACCOUNT_DISABLED", False),
        (32, None, "", "API_RATE_LIMIT", True),
        (100, None, "The parameter hide is required.", "VALIDATION_FAILED", False),
        (100, 33, "Unsupported get request", "NOT_FOUND", False),
        (100, 2108006, "", "VALIDATION_FAILED", False),
        (100, 2207023, "", "VALIDATION_FAILED", False),
        (100, 2207028, "", "VALIDATION_FAILED", False),
        (100, 2207040, "", "VALIDATION_FAILED", False),
        (102, None, "", "TOKEN_EXPIRED", False),
        (110, 2207013, "", "NOT_FOUND", False),
        (190, 460, "", "TOKEN_EXPIRED", False),
        (190, 463, "", "TOKEN_EXPIRED", False),
        (190, 464, "", "TOKEN_INVALID", False),
        (190, 492, "", "PERMISSION_DENIED", False),
        (190, None, "Session has expired on Wednesday", "TOKEN_EXPIRED", False),
        (190, None, "Invalid OAuth access token", "TOKEN_INVALID", False),
        (200, None, "", "PERMISSION_DENIED", False),
        (299, None, "", "PERMISSION_DENIED", False),
        (352, 2207026, "", "VALIDATION_FAILED", False),
        (368, None, "", "ACCOUNT_DISABLED", False),
        (613, None, "", "API_RATE_LIMIT", True),
        (803, None, "", "NOT_FOUND", False),
        (9004, 2207052, "", "VALIDATION_FAILED", True),
        (9004, None, "", "VALIDATION_FAILED", False),
        (9007, 2207027, "Media ID is not available", "NOT_READY", True),
        (9007, None, "Media ID is not available", "NOT_READY", True),
        (36000, 2207004, "", "VALIDATION_FAILED", False),
        (36001, 2207005, "", "VALIDATION_FAILED", False),
        (36003, 2207009, "", "VALIDATION_FAILED", False),
        (36004, 2207010, "", "VALIDATION_FAILED", False),
        (80002, None, "", "API_RATE_LIMIT", True),
        (424242, None, "something new", "VALIDATION_FAILED", False),
    ],
)  # fmt: skip
def test_codes(code: int, subcode: int | None, message: str, type_: str, retryable: bool) -> None:
    """The vendor's page and what users saw, one row a meaning; `is_transient: false` changes none of them."""
    body = envelope(code, subcode, message, is_transient=False)
    assert verdict(400, body)[:2] == (type_, retryable)


@pytest.mark.parametrize(
    ("number", "type_", "retryable"),
    [
        (2207026, "VALIDATION_FAILED", False), (2207076, "VALIDATION_FAILED", False),
        (2207077, "VALIDATION_FAILED", True), (2207085, "PLATFORM_SERVICE_ERROR", True),
        (2207052, "VALIDATION_FAILED", True), (2207053, "PLATFORM_SERVICE_ERROR", True),
    ],
)  # fmt: skip
def test_a_failed_container_says_why_in_its_text(number: int, type_: str, retryable: bool) -> None:
    """HTTP 200 and no envelope: the number stands in `status`."""
    told = {"status_code": "ERROR", "status": f"Error: Media upload has failed with error code {number}", "id": "1"}
    assert verdict(200, json.dumps(told).encode(), "container")[:2] == (type_, retryable)


@pytest.mark.parametrize("state", ["FINISHED", "IN_PROGRESS", "PUBLISHED", "EXPIRED"])
def test_other_states_are_no_errors(state: str) -> None:
    """A number in their text means nothing."""
    assert (
        TABLE.classify(200, {}, json.dumps({"status_code": state, "status": "x 2207026", "id": "1"}).encode()) is None
    )


@pytest.mark.parametrize(
    ("told", "type_", "retryable"),
    [
        ({"retriable": False, "message": '{"error":{"message":"unauthorized user request"}}'}, "TOKEN_INVALID", False),
        ({"retriable": True, "message": "busy"}, "PLATFORM_SERVICE_ERROR", True),
        ({"retriable": False, "message": "ProcessingFailed"}, "PLATFORM_SERVICE_ERROR", False),
        ({}, "PLATFORM_SERVICE_ERROR", False),
    ],
)  # fmt: skip
def test_uploads_have_an_envelope_of_their_own(told: dict[str, Any], type_: str, retryable: bool) -> None:
    """`debug_info` with its own flag."""
    assert verdict(400, json.dumps({"debug_info": told}).encode(), "upload_media")[:2] == (type_, retryable)


def test_the_block_against_spam_leaves_it_open_whether_the_post_is_out() -> None:
    """4/2207051 came although the post was live: the outcome is unknown, and it is never sent again by itself."""
    assert verdict(403, envelope(4, 2207051)) == ("API_RATE_LIMIT", False, Certainty.UNKNOWN)


@pytest.mark.parametrize("operation", ["container", "post"])
def test_what_was_just_made_may_be_found_a_moment_later(operation: str) -> None:
    """100/33 on a fresh container or post is spurious; anywhere else it is an answer."""
    assert verdict(400, envelope(100, 33), operation)[1] is True
    assert verdict(400, envelope(100, 33), "insights")[1] is False


@pytest.mark.parametrize(
    ("status", "body", "type_"),
    [
        (502, b"<html><h1>502 Bad Gateway</h1></html>", "PLATFORM_SERVICE_ERROR"), (504, b"", "PLATFORM_TIMEOUT"),
        (200, b"<html>Log in</html>", "BAD_RESPONSE"), (200, b'{"id":"178', "BAD_RESPONSE"), (200, b"", "BAD_RESPONSE"),
        (200, b"[]", "BAD_RESPONSE"), (200, envelope(None), "PLATFORM_SERVICE_ERROR"),
        (200, envelope(190, 463), "TOKEN_EXPIRED"), (401, b"x", "TOKEN_INVALID"), (404, b"x", "NOT_FOUND"),
        (429, b"", "API_RATE_LIMIT"), (302, b"", "BAD_RESPONSE"),
    ],
)  # fmt: skip
def test_what_is_no_answer_of_the_api(status: int, body: bytes, type_: str) -> None:
    """Gateways, login pages, half answers, an error inside 200."""
    assert verdict(status, body)[0] == type_


@pytest.mark.parametrize(("minutes", "wait"), [(5, 300.0), (0, 60.0)])
def test_a_limit_says_in_its_header_how_long_it_holds(minutes: int, wait: float) -> None:
    """In minutes; at least a minute is waited."""
    entry = {"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": minutes}
    headers = {"x-business-use-case-usage": json.dumps({"178": [entry]})}
    found = TABLE.classify(400, headers, envelope(80002))
    assert found is not None
    assert (found.retry_after, found.scope) == (wait, "instagram")


@given(st.integers(100, 599), st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_whatever_arrives_has_a_type(status: int, body: bytes) -> None:
    """Nothing that a proxy or a broken line sends is more than a typed error."""
    found = TABLE.classify(status, {}, body)
    assert found is None or issubclass(type(TABLE.error(TABLE.decode(status, {}, body, None))), BackstayError)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real answers is not here")
def test_real_answers() -> None:
    """At least 95 % of the real answers right, in type and in retryable."""
    found = score(rows_of(CORPUS))["instagram"]
    assert found.right_in_both >= 0.95 * found.rows, found.misses
