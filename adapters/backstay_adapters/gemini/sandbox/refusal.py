"""How the simulated vendor says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from backstay.sandbox import content

GOOGLE: Final = "type.googleapis.com/google.rpc."


class Refusal(content.Refusal):
    """An answer that is an error; `kind` is its status."""

    def __init__(
        self, status: int, kind: str, message: str, details: Sequence[Mapping[str, Any]] = (),
    ) -> None:  # fmt: skip
        super().__init__(status, kind, message)
        self.details = [dict(each) for each in details]

    def body(self, request_id: str) -> dict[str, Any]:
        """The vendor's envelope."""
        del request_id
        error: dict[str, Any] = {"code": self.status, "message": self.message, "status": self.kind}
        return {"error": {**error, "details": self.details} if self.details else error}

    def about(self, request_id: str) -> dict[str, str]:
        """See `content.Refusal.about`."""
        del request_id
        return {"server-timing": "gfet4t7; dur=32"}


def invalid(message: str) -> Refusal:
    """400 for a request that is wrong."""
    return Refusal(400, "INVALID_ARGUMENT", message)


def reason(word: str) -> dict[str, Any]:
    """The detail that names a reason."""
    return {"@type": f"{GOOGLE}ErrorInfo", "reason": word, "domain": "googleapis.com"}


def quota(quota_id: str, value: int, model: str, wait: float | None) -> Refusal:
    """429 for a quota; `wait` in seconds."""
    failure = {"@type": f"{GOOGLE}QuotaFailure", "violations": [{"quotaId": quota_id, "quotaValue": str(value)}]}
    retry = [{"@type": f"{GOOGLE}RetryInfo", "retryDelay": f"{wait:g}s"}] if wait is not None else []
    message = (
        "You exceeded your current quota, please check your plan and billing details. \n* Quota exceeded for metric: "
        f"generativelanguage.googleapis.com/generate_content_requests, limit: {value}, model: {model}"
    )
    if wait is not None:
        message += f"\nPlease retry in {wait:g}s."
    return Refusal(429, "RESOURCE_EXHAUSTED", message, [failure, *retry])


__all__ = ["Refusal", "invalid", "quota", "reason"]
