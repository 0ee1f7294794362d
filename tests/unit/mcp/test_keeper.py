"""A resource that a task of its own keeps open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from backstay_adapters.mcp.adapter.keeper import Keeper


class Door:
    """Notes that it was opened and left; `opens` holds it until it may open, `broken` is why it never does."""

    def __init__(self, broken: Exception | None = None) -> None:
        self.broken = broken
        self.knocked, self.opens = asyncio.Event(), asyncio.Event()
        self.seen: list[str] = []

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[str, None]:
        self.seen.append("begun")
        self.knocked.set()
        try:
            if self.broken is not None:
                raise self.broken
            await self.opens.wait()
            yield "open"
        finally:
            self.seen.append("left")


async def test_whoever_is_cancelled_while_it_opens_leaves_nothing_open() -> None:
    """What was begun is left, and it does not count as open."""
    door = Door()
    keeper = Keeper(door)
    starting = asyncio.ensure_future(keeper.start())
    await door.knocked.wait()

    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await keeper.stop(1.0)

    assert (door.seen, keeper.alive) == (["begun", "left"], False)


async def test_it_is_open_until_it_is_stopped() -> None:
    """Alive in between, and stopping twice is stopping once."""
    door = Door()
    door.opens.set()
    keeper = Keeper(door)

    assert (await keeper.start(), keeper.alive) == ("open", True)
    await keeper.stop(1.0)
    await keeper.stop(1.0)

    assert (door.seen, keeper.alive) == (["begun", "left"], False)


async def test_what_opening_it_raises_is_raised() -> None:
    """By whoever started it."""
    keeper = Keeper(Door(ConnectionError("no such door")))
    with pytest.raises(ConnectionError, match="no such door"):
        await keeper.start()
    assert not keeper.alive
