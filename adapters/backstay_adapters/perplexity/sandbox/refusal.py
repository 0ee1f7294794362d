"""How the simulated vendor says no, and the faults that have words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.sandbox import content
from backstay.sandbox.faults import Fault, FaultKind

ERRORS: Final[Mapping[str, tuple[int, str, str]]] = {
    "internal_server_error": (500, "internal_server_error", "Internal server error"),
    "too_many_prompt_tokens": (400, "too_many_prompt_tokens", "The total length of all messages is too long."),
    "credits": (401, "insufficient_quota", "You have run out of credits. Please purchase more to go on."),
    "permission": (403, "forbidden", "This key may not do this."),
}
"""By the name that a rule's `error` gives: status, type and message."""


class Refusal(content.Refusal):
    """An answer that is an error."""

    def body(self, request_id: str) -> dict[str, Any]:
        """The vendor's envelope; the request's id stands in a header only."""
        del request_id
        return {"error": {"message": self.message, "type": self.kind, "code": self.status}}

    def about(self, request_id: str) -> dict[str, str]:
        """The request's id."""
        return {"x-request-id": request_id}


def bad_key() -> Refusal:
    """401, for an expired key as for a wrong one: the vendor has one answer for both."""
    message = "Invalid API key provided. Ensure your API key is correct and active."
    return Refusal(401, "invalid_api_key", message)


def words(fault: Fault) -> Refusal | None:
    """The vendor's refusal for a fault; None when it has no words for it."""
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            message = "Request rate limit exceeded, please try again later."
            wait = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
            return Refusal(429, "request_rate_limit_exceeded", fault.text or message, wait)
        case FaultKind.TOKEN_EXPIRED | FaultKind.TOKEN_REVOKED:
            return bad_key()
        case FaultKind.VENDOR_ERROR if fault.error != "job_failed":
            status, kind, message = ERRORS.get(fault.error or "", ERRORS["internal_server_error"])
            return Refusal(fault.status or status, kind, fault.text or message)
        case _:
            return None


__all__ = ["ERRORS", "Refusal", "bad_key", "words"]
