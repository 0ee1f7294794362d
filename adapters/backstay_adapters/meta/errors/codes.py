"""One row a meaning of Meta's codes, what is left of the catch-all codes when no subcode or text has spoken.

Sources: the vendor's pages "Handle Errors" and "Marketing API Error Codes", and answers seen in public connectors.
"""

from __future__ import annotations

from typing import Final

from backstay.table import Row, code, codes_between, operation, subcode
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors.matches import TRANSIENT, number

_UNKNOWN: Final = Certainty.UNKNOWN
_LOGIN: Final = "ask a human to log in and grant the app access again: this token cannot be refreshed"
_GRANT: Final = "grant the permission that the message names, in the app's review or in Business Manager"

RUN_READS: Final = ("poll_report", "read_report", "get_insights_async")
"""Operations that read a report run, ours and connectors' name for it."""

OBJECTS: Final = (
    Row("meta.run.race", code(100) & subcode(33) & operation(*RUN_READS), "NOT_FOUND", retryable=True,
        hint="a report run that was just started is not found for some seconds: ask again"),
    Row("meta.not_found", code(100) & subcode(33, 34), "NOT_FOUND",
        hint="no such object, or this token cannot see it; an ad account's id needs its act_ prefix"),
    Row("meta.alias", code(803), "NOT_FOUND", hint="no object has this alias: check the id"),
    Row("meta.unknown_narrow", code(1) & subcode(99), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="often too much at once: if it lasts, ask for fewer fields, a smaller page, or another level"),
)  # fmt: skip
"""Codes whose subcode is too small a number to be global."""

TOKENS: Final = (
    Row("meta.token.app_removed", code(190) & subcode(458), "TOKEN_INVALID", hint=_LOGIN),
    Row("meta.token.checkpoint", code(190) & subcode(459, 464), "TOKEN_INVALID",
        hint="the user has to log in at facebook.com and answer what is asked there; then try again"),
    Row("meta.token.password", code(190) & subcode(460), "TOKEN_EXPIRED", hint=_LOGIN),
    Row("meta.token.expired", code(190) & subcode(463), "TOKEN_EXPIRED", hint=_LOGIN),
    Row("meta.token.no_role", code(190) & subcode(492), "PERMISSION_DENIED",
        hint="the user has no role on this page: grant one, or take another user's token"),
    Row("meta.session", code(102), "TOKEN_EXPIRED", hint=_LOGIN),
    Row("meta.token", code(190), "TOKEN_INVALID", hint=_LOGIN),
    Row("meta.two_factor", code(415), "TOKEN_INVALID", hint="the user has to confirm the login with a second factor"),
    Row("meta.application", code(900), "TOKEN_INVALID", hint="no such application: check the app's id and its token"),
)  # fmt: skip

CODES: Final = (
    # The account and what a good credential may not do
    Row("meta.blocked", code(368), "ACCOUNT_DISABLED",
        hint="blocked for a policy or a security check: look at the account's quality page; it takes days"),
    Row("meta.identity_step", code(31), "PERMISSION_DENIED",
        hint="the user has an open step to do (identity, terms): open Ads Manager and do it"),
    Row("meta.permission", code(3, 5, 10), "PERMISSION_DENIED", hint=_GRANT),
    Row("meta.terms", code(2655), "PERMISSION_DENIED", hint="accept the terms that the message names"),
    Row("meta.permission_range", codes_between(200, 299), "PERMISSION_DENIED", hint=_GRANT),
    # The request
    Row("meta.too_many_parameters", code(105), "TOO_MUCH_DATA", hint="send fewer parameters in one call"),
    Row("meta.version", code(12, 2635), "UNSUPPORTED",
        hint="this version or endpoint has ended: use a newer api_version"),
    Row("meta.content", code(500), "CREATIVE_REJECTED", hint="the message holds content that is not allowed"),
    Row("meta.duplicate_post", code(506), "CONFLICT", hint="the same post is there already: look it up"),
    Row("meta.count", code(2695), "QUOTA_EXHAUSTED", hint="the account holds as many of these as it may: delete some"),
    Row("meta.cursor", code(2642), "VALIDATION_FAILED", hint="the cursor is too old: start the list again"),
    Row("meta.look_back", code(3018), "VALIDATION_FAILED",
        hint="insights go 37 months back: give a later first day"),
    Row("meta.ads_listed", code(194, 1150, 2500, 2606, 2607, 2615, 2641, 2650, 2654), "VALIDATION_FAILED"),
    # Meta's own services: the write may have happened
    Row("meta.aborted", code(960), "PLATFORM_TIMEOUT", certainty=_UNKNOWN,
        hint="the batch was given up or timed out: some of its items may be done"),
    Row("meta.report_not_ready", number(1815107), "NOT_READY", hint="the report is not finished: poll it"),
    Row("meta.report", code(2601), "PLATFORM_SERVICE_ERROR", hint="the report failed: start it again, at most twice"),
    Row("meta.proof_or_reset", code(104), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="without a text this was a broken connection inside the vendor's network"),
    Row("meta.edit_failed", code(300), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="the edit failed: read the object, then try once more"),
    Row("meta.upload", code(6001), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="a part of the file was lost: go on at the offset that the vendor names"),
    Row("meta.upload_refused", code(6000), "VALIDATION_FAILED", hint="the vendor cannot use this file: change it"),
    Row("meta.service", code(-1, -2, -3, 1, 2, 5000), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN,
        hint="if it lasts, ask for less at once, and check that the token belongs to this app"),
    # The vendor says that it may pass: believed where nothing above knows better
    Row("meta.transient", TRANSIENT, "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN),
    Row("meta.parameter", code(100), "VALIDATION_FAILED"),
)  # fmt: skip
