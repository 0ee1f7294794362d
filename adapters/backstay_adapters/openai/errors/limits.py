"""Too much in a time: one code, `rate_limit_exceeded`, for waits of milliseconds, of days, and for ever."""

from __future__ import annotations

from typing import Final

from backstay.table import Facts, Row, code, pattern, status, text
from backstay_adapters.openai.profile import IMAGES, INPUT, REQUESTS, TOKENS
from backstay_adapters.openai.wire.limits import asked_wait, usages


def _wait(facts: Facts) -> float | None:
    """The message's own wait, else until the last of the limits that are used up is new again."""
    told = asked_wait(facts.said)
    waits = [usage.wait for usage in usages(facts.headers) if usage.used >= 1.0 and usage.wait]
    return told if told is not None else max(waits, default=None)


_LIMITED: Final = code("rate_limit_exceeded", "rate_limit_error", "requests", "tokens", "input-images", "images", "429")
_PER_DAY: Final = text("per day", "(rpd)", "(tpd)", "(ipd)") | pattern(r"\bdaily\b")

LIMITS: Final = (
    Row("openai.limit.none", _LIMITED & pattern(r"limit:? 0\b(?![.,]?\d)"), "PERMISSION_DENIED",
        hint="this organisation has no share of the model: look at its limits in the console"),
    Row("openai.limit.too_large", _LIMITED & text("request too large"), "TOO_MUCH_DATA",
        hint="one request is larger than a minute's tokens: it never passes"),
    Row("openai.limit.day", _LIMITED & _PER_DAY, "QUOTA_EXHAUSTED",
        hint="a limit of the day: the wait that the vendor names frees one place"),
    Row("openai.limit.images", _LIMITED & pattern(r"(?<!input-)(?<!input )\bimages? per min|\(ipm\)"),
        "API_RATE_LIMIT", scope=IMAGES, wait=_wait,
        hint="tell the profile your tier: openai_profile(images_per_minute=...)"),
    Row("openai.limit.input", _LIMITED & text("input-images per min", "input images per min"), "API_RATE_LIMIT",
        scope=INPUT, wait=_wait),
    Row("openai.limit.tokens", _LIMITED & pattern(r"\bon tokens per min|\(tpm\)"), "API_RATE_LIMIT", scope=TOKENS,
        wait=_wait),
    Row("openai.limit", _LIMITED & ~text("overloaded"), "API_RATE_LIMIT", scope=REQUESTS, wait=_wait),
    Row("openai.limit.edge", code(None) & status(429) & text("error code: 1015"), "API_RATE_LIMIT", scope=REQUESTS,
        hint="the network in front of the API shuts this address out, for hours as a rule"),
)  # fmt: skip
