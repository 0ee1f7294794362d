"""Graph's codes as Instagram uses them, after the subcodes: limits, tokens, permissions, the request, the HTTP status.

Sources: the vendor's pages "Error Codes" (Instagram Platform) and "Handle Errors" (Graph API), and answers seen in
public connectors. `is_transient` is false on nearly all of them, those that pass included, so it is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from backstay.table import (
    ANYTHING,
    Facts,
    Match,
    Row,
    code,
    codes_between,
    operation,
    pattern,
    status,
    statuses_between,
    subcode,
    text,
)
from backstay.taxonomy import Certainty
from backstay_adapters.instagram.errors.decode import UPLOAD, error_of, failed_container
from backstay_adapters.instagram.wire.usage import ACCOUNT, APP, told

_UNKNOWN: Final = Certainty.UNKNOWN
_LOGIN: Final = "ask the account's owner to log in and grant the app access again"
_GRANT: Final = "grant the permission that the message names (content publishing, insights)"
FLOOR: Final = 60.0
"""Seconds that a limit without a number is given."""

FRESH: Final = ("container", "post", "container_status")
"""Operations that read what was made a moment ago: the vendor does not find it now and then."""

FRESH_WAIT: Final = 2.0
"""Seconds until it may be found: schedulers ask three times more within some seconds."""

_EXPIRED: Final = pattern(r"\bexpired\b|\binvalidated\b|logged out|changed (the|their|your) password")
_TOKEN: Final = code(190) | code(None) & text("oauth access token", "validating access token")
_ENVELOPE: Final = Match(lambda facts: error_of(facts.body) is not None)
_CODED: Final = Match(lambda facts: facts.code is not None)


def _wait(limit: str) -> Callable[[Facts], float]:
    def seconds(facts: Facts) -> float:
        return max(FLOOR, *(usage.wait or 0.0 for usage in told(facts.headers) if usage.limit == limit), 0.0)

    return seconds


def _rate(rule: str, match: Match, scope: str) -> Row:
    return Row(f"instagram.rate.{rule}", match, "API_RATE_LIMIT", wait=_wait(scope), scope=scope,
               hint="send fewer calls")  # fmt: skip


def _retriable(facts: Facts) -> bool:
    said = error_of(facts.body)
    return said is not None and said.get("retriable") is True


LIMITS: Final = (
    _rate("account", code(80002), ACCOUNT),
    _rate("custom", code(613, 17), ACCOUNT),
    _rate("app", code(4, 341), APP),
    _rate("page", code(32), ACCOUNT),
)
TOKENS: Final = (
    Row("instagram.token.no_role", code(190) & subcode(492), "PERMISSION_DENIED",
        hint="the user has no role on the page of this account"),
    Row("instagram.token.unconfirmed", code(190) & subcode(458, 459, 464), "TOKEN_INVALID", hint=_LOGIN),
    Row("instagram.token.expired", code(102) | code(190) & subcode(460, 463) | _TOKEN & _EXPIRED, "TOKEN_EXPIRED",
        hint=_LOGIN),
    Row("instagram.token", _TOKEN, "TOKEN_INVALID", hint=_LOGIN),
    Row("instagram.token.missing", code(2500, 104) & text("access token"), "TOKEN_INVALID",
        hint="no token has arrived: give the adapter one"),
)  # fmt: skip
CODES: Final = (
    Row("instagram.reduce", text("reduce the amount of data"), "TOO_MUCH_DATA", retryable=True,
        hint="ask for less: a smaller page, fewer fields"),
    Row("instagram.upload.denied", code(UPLOAD) & text("unauthorized", "access token", "oauth"), "TOKEN_INVALID",
        hint=_LOGIN),
    Row("instagram.upload.again", code(UPLOAD) & Match(_retriable), "PLATFORM_SERVICE_ERROR"),
    Row("instagram.upload", code(UPLOAD), "PLATFORM_SERVICE_ERROR", retryable=False,
        hint="the file could not be taken: build a new container"),
    Row("instagram.few_viewers", code(10) & text("not enough viewers"), "VALIDATION_FAILED",
        hint="figures are told from five viewers on: leave this post out"),
    Row("instagram.blocked", code(368), "ACCOUNT_DISABLED", hint="blocked for a policy: look into the app"),
    Row("instagram.quota.bare", code(9), "QUOTA_EXHAUSTED", hint="a quota of the day is used up"),
    Row("instagram.restricted.bare", code(25), "ACCOUNT_DISABLED", hint="the account's owner has to open the app"),
    Row("instagram.permission", code(3, 5, 10) | codes_between(200, 299), "PERMISSION_DENIED", hint=_GRANT),
    Row("instagram.fresh", code(100) & subcode(33) & operation(*FRESH), "NOT_FOUND", retryable=True, wait=FRESH_WAIT,
        hint="what was just made is not found for some seconds"),
    Row("instagram.not_found", code(100) & subcode(33) | code(24, 110, 803), "NOT_FOUND",
        hint="no such object, or this token cannot see it"),
    Row("instagram.version", code(12, 2635), "UNSUPPORTED", hint="this version has ended: use a newer api_version"),
    Row("instagram.not_available", code(9007), "NOT_READY", hint="the container is still being prepared"),
    Row("instagram.request", code(100, 9004, 36000, 36001, 36003, 36004, 352, 33, 105), "VALIDATION_FAILED"),
    Row("instagram.timeout", code(-2), "PLATFORM_TIMEOUT"),
    Row("instagram.server_code", code(1, 2, -1, -3), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN),
)  # fmt: skip
REST: Final = (
    Row("instagram.container_failed", Match(failed_container), "PLATFORM_SERVICE_ERROR", certainty=Certainty.REFUSED,
        hint="the vendor gives no number for it: a new container may pass"),
    Row("instagram.code.server", _CODED & statuses_between(500, 599), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN),
    Row("instagram.code.unlisted", _CODED, "VALIDATION_FAILED",
        hint="an unlisted code: read the vendor's message"),
    Row("instagram.http.429", status(429), "API_RATE_LIMIT", wait=FLOOR, scope=APP, hint="send fewer calls"),
    Row("instagram.http.timeout", status(408, 504), "PLATFORM_TIMEOUT"),
    Row("instagram.http.5xx", statuses_between(500, 599), "PLATFORM_SERVICE_ERROR"),
    Row("instagram.http.401", status(401), "TOKEN_INVALID", hint="check the token"),
    Row("instagram.http.403", status(403), "PERMISSION_DENIED", hint="check the token, the host and the flavour"),
    Row("instagram.http.404", status(404), "NOT_FOUND", hint="check the id, the host and api_version"),
    Row("instagram.http.gone", status(405, 410), "UNSUPPORTED", hint="check the host and api_version"),
    Row("instagram.http.413", status(413, 414, 431), "TOO_MUCH_DATA", hint="send less at once"),
    Row("instagram.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("instagram.silent", code(None) & _ENVELOPE, "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN),
    Row("instagram.unreadable", ANYTHING, "BAD_RESPONSE",
        hint="no answer of the API: a proxy, a gateway or half an answer; a post may have gone out"),
)  # fmt: skip
