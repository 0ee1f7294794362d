"""Answers that are not the API's, and answers of the model that end badly with HTTP 200."""

from __future__ import annotations

from typing import Final

from backstay.table import READABLE, Row, code, status, statuses_between, subcode, text
from backstay.taxonomy import Certainty
from backstay_adapters.gemini.errors.decode import BLOCK, FINISH
from backstay_adapters.gemini.wire.read import FAULTS, REFUSALS

_UNCODED: Final = code(None)

EDGES: Final = (
    Row("gemini.blocked", subcode(BLOCK), "CREATIVE_REJECTED", hint="the prompt was blocked: change it"),
    Row("gemini.refused", subcode(FINISH) & code(*REFUSALS), "CREATIVE_REJECTED",
        hint="a safety system stopped the answer: change the prompt"),
    # Answered, and billed: another try costs once more, and no outcome is open.
    Row("gemini.model", subcode(FINISH) & code(*FAULTS), "AI_MODEL_FAILED", certainty=Certainty.REFUSED,
        hint="the model tripped over its own answer: another try is likely to do better"),
    Row("gemini.edge.timeout", _UNCODED & status(408, 504, 522, 524), "PLATFORM_TIMEOUT"),
    Row("gemini.edge.overloaded", _UNCODED & statuses_between(500, 599) & text("overloaded"), "SERVICE_UNAVAILABLE"),
    Row("gemini.edge", _UNCODED & statuses_between(500, 599) & ~status(501, 505), "AI_MODEL_FAILED",
        hint="a gateway in front of the API answered"),
    Row("gemini.unreadable", statuses_between(200, 299) & _UNCODED & ~READABLE, "BAD_RESPONSE",
        certainty=Certainty.UNKNOWN, hint="the answer says success and is not JSON: a proxy in between?"),
)  # fmt: skip
