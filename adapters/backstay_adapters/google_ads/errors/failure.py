"""GoogleAdsFailure read as plain JSON: from gRPC's trailing metadata, from REST, or out of somebody's log.

Field names come in camelCase (REST, protobuf's JSON) or snake_case, enums as names or as numbers, durations as
"25s" or as objects, and any part may be missing or of another kind: nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from backstay.facts import plain
from backstay_adapters.google_ads.errors.judge import MEANINGLESS, families, judged, meaning

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s?", re.ASCII)
_RETRY_IN: Final = re.compile(r"retry in (\d{1,9}) seconds", re.IGNORECASE | re.ASCII)

ECHO: Final = "new_resource_creation_error.TEMP_ID_RESOURCE_HAD_ERRORS"
"""Says that an operation it depends on has failed, which has an error of its own."""
UNPUBLISHED: Final = "internal_error.ERROR_CODE_NOT_PUBLISHED"
LONGEST_MEMBER: Final = 256
"""Characters of a member's name; the longest in v26 has 150."""

RANKS: Final = (
    "TOKEN_INVALID", "TOKEN_EXPIRED", "ACCOUNT_DISABLED", "PERMISSION_DENIED", "UNSUPPORTED", "QUOTA_EXHAUSTED",
    "BUDGET_INSUFFICIENT", "CREATIVE_REJECTED", "VALIDATION_FAILED", "NOT_FOUND", "TOO_MUCH_DATA", "CONFLICT",
    "NOT_READY", "API_RATE_LIMIT", "PLATFORM_TIMEOUT", "PLATFORM_SERVICE_ERROR",
)  # fmt: skip
"""Which error stands for all of a failure: the one that keeps the caller safe. All that may pass come last, so that
a failure is only retried if every part of it may pass."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error of a failure."""

    code: str | None = None
    """`family.MEMBER`; a number in place of a name that is newer than our list, None where nothing is said."""
    message: str = ""
    path: str = ""
    """The field of the request, as `operations[0].create.name`."""
    index: int | None = None
    """Which operation of a batch."""
    delay: float | None = None
    """Seconds that a quota error asks to wait."""
    rate_scope: str = ""
    rate_name: str = ""

    @property
    def text(self) -> str:
        """Code and message, for people."""
        return ": ".join(part for part in (self.code or "", self.message) if part)


@dataclass(frozen=True, slots=True)
class Failure:
    """All that a failure says."""

    faults: tuple[Fault, ...] = ()
    request_id: str = ""

    @property
    def first(self) -> Fault:
        """The fault that stands for all."""
        return min(self.faults, key=_rank, default=Fault())


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer carries beside the code: for rows that need more than it, and for callers who want it all."""

    faults: tuple[Fault, ...] = ()
    delay: float | None = None
    rate_scope: str = ""
    reasons: frozenset[str] = field(default_factory=frozenset)
    """Google's own machine-readable reasons (`ErrorInfo.reason`), such as ACCESS_TOKEN_EXPIRED."""
    exception: str = ""


def failure(raw: object) -> Failure:
    """Read a failure; an empty one for anything that is none."""
    faults = [_fault(each) for each in items(get(raw, "errors"))]
    spoken = tuple(each for each in faults if each.code != ECHO) or tuple(faults)
    return Failure(spoken, plain(get(raw, "requestId"), 128))


def _fault(raw: object) -> Fault:
    details, message = get(raw, "details"), plain(get(raw, "message"))
    code, quota = code_of(get(raw, "errorCode")), get(details, "quotaErrorDetails")
    if code == UNPUBLISHED:
        code = _published(plain(get(details, "unpublishedErrorCode"), LONGEST_MEMBER)) or code
    elements = items(get(get(raw, "location"), "fieldPathElements"))
    delay = seconds(get(quota, "retryDelay"))
    return Fault(
        code=code,
        message=message,
        path=".".join(_step(each) for each in elements),
        index=next((found for each in elements if (found := _index(each)) is not None), None),
        delay=retry_in(message) if delay is None else delay,
        rate_scope=plain(get(quota, "rateScope"), 32),
        rate_name=plain(get(quota, "rateName"), 128),
    )


def code_of(raw: object) -> str | None:
    """The member of an error code as `family.MEMBER`; None where it says nothing."""
    for name, value in raw.items() if isinstance(raw, Mapping) else ():
        family = _HUMP.sub("_", str(name)).lower()
        member = _member(family, value)
        if member not in MEANINGLESS and member:
            return f"{family}.{member}"
    return None


def _member(family: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    number = int(value) if isinstance(value, int) or (value.isascii() and value.isdigit()) else None
    if number is None:
        return plain(value, LONGEST_MEMBER)
    known = families().get(family)
    name = known.members.get(number) if known else None
    return name or ("UNKNOWN" if number in {0, 1} else str(number))


def _published(name: str) -> str | None:
    """A code that the answer's version does not know, told by its name, if ours knows it."""
    wanted = name.rpartition(".")[2]
    found = [code for code in judged() if code.rpartition(".")[2] == wanted] if wanted else []
    return found[0] if len({judged()[code] for code in found}) == 1 else None


def _rank(fault: Fault) -> tuple[int, bool]:
    known = meaning(fault.code)
    if known is None:  # newer than our list: it speaks only where no other does
        return len(RANKS), False
    # Of two that rank alike, the one that does not pass by itself.
    return RANKS.index(known.type), known.retryable


def _step(raw: object) -> str:
    index = _index(raw)
    return plain(get(raw, "fieldName"), 128) + ("" if index is None else f"[{index}]")


def _index(raw: object) -> int | None:
    value = get(raw, "index")
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def get(raw: object, name: str) -> Any:
    """A field by its camelCase name, however it is spelled; None if it is not there."""
    if not isinstance(raw, Mapping):
        return None
    value = raw.get(name)
    return raw.get(_HUMP.sub("_", name).lower()) if value is None else value


def items(raw: object) -> tuple[Any, ...]:
    """The entries of a list; none of anything else."""
    return tuple(raw) if isinstance(raw, list | tuple) else ()


def seconds(raw: object) -> float | None:
    """A duration: "25s", 25, {"seconds": 25}."""
    if isinstance(raw, Mapping):
        raw = raw.get("seconds")
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    found = _SECONDS.fullmatch(str(raw))
    return float(found[1]) if found else None


def retry_in(text: str) -> float | None:
    """The number in "Too many requests. Retry in 41732 seconds."."""
    found = _RETRY_IN.search(text)
    return float(found[1]) if found else None


def named(details: Iterable[object], kind: str) -> Iterator[Mapping[str, Any]]:
    """The entries of a status's details that are of a type, by the end of its name."""
    for each in details:
        if isinstance(each, Mapping) and str(each.get("@type", "")).endswith(kind):
            yield each
