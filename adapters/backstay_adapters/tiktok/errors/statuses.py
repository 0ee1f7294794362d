"""What goes around the codes: contradictions and partial success before them, ranges and HTTP statuses after them."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, READABLE, Match, Row, code, codes_between, status, statuses_between
from backstay.taxonomy import Certainty
from backstay_adapters.tiktok.errors.limits import APP, FIVE_MINUTES
from backstay_adapters.tiktok.errors.texts import UNLISTED, texts

_UNKNOWN: Final = Certainty.UNKNOWN
_ITEMS: Final = Match(lambda facts: bool(facts.items))
_LOOK: Final = "some items may be done: look at each before sending it again; never send the whole batch again"

FIRST: Final = (
    Row("tiktok.partial", code(20001, 0) & _ITEMS & READABLE, "PARTIAL_FAILURE",
        hint="look at each item's error and send only those again"),
    Row("tiktok.partial.unlisted_items", code(20001), "PARTIAL_FAILURE", certainty=_UNKNOWN, hint=_LOOK),
    Row("tiktok.contradiction", code(0), "BAD_RESPONSE",
        hint="the body says success, HTTP or the encoding says otherwise; it is not believed"),
)  # fmt: skip
"""Codes of success that mean none."""

REST: Final = (
    *texts(UNLISTED, suffix=".unlisted"),
    Row("tiktok.range.request", codes_between(40000, 49999), "VALIDATION_FAILED",
        hint="an unlisted code of the 4xxxx range: read the vendor's message"),
    Row("tiktok.range.service", codes_between(50000, 69999), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="an unlisted code of TikTok's own services: try again; if it lasts, give the request id to its support"),
    # No envelope, or one of a gateway: these calls did not reach the API's logic.
    Row("tiktok.http.429", status(429), "API_RATE_LIMIT", wait=FIVE_MINUTES, scope=APP,
        hint="send fewer calls: the limit is per app and all its advertisers share it"),
    Row("tiktok.http.timeout", status(408, 504, 522, 524), "PLATFORM_TIMEOUT"),
    Row("tiktok.http.not_implemented", status(501, 505), "UNSUPPORTED",
        hint="TikTok's gateway does not know this method or protocol; trying again does not help"),
    Row("tiktok.http.5xx", statuses_between(500, 599), "PLATFORM_SERVICE_ERROR",
        hint="TikTok's gateway failed; the vendor speaks of about five minutes"),
    Row("tiktok.http.401", status(401), "TOKEN_INVALID", hint="ask a human to authorise the app again"),
    Row("tiktok.http.403", status(403), "PERMISSION_DENIED",
        hint="the gateway refused: check the token, the host and this machine's address"),
    Row("tiktok.http.404", status(404, 405, 410), "UNSUPPORTED",
        hint="route unknown: does the path end with a slash, and is the version v1.3?"),
    Row("tiktok.http.413", status(413, 414, 431), "TOO_MUCH_DATA", hint="send less at once"),
    Row("tiktok.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED",
        hint="the gateway refused the request before the API read it"),
    Row("tiktok.http.3xx", statuses_between(300, 399), "BAD_RESPONSE",
        hint="TikTok does not redirect: a proxy or a wrong base_url answered"),
    Row("tiktok.code.unlisted", Match(lambda facts: facts.code is not None), "PLATFORM_SERVICE_ERROR",
        certainty=_UNKNOWN, hint="a code outside all known ranges: read the vendor's message"),
    Row("tiktok.unreadable", ANYTHING, "BAD_RESPONSE",
        hint="no TikTok envelope: a proxy, a gateway or half an answer; a write may have happened"),
)  # fmt: skip
"""What no code names."""
