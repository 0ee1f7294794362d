"""The thread that owns a state file's connection: whatever waits goes into one transaction."""

from __future__ import annotations

import copy
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from backstay.errors import BackstayError, InvalidRequestError, ResourceError
from backstay.sqlfile import Format, Steps, is_damage, open_file, roll_back

BATCH: Final = 500
"""Jobs in one transaction, or one trip's if those are more: another process shall wait briefly."""


@dataclass(frozen=True, slots=True)
class Room:
    """The tables of one user of the file, with a version of their own."""

    name: str
    steps: Steps
    """The statements that lead from each version to the next; never change one that was released, add another."""


@dataclass(slots=True, eq=False)
class Job:
    """Something to do with the connection."""

    work: Callable[[sqlite3.Connection], Any]
    writes: bool
    rooms: tuple[Room, ...]
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True, eq=False)
class Trip:
    """Jobs that came together, and what tells that all of them have ended."""

    jobs: list[Job]
    over: Future[None]


class Committer(Executor):
    """Runs jobs in one thread, begun with the first job; knows nothing of the database object."""

    independent = True
    """Its work never needs the event loop, so a loop in virtual time may stand still until it is done."""

    def __init__(self, path: Path, form: Format) -> None:
        self._path = path
        self._form = form
        self._db: sqlite3.Connection | None = None
        self._ready: tuple[Room, ...] = ()
        self._queue: queue.SimpleQueue[Trip | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = False

    @staticmethod
    def trip(jobs: list[Job]) -> Trip:
        """What `submit` is given to call: it only puts the facts together."""
        return Trip(jobs, Future())

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Queue the trip that `fn` makes; the future is done when its transaction is on the disk.

        Raises:
            InvalidRequestError: it was stopped.
        """
        trip: Trip = fn(*args, **kwargs)
        with self._lock:
            if self._stopped:
                raise closed(self._path)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="backstay-state", daemon=True)
                self._thread.start()
        self._queue.put(trip)
        return trip.over

    def stop(self) -> None:
        """Do what is queued, end the thread, close the connection."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopped = True
        if thread is not None and thread.is_alive():
            self._queue.put(None)
            if threading.current_thread() is not thread:  # the collector may call from anywhere
                thread.join()

    def _run(self) -> None:
        going = True
        while going:
            batch, going = self._collect()
            self._serve(batch)
            del batch  # an idle thread keeps nobody's objects alive
        if self._db is not None:
            self._db.close()

    def _collect(self) -> tuple[list[Trip], bool]:
        batch: list[Trip] = []
        trip, jobs = self._queue.get(), 0
        while trip is not None:
            if trip.over.set_running_or_notify_cancel():
                batch.append(trip)
                jobs += len(trip.jobs)
            if jobs >= BATCH:
                return batch, True
            try:
                trip = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _serve(self, trips: list[Trip]) -> None:
        self._do([job for trip in trips for job in trip.jobs])
        for trip in trips:
            trip.over.set_result(None)

    def _do(self, batch: list[Job]) -> None:
        try:
            db = self._opened({room: None for job in batch for room in job.rooms})
            _transact(db, [job for job in batch if job.writes])
            for job in batch:
                if not job.writes:
                    _look(db, job)
        except BaseException as error:  # noqa: BLE001 - the thread must live; whoever waits is told
            for job in batch:
                job.error = job.error or copy.copy(error)
        for job in batch:
            job.error = None if job.error is None else self._named(job.error)

    def _opened(self, rooms: dict[Room, None]) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = open_file(self._path, self._form)
        for room in rooms:
            if room not in self._ready:
                _furnish(self._db, room, self._newer)
                self._ready = (*self._ready, room)
        return self._db

    def _newer(self, room: Room, version: int) -> InvalidRequestError:
        return self._form.refused(
            self._path, f"its tables of the {room.name} have version {version}, we know {len(room.steps)}",
            "upgrade backstay, or choose another folder with Runtime(state=...) or BACKSTAY_STATE",
        )  # fmt: skip

    def _named(self, error: BaseException) -> BaseException:
        """Our name for what the file or the disk did; what a job raised by itself stays as it is."""
        if isinstance(error, BackstayError):
            return error
        if is_damage(error):
            return self._form.refused(
                self._path, f"it is damaged ({error}); nothing was changed in it",
                "put a copy of it back, or move it away: keys that were used before are then unknown, so look first",
            )  # fmt: skip
        if isinstance(error, sqlite3.OperationalError | OSError):
            return ResourceError(
                f"the state file {self._path} did not take it: {error}", field="state", value=str(self._path),
                rule="state.file", hint="free the disk, or choose another folder with Runtime(state=...)",
            )  # fmt: skip
        return error


def closed(path: Path) -> InvalidRequestError:
    """Nothing can be asked of a file any more."""
    return InvalidRequestError(
        f"the state file {path} is closed, or was opened before a fork", field="state", value=str(path),
        hint="make a runtime in each process, and close it last",
    )  # fmt: skip


def _transact(db: sqlite3.Connection, jobs: list[Job]) -> None:
    """All in one transaction; a job that fails undoes its own part only."""
    if not jobs:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for job in jobs:
            _part(db, job)
        db.execute("COMMIT")
    except BaseException as error:
        roll_back(db)
        for job in jobs:  # nothing of them is kept, so none may say that it was done
            job.error = job.error or copy.copy(error)
        raise


def _part(db: sqlite3.Connection, job: Job) -> None:
    db.execute("SAVEPOINT part")
    try:
        job.result = job.work(db)
    except BaseException as error:
        if not db.in_transaction:  # the disk is full: SQLite has undone everything
            raise
        db.execute("ROLLBACK TO part")
        job.error = error
    db.execute("RELEASE part")


def _look(db: sqlite3.Connection, job: Job) -> None:
    db.execute("BEGIN")
    try:
        job.result = job.work(db)
    except BaseException as error:  # noqa: BLE001 - handed to whoever asked
        job.error = error
    finally:
        roll_back(db)


def _furnish(db: sqlite3.Connection, room: Room, newer: Callable[[Room, int], InvalidRequestError]) -> None:
    """Bring a room's tables up to date; two processes may do so at once, and the second finds them made."""
    db.execute("BEGIN IMMEDIATE")
    try:
        _build(db, room, newer)
        db.execute("COMMIT")
    except BaseException:
        roll_back(db)
        raise


def _build(db: sqlite3.Connection, room: Room, newer: Callable[[Room, int], InvalidRequestError]) -> None:
    row = db.execute("SELECT version FROM rooms WHERE name = ?", (room.name,)).fetchone()
    version = 0 if row is None else row[0]
    if version > len(room.steps):
        raise newer(room, version)
    for statement in (statement for step in room.steps[version:] for statement in step):
        db.execute(statement)
    db.execute("INSERT OR REPLACE INTO rooms VALUES (?, ?)", (room.name, len(room.steps)))
