"""A server of the official SDK, for tests: `python harbour_server.py stdio`, or `python harbour_server.py PORT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("harbour")


@server.tool(annotations=ToolAnnotations(readOnlyHint=True))
def wind(place: str) -> int:
    """The wind at a place, in knots."""
    return len(place)


@server.tool(annotations=ToolAnnotations(idempotentHint=True))
def hoist_flag(mast: str, flag: str) -> str:
    """Show a flag on a mast."""
    return f"{flag} is up on {mast}"


@server.tool()
def book_berth(boat: str) -> str:
    """Book a berth; each call is written into a file."""
    with Path(os.environ["HARBOUR_BOOK"]).open("a", encoding="utf8") as book:
        book.write(f"{boat}\n")
    return f"booked for {boat}"


@server.tool()
def sink() -> str:
    """Fail in the middle of the work."""
    raise RuntimeError("the hull, and a secret")


@server.tool()
def vanish() -> str:
    """End the whole server without an answer."""
    os._exit(3)


if __name__ == "__main__":
    if sys.argv[1] == "stdio":
        server.run("stdio")
    else:
        server.run("streamable-http", port=int(sys.argv[1]))
