"""The journal: every CREATE and PUBLISH is written down under its key before it is sent, every open SET beside them.

It answers the three questions of a key: has this been done (replay), is somebody at it (wait), may it have happened
(look first). This is the record, and the protocol that `MemoryJournal`, `SqliteJournal` and others keep.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from backstay.errors import IdempotencyConflictError, InvalidRequestError
from backstay.writes.marker import token

MAX_KEY: Final = 200
NOT_IN_A_KEY: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories: controls, half surrogate pairs, separators of lines and paragraphs."""
LEASE: Final = 30.0
"""Seconds that a claim lasts; it is renewed every third of them while its call works, however long an attempt takes."""


class State(StrEnum):
    """Where a write stands; SENT and UNKNOWN are left only by an answer, by looking, or by a person."""

    PLANNED = "planned"
    """Nothing has been sent, or looking has proved that what was sent made nothing."""
    SENT = "sent"
    """An attempt is under way, or its process is gone."""
    UNKNOWN = "unknown"
    """An attempt has ended and may have made something."""
    CREATED = "created"
    VERIFIED = "verified"
    """Read back as it was meant to be; nothing of ours pauses it any more."""
    ACTIVE = "active"
    """Switched on by `activate_tree`."""
    FAILED = "failed"
    """Certainly nothing was made; the key is free again."""
    ABANDONED = "abandoned"
    """Given up by a person; the key stays closed."""


OPEN: Final = frozenset({State.SENT, State.UNKNOWN})
FREE: Final = frozenset({State.PLANNED, State.FAILED})
DONE: Final = (State.CREATED, State.VERIFIED, State.ACTIVE)
"""In the order in which they follow each other."""


class Kind(StrEnum):
    """What is written down."""

    CREATE = "create"
    """A CREATE or PUBLISH: kept for good, so that its key is never used twice."""
    SET = "set"
    """A SET or DELETE: kept only while its outcome is open."""
    TREE = "tree"
    """A whole tree, written down when it was built and verified; its parts have records of their own."""


class Moment(NamedTuple):
    """Now, on both clocks: the wall's outlives the process, the other never jumps."""

    wall: float
    monotonic: float


class JournalKey(NamedTuple):
    """A caller's key in its scope: the same text on another account or for another operation is another key."""

    vendor: str
    """The adapter's id."""
    account: str
    operation: str
    key: str

    @property
    def id(self) -> str:
        """The journal id: the same 16 characters that the marker in the object's name shows."""
        return token(self.vendor, self.account, self.operation, self.key)


