"""Where a service works: its platforms, whose objects are whose, and the clock and the listeners that they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from backstay.ads import AdPlatform, Ref
from backstay.clock import Clock, SystemClock
from backstay.errors import InvalidRequestError
from backstay.events import Listener
from backstay.ledger import Ledger


def several(on: AdPlatform | Sequence[AdPlatform]) -> tuple[AdPlatform, ...]:
    """One platform or some."""
    return tuple(on) if isinstance(on, Sequence) else (on,)


def owner(platforms: Iterable[AdPlatform], ref: Ref) -> AdPlatform:
    """The platform that an object is of; raises InvalidRequestError if it is nobody's."""
    for platform in platforms:
        if platform.owns(ref):
            return platform
    raise InvalidRequestError(
        f"no platform owns {ref}", field="on", value=str(ref), hint="pass the adapter of that account with `on`"
    )


def clock_of(platforms: Iterable[object], given: Clock | None = None) -> Clock:
    """The given clock, the platforms' own, or the system's."""
    return given or getattr(_runtime(platforms), "clock", None) or SystemClock()


def listener_of(platforms: Iterable[object], given: Listener | None = None) -> Listener:
    """The given listener, the platforms' own stream of events, or nobody."""
    return given or getattr(getattr(_runtime(platforms), "events", None), "emit", None) or _nobody


def ledger_of(platforms: Iterable[object]) -> Ledger | None:
    """The ledger of what their calls cost, if they have one."""
    found = getattr(_runtime(platforms), "ledger", None)
    return found if isinstance(found, Ledger) else None


def _runtime(platforms: Iterable[object]) -> Any:
    return next((found for each in platforms if (found := getattr(each, "runtime", None)) is not None), None)


def _nobody(_: object) -> None:
    """Nobody listens."""
