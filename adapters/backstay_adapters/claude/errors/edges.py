"""Answers that are not the API's: the network in front of it, and 200 with something else inside."""

from __future__ import annotations

from typing import Final

from backstay.table import READABLE, Facts, Match, Row, code, status, statuses_between, text
from backstay.taxonomy import Certainty

_UNCODED: Final = code(None)


def _asked_wait(facts: Facts) -> float | None:
    """A wait that stands in the body: the edge's problem documents say `retry_after` there and not in a header."""
    wait = facts.body.get("retry_after") if isinstance(facts.body, dict) else None
    return float(wait) if isinstance(wait, int | float) and not isinstance(wait, bool) and 0 <= wait <= 86_400 else None


_WAITS: Final = Match(lambda facts: _asked_wait(facts) is not None)

EDGES: Final = (
    Row("claude.challenge", status(403) & text("just a moment", "attention required", "cf-chl"), "PERMISSION_DENIED",
        hint="the network in front of the API holds this machine's address for a robot: it is not the key"),
    Row("claude.region", status(403) & text("request not allowed"), "PERMISSION_DENIED",
        hint="refused by country or network before the key was looked at: call from a supported region"),
    Row("claude.edge.timeout", _UNCODED & status(408, 504, 522, 524) & ~_WAITS, "PLATFORM_TIMEOUT",
        hint="long answers do better as a stream"),
    Row("claude.edge.timeout_wait", status(408, 504, 522, 524) & _WAITS, "PLATFORM_TIMEOUT", wait=_asked_wait),
    Row("claude.edge.overloaded", _UNCODED & statuses_between(500, 599) & text("overloaded"), "SERVICE_UNAVAILABLE"),
    Row("claude.edge.wait", _UNCODED & statuses_between(500, 599) & _WAITS, "AI_MODEL_FAILED", wait=_asked_wait),
    Row("claude.edge", _UNCODED & statuses_between(500, 528) & ~status(501, 505), "AI_MODEL_FAILED",
        hint="a gateway in front of the API answered"),
    Row("claude.unreadable", statuses_between(200, 299) & _UNCODED & ~READABLE, "BAD_RESPONSE",
        certainty=Certainty.UNKNOWN, hint="the answer says success and is not JSON: a proxy in between?"),
)  # fmt: skip
