"""How dead letters are kept: `Runtime(letters=LetterOptions(...))`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.policies.letters import check_retention
from backstay.policies.settings import above
from backstay.redact import FIELDS

if TYPE_CHECKING:
    from backstay.letters.protocol import LetterSink

DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class LetterOptions:
    """Where letters go, how long they stay, and what may be written in them.

    Raises:
        InvalidRequestError: naming the field, the value and the cure.
    """

    store: LetterSink | None = None
    """None: `letters.sqlite` in the runtime's state folder, or memory where that is in memory."""
    spill: str | os.PathLike[str] | None = None
    """The file of the last resort; None: `spill.jsonl` in the state folder, or none in memory."""
    max_age: float = 30 * DAY
    """Seconds after which a letter is deleted, counted from when something last happened to it."""
    max_count: int = 100_000
    """Letters at most; those that are over go first, then the oldest."""
    alarm: int = 1_000
    """So many waiting letters are told to the listeners as `letters_alarm` (S2-25)."""
    allow: frozenset[str] = FIELDS
    """Names of mapping keys whose values may be kept: `redact.FIELDS | {...}`."""
    tracebacks: bool = False
    """Whether letters hold the error's traceback, scrubbed."""
    hold: float = 60.0
    """Seconds for which a replay holds its letter; it is held on while the replay runs, and free after a crash."""

    def __post_init__(self) -> None:
        check_retention(self.max_age, self.max_count, self.alarm)
        above("hold", self.hold, 0.0)


__all__ = ["LetterOptions"]
