"""The faults that have words: too much, broken, refused, or a key that is no longer good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from backstay.sandbox.faults import Fault, FaultKind
from backstay_adapters.gemini.sandbox.refusal import Refusal, invalid, quota, reason
from backstay_adapters.gemini.sandbox.settings import Said

_MODEL: Final = "gemini-3.8-flash"
_MINUTE: Final = "GenerateRequestsPerMinutePerProjectPerModel"
_DAY: Final = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"
_NO: Final = "PERMISSION_DENIED"
_OUT: Final = "RESOURCE_EXHAUSTED"
_SUSPENDED: Final = "Permission denied: Consumer 'api_key:REDACTED' has been suspended."
_LEAKED: Final = "Your API key was reported as leaked. Please use another API key."
_FULL: Final = "The model is overloaded. Please try again later."
_CAP: Final = "Your project has reached its monthly spending cap."
_LOCATION: Final = "User location is not supported for the API use."

ERRORS: Final[Mapping[str, Callable[[], Refusal]]] = {
    "internal": lambda: Refusal(500, "INTERNAL", "An internal error has occurred. Please retry."),
    "unavailable": lambda: Refusal(503, "UNAVAILABLE", "The service is currently unavailable."),
    "overloaded": lambda: Refusal(503, "UNAVAILABLE", _FULL),
    "deadline": lambda: Refusal(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    "capacity": lambda: Refusal(429, _OUT, f"No capacity available for model {_MODEL} on the server",
                                [reason("MODEL_CAPACITY_EXHAUSTED")]),
    "per_day": lambda: quota(_DAY, 250, _MODEL, 36.43),
    "no_share": lambda: quota(_DAY, 0, _MODEL, 36.43),
    "spending_cap": lambda: Refusal(429, _OUT, _CAP),
    "bare": lambda: Refusal(429, _OUT, "Resource has been exhausted (e.g. check quota)."),
    "suspended": lambda: Refusal(403, _NO, _SUSPENDED, [reason("CONSUMER_SUSPENDED")]),
    "leaked": lambda: Refusal(403, _NO, _LEAKED),
    "disabled_service": lambda: Refusal(403, _NO, "Generative Language API has not been used in this project before.",
                                        [reason("SERVICE_DISABLED")]),
    "location": lambda: Refusal(400, "FAILED_PRECONDITION", _LOCATION),
    "role": lambda: invalid("Please use a valid role: user, model."),
    "too_long": lambda: invalid("The input token count (1048577) exceeds the maximum number of tokens allowed "
                                "(1048576)."),
}  # fmt: skip
"""By the name that a rule's `error` gives."""

_STOPPED: Final = "The response violated the safety settings."
ANSWERS: Final[Mapping[str, Said]] = {
    "safety": Said(parts=(), finish="SAFETY", message=_STOPPED),
    "image_safety": Said(parts=(), finish="IMAGE_SAFETY", message=_STOPPED),
    "blocked": Said(blocked="PROHIBITED_CONTENT"),
    "max_tokens": Said(text="The answer begins and", finish="MAX_TOKENS"),
    "thought_out": Said(parts=(), finish="MAX_TOKENS", usage={"thoughtsTokenCount": 400}),
    "bad_json": Said(text='Here is your JSON: {"slides": ['),
    "malformed": Said(parts=(), finish="MALFORMED_FUNCTION_CALL", message="Malformed function call: print("),
    "no_image": Said(parts=(), finish="NO_IMAGE"),
    "words_only": Said(text="I would draw a sail."),
}
"""Answers with 200 that are no good ones, by the same name."""

_USUAL: Final = ("internal", "unavailable", "overloaded")


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
            wait = fault.retry_after if fault.retry_after is not None else 48.0 if fault.long else 3.0
            return quota(_MINUTE, 10, _MODEL, wait)
        case FaultKind.TOKEN_EXPIRED:
            message = "API key expired. Please renew the API key."
            return Refusal(400, "INVALID_ARGUMENT", message, [reason("API_KEY_INVALID")])
        case FaultKind.TOKEN_REVOKED:
            message = "API key not valid. Please pass a valid API key."
            return Refusal(400, "INVALID_ARGUMENT", message, [reason("API_KEY_INVALID")])
        case FaultKind.VENDOR_ERROR if fault.error not in ANSWERS:
            name = fault.error if fault.error in ERRORS else _USUAL[int(fault.draw * len(_USUAL))]
            return ERRORS[name or "internal"]()
        case _:
            return None


__all__ = ["ANSWERS", "ERRORS", "said", "words"]
