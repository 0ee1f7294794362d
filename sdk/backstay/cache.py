"""The cache."""

from __future__ import annotations

import asyncio
from typing import Any

from backstay.engine.flight import Flights
from backstay.stores.protocol import Entry


class Cache:
    """A stand-in until the real one is here."""

    def __init__(self, store: Any = None, clock: Any = None) -> None:
        self.flights = Flights()
        self._entries: dict[str, Entry] = {}
        self._generation = 0
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()

    def lookup(self, key: str, now: float) -> Entry | None:
        return self._entries.get(key)

    def begin(self) -> int:
        return self._generation

    def store(self, key: str, value: Any, *, ttl: float, tags: tuple[str, ...] = (), begun: int = 0) -> None:
        if begun == self._generation:
            self._entries[key] = Entry(value, self._clock.wall(), ttl, frozenset(tags))

    def invalidate(self, key: str | None = None, *, tag: str | None = None, prefix: str | None = None) -> None:
        self._generation += 1
        self._entries = {k: e for k, e in self._entries.items() if k != key and tag not in e.tags}

    def track(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
