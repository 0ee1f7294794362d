"""Perplexity's error table (Sonar API): texts that split a type, then the vendor's type, then the HTTP status.

Sources: the vendor's API reference, recorded answers of 2026, and answers that users of public connectors reported. No
answer of the API is known to carry a rate-limit header, so a wait is asked for only where `retry-after` says it.
"""

from __future__ import annotations

from typing import Final

from backstay.table import (
    ANYTHING,
    READABLE,
    ErrorTable,
    Facts,
    Match,
    Row,
    code,
    holds_data,
    status,
    statuses_between,
    text,
)
from backstay.taxonomy import Certainty
from backstay_adapters.perplexity.errors.decode import ASYNC, decode
from backstay_adapters.perplexity.errors.texts import TEXTS
from backstay_adapters.perplexity.profile import DEEP, REQUESTS


def _asynchronous(facts: Facts) -> bool:
    return facts.operation is not None and facts.operation.startswith(ASYNC)


_LIMIT: Final = code("request_rate_limit_exceeded", "rate_limit_exceeded", "rate_limit_error") | status(429)

TYPES: Final = (
    Row("perplexity.limit.day", _LIMIT & text("per day", "daily limit"), "QUOTA_EXHAUSTED"),
    Row("perplexity.limit.deep", _LIMIT & Match(_asynchronous), "API_RATE_LIMIT", scope=DEEP),
    Row("perplexity.limit", _LIMIT, "API_RATE_LIMIT", scope=REQUESTS,
        hint="bursts are cut although the minute's limit is not reached: fewer calls at once help"),
    Row("perplexity.key", code("invalid_api_key", "authentication_error", "unauthorized"), "TOKEN_INVALID",
        hint="check the API key; after an incident of the vendor's the same key may be good again"),
    Row("perplexity.permission", code("permission_denied", "permission_error", "forbidden"), "PERMISSION_DENIED"),
    Row("perplexity.model", code("invalid_model"), "NOT_FOUND", hint="no such model, or it is retired"),
    Row("perplexity.not_found", code("not_found", "not_found_error"), "NOT_FOUND"),
    Row("perplexity.tokens", code("too_many_prompt_tokens"), "TOO_MUCH_DATA", hint="shorten the question"),
    Row("perplexity.request", code("bad_request", "invalid_message", "invalid_parameter", "invalid_request",
                                   "invalid_request_error"), "VALIDATION_FAILED"),
    Row("perplexity.timeout", code("timeout", "timeout_error", "request_timeout"), "PLATFORM_TIMEOUT"),
    Row("perplexity.overloaded", code("overloaded_error", "overloaded", "service_unavailable"), "SERVICE_UNAVAILABLE"),
    Row("perplexity.service", code("internal_server_error", "internal_error", "server_error", "api_error"),
        "AI_MODEL_FAILED"),
)  # fmt: skip

REST: Final = (
    Row("perplexity.unreadable", statuses_between(200, 299) & code(None) & ~READABLE, "BAD_RESPONSE",
        certainty=Certainty.UNKNOWN, hint="the answer says success and is not JSON: a proxy in between?"),
    Row("perplexity.http.401", status(401), "TOKEN_INVALID",
        hint="check the API key; a page instead of JSON was seen during incidents of the vendor's"),
    Row("perplexity.http.402", status(402), "BUDGET_INSUFFICIENT"),
    Row("perplexity.http.403", status(403), "PERMISSION_DENIED"),
    Row("perplexity.http.404", status(404, 410), "NOT_FOUND"),
    Row("perplexity.http.408", status(408, 499), "PLATFORM_TIMEOUT"),
    Row("perplexity.http.409", status(409), "CONFLICT"),
    Row("perplexity.http.413", status(413), "TOO_MUCH_DATA"),
    Row("perplexity.http.501", status(501, 505), "UNSUPPORTED"),
    Row("perplexity.http.504", status(504, 522, 524), "PLATFORM_TIMEOUT",
        hint="a gateway gave up waiting; deep research belongs into depth=DEEP, which runs as a job"),
    Row("perplexity.http.full", status(529) | (statuses_between(500, 599) & text("overloaded", "over capacity")),
        "SERVICE_UNAVAILABLE"),
    Row("perplexity.http.5xx", statuses_between(500, 599), "AI_MODEL_FAILED"),
    Row("perplexity.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("perplexity.unknown_type", ~code(None), "AI_MODEL_FAILED", certainty=Certainty.UNKNOWN,
        hint="an error type that is new: read the message"),
    Row("perplexity.anything", ANYTHING, "BAD_RESPONSE", certainty=Certainty.UNKNOWN),
)  # fmt: skip

TABLE: Final = ErrorTable("perplexity", decode, (*TEXTS, *TYPES, *REST), succeeded=holds_data)
"""Every answer of Perplexity's, named."""

__all__ = ["TABLE", "decode"]
