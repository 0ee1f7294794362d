"""The faults that have words: too much, broken, refused, or a key that is no longer good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from backstay.sandbox.faults import Fault, FaultKind
from backstay_adapters.claude.sandbox.limits import rate_limited
from backstay_adapters.claude.sandbox.refusal import Refusal
from backstay_adapters.claude.sandbox.settings import Said

_MONTH: Final = "You will regain access on 2026-02-01 at 00:00 UTC."

_CREDIT: Final = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade."
_SPENT: Final = (
    "You have reached your API usage limits: your organization has crossed its monthly API usage threshold, set based "
    f"on your organization's API tier. {_MONTH}"
)
_CROWD: Final = "Number of concurrent connections has exceeded your rate limit. Please try again later."
_SCOPE: Final = "Your API key does not have permission to use the specified resource."
_BAD: Final = "invalid_request_error"

ERRORS: Final[Mapping[str, tuple[int, str, str, str | None]]] = {
    "api_error": (500, "api_error", "Internal server error", None),
    "overloaded_error": (529, "overloaded_error", "Overloaded", None),
    "timeout_error": (504, "timeout_error", "Request timed out. Try again, or consider using streaming.", None),
    "content_filter": (400, _BAD, "Output blocked by content filtering policy", None),
    "credit": (400, _BAD, _CREDIT, None),
    "usage_limit": (400, _BAD, f"You have reached your specified API usage limits. {_MONTH}", None),
    "spend_limit": (429, "rate_limit_error", _SPENT, "enforced_spend_limit_reached"),
    "organization_on_hold": (400, _BAD, "This organization has been disabled.", "organization_on_hold"),
    "concurrent": (429, "rate_limit_error", _CROWD, None),
    "permission": (403, "permission_error", _SCOPE, None),
}
"""By the name that a rule's `error` gives: status, type, message and error code."""

ANSWERS: Final = {
    "refusal": Said(
        text="", stop_reason="refusal",
        stop_details={"type": "refusal", "category": "general_harms", "explanation": "The request may be harmful."},
    ),
    "max_tokens": Said(text="The answer begins and", stop_reason="max_tokens"),
    "context": Said(text="The answer begins and", stop_reason="model_context_window_exceeded"),
    "bad_json": Said(text='Here is your JSON: {"slides": [', stop_reason="end_turn"),
    "pause_turn": Said(text="Let me look that up.", stop_reason="pause_turn"),
}  # fmt: skip
"""Answers with 200 that are no good ones, by the same name."""

_USUAL: Final = ("api_error", "overloaded_error", "timeout_error")


def words(fault: Fault) -> Refusal | None:
    """The vendor's refusal for a fault; None where it answers with 200, or has no words for it."""
    refusal = _words(fault)
    if refusal is not None and fault.text is not None:
        refusal.message = fault.text
    return refusal


def said(fault: Fault | None) -> Said | None:
    """What the model is made to say for a fault that is an answer."""
    return None if fault is None else ANSWERS.get(fault.error or "")


def _words(fault: Fault) -> Refusal | None:
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            wait = fault.retry_after if fault.retry_after is not None else 45.0 if fault.long else 3.0
            return rate_limited("50 requests per minute", wait, {})
        case FaultKind.TOKEN_EXPIRED:
            message = "OAuth token has expired. Please obtain a new token or refresh your existing token."
            return Refusal(401, "authentication_error", message)
        case FaultKind.TOKEN_REVOKED:
            return Refusal(401, "authentication_error", "invalid x-api-key")
        case FaultKind.VENDOR_ERROR if fault.error not in ANSWERS:
            return _error(fault)
        case _:
            return None


def _error(fault: Fault) -> Refusal:
    name = fault.error if fault.error in ERRORS else _USUAL[int(fault.draw * len(_USUAL))]
    status, kind, message, code = ERRORS[name or "api_error"]
    details = None if code is None else {"error_code": code, "error_visibility": "user_facing"}
    return Refusal(fault.status or status, kind, message, details=details)


__all__ = ["ANSWERS", "ERRORS", "said", "words"]
