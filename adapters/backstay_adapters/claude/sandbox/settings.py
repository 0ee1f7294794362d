"""What the simulated organisation is: its key, its models, its tiers; and what can be put into the model's mouth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

KEY: Final = "sandbox-claude-key"
ORGANIZATION: Final = "00000000-0000-4000-8000-000000000001"

TIERS: Final = MappingProxyType({"start": (1_000, 2_000_000, 400_000), "tiny": (5, 5_000, 2_000)})
"""Requests, input tokens and output tokens a minute. "start" is the vendor's first tier, "tiny" is for tests."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the simulated vendor's."""

    name: str
    context: int = 1_000_000
    most: int = 128_000
    """Output tokens at most."""
    lifecycle: str = "active"
    retires_at: str | None = None


MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    {
        "claude-opus-5-5": Model("Claude Opus 5.5"),
        "claude-sonnet-5-5": Model("Claude Sonnet 5.5"),
        "claude-haiku-5-5": Model("Claude Haiku 5.5"),
        "claude-opus-5": Model("Claude Opus 5"),
        "claude-sonnet-5": Model("Claude Sonnet 5"),
        "claude-sonnet-4-6": Model("Claude Sonnet 4.6"),
        "claude-haiku-4-5": Model("Claude Haiku 4.5", 200_000, 64_000),
        "claude-sonnet-4-5": Model("Claude Sonnet 4.5", 200_000, 64_000, "deprecated", "2026-11-30T00:00:00Z"),
        "claude-opus-4-1": Model("Claude Opus 4.1", 200_000, 32_000, "retired", "2026-08-05T00:00:00Z"),
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """What the model is made to say; what is None it thinks up itself."""

    text: str | None = None
    content: tuple[Mapping[str, Any], ...] | None = None
    """Whole blocks, instead of `text`."""
    stop_reason: str | None = None
    stop_details: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the count."""


__all__ = ["KEY", "MODELS", "ORGANIZATION", "TIERS", "Model", "Said"]
