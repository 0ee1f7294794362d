"""How the simulated vendor says no, and the faults that have words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from backstay.sandbox import content
from backstay.sandbox.faults import Fault, FaultKind
from backstay.sandbox.wire import Reply, text_reply

ERRORS: Final[Mapping[str, tuple[int, str]]] = {
    "AccessDenied": (403, "Access Denied"),
    "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
    "SignatureDoesNotMatch": (403, "The request signature we calculated does not match the signature you provided."),
    "ExpiredToken": (400, "The provided token has expired."),
    "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
    "XAmzContentSHA256Mismatch": (400, "The provided 'x-amz-content-sha256' header does not match what was computed."),
    "BadDigest": (400, "The Content-MD5 or checksum you specified did not match what we received."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
    "NotImplemented": (501, "A header you provided implies functionality that is not implemented"),
    "SlowDown": (503, "Please reduce your request rate."),
    "ServiceUnavailable": (503, "Service is unable to handle request."),
    "InternalError": (500, "We encountered an internal error. Please try again."),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "QuotaExceeded": (403, "The bucket's quota is used up."),
}
"""By their code: status and message."""


class Refusal(content.Refusal):
    """An error as XML; the answer to a HEAD has no body."""

    def __init__(self, code: str, *, message: str = "", headers: Mapping[str, str] | None = None) -> None:
        status, usual = ERRORS[code]
        super().__init__(status, code, message or usual, headers)

    def body(self, request_id: str) -> Any:
        """The vendor's envelope."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{self.kind}</Code><Message>{self.message}</Message><RequestId>{request_id[-16:]}</RequestId>"
            "</Error>"
        )

    def reply(self, request_id: str) -> Reply:
        """The answer."""
        plain = text_reply(self.body(request_id), self.status, "application/xml")
        return replace(plain, headers={**plain.headers, "x-amz-request-id": request_id[-16:], **self.headers})


def words(fault: Fault) -> Refusal | None:
    """The vendor's refusal for a fault; None when it has no words for it."""
    match fault.kind:
        case FaultKind.RATE_LIMIT:
            wait = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
            return Refusal("SlowDown", headers=wait)
        case FaultKind.TOKEN_EXPIRED:
            return Refusal("ExpiredToken")
        case FaultKind.TOKEN_REVOKED:
            return Refusal("InvalidAccessKeyId")
        case FaultKind.VENDOR_ERROR | FaultKind.PARTIAL:
            name = fault.error or "InternalError"
            return Refusal(name if name in ERRORS else "InternalError", message=fault.text or "")
        case _:
            return None


__all__ = ["ERRORS", "Refusal", "words"]
