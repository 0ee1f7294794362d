"""Tools of MCP servers: `from backstay.adapters import MCPTools`."""

from __future__ import annotations

from backstay_adapters.mcp.adapter import MCPTools
from backstay_adapters.mcp.model import ToolAnswer, ToolInfo, ToolList
from backstay_adapters.mcp.profile import mcp_profile

__all__ = ["MCPTools", "ToolAnswer", "ToolInfo", "ToolList", "mcp_profile"]
