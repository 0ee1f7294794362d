"""The vendor's rate limits: buckets that refill all the time, told in every answer's headers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backstay.clock import utc
from backstay.policies.settings import refuse
from backstay_adapters.claude.sandbox.refusal import Refusal
from backstay_adapters.claude.sandbox.settings import ORGANIZATION, TIERS

MINUTE: Final = 60.0
WORDS: Final = ("requests", "input-tokens", "output-tokens")
_SPOKEN: Final = {"requests": "requests", "input-tokens": "input tokens", "output-tokens": "output tokens"}


@dataclass(slots=True)
class _Bucket:
    size: float
    level: float
    at: float

    def fill(self, now: float) -> None:
        self.level = min(self.size, self.level + (now - self.at) * self.size / MINUTE)
        self.at = now

    def full_at(self) -> float:
        return self.at + (self.size - self.level) * MINUTE / self.size


class Limits:
    """Counts what is used; without a tier nothing is refused and nothing said."""

    def __init__(self, tier: str | None) -> None:
        if tier is not None and tier not in TIERS:
            refuse("tier", tier, f"one of {', '.join(TIERS)}, or None for no limits")
        self.tier = tier
        self._buckets: dict[str, _Bucket] = {}

    def take(self, now: float, tokens: int) -> None:
        """One request with so many tokens in it; raises the vendor's refusal."""
        if self.tier is None:
            return
        for word, amount in (("requests", 1.0), ("input-tokens", float(tokens)), ("output-tokens", 0.0)):
            bucket = self._bucket(word, now)
            if bucket.level < max(amount, 1.0):
                raise self._refusal(word, bucket, amount, now)
        for word, amount in (("requests", 1.0), ("input-tokens", float(tokens))):
            self._bucket(word, now).level -= amount

    def wrote(self, now: float, tokens: int) -> None:
        """So many tokens came out; the bucket may go below nought."""
        if self.tier is not None:
            self._bucket("output-tokens", now).level -= tokens

    def headers(self, now: float) -> dict[str, str]:
        """What every answer says."""
        if self.tier is None:
            return {}
        found: dict[str, str] = {}
        for word in WORDS:
            bucket = self._bucket(word, now)
            left = int(max(0.0, bucket.level))
            found[f"anthropic-ratelimit-{word}-limit"] = str(int(bucket.size))
            found[f"anthropic-ratelimit-{word}-remaining"] = str(left if word == "requests" else left // 1000 * 1000)
            found[f"anthropic-ratelimit-{word}-reset"] = f"{utc(math.ceil(bucket.full_at())):%Y-%m-%dT%H:%M:%SZ}"
        return found

    def _bucket(self, word: str, now: float) -> _Bucket:
        sizes: Mapping[str, int] = dict(zip(WORDS, TIERS[self.tier or ""], strict=True))
        bucket = self._buckets.setdefault(word, _Bucket(sizes[word], sizes[word], now))
        bucket.fill(now)
        return bucket

    def _refusal(self, word: str, bucket: _Bucket, amount: float, now: float) -> Refusal:
        wait = (max(amount, 1.0) - bucket.level) * MINUTE / bucket.size
        limit = f"{int(bucket.size):,} {_SPOKEN[word]} per minute"
        return rate_limited(limit, wait, self.headers(now))


def rate_limited(limit: str, wait: float, headers: Mapping[str, str]) -> Refusal:
    """429 with the vendor's words; `wait` in seconds."""
    message = (
        f"This request would exceed your organization's ({ORGANIZATION}) rate limit of {limit}. For details, refer to: "
        "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage."
    )
    told = {**headers, "retry-after": str(max(1, math.ceil(wait)))}
    return Refusal(429, "rate_limit_error", message, headers=told)


__all__ = ["Limits", "rate_limited"]
