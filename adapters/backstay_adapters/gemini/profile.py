"""Gemini's numbers, each with its source (Gemini API v1beta; `docs/adapters/gemini.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.profile import Limit, Profile, TimeoutConfig

API: Final = "https://generativelanguage.googleapis.com"
API_VERSION: Final = "v1beta"

DEFAULT_MODEL: Final = "gemini-3.8-flash"
"""The newest quick model at the date of `prices.AS_OF`; `Gemini(model=)`, GEMINI_MODEL and a request change it."""
DEFAULT_IMAGE_MODEL: Final = "gemini-3.1-flash-image"
MAX_OUTPUT_TOKENS: Final = 8_192
"""The bound of a text where neither the adapter nor the request gives one; thinking counts in it."""

REQUESTS: Final = "requests"

OVERLOADED: Final = 1.0
"""Seconds to wait at least after "overloaded" and "no capacity": the vendor names no number."""


def gemini_profile(*, requests_per_minute: float | None = None) -> Profile:
    """The profile of a project.

    The vendor says nothing of its limits before they are reached: give `requests_per_minute` of your tier (page "Rate
    limits" of AI Studio), and calls are spaced here.
    """
    limits: dict[str, Limit] = {}
    if requests_per_minute is not None:
        limits[REQUESTS] = Limit(
            rate=requests_per_minute / 60.0, burst=requests_per_minute, windows=((requests_per_minute, 60.0),),
            groups=("generate", "images"),
        )  # fmt: skip
    kinds = {"api_call": 30.0, "ai_generation": 120.0, "image": 120.0, "default": 30.0}
    return Profile(
        limits=MappingProxyType(limits),
        timeouts=TimeoutConfig(kinds=MappingProxyType(kinds)),
        deadlines=MappingProxyType({"ai_generation": 300.0, "image": 300.0}),
        # A lost text costs a fraction of a cent, a lost picture a hundred times that.
        paid_once=frozenset({"image"}),
        note="a lost picture is not paid for twice, a lost text is; times from the speed of its models",
    )


__all__ = [
    "API", "API_VERSION", "DEFAULT_IMAGE_MODEL", "DEFAULT_MODEL", "MAX_OUTPUT_TOKENS", "OVERLOADED", "REQUESTS",
    "gemini_profile",
]  # fmt: skip
