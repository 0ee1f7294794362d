"""Which capability each field of a request asks for: checked before anything is sent. Pure."""

from __future__ import annotations

from typing import Any

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can
from backstay.content.image import ImageRequest
from backstay.content.parts import Picture
from backstay.content.research import ResearchRequest
from backstay.content.text import TextRequest
from backstay.content.words import Background, Depth

Need = tuple[Can, str, Any]
"""A capability, the field that asks for it, and the field's value."""


def require_text(capabilities: ContentCapabilities, request: TextRequest) -> None:
    """Refuse what a writer lacks; raises UnsupportedCapabilityError."""
    looks = any(isinstance(part, Picture) for message in request.messages for part in message.parts)
    _require(
        capabilities, "generate",
        (Can.SYSTEM, "system", request.system), (Can.TOOLS, "tools", request.tools),
        (Can.TEMPERATURE, "temperature", request.temperature), (Can.STOP, "stop", request.stop),
        (Can.EFFORT, "effort", request.effort), (Can.VISION, "messages", looks or None),
    )  # fmt: skip


def require_image(capabilities: ContentCapabilities, request: ImageRequest) -> None:
    """Refuse what a maker of pictures lacks; raises UnsupportedCapabilityError."""
    _require(
        capabilities, "generate_image",
        (Can.IMAGE, "capability", Can.IMAGE.value), (Can.IMAGE_EDIT, "sources", request.sources),
        (Can.IMAGE_MASK, "mask", request.mask), (Can.IMAGE_SEED, "seed", request.seed),
        (Can.IMAGE_SEVERAL, "n", request.n if request.n > 1 else None),
        (Can.IMAGE_TRANSPARENT, "background", True if request.background is Background.TRANSPARENT else None),
    )  # fmt: skip


def require_research(capabilities: ContentCapabilities, request: ResearchRequest) -> None:
    """Refuse what a researcher lacks; raises UnsupportedCapabilityError."""
    _require(
        capabilities, "research",
        (Can.RESEARCH, "capability", Can.RESEARCH.value),
        (Can.DOMAINS, "domains", request.domains or request.exclude_domains),
        (Can.RECENCY, "recency", request.recency), (Can.COUNTRY, "country", request.country or None),
        (Can.LANGUAGE, "language", request.language or None),
        (Can.RESEARCH_DEEP, "depth", request.depth if request.depth is Depth.DEEP else None),
    )  # fmt: skip


def _require(capabilities: ContentCapabilities, operation: str, *needs: Need) -> None:
    for capability, field, value in needs:
        if value is not None and value != ():
            capabilities.require(capability, operation, field=field, value=value)


__all__ = ["require_image", "require_research", "require_text"]
