"""What the catch-all codes hide, as far as only the text says it. User titles are in the user's language: not here."""

from __future__ import annotations

from typing import Final

from backstay.table import ANYTHING, Match, Row, code, pattern, text
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors.matches import WRITTEN

_VAGUE: Final = code(1, 2, 12, 100, -1, None)
_LOGIN: Final = "ask a human to log in and grant the app access again: this token cannot be refreshed"

_MUST_GRANT: Final = pattern(r"permission(\(s\)|s)? must be granted")
_NOT_ALLOWED: Final = pattern(
    r"^(\(#\d+\) )?missing permissions?\b|\brequires? (the )?[\w, /]{0,80}\bpermissions?\b"
    r"|\b(do(es)? not|don't|doesn't) have (the )?(necessary |required |sufficient )?permissions?\b"
) | text("page public metadata access", "page public content access")
_ABSENT: Final = pattern(
    r"\bobject with id .{1,80}\bdoes not exist|^(\(#\d+\) )?(the )?(object|campaign|ad ?set|ad|creative|account|video)"
    r"( \S{1,40}){0,3} (does not exist|was not found|could not be found)\b"
)
_ENDED: Final = pattern(
    r"\bdeprecated (for|in|since|as of) (graph api )?(version|v\d)|\bdeprecated version\b"
    r"|\b(ids parameter|endpoint|edge|api|method) (is|has been|was) (now )?(deprecated|removed|disabled)"
)
_TOKEN: Final = code(190) | code(None) & text("oauth access token", "validating access token")
_LOGGED_OUT: Final = text("logged out", "changed the password", "changed their password", "changed your password")


def _row(rule: str, match: Match, kind: str, hint: str) -> Row:
    return Row(f"meta.text.{rule}", match, kind, hint=hint)


FIRST: Final = (
    Row("meta.written", WRITTEN, "PARTIAL_FAILURE", certainty=Certainty.UNKNOWN,
        hint="it was carried out, only reading it back failed: its id is in the error's original_response"),
    Row("meta.text.reduce", ANYTHING & text("reduce the amount of data"), "TOO_MUCH_DATA", retryable=True,
        hint="ask for less: a smaller page, fewer fields, fewer days; the same again fails again"),
)  # fmt: skip
"""Whatever code it has: 1 mostly."""

TEXTS: Final = (
    _row("token_permission", code(190) & _MUST_GRANT, "PERMISSION_DENIED",
         "grant the permissions that the message names; the token itself is good"),
    _row("token_expired", _TOKEN & (pattern(r"\bexpired\b") | _LOGGED_OUT), "TOKEN_EXPIRED", _LOGIN),
    _row("token", code(None) & _TOKEN, "TOKEN_INVALID", _LOGIN),
    _row("token_missing", code(2500, 104) & text("access token"), "TOKEN_INVALID",
         "no token has arrived: give the adapter one"),
    _row("proof", code(100, 104) & text("appsecret_proof", "app secret proof is", "signature"), "TOKEN_INVALID",
         "the proof fits neither the token nor the app: check app_secret"),
    _row("session_key", code(104) & ~text("reset") & pattern(r"\S"), "TOKEN_INVALID",
         "the request's signature or session is not valid: check token and app_secret"),
    _row("ended", _VAGUE & _ENDED, "UNSUPPORTED", "this part of the API has ended: use another api_version or way"),
    _row("not_found", code(100, None) & _ABSENT, "NOT_FOUND",
         "no such object, or this token cannot see it; an ad account's id needs its act_ prefix"),
    _row("permission", code(100, None) & _NOT_ALLOWED, "PERMISSION_DENIED",
         "grant the permission that the message names, in the app's review or in Business Manager"),
    Row("meta.text.summary", code(100) & text("in summary param"), "PLATFORM_SERVICE_ERROR",
        certainty=Certainty.UNKNOWN, hint="insights refuse a field of the summary now and then: try again"),
)  # fmt: skip
