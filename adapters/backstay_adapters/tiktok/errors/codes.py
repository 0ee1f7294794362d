"""One row a meaning of TikTok's return codes (the appendix of the vendor's documentation, names of its SDK 1.1.3)."""

from __future__ import annotations

from typing import Final

from backstay.table import Row, code, codes_between
from backstay.taxonomy import Certainty

_UNKNOWN: Final = Certainty.UNKNOWN
_MINUTE: Final = 60.0

_AUTHORISE: Final = "ask a human to authorise the app again: this token cannot be refreshed"
_FILE: Final = "correct the file: format, type, size and specification are in the vendor's message"

CODES: Final = (
    # The request
    Row("tiktok.40000", code(40000), "VALIDATION_FAILED"),
    Row("tiktok.40001", code(40001), "PERMISSION_DENIED",
        hint="grant this app access to the advertiser, or check that the advertiser is not suspended"),
    Row("tiktok.40002", code(40002), "VALIDATION_FAILED",
        hint="the message names what is wrong; if it does not, look at the advertiser's status"),
    Row("tiktok.40003", code(40003), "PERMISSION_DENIED"),
    Row("tiktok.old_version", code(40006, 40051), "UNSUPPORTED", hint="use the API version that this adapter speaks"),
    Row("tiktok.not_found", code(40007, 40300, 40302), "NOT_FOUND",
        hint="check the id and that this token can see it"),
    Row("tiktok.sandbox", code(40008, 40009, 40010, 40014), "UNSUPPORTED",
        hint="not implemented here: the sandbox host offers a part of the API only"),
    Row("tiktok.too_many_ids", code(40011, 40061), "TOO_MUCH_DATA", hint="send fewer ids in one call"),
    Row("tiktok.nothing_to_update", code(40012), "VALIDATION_FAILED",
        hint="nothing to update: the object has these values already, so an earlier update was applied"),
    Row("tiktok.sandbox_advertiser", code(40013), "NOT_FOUND", hint="the sandbox host has advertiser ids of its own"),
    Row("tiktok.duplicate_request", code(40050), "CONFLICT",
        hint="the first request with this id won: look its object up and adopt it"),
    Row("tiktok.material_exists", code(40052, 40911), "CONFLICT",
        hint="a material of this name exists: use it, or choose another name"),
    Row("tiktok.field", code(40053, 40062, 40063, 40108), "VALIDATION_FAILED"),
    Row("tiktok.message_blocked", code(40064), "PERMISSION_DENIED"),
    Row("tiktok.teen_targeting", code(40065), "VALIDATION_FAILED",
        hint="a notice of policy: targeting of US teenagers is restricted; adapt the ages"),
    # The credential
    Row("tiktok.auth", code(40101, 40106, 40107, 40109, 40112, 40113, 40116, 40131), "TOKEN_INVALID", hint=_AUTHORISE),
    Row("tiktok.token_expired", code(40102, 40103), "TOKEN_EXPIRED", hint=_AUTHORISE),
    Row("tiktok.token_missing", code(40104), "TOKEN_INVALID", hint="give the adapter a token: none was sent"),
    Row("tiktok.token_revoked", code(40105), "TOKEN_INVALID",
        hint="wrong or revoked: ask a human to authorise the app again; there is nothing to refresh"),
    Row("tiktok.auth_code", code(40110), "TOKEN_INVALID",
        hint="an auth code works once and for an hour: send the advertiser through the consent page again"),
    Row("tiktok.logged_out", code(40114, 40120, 40309), "TOKEN_EXPIRED", hint="a human has to log in again"),
    Row("tiktok.auth_time", code(40115), "TOKEN_EXPIRED", hint="check this machine's clock"),
    # What a good credential may not do
    Row("tiktok.forbidden", code(40117, 40119, 40121, 40122, 40125, 40301, 70001), "PERMISSION_DENIED"),
    Row("tiktok.allowlist", code(40118), "PERMISSION_DENIED", hint="ask TikTok to put the app on its allowlist"),
    Row("tiktok.developer", code(40124), "ACCOUNT_DISABLED", hint="TikTok rejected the developer profile: amend it"),
    Row("tiktok.brand_safety", codes_between(40126, 40129), "PERMISSION_DENIED",
        hint="sign the brand safety agreement in TikTok Ads Manager"),
    Row("tiktok.scope", code(40130), "PERMISSION_DENIED",
        hint="add the scope to the app, then let a human authorise it again"),
    Row("tiktok.banned_country", code(41000), "PERMISSION_DENIED", hint="call from a country that TikTok serves"),
    # Tasks and concurrent changes
    Row("tiktok.task_failed", code(40200), "PLATFORM_SERVICE_ERROR", hint="make the task anew, once"),
    Row("tiktok.task_running", code(40201), "NOT_READY", hint="ask for the task again in some seconds"),
    Row("tiktok.write_conflict", code(40202), "CONFLICT", retryable=True, wait=5.0,
        hint="another change of this object is under way; try again in some seconds"),
    Row("tiktok.route", code(40400), "UNSUPPORTED",
        hint="route unknown: does the path end with a slash, and is the version v1.3?"),
    Row("tiktok.ad_count", code(40502), "QUOTA_EXHAUSTED", hint="the account holds as many ads as it may: delete some"),
    Row("tiktok.validation_service", code(40700), "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN),
    # Files
    Row("tiktok.signature", code(40900), "VALIDATION_FAILED",
        hint="the signature is the file's md5 in hexadecimal; upload it once more"),
    Row("tiktok.transcoding", code(40901), "NOT_READY", hint="ask for the video again in some seconds"),
    Row("tiktok.fetch_failed", code(40902, 40903, 40912, 40913), "PLATFORM_SERVICE_ERROR",
        hint="TikTok could not fetch the file: check that its URL is public"),
    Row("tiktok.file", code(40904, 40905, 40906, 40908, 40909, 40914, 40915), "VALIDATION_FAILED", hint=_FILE),
    Row("tiktok.file_size", code(40907), "TOO_MUCH_DATA", hint="send a smaller file"),
    Row("tiktok.file_expired", code(40910), "NOT_FOUND", hint="upload the file again"),
    Row("tiktok.content", code(40916), "CREATIVE_REJECTED", hint="TikTok calls the video's content illegal: change it"),
    Row("tiktok.offline", code(41001, 41002), "UNSUPPORTED", hint="TikTok has taken this interface or field away"),
    # TikTok's own services: the write may have happened
    Row("tiktok.timeout", code(50002, 51001, 51010, 51039), "PLATFORM_TIMEOUT", certainty=_UNKNOWN),
    Row("tiktok.maintenance", code(60001), "SERVICE_UNAVAILABLE", certainty=_UNKNOWN, wait=_MINUTE,
        hint="TikTok is under maintenance: wait some minutes"),
    Row("tiktok.service",
        code(50000, 50001, *range(51000, 51068), 51099, 51305, *range(52000, 52004), *range(52100, 52104),
             *range(52201, 52205), 53102, 53103),
        "PLATFORM_SERVICE_ERROR", certainty=_UNKNOWN),
)  # fmt: skip
"""The codes that have one meaning each, and what is left of the catch-all codes when no text has spoken."""
