"""The error recovery matrix, rendered from the code that decides, so that it cannot say anything else (S3-60)."""

from __future__ import annotations

import errno
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

from backstay.errors import CreativeRejectedError, QuotaExhaustedError, TokenExpiredError
from backstay.policies.backoff import Jitter
from backstay.policies.freshness import STALE_TYPES
from backstay.profile import PRESETS
from backstay.taxonomy import TYPES
from backstay.transient import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backstay.profile import Profile

SHOWN: Final = "external_api"
"""The preset in whose terms the matrix speaks."""


class _Answered(Exception):  # noqa: N818 - an exemplar of the errors that HTTP clients raise for a status
    """An exception that carries a response, as those of httpx and requests do."""

    def __init__(self, status: int) -> None:
        self.response = SimpleNamespace(status_code=status, headers={})


EXEMPLARS: Final[tuple[tuple[str, Exception], ...]] = (
    ("Network timeout", TimeoutError()),
    ("Connection refused", ConnectionRefusedError(errno.ECONNREFUSED, "refused")),
    ("Connection reset", ConnectionResetError(errno.ECONNRESET, "reset")),
    ("DNS: try again", socket.gaierror(socket.EAI_AGAIN, "try again")),
    *((f"HTTP {status}", _Answered(status)) for status in (408, 429, 500, 502, 503, 504, 501, 505)),
    *((f"HTTP {status}", _Answered(status)) for status in (400, 403, 404, 409)),
    ("HTTP 401, invalid API key", _Answered(401)),
    ("Token expired (adapters)", TokenExpiredError()),
    ("Content policy violation (adapters)", CreativeRejectedError()),
    ("Quota of the day used up (adapters)", QuotaExhaustedError()),
    ("FileNotFoundError, PermissionError, disk full", FileNotFoundError(errno.ENOENT, "no such file")),
    ("Any other exception", ValueError("a bug")),
)
"""One exemplar for each row."""


def recovery_matrix() -> str:
    """The page: what is tried again, the presets, and every type of the taxonomy; Markdown."""
    parts = [
        _HEAD,
        *_table(("condition", "type", "code", "again", "calls", "waits (s)", "rule"), _conditions()),
        _PRESETS,
        *_table(("preset", "calls", "waits (s)", "jitter", "an attempt (s)", "in all (s)"), _presets()),
        _TYPES,
        *_table(
            ("type", "code", "again", "severity", "counts for the breaker", "a stale answer may stand in"), _types()
        ),
    ]
    return "\n".join(parts) + "\n"


def _conditions() -> Iterator[tuple[str, ...]]:
    profile = PRESETS[SHOWN]
    for label, exemplar in EXEMPLARS:
        error = classify(exemplar)
        calls, waits = (profile.retry.max_attempts, _waits(profile)) if error.retryable else (1, "-")
        rule = f"`{error.rule.partition('.')[2]}`" if error.rule else "the type's own"
        yield label, f"`{error.type}`", error.code, _yes(error.retryable), str(calls), waits, rule


def _presets() -> Iterator[tuple[str, ...]]:
    for name, profile in PRESETS.items():
        retry = profile.retry
        jitter = {Jitter.NONE: "none", Jitter.EQUAL: "half to all of it"}.get(
            retry.backoff.jitter, retry.backoff.jitter
        )
        times = f"{profile.timeout('default'):g}", f"{profile.deadline:g}"
        yield f"`{name}`", str(retry.max_attempts), _waits(profile), jitter, *times


def _types() -> Iterator[tuple[str, ...]]:
    for row in TYPES.values():
        stale = _yes(row.name in STALE_TYPES)
        yield f"`{row.name}`", row.code, _yes(row.retryable), row.severity.value, _yes(row.breaks), stale


def _waits(profile: Profile) -> str:
    """`2, 4, 8, 16`: the nominal waits between the calls."""
    retry = profile.retry
    return ", ".join(f"{retry.backoff.nominal(number):g}" for number in range(1, retry.max_attempts))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _yes(said: bool) -> str:  # noqa: FBT001 - rendering a boolean is the point
    return "yes" if said else "no"


_HEAD: Final = f"""\
# The error recovery matrix

This page is generated from the code that decides; a test fails when it is stale. To write it anew:
`python docs/_generate/recovery_matrix.py`.

What a plain function's exception leads to under the preset `{SHOWN}`. *Calls* counts calls made, the first included.
The waits are those of the preset; a server's `Retry-After` makes one longer where it fits the deadline, and ends the
call with `why="vendor_wait"` where it does not. `on=` replaces the first table's rules. A retry is also subject to the
retry budget, the deadline, and what the call does: a CREATE is looked up before it is ever sent again
([engine](engine.md)).
"""

_PRESETS: Final = """
## The presets

*Calls* is `max_attempts`; `max_retries=n` means n + 1 calls. Waits are before jitter.
"""

_TYPES: Final = """
## Every type

*Again* is the default of the type; a vendor's table may know better. A token that ran out is renewed once where the
credential has a provider, and the call made once more.
"""

__all__ = ["EXEMPLARS", "recovery_matrix"]
