"""What goes around the codes: batches and failed reports before them, ranges and HTTP statuses after them."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, Match, Row, code, status, statuses_between, text
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors.limits import FLOOR
from backstay_adapters.meta.errors.matches import ENVELOPE, NOT_DONE, REPORT
from backstay_adapters.meta.wire.usage import APP

_UNKNOWN: Final = Certainty.UNKNOWN
_CODED: Final = Match(lambda facts: facts.code is not None)

RUNS: Final = (
    Row("meta.run", REPORT & code(None, -3, -2, -1, 1, 2, 100, 2601), "PLATFORM_SERVICE_ERROR",
        hint="the report run failed: start a new one, at most twice, then ask for less"),
)  # fmt: skip
"""A failed run whose subcode says nothing more: 2601/1487742 is no limit here, though 613/1487742 is one."""

REST: Final = (
    Row("meta.code.server", _CODED & statuses_between(500, 599), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="an unlisted code with a failed status: try again; if it lasts, give the trace id to Meta's support"),
    Row("meta.code.unlisted", _CODED, "VALIDATION_FAILED",
        hint="an unlisted code: read the vendor's message"),
    Row("meta.not_done", NOT_DONE, "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="the vendor answered without an error that it was not done: read the object, then try again"),
    # No error of Graph's: these answers come from what stands before it, or from a proxy
    Row("meta.text.unavailable", ~ENVELOPE & text("service unavailable", "upstream connect error"),
        "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN, hint="an outage at Meta's edge: try again"),
    Row("meta.http.429", status(429), "API_RATE_LIMIT", wait=FLOOR, scope=APP, hint="send fewer calls"),
    Row("meta.http.timeout", status(408, 504), "PLATFORM_TIMEOUT"),
    Row("meta.http.5xx", statuses_between(500, 599), "PLATFORM_SERVICE_ERROR", hint="Meta's edge failed: try again"),
    Row("meta.http.401", status(401), "TOKEN_INVALID", hint="check the token"),
    Row("meta.http.403", status(403), "PERMISSION_DENIED", hint="check the token, the host and this machine's address"),
    Row("meta.http.404", status(404), "NOT_FOUND", hint="check the id, the host and api_version"),
    Row("meta.http.gone", status(405, 410), "UNSUPPORTED", hint="check the host and api_version"),
    Row("meta.http.413", status(413, 414, 431), "TOO_MUCH_DATA", hint="send less at once: fewer fields or ids"),
    Row("meta.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED",
        hint="the request was refused before the API read it"),
    Row("meta.http.3xx", statuses_between(300, 399), "BAD_RESPONSE",
        hint="the API does not redirect: a proxy or a wrong base_url answered"),
    Row("meta.error.silent", code(None) & ENVELOPE, "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="an error that says nothing: try again"),
    Row("meta.unreadable", ANYTHING, "BAD_RESPONSE",
        hint="no answer of the Graph API: a proxy, a gateway or half an answer; a write may have happened"),
)  # fmt: skip
