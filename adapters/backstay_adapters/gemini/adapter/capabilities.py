"""What Gemini can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can
from backstay_adapters.gemini.profile import API_VERSION

CAPABILITIES: Final = ContentCapabilities.of(
    "gemini",
    Can.TEXT, Can.SYSTEM, Can.TOOLS, Can.JSON_SCHEMA, Can.STREAM, Can.VISION, Can.TEMPERATURE, Can.STOP, Can.EFFORT,
    Can.COUNT_TOKENS, Can.IMAGE, Can.IMAGE_EDIT,
    version=API_VERSION,
    reasons={
        Can.IMAGE_SEVERAL: "its models make one picture a call: call it once for each",
        Can.IMAGE_MASK: "say in words what may change",
        Can.IMAGE_SEED: "a seed does not give the same picture again",
        Can.IMAGE_TRANSPARENT: "its pictures have a background",
        Can.RESEARCH: "its search tool travels in extra=; for sources as data take a Researcher",
    },
)  # fmt: skip

__all__ = ["CAPABILITIES"]
