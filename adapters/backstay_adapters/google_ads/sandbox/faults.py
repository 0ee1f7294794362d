"""The faults that have words: how Google says that it is too much, broken, or that the token is no longer good."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from backstay.sandbox.faults import Fault, FaultKind
from backstay_adapters.google_ads.sandbox.access import EXPIRED, REVOKED
from backstay_adapters.google_ads.sandbox.failure import NUMBERS, Problem, Refusal
from backstay_adapters.google_ads.sandbox.limits import daily, temporary

PLUGIN: Final = (
    "Getting metadata from plugin failed with error: ('invalid_grant: Token has been expired or revoked.', "
    "{'error': 'invalid_grant', 'error_description': 'Token has been expired or revoked.'})"
)
"""What a dead refresh token looks like: the client's own credentials fail, so nothing is sent."""

_USUAL: Final = (
    "internal_error.INTERNAL_ERROR", "internal_error.TRANSIENT_ERROR", "INTERNAL", "UNAVAILABLE", "UNKNOWN",
    "DEADLINE_EXCEEDED",
)  # fmt: skip
"""What VENDOR_ERROR draws from when its rule names no error."""

_SAID: Final = {
    "INTERNAL_ERROR": "An internal error has occurred.",
    "TRANSIENT_ERROR": "A transient error has occurred. Please retry the request.",
    "CONCURRENT_MODIFICATION": "Multiple requests were attempting to modify the same resource at once. Please retry "
    "the request.",
}


def words(fault: Fault) -> Refusal | None:
    """The vendor's refusal for a fault; None when it has no words for it."""
    refusal = _words(fault) if fault.error is None else named(fault.error, fault.retry_after)
    if refusal is None or fault.text is None:
        return refusal
    if not refusal.problems:
        return Refusal(code=refusal.code, details=fault.text)
    return Refusal(replace(refusal.problems[0], message=fault.text))


def named(error: str, retry_after: float | None = None) -> Refusal:
    """An error by its name: `family.MEMBER`, a status of gRPC, or invalid_grant."""
    if error == "invalid_grant":
        return Refusal(code="UNAVAILABLE", details=PLUGIN)
    if error in NUMBERS:
        return Refusal(code=error)
    family, _, member = error.partition(".")
    if family == "quota_error" and retry_after is not None:
        return daily(retry_after) if member == "RESOURCE_EXHAUSTED" else temporary(retry_after)
    return Refusal(Problem(family, member, _SAID.get(member, f"{member} (sandbox).")))


def _words(fault: Fault) -> Refusal | None:
    match fault.kind:
        case FaultKind.RATE_LIMIT if fault.long:
            return daily(fault.retry_after or 30 + round(fault.draw * 60))
        case FaultKind.RATE_LIMIT:
            return temporary(fault.retry_after or 1 + round(fault.draw * 4))
        case FaultKind.TOKEN_EXPIRED:
            return Refusal(EXPIRED)
        case FaultKind.TOKEN_REVOKED:
            return Refusal(REVOKED)
        case FaultKind.VENDOR_ERROR:
            return named(_USUAL[int(fault.draw * len(_USUAL))])
        case _:
            return None
