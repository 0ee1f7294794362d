"""Entries in a SQLite file: they outlive the process, also one that is killed, and several processes may share them.

Values are text of `backstay.codec`: reading a file can run nothing. Reads take some microseconds in the caller's
thread; writes are queued to one thread, which commits whatever waits in one transaction. The file is in WAL mode with
`synchronous = NORMAL`: a killed process loses nothing that was flushed, a power cut may lose the last moments and
never damages the file. WAL needs a local file system.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from backstay.codec import decode, encode
from backstay.errors import BackstayError, InvalidRequestError, ResourceError
from backstay.stores.memory import at_least_one
from backstay.stores.protocol import Entry, OnProblem, log_problem
from backstay.stores.schema import connect, open_file
from backstay.stores.writer import Change, Writer

DECODED: Final = 1_000
"""Values kept decoded beside the file; they are used only while the file's own text is still the same."""


class SqliteStore:
    """At most about `max_entries` (6 % more for a while), the oldest go first; mode 0600.

    A damaged file is moved to `<name>.corrupt-<n>`, reported, and replaced by an empty one. `on_problem` hears of
    everything that goes wrong later too, perhaps in the writing thread; by default it is logged. What one process
    invalidates is gone for all, but an answer that another process is fetching at that moment may come back.

    Raises:
        InvalidRequestError: the folder is missing, the file is another program's, not writable, or of a newer version.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, max_entries: int = 10_000, on_problem: OnProblem = log_problem
    ) -> None:
        at_least_one(max_entries)
        self.path = Path(path)
        self._on_problem = on_problem
        self._reader = open_file(self.path, on_problem)
        self._writer = Writer(connect(self.path), max_entries, on_problem)
        self._pending = self._writer.pending
        self._reading = threading.Lock()
        self._decoded: OrderedDict[str, tuple[tuple[Any, ...], Entry]] = OrderedDict()
        self._pid = os.getpid()
        self._close = weakref.finalize(self, _finish, self._writer, self._reader)

    def get(self, key: str) -> Entry | None:
        """See `Store.get`; 4 us and the decoding of a value that this process has not seen yet."""
        self._check()
        with self._pending.lock:
            change, drops = self._pending.view(key)
        if change is not None:
            return change.entry
        try:
            entry = self._read(key)
        except (sqlite3.Error, BackstayError, ValueError) as error:
            self._on_problem("cache.read", error)
            return None
        if entry is not None and any(drop.hides(key, entry.tags) for drop in drops):
            return None
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """See `Store.put`; a value that the codec does not know is reported and not kept."""
        self._check()
        try:
            change = Change("put", key, entry, encode(entry.value))
            _check_text(key, change.text, *entry.tags)
        except (BackstayError, UnicodeEncodeError) as error:
            self._on_problem("cache.write", error)
            return
        if not self._writer.add(change):
            self._on_problem("cache.write", ResourceError(f"the disk of {self.path} does not keep up; nothing kept"))

    def drop(self, key: str) -> None:
        """See `Store.drop`."""
        self._change(Change("key", key))

    def drop_tag(self, tag: str) -> None:
        """See `Store.drop_tag`."""
        self._change(Change("tag", tag))

    def drop_prefix(self, prefix: str) -> None:
        """See `Store.drop_prefix`."""
        self._change(Change("prefix", prefix))

    def clear(self) -> None:
        """See `Store.clear`."""
        self._change(Change("all"))

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all that was put or dropped is in the file; False when it takes longer than `timeout` seconds."""
        self._check()
        return self._writer.flush(timeout)

    def close(self) -> None:
        """See `Store.close`; also happens when the store is collected and when the process ends."""
        if os.getpid() == self._pid:
            self._close()

    def _change(self, change: Change) -> None:
        self._check()
        try:
            _check_text(change.name)
        except UnicodeEncodeError:
            return  # nothing of this name can have been stored
        self._writer.add(change)

    def _read(self, key: str) -> Entry | None:
        with self._reading:
            row = self._reader.execute(_ROW, (key,)).fetchone()
            if row is None:
                return None
            known = self._decoded.get(key)
            if known is not None and known[0] == row:
                return known[1]
        text, stored_at, ttl, tags = row
        entry = Entry(decode(text), stored_at, ttl, frozenset(json.loads(tags)))
        self._remember(key, row, entry)
        return entry

    def _remember(self, key: str, row: tuple[Any, ...], entry: Entry) -> None:
        with self._reading:
            self._decoded[key] = (row, entry)
            if len(self._decoded) > DECODED:
                self._decoded.popitem(last=False)

    def _check(self) -> None:
        if os.getpid() != self._pid or not self._close.alive:
            raise InvalidRequestError(
                f"the store {self.path} is closed, or was opened before a fork",
                field="store",
                hint="open one in each process, and close it last",
            )


_ROW: Final = "SELECT value, stored_at, ttl, tags FROM entries WHERE key = ?"


def _check_text(*texts: str) -> None:
    """Half a surrogate pair is no UTF-8: met in the writing thread, it would cost a whole batch."""
    for text in texts:
        text.encode()


def _finish(writer: Writer, reader: sqlite3.Connection) -> None:
    writer.stop()
    reader.close()
