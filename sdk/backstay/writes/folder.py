"""Where a process keeps what must outlive it."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Final

from backstay.policies.settings import refuse

VARIABLE: Final = "BACKSTAY_STATE"
DATABASE: Final = "backstay.db"
LETTERS: Final = "letters.sqlite"
"""Apart from the database: when that is damaged or full, what could not be written can still be kept."""
SPILL: Final = "spill.jsonl"


class Memory(Enum):
    """The type of MEMORY."""

    MEMORY = "memory"


MEMORY: Final = Memory.MEMORY
"""No folder: nothing outlives the process, and the disk is not touched."""

Where = str | os.PathLike[str] | None | Memory
"""A folder, None for the usual one, or MEMORY."""


def check_where(chosen: object) -> None:
    """Refuse what names no folder: an empty text would silently mean the working directory.

    Raises:
        InvalidRequestError: naming what else there is.
    """
    if chosen is None or isinstance(chosen, Memory):
        return
    path = os.fspath(chosen) if isinstance(chosen, os.PathLike) else chosen
    if not isinstance(path, str) or not path.strip():
        refuse("state", chosen, "a folder's path, None for the usual folder, or use Runtime.in_memory()")


def state_folder(chosen: Where) -> Path | None:
    """As chosen, else $BACKSTAY_STATE, $XDG_STATE_HOME/backstay or ~/.local/state/backstay; it need not exist."""
    if isinstance(chosen, Memory):
        return None
    if chosen is not None:
        return Path(chosen)
    if own := os.environ.get(VARIABLE):
        return Path(own)
    xdg = os.environ.get("XDG_STATE_HOME", "")
    # The convention: a path that is not absolute is to be ignored.
    base = Path(xdg) if Path(xdg).is_absolute() else Path.home() / ".local" / "state"
    return base / "backstay"
