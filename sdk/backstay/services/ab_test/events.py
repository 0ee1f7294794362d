"""Progress of a test, in the stream of all events."""

from __future__ import annotations

from dataclasses import dataclass

from backstay.events.model import Event
from backstay.services.events import ServiceTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class AbArmChanged(Event):
    """An arm was created, activated or paused by the test."""

    name = "ab_arm_changed"
    test: str
    arm: str
    action: str
    """"created", "activated" or "paused"."""
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbLooked(Event):
    """A test was looked at."""

    name = "ab_looked"
    test: str
    look: int
    """How many looks have seen new days so far."""
    outcome: str
    arm: str | None
    reasons: str
    days: int
    best: str | None
    p: float | None
    """The smallest adjusted p."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbTrouble(ServiceTrouble):
    """A step of a test failed and will be tried again after `again_in` seconds; nothing is lost."""

    name = "ab_trouble"
    test: str
    doing: str
    again_in: float
