"""The tools of the simulated server, a harbour's: one that reads, one that sets, one that makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.sandbox.draws import bits
from backstay.sandbox.world import World

Json = Any

HARBOUR: Final = "harbour"
BERTH: Final = "berth"
"""The level of what `book_berth` makes."""
FLAG: Final = "flag"
"""The level of what `hoist_flag` sets."""


def _object(**properties: str) -> dict[str, Json]:
    told = {name: {"type": kind, "title": name.capitalize()} for name, kind in properties.items()}
    return {"type": "object", "properties": told, "required": list(properties)}


TOOLS: Final[tuple[Mapping[str, Json], ...]] = (
    {
        "name": "wind", "title": "Wind", "description": "The wind at a place, in knots.",
        "inputSchema": _object(place="string"), "outputSchema": _object(knots="integer"),
        "annotations": {"readOnlyHint": True, "openWorldHint": True},
    },
    {
        "name": "hoist_flag", "description": "Show a flag on a mast, instead of the one that is there.",
        "inputSchema": _object(mast="string", flag="string"),
        "annotations": {"idempotentHint": True, "destructiveHint": True},
    },
    {
        "name": "book_berth", "description": "Book a berth for a boat, for some nights.",
        "inputSchema": _object(boat="string", nights="integer"), "outputSchema": _object(booking="string"),
    },
    {
        "name": "find_berths", "description": "The bookings of a boat.", "inputSchema": _object(boat="string"),
        "annotations": {"readOnlyHint": True},
    },
)  # fmt: skip
"""As `tools/list` tells them."""

_TYPES: Final = {"string": str, "integer": int}


def wrong(name: str, arguments: Mapping[str, Json]) -> str | None:
    """Why a tool cannot be called so, in the words of the official server."""
    tool = next((each for each in TOOLS if each["name"] == name), None)
    if tool is None:
        return f"Unknown tool: {name}"
    found = [
        f"{field}\n  Input should be a valid {told['type']}"
        for field, told in tool["inputSchema"]["properties"].items()
        if not isinstance(arguments.get(field), _TYPES[told["type"]])
    ]
    if not found:
        return None
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''}"
    return f"Error executing tool {name}: {count} for {name}Arguments\n" + "\n".join(found)


def run(world: World, name: str, arguments: Mapping[str, Json], now: float) -> tuple[str, Json]:
    """Do what a tool does: its words, and its structured answer if it has one."""
    match name:
        case "wind":
            knots = 5 + bits(world.seed, "wind", arguments["place"]) % 25
            return f"{knots} knots at {arguments['place']}", {"knots": knots}
        case "hoist_flag":
            mast, flag = str(arguments["mast"]), arguments["flag"]
            there = world.get(mast)
            if there is None:
                world.create(now, id=mast, account=HARBOUR, level=FLAG, data={"flag": flag}, spends=False)
            else:
                world.update(now, there, flag=flag)
            return f"{flag} is up", None
        case "book_berth":
            booking = f"b-{bits(world.seed, 'berth', world.next_number()) % 10**6:06d}"
            world.create(now, id=booking, account=HARBOUR, level=BERTH, data=dict(arguments), spends=False)
            return f"Booked: {booking}", {"booking": booking}
    booked = [each for each in world.at(HARBOUR, BERTH) if each.data.get("boat") == arguments["boat"]]
    return ", ".join(each.id for each in booked) or "none", None


__all__ = ["BERTH", "FLAG", "HARBOUR", "TOOLS", "run", "wrong"]
