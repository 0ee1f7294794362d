"""What an MCP server's client can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can

CAPABILITIES: Final = ContentCapabilities.of(
    "mcp",
    Can.LIST_TOOLS, Can.CALL_TOOLS,
    version="2026-07-28",
    reasons={
        Can.TEXT: "a server offers tools; its prompts and the sampling of models are not asked for here",
        Can.RESEARCH: "a search is a tool like another: call it, or let a TextGenerator call it",
    },
)  # fmt: skip

__all__ = ["CAPABILITIES"]
