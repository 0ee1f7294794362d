"""What outlives processes in a run: journal, letters, spend ledger and audit record, in memory or in files."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from backstay.letters import MemoryLetters, SqliteLetters
from backstay.testing.simulation.storm import Setting
from backstay.writes.database import Database
from backstay.writes.guard import Audit, FileAudit, Ledger, MemoryAudit, MemoryLedger, SqliteLedger
from backstay.writes.journal import Journal, Moment, Record
from backstay.writes.memory import MemoryJournal
from backstay.writes.sqlite import SqliteJournal

MEMORY_DISK: Final = Path("/dev/shm")  # noqa: S108 - files that need not outlive the run, where the system has such a place


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A safeguard taken away, to see that the run then fails."""

    journal: bool = False
    """Each process has a journal of its own, which dies with it."""
    read_lag: bool = False
    """"Not found" is believed at once."""
    lease: bool = False
    """Whoever asks for a key holds it, whoever else does."""
    guard: bool = False
    """Each process has a spend ledger of its own, which dies with it."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """One process's view of the store."""

    journal: Journal
    letters: Any
    ledger: Ledger
    audit: Audit


class Unheld(MemoryJournal):
    """A journal that lets everybody in at the same time, and takes whatever it is told."""

    async def claim(self, fresh: Record, now: Moment) -> Record:
        """See `Journal.claim`; whoever holds the record is forgotten."""
        known = await self.get(fresh.id)
        if known is not None:
            await self.release(known.id, known.owner)
        return await super().claim(fresh, now)

    async def save(self, record: Record, now: Moment, *, release: bool = False) -> bool:
        """See `Journal.save`; whoever comes last is right."""
        known = await self.get(record.id)
        if known is not None and known.owner != record.owner:
            await self.release(known.id, known.owner)
            await self.take(record.id, record.owner, now)
        return await super().save(record, now, release=release)


class Store:
    """See the module."""

    def __init__(self, setting: Setting, sabotage: Sabotage) -> None:
        self._lease = setting.lease
        self._sabotage = sabotage
        where = MEMORY_DISK if MEMORY_DISK.is_dir() else None
        self._folder = tempfile.TemporaryDirectory(dir=where) if setting.files else None
        self._open: list[Any] = []
        kind = Unheld if sabotage.lease else MemoryJournal
        self._memory = Shelves(kind(lease=self._lease), MemoryLetters(), MemoryLedger(), MemoryAudit())

    def shelves(self) -> Shelves:
        """As one more process opens them."""
        found = self._in_memory() if self._folder is None else self._in_files(Path(self._folder.name))
        journal = MemoryJournal(lease=self._lease) if self._sabotage.journal else found.journal
        ledger = MemoryLedger() if self._sabotage.guard else found.ledger
        return Shelves(journal, found.letters, ledger, found.audit)

    def _in_memory(self) -> Shelves:
        known = self._memory
        assert isinstance(known.journal, MemoryJournal)
        return Shelves(known.journal.twin(), known.letters, known.ledger, known.audit)

    def _in_files(self, folder: Path) -> Shelves:
        state, letters = Database(folder / "backstay.db"), Database(folder / "letters.sqlite")
        audit = FileAudit(folder / "audit.jsonl")
        self._open += [state, letters, audit]
        return Shelves(SqliteJournal(state, lease=self._lease), SqliteLetters(letters), SqliteLedger(state), audit)

    def close(self) -> None:
        """Throw it away."""
        for each in self._open:
            each.close()
        if self._folder is not None:
            self._folder.cleanup()


__all__ = ["Sabotage", "Shelves", "Store"]
