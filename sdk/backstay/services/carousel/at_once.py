"""Several pieces of work at the same time, so many and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence


async def some_at_once(works: Sequence[Callable[[], Awaitable[None]]], most: int) -> None:
    """Run them, `most` at a time; after an error none is begun any more, and it is raised when all have ended."""
    gate, failed = asyncio.Semaphore(most), list[Exception]()

    async def one(work: Callable[[], Awaitable[None]]) -> None:
        async with gate:
            if failed:
                return
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - raised below, when what was paid for is kept
                failed.append(error)

    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(one(work))
    if failed:
        for other in failed[1:]:
            failed[0].add_note(f"and at the same time: {other}")
        raise failed[0]


__all__ = ["some_at_once"]
