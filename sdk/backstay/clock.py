"""The only door to time, sleep and randomness.

Everything that waits, measures or draws takes a `Clock`, so that a test can hand in another one and an hour of
retries runs in milliseconds, twice the same. Monotonic seconds and the running loop's timers are one time line.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from datetime import UTC, datetime
from typing import Final, Protocol


class Clock(Protocol):
    """What the engine asks of time."""

    def monotonic(self) -> float:
        """Seconds on a line that never goes back; only differences mean something."""
        ...

    def wall(self) -> float:
        """Seconds since 1970 in UTC: for what outlives the process."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let other tasks run for so long."""
        ...

    def block(self, seconds: float, until: threading.Event | None = None) -> None:
        """Hold the calling thread for so long, or until the event is set; infinity needs an event."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def token(self) -> str:
        """A new unique id, 32 hexadecimal digits."""
        ...


_IDS: Final = random.Random()  # noqa: S311 - names that must differ, not secrets; nobody else can seed it
"""Asking the system for each id gives the interpreter away to other threads, which costs more than the id."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_IDS.seed)


class SystemClock:
    """The machine's own time and the operating system's randomness."""

    __slots__ = ("_rng",)

    # The built-in functions themselves: the hot path pays for one call, not for one of ours around it.
    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    def __init__(self, seed: int | None = None) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - jitter, not a secret

    def random(self) -> float:
        """See `Clock.random`."""
        return self._rng.random()

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await asyncio.sleep(seconds)

    def block(self, seconds: float, until: threading.Event | None = None) -> None:
        """See `Clock.block`."""
        if until is None:
            time.sleep(seconds)
        else:
            until.wait(min(seconds, threading.TIMEOUT_MAX))

    def token(self) -> str:
        """See `Clock.token`."""
        return f"{_IDS.getrandbits(128):032x}"


def utc(seconds: float) -> datetime:
    """Wall seconds as an aware datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def utc_now() -> datetime:
    """The machine's time, for errors that are made where no clock is at hand."""
    return datetime.now(UTC)
