"""The file that remembers writes: one SQLite database that journal, spend ledger and dead letters share.

Whoever keeps something in it declares a `Room`, its tables, and hands functions of a connection to `write` and
`read`. A write is one transaction that is on the disk (`synchronous = FULL`) when it returns; whatever waits at that
moment is committed together, so that fifty callers pay for one flush. Several processes may share the file, on a
local file system.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from backstay.sqlfile import Format
from backstay.writes.committer import Committer, Job, Room, closed
from backstay.writes.together import Together

T = TypeVar("T")

FORMAT: Final = Format(
    what="state",
    application=0x62737374,  # "bsst"
    synchronous="FULL",
    steps=(("CREATE TABLE rooms (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",),),
)


class Database:
    """A state file; opened (and made, mode 0600, in a folder of mode 0700) by the first read or write."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._rooms: tuple[Room, ...] = ()
        self._committer = Committer(self.path, FORMAT)
        committer = self._committer
        self._together = Together[Job](lambda: committer, committer.trip)
        self._pid = os.getpid()
        self._close = weakref.finalize(self, self._committer.stop)

    def add(self, room: Room) -> None:
        """Have these tables in the file from the next read or write on; adding a room twice is nothing new."""
        if room not in self._rooms:
            self._rooms = (*self._rooms, room)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work(connection)` returns, when it is durable; what `work` raises undoes its own changes only.

        It runs in the file's own thread inside a transaction: it must be quick, must not commit, and should use
        nothing of the event loop. Cancelling waits for nothing: what has begun is committed all the same.

        Raises:
            InvalidRequestError: the file is not ours, damaged, of a newer version, or cannot be made.
            ResourceError: the disk is full or does not answer, or another process held the file for 5 s.
        """
        result: T = await self._do(work, writes=True)
        return result

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work(connection)` returns; it sees one state of the file and must change nothing. Raises as `write`."""
        result: T = await self._do(work, writes=False)
        return result

    def close(self) -> None:
        """Finish what waits and let go of the file; also happens when the object is collected or the process ends."""
        if os.getpid() == self._pid:
            self._close()

    async def _do(self, work: Callable[[sqlite3.Connection], Any], *, writes: bool) -> Any:
        if os.getpid() != self._pid or not self._close.alive:
            raise closed(self.path)
        job = Job(work, writes, self._rooms)
        await self._together.done(job)
        if job.error is not None:
            raise job.error
        return job.result


__all__ = ["Database", "Room"]
