"""How the simulated vendor says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.sandbox import content


class Refusal(content.Refusal):
    """An answer that is an error; `outer` is off for what the edge in front of the API says."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        outer: bool = True,
    ) -> None:
        super().__init__(status, kind, message, headers)
        self.details = details
        self.outer = outer

    def body(self, request_id: str) -> dict[str, Any]:
        """The vendor's envelope."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if not self.outer:
            return {"error": error}
        error["details"] = None if self.details is None else dict(self.details)
        return {"type": "error", "error": error, "request_id": request_id}

    def about(self, request_id: str) -> dict[str, str]:
        """The request's id, and whether the vendor thinks that asking again helps."""
        again = "true" if self.status in {408, 409, 429} or self.status >= 500 else "false"
        return {"request-id": request_id, "x-should-retry": again} if self.outer else {}


def invalid(message: str, **facts: Any) -> Refusal:
    """400 for a request that is wrong."""
    return Refusal(400, "invalid_request_error", message, **facts)


__all__ = ["Refusal", "invalid"]
