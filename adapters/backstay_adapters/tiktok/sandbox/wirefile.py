"""An answer that is a file and no envelope."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    """A file's bytes."""

    content: bytes
    kind: str
    status: int = 200
