"""How old an answer may be: to be served at once, while a new one is fetched, or after an error."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What a stored answer may be used for."""

    FRESH = "fresh"
    """Serve it."""
    REVALIDATE = "revalidate"
    """Serve it and fetch a new one in the background."""
    STALE_OK = "stale_ok"
    """Ask the vendor; serve it only if that fails with one of STALE_TYPES."""
    GONE = "gone"
    """Never serve it."""


STALE_TYPES: Final = frozenset(
    {
        "CONNECTION_FAILED",
        "TIMEOUT",
        "BAD_RESPONSE",
        "SERVICE_UNAVAILABLE",
        "PLATFORM_SERVICE_ERROR",
        "PLATFORM_TIMEOUT",
        "AI_MODEL_FAILED",
        "MCP_CONNECTION_ERROR",
        "MCP_TIMEOUT",
        "API_RATE_LIMIT",
        "CIRCUIT_OPEN",
        "LOAD_SHED",
        "DEADLINE_EXCEEDED",
    }
)
"""Error types after which a stale answer may stand in.

Never after a permission, token or not-found answer: then the vendor said something true about the object
that the old answer contradicts.
"""


def judge(age: float, ttl: float, max_age: float | None, max_stale: float, revalidate: float = 0.0) -> Verdict:
    """The verdict on an answer `age` seconds after it was fetched.

    It is fresh below `ttl` and served for `revalidate` seconds more while a new one is fetched, but never
    at once at or above the caller's `max_age` (0 asks the vendor; None leaves it to the ttl). `max_stale`
    limits the age of an answer that stands in for an error (0 = never). A negative age comes from a clock
    that jumped: GONE.
    """
    if not age >= 0.0:
        return Verdict.GONE
    if max_age is None or age < max_age:
        if age < ttl:
            return Verdict.FRESH
        if age < ttl + revalidate:
            return Verdict.REVALIDATE
    return Verdict.STALE_OK if age < max_stale else Verdict.GONE
