"""What every error is made of: the base class and the record of one attempt. The tree is in `backstay.errors`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from backstay.clock import utc_now
from backstay.redact import scrub
from backstay.response import ACTION_PATHS, render
from backstay.taxonomy import Certainty, ErrorType, lookup

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a call: when it began (seconds after the call did), how long it took, and how it ended."""

    number: int
    began: float
    took: float
    type: str | None
    certainty: Certainty | None
    waited: float
    """Seconds waited before this attempt: backoff, limiter and gate together."""
    rule: str | None = None


class BackstayError(Exception):
    """The base of all errors; it knows its type, its certainty and what can be done about it.

    Keyword arguments are facts; what is not given comes from the type's row in the taxonomy.
    """

    type: ClassVar[str] = "INTERNAL_ERROR"

    partial: Any = None
    """What had arrived before a stream broke, or an answer that cannot be used: paid for, so it is kept."""

    def __init__(
        self,
        message: str | None = None,
        *,
        vendor: str | None = None,
        operation: str | None = None,
        certainty: Certainty | None = None,
        retryable: bool | None = None,
        retry_allowed: bool | None = None,
        retry_after: float | None = None,
        attempts: tuple[Attempt, ...] = (),
        why: str | None = None,
        vendor_code: int | str | None = None,
        vendor_subcode: int | str | None = None,
        vendor_message: str | None = None,
        status: int | None = None,
        request_ids: tuple[str, ...] = (),
        hint: str | None = None,
        rule: str | None = None,
        scope: str | None = None,
        field: str | None = None,
        value: object = None,
        journal_id: str | None = None,
    ) -> None:
        row = lookup(self.type)
        text = scrub(message) if message else row.en
        super().__init__(text)
        self.message = text
        self.vendor = vendor
        self.operation = operation
        self.certainty = certainty or row.certainty
        self.retryable = row.retryable if retryable is None else retryable
        self.retry_allowed = self.retryable if retry_allowed is None else retry_allowed
        self.retry_after = retry_after
        self.attempts = attempts
        self.why = why
        self.vendor_code = vendor_code
        self.vendor_subcode = vendor_subcode
        self.vendor_message = scrub(vendor_message) if vendor_message else None
        self.status = status
        self.request_ids = request_ids
        self.hint = hint
        self.rule = rule
        self.scope = scope
        self.field = field
        self.value = value
        self.journal_id = journal_id
        self.at: datetime = utc_now()

    @property
    def code(self) -> str:
        """The type's code, a string such as "1003"."""
        return lookup(self.type).code

    @property
    def kind(self) -> ErrorType:
        """The type's row: severity, category, texts."""
        return lookup(self.type)

    def __str__(self) -> str:
        """Code, type and request id first, then the message and the cure."""
        ids = f" [{', '.join(self.request_ids)}]" if self.request_ids else ""
        where = " ".join(part for part in (self.vendor, self.operation) if part)
        code = f" (vendor code {self.vendor_code})" if self.vendor_code is not None else ""
        said = f": {self.vendor_message}" if self.vendor_message and self.vendor_message not in self.message else ""
        cure = f" | {self.hint}" if self.hint else ""
        return f"{self.code} {self.type}{ids}{' ' + where if where else ''}: {self.message}{code}{said}{cure}"

    def __repr__(self) -> str:
        """The same as `str`, behind the class's name."""
        return f"<{type(self).__name__} {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by facts; the cause stays behind, since a vendor's exception may not travel."""
        return _rebuild, (type(self), self.message, dict(self.__dict__))

    def to_response(
        self,
        *,
        locale: str = "en",
        context: str | None = None,
        platform: str | None = None,
        action_paths: Mapping[str, str] = ACTION_PATHS,
    ) -> dict[str, Any]:
        """The standard JSON for the edge of a service; texts in `locale` ("en", "zh")."""
        return render(
            self.kind,
            at=self.at,
            context=context or self.operation,
            platform=platform or self.vendor,
            retry_allowed=self.retry_allowed,
            retry_after=self.retry_after,
            locale=locale,
            action_paths=action_paths,
        )


def _rebuild(cls: type[BackstayError], message: str, facts: dict[str, Any]) -> BackstayError:
    error = cls.__new__(cls, message)
    error.args = (message,)
    error.__dict__.update(facts)
    return error
