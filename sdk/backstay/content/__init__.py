"""What all content APIs speak: requests, results, and the protocols of those who write, draw, research and publish."""

from __future__ import annotations

from backstay.answer import Answer, Served, is_stale, require_live
from backstay.content.capabilities import ContentCapabilities, ContentCapability
from backstay.content.hosting import HostedMedia
from backstay.content.image import GeneratedImage, ImageRequest, ImageResult, Size
from backstay.content.models import ModelInfo, ModelList, ModelState, TokenCount
from backstay.content.parts import Message, Opaque, Part, Picture, Text, Tool, ToolCall, ToolResult
from backstay.content.pictures import Sniffed, sniff
from backstay.content.protocols import (
    ContentVendor,
    ImageGenerator,
    MediaHost,
    Publisher,
    Researcher,
    TextGenerator,
)
from backstay.content.publish import Container, Post, PostInsights, PostMedia, PublishRequest, Quota
from backstay.content.research import ResearchDelta, ResearchRequest, ResearchResult, ResearchSoFar, Source
from backstay.content.text import TextDelta, TextRequest, TextResult, TextSoFar
from backstay.content.usage import TokenUsage
from backstay.content.words import (
    Background,
    ContainerState,
    Depth,
    Effort,
    Finish,
    PictureFormat,
    PostKind,
    Quality,
    Recency,
    Role,
    SourceKind,
)
from backstay.cost import Basis, Cost, Price, PriceTable, add_costs
from backstay.engine.stream import Streaming

__all__ = [
    "Answer",
    "Background",
    "Basis",
    "Container",
    "ContainerState",
    "ContentCapabilities",
    "ContentCapability",
    "ContentVendor",
    "Cost",
    "Depth",
    "Effort",
    "Finish",
    "GeneratedImage",
    "HostedMedia",
    "ImageGenerator",
    "ImageRequest",
    "ImageResult",
    "MediaHost",
    "Message",
    "ModelInfo",
    "ModelList",
    "ModelState",
    "Opaque",
    "Part",
    "Picture",
    "PictureFormat",
    "Post",
    "PostInsights",
    "PostKind",
    "PostMedia",
    "Price",
    "PriceTable",
    "PublishRequest",
    "Publisher",
    "Quality",
    "Quota",
    "Recency",
    "ResearchDelta",
    "ResearchRequest",
    "ResearchResult",
    "ResearchSoFar",
    "Researcher",
    "Role",
    "Served",
    "Size",
    "Sniffed",
    "Source",
    "SourceKind",
    "Streaming",
    "Text",
    "TextDelta",
    "TextGenerator",
    "TextRequest",
    "TextResult",
    "TextSoFar",
    "TokenCount",
    "TokenUsage",
    "Tool",
    "ToolCall",
    "ToolResult",
    "add_costs",
    "is_stale",
    "require_live",
    "sniff",
]
