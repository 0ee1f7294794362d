"""Letters in a SQLite file: durable when `put` returns, shared by the processes of one machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Final

from backstay.letters.memory import last
from backstay.letters.model import Letter, LetterState
from backstay.letters.protocol import Incident, Purged, Wanted
from backstay.writes.database import Database, Room

ROOM: Final = Room(
    "letters",
    steps=(
        (
            """CREATE TABLE letters (
                id TEXT PRIMARY KEY, state TEXT NOT NULL, vendor TEXT NOT NULL, account TEXT NOT NULL,
                operation TEXT NOT NULL, first_at REAL NOT NULL, last_at REAL NOT NULL,
                owner TEXT, held_until REAL, body TEXT NOT NULL) WITHOUT ROWID""",
            "CREATE INDEX letters_by_state ON letters (state, first_at)",
            "CREATE INDEX letters_by_age ON letters (last_at)",
            "CREATE TABLE letters_told (token TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
        ),
    ),
)
WAITING: Final = LetterState.WAITING.value
_COLUMNS: Final = ("state", "vendor", "account", "operation")


class SqliteLetters:
    """A `LetterStore` in a state file; the file is opened by the first use."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.add(ROOM)

    async def start(self) -> None:
        """See `LetterSink`; writes to the file and takes it back."""
        await self.database.write(lambda db: db.execute("DELETE FROM letters_told WHERE token = ''"))

    async def put(self, *incidents: Incident) -> tuple[Letter, ...]:
        """See `LetterSink`.

        Raises:
            ResourceError: the disk is full or cannot be written.
            InvalidRequestError: the file is damaged or not ours.
        """
        return await self.database.write(lambda db: tuple(_put(db, incident) for incident in incidents))

    async def aclose(self) -> None:
        """See `LetterSink`."""
        self.database.close()

    async def get(self, dlq_id: str) -> Letter | None:
        """See `LetterStore`."""
        return await self.database.read(lambda db: _get(db, dlq_id))

    async def find(self, wanted: Wanted) -> tuple[Letter, ...]:
        """See `LetterStore`."""
        return await self.database.read(lambda db: _find(db, wanted))

    async def waiting(self) -> int:
        """See `LetterStore`."""
        return await self.database.read(_waiting)

    async def hold(self, dlq_id: str, owner: str, now: datetime, until: datetime) -> Letter | None:
        """See `LetterStore`."""
        return await self.database.write(lambda db: _hold(db, dlq_id, owner, now, until))

    async def change(self, dlq_id: str, owner: str | None, edit: Callable[[Letter], Letter]) -> Letter | None:
        """See `LetterStore`."""
        return await self.database.write(lambda db: _change(db, dlq_id, owner, edit))

    async def purge(self, before: datetime, most: int) -> Purged:
        """See `LetterStore`."""
        return await self.database.write(lambda db: _purge(db, before, most))


def _put(db: sqlite3.Connection, incident: Incident) -> Letter:
    letter = incident.letter
    known = _get(db, letter.dlq_id)
    at = letter.timestamp.timestamp()
    told = db.execute("INSERT OR IGNORE INTO letters_told VALUES (?, ?)", (incident.token, at)).rowcount == 0
    if told and known is not None:
        return known
    kept = letter if known is None else known.merged(letter)
    _write(db, kept)
    return kept


def _write(db: sqlite3.Connection, letter: Letter) -> None:
    body = json.dumps(letter.model_copy(update={"held_until": None}).as_json())
    first_at, last_at = letter.first_at.timestamp(), last(letter).timestamp()
    columns = (letter.state.value, letter.vendor, letter.account, letter.operation, first_at, last_at, body)
    db.execute(
        """INSERT INTO letters (id, state, vendor, account, operation, first_at, last_at, body)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (id) DO UPDATE SET state = excluded.state, vendor = excluded.vendor,
               account = excluded.account, operation = excluded.operation, first_at = excluded.first_at,
               last_at = excluded.last_at, body = excluded.body""",
        (letter.dlq_id, *columns),
    )


def _get(db: sqlite3.Connection, dlq_id: str) -> Letter | None:
    row = db.execute("SELECT body, held_until FROM letters WHERE id = ?", (dlq_id,)).fetchone()
    return None if row is None else _read(row)


def _read(row: tuple[str, float | None]) -> Letter:
    body = json.loads(row[0])
    return Letter.from_json({**body, "held_until": row[1]})


def _find(db: sqlite3.Connection, wanted: Wanted) -> tuple[Letter, ...]:
    asked = {name: value for name in _COLUMNS if (value := getattr(wanted, name)) is not None}
    where = " AND ".join(f"{name} = :{name}" for name in asked) or "1"
    query = f"SELECT body, held_until FROM letters WHERE {where} ORDER BY first_at, id LIMIT :limit"  # noqa: S608 - our own column names
    rows = db.execute(query, {**{name: str(value) for name, value in asked.items()}, "limit": wanted.limit})
    return tuple(_read(row) for row in rows)


def _waiting(db: sqlite3.Connection) -> int:
    count: int = db.execute("SELECT count(*) FROM letters WHERE state = ?", (WAITING,)).fetchone()[0]
    return count


def _hold(db: sqlite3.Connection, dlq_id: str, owner: str, now: datetime, until: datetime) -> Letter | None:
    done = db.execute(
        """UPDATE letters SET owner = :owner, held_until = :until
           WHERE id = :id AND state = :waiting AND (owner IS NULL OR owner = :owner OR held_until <= :now)""",
        {"owner": owner, "until": until.timestamp(), "id": dlq_id, "waiting": WAITING, "now": now.timestamp()},
    )
    return _get(db, dlq_id) if done.rowcount else None


def _change(db: sqlite3.Connection, dlq_id: str, owner: str | None, edit: Callable[[Letter], Letter]) -> Letter | None:
    known = _get(db, dlq_id)
    if known is None or (owner is not None and _owner(db, dlq_id) != owner):
        return None
    kept = edit(known).model_copy(update={"held_until": None})
    _write(db, kept)
    db.execute("UPDATE letters SET owner = NULL, held_until = NULL WHERE id = ?", (dlq_id,))
    return kept


def _owner(db: sqlite3.Connection, dlq_id: str) -> str | None:
    found: str | None = db.execute("SELECT owner FROM letters WHERE id = ?", (dlq_id,)).fetchone()[0]
    return found


def _purge(db: sqlite3.Connection, before: datetime, most: int) -> Purged:
    at = before.timestamp()
    gone = db.execute("DELETE FROM letters WHERE last_at < ? RETURNING state", (at,)).fetchall()
    excess = db.execute("SELECT count(*) FROM letters").fetchone()[0] - most
    if excess > 0:
        gone += db.execute(
            """DELETE FROM letters WHERE id IN (
                SELECT id FROM letters ORDER BY state = ?, first_at, id LIMIT ?) RETURNING state""",
            (WAITING, excess),
        ).fetchall()
    db.execute("DELETE FROM letters_told WHERE at < ?", (at,))
    waiting = sum(state == WAITING for (state,) in gone)
    return Purged(len(gone) - waiting, waiting)


__all__ = ["SqliteLetters"]
