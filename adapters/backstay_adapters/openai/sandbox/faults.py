"""The faults that have words: too much, broken, refused, or a key that is no longer good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.sandbox.faults import Fault, FaultKind
from backstay_adapters.openai.sandbox.limits import rate_limited
from backstay_adapters.openai.sandbox.refusal import Refusal

_BAD: Final = "invalid_request_error"
_USER: Final = "image_generation_user_error"
_HELP: Final = "You can retry your request, or contact us through our help center at help.openai.com."
_BLOCKED: Final = "Your request was rejected by the safety system. safety_violations=[violence]."
_MODEL: Final = "gpt-image-2"
_DAY: Final = (
    f"Rate limit reached for {_MODEL} in organization org-sandbox on requests per day (RPD): Limit 200, Used 200, "
    "Requested 1. Please try again in 7m12s."
)
_NONE: Final = f"Rate limit reached for {_MODEL} in organization org-sandbox on images per min. Limit: 0 / 1min."
_INPUT: Final = (
    f"Rate limit reached for {_MODEL} on input-images per min: Limit 4000, Used 4000, Requested 1. Please try again in "
    "15ms."
)
_QUOTA: Final = "You exceeded your current quota, please check your plan and billing details."
_VERIFY: Final = (
    f"Your organization must be verified to use the model `{_MODEL}`. Please go to the console and click on Verify."
)
_COUNTRY: Final = "Country, region, or territory not supported"
_FULL: Final = f"The engine is currently overloaded with other requests. {_HELP}"

ERRORS: Final[Mapping[str, tuple[int, str, str, str | None]]] = {
    "server_error": (500, "server_error", f"The server had an error while processing your request. {_HELP}",
                     "server_error"),
    "overloaded": (503, "server_error", _FULL, None),
    "slow_down": (503, "server_error", "Slow down", "slow_down"),
    "moderation_blocked": (400, _USER, _BLOCKED, "moderation_blocked"),
    "moderation_output": (400, _USER, _BLOCKED, "moderation_blocked"),
    "content_policy": (400, _BAD, "Your request was rejected as a result of our safety system.",
                       "content_policy_violation"),
    "invalid_image": (400, _USER, "Invalid image data.", "invalid_image_file"),
    "hard_limit": (400, _BAD, "Billing hard limit has been reached", "billing_hard_limit_reached"),
    "quota": (429, "insufficient_quota", _QUOTA, "insufficient_quota"),
    "inactive": (429, "billing_not_active", "Your account is not active, please check your billing details.",
                 "billing_not_active"),
    "per_day": (429, "requests", _DAY, "rate_limit_exceeded"),
    "no_share": (429, "requests", _NONE, "rate_limit_exceeded"),
    "unverified": (403, _BAD, _VERIFY, None),
    "country": (403, "request_forbidden", _COUNTRY, "unsupported_country_region_territory"),
    "inside_200": (200, "input-images", _INPUT, "rate_limit_exceeded"),
}  # fmt: skip
"""By the name that a rule's `error` gives: status, type, message and code."""

_FACTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "moderation_blocked": {"moderation_details": {"moderation_stage": "input", "categories": ["violence"]}},
    "moderation_output": {"moderation_details": {"moderation_stage": "output", "categories": ["violence"]}},
}
ANSWERS: Final = frozenset({"empty", "no_picture", "by_address", "dead_address", "unsafe_address"})
"""Answers with 200 that are no usual ones, by the same name."""

_USUAL: Final = ("server_error", "overloaded", "slow_down")


def words(fault: Fault) -> Refusal | None:
    """The vendor's refusal for a fault; None where it answers with 200, or has no words for it."""
    refusal = _words(fault)
    if refusal is not None and fault.text is not None:
        refusal.message = fault.text
    return refusal


def _words(fault: Fault) -> Refusal | None:
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            wait = fault.retry_after if fault.retry_after is not None else 45.0 if fault.long else 12.0
            return rate_limited("images", 5, wait, _MODEL, {})
        case FaultKind.TOKEN_EXPIRED:
            return Refusal(401, _BAD, "Your API key has expired.", "expired_api_key")
        case FaultKind.TOKEN_REVOKED:
            return Refusal(401, _BAD, "Incorrect API key provided: sand********-key.", "invalid_api_key")
        case FaultKind.VENDOR_ERROR if fault.error not in ANSWERS:
            # Whoever is turned away is turned away before anything is drawn.
            usual = ("server_error",) if fault.after_commit else _USUAL
            name = fault.error if fault.error in ERRORS else usual[int(fault.draw * len(usual))]
            status, kind, message, code = ERRORS[name or "server_error"]
            return Refusal(fault.status or status, kind, message, code, **_FACTS.get(name or "", {}))
        case _:
            return None


__all__ = ["ANSWERS", "ERRORS", "words"]
