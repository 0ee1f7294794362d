"""The journal: every CREATE and PUBLISH is written down under its key before it is sent.

This is the protocol and the journal in memory, which lives as long as the process. It answers the three questions
of a key: has this been done (replay), is somebody at it (wait), may it have happened (look first).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from backstay.errors import IdempotencyConflictError, InvalidRequestError

MAX_KEY: Final = 200
MAX_RECORDS: Final = 100_000


class State(StrEnum):
    """Where a write stands; UNKNOWN is left only by looking."""

    PLANNED = "planned"
    SENT = "sent"
    UNKNOWN = "unknown"
    CREATED = "created"
    FAILED = "failed"


class JournalKey(NamedTuple):
    """A caller's key in its scope: the same text on another account or for another operation is another key."""

    vendor: str
    account: str
    operation: str
    key: str


@dataclass(slots=True, eq=False)
class Record:
    """One intent and what became of it."""

    key: JournalKey
    payload: str
    """The versioned hash of what the caller set."""
    state: State = State.PLANNED
    value: Any = None
    parked: tuple[str, ...] = ()
    """Ids of further objects found under the key: left paused, never deleted."""
    uncertain_since: float = 0.0
    """Monotonic seconds of the end of the last attempt whose outcome is open."""
    attempts: int = 0
    waiters: list[asyncio.Future[None]] = field(default_factory=list)
    held: bool = False


class Journal(Protocol):
    """What the engine asks of a journal."""

    async def claim(self, key: JournalKey, payload: str) -> Record:
        """The record of a key, held by the caller alone until `release`; waits while somebody else holds it."""
        ...

    async def save(self, record: Record) -> None:
        """Keep a record's change for good."""
        ...

    def release(self, record: Record) -> None:
        """Let go of a record."""
        ...

    def records(self) -> tuple[Record, ...]:
        """All records, oldest first."""
        ...


class MemoryJournal:
    """A journal in memory, bounded: the oldest settled records go first, open ones never."""

    def __init__(self, max_records: int = MAX_RECORDS) -> None:
        self._records: OrderedDict[Hashable, Record] = OrderedDict()
        self._max = max_records

    async def claim(self, key: JournalKey, payload: str) -> Record:
        """See `Journal`.

        Raises:
            IdempotencyConflictError: the key stands for another payload.
        """
        check_key(key.key)
        while True:
            record = self._records.get(key)
            if record is None or (record.state is State.FAILED and not record.held):
                record = self._records[key] = Record(key, payload)
                self._shrink()
            if record.payload != payload:
                raise _conflict(key)
            if not record.held:
                record.held = True
                return record
            waiter = asyncio.get_running_loop().create_future()
            record.waiters.append(waiter)
            await waiter

    async def save(self, record: Record) -> None:
        """See `Journal`; memory needs no more."""

    def release(self, record: Record) -> None:
        """See `Journal`."""
        record.held = False
        waiters, record.waiters = record.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def records(self) -> tuple[Record, ...]:
        """See `Journal`."""
        return tuple(self._records.values())

    def _shrink(self) -> None:
        if len(self._records) <= self._max:
            return
        for key, record in self._records.items():
            if not record.held and record.state in {State.CREATED, State.FAILED}:
                del self._records[key]
                return


def check_key(key: object) -> None:
    """Refuse a key that is no key, before anything is sent."""
    if not isinstance(key, str) or not key.strip():
        raise InvalidRequestError(
            "the idempotency key is empty", field="idempotency_key", value=key,
            hint="pass a text that names this one write, such as 'spring-2026/campaign'",
        )  # fmt: skip
    if len(key) > MAX_KEY:
        raise InvalidRequestError(
            f"the idempotency key has {len(key)} characters", field="idempotency_key", value=key,
            hint=f"use at most {MAX_KEY} characters",
        )  # fmt: skip


def _conflict(key: JournalKey) -> IdempotencyConflictError:
    return IdempotencyConflictError(
        f"the key {key.key!r} was used for another {key.operation}", field="idempotency_key", value=key.key,
        hint="use a new key for a new payload, or the old payload with this key", rule="journal.payload",
    )  # fmt: skip
