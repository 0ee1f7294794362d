"""Perplexity's numbers, each with its source (Sonar API 2026-11; `docs/adapters/perplexity.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.policies.settings import one_of
from backstay.profile import Limit, Profile, TimeoutConfig

API: Final = "https://api.perplexity.ai"

QUICK_MODEL: Final = "sonar"
DEFAULT_MODEL: Final = "sonar-pro"
DEEP_MODEL: Final = "sonar-deep-research"

MAX_OUTPUT_TOKENS: Final = 8_000
"""How long an answer can become where the request does not bound it: the vendor's page says so of `sonar-pro`, and of
no model that it may be longer. For estimates before a call only."""

REQUESTS: Final = "requests"
DEEP: Final = "deep_requests"

SHARE: Final = 0.8
"""Of a vendor limit that we use: answers carry no rate-limit header, so nothing tells how near the edge is."""

TIERS: Final = MappingProxyType(
    {0: (50, 5), 1: (150, 10), 2: (500, 20), 3: (1_000, 40), 4: (4_000, 60), 5: (4_000, 100)}
)
"""Requests a minute of the Sonar models and of deep research, by usage tier (the vendor's page "Rate limits")."""

POLLS: Final = (5.0, 5.0, 5.0, 10.0)
"""Seconds between two looks at a job of deep research; the last one goes on. It takes 1 to 18 minutes."""
LOST_POLLS: Final = 6
"""Looks in a row that may fail before the job, which costs money, is given up."""


def _limit(per_minute: int, group: str) -> Limit:
    # A leaky bucket that cuts bursts: users saw 429 on two parallel calls of a tier that allows 50 a minute.
    rate = per_minute * SHARE / 60
    return Limit(rate=rate, burst=max(1.0, rate), groups=(group,))


def perplexity_profile(tier: int = 0) -> Profile:
    """The profile of a usage tier, 0 to 5 (what the account has bought so far)."""
    one_of("tier", tier, TIERS)
    usual, deep = TIERS[tier]
    kinds = {"api_call": 30.0, "ai_generation": 120.0, "deep_research": 1_800.0, "default": 30.0}
    return Profile(
        limits=MappingProxyType({REQUESTS: _limit(usual, "research"), DEEP: _limit(deep, "research_deep")}),
        # An answer of the larger models takes up to two minutes, deep research up to 18; the rest is for waiting.
        timeouts=TimeoutConfig(kinds=MappingProxyType(kinds)),
        deadlines=MappingProxyType({"ai_generation": 300.0, "deep_research": 1_860.0}),
        note=f"limits of usage tier {tier} from the vendor's page; times from its models, see perplexity_profile",
    )


__all__ = [
    "API", "DEEP", "DEEP_MODEL", "DEFAULT_MODEL", "LOST_POLLS", "MAX_OUTPUT_TOKENS", "POLLS", "QUICK_MODEL", "REQUESTS",
    "TIERS", "perplexity_profile",
]  # fmt: skip
