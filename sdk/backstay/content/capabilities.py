"""What a content vendor can do, known before a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backstay.errors import UnsupportedCapabilityError
from backstay.values import FrozenDict, freeze


class ContentCapability(StrEnum):
    """One thing that some vendors can do and others cannot."""

    TEXT = "text"
    SYSTEM = "system"
    TOOLS = "tools"
    JSON_SCHEMA = "json_schema"
    STREAM = "stream"
    VISION = "vision"
    TEMPERATURE = "temperature"
    STOP = "stop"
    EFFORT = "effort"
    COUNT_TOKENS = "count_tokens"
    LIST_MODELS = "list_models"
    IMAGE = "image"
    IMAGE_EDIT = "image_edit"
    IMAGE_MASK = "image_mask"
    IMAGE_SEVERAL = "image_several"
    IMAGE_TRANSPARENT = "image_transparent"
    IMAGE_SEED = "image_seed"
    RESEARCH = "research"
    RESEARCH_STREAM = "research_stream"
    RESEARCH_DEEP = "research_deep"
    DOMAINS = "domains"
    RECENCY = "recency"
    COUNTRY = "country"
    LANGUAGE = "language"
    PUBLISH_IMAGE = "publish_image"
    PUBLISH_CAROUSEL = "publish_carousel"
    PUBLISH_REEL = "publish_reel"
    PUBLISH_STORY = "publish_story"
    AI_DISCLOSURE = "ai_disclosure"
    INSIGHTS = "insights"
    QUOTA = "quota"
    LIST_TOOLS = "list_tools"
    CALL_TOOLS = "call_tools"
    HOST = "host"
    HOST_DELETE = "host_delete"


_MEANING: Final = MappingProxyType(
    {
        ContentCapability.TEXT: "writes texts",
        ContentCapability.SYSTEM: "takes a system prompt",
        ContentCapability.TOOLS: "calls tools of yours",
        ContentCapability.JSON_SCHEMA: "is held to a JSON schema by the vendor",
        ContentCapability.STREAM: "gives a text while it is written",
        ContentCapability.VISION: "looks at pictures",
        ContentCapability.TEMPERATURE: "takes a temperature",
        ContentCapability.STOP: "takes stop sequences",
        ContentCapability.EFFORT: "takes an effort",
        ContentCapability.COUNT_TOKENS: "counts a request's tokens",
        ContentCapability.LIST_MODELS: "lists its models",
        ContentCapability.IMAGE: "makes pictures",
        ContentCapability.IMAGE_EDIT: "changes pictures",
        ContentCapability.IMAGE_MASK: "changes a part of a picture",
        ContentCapability.IMAGE_SEVERAL: "makes several pictures in one call",
        ContentCapability.IMAGE_TRANSPARENT: "makes pictures without a background",
        ContentCapability.IMAGE_SEED: "makes the same picture again from a seed",
        ContentCapability.RESEARCH: "answers with sources",
        ContentCapability.RESEARCH_STREAM: "gives an answer while it is written",
        ContentCapability.RESEARCH_DEEP: "researches for minutes, as a job",
        ContentCapability.DOMAINS: "can be held to some hosts",
        ContentCapability.RECENCY: "can be held to recent sources",
        ContentCapability.COUNTRY: "can be asked for a country",
        ContentCapability.LANGUAGE: "can be asked for a language",
        ContentCapability.PUBLISH_IMAGE: "publishes single pictures",
        ContentCapability.PUBLISH_CAROUSEL: "publishes carousels",
        ContentCapability.PUBLISH_REEL: "publishes reels",
        ContentCapability.PUBLISH_STORY: "publishes stories",
        ContentCapability.AI_DISCLOSURE: "AI-made content can be declared",
        ContentCapability.INSIGHTS: "tells how a post is doing",
        ContentCapability.QUOTA: "tells how many posts are left",
        ContentCapability.LIST_TOOLS: "lists the tools that it offers",
        ContentCapability.CALL_TOOLS: "calls one of them",
        ContentCapability.HOST: "keeps bytes where others can fetch them",
        ContentCapability.HOST_DELETE: "deletes what it keeps",
    }
)


@dataclass(frozen=True, slots=True)
class ContentCapabilities:
    """The capabilities of a vendor and API version; a set to ask `capability in capabilities`."""

    vendor: str
    flags: frozenset[ContentCapability]
    version: str = ""
    reasons: Mapping[str, str] = field(default_factory=FrozenDict, hash=False)
    """Why one is off, or what to use instead."""

    @classmethod
    def of(
        cls,
        vendor: str,
        *flags: ContentCapability,
        version: str = "",
        reasons: Mapping[ContentCapability, str] | None = None,
    ) -> ContentCapabilities:
        """Those and no others."""
        return cls(vendor, frozenset(flags), version, freeze(reasons or {}))

    def __contains__(self, capability: object) -> bool:
        return capability in self.flags

    def __iter__(self) -> Iterator[ContentCapability]:
        return iter(sorted(self.flags))

    def __len__(self) -> int:
        return len(self.flags)

    def require(self, capability: ContentCapability, operation: str, *, field: str = "", value: object = None) -> None:
        """Refuse an operation, or one field of a request, before anything is sent.

        Raises:
            UnsupportedCapabilityError: naming the field, its value and the cure.
        """
        if capability in self.flags:
            return
        raise UnsupportedCapabilityError(
            f"{operation} needs {capability}, which {self.vendor} lacks ({_MEANING[capability]})",
            operation=operation, vendor=self.vendor, field=field or "capability", value=value or capability.value,
            hint=self.reasons.get(capability)
            or f"ask `ContentCapability.{capability.name} in adapter.capabilities` first",
        )  # fmt: skip

    def with_changes(
        self, *, add: Iterable[ContentCapability] = (), remove: Iterable[ContentCapability] = ()
    ) -> ContentCapabilities:
        """Other facts of an account or a model."""
        return ContentCapabilities(
            self.vendor, (self.flags | frozenset(add)) - frozenset(remove), self.version, self.reasons
        )

    def table(self) -> tuple[tuple[str, bool, str], ...]:
        """Rows of name, on or off, and meaning: what is on, and what is off for a reason worth telling."""
        told = [flag for flag in ContentCapability if flag in self.flags or flag in self.reasons]
        return tuple((flag.value, flag in self.flags, self._text(flag)) for flag in told)

    def _text(self, flag: ContentCapability) -> str:
        reason = None if flag in self.flags else self.reasons.get(flag)
        return f"{_MEANING[flag]}; {reason}" if reason else _MEANING[flag]


__all__ = ["ContentCapabilities", "ContentCapability"]
