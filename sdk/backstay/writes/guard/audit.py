"""The audit record: who asked for which write, what it was judged, and what became of it. Append-only JSON lines.

A write has an "intent" line before it is sent and an "outcome" line after, with the same id; a write that was refused
has one "refused" line. A line is on the disk (fsync) before anything goes on. What cannot be recorded is not sent.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

from backstay.errors import ResourceError
from backstay.taxonomy import Certainty
from backstay.writes.together import Together

AUDIT: Final = "audit.jsonl"
"""Its name in the folder of a runtime's state."""

Entry = Mapping[str, Any]
_TEXT: Final = json.JSONEncoder(ensure_ascii=False, default=str, separators=(",", ":"))


class Audit(Protocol):
    """Where audit lines go; a store of your own may stand in for the file."""

    async def append(self, entry: Entry) -> None:
        """Keep a line for good; raises BackstayError if that cannot be, and then the write is refused."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class MemoryAudit:
    """Lines in memory, for tests and examples."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def append(self, entry: Entry) -> None:
        """See `Audit.append`."""
        self.entries.append(entry)

    def close(self) -> None:
        """See `Audit.close`."""


class _Appender(ThreadPoolExecutor):
    """One thread that writes; its work never needs the event loop, so a loop in virtual time may wait for it."""

    independent = True


class _Line:
    __slots__ = ("done", "error", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.done = False
        self.error: OSError | None = None


class FileAudit:
    """A file (mode 0600, folder 0700), made by the first line. Lines that wait together are flushed together.

    Several processes may append to one file. Rotating it is yours: move it away, and the next line begins a new one.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._waiting: list[_Line] = []
        self._lock = threading.Lock()
        self._file = -1
        self._thread: _Appender | None = None
        self._together = Together[_Line](self._appender, self._flush)

    async def append(self, entry: Entry) -> None:
        """See `Audit.append`.

        Raises:
            ResourceError: the file cannot be written.
        """
        line = _Line(_TEXT.encode(entry).encode() + b"\n")
        with self._lock:
            self._waiting.append(line)
        await self._together.done(line)
        if line.error is not None:
            raise ResourceError(
                f"the audit file {self.path} cannot be written: {line.error}", field="audit", value=str(self.path),
                certainty=Certainty.NOT_SENT, rule="guard.audit",
                hint="free the disk or correct its permissions; another place is Runtime(audit=FileAudit(path))",
            ) from line.error  # fmt: skip

    def close(self) -> None:
        """See `Audit.close`."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown(wait=True)
        self._let_go()

    def _appender(self) -> _Appender:
        with self._lock:
            if self._thread is None:
                self._thread = _Appender(1, "backstay-audit")
            return self._thread

    def _flush(self, lines: list[_Line]) -> None:
        """Write what waits; by the time a later trip's turn comes, an earlier one has often written its lines."""
        if all(line.done for line in lines):
            return
        with self._lock:
            batch, self._waiting = self._waiting, []
        error: OSError | None = None
        try:
            self._write(b"".join(each.text for each in batch))
        except OSError as caught:
            self._let_go()  # the next line opens it anew, and looks at how it ends
            error = caught
        for each in batch:
            each.done, each.error = True, error

    def _write(self, text: bytes) -> None:
        file = self._opened()
        left = memoryview(text)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)

    def _opened(self) -> int:
        """The file at the path, which may be another one than last time."""
        if self._file >= 0:
            with contextlib.suppress(FileNotFoundError):
                now, ours = self.path.stat(), os.fstat(self._file)
                if (now.st_dev, now.st_ino) == (ours.st_dev, ours.st_ino):
                    return self._file
            self._let_go()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not self.path.exists()
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if new:
            _flush_folder(self.path.parent)
        self._end_broken_line()
        return self._file

    def _end_broken_line(self) -> None:
        """A process that died in the middle of a line must not spoil the next one."""
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            os.write(self._file, b"\n")

    def _let_go(self) -> None:
        file, self._file = self._file, -1
        if file >= 0:
            with contextlib.suppress(OSError):
                os.close(file)


def _flush_folder(folder: Path) -> None:
    """A new name is durable only with its folder."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def read_audit(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The records of a file in order, intent and outcome together; a line that is broken off is left out.

    A record without "outcome" was under way when its process ended: nobody knows what became of it.
    """
    records: dict[str, dict[str, Any]] = {}
    with Path(path).open(encoding="utf-8", errors="replace") as lines:
        for text in lines:
            try:
                line = json.loads(text)
                own, phase = line["id"], line["phase"]
            except (ValueError, KeyError, TypeError):
                continue
            if phase == "outcome":
                line["ended_at"] = line.pop("at", None)
            records[own] = {**records.pop(own, {}), **line}
    yield from records.values()
