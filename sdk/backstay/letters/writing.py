"""From a failure to its letter: what is written down, and under which id."""

from __future__ import annotations

import hashlib
import inspect
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backstay.answer import Answer
from backstay.engine.report import exception_name, original_of
from backstay.errors import BackstayError
from backstay.facts import plain
from backstay.letters.frame import WRITES, Asked, Draft
from backstay.letters.kept import View, digest, pack, pack_answer
from backstay.letters.model import Letter, LetterError, Outcome, letter_id
from backstay.redact import FIELDS, scrub
from backstay.taxonomy import Certainty

EVENT: Final = "event"
"""The operation of a letter that a worker leaves by hand."""
EVENT_ID: Final = "event_id"
"""The field that names an event (S2-18)."""
MESSAGE: Final = 4_000
"""Characters of an error's text that are kept."""
TRACEBACK: Final = 20_000
MOST_REASONS: Final = 5
LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes letters: knows what may be shown, and whether tracebacks are."""

    allow: frozenset[str] = FIELDS
    tracebacks: bool = False

    def of_draft(self, draft: Draft, now: datetime, token: str) -> Letter:
        """The letter of a failed write; `token` names a call that has no other name."""
        asked, error = draft.asked, draft.error
        view = View(self.allow)
        shown = view.arguments(arguments_of(asked))
        call, reason = self._call(view, asked.method, asked.args, asked.kwargs)
        key = key_of(asked, token)
        return Letter(
            dlq_id=letter_id(key), timestamp=now, first_at=now, key=key, vendor=asked.vendor, account=asked.account,
            operation=asked.operation, effect=asked.effect.value, outcome=outcome_of(draft), call=call,
            sent=draft.failed or draft.wrote,
            original_event={"operation": asked.operation, "arguments": shown}, not_replayable=reason,
            error=self.error(error), context=View(self.allow).mapping(draft.context),
            retry_count=max(0, len(error.attempts) - 1), before=pack_answer(_before(draft)), **facts_of(error),
        )  # fmt: skip

    def of_event(
        self, event: Mapping[str, Any], error: BaseException, retry_count: int, context: Mapping[str, Any],
        now: datetime, name: str,
    ) -> Letter:  # fmt: skip
        """The letter of an event that a worker could not handle."""
        view = View(self.allow)
        shown = view.mapping(event)
        call, reason = self._call(view, "", (dict(event),), {})
        key = _key(EVENT, name)
        counted = len(error.attempts) - 1 if isinstance(error, BackstayError) and error.attempts else retry_count
        return Letter(
            dlq_id=letter_id(key), timestamp=now, first_at=now, key=key, operation=EVENT, original_event=shown,
            error=self.error(error), retry_count=max(0, counted), context=View(self.allow).mapping(context),
            call=call, not_replayable=reason, **facts_of(error),
        )  # fmt: skip

    def error(self, error: BaseException) -> LetterError:
        """What was really raised: a plain function's own exception, or ours."""
        raised = original_of(error) if isinstance(error, BackstayError) else error
        raised = raised or error
        name = exception_name(error) if isinstance(error, BackstayError) else type(error).__name__
        lines = "".join(traceback.format_exception(raised)) if self.tracebacks else None
        return LetterError(
            type=name, message=plain(scrub(str(raised)), MESSAGE),
            traceback=None if lines is None else scrub(lines)[-TRACEBACK:],
        )  # fmt: skip

    def _call(
        self, view: View, method: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[str | None, str | None]:
        """The text from which the call can be made again, or why there is none."""
        if view.hidden:
            reasons = "; ".join(dict.fromkeys(view.hidden[:MOST_REASONS]))
            return None, f"{reasons}: make the call again yourself, or name what may be kept in LetterOptions(allow=)"
        try:
            return pack(method, args, kwargs), None
        except BackstayError as error:
            return None, f"{error.message}: make the call again yourself"


def key_of(asked: Asked, token: str) -> str:
    """What names the logical call of a write; `token` where it has no other name."""
    return _key(f"{asked.vendor}/{asked.account}/{asked.operation}", name_of(asked) or token)


def letter_id_of(asked: Asked) -> str:
    """The id of the letter that this call would leave."""
    return letter_id(key_of(asked, ""))


def _key(scope: str, name: str) -> str:
    """A name that looks like a credential, or is endless, stands there as its digest."""
    fine = len(name) <= LONGEST_NAME and scrub(name) == name
    return f"{scope}/{name if fine else hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:32]}"


def arguments_of(asked: Asked) -> dict[str, Any]:
    """The arguments by their names."""
    first = (None,) if asked.method else ()
    signature = inspect.signature(asked.body)
    try:
        given = signature.bind_partial(*first, *asked.args, **asked.kwargs).arguments
    except TypeError:  # a wrapper that takes anything and a body that does not
        return {**{f"argument_{n}": value for n, value in enumerate(asked.args)}, **asked.kwargs}
    named: dict[str, Any] = {}
    for name, value in given.items():
        named |= value if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    if asked.method:
        named.pop(next(iter(signature.parameters)), None)
    return named


def name_of(asked: Asked) -> str | None:
    """What names the logical call: its key, or what it asks for; None if that cannot be told."""
    key = asked.kwargs.get("idempotency_key")
    if isinstance(key, str):
        return key
    if asked.name is not None:
        try:
            return asked.name(*asked.args, **asked.kwargs)
        except BackstayError:
            return None
    return digest(asked.args, asked.kwargs)


def key_of_event(event: Mapping[str, Any], key: str | None) -> str | None:
    """What names an event: the key given, its own id (decision 11), or its content."""
    own = event.get(EVENT_ID)
    return key or (str(own) if own else None) or digest((dict(event),), {})


def facts_of(error: BaseException) -> dict[str, Any]:
    """What our errors know besides their text."""
    if not isinstance(error, BackstayError):
        return {"type": "PROCESSING_FAILED"}
    return {
        "type": error.type, "why": error.why, "rule": error.rule, "request_ids": error.request_ids,
        "retry_after": error.retry_after, "journal_id": error.journal_id,
    }  # fmt: skip


def outcome_of(draft: Draft) -> Outcome:
    """OPEN where a write was sent and nobody knows whether it happened."""
    unknown = draft.error.certainty is Certainty.UNKNOWN and draft.failed and draft.asked.effect in WRITES
    return Outcome.OPEN if unknown else Outcome.FAILED


def _before(draft: Draft) -> Any:
    """What the object was: as read when the change was decided, else as the caller had it."""
    if draft.before is not None:
        return draft.before
    given = (*draft.asked.args, *draft.asked.kwargs.values())
    return next((value for value in given if isinstance(value, Answer)), None)


__all__ = ["EVENT", "EVENT_ID", "Pen", "facts_of", "key_of_event", "letter_id_of"]
