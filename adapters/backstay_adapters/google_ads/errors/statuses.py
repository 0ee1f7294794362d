"""What goes around the members: success that is none before them, the gRPC status after them."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, READABLE, Match, Row, status, subcode
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors.quota import PROJECT, delay

_UNKNOWN: Final = Certainty.UNKNOWN
_ITEMS: Final = Match(lambda facts: bool(facts.items))
_AGAIN: Final = "an error inside Google: try again; if it lasts, give the request id to its support"

FIRST: Final = (
    Row("google_ads.partial", subcode("OK") & _ITEMS, "PARTIAL_FAILURE",
        hint="look at each operation's error and send only those again"),
    Row("google_ads.contradiction", subcode("OK"), "BAD_RESPONSE",
        hint="the status says success, the answer says otherwise; it is not believed"),
)  # fmt: skip
"""Successes that are none."""

STATUSES: Final = (
    Row("google_ads.status.unavailable", subcode("UNAVAILABLE"), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint=_AGAIN),
    Row("google_ads.status.deadline", subcode("DEADLINE_EXCEEDED"), "PLATFORM_TIMEOUT", certainty=_UNKNOWN,
        hint="give the call more time, or ask for less"),
    Row("google_ads.status.internal", subcode("INTERNAL", "UNKNOWN"), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint=_AGAIN),
    Row("google_ads.status.aborted", subcode("ABORTED"), "CONFLICT", retryable=True,
        hint="another change of this object is under way: try again in some seconds"),
    Row("google_ads.status.exhausted", subcode("RESOURCE_EXHAUSTED"), "API_RATE_LIMIT", wait=delay, scope=PROJECT,
        hint="send fewer calls; without a failure the vendor does not say which limit it was"),
    Row("google_ads.status.cancelled", subcode("CANCELLED"), "PLATFORM_SERVICE_ERROR", retryable=False,
        certainty=_UNKNOWN, hint="the call was cancelled on the way"),
    Row("google_ads.status.data_loss", subcode("DATA_LOSS"), "PLATFORM_SERVICE_ERROR", retryable=False,
        certainty=_UNKNOWN, hint=_AGAIN),
    Row("google_ads.status.argument", subcode("INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"),
        "VALIDATION_FAILED", hint="the vendor's message says what is wrong"),
    Row("google_ads.status.unauthenticated", subcode("UNAUTHENTICATED"), "TOKEN_INVALID",
        hint="no credential, or a wrong one, was sent"),
    Row("google_ads.status.denied", subcode("PERMISSION_DENIED"), "PERMISSION_DENIED",
        hint="check login_customer_id, the user's access and the project"),
    Row("google_ads.status.not_found", subcode("NOT_FOUND"), "NOT_FOUND"),
    Row("google_ads.status.exists", subcode("ALREADY_EXISTS"), "CONFLICT",
        hint="look the object up and adopt it, or choose another name"),
    Row("google_ads.status.unimplemented", subcode("UNIMPLEMENTED"), "UNSUPPORTED",
        hint="this version of the vendor's API is gone: upgrade backstay"),
    Row("google_ads.http.413", status(413, 414, 431), "TOO_MUCH_DATA", hint="send less at once"),
    Row("google_ads.http.4xx", Match(lambda facts: facts.status is not None and 400 <= facts.status < 500),
        "VALIDATION_FAILED", hint="a gateway refused the request before the API read it"),
    Row("google_ads.unreadable", READABLE, "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN, retryable=False,
        hint="an answer without a status: read the vendor's message"),
    Row("google_ads.foreign", ANYTHING, "BAD_RESPONSE",
        hint="no answer of Google Ads: a proxy, a gateway or half an answer; a write may have happened"),
)  # fmt: skip
"""What no member names."""
