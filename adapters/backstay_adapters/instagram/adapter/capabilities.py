"""What Instagram can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can

CAPABILITIES: Final = ContentCapabilities.of(
    "instagram",
    Can.PUBLISH_IMAGE, Can.PUBLISH_CAROUSEL, Can.PUBLISH_REEL, Can.PUBLISH_STORY, Can.AI_DISCLOSURE, Can.INSIGHTS,
    Can.QUOTA,
    version="v26.0",
    reasons={Can.HOST: "it fetches media from addresses: take a MediaHost"},
)  # fmt: skip

__all__ = ["CAPABILITIES"]
