"""What a cache asks of a store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from backstay.redact import scrub

OnProblem = Callable[[str, BaseException], None]
"""Told where something went wrong in the background, and what; perhaps in a thread of the store."""


def log_problem(where: str, error: BaseException) -> None:
    """What happens to a problem when nobody else wants to know: a warning of the logger `backstay`."""
    logging.getLogger("backstay").warning("%s: %s: %s", where, type(error).__name__, scrub(str(error)))


@dataclass(slots=True)
class Entry:
    """One stored answer. Treat `value` as read-only: all who ask get the same object."""

    value: Any
    stored_at: float
    """Wall seconds."""
    ttl: float
    """Seconds for which whoever stored it called it fresh; a reader may have its own opinion."""
    tags: frozenset[str] = frozenset()


class Store(Protocol):
    """Keeps entries by key; bounded, quick enough to be called in the event loop's thread, safe from several threads.

    What was put can be got at once. A store that cannot read or write reports it and behaves as if it were empty: a
    broken cache must not break a read.
    """

    def get(self, key: str) -> Entry | None:
        """The entry, however old."""
        ...

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry in place of any older one of this key; the oldest ones make room."""
        ...

    def drop(self, key: str) -> None:
        """Forget one entry."""
        ...

    def drop_tag(self, tag: str) -> None:
        """Forget all entries that carry a tag."""
        ...

    def drop_prefix(self, prefix: str) -> None:
        """Forget all entries whose keys begin so."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of files and threads."""
        ...
