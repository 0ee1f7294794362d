"""Look again until it is there: for objects that reads show late, and for jobs that take their time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from backstay.clock import Clock

T = TypeVar("T")


async def poll(clock: Clock, look: Callable[[], Awaitable[T | None]], at: Iterable[float]) -> T | None:
    """The first answer that is not None; looks at these seconds from now, then gives up with None."""
    began = clock.monotonic()
    for moment in at:
        wait = began + moment - clock.monotonic()
        if wait > 0.0:
            await clock.sleep(wait)
        found = await look()
        if found is not None:
            return found
    return None
