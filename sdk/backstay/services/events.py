"""What the events of all services have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from backstay.clock import Clock
from backstay.errors import BackstayError
from backstay.events.model import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTrouble(Event):
    """A step of a service failed; nothing is lost by it."""

    name = "service_trouble"
    healed = False
    error_type: str
    error_message: str

    @classmethod
    def of(cls, error: BackstayError, clock: Clock, function: str, **facts: Any) -> Self:
        """Of what was raised just now; `facts` are the fields that a service adds."""
        return cls(
            at=clock.wall(), vendor=error.vendor, function=function, error_type=error.type,
            error_message=error.message, **facts,
        )  # fmt: skip