@dataclass(slots=True)
class Record:
    """One intent and what became of it. What a journal hands out is a copy: `save` makes a change count."""

    key: JournalKey
    payload: str
    """The versioned hash of what the caller set."""
    kind: Kind = Kind.CREATE
    state: State = State.PLANNED
    attempts: int = 0
    value: Any = None
    """What was made, as the create returned it; meaningful while `known`."""
    known: bool = False
    parked: tuple[Any, ...] = ()
    """Further objects found under the key: left paused, never deleted."""
    asked: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Of a SET: its arguments by name, as far as they can be stored; for `recover` and for people."""
    owner: str = ""
    """Whoever holds it; empty: nobody."""
    beat: float = 0.0
    """Wall seconds of the claim or its last renewal."""
    lease: float = 0.0
    """Seconds from there until somebody else may take it over."""
    created: float = 0.0
    """Wall seconds."""
    updated: float = 0.0
    uncertain_since: float = 0.0
    """Wall seconds at which the last attempt was sent (SENT) or ended (UNKNOWN)."""
    in_air: float = 0.0
    """Seconds from there for which that attempt may still be on its way; 0 when it has ended."""
    note: str = ""
    """Why it is open (the error's type and message), or what a person said when abandoning it."""
    begun: bool = field(default=False, compare=False)
    """Of what a claim gives: whether that claim began it; else it has gone on with what another one left."""
    open_since: float = field(default=0.0, compare=False)
    """Monotonic seconds, this process's: from when the read lag of an open record counts."""

    own_id: str = field(default="", init=False, compare=False, repr=False)
    """The id, once it was asked for; `replace` with another key begins without."""

    @property
    def id(self) -> str:
        """See `JournalKey.id`."""
        if not self.own_id:
            self.own_id = self.key.id
        return self.own_id

    @property
    def expires(self) -> float:
        """Wall seconds at which the claim lapses unless it is renewed."""
        return self.beat + self.lease


class Journal(Protocol):
    """What the engine asks of a journal.

    Every method is one atomic step that is durable when it returns; several tasks, loops, processes or machines may
    call at once. A claim is fenced: `save`, `renew` and `drop` do nothing for an owner that has lost it. Rules of
    claims are `backstay.writes.claims`, pure, for whoever writes a journal on another store (Redis: one hash a
    record, each method one script or one WATCH/MULTI round).
    """

    lease: float
    """Seconds that a claim lasts without being renewed."""

    async def claim(self, fresh: Record, now: Moment) -> Record:
        """The record of a key, held by `fresh.owner` if nobody else holds it and it is not done.

        `fresh` is the record to begin with when the key is new or free. Look at the answer's `state` and `owner`: done
        is to be replayed, another owner is to be waited for. A `fresh` record may say SENT already, with time for the
        way to the vendor in its `in_air`: then nothing need be saved before the first attempt.

        Raises:
            IdempotencyConflictError: the key stands for another payload, or was abandoned.
        """
        ...

    async def take(self, id: str, owner: str, now: Moment) -> Record | None:  # noqa: A002 - the field's own name
        """Hold an existing record whatever its payload; None if there is none or somebody else holds it."""
        ...

    async def save(self, record: Record, now: Moment, *, release: bool = False) -> bool:
        """Keep a held record's change and renew its claim, or let go of it; False if the claim was lost."""
        ...

    async def renew(self, id: str, owner: str, now: Moment) -> bool:  # noqa: A002 - as above
        """Begin the lease anew; False if the claim was lost."""
        ...

    async def release(self, id: str, owner: str) -> None:  # noqa: A002 - as above
        """Let go of a record, if this owner holds it."""
        ...

    async def drop(self, record: Record) -> None:
        """Forget a held record: a SET whose outcome is known."""
        ...

    async def mark(self, id: str, state: State, now: Moment) -> None:  # noqa: A002 - as above
        """Move a done record on to VERIFIED or ACTIVE; never back, and nothing happens to one that is not done."""
        ...

    async def get(self, id: str) -> Record | None:  # noqa: A002 - as above
        """One record."""
        ...

    async def records(self, *states: State, limit: int | None = None) -> tuple[Record, ...]:
        """Records in one of these states (none: all), oldest first; with a limit the newest ones."""
        ...


def check_key(key: object, room: int = 0) -> None:
    """Refuse a key that is no key, before anything is sent; `room` characters will be added to it."""
    if not isinstance(key, str) or not key.strip():
        raise InvalidRequestError(
            "the idempotency key is empty" if key is None or isinstance(key, str) else f"{key!r} is no text",
            field="idempotency_key", value=key,
            hint="pass a text that names this one write, such as 'spring-2026/campaign'",
        )  # fmt: skip
    if len(key) > MAX_KEY - room:
        raise InvalidRequestError(
            f"the idempotency key has {len(key)} characters", field="idempotency_key", value=key,
            hint=f"use at most {MAX_KEY - room} characters",
        )  # fmt: skip
    if not key.isprintable() and any(unicodedata.category(character) in NOT_IN_A_KEY for character in key):
        raise InvalidRequestError(
            "the idempotency key has control characters", field="idempotency_key", value=key,
            hint="leave out line breaks, control characters and halves of surrogate pairs",
        )  # fmt: skip


def conflict(record: Record) -> IdempotencyConflictError:
    """The key stands for something else."""
    return IdempotencyConflictError(
        f"the key {record.key.key!r} was used for another {record.key.operation}", field="idempotency_key",
        value=record.key.key, hint="use a new key for a new payload, or the old payload with this key",
        rule="journal.payload", journal_id=record.id,
    )  # fmt: skip


def abandoned(record: Record) -> IdempotencyConflictError:
    """Somebody has given the key up."""
    said = f": {record.note}" if record.note else ""
    return IdempotencyConflictError(
        f"the key {record.key.key!r} was abandoned{said}", field="idempotency_key", value=record.key.key,
        hint="look at the vendor for what it may have made, then use a new key", rule="journal.abandoned",
        journal_id=record.id,
    )  # fmt: skip


_fields: Final = attrgetter(*(each.name for each in fields(Record) if each.init))


def copied(record: Record, **changes: Any) -> Record:
    """A copy, with changes: who changes it changes nothing in the journal. `replace` would cost three times that."""
    twin = Record(*_fields(record))
    twin.own_id = record.own_id
    for name, value in changes.items():
        setattr(twin, name, value)
    return twin
