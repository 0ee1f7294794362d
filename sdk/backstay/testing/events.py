"""Capture events in a test."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backstay.events import Event
    from backstay.runtime import Runtime


@contextlib.contextmanager
def capture_events(runtime: Runtime) -> Iterator[list[Event]]:
    """Collect the events of a runtime inside the block, in order; the list stays readable after it."""
    events: list[Event] = []
    runtime.events.add(events.append)
    try:
        yield events
    finally:
        runtime.events.remove(events.append)
