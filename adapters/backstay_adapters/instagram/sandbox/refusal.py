"""How the simulated vendor says no, and the faults that have words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from backstay.sandbox import content
from backstay.sandbox.faults import Fault, FaultKind

SORRY: Final = "We restrict certain activity to protect our community. Tell us if you think that we've made a mistake."


class Words(NamedTuple):
    """An error of the vendor's."""

    status: int
    code: int
    subcode: int | None
    message: str
    title: str = ""
    told: str = ""


ERRORS: Final[Mapping[str, Words]] = {
    "server": Words(400, -1, 2207001, "Fatal", "Server error", "An Instagram server error occurred. Try again."),
    "unknown": Words(500, 1, None, "An unknown error occurred"),
    "unavailable": Words(500, 2, None, "An unexpected error has occurred. Please retry your request later."),
    "not_made": Words(400, -1, 2207032, "Fatal", "Create media fail", "Failed to create the media. Try again."),
    "late": Words(400, -2, 2207003, "It takes too long to download the media."),
    "fetch": Words(400, 9004, 2207052, "Only photo or video can be accepted as media type.", "Media download failed",
                   "The media could not be fetched from this URI."),
    "spam": Words(403, 4, 2207051, "Application request limit reached", "Action is blocked", SORRY),
    "quota": Words(400, 9, 2207042, "Application limit reached", "Limit reached",
                   "The user has reached the maximum number of posts."),
    "restricted": Words(400, 25, 2207050, "User access is restricted", "User is restricted",
                        "The Instagram account is restricted."),
    "not_ready": Words(400, 9007, 2207027, "Media ID is not available", "Cannot publish",
                       "The media is not ready to be published. Please wait a moment."),
    "gone": Words(400, 24, 2207008, "The media builder with creation id does not exist or has expired"),
    "not_found": Words(400, 100, 33, "Unsupported get request. Object does not exist, cannot be loaded due to missing "
                                     "permissions, or does not support this operation"),
    "permission": Words(403, 10, None, "(#10) Application does not have permission for this action"),
    "few_viewers": Words(400, 10, None, "(#10) Not enough viewers for the media to show insights"),
    "image_size": Words(400, 36000, 2207004, "The image size is too large.", "Image size too large",
                        "The image is too large to download. It should be less than 8 MiB."),
    "image_format": Words(400, 36001, 2207005, "The image format is not supported."),
    "aspect": Words(400, 36003, 2207009, "The aspect ratio is not supported."),
    "caption": Words(400, 36004, 2207010, "The caption was too long."),
    "carousel": Words(400, 100, 2207028, "Invalid parameter", "Carousel validation failed",
                      "A carousel needs between 2 and 10 items."),
    "media_type": Words(400, 100, 2207023, "Invalid parameter", "Unknown media type"),
    "parameter": Words(400, 100, None, "(#100) Invalid parameter"),
    "reduce": Words(500, 1, None, "Please reduce the amount of data you're asking for, then retry your request"),
}  # fmt: skip
"""By the name that a rule's `error` gives."""


class Refusal(content.Refusal):
    """An error in Graph's envelope."""

    def __init__(self, name: str, *, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        words = ERRORS[name]
        super().__init__(words.status, "OAuthException", message or words.message, headers)
        self.words = words

    def body(self, request_id: str) -> dict[str, Any]:
        """The vendor's envelope."""
        words = self.words
        told: dict[str, Any] = {
            "message": self.message, "type": self.kind, "code": words.code, "error_subcode": words.subcode,
            "is_transient": False, "error_user_title": words.title or None, "error_user_msg": words.told or None,
            "fbtrace_id": request_id[-20:],
        }  # fmt: skip
        return {"error": {name: value for name, value in told.items() if value is not None}}


class Denied(Refusal):
    """401 and the like: a token that is good no more."""

    def __init__(self, subcode: int | None, message: str) -> None:
        super().__init__("parameter", message=message)
        self.words = Words(400 if subcode else 401, 190, subcode, message)
        self.status = self.words.status


class Limited(Refusal):
    """Too many calls of an account."""

    def __init__(self, minutes: int, account: str) -> None:
        super().__init__("parameter", message="(#80002) There have been too many calls to this Instagram account.")
        self.words = Words(400, 80002, None, self.message)
        self.headers = usage(account, 100, minutes)


def usage(account: str, percent: int, minutes: int = 0) -> dict[str, str]:
    """The header that tells how much of the account's calls is used."""
    entry = (
        f'{{"type":"instagram","call_count":{percent},"total_cputime":1,"total_time":1,'
        f'"estimated_time_to_regain_access":{minutes}}}'
    )
    return {"x-business-use-case-usage": f'{{"{account}":[{entry}]}}'}


def expired() -> Refusal:
    """A token whose time is over."""
    return Denied(463, "Error validating access token: Session has expired on Wednesday, 31-Dec-25 16:00:00 PST.")


def revoked() -> Refusal:
    """A token that was taken back, or never was one."""
    return Denied(None, "Invalid OAuth access token - Cannot parse access token")


def words(fault: Fault, account: str) -> Refusal | None:
    """The vendor's refusal for a fault; None when it has no words for it."""
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            minutes = 1 if fault.retry_after is None else max(1, int(fault.retry_after // 60))
            return Limited(minutes, account)
        case FaultKind.TOKEN_EXPIRED:
            return expired()
        case FaultKind.TOKEN_REVOKED:
            return revoked()
        case FaultKind.VENDOR_ERROR | FaultKind.PARTIAL:
            name = fault.error or "unknown"
            return Refusal(name if name in ERRORS else "unknown", message=fault.text or "")
        case _:
            return None


__all__ = ["ERRORS", "Limited", "Refusal", "Words", "expired", "revoked", "usage", "words"]
