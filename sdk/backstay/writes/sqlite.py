"""The journal in a state file: what it says is on the disk, and several processes may share it.

Values are text of `backstay.codec`, so that reading the file can run nothing. A value that the codec does not know is
not kept; a replay then looks it up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from backstay.codec import decode, encode
from backstay.errors import BackstayError, BadResponseError
from backstay.writes.claims import claimed, held, saved
from backstay.writes.database import Database, Room
from backstay.writes.journal import DONE, LEASE, OPEN, JournalKey, Kind, Moment, Record, State, check_key
from backstay.writes.sightings import Sightings

ROOM: Final = Room(
    "journal",
    (
        (
            """CREATE TABLE writes (
                number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
                vendor TEXT NOT NULL, account TEXT NOT NULL, operation TEXT NOT NULL, key TEXT NOT NULL,
                payload TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
                value TEXT, parked TEXT NOT NULL, asked TEXT NOT NULL,
                owner TEXT NOT NULL, beat REAL NOT NULL, lease REAL NOT NULL,
                created REAL NOT NULL, updated REAL NOT NULL,
                uncertain_since REAL NOT NULL, in_air REAL NOT NULL, note TEXT NOT NULL)""",
            "CREATE INDEX writes_open ON writes (number) WHERE state IN ('sent', 'unknown')",
        ),
    ),
)
_COLUMNS: Final = (
    "vendor, account, operation, key, payload, kind, state, attempts, value, parked, asked, owner, beat, lease, "
    "created, updated, uncertain_since, in_air, note"
)
_ROW: Final = f"SELECT {_COLUMNS} FROM writes WHERE id = ?"  # noqa: S608 - constants of ours
_PUT: Final = f"INSERT INTO writes (id, {_COLUMNS}) VALUES (?, {', '.join('?' * 19)})"  # noqa: S608 - as above
_SET: Final = f"UPDATE writes SET {', '.join(f'{name} = ?' for name in _COLUMNS.split(', '))} WHERE id = ?"  # noqa: S608
_HELD: Final = "owner = ? AND owner <> ''"
"""Whoever holds nothing holds no record that nobody holds."""
_SET_HELD: Final = f"{_SET} AND {_HELD}"
_NONE: Final = encode([])
_NOTHING: Final = encode({})
_EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


class SqliteJournal:
    """A journal in a `Database`; see `Journal` for what its methods promise."""

    def __init__(self, database: Database, *, lease: float = LEASE) -> None:
        self.lease = lease
        self.database = database
        # Used in the file's thread only.
        self._seen = Sightings()
        database.add(ROOM)

    async def claim(self, fresh: Record, now: Moment) -> Record:
        """See `Journal.claim`."""
        check_key(fresh.key.key)

        def work(db: sqlite3.Connection) -> Record:
            stored = _load(db, fresh.id)
            record = claimed(stored, fresh, now, self.lease, self._seen)
            if record is not stored:
                _store(db, record, stored)
            return self._shown(record, now)

        return await self.database.write(work)

    async def take(self, id: str, owner: str, now: Moment) -> Record | None:  # noqa: A002 - the field's own name
        """See `Journal.take`."""

        def work(db: sqlite3.Connection) -> Record | None:
            stored = _load(db, id)
            if stored is None or not self._seen.lease_over(stored, now):
                return None
            record = held(stored, owner, now, self.lease)
            _store(db, record, stored)
            return self._shown(record, now)

        return await self.database.write(work)

    async def save(self, record: Record, now: Moment, *, release: bool = False) -> bool:
        """See `Journal.save`."""
        kept = saved(record, now, self.lease, release=release)

        row = (*_row(kept), record.id, record.owner)

        def work(db: sqlite3.Connection) -> bool:
            if db.execute(_SET_HELD, row).rowcount != 1:
                return False
            if record.state in OPEN:
                record.open_since = self._seen.open_since(record, now)
            else:
                self._seen.forget(record.id)
            return True

        return await self.database.write(work)

    async def renew(self, id: str, owner: str, now: Moment) -> bool:  # noqa: A002 - the field's own name
        """See `Journal.renew`."""
        sql = f"UPDATE writes SET beat = ?, lease = ? WHERE id = ? AND {_HELD}"  # noqa: S608 - constants of ours
        renewed = (now.wall, self.lease, id, owner)
        return await self.database.write(lambda db: db.execute(sql, renewed).rowcount == 1)

    async def release(self, id: str, owner: str) -> None:  # noqa: A002 - the field's own name
        """See `Journal.release`."""
        sql = "UPDATE writes SET owner = '', beat = 0.0, lease = 0.0 WHERE id = ? AND owner = ?"
        await self.database.write(lambda db: db.execute(sql, (id, owner)).rowcount)

    async def drop(self, record: Record) -> None:
        """See `Journal.drop`."""
        sql = f"DELETE FROM writes WHERE id = ? AND {_HELD}"  # noqa: S608 - constants of ours

        def work(db: sqlite3.Connection) -> None:
            if db.execute(sql, (record.id, record.owner)).rowcount == 1:
                self._seen.forget(record.id)

        await self.database.write(work)

    async def mark(self, id: str, state: State, now: Moment) -> None:  # noqa: A002 - the field's own name
        """See `Journal.mark`."""
        before = ", ".join(repr(each.value) for each in DONE[: DONE.index(state)])
        sql = f"UPDATE writes SET state = ?, updated = ? WHERE id = ? AND state IN ({before})"  # noqa: S608 - as above
        await self.database.write(lambda db: db.execute(sql, (state.value, now.wall, id)).rowcount)

    async def get(self, id: str) -> Record | None:  # noqa: A002 - the field's own name
        """See `Journal.get`."""
        return await self.database.read(lambda db: _load(db, id))

    async def records(self, *states: State, limit: int | None = None) -> tuple[Record, ...]:
        """See `Journal.records`."""
        # Words of ours, written out: an index with a condition is not used for a parameter.
        where = f"WHERE state IN ({', '.join(repr(State(state).value) for state in states)})" if states else ""
        sql = f"SELECT {_COLUMNS} FROM writes {where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - as above
        bound = (-1 if limit is None else limit,)
        rows = await self.database.read(lambda db: db.execute(sql, bound).fetchall())
        return tuple(_record(row) for row in reversed(rows))

    def _shown(self, record: Record, now: Moment) -> Record:
        """A record that was read or made here is nobody else's."""
        if record.state in OPEN:
            record.open_since = self._seen.open_since(record, now)
        return record


