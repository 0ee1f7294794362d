"""Which member a key went to, written down before anything is sent: the same key always goes the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from backstay.runtime import Runtime
from backstay.writes.journal import DONE, JournalKey, Moment, Record, State, check_key

VENDOR: Final = "split"
OPERATION: Final = "route"
PAYLOAD: Final = "route"
"""Whether the payload is the same as before is the member's question: it has a record of its own under the key."""


class Routes:
    """The routes of one split in its runtime's journal."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name

    async def of(self, key: str, choose: Callable[[], str]) -> str:
        """The member of a key: the one written down, else a new choice, which is written down first.

        One claim decides: of several tasks or processes with one key the first one's choice holds for all.
        """
        known = await self.known(key)
        if known is not None:
            return known
        clock = self._runtime.clock
        route = Record(self._key(key), PAYLOAD, state=State.CREATED, value=choose(), known=True)
        kept = await self._runtime.journal.claim(route, Moment(clock.wall(), clock.monotonic()))
        return str(kept.value)

    async def known(self, key: str) -> str | None:
        """The member of a key if it is written down; writes nothing."""
        record = await self._runtime.journal.get(self._key(key).id)
        return str(record.value) if record is not None and record.state in DONE else None

    def _key(self, key: str) -> JournalKey:
        check_key(key)
        return JournalKey(VENDOR, self._name, OPERATION, key)
