"""The stream: hands each event to every listener, in order, and lets none of them break a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from backstay.events.model import Event


class Listener(Protocol):
    """One method: take an event. It runs inside the call, so it must be quick and must not block."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        ...


class Stream:
    """Listeners and the one way to reach them."""

    __slots__ = ("broken", "listeners")

    def __init__(self, *listeners: Listener) -> None:
        self.listeners: tuple[Listener, ...] = listeners
        """Empty means that nobody builds events at all: the engine looks here first."""
        self.broken: list[tuple[Listener, Exception]] = []
        """Listeners that raised, with their last error; the call that they were told about went on."""

    def add(self, listener: Listener) -> None:
        """Add a listener."""
        self.listeners = (*self.listeners, listener)

    def remove(self, listener: Listener) -> None:
        """Take a listener away."""
        self.listeners = tuple(known for known in self.listeners if known != listener)

    def emit(self, event: Event) -> None:
        """Tell everybody; a listener's fault is kept in `broken`, never raised into a call."""
        for listener in self.listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - a listener must not break the call it watches
                self.broken = [(listener, error), *(b for b in self.broken if b[0] != listener)][:16]
