"""What can happen, as frozen records. Event names and fields are public API: people alert on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, fields
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, Final

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_context: ContextVar[Mapping[str, Any]] = ContextVar("backstay_context", default=_NOTHING)


@contextlib.contextmanager
def bind_context(**values: Any) -> Iterator[None]:
    """Bind ids (user_id, carousel_id ...) that every event inside the block carries along."""
    token = _context.set(MappingProxyType({**_context.get(), **values}))
    try:
        yield
    finally:
        _context.reset(token)


def bound() -> Mapping[str, Any]:
    """What is bound where the caller is."""
    return _context.get()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The base of all events: when (wall seconds, UTC), where, and the context that was bound."""

    name: ClassVar[str] = "event"
    healed: ClassVar[bool] = True
    """Whether the matter healed by itself; what did not is a WARNING or worse."""

    at: float
    vendor: str | None = None
    function: str = ""
    """The operation's or the function's name."""
    context: Mapping[str, Any] = field(default_factory=_context.get)

    def facts(self) -> dict[str, Any]:
        """The event's own fields by name, without time and context."""
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value for name, value in own.items() if name not in {"at", "context"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAttempt(Event):
    """A call failed and will be made again after `delay` seconds."""

    name = "retry_attempt"
    attempt: int
    """The number of the retry, from 1."""
    max_attempts: int
    delay: float
    exception: str
    calls: int
    """Calls made so far."""
    type: str = ""
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySuccess(Event):
    """A call succeeded after retries; `total_delay` is the seconds really waited."""

    name = "retry_success"
    attempt: int
    total_delay: float
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryExhausted(Event):
    """A call that was retried has failed for good."""

    name = "retry_exhausted"
    healed = False
    max_attempts: int
    total_delay: float
    error: str
    calls: int
    type: str = ""
    rule: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed(Event):
    """An operation ended with an error."""

    name = "operation_error"
    healed = False
    error_type: str
    error_message: str
    platform: str | None
    retry_count: int
    calls: int
    type: str = ""
    rule: str | None = None
    why: str = ""
    """Why there was no further call: "not_retryable", "attempts", "budget" ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerChanged(Event):
    """A breaker changed its state."""

    name = "breaker_changed"
    scope: str
    old: str
    new: str
    shadow: bool = False
    """Whether it only watches: nobody is held back."""
    calls: int = 0
    """What was counted when it opened, and how much of it had failed."""
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBudgetEmpty(Event):
    """A dependency's retry budget is used up: its calls fail without a retry until it fills again. Told once."""

    name = "retry_budget_empty"
    healed = False
    scope: str
    refused: int
    """Retries refused so far, in the life of the scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimiterWaited(Event):
    """A call waited before it was sent: for a token, a gate, or room."""

    name = "limiter_waited"
    scope: str
    wait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleServed(Event):
    """A stored answer past its time was served, because the vendor could not be asked."""

    name = "stale_served"
    age: float
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackUsed(Event):
    """Another adapter or step answered."""

    name = "fallback_used"
    by: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSettled(Event):
    """A write whose answer was lost was looked up: adopted, absent, or still unknown."""

    name = "write_settled"
    outcome: str
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRecorded(Event):
    """An attempt that may have cost money has ended; see `backstay.ledger`."""

    name = "cost_recorded"
    amount: Decimal | None
    currency: str
    basis: str
    """"reported" by the vendor, "estimated" from what was used, or "unknown"."""
    outcome: str
    """"ok", "failed", or "unknown": its answer was lost, and the amount is what it may have cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendRefused(Event):
    """The spend guard has refused a write: a rule, what stood against it, and its cap."""

    name = "spend_refused"
    healed = False
    account: str
    rule: str
    value: str
    cap: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem(Event):
    """Something in the background failed: a refresh, a store, a listener. Nothing is swallowed."""

    name = "problem"
    healed = False
    where: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter(Event):
    """A write, or an event of a worker, was given up and left a letter (S2-14)."""

    name = "dead_letter"
    healed = False
    dlq_id: str
    event_id: str | None
    """The id of the event that could not be handled; for a write its idempotency key, where it has one."""
    error_type: str
    error_message: str
    outcome: str
    """"failed", or "open" where nobody knows whether the write happened."""
    failures: int
    replayable: bool
    stored: str
    """"store"; "spill" where the store did not take it; "nowhere" where the spill file did not either."""
    type: str = ""
    letter: str | None = None
    """The whole letter as JSON, redacted, where it is stored nowhere: this line is then all that is left of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterReplayed(Event):
    """A dead letter was replayed: it is over, or it failed again."""

    name = "letter_replayed"
    dlq_id: str
    outcome: str
    """"replayed" or "failed"."""
    failures: int
    error_type: str | None = None
    error_message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersAlarm(Event):
    """Too many dead letters wait, or some were deleted although they still waited (S2-25)."""

    name = "letters_alarm"
    healed = False
    waiting: int
    limit: int
    dropped: int = 0
    """Letters that still waited and were deleted, because they were too old or too many."""
