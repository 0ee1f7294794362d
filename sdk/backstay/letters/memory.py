"""Letters in memory: for tests, examples and `Runtime.in_memory()`; gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Final

from backstay.letters.model import Letter, LetterState
from backstay.letters.protocol import Incident, Purged, Wanted

REMEMBERED: Final = 10_000
"""Incidents that are known again when they are told twice."""


class MemoryLetters:
    """A `LetterStore` that touches no disk."""

    def __init__(self) -> None:
        self._letters: dict[str, Letter] = {}
        self._owners: dict[str, str] = {}
        self._told: dict[str, None] = {}  # in order
        self._lock = threading.Lock()

    async def start(self) -> None:
        """See `LetterSink`; memory is always there."""

    async def put(self, *incidents: Incident) -> tuple[Letter, ...]:
        """See `LetterSink`."""
        with self._lock:
            return tuple(self._merge(incident) for incident in incidents)

    def _merge(self, incident: Incident) -> Letter:
        letter = incident.letter
        known = self._letters.get(letter.dlq_id)
        if known is not None and incident.token in self._told:
            return known
        self._told[incident.token] = None
        if len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        kept = self._letters[letter.dlq_id] = letter if known is None else known.merged(letter)
        return kept

    async def aclose(self) -> None:
        """See `LetterSink`; the letters stay as long as the object."""

    async def get(self, dlq_id: str) -> Letter | None:
        """See `LetterStore`."""
        return self._letters.get(dlq_id)

    async def find(self, wanted: Wanted) -> tuple[Letter, ...]:
        """See `LetterStore`."""
        with self._lock:
            found = [letter for letter in self._letters.values() if fits(letter, wanted)]
        return tuple(sorted(found, key=order)[: wanted.limit])

    async def waiting(self) -> int:
        """See `LetterStore`."""
        with self._lock:
            return sum(letter.state is LetterState.WAITING for letter in self._letters.values())

    async def hold(self, dlq_id: str, owner: str, now: datetime, until: datetime) -> Letter | None:
        """See `LetterStore`."""
        with self._lock:
            letter = self._letters.get(dlq_id)
            if letter is None or letter.state is not LetterState.WAITING:
                return None
            held = letter.held_until is not None and letter.held_until > now
            if held and self._owners.get(dlq_id) != owner:
                return None
            self._owners[dlq_id] = owner
            kept = self._letters[dlq_id] = letter.model_copy(update={"held_until": until})
            return kept

    async def change(self, dlq_id: str, owner: str | None, edit: Callable[[Letter], Letter]) -> Letter | None:
        """See `LetterStore`."""
        with self._lock:
            known = self._letters.get(dlq_id)
            if known is None or (owner is not None and self._owners.get(dlq_id) != owner):
                return None
            self._owners.pop(dlq_id, None)
            kept = self._letters[dlq_id] = edit(known).model_copy(update={"held_until": None})
            return kept

    async def purge(self, before: datetime, most: int) -> Purged:
        """See `LetterStore`."""
        with self._lock:
            ordered = sorted(self._letters.values(), key=lambda letter: (not over(letter), order(letter)))
            gone = [letter for letter in ordered if last(letter) < before]
            young = [letter for letter in ordered if last(letter) >= before]
            gone += young[: max(0, len(young) - most)]
            for letter in gone:
                del self._letters[letter.dlq_id]
        settled = sum(over(letter) for letter in gone)
        return Purged(settled, len(gone) - settled)


def fits(letter: Letter, wanted: Wanted) -> bool:
    """Whether a list shows it."""
    asked = (
        (wanted.state, letter.state), (wanted.vendor, letter.vendor), (wanted.account, letter.account),
        (wanted.operation, letter.operation),
    )  # fmt: skip
    return all(want is None or want == has for want, has in asked)


def order(letter: Letter) -> tuple[datetime, str]:
    """Oldest failure first."""
    return letter.first_at, letter.dlq_id


def last(letter: Letter) -> datetime:
    """When something happened to it last."""
    return max(letter.timestamp, letter.settled_at or letter.timestamp)


def over(letter: Letter) -> bool:
    """Whether nobody waits for it any more."""
    return letter.state is not LetterState.WAITING


__all__ = ["MemoryLetters"]
