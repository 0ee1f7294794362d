"""What Claude can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can
from backstay_adapters.claude.profile import API_VERSION

CAPABILITIES: Final = ContentCapabilities.of(
    "claude",
    Can.TEXT, Can.SYSTEM, Can.TOOLS, Can.JSON_SCHEMA, Can.STREAM, Can.VISION, Can.STOP, Can.EFFORT, Can.COUNT_TOKENS,
    Can.LIST_MODELS,
    version=API_VERSION,
    reasons={
        Can.TEMPERATURE: "current models answer it with 400; for an old one put it into extra=",
        Can.IMAGE: "Claude looks at pictures and makes none: take an ImageGenerator",
        Can.RESEARCH: "its web tools travel in extra=; for sources as data take a Researcher",
    },
)  # fmt: skip

__all__ = ["CAPABILITIES"]
