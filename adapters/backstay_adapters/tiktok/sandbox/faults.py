"""The faults that have words: how TikTok says that it is too much, broken, or that the token is no longer good."""

from __future__ import annotations

from typing import Final

from backstay.sandbox.faults import Fault, FaultKind
from backstay_adapters.tiktok.sandbox.access import EXPIRED, WRONG
from backstay_adapters.tiktok.sandbox.envelope import Refusal
from backstay_adapters.tiktok.sandbox.limits import restricted, too_fast

OURS: Final = {
    50000: "System error",
    50002: "Processing error, please try again later.",
    51001: "internal service timeout",
    51002: "Internal service error ... Please retry later.",
    40700: "Internal validation service failed.",
    60001: "The service is under maintenance.",
    40016: "Requests are too frequent.",
    40133: "Advertiser's QPS reaches QPS limit for current path, request is temporarily restricted.",
    51021: "Too many requests",
    61000: "Too many requests",
}
_USUAL: Final = (50000, 50002, 51001, 51002, 40700)


def words(fault: Fault, app_id: str) -> Refusal | None:
    """The vendor's refusal for a fault; None when it has no words for it."""
    refusal = _words(fault, app_id)
    if refusal is not None and fault.text is not None:
        return Refusal(refusal.code, fault.text)
    return refusal


def _words(fault: Fault, app_id: str) -> Refusal | None:
    match fault.kind:
        case FaultKind.RATE_LIMIT if fault.code is not None:
            return Refusal(fault.code, OURS.get(fault.code, "Too many requests"))
        case FaultKind.RATE_LIMIT:
            return restricted(app_id) if fault.long else too_fast(app_id, 10, 11 + int(fault.draw * 5))
        case FaultKind.TOKEN_EXPIRED:
            return Refusal(fault.code or 40102, EXPIRED)
        case FaultKind.TOKEN_REVOKED:
            return Refusal(fault.code or 40105, WRONG)
        case FaultKind.VENDOR_ERROR:
            code = fault.code or _USUAL[int(fault.draw * len(_USUAL))]
            return Refusal(code, OURS.get(code, "System error"))
        case _:
            return None
