"""SQLite files of ours: how one is made private, opened, checked, and brought up to date."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from backstay.clock import SystemClock
from backstay.errors import InvalidRequestError

DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
BUSY: Final = 5.0
"""Seconds; how long a connection waits for another process that writes."""
PAUSE: Final = 0.02
"""Seconds between two tries where SQLite does not wait by itself."""

Steps = tuple[tuple[str, ...], ...]
"""The statements that lead from each version to the next."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    what: str
    """What a refusal calls it."""
    application: int
    """SQLite's application id: what does not carry it is somebody else's and is left alone."""
    steps: Steps
    """A file says in `user_version` how many of them it has behind it."""
    synchronous: Literal["NORMAL", "FULL"]
    """FULL: what is committed survives a power cut. NORMAL: it survives the process, and a cut never damages it."""

    def refused(self, path: Path, why: str, cure: str) -> InvalidRequestError:
        """The error that says why a file cannot be used."""
        return InvalidRequestError(
            f"the {self.what} file {path} cannot be used: {why}", field="path", value=str(path), hint=cure
        )


def connect(path: Path, form: Format) -> sqlite3.Connection:
    """A connection with our settings; transactions are ours to begin, and its user keeps to one thread at a time."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY)
    try:
        db.execute(f"PRAGMA synchronous = {form.synchronous}")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def open_file(path: Path, form: Format) -> sqlite3.Connection:
    """A connection to a good file of the newest version, made if there is none; mode 0600.

    Raises:
        InvalidRequestError: there is no such folder, the file is not ours, not readable, or of a newer version.
        sqlite3.DatabaseError: the file is damaged (`is_damage`); it is left as it is.
    """
    _claim(path, form)
    try:
        return _patiently(path, form)
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise
        raise form.refused(path, str(error), "check that this process may write the file") from error


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken, as opposed to busy, full or forbidden."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED


def roll_back(db: sqlite3.Connection) -> None:
    """Undo a transaction, unless SQLite has already done so (disk full)."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def _claim(path: Path, form: Format) -> None:
    """Make the file ours alone (mode 0600); SQLite gives its side files the same mode."""
    if not path.parent.is_dir():
        cure = f"make the folder {path.parent} first, or choose another path"
        raise form.refused(path, "there is no such folder", cure)
    if path.is_dir():
        raise form.refused(path, "it is a folder", "name a file in it")
    try:
        if path.exists():
            path.chmod(0o600)  # not opened: closing it would take away the locks of another connection of ours
        else:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise form.refused(path, str(error), "choose a file that this process may write") from error


def _patiently(path: Path, form: Format) -> sqlite3.Connection:
    """Switching to WAL, and another process's last close, refuse at once where SQLite otherwise waits: so we do."""
    clock = SystemClock()
    end = clock.monotonic() + BUSY
    while True:
        try:
            return _connect_checked(path, form)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or clock.monotonic() >= end:
                raise
        clock.block(PAUSE)


def _connect_checked(path: Path, form: Format) -> sqlite3.Connection:
    db = connect(path, form)
    try:
        _check(path, db, form)
        db.execute("PRAGMA journal_mode = WAL")
        _migrate(db, form)
    except BaseException:
        db.close()
        raise
    return db


def _check(path: Path, db: sqlite3.Connection, form: Format) -> None:
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and db.execute("PRAGMA application_id").fetchone()[0] != form.application:
        raise form.refused(path, "it is another program's database", "choose another path")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(form.steps):
        why = f"it has version {version}, we know {len(form.steps)}"
        raise form.refused(path, why, "upgrade backstay or choose another path")


def _migrate(db: sqlite3.Connection, form: Format) -> None:
    db.execute("BEGIN IMMEDIATE")  # two processes may open a new file at once; the second finds it made
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        for statement in (statement for step in form.steps[version:] for statement in step):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(form.steps)}")
        db.execute(f"PRAGMA application_id = {form.application}")
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise
