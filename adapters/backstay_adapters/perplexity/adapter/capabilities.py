"""What Perplexity can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can

CAPABILITIES: Final = ContentCapabilities.of(
    "perplexity",
    Can.SYSTEM, Can.RESEARCH, Can.RESEARCH_STREAM, Can.RESEARCH_DEEP, Can.DOMAINS, Can.RECENCY, Can.COUNTRY,
    Can.LANGUAGE,
    version="2026-11",
    reasons={
        Can.TEXT: "every answer is searched for and billed as a search: for texts take a TextGenerator",
        Can.IMAGE: "it makes no pictures: take an ImageGenerator",
    },
)  # fmt: skip

__all__ = ["CAPABILITIES"]
