"""Dead letters: what could not be done is kept, redacted, and can be done later, once.

Everything here is loaded when it is first used: a write that succeeds needs none of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.letters.box import Letters as Letters
    from backstay.letters.memory import MemoryLetters as MemoryLetters
    from backstay.letters.model import Letter as Letter
    from backstay.letters.model import LetterError as LetterError
    from backstay.letters.model import LetterState as LetterState
    from backstay.letters.model import Outcome as Outcome
    from backstay.letters.options import LetterOptions as LetterOptions
    from backstay.letters.protocol import Incident as Incident
    from backstay.letters.protocol import LetterSink as LetterSink
    from backstay.letters.protocol import LetterStore as LetterStore
    from backstay.letters.protocol import Purged as Purged
    from backstay.letters.protocol import Wanted as Wanted
    from backstay.letters.sqlite import SqliteLetters as SqliteLetters

_MODULES = {
    "Incident": "backstay.letters.protocol",
    "Letter": "backstay.letters.model",
    "LetterError": "backstay.letters.model",
    "LetterOptions": "backstay.letters.options",
    "LetterSink": "backstay.letters.protocol",
    "LetterState": "backstay.letters.model",
    "LetterStore": "backstay.letters.protocol",
    "Letters": "backstay.letters.box",
    "MemoryLetters": "backstay.letters.memory",
    "Outcome": "backstay.letters.model",
    "Purged": "backstay.letters.protocol",
    "SqliteLetters": "backstay.letters.sqlite",
    "Wanted": "backstay.letters.protocol",
}

__all__ = [
    "Incident",
    "Letter",
    "LetterError",
    "LetterOptions",
    "LetterSink",
    "LetterState",
    "LetterStore",
    "Letters",
    "MemoryLetters",
    "Outcome",
    "Purged",
    "SqliteLetters",
    "Wanted",
]


if not TYPE_CHECKING:  # or a type checker would believe every name

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name)
        value = globals()[name] = getattr(importlib.import_module(module), name)
        return value
