"""What was invalidated when, so that an answer fetched before a change is not stored after it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

REMEMBERED: Final = 4_096
"""Invalidations kept by name; what is older is taken to concern everything."""


class Generations:
    """A counter of invalidations, with the newest one of each key, tag and prefix."""

    __slots__ = ("_forgotten", "_limit", "_marks", "_prefixes", "now")

    def __init__(self, limit: int = REMEMBERED) -> None:
        self.now = 0
        self._limit = limit
        self._marks: dict[tuple[str, str], int] = {}  # oldest first
        self._prefixes: dict[str, int] = {}
        self._forgotten = 0

    def mark(self, kind: str, name: str) -> None:
        """A "key", "tag" or "prefix" is invalid from now on."""
        self.now += 1
        marks = self._marks
        marks.pop((kind, name), None)
        marks[kind, name] = self.now
        if kind == "prefix":
            self._prefixes[name] = self.now
        if len(marks) > self._limit:
            oldest = next(iter(marks))
            self._forgotten = marks.pop(oldest)
            if oldest[0] == "prefix":
                del self._prefixes[oldest[1]]

    def mark_all(self) -> None:
        """Everything is invalid from now on."""
        self.now += 1
        self._forgotten = self.now
        self._marks.clear()
        self._prefixes.clear()

    def outdated(self, begun: int, key: str, tags: Collection[str]) -> bool:
        """Whether an answer whose fetch began at generation `begun` may be older than an invalidation."""
        if begun == self.now:
            return False
        marks = self._marks
        return (
            begun < self._forgotten
            or marks.get(("key", key), 0) > begun
            or any(marks.get(("tag", tag), 0) > begun for tag in tags)
            or any(mark > begun and key.startswith(prefix) for prefix, mark in self._prefixes.items())
        )
