"""The cache's SQLite file: how it is opened, made, brought up to date, and moved aside when it is damaged."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Final

from backstay.clock import SystemClock
from backstay.errors import InvalidRequestError
from backstay.stores.protocol import OnProblem

APPLICATION: Final = 0x62737963
"""SQLite's application id of our files ("bsyc"): what does not carry it is somebody else's and is left alone."""
MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE entries (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL,
            stored_at REAL NOT NULL, ttl REAL NOT NULL, tags TEXT NOT NULL)""",
        """CREATE TABLE tags (
            tag TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
            PRIMARY KEY (tag, entry)) WITHOUT ROWID""",
        "CREATE INDEX tags_of ON tags (entry)",
    ),
)
"""The statements that lead from each version of the file to the next; a file says in `user_version` where it is."""
DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
FILES: Final = ("", "-wal", "-shm")
BUSY: Final = 5.0
"""Seconds; how long a connection waits for another process that writes."""

PAUSE: Final = 0.02
"""Seconds between two tries where SQLite does not wait by itself."""


def open_file(path: Path, on_problem: OnProblem) -> sqlite3.Connection:
    """A connection to a good file of the newest version; a damaged one is moved to `<name>.corrupt-<n>` and reported.

    Raises:
        InvalidRequestError: there is no such folder, the file is not ours, not readable, or of a newer version.
    """
    _claim(path)
    try:
        return _patiently(path)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise _refused(path, str(error), "check that this process may write the file") from error
        error.add_note(f"moved to {_move_aside(path)}; the cache starts empty")
        on_problem("cache.file", error)
    _claim(path)
    return _patiently(path)


def connect(path: Path) -> sqlite3.Connection:
    """A connection with our settings; transactions are ours to begin, and its user keeps to one thread at a time."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken, as opposed to busy, full or forbidden."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def _claim(path: Path) -> None:
    """Make the file ours alone (mode 0600); SQLite gives its side files the same mode."""
    if not path.parent.is_dir():
        raise _refused(path, "there is no such folder", f"make the folder {path.parent} first, or choose another path")
    if path.is_dir():
        raise _refused(path, "it is a folder", "name a file in it")
    try:
        if path.exists():
            path.chmod(0o600)  # not opened: closing it would take away the locks of another connection of ours
        else:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise _refused(path, str(error), "choose a file that this process may write") from error


def _patiently(path: Path) -> sqlite3.Connection:
    """Switching to WAL, and another process's last close, refuse at once where SQLite otherwise waits: so we do."""
    clock = SystemClock()
    end = clock.monotonic() + BUSY
    while True:
        try:
            return _connect_checked(path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock.monotonic() >= end:
                raise
        clock.block(PAUSE)


def _connect_checked(path: Path) -> sqlite3.Connection:
    db = connect(path)
    try:
        _check(path, db)
        db.execute("PRAGMA journal_mode = WAL")
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _check(path: Path, db: sqlite3.Connection) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise _refused(path, "it is another program's database", "choose another path")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise _refused(
            path, f"it has version {version}, we know {len(MIGRATIONS)}", "upgrade backstay or choose another path"
        )


def _migrate(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")  # two processes may open a new file at once; the second finds it made
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        for statement in (statement for step in MIGRATIONS[version:] for statement in step):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def roll_back(db: sqlite3.Connection) -> None:
    """Undo a transaction, unless SQLite has already done so (disk full)."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def _move_aside(path: Path) -> Path:
    number = 1
    while Path(f"{path}.corrupt-{number}").exists():
        number += 1
    aside = Path(f"{path}.corrupt-{number}")
    for suffix in FILES:  # the side files go along: a new file must not meet an old log
        if (old := Path(f"{path}{suffix}")).exists():
            old.rename(f"{aside}{suffix}")
    return aside


def _refused(path: Path, why: str, cure: str) -> InvalidRequestError:
    return InvalidRequestError(f"the cache file {path} cannot be used: {why}", field="path", value=str(path), hint=cure)
