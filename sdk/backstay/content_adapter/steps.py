"""What has been made for one post, written down under its key as it is made: where a later call goes on.

A container is no post: one too many costs a little of the vendor's patience and nothing else. So it is made again when
its answer is lost, and written down when it is there; of two calls that make one each, the first to write it down wins.
When a container has died, the next round begins, and says so before it makes anything.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backstay.content.words import PostKind
from backstay.engine.claim import moment
from backstay.errors import IdempotencyConflictError
from backstay.keys import payload_hash
from backstay.values import Value
from backstay.writes.journal import DONE, OPEN, JournalKey, Record, State, conflict

if TYPE_CHECKING:
    from backstay.clock import Clock
    from backstay.content.publish import PublishRequest
    from backstay.writes.journal import Journal

PUBLISH: Final = "publish_post"
STEP: Final = "container"
"""The journal's names of the two operations."""
WHOLE: Final = "post"
"""The step of the container that becomes the post; those of its items are numbers."""
ROOM: Final = 16
"""Characters that a step adds to a key."""


class Prepared(Value):
    """A container as the journal keeps it: no text of the post, only its digest."""

    id: str
    kind: PostKind = PostKind.UNKNOWN
    caption: str = ""
    """Digest of the caption; empty for none."""


class Steps:
    """The steps of one key."""

    def __init__(self, journal: Journal, clock: Clock, scope: tuple[str, str], key: str, payload: str = "") -> None:
        self.key = key
        self._journal = journal
        self._clock = clock
        self._scope = scope
        self._payload = payload

    async def outcome(self) -> Record | None:
        """The record of the publishing itself.

        Raises:
            IdempotencyConflictError: the key stands for another payload.
        """
        return self._checked(await self._journal.get(JournalKey(*self._scope, PUBLISH, self.key).id))

    async def known(self, number: int, step: str) -> tuple[Prepared, float] | None:
        """A step of a round and when it was made (wall seconds); None: not yet. Raises as `outcome`."""
        found = self._checked(await self._journal.get(self._named(f"{number}.{step}").id))
        return (found.value, found.created) if found is not None else None

    async def keep(self, number: int, step: str, made: Prepared) -> Prepared:
        """Write a step down; what counts from now on is this one, or the one that another call has written."""
        record = Record(
            self._named(f"{number}.{step}"), self._payload, state=State.VERIFIED, value=made, known=True
        )  # fmt: skip
        stored = await self._claimed(record)
        return stored.value  # type: ignore[no-any-return]  # a record's value is whatever was written into it

    async def round(self) -> int:
        """The round that counts: the last one that was begun."""
        number = 1
        while self._checked(await self._journal.get(self._named(f"{number + 1}").id)) is not None:
            number += 1
        return number

    async def begin(self, number: int, dead: str) -> None:
        """Begin another round, because a container of the one before is dead."""
        record = Record(
            self._named(f"{number}"), self._payload, state=State.VERIFIED, value=dead, known=True,
            note=f"the container {dead} is dead",
        )  # fmt: skip
        await self._claimed(record)

    async def last(self) -> tuple[Prepared, float] | None:
        """The container that may have been published, and when it was made."""
        return await self.known(await self.round(), WHOLE)

    async def _claimed(self, record: Record) -> Record:
        try:
            return await self._journal.claim(record, moment(self._clock))
        except IdempotencyConflictError:
            raise conflict(self._own(record)) from None

    def _own(self, record: Record) -> Record:
        """The record under the caller's own key."""
        return replace(record, key=JournalKey(*self._scope, PUBLISH, self.key))

    def _named(self, step: str) -> JournalKey:
        return JournalKey(*self._scope, STEP, f"{self.key}#{step}")

    def _checked(self, record: Record | None) -> Record | None:
        counts = record is not None and (record.state in DONE or record.state in OPEN)
        if record is not None and counts and self._payload and record.payload != self._payload:
            raise conflict(self._own(record))
        return record


def payload_of(request: PublishRequest) -> str:
    """The hash of a post; the same as the engine makes of it."""
    return payload_hash(PUBLISH, (), {"request": request})


def digest(caption: str | None) -> str:
    """A caption's digest: vendors trim, unify line ends and compose letters, so these do not count."""
    composed = unicodedata.normalize("NFC", caption or "")
    text = "\n".join(line.rstrip() for line in composed.strip().splitlines())
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


__all__ = ["PUBLISH", "ROOM", "STEP", "WHOLE", "Prepared", "Steps", "digest", "payload_of"]
