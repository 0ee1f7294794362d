"""The life of an adapter: the loop it belongs to, its connection, and the writes that are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from backstay.engine.serial import Serial
from backstay.errors import InvalidRequestError

if TYPE_CHECKING:
    from pydantic import BaseModel


class Life:
    """What an adapter and its `with_options` copies share: loop, connection, writes under way."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.connected = False
        self.closed = False
        self.opening = asyncio.Lock()
        self.serial = Serial()
        self.writes = 0
        self._idle: asyncio.Event | None = None

    def check(self) -> None:
        """Refuse another loop, and work after closing."""
        if self.closed:
            raise InvalidRequestError("the adapter is closed", field="adapter", hint="make a new one")
        if self.loop is not asyncio.get_running_loop():
            raise InvalidRequestError(
                "the adapter belongs to another event loop",
                field="adapter",
                hint="make one adapter for each loop",
            )

    def write_done(self) -> None:
        """A write has ended."""
        self.writes -= 1
        if self.writes == 0 and self._idle is not None:
            self._idle.set()

    async def drain(self, grace: float) -> None:
        """Wait until no write is under way, at most so long."""
        if not self.writes:
            return
        self._idle = asyncio.Event()
        try:
            async with asyncio.timeout(grace):
                await self._idle.wait()
        except TimeoutError:
            return


async def built(models: Iterable[type[BaseModel]]) -> None:
    """Build what pydantic would else build at a model's first use, off the loop: it takes milliseconds."""
    unbuilt = [model for model in models if not model.__pydantic_complete__]
    if unbuilt:
        await asyncio.to_thread(lambda: [model.model_rebuild() for model in unbuilt])
