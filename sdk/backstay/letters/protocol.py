"""What dead letters ask of the place that keeps them.

A `LetterSink` only takes letters: a topic of a broker is one. `put` returns when the letter is acknowledged, so that a
worker commits its offset after it and loses nothing. A `LetterStore` can also be read, and lends a letter to one
replay at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from backstay.letters.model import Letter, LetterState


@dataclass(frozen=True, slots=True)
class Incident:
    """One failure on its way to the store; told twice, it counts once."""

    token: str
    letter: Letter


@dataclass(frozen=True, slots=True)
class Purged:
    """How many letters were deleted: those that were over, and those that still waited."""

    settled: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters a list shows; oldest failure first."""

    state: LetterState | None = None
    vendor: str | None = None
    account: str | None = None
    operation: str | None = None
    limit: int = 1_000


@runtime_checkable
class LetterSink(Protocol):
    """Takes letters for good."""

    async def start(self) -> None:
        """Make sure that letters can be kept; raises when they cannot, so that nobody starts to work without."""
        ...

    async def put(self, *incidents: Incident) -> tuple[Letter, ...]:
        """Keep letters and return them as they are kept, merged with what was there under their ids.

        Returns only when all of them are durable: acknowledged by the broker, or flushed to the disk. A letter's `key`
        is the message key, its `as_json()` the value.

        Raises:
            BackstayError: nothing was kept.
        """
        ...

    async def aclose(self) -> None:
        """Finish what is under way and let go of files, threads and connections."""
        ...


@runtime_checkable
class LetterStore(LetterSink, Protocol):
    """Keeps letters where they can be read, replayed and discarded."""

    async def get(self, dlq_id: str) -> Letter | None:
        """One letter by its id."""
        ...

    async def find(self, wanted: Wanted) -> tuple[Letter, ...]:
        """Letters, oldest failure first."""
        ...

    async def waiting(self) -> int:
        """How many letters wait."""
        ...

    async def hold(self, dlq_id: str, owner: str, now: datetime, until: datetime) -> Letter | None:
        """Lend a waiting letter to one owner until then; None if it is gone, settled, or held by somebody else.

        The same owner may hold it again, to hold it longer.
        """
        ...

    async def change(self, dlq_id: str, owner: str | None, edit: Callable[[Letter], Letter]) -> Letter | None:
        """Put `edit(letter)` in a letter's place, in one step, and end the hold; the new one.

        With an `owner` only if he still holds it. None when he does not, or when there is no such letter.
        """
        ...

    async def purge(self, before: datetime, most: int) -> Purged:
        """Delete letters that failed (or were settled) last before then, and the oldest beyond so many.

        Beyond the number, those go first that are over.
        """
        ...


__all__ = ["Incident", "LetterSink", "LetterStore", "Purged", "Wanted"]
