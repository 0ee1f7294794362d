"""How the simulated vendor says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.sandbox.wire import Reply, json_reply


class Refusal(Exception):  # noqa: N818 - the vendor's answer, not a fault of the simulator
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
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message
        self.details = details
        self.headers = dict(headers or {})
        self.outer = outer

    def body(self, request_id: str) -> dict[str, Any]:
        """The vendor's envelope."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if not self.outer:
            return {"error": error}
        error["details"] = None if self.details is None else dict(self.details)
        return {"type": "error", "error": error, "request_id": request_id}

    def reply(self, request_id: str) -> Reply:
        """The answer."""
        again = "true" if self.status in {408, 409, 429} or self.status >= 500 else "false"
        headers = {"request-id": request_id, "x-should-retry": again} if self.outer else {}
        plain = json_reply(self.body(request_id), self.status)
        return Reply(plain.status, {**plain.headers, **headers, **self.headers}, plain.body)


def invalid(message: str, **facts: Any) -> Refusal:
    """400 for a request that is wrong."""
    return Refusal(400, "invalid_request_error", message, **facts)


__all__ = ["Refusal", "invalid"]
