"""Instagram's own subcodes, 22070xx: each means one thing, whatever code stands before it (4, 24, 25 and -1 mislead).

Sources: the vendor's page "Error Codes" of the Instagram Platform, and answers that users of public connectors and
schedulers reported; (x) marks numbers that the vendor's page does not have.
"""

from __future__ import annotations

from typing import Final

from backstay.table import Code, Match, Row, code, subcode
from backstay.taxonomy import Certainty

_NEW_FILE: Final = "another file: convert it, then publish under a new key"
FETCH_WAIT: Final = 5.0
"""Seconds after which the vendor's crawler may be sent again to a host that it could not read (users' reports)."""


def number(*numbers: Code) -> Match:
    """One of these as subcode or as code."""
    return subcode(*numbers) | code(*numbers)


SUBCODES: Final = (
    # The account and its limits
    Row("instagram.spam", number(2207051), "API_RATE_LIMIT", retryable=False, certainty=Certainty.UNKNOWN,
        hint="the vendor's protection against spam: it was looked up whether the post is live all the same; stop "
        "publishing from this account for some hours"),
    Row("instagram.quota", number(2207042), "QUOTA_EXHAUSTED",
        hint="the posts of 24 hours are used up: quota() tells how many; the same key publishes later"),
    Row("instagram.restricted", number(2207050), "ACCOUNT_DISABLED",
        hint="the account's owner has to open the app and answer what is asked there"),
    Row("instagram.trial_reels", number(2207081), "PERMISSION_DENIED",  # (x)
        hint="this account may not publish trial reels"),
    # Containers
    Row("instagram.not_ready", number(2207027), "NOT_READY", hint="the container is still being prepared"),
    Row("instagram.container_gone", number(2207008), "NOT_FOUND", retryable=True,
        hint="the container is not there yet, or its 24 hours are over: the same key builds a new one"),
    Row("instagram.media_gone", number(2207006), "NOT_FOUND", hint="no such media, or this token cannot see it"),
    Row("instagram.media_expired", number(2207020), "NOT_FOUND", hint="the media has expired: build a new container"),
    Row("instagram.user", number(2207013), "NOT_FOUND", hint="no professional account has this name"),
    # The vendor's own faults
    Row("instagram.server", number(2207001, 2207032, 2207053), "PLATFORM_SERVICE_ERROR"),
    Row("instagram.processing", number(2207085), "PLATFORM_SERVICE_ERROR",  # (x)
        hint="the media could not be processed: a new container may pass"),
    Row("instagram.download_late", number(2207003), "PLATFORM_TIMEOUT",
        hint="the vendor's crawler waited too long for the file: put it on a faster host"),
    # The file and its address
    Row("instagram.fetch", number(2207052), "VALIDATION_FAILED", retryable=True, wait=FETCH_WAIT,
        hint="the vendor's crawler could not read the address: it must be public HTTPS, without redirect, login or "
        "protection against robots, until the post is out"),
    Row("instagram.download", number(2207077), "VALIDATION_FAILED", retryable=True,  # (x)
        hint="the video's host must honour Range: another host may pass"),
    Row("instagram.video", number(2207026), "VALIDATION_FAILED",
        hint="MP4 or MOV, H.264 or HEVC, AAC, 23 to 60 frames a second, at most 1920 pixels wide"),
    Row("instagram.unusable", number(2207076), "VALIDATION_FAILED",  # (x)
        hint="the file could not be processed: check it and its host"),
    Row("instagram.image_size", number(2207004), "VALIDATION_FAILED", hint="an image has at most 8 MiB"),
    Row("instagram.image_format", number(2207005, 2207083), "VALIDATION_FAILED", hint=f"JPEG only: {_NEW_FILE}"),
    Row("instagram.aspect", number(2207009), "VALIDATION_FAILED",
        hint="width to height from 4:5 to 1.91:1; an empty download is answered with this, too"),
    # The request
    Row("instagram.caption", number(2207010), "VALIDATION_FAILED",
        hint="at most 2,200 characters, 30 hashtags, 20 mentions"),
    Row("instagram.carousel", number(2207028), "VALIDATION_FAILED", hint="a carousel has 2 to 10 items"),
    Row("instagram.tags", number(2207040), "VALIDATION_FAILED", hint="at most 20 people may be tagged"),
    Row("instagram.argument", number(2207023, 2207024, 2207035, 2207036, 2207037, 2207057, 2207082),
        "VALIDATION_FAILED"),
    Row("instagram.before_business", number(2108006), "VALIDATION_FAILED",
        hint="the post is older than the professional account: it has no insights"),
    Row("instagram.capability", number(2228054), "PERMISSION_DENIED", hint="the app lacks this capability"),
)  # fmt: skip
