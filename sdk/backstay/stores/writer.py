"""The thread that writes a cache's file: whatever is queued goes into one transaction."""

from __future__ import annotations

import json
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from backstay.sqlfile import roll_back
from backstay.stores.protocol import Entry, OnProblem, log_problem

BATCH: Final = 500
"""Changes in one transaction at most, so that another process waits briefly."""
QUEUED: Final = 10_000
"""Changes that may wait for a slow disk."""


@dataclass(slots=True, eq=False)
class Change:
    """Something to be done to the file."""

    kind: Literal["put", "key", "tag", "prefix", "all"]
    name: str = ""
    entry: Entry | None = None
    text: str = ""
    """The entry's value, encoded."""

    def hides(self, key: str, tags: frozenset[str]) -> bool:
        """Whether an entry of the file is gone once this is done."""
        if self.kind == "tag":
            return self.name in tags
        return self.kind == "all" or (self.kind == "prefix" and key.startswith(self.name))


class Pending:
    """What is queued and not in the file yet, so that a reader sees it as done. Its user holds `lock`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.changes: dict[Change, None] = {}  # in order
        self._keys: dict[str, Change] = {}
        self._drops: dict[Change, list[str]] = {}
        """In order, each with the keys whose newest change it is: puts that it undoes before they are in the file."""

    def add(self, change: Change) -> None:
        """Remember a change; it comes after all that were added before."""
        self.changes[change] = None
        if change.kind in {"put", "key"}:
            self._keys[change.name] = change
            return
        # Not forgotten: the file may still have what the put has replaced.
        undone = [key for key, put in self._keys.items() if put.entry is not None and change.hides(key, put.entry.tags)]
        self._keys |= dict.fromkeys(undone, change)
        self._drops[change] = undone

    def remove(self, done: list[Change]) -> None:
        """Forget what is in the file now."""
        for change in done:
            self.changes.pop(change, None)
            for key in self._drops.pop(change, (change.name,)):
                if self._keys.get(key) is change:
                    del self._keys[key]

    def replace(self, gone: list[Change], first: list[Change]) -> None:
        """Forget some changes and put others before all that is left."""
        later = [change for change in self.changes if change not in gone]
        self.changes, self._keys, self._drops = {}, {}, {}
        for change in (*first, *later):
            self.add(change)

    def view(self, key: str) -> tuple[Change | None, tuple[Change, ...]]:
        """The newest change of this very key, and the drops that may hide what the file still says of it.

        To be asked before the file is: what is committed in between then shows in the file.
        """
        return self._keys.get(key), tuple(self._drops)


class Writer:
    """Owns the writing connection and its thread; knows nothing of the store, so that the store can be collected."""

    def __init__(self, db: sqlite3.Connection, max_entries: int, on_problem: OnProblem) -> None:
        self.pending = Pending()
        self._db = db
        self._max_entries = max_entries
        self._unchecked = max_entries  # puts since the file was last cut: so the first put checks an old file
        self.on_problem = on_problem
        self._owed: list[Change] = []
        self._queue: queue.SimpleQueue[Change | threading.Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="backstay-cache", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False once stopped, and in a forked child."""
        return self._thread.is_alive()

    def add(self, change: Change) -> bool:
        """Queue a change; a put is refused (False) while too much waits. Drops are always taken."""
        with self.pending.lock:
            if change.kind == "put" and len(self.pending.changes) >= QUEUED:
                return False
            self.pending.add(change)
            self._queue.put(change)
        return True

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was queued before is committed; False when that takes longer than `timeout` seconds."""
        reached = threading.Event()
        self._queue.put(reached)
        return reached.wait(timeout)

    def stop(self) -> None:
        """Commit what is queued, end the thread, close the connection."""
        if self.alive:
            self._queue.put(None)
            if threading.current_thread() is not self._thread:  # the collector may call from anywhere
                self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch, reached, going = self._collect()
            if batch:
                self._write(batch)
            for event in reached:
                event.set()
        self._db.close()

    def _collect(self) -> tuple[list[Change], list[threading.Event], bool]:
        batch: list[Change] = []
        reached: list[threading.Event] = []
        item = self._queue.get()
        while item is not None:
            if isinstance(item, Change):
                batch.append(item)
            else:
                reached.append(item)
            if len(batch) >= BATCH:
                return batch, reached, True
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batch, reached, True
        return batch, reached, False

    def _write(self, batch: list[Change]) -> None:
        try:
            self._commit([*self._owed, *batch])
        except Exception as error:  # noqa: BLE001 - the thread must live, and whoever listens is told
            self._fail(batch)
            self._tell(error)
        else:
            with self.pending.lock:
                self.pending.remove([*self._owed, *batch])
            self._owed = []

    def _commit(self, changes: list[Change]) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for change in changes:
                _DO[change.kind](self._db, change)
            self._cut(len(changes))
            self._db.execute("COMMIT")
        except BaseException:
            roll_back(self._db)
            raise

    def _fail(self, batch: list[Change]) -> None:
        """Give up the puts. The drops are owed: until they succeed, what they drop stays hidden."""
        drops = [*self._owed, *(change for change in batch if change.kind != "put")]
        owed = drops if len(drops) <= BATCH else [Change("all")]
        with self.pending.lock:
            self.pending.replace([*self._owed, *batch], owed)
        self._owed = owed

    def _tell(self, error: Exception) -> None:
        try:
            self.on_problem("cache.write", error)
        except Exception as fault:  # noqa: BLE001 - a listener must not end the thread
            log_problem("cache.write", error)
            log_problem("cache.on_problem", fault)

    def _cut(self, changes: int) -> None:
        """Delete the oldest entries, once in a while: counting costs a walk through an index."""
        self._unchecked += changes
        if self._unchecked * 16 < self._max_entries:
            return
        self._unchecked = 0
        excess = self._db.execute("SELECT count(*) FROM entries").fetchone()[0] - self._max_entries
        if excess > 0:
            self._db.execute("DELETE FROM entries WHERE id IN (SELECT id FROM entries ORDER BY id LIMIT ?)", (excess,))


def _put(db: sqlite3.Connection, change: Change) -> None:
    entry = change.entry
    assert entry is not None  # noqa: S101 - for type checkers: a put carries its entry
    _drop(db, change)
    tags = sorted(entry.tags)
    row = (change.name, change.text, entry.stored_at, entry.ttl, json.dumps(tags))
    done = db.execute("INSERT INTO entries (key, value, stored_at, ttl, tags) VALUES (?, ?, ?, ?, ?)", row)
    if tags:
        db.executemany("INSERT INTO tags VALUES (?, ?)", [(tag, done.lastrowid) for tag in tags])


def _drop(db: sqlite3.Connection, change: Change) -> None:
    db.execute("DELETE FROM entries WHERE key = ?", (change.name,))


def _drop_tag(db: sqlite3.Connection, change: Change) -> None:
    db.execute("DELETE FROM entries WHERE id IN (SELECT entry FROM tags WHERE tag = ?)", (change.name,))


def _drop_prefix(db: sqlite3.Connection, change: Change) -> None:
    # `>=` lets the index skip what comes before; the rest is compared, since no text is the last with this prefix.
    db.execute(
        "DELETE FROM entries WHERE key >= ? AND substr(key, 1, ?) = ?", (change.name, len(change.name), change.name)
    )  # fmt: skip


def _drop_all(db: sqlite3.Connection, _: Change) -> None:
    db.execute("DELETE FROM entries")


_DO: Final[dict[str, Callable[[sqlite3.Connection, Change], None]]] = {
    "put": _put,
    "key": _drop,
    "tag": _drop_tag,
    "prefix": _drop_prefix,
    "all": _drop_all,
}
