"""The last resort: a file of JSON lines, for when the letters' own store does not take them (S2-15).

Each line is one incident, flushed to the disk before `append` returns. Draining takes the file away under another name
first, so that a line is either in the file that is drained or in the next one; the store knows each incident by its
token, so that a line which is drained twice (a crash in between) counts once.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from backstay.errors import BackstayError, BadResponseError, ResourceError
from backstay.letters.model import Letter
from backstay.letters.protocol import Incident

TAKEN: Final = ".draining-"
UNREADABLE: Final = ".unreadable"


@dataclass(frozen=True, slots=True)
class Batch:
    """What one file holds."""

    file: Path
    incidents: tuple[Incident, ...]
    unreadable: tuple[str, ...]
    """Lines that are no letters: half written, or of somebody else. They are set aside, never dropped."""


class SpillFile:
    """Lines in a file of mode 0600; every method blocks for as long as the disk takes."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def append(self, incidents: tuple[Incident, ...]) -> None:
        """Add lines; raises ResourceError where the disk takes none either."""
        lines = "".join(_line(incident) for incident in incidents).encode()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(lines)
        except OSError as error:
            raise ResourceError(
                f"the spill file {self.path} did not take it: {error}", field="spill", value=str(self.path),
                rule="letters.spill", hint="free the disk, or choose another place with LetterOptions(spill=...)",
            ) from error  # fmt: skip

    def _write(self, lines: bytes) -> None:
        with self._locked(os.O_RDWR | os.O_CREAT | os.O_APPEND) as file:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":  # an append that broke off: do not glue ours to it
                lines = b"\n" + lines
            try:
                _write_all(file, lines)
                os.fsync(file)
            except OSError:
                os.ftruncate(file, size)  # half a line is no letter
                raise

    @contextlib.contextmanager
    def _locked(self, flags: int) -> Iterator[int]:
        """The file, for us alone, and surely the one that has this name now: a drain may just have renamed it."""
        from fcntl import LOCK_EX, flock  # POSIX; imported when a letter is spilled, not before

        while True:
            file = os.open(self.path, flags, 0o600)
            try:
                flock(file, LOCK_EX)
                if self._is(file):
                    yield file
                    return
            finally:
                os.close(file)

    def _is(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self.path.stat())
        except FileNotFoundError:
            return False

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be drained; two looks at the folder."""
        return not self.path.exists() and not any(self._taken())

    def read(self) -> tuple[Batch, ...]:
        """What waits, without taking it away: for lists, while the store does not take it back."""
        return tuple(_read(file) for file in (*self._taken(), self.path) if file.exists())

    def take(self, token: str) -> tuple[Batch, ...]:
        """Take the file away and read it, with those of drains that broke off; `token` makes its name unique."""
        if self.path.exists():
            aside = self.path.with_name(f"{self.path.name}{TAKEN}{token}")
            with contextlib.suppress(FileNotFoundError), self._locked(os.O_RDWR):
                self.path.rename(aside)
        found = []
        for file in self._taken():
            with contextlib.suppress(FileNotFoundError):  # another process has just finished with it
                found.append(_read(file))
        return tuple(found)

    def done(self, batch: Batch) -> None:
        """Its letters are in the store: set aside what could not be read, and delete the file."""
        if batch.unreadable:
            aside = self.path.with_name(f"{self.path.name}{UNREADABLE}")
            SpillFile(aside)._write("".join(f"{line}\n" for line in batch.unreadable).encode())  # noqa: SLF001 - our own
        batch.file.unlink(missing_ok=True)

    def _taken(self) -> list[Path]:
        return sorted(self.path.parent.glob(f"{self.path.name}{TAKEN}*"))


def _line(incident: Incident) -> str:
    return json.dumps({"token": incident.token, **incident.letter.as_json()}) + "\n"


def _read(file: Path) -> Batch:
    incidents, unreadable = [], []
    for line in file.read_bytes().decode("utf-8", "replace").split("\n"):
        if not line.strip():
            continue
        try:
            incidents.append(_incident(json.loads(line)))
        except (ValueError, BackstayError):
            unreadable.append(line)
    return Batch(file, tuple(incidents), tuple(unreadable))


def _incident(found: Any) -> Incident:
    if not isinstance(found, dict) or not isinstance(found.get("token"), str):
        raise BadResponseError("no dead letter: no token")
    return Incident(found["token"], Letter.from_json(found))


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


__all__ = ["Batch", "SpillFile"]
