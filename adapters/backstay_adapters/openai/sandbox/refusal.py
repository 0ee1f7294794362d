"""How the simulated vendor says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.sandbox import content


class Refusal(content.Refusal):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        kind: str,
        message: str,
        code: str | None = None,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(status, kind, message, headers)
        self.code = code
        self.param = param
        self.facts = facts

    def body(self, request_id: str) -> dict[str, Any]:
        """The vendor's envelope."""
        del request_id
        told = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": {**told, **self.facts}}

    def about(self, request_id: str) -> dict[str, str]:
        """See `content.Refusal.about`."""
        return {"x-request-id": request_id}


def invalid(message: str, code: str | None, param: str | None) -> Refusal:
    """400 for a request that is wrong."""
    return Refusal(400, "invalid_request_error", message, code, param=param)


__all__ = ["Refusal", "invalid"]
