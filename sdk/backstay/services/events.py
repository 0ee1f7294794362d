"""What the events of all services have in common."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.events.model import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTrouble(Event):
    """A step of a service failed; nothing is lost by it."""

    name = "service_trouble"
    healed = False
    error_type: str
    error_message: str
