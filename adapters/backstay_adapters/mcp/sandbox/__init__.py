"""An MCP server in our frame: streamable HTTP on its real wire, with the protocol of today or with sessions.

sandbox = MCPSandbox(seed=7, era=SESSIONS, faults=storm(7))
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.mcp.sandbox.app import KEY, MODERN, SESSIONS, MCPSandbox
from backstay_adapters.mcp.sandbox.tools import HARBOUR

SANDBOX: Final = MCPSandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (HARBOUR,)
"""Whose server it is."""

TOKEN: Final = KEY
"""The same under the name that all sandboxes have."""

TIERS: Final[tuple[str, ...]] = ()
"""It enforces no limits of its own; a fault plan can refuse by rate."""

__all__ = ["ACCOUNTS", "HARBOUR", "KEY", "MODERN", "SANDBOX", "SESSIONS", "TIERS", "TOKEN", "MCPSandbox"]
