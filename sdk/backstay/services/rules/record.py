"""The audit record: every run with all its inputs, every end of an action. Only ever appended to."""

from __future__ import annotations

import asyncio
import os
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Ref
from backstay.codec import decode, encode
from backstay.errors import BadResponseError, ResourceError
from backstay.services.rules.decide import Decided, Inputs, decide
from backstay.spec import Spec


class End(StrEnum):
    """How an action ended."""

    APPLIED = "applied"
    FOUND = "found"
    """A process died, or an answer was lost; the object was then read and is as it was meant to be."""
    NOT_DONE = "not_done"
    """As above, and it is as it was before."""
    UNKNOWN = "unknown"
    """Nobody knows yet; the object is locked for rules until it was read."""
    FAILED = "failed"
    CHANGED = "changed"
    """Somebody else changed the object meanwhile; nothing was written."""
    VERSION_CHANGED = "version_changed"
    """The rule was edited after it was judged; nothing was written."""
    DISABLED = "disabled"
    """The rule was put out meanwhile; nothing was written."""


class RunRecord(Spec):
    """One run: its inputs hold rules, objects, numbers with their basis and source, and the history."""

    inputs: Inputs
    decided: Decided
    actor: str = ""


class EndRecord(Spec):
    """The end of one action, by its key; what it was stands in the run's record."""

    run: str
    key: str
    rule: str
    ref: Ref
    at: AwareDatetime
    end: End
    error_type: str | None = None
    message: str | None = None
    """Of the error; what a guard said stands here."""
    request_ids: tuple[str, ...] = ()
    undo: str | None = None
    """How to take it back, if nobody has changed the object since."""
    actor: str = ""


Record = RunRecord | EndRecord


def replay(record: RunRecord) -> Decided:
    """What the recorded inputs decide; equal to `record.decided`."""
    return decide(record.inputs)


class Audit(Protocol):
    """Where records go."""

    async def append(self, record: Record) -> None:
        """Keep a record for good."""
        ...

    async def records(self) -> list[Record]:
        """All of them, in their order."""
        ...


class MemoryAudit:
    """Keeps texts, as a file would."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def append(self, record: Record) -> None:
        """See `Audit.append`."""
        self.lines.append(encode(record))

    async def records(self) -> list[Record]:
        """See `Audit.records`."""
        return [decode(line) for line in self.lines]


class FileAudit:
    """A file (mode 0600) of one JSON line a record; each reaches the disk before anything else is done."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    async def append(self, record: Record) -> None:
        """See `Audit.append`; raises ResourceError where the disk does not take it."""
        try:
            await asyncio.to_thread(self._append, encode(record))
        except OSError as error:
            raise ResourceError(
                f"the audit record cannot be written: {error}", field="audit", value=str(self.path),
                rule="services.audit", hint="free the disk or correct the permissions; nothing was done without it",
            ) from error  # fmt: skip

    async def records(self) -> list[Record]:
        """See `Audit.records`; a last line that was cut off by a crash is left out."""
        lines = (await asyncio.to_thread(self._text)).split("\n")
        return [found for line in lines if line for found in self._read(line)]

    def _append(self, line: str) -> None:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(file, "rb+") as stream:
            size = stream.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
            stream.write(("\n" if torn else "").encode() + line.encode() + b"\n")
            stream.flush()
            os.fsync(file)

    def _text(self) -> str:
        return self.path.read_text("utf8") if self.path.exists() else ""

    def _read(self, line: str) -> list[Record]:
        if not line.endswith("}"):
            return []
        found = decode(line)
        if not isinstance(found, RunRecord | EndRecord):
            raise BadResponseError(
                "a line is no record of rules", field="audit", value=type(found).__name__, rule="services.audit",
                hint="give the rules an audit file of their own",
            )  # fmt: skip
        return [found]
