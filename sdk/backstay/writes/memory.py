"""The journal in memory: it lives as long as the process, or as long as the runtimes that share it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final

from backstay.writes.claims import claimed, held, moves_on, saved
from backstay.writes.journal import DONE, LEASE, OPEN, Moment, Record, State, check_key, copied
from backstay.writes.sightings import Sightings

MAX_RECORDS: Final = 100_000


class MemoryJournal:
    """A journal in memory, bounded: the oldest settled records go first, open and held ones never."""

    def __init__(self, max_records: int = MAX_RECORDS, *, lease: float = LEASE) -> None:
        self.lease = lease
        self._max = max_records
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._seen = Sightings()
        self._lock = threading.Lock()

    def twin(self) -> MemoryJournal:
        """The same records as another process would see them, in tests: first sightings are each process's own."""
        twin = type(self)(self._max, lease=self.lease)
        twin._records, twin._lock = self._records, self._lock  # noqa: SLF001 - its own class
        return twin

    async def claim(self, fresh: Record, now: Moment) -> Record:
        """See `Journal.claim`."""
        check_key(fresh.key.key)
        with self._lock:
            stored = self._records.get(fresh.id)
            record = claimed(stored, fresh, now, self.lease, self._seen)
            if record is not stored:
                self._keep(record)
            return self._shown(record, now)

    async def take(self, id: str, owner: str, now: Moment) -> Record | None:  # noqa: A002 - the field's own name
        """See `Journal.take`."""
        with self._lock:
            stored = self._records.get(id)
            if stored is None or not self._seen.lease_over(stored, now):
                return None
            record = held(stored, owner, now, self.lease)
            self._keep(record)
            return self._shown(record, now)

    async def save(self, record: Record, now: Moment, *, release: bool = False) -> bool:
        """See `Journal.save`."""
        with self._lock:
            if not self._holds(record.id, record.owner):
                return False
            self._keep(saved(record, now, self.lease, release=release))
            if record.state in OPEN:
                record.open_since = self._seen.open_since(record, now)
            else:
                self._seen.forget(record.id)
            return True

    async def renew(self, id: str, owner: str, now: Moment) -> bool:  # noqa: A002 - the field's own name
        """See `Journal.renew`."""
        with self._lock:
            if not self._holds(id, owner):
                return False
            self._keep(held(self._records[id], owner, now, self.lease))
            return True

    async def release(self, id: str, owner: str) -> None:  # noqa: A002 - the field's own name
        """See `Journal.release`."""
        with self._lock:
            if self._holds(id, owner):
                self._keep(copied(self._records[id], owner="", beat=0.0, lease=0.0))

    async def drop(self, record: Record) -> None:
        """See `Journal.drop`."""
        with self._lock:
            if self._holds(record.id, record.owner):
                del self._records[record.id]
                self._seen.forget(record.id)

    async def mark(self, id: str, state: State, now: Moment) -> None:  # noqa: A002 - the field's own name
        """See `Journal.mark`."""
        with self._lock:
            stored = self._records.get(id)
            if stored is not None and moves_on(stored, state):
                self._keep(copied(stored, state=state, updated=now.wall))

    async def get(self, id: str) -> Record | None:  # noqa: A002 - the field's own name
        """See `Journal.get`."""
        with self._lock:
            stored = self._records.get(id)
            return None if stored is None else copied(stored)

    async def records(self, *states: State, limit: int | None = None) -> tuple[Record, ...]:
        """See `Journal.records`."""
        with self._lock:
            found = [copied(record) for record in self._records.values() if not states or record.state in states]
        return tuple(found if limit is None else found[-limit:])

    def _holds(self, id: str, owner: str) -> bool:  # noqa: A002 - the field's own name
        stored = self._records.get(id)
        return stored is not None and stored.owner == owner != ""

    def _keep(self, record: Record) -> None:
        """A key that is used anew counts as new."""
        known = self._records.get(record.id)
        if known is not None and known.created != record.created:
            del self._records[record.id]
        self._records[record.id] = record
        if len(self._records) > self._max:
            settled = {*DONE, State.FAILED, State.ABANDONED}
            oldest = next((kept for kept in self._records.values() if kept.state in settled and not kept.owner), None)
            if oldest is not None:
                del self._records[oldest.id]

    def _shown(self, record: Record, now: Moment) -> Record:
        shown = copied(record)
        if shown.state in OPEN:
            shown.open_since = self._seen.open_since(record, now)
        return shown
