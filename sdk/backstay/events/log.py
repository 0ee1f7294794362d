"""Events as log records: structlog where the application has configured it, else the standard library's `logging`.

Nothing is configured here and structlog is never imported here: an application that uses it has it loaded already.
What healed by itself is INFO or DEBUG; WARNING and ERROR are for what did not. Values come by allow-list, scrubbed.
"""

from __future__ import annotations

import logging
import sys
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

from backstay.clock import utc, utc_now
from backstay.errors import BackstayError
from backstay.events.console import sentence
from backstay.events.model import (
    BreakerChanged,
    CallFailed,
    CostRecorded,
    DeadLetter,
    Event,
    LetterReplayed,
    LettersAlarm,
    LimiterWaited,
    WriteSettled,
    bound,
)
from backstay.facts import plain
from backstay.redact import FIELDS, HIDDEN, scrub

if TYPE_CHECKING:
    from collections.abc import Mapping

LOGGER: Final = "backstay"
"""The logger's name, for structlog and the standard library alike."""

_LEVELS: Final = {
    "debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR,
    "critical": logging.CRITICAL,
}  # fmt: skip
_RESERVED: Final = frozenset({"event", "level", "timestamp", "logger"})
_AS_TEXT: Final = (UUID, Decimal, Enum, date)  # a datetime is a date
_AS_IS: Final = (bool, int, float, type(None))
_LEFT_OUT: Final = frozenset({"vendor", "rule", "type", "why", "letter"})
"""Fields that say nothing where they are empty."""


class EventLogger(Protocol):
    """What is asked of a logger: structlog's bound loggers fit; those of `logging` are served too."""

    def error(self, event: str, /, **fields: Any) -> Any:
        """Write one event; `debug`, `info`, `warning` and `critical` are called alike."""
        ...


class LogListener:
    """Writes each event to a logger: the one given, or `backstay` of whatever the application logs with.

    `allow` names the fields of the bound context that may be shown; every other value is hidden.
    """

    def __init__(
        self, logger: EventLogger | logging.Logger | None = None, *, allow: frozenset[str] = FIELDS
    ) -> None:  # fmt: skip
        self._logger = logger
        self._allow = allow

    def __call__(self, event: Event, /) -> None:
        """See `backstay.events.Listener`."""
        write(self._logger or current_logger(), level_of(event), event.name, self._fields(event), event)

    def _fields(self, event: Event) -> dict[str, Any]:
        own = {name: _shown(value) for name, value in event.facts().items() if value or name not in _LEFT_OUT}
        if isinstance(event, CallFailed):
            own["context"] = event.function
        if isinstance(event, DeadLetter) and event.letter is not None:
            own["letter"] = scrub(event.letter)  # in full: there is no other copy
        return {**context_fields(event.context, self._allow), **own, "timestamp": utc(event.at).isoformat()}


def current_logger() -> EventLogger | logging.Logger:
    """structlog's logger if the application has configured structlog, else that of `logging`."""
    structlog = sys.modules.get("structlog")
    if structlog is not None and structlog.is_configured():
        logger: EventLogger = structlog.get_logger(LOGGER)
        return logger
    return logging.getLogger(LOGGER)


def level_of(event: Event) -> str:
    """WARNING or ERROR only for what did not heal by itself; CRITICAL for letters that their store did not take."""
    if isinstance(event, DeadLetter):
        return "error" if event.stored == "store" else "critical"
    if isinstance(event, CallFailed | LettersAlarm):
        return "error"
    if isinstance(event, LetterReplayed):
        return "info" if event.outcome == "replayed" else "warning"
    if isinstance(event, BreakerChanged):
        if event.old == "closed":
            return "info" if event.shadow else "warning"
        return "info" if event.new == "closed" else "debug"  # in between it probes, many times in an outage
    if not event.healed or (isinstance(event, WriteSettled) and event.outcome == "unknown"):
        return "warning"
    return "debug" if isinstance(event, LimiterWaited | CostRecorded) else "info"


def context_fields(context: Mapping[str, Any], allow: frozenset[str] = FIELDS) -> dict[str, Any]:
    """The bound ids, ours and structlog's own context variables; names outside of `allow` keep their value hidden."""
    known = {**_structlog_context(), **context}
    return {name: _shown(value) if name in allow else HIDDEN for name, value in known.items() if name not in _RESERVED}


def write(
    logger: EventLogger | logging.Logger, level: str, name: str, fields: Mapping[str, Any], event: Event | None = None
) -> None:
    """Write one record; with `logging` the fields travel in the record's attribute `backstay`."""
    if not isinstance(logger, logging.Logger):
        getattr(logger, level)(name, **fields)
        return
    number = _LEVELS[level]
    if logger.isEnabledFor(number):
        text = sentence(event) if event is not None else f"{name}: {fields.get('error_message', '')}"
        logger.log(number, "%s", text, extra={LOGGER: {"event": name, **fields}})


def log_error(
    logger: EventLogger | logging.Logger,
    error: BaseException,
    *,
    context: str | None = None,
    platform: str | None = None,
    retry_count: int | None = None,
) -> None:
    """Write any exception as `operation_error` at error level, without secrets (S1-31, S4-82).

    `retry_count` is what the caller counted; an error that counted its own attempts is believed instead.
    """
    fields: dict[str, Any] = {
        "context": context, "error_type": type(error).__name__, "error_message": plain(scrub(str(error))),
        "platform": platform, "retry_count": retry_count or 0,
    }  # fmt: skip
    if isinstance(error, BackstayError):
        fields |= {"context": context or error.operation, "platform": platform or error.vendor, "type": error.type}
        fields |= {"code": error.code, "rule": error.rule}
        if error.attempts:
            fields["retry_count"] = len(error.attempts) - 1
    at = error.at if isinstance(error, BackstayError) else utc_now()
    write(logger, "error", CallFailed.name, {**context_fields(bound()), **fields, "timestamp": at.isoformat()})


def _structlog_context() -> Mapping[str, Any]:
    structlog = sys.modules.get("structlog")
    if structlog is None:
        return {}
    found: Mapping[str, Any] = structlog.contextvars.get_contextvars()
    return found


def _shown(value: Any) -> Any:
    """A value as it may be logged: text is scrubbed, ids become text, anything with an inside is hidden."""
    if isinstance(value, str):
        return plain(scrub(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, _AS_TEXT):
        return plain(scrub(str(value)))
    return value if isinstance(value, _AS_IS) else HIDDEN


__all__ = ["LOGGER", "EventLogger", "LogListener", "context_fields", "current_logger", "level_of", "log_error", "write"]
