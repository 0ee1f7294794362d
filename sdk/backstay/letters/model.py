"""One dead letter: a call that could not be done, with what a person or a replay needs of it, and no secret."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import ConfigDict, ValidationError

from backstay.errors import BadResponseError
from backstay.values import EMPTY, Extra, Value

NAMESPACE: Final = uuid.UUID("6f0d5f0e-6a34-5c56-9a2c-b5a0a4f0d1e7")
"""Makes the id of a letter from its key: the same call has the same letter in every process, and in the spill file."""


class LetterState(StrEnum):
    """Where a letter stands."""

    WAITING = "waiting"
    """Not done: to be replayed or discarded."""
    REPLAYED = "replayed"
    """Done since, by a replay or by the same call made again."""
    DISCARDED = "discarded"
    """Somebody decided that it is not wanted any more."""


class Outcome(StrEnum):
    """What is known of the write."""

    FAILED = "failed"
    """It has not happened."""
    OPEN = "open"
    """Nobody knows whether it happened; its record stays open in the journal as well."""


class LetterError(Value):
    """What the call ended with: the class's name and its text, scrubbed (S2-13)."""

    type: str
    message: str
    traceback: str | None = None


class Letter(Value):
    """A dead letter. The first six fields are those of the requirements (S2-13), by their names.

    Times are UTC. `original_event` and `context` are redacted by allow-list; `call` is what a replay makes the call
    from, and is there only if nothing in it had to be hidden.
    """

    model_config = ConfigDict(extra="ignore")  # a newer version of us may say more

    dlq_id: str
    timestamp: datetime
    """When the call failed last."""
    original_event: Extra
    error: LetterError
    retry_count: int
    """Retries of the last call; its first try does not count."""
    context: Extra = EMPTY

    key: str
    """Names the one logical call; a broker's message key."""
    vendor: str = ""
    account: str = ""
    operation: str
    effect: str = ""
    type: str = "INTERNAL_ERROR"
    """The error's type in our taxonomy."""
    why: str | None = None
    """Why there was no further try: "attempts", "deadline", "budget" ..."""
    rule: str | None = None
    journal_id: str | None = None
    """The record of the write in the journal, where there is one: `backstay journal show ID`."""
    request_ids: tuple[str, ...] = ()
    retry_after: float | None = None
    """Seconds that the vendor asked to wait."""
    outcome: Outcome = Outcome.FAILED
    sent: bool = False
    """Whether the call came as far as a write, one that failed or one of several that succeeded."""
    state: LetterState = LetterState.WAITING
    failures: int = 1
    """How often the logical call has failed, replays included."""
    first_at: datetime
    settled_at: datetime | None = None
    held_until: datetime | None = None
    """Until when a replay that is under way holds it."""
    call: str | None = None
    """Text of `backstay.letters.kept`: what to call, with which arguments."""
    before: str | None = None
    """Text of what the object was before a change: a replay overwrites nothing else."""
    not_replayable: str | None = None
    """Why it cannot be replayed, and the cure; None when it can."""

    @property
    def replayable(self) -> bool:
        """Whether there is all that a replay needs."""
        return self.call is not None

    def merged(self, newer: Letter) -> Letter:
        """The letter after another failure of the same call; one that was settled since then stays settled."""
        if self.settled_at is not None and newer.timestamp <= self.settled_at:
            return self.model_copy(update={"failures": self.failures + newer.failures})
        last, other = (newer, self) if newer.timestamp >= self.timestamp else (self, newer)
        open_still = self.state is LetterState.WAITING and self.outcome is Outcome.OPEN
        return last.model_copy(
            update={
                "dlq_id": self.dlq_id, "first_at": min(self.first_at, newer.first_at),
                "failures": self.failures + newer.failures, "state": LetterState.WAITING, "settled_at": None,
                "outcome": Outcome.OPEN if open_still else last.outcome, "held_until": self.held_until,
                "sent": self.sent or newer.sent,
                "call": last.call or other.call,
                "before": last.before or (self.before if self.state is LetterState.WAITING else None),
                "not_replayable": last.not_replayable if not (last.call or other.call) else None,
            }
        )  # fmt: skip

    def failed_again(self, error: LetterError, at: datetime, facts: Mapping[str, Any]) -> Letter:
        """The letter after a replay that failed."""
        return self.model_copy(
            update={"error": error, "timestamp": at, "failures": self.failures + 1, "held_until": None, **facts}
        )

    def settled(self, state: LetterState, at: datetime) -> Letter:
        """The letter when it is over."""
        return self.model_copy(update={"state": state, "settled_at": at, "held_until": None})

    def as_json(self) -> dict[str, Any]:
        """Plain JSON, the fields of the requirements first."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, found: object) -> Self:
        """Read what `as_json` gave; raises BadResponseError for anything else."""
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise BadResponseError(
                f"no dead letter: {'.'.join(map(str, fault['loc']))}: {fault['msg']}", field="letter",
                hint="look at the file by hand; the line was left where it is",
            ) from None  # fmt: skip


def letter_id(key: str) -> str:
    """The id of the letter of a logical call, a UUID."""
    return str(uuid.uuid5(NAMESPACE, key))


__all__ = ["Letter", "LetterError", "LetterState", "Outcome", "letter_id"]
