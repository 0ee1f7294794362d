"""What is left when neither a code nor a text has spoken: the error's type, then the HTTP status."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, Facts, Row, code, status, statuses_between
from backstay.taxonomy import Certainty
from backstay_adapters.claude.profile import OVERLOADED, REQUESTS
from backstay_adapters.claude.wire.limits import opens_again


def _reset(facts: Facts) -> float | None:
    return opens_again(facts.headers, facts.moment())


TYPES: Final = (
    Row("claude.overloaded", code("overloaded_error") & status(529), "SERVICE_UNAVAILABLE", wait=OVERLOADED,
        certainty=Certainty.REFUSED, hint="the vendor has more to do than it can: it turned the request away"),
    Row("claude.overloaded_later", code("overloaded_error"), "SERVICE_UNAVAILABLE", wait=OVERLOADED),
    Row("claude.limit", code("rate_limit_error"), "API_RATE_LIMIT", scope=REQUESTS, wait=_reset),
    Row("claude.billing", code("billing_error"), "BUDGET_INSUFFICIENT", hint="look at billing in the console"),
    Row("claude.token", code("authentication_error"), "TOKEN_INVALID", hint="check the API key"),
    Row("claude.permission", code("permission_error", "forbidden"), "PERMISSION_DENIED"),
    Row("claude.not_found", code("not_found_error"), "NOT_FOUND"),
    Row("claude.large", code("request_too_large"), "TOO_MUCH_DATA", hint="at most 32 MB a request"),
    Row("claude.timeout", code("timeout_error"), "PLATFORM_TIMEOUT", hint="long answers do better as a stream"),
    Row("claude.conflict", code("conflict_error", "memory_path_conflict_error", "memory_precondition_failed_error"),
        "CONFLICT"),
    Row("claude.service", code("api_error"), "AI_MODEL_FAILED"),
    Row("claude.request", code("invalid_request_error"), "VALIDATION_FAILED"),
)  # fmt: skip

REST: Final = (
    Row("claude.http.400", status(400, 405, 406, 411, 412, 415, 422, 431), "VALIDATION_FAILED"),
    Row("claude.http.401", status(401), "TOKEN_INVALID"),
    Row("claude.http.402", status(402), "BUDGET_INSUFFICIENT"),
    Row("claude.http.403", status(403), "PERMISSION_DENIED"),
    Row("claude.http.404", status(404, 410), "NOT_FOUND"),
    Row("claude.http.408", status(408, 499), "PLATFORM_TIMEOUT"),
    Row("claude.http.409", status(409), "CONFLICT"),
    Row("claude.http.413", status(413), "TOO_MUCH_DATA", hint="at most 32 MB a request"),
    Row("claude.http.429", status(429), "API_RATE_LIMIT", scope=REQUESTS, wait=_reset),
    Row("claude.http.501", status(501, 505), "UNSUPPORTED"),
    Row("claude.http.529", status(529), "SERVICE_UNAVAILABLE", wait=OVERLOADED),
    Row("claude.http.5xx", statuses_between(500, 599), "AI_MODEL_FAILED"),
    Row("claude.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("claude.unknown_type", ~code(None), "AI_MODEL_FAILED", certainty=Certainty.UNKNOWN,
        hint="an error type that is new: read the message"),
    Row("claude.anything", ANYTHING, "BAD_RESPONSE", certainty=Certainty.UNKNOWN),
)  # fmt: skip
