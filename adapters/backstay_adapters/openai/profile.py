"""OpenAI's numbers, each with its source (Images API; `docs/adapters/openai.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.policies.pace import PaceOptions
from backstay.profile import Limit, Profile, TimeoutConfig

API: Final = "https://api.openai.com/v1"
"""With `/v1`, as the vendor's SDK and OPENAI_BASE_URL have it."""

DEFAULT_MODEL: Final = "gpt-image-2"
"""The oldest model without an end: `OpenAIImages(model=)`, OPENAI_IMAGE_MODEL and a request change it."""

REQUESTS: Final = "requests"
TOKENS: Final = "tokens"
IMAGES: Final = "images"
INPUT: Final = "input_images"

PACE: Final = PaceOptions(start=0.8, floor=0.5, memory=60.0, pause=10.0)
"""The vendor's limits are per minute, so a statement is old after one."""

OVERLOADED: Final = 1.0
"""Seconds to wait at least after "overloaded" and "slow down": the vendor names no number."""


def openai_profile(*, images_per_minute: float | None = None) -> Profile:
    """The profile of a project.

    The Images API mostly says nothing of its limits: give `images_per_minute` of your tier (page "Limits" of the
    console), and pictures are counted here, each of an answer.
    """
    spoken = Limit(rate=None, groups=("images",), pace=PACE)
    limits: dict[str, Limit] = dict.fromkeys((REQUESTS, TOKENS, IMAGES, INPUT), spoken)
    if images_per_minute is not None:
        limits[IMAGES] = Limit(
            rate=images_per_minute / 60.0, burst=images_per_minute, windows=((images_per_minute, 60.0),),
            groups=("images",), pace=PACE,
        )  # fmt: skip
    return Profile(
        limits=MappingProxyType(limits),
        connect_timeout=5.0,
        # Recorded: 11 to 36 s; the guide speaks of two minutes for complex prompts.
        timeouts=TimeoutConfig(
            kinds=MappingProxyType({"api_call": 30.0, "image": 180.0, "download": 30.0, "default": 30.0})
        ),
        deadlines=MappingProxyType({"image": 400.0, "download": 120.0}),
        # No idempotency key: a picture whose answer is lost may be billed, and a second one would be too.
        generate_again=False,
        note="a lost picture is not paid for twice; times from recorded answers, see openai_profile",
    )


__all__ = [
    "API", "DEFAULT_MODEL", "IMAGES", "INPUT", "OVERLOADED", "PACE", "REQUESTS", "TOKENS", "openai_profile",
]  # fmt: skip
