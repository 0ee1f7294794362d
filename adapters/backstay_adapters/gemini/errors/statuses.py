"""What is left when neither a reason nor a quota has spoken: the error's status, then HTTP's."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, Row, code, status, statuses_between
from backstay.taxonomy import Certainty
from backstay_adapters.gemini.profile import REQUESTS

STATUSES: Final = (
    Row("gemini.request", code("INVALID_ARGUMENT", "OUT_OF_RANGE", "invalid_request", "parameter_unknown",
                               "out_of_range"), "VALIDATION_FAILED"),
    Row("gemini.precondition", code("FAILED_PRECONDITION", "failed_precondition"), "PERMISSION_DENIED",
        hint="billing is off, or the country is not served: see the message"),
    Row("gemini.unauthenticated", code("UNAUTHENTICATED", "authentication"), "TOKEN_INVALID", hint="check the API key"),
    Row("gemini.permission", code("PERMISSION_DENIED", "permission_denied"), "PERMISSION_DENIED"),
    Row("gemini.not_found", code("NOT_FOUND", "not_found", "model_not_found"), "NOT_FOUND",
        hint="no such model or file; retired models answer so as well"),
    Row("gemini.conflict", code("ALREADY_EXISTS", "ABORTED", "already_exists", "aborted"), "CONFLICT"),
    Row("gemini.timeout", code("DEADLINE_EXCEEDED", "CANCELLED", "deadline_exceeded", "cancelled"), "PLATFORM_TIMEOUT",
        hint="long answers do better as a stream"),
    Row("gemini.busy", code("service_unavailable"), "SERVICE_UNAVAILABLE"),
    Row("gemini.service", code("INTERNAL", "UNAVAILABLE", "UNKNOWN", "DATA_LOSS", "api_error"), "AI_MODEL_FAILED"),
    Row("gemini.unsupported", code("UNIMPLEMENTED", "unimplemented"), "UNSUPPORTED"),
)  # fmt: skip

REST: Final = (
    Row("gemini.http.400", status(400, 405, 406, 411, 412, 415, 416, 422, 431), "VALIDATION_FAILED"),
    Row("gemini.http.401", status(401), "TOKEN_INVALID"),
    Row("gemini.http.402", status(402), "BUDGET_INSUFFICIENT"),
    Row("gemini.http.403", status(403), "PERMISSION_DENIED"),
    Row("gemini.http.404", status(404, 410), "NOT_FOUND"),
    Row("gemini.http.408", status(408, 499, 504), "PLATFORM_TIMEOUT"),
    Row("gemini.http.409", status(409), "CONFLICT"),
    Row("gemini.http.413", status(413), "TOO_MUCH_DATA"),
    Row("gemini.http.429", status(429), "API_RATE_LIMIT", scope=REQUESTS),
    Row("gemini.http.501", status(501, 505), "UNSUPPORTED"),
    Row("gemini.http.5xx", statuses_between(500, 599), "AI_MODEL_FAILED"),
    Row("gemini.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("gemini.unknown_code", ~code(None), "AI_MODEL_FAILED", certainty=Certainty.UNKNOWN,
        hint="an error code that is new: read the message"),
    Row("gemini.anything", ANYTHING, "BAD_RESPONSE", certainty=Certainty.UNKNOWN),
)  # fmt: skip
