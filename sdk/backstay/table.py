"""The frame of a vendor's error table: rows of (matcher, type, and what differs); the first match wins.

A vendor's `errors` module is data: it decodes an answer into `Facts` and lists `Row`s. What a row does not say comes
from its type in `backstay.taxonomy`. Matchers are built from the small words of this module (`code`, `text`,
`status` ...) and joined with `&`, `|` and `~`, so that a row reads like a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from backstay.errors import CLASSES, BackstayError, PartialFailureError
from backstay.facts import (
    MAX_WAIT,
    Code,
    Facts,
    event_data,
    excerpt,
    header_ids,
    plain,
    read_json,
    retry_after,
    simplified,
    until_utc_midnight,
)  # fmt: skip
from backstay.taxonomy import TYPES, Certainty

__all__ = [
    "ANYTHING", "MAX_WAIT", "READABLE", "Code", "Decode", "ErrorTable", "Facts", "Match", "Row", "Verdict",
    "all_of", "code", "codes_between", "event_data", "excerpt", "header_ids", "holds_data", "operation", "pattern",
    "plain", "plain_success", "read_json", "retry_after", "status", "statuses_between", "subcode", "text",
    "until_utc_midnight",
]  # fmt: skip

Decode = Callable[[int | None, Mapping[str, str], object, str | None], Facts]


@dataclass(frozen=True, slots=True)
class Match:
    """A condition on facts that can be joined with `&`, `|` and `~`; calling it tests it."""

    test: Callable[[Facts], bool]
    codes: frozenset[Code | None] | None = None
    """The only codes that can match, where known: the table skips this row for all others."""

    def __call__(self, facts: Facts) -> bool:
        """Whether these facts match."""
        return self.test(facts)

    def __and__(self, other: Match) -> Match:
        """Both."""
        first, second = self.test, other.test
        known = [codes for codes in (self.codes, other.codes) if codes is not None]
        codes = frozenset.intersection(*known) if known else None
        return Match(lambda facts: first(facts) and second(facts), codes)

    def __or__(self, other: Match) -> Match:
        """Either."""
        first, second = self.test, other.test
        codes = None if self.codes is None or other.codes is None else self.codes | other.codes
        return Match(lambda facts: first(facts) or second(facts), codes)

    def __invert__(self) -> Match:
        """Not."""
        test = self.test
        return Match(lambda facts: not test(facts))


def code(*codes: Code | None) -> Match:
    """The vendor's code is one of these; None stands for an answer without one."""
    known = frozenset(codes)
    return Match(lambda facts: facts.code in known, known)


def subcode(*codes: Code | None) -> Match:
    """The vendor's subcode is one of these."""
    known = frozenset(codes)
    return Match(lambda facts: facts.subcode in known)


def codes_between(first: int, last: int) -> Match:
    """The code is a number from `first` to `last`, both included."""
    return Match(lambda facts: isinstance(facts.code, int) and first <= facts.code <= last)


def text(*phrases: str) -> Match:
    """The message holds one of these phrases; letter case and the kind of apostrophe do not matter."""
    wanted = tuple(simplified(phrase) for phrase in phrases)

    def test(facts: Facts) -> bool:
        said = facts.said
        for phrase in wanted:  # noqa: SIM110 - half the time of any() over a generator
            if phrase in said:
                return True
        return False

    return Match(test)


def pattern(expression: str) -> Match:
    """The message, in lower case, holds a match of this regular expression."""
    search = re.compile(expression).search
    return Match(lambda facts: bool(facts.said) and search(facts.said) is not None)


def status(*statuses: int) -> Match:
    """The HTTP status is one of these."""
    known = frozenset(statuses)
    return Match(lambda facts: facts.status in known)


def statuses_between(first: int, last: int) -> Match:
    """The HTTP status is from `first` to `last`, both included."""
    return Match(lambda facts: facts.status is not None and first <= facts.status <= last)


def operation(*names: str) -> Match:
    """The call was one of these operations."""
    known = frozenset(names)
    return Match(lambda facts: facts.operation in known)


def all_of(first: Match, *others: Match) -> Match:
    """Every one of these."""
    for other in others:
        first = first & other
    return first


READABLE: Final = Match(lambda facts: facts.readable)
"""The body is what the vendor's API promises."""

ANYTHING: Final = Match(lambda _facts: True)
"""Always: the matcher of the explicit last row."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule of a table; what is None comes from the type's row of the taxonomy."""

    rule: str
    """A stable name: it appears in errors, logs and counts."""
    match: Callable[[Facts], bool]
    type: str
    retryable: bool | None = None
    certainty: Certainty | None = None
    wait: float | Callable[[Facts], float | None] | None = None
    """Seconds that the vendor wants us to wait where no Retry-After header says it."""
    scope: str | None = None
    """Which limit the vendor means, by the profile's name for it."""
    hint: str | None = None
    """The cure, in a sentence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a table says about an answer that is no success."""

    type: str
    code: str
    retryable: bool
    """The vendor's condition may pass; whether asking again is safe is the engine's question."""
    retry_after: float | None
    certainty: Certainty
    rule: str
    scope: str | None
    hint: str | None
    action: str
    """What a user can do, in English."""


