"""What OpenAI's Images API can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can

CAPABILITIES: Final = ContentCapabilities.of(
    "openai",
    Can.IMAGE, Can.IMAGE_EDIT, Can.IMAGE_MASK, Can.IMAGE_SEVERAL, Can.IMAGE_TRANSPARENT, Can.LIST_MODELS,
    version="v1",
    reasons={
        Can.IMAGE_SEED: "the Images API has no seed: the same prompt gives another picture",
        Can.TEXT: "this adapter draws: take Claude or Gemini for texts",
    },
)  # fmt: skip

__all__ = ["CAPABILITIES"]
