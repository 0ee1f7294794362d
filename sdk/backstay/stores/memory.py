"""Entries in memory, bounded: the ones not asked for the longest time go first."""

from __future__ import annotations

import threading
from collections import OrderedDict

from backstay.errors import InvalidRequestError
from backstay.stores.protocol import Entry


class MemoryStore:
    """At most `max_entries`, shared by all threads of a process, gone with it."""

    def __init__(self, max_entries: int = 10_000) -> None:
        self.max_entries = at_least_one(max_entries)
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._tagged: dict[str, set[str]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """See `Store.get`; the entry counts as used now."""
        entry = self._entries.get(key)
        if entry is not None:
            try:
                self._entries.move_to_end(key)
            except KeyError:  # another thread has dropped it since the line above; it was there when we were asked
                return entry
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """See `Store.put`."""
        with self._lock:
            entries = self._entries
            if key in entries:
                self._forget(key)
            entries[key] = entry
            if entry.tags:
                for tag in entry.tags:
                    self._tagged.setdefault(tag, set()).add(key)
            if len(entries) > self.max_entries:
                oldest, gone = entries.popitem(last=False)
                if gone.tags:
                    self._untag(oldest, gone)

    def drop(self, key: str) -> None:
        """See `Store.drop`."""
        with self._lock:
            self._forget(key)

    def drop_tag(self, tag: str) -> None:
        """See `Store.drop_tag`."""
        with self._lock:
            for key in tuple(self._tagged.get(tag, ())):
                self._forget(key)

    def drop_prefix(self, prefix: str) -> None:
        """See `Store.drop_prefix`; looks at every key."""
        with self._lock:
            # dict's own view: a hit in another thread reorders an OrderedDict, and its iterator would object.
            for key in [key for key in list(dict.keys(self._entries)) if key.startswith(prefix)]:
                self._forget(key)

    def clear(self) -> None:
        """See `Store.clear`."""
        with self._lock:
            self._entries.clear()
            self._tagged.clear()

    def close(self) -> None:
        """See `Store.close`; nothing outlives this."""
        self.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def _forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._untag(key, entry)

    def _untag(self, key: str, entry: Entry) -> None:
        for tag in entry.tags:
            keys = self._tagged[tag]
            keys.discard(key)
            if not keys:
                del self._tagged[tag]


def at_least_one(max_entries: int) -> int:
    """Refuse a store without room."""
    if isinstance(max_entries, bool) or not isinstance(max_entries, int) or max_entries < 1:
        raise InvalidRequestError(
            "a store holds at least one entry", field="max_entries", value=max_entries, hint="for example 10_000"
        )
    return max_entries
