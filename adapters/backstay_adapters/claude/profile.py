"""Claude's numbers, each with its source (Messages API 2026-10-21; `docs/adapters/claude.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.policies.pace import PaceOptions
from backstay.profile import Limit, Profile, TimeoutConfig

API: Final = "https://api.anthropic.com"
API_VERSION: Final = "2026-10-21"
"""The default of anthropic 2.x, sent by us so that an update of the SDK does not change what the API does."""

DEFAULT_MODEL: Final = "claude-sonnet-5-5"
"""The vendor's middle model at the date of `prices.AS_OF`; `Claude(model=)`, CLAUDE_MODEL and a request change it."""
MAX_OUTPUT_TOKENS: Final = 4_096
"""The bound of a text where neither the adapter nor the request gives one: the vendor has no default."""

REQUESTS: Final = "requests"
TOKENS: Final = "tokens"
INPUT: Final = "input_tokens"
OUTPUT: Final = "output_tokens"

PACE: Final = PaceOptions(start=0.8, floor=0.5, memory=30.0, pause=10.0)
"""The vendor's limits are buckets that refill all the time (page "Rate limits"), so a statement is old after half a
minute, and a limit that is used up opens again within seconds."""

OVERLOADED: Final = 1.0
"""Seconds to wait at least after 529: the vendor says "retry with backoff" and names no number."""


def claude_profile() -> Profile:
    """The profile of an organisation. Its limits come from the vendor's headers: they differ by tier and by model."""
    spoken = Limit(rate=None, groups=("generate",), pace=PACE)
    return Profile(
        limits=MappingProxyType(dict.fromkeys((REQUESTS, TOKENS, INPUT, OUTPUT), spoken)),
        # A text of 4,096 tokens takes up to a minute and a half on the slower models; 600 s is the SDK's own default.
        timeouts=TimeoutConfig(kinds=MappingProxyType({"api_call": 30.0, "ai_generation": 120.0, "default": 30.0})),
        deadlines=MappingProxyType({"ai_generation": 300.0}),
        note="limits from the vendor's headers; times from the speed of its models, see claude_profile",
    )


__all__ = ["API", "API_VERSION", "DEFAULT_MODEL", "MAX_OUTPUT_TOKENS", "OVERLOADED", "PACE", "claude_profile"]
