"""Where the lines of the spend guard are kept: judging and holding are one transaction, for all processes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from backstay.policies.spend import Book, Hold, Line

if TYPE_CHECKING:
    import sqlite3

    from backstay.writes.database import Database

T = TypeVar("T")
SOME: Final = 400
"""Holders that are asked for by name; more are read as all."""


class Ledger(Protocol):
    """What the guard asks of a ledger."""

    async def run(self, work: Callable[[Book], T], holders: Collection[str] | None = None) -> T:
        """What `work` returns, on the lines of these holders or on all; its changes are durable, or none are made.

        Nobody else's work comes in between, in no process. What `work` raises undoes its changes.
        """
        ...


class MemoryLedger:
    """Lives as long as the process; for tests and examples."""

    def __init__(self) -> None:
        self._lines: dict[str, Line] = {}
        self._lock = threading.Lock()

    async def run(self, work: Callable[[Book], T], holders: Collection[str] | None = None) -> T:
        """See `Ledger`."""
        with self._lock:
            lines = self._lines.values() if holders is None else map(self._lines.get, holders)
            book = Book(line for line in lines if line is not None)
            result = work(book)
            for holder, line in book.changed.items():
                if line is None:
                    self._lines.pop(holder, None)
                else:
                    self._lines[holder] = line
            return result


class SqliteLedger:
    """In the state file, beside the journal."""

    def __init__(self, database: Database) -> None:
        from backstay.writes.database import Room

        step = "CREATE TABLE spend (holder TEXT PRIMARY KEY, account TEXT NOT NULL, line TEXT NOT NULL) WITHOUT ROWID"
        database.add(Room("spend", ((step,),)))
        self._database = database

    async def run(self, work: Callable[[Book], T], holders: Collection[str] | None = None) -> T:
        """See `Ledger`; raises what `Database.write` raises."""

        def job(db: sqlite3.Connection) -> T:
            book = Book(_read(db, holders))
            result = work(book)
            _write(db, book)
            return result

        return await self._database.write(job)


def _read(db: sqlite3.Connection, holders: Collection[str] | None) -> list[Line]:
    if holders is None or len(holders) > SOME:
        rows = db.execute("SELECT line FROM spend").fetchall()
    else:
        marks = ", ".join("?" * len(holders))
        rows = db.execute(f"SELECT line FROM spend WHERE holder IN ({marks})", tuple(holders)).fetchall()  # noqa: S608 - only question marks
    return [decoded(text) for (text,) in rows]


def _write(db: sqlite3.Connection, book: Book) -> None:
    for holder, line in book.changed.items():
        if line is None:
            db.execute("DELETE FROM spend WHERE holder = ?", (holder,))
        else:
            db.execute("INSERT OR REPLACE INTO spend VALUES (?, ?, ?)", (holder, line.account, encoded(line)))


def encoded(line: Line) -> str:
    """A line as text; amounts exact."""
    return json.dumps(asdict(line), default=str, separators=(",", ":"))


def decoded(text: str) -> Line:
    """The line of a text."""
    raw: dict[str, Any] = json.loads(text)
    holds = tuple(Hold(**{**hold, "amount": _amount(hold["amount"])}) for hold in raw["holds"])
    exact = {name: Decimal(raw[name]) for name in ("amount", "start", "peak")}
    return Line(**{**raw, **exact, "parents": tuple(raw["parents"]), "holds": holds})


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def counting(book: Book, account: str | None = None) -> list[Line]:
    """The budgets in a book that count now, or may count by a write whose outcome is not known."""
    lines = [line for line in book.lines.values() if not line.bid and account in {None, line.account}]
    return [line for line in lines if line.holds or (line.on and not line.halted)]
