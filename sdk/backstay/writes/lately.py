"""Objects that were made a moment ago: the answer to their create has shown them, while other reads may lag behind."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.ads.refs import Ref


class Lately:
    """Which objects are so new that a read without them says nothing yet; one a runtime. It is told the time."""

    __slots__ = ("_lock", "_until")

    def __init__(self) -> None:
        # Of texts and numbers, so that the collector has nothing to walk through; an id that another vendor has as well
        # is at worst asked for once more.
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def made(self, ref: Ref, now: float, lag: float) -> None:
        """Note an object; monotonic seconds, and those by which reads lag."""
        with self._lock:
            while self._until and next(iter(self._until.values())) <= now:
                del self._until[next(iter(self._until))]
            self._until[ref.id] = now + lag

    def has(self, ref: Ref, now: float) -> bool:
        """Whether reads may still lag behind the making of it."""
        return self._until.get(ref.id, now) > now


__all__ = ["Lately"]
