"""Answers that are not the API's: the network in front of it, and 200 with something else inside."""

from __future__ import annotations

from typing import Final

from backstay.table import READABLE, Row, code, status, statuses_between, text
from backstay.taxonomy import Certainty

_UNCODED: Final = code(None)

EDGES: Final = (
    Row("openai.challenge", _UNCODED & status(403) & text("just a moment", "attention required", "cf-chl"),
        "PERMISSION_DENIED",
        hint="the network in front of the API holds this machine's address for a robot: it is not the key"),
    Row("openai.edge.timeout", _UNCODED & status(408, 504, 522, 524), "PLATFORM_TIMEOUT"),
    Row("openai.edge.overloaded", _UNCODED & statuses_between(500, 599) & text("overloaded"), "SERVICE_UNAVAILABLE"),
    Row("openai.edge", _UNCODED & statuses_between(500, 599) & ~status(501, 505), "AI_MODEL_FAILED",
        hint="a gateway in front of the API answered: the picture may be made, and billed"),
    Row("openai.unreadable", statuses_between(200, 299) & _UNCODED & ~READABLE, "BAD_RESPONSE",
        certainty=Certainty.UNKNOWN, hint="the answer says success and is not JSON: a proxy in between?"),
)  # fmt: skip