def _load(db: sqlite3.Connection, id: str) -> Record | None:  # noqa: A002 - the field's own name
    row = db.execute(_ROW, (id,)).fetchone()
    return None if row is None else _record(row)


def _store(db: sqlite3.Connection, record: Record, stored: Record | None) -> None:
    if stored is not None:
        if stored.created == record.created:
            db.execute(_SET, (*_row(record), record.id))
            return
        db.execute("DELETE FROM writes WHERE id = ?", (record.id,))  # a key that is used anew counts as new
    db.execute(_PUT, (record.id, *_row(record)))


def _row(record: Record) -> tuple[Any, ...]:
    value = _text(record.value) if record.known else None
    return (
        *record.key, record.payload, record.kind.value, record.state.value, record.attempts, value,
        _listed(record.parked), _named(record.asked),
        record.owner, record.beat, record.lease, record.created, record.updated, record.uncertain_since,
        record.in_air, record.note.encode(errors="replace").decode(),
    )  # fmt: skip


def _text(value: object) -> str | None:
    """The value for the file; None where the codec does not know it."""
    try:
        text = encode(value)
        text.encode()
    except (BackstayError, UnicodeEncodeError):
        return None
    return text


def _listed(parked: tuple[Any, ...]) -> str:
    if not parked:
        return _NONE
    return _text(list(parked)) or encode([str(extra) for extra in parked])


def _named(asked: Mapping[str, Any]) -> str:
    """The arguments that can be stored, one by one."""
    if not asked:
        return _NOTHING
    known = {name: text for name, value in asked.items() if (text := _text(value)) is not None}
    return encode(known)


def _record(row: tuple[Any, ...]) -> Record:
    (vendor, account, operation, key, payload, kind, state, attempts, value, parked, asked, *rest) = row
    owner, beat, lease, created, updated, uncertain_since, in_air, note = rest
    known, made = _value(value)
    return Record(
        JournalKey(vendor, account, operation, key), payload, kind=Kind(kind), state=State(state), attempts=attempts,
        value=made, known=known, parked=() if parked == _NONE else tuple(_value(parked)[1] or ()), asked=_asked(asked),
        owner=owner, beat=beat,
        lease=lease, created=created, updated=updated, uncertain_since=uncertain_since, in_air=in_air, note=note,
    )  # fmt: skip


def _value(text: str | None) -> tuple[bool, Any]:
    """Whether the value is known, and the value. One of a class that is gone counts as not known: it is looked up."""
    if text is None:
        return False, None
    try:
        return True, decode(text)
    except BadResponseError:
        return False, None


def _asked(text: str) -> Mapping[str, Any]:
    if text == _NOTHING:
        return _EMPTY
    values = {name: _value(each) for name, each in decode(text).items()}
    return MappingProxyType({name: value for name, (known, value) in values.items() if known})
