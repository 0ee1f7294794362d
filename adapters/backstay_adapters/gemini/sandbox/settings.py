"""What the simulated project is: its key, its models, its tiers; and what can be put into the model's mouth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

KEY: Final = "sandbox-gemini-key"
PROJECT: Final = "projects/000000000001"

TIERS: Final = MappingProxyType({"free": (10, 250), "tiny": (3, 8), "paid": (1_000, 10_000)})
"""Requests a minute and a day. "free" is the vendor's free tier of quick models, "tiny" is for tests."""

MODELS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "gemini-3.8-flash": 1_048_576,
        "gemini-3.7-flash": 1_048_576,
        "gemini-3.6-flash": 1_048_576,
        "gemini-3.1-pro-preview": 1_048_576,
        "gemini-2.5-flash": 1_048_576,
        "gemini-3.1-flash-image": 32_768,
        "gemini-3-pro-image": 65_536,
        "gemini-2.5-flash-image": 32_768,
    }
)
"""The models, and the tokens that each takes."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the model is made to say; what is None it thinks up itself."""

    text: str | None = None
    parts: tuple[Mapping[str, Any], ...] | None = None
    """Whole parts, instead of `text`; an empty one leaves the content out, as refusals do."""
    finish: str | None = None
    message: str | None = None
    blocked: str | None = None
    """Why the prompt is blocked: then there is no candidate at all."""
    usage: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the count."""


__all__ = ["KEY", "MODELS", "PROJECT", "TIERS", "Said"]
