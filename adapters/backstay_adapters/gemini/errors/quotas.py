"""HTTP 429: which quota, and whether waiting helps. The worst of several decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from backstay.table import Facts, Match, Row, code, pattern, status, text
from backstay_adapters.gemini.errors.decode import details, retry_delay
from backstay_adapters.gemini.profile import REQUESTS


def _violations(facts: Facts) -> Iterator[dict[str, Any]]:
    for failure in details(facts, "QuotaFailure"):
        listed = failure.get("violations")
        yield from (each for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()


def _ids(facts: Facts) -> str:
    return " ".join(str(each.get("quotaId", "")) for each in _violations(facts)).lower()


def _none(facts: Facts) -> bool:
    return any(str(each.get("quotaValue")) == "0" for each in _violations(facts))


_EXHAUSTED: Final = code("RESOURCE_EXHAUSTED") | (status(429) & code(None))
_PER_DAY: Final = Match(lambda facts: "perday" in _ids(facts)) | pattern(r"requests? per day|daily limit|per day\b")
_PER_MINUTE: Final = Match(lambda facts: "perminute" in _ids(facts) or "persecond" in _ids(facts))
_WAITS: Final = Match(lambda facts: retry_delay(facts) is not None)

QUOTAS: Final = (
    Row("gemini.quota.none", _EXHAUSTED & (Match(_none) | pattern(r"limit: 0\b(?![.,]?\d)")), "PERMISSION_DENIED",
        hint="this project has no share of the model: another tier has"),
    # RetryInfo may still speak of seconds: the quota's own name knows better.
    Row("gemini.quota.day", _EXHAUSTED & _PER_DAY, "QUOTA_EXHAUSTED", wait=retry_delay,
        hint="a quota of the day: it is new at midnight, Pacific time"),
    Row("gemini.quota.day.code", code("quota_exceeded"), "QUOTA_EXHAUSTED"),
    Row("gemini.quota.minute", _EXHAUSTED & _PER_MINUTE, "API_RATE_LIMIT", scope=REQUESTS, wait=retry_delay,
        hint="tell the profile your tier: gemini_profile(requests_per_minute=...)"),
    Row("gemini.quota.plan", _EXHAUSTED & text("exceeded your current quota") & ~_WAITS, "QUOTA_EXHAUSTED",
        hint="the plan's quota is used up: look at its page in AI Studio"),
    Row("gemini.quota", _EXHAUSTED | code("rate_limit_exceeded", "too_many_requests"), "API_RATE_LIMIT",
        scope=REQUESTS, wait=retry_delay),
)  # fmt: skip
