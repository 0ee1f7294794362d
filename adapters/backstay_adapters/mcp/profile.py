"""MCP's numbers, each with its source (protocol 2026-07-28, SDK `mcp` 2.3; `docs/adapters/mcp.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.profile import Limit, Profile, TimeoutConfig

REQUESTS: Final = "requests"

TOOLS_TTL: Final = 300.0
"""Seconds that a list of tools counts as fresh: a server may change it at any time, most never do."""
TOOLS_STALE: Final = 3_600.0
"""Seconds that it may stand in while the server is away; a tool that is gone by then answers so."""

EARLIER: Final = 0.02
"""The part of an attempt's time by which the SDK's own timer ends before the engine's: it tells the server to stop, and
the error is MCP's."""

CLOSING: Final = 2.0
"""Seconds that the farewell to a server may take."""


def mcp_profile() -> Profile:
    """The profile of a server. The protocol names no limits: a server says them with HTTP 429 or not at all."""
    kinds = {"api_call": 30.0, "mcp_call": 30.0, "default": 30.0}  # the requirements' `mcp_call`; the SDK waits 300 s
    return Profile(
        limits=MappingProxyType({REQUESTS: Limit(rate=None, groups=("tools", "calls"))}),
        timeouts=TimeoutConfig(kinds=MappingProxyType(kinds)),
        hedge=None,  # a tool that says that it only reads may still cost somebody something
        note="times from the requirements; what a tool does is known by its annotations only, see mcp_profile",
    )


__all__ = ["CLOSING", "EARLIER", "REQUESTS", "TOOLS_STALE", "TOOLS_TTL", "mcp_profile"]
