"""The cache's SQLite file: its tables, and how it is moved aside when it is damaged."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from backstay import sqlfile
from backstay.sqlfile import Format, is_damage
from backstay.stores.protocol import OnProblem

FORMAT: Final = Format(
    what="cache",
    application=0x62737963,  # "bsyc"
    synchronous="NORMAL",
    steps=(
        (
            """CREATE TABLE entries (
                id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL,
                stored_at REAL NOT NULL, ttl REAL NOT NULL, tags TEXT NOT NULL)""",
            """CREATE TABLE tags (
                tag TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,
                PRIMARY KEY (tag, entry)) WITHOUT ROWID""",
            "CREATE INDEX tags_of ON tags (entry)",
        ),
    ),
)
FILES: Final = ("", "-wal", "-shm")


def open_file(path: Path, on_problem: OnProblem) -> sqlite3.Connection:
    """A connection to a good file of the newest version; a damaged one is moved to `<name>.corrupt-<n>` and reported.

    Raises:
        InvalidRequestError: there is no such folder, the file is not ours, not readable, or of a newer version.
    """
    try:
        return sqlfile.open_file(path, FORMAT)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        error.add_note(f"moved to {_move_aside(path)}; the cache starts empty")
        on_problem("cache.file", error)
    return sqlfile.open_file(path, FORMAT)


def connect(path: Path) -> sqlite3.Connection:
    """One more connection to a file that is open already."""
    return sqlfile.connect(path, FORMAT)


def _move_aside(path: Path) -> Path:
    number = 1
    while Path(f"{path}.corrupt-{number}").exists():
        number += 1
    aside = Path(f"{path}.corrupt-{number}")
    for suffix in FILES:  # the side files go along: a new file must not meet an old log
        if (old := Path(f"{path}{suffix}")).exists():
            old.rename(f"{aside}{suffix}")
    return aside
