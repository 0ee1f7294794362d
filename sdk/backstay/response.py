"""The standard JSON of an error, field for field as the requirements give it (S1-20 to S1-24)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from backstay.redact import scrub

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from backstay.taxonomy import ErrorType

ACTION_PATHS: Final[Mapping[str, str]] = {}
"""No overrides: each type's own action path. Pass `action_paths=` to place the paths of your application."""


class ErrorLogger(Protocol):
    """What `error_response` asks of a logger: structlog's bound loggers fit."""

    def error(self, event: str, /, **fields: object) -> object:
        """Write one event at error level."""
        ...


def render(
    kind: ErrorType,
    *,
    at: datetime,
    message: str | None = None,
    context: str | None = None,
    platform: str | None = None,
    retry_allowed: bool = False,
    retry_after: float | None = None,
    locale: str = "en",
    action_paths: Mapping[str, str] = ACTION_PATHS,
) -> dict[str, Any]:
    """Build the response; `retry_after` (whole seconds, rounded up) appears only where a retry is allowed."""
    error: dict[str, Any] = {
        "code": kind.code,
        "type": kind.name,
        "message": message or kind.message(locale),
        "context": context,
        "platform": platform,
        "timestamp": at.isoformat(timespec="microseconds"),
        "action": kind.action(locale),
        "action_url": action_paths.get(kind.name, kind.action_path),
    }
    body: dict[str, Any] = {"status": "error", "error": error, "retry_allowed": retry_allowed}
    if retry_allowed and retry_after is not None:
        body["retry_after"] = -int(-retry_after // 1)
    return body


def error_response(
    error: BaseException,
    *,
    context: str | None = None,
    platform: str | None = None,
    retry_count: int | None = None,
    locale: str = "en",
    action_paths: Mapping[str, str] = ACTION_PATHS,
    logger: ErrorLogger | None = None,
) -> dict[str, Any]:
    """The standard JSON of any exception; a foreign one is INTERNAL_ERROR and shows nothing of its text.

    With a `logger` (structlog's, or anything with its `error`) the event `operation_error` is written too;
    `retry_count` is what the caller counted: an error that counted its own attempts is believed instead.
    """
    from backstay.errors import BackstayError, InternalError  # the tree draws on this module

    coded = error if isinstance(error, BackstayError) else InternalError(type(error).__name__)
    if logger is not None:
        logger.error(
            "operation_error",
            context=context or coded.operation,
            error_type=type(error).__name__,
            error_message=scrub(str(error)),
            platform=platform or coded.vendor,
            retry_count=max(len(coded.attempts) - 1, 0) if coded.attempts else retry_count or 0,
        )
    return coded.to_response(locale=locale, context=context, platform=platform, action_paths=action_paths)
