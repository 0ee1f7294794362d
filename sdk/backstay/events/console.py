"""Events as sentences for people: what the console shows, and the message of a plain log record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from backstay.events.model import (
    BreakerChanged,
    CallFailed,
    CostRecorded,
    DeadLetter,
    Event,
    FallbackUsed,
    LetterReplayed,
    LettersAlarm,
    LimiterWaited,
    Problem,
    RetryAttempt,
    RetryBudgetEmpty,
    RetryExhausted,
    RetrySuccess,
    StaleServed,
    WriteSettled,
)
from backstay.facts import MAX_MESSAGE, plain
from backstay.redact import scrub

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE_LETTER: Final = 200_000
"""Characters of a line that is all that is left of a dead letter."""


def sentence(event: Event) -> str:
    """One line about an event, without secrets and control characters."""
    whole = isinstance(event, DeadLetter) and event.letter is not None
    return plain(scrub(_sentence(event)), WHOLE_LETTER if whole else MAX_MESSAGE)


def _sentence(event: Event) -> str:
    where = event.function or event.vendor or "backstay"
    match event:
        case RetryAttempt():
            tries = f"Attempt {event.calls}/{event.max_attempts} failed, retrying in {event.delay:.1f}s"
            return f"{tries} ({where}: {event.exception})"
        case RetrySuccess():
            return f"{where}: succeeded at call {event.calls}, after {event.total_delay:.1f}s of waits"
        case RetryExhausted():
            tries = f"after {event.calls} of {event.max_attempts} calls and {event.total_delay:.1f}s of waits"
            return f"{where}: gave up {tries} ({event.why}): {event.error}"
        case CallFailed():
            return f"{where}: failed with {event.error_type} ({event.rule or event.type}): {event.error_message}"
        case BreakerChanged() | RetryBudgetEmpty():
            return _of_a_scope(event)
        case LimiterWaited():
            return f"{where}: waited {event.wait:.2f}s for its turn ({event.scope})"
        case StaleServed():
            return f"{where}: served an answer that is {event.age:.0f}s old, because of {event.cause}"
        case FallbackUsed():
            return f"{where}: answered by {event.by}, because of {event.cause}"
        case WriteSettled():
            return f"{where}: a write with a lost answer was looked up: {event.outcome} ({event.found} found)"
        case Problem():
            return f"{where}: {event.where}: {event.error}"
        case DeadLetter() | LetterReplayed() | LettersAlarm():
            return _of_letters(where, event)
        case _:
            return _of_money(where, event) if isinstance(event, CostRecorded) else f"{where}: {event.name}"


def _of_a_scope(event: BreakerChanged | RetryBudgetEmpty) -> str:
    if isinstance(event, RetryBudgetEmpty):
        return f"{event.scope}: the retry budget is empty; what fails now fails without a retry"
    watching = " (shadow: it only watches)" if event.shadow else ""
    return f"{event.scope}: breaker {event.old} -> {event.new}{watching}"


def _of_money(where: str, event: CostRecorded) -> str:
    amount = "nobody knows how much" if event.amount is None else f"{event.amount:f} {event.currency}"
    return f"{where}: cost {amount} ({event.basis}, {event.outcome})"


def _of_letters(where: str, event: DeadLetter | LetterReplayed | LettersAlarm) -> str:
    match event:
        case DeadLetter():
            kept = "kept" if event.letter is None else f"kept NOWHERE but here: {event.letter}"
            spilled = " in the spill file" if event.stored == "spill" else ""
            about = f"{event.dlq_id} of {event.event_id}" if event.event_id else event.dlq_id
            return f"{where}: dead letter {about} {kept}{spilled} ({event.outcome}): {event.error_message}"
        case LetterReplayed():
            ended = f"failed again: {event.error_message}" if event.outcome == "failed" else "succeeded"
            return f"{where}: replay of dead letter {event.dlq_id} {ended}"
        case LettersAlarm():
            dropped = f"; {event.dropped} were deleted that still waited" if event.dropped else ""
            return f"{event.waiting} dead letters wait (alarm at {event.limit}){dropped}"


class ConsoleListener:
    """Writes one line per event to standard error, or wherever `write` leads."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write

    def __call__(self, event: Event, /) -> None:
        """See `backstay.events.Listener`."""
        # Looked up at each event: whoever replaces sys.stderr later is heard.
        (self._write or sys.stderr.write)(sentence(event) + "\n")


__all__ = ["ConsoleListener", "sentence"]