def plain_success(facts: Facts) -> bool:
    """The usual meaning of success: a 2xx that can be read and names no error code."""
    return facts.readable and facts.code is None and facts.ok_status


def holds_data(facts: Facts) -> bool:
    """A 2xx that can be read, is an object and holds no error."""
    return facts.readable and facts.ok_status and facts.data is not None


class ErrorTable:
    """A vendor's decoder and rows; pure, shared by all calls."""

    def __init__(
        self, vendor: str, decode: Decode, rows: tuple[Row, ...], *, succeeded: Callable[[Facts], bool] = plain_success
    ) -> None:
        _check(vendor, rows)
        self.vendor = vendor
        self.decode = decode
        self.rows = rows
        self.succeeded = succeeded
        self._ready = {row.rule: _verdict(row) for row in rows}
        limits = {row.rule: row.match.codes for row in rows if isinstance(row.match, Match)}
        named = {value for codes in limits.values() if codes for value in codes}
        self._others = tuple(row for row in rows if limits.get(row.rule) is None)
        self._by_code = {
            value: tuple(row for row in rows if (codes := limits.get(row.rule)) is None or value in codes)
            for value in named
        }

    def verdict(self, facts: Facts) -> Verdict:
        """The first row that matches, with the waits and certainty that these facts give it."""
        for row in self._by_code.get(facts.code, self._others):
            if row.match(facts):
                return self._with_facts(row, self._ready[row.rule], facts)
        raise AssertionError(f"{self.vendor}: the last row matches everything")  # _check has made sure

    def classify(
        self, status: int | None, headers: Mapping[str, str], body: object, operation: str | None = None,
        *, now: float | None = None,
    ) -> Verdict | None:  # fmt: skip
        """Decode an answer and judge it; None is success. `now` is wall seconds, for dates in headers."""
        low = {str(name).lower(): str(value) for name, value in headers.items()}
        facts = self.decode(status, low, body, operation)
        if self.succeeded(facts):
            return None
        return self.verdict(facts if now is None else replace(facts, now=now))

    def failure(self, facts: Facts) -> BackstayError | None:
        """The error that these facts mean, or None where they mean success."""
        return None if self.succeeded(facts) else self.error(facts)

    def error(self, facts: Facts) -> BackstayError:
        """The typed error for facts that are known to be no success."""
        found = self.verdict(facts)
        told: dict[str, Any] = {
            "vendor": self.vendor, "operation": facts.operation, "certainty": found.certainty,
            "retryable": found.retryable, "retry_after": found.retry_after, "vendor_code": facts.code,
            "vendor_subcode": facts.subcode, "vendor_message": facts.shown or facts.message or None,
            "status": facts.status, "request_ids": facts.request_ids, "hint": found.hint, "rule": found.rule,
            "scope": found.scope, "field": facts.blamed,
        }  # fmt: skip
        kind = CLASSES[found.type]
        if issubclass(kind, PartialFailureError):
            return kind(items=facts.items, **told)
        return kind(**told)

    @staticmethod
    def _with_facts(row: Row, ready: Verdict, facts: Facts) -> Verdict:
        wait = row.wait(facts) if callable(row.wait) else row.wait
        if ready.retryable or row.wait is not None:
            asked = retry_after(facts.headers, facts.moment) if facts.headers else None
            wait = wait if asked is None else asked
        certainty = ready.certainty
        if row.certainty is None and certainty is Certainty.REFUSED and _server_failed(facts.status):
            certainty = Certainty.UNKNOWN
        if wait is None and certainty is ready.certainty:
            return ready
        return replace(ready, retry_after=wait, certainty=certainty)


def _server_failed(status: int | None) -> bool:
    # A refusal inside a 5xx or 408 is no proof that nothing happened; looking costs one read.
    return status is not None and (status >= 500 or status == 408)


def _verdict(row: Row) -> Verdict:
    kind = TYPES[row.type]
    return Verdict(
        type=kind.name,
        code=kind.code,
        retryable=kind.retryable if row.retryable is None else row.retryable,
        retry_after=None,
        certainty=row.certainty or kind.certainty,
        rule=row.rule,
        scope=row.scope,
        hint=row.hint,
        action=kind.action(),
    )


def _check(vendor: str, rows: tuple[Row, ...]) -> None:
    if not rows or rows[-1].match is not ANYTHING:
        raise ValueError(f"{vendor}: the last row must match ANYTHING, so that no answer lacks a type")
    seen: set[str] = set()
    for row in rows:
        if row.type not in CLASSES:
            raise ValueError(f"{vendor}: row {row.rule!r} has type {row.type!r}; it must be one of the taxonomy")
        if row.rule in seen:
            raise ValueError(f"{vendor}: two rows are called {row.rule!r}; a rule's name must be unique")
        seen.add(row.rule)
