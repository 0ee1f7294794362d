"""One origin call for many callers who want the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from backstay.errors import DeadlineExceededError


class _HandOver(Exception):  # noqa: N818 - a signal between callers, never seen outside
    """The leader went away; one of the joiners takes over."""


class Flights:
    """The flights under way, by key."""

    __slots__ = ("_table",)

    def __init__(self) -> None:
        self._table: dict[str, list[asyncio.Future[Any]]] = {}


async def shared(
    flights: Flights, key: str, work: Callable[[], Awaitable[Any]], *, remaining: Callable[[], float] | None
) -> Any:
    """Run `work`, or join the run of another caller; each joiner keeps its own deadline."""
    table = flights._table  # noqa: SLF001 - its own module
    while key in table:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        table[key].append(future)
        try:
            async with asyncio.timeout(None if remaining is None else max(0.0, remaining())):
                return await future
        except _HandOver:
            continue
        except TimeoutError:
            raise DeadlineExceededError("another caller's request took too long", rule="engine.joined") from None
    table[key] = []
    try:
        value = await work()
    except DeadlineExceededError:
        _wake(table, key, hand_over=True)
        raise
    except Exception as error:
        for future in table.pop(key):
            if not future.done():
                future.set_exception(error)
                future.exception()
        raise
    except BaseException:
        _wake(table, key, hand_over=True)
        raise
    for future in table.pop(key):
        if not future.done():
            future.set_result(value)
    return value


def _wake(table: dict[str, list[asyncio.Future[Any]]], key: str, *, hand_over: bool) -> None:
    for future in table.pop(key):
        if not future.done() and hand_over:
            future.set_exception(_HandOver())
