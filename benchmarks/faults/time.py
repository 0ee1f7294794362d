"""Virtual time for everybody: libraries that read `time` and `datetime` see it too.

`install()` must run before the libraries are imported, since some of them keep the functions that they find. Outside
of `run` the clocks are the machine's own.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from backstay.testing.clock import WALL_START, VirtualClock, VirtualLoop

T = TypeVar("T")

_current: VirtualClock | None = None
_real = {name: getattr(time, name) for name in ("monotonic", "time", "perf_counter")}


def _reading(name: str, offset: float) -> Any:
    real = _real[name]

    def read() -> float:
        return real() if _current is None else _current.monotonic() + offset

    return read


class _DateTime(dt.datetime):
    @classmethod
    def utcnow(cls) -> Any:
        """The virtual moment, without a zone."""
        return dt.datetime.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """The virtual moment."""
        return dt.datetime.fromtimestamp(time.time(), tz)


def install() -> None:
    """Put virtual readings in the place of the machine's."""
    _now = {"monotonic": 0.0, "time": WALL_START - 1000.0, "perf_counter": 0.0}
    for name, offset in _now.items():
        read = _reading(name, offset)
        setattr(time, name, read)
        setattr(time, f"{name}_ns", lambda read=read: int(read() * 1e9))
    dt.datetime = _DateTime  # type: ignore[misc]  # on purpose: before anybody imports it


class _TickingLoop(VirtualLoop):
    """Each turn takes a moment, for code that asks again and again whether it is time."""

    tick = 0.0

    def _run_once(self) -> None:
        self.clock.advance(self.tick)
        super()._run_once()  # type: ignore[misc]  # the turn of every asyncio loop; not in typeshed


def run(main: Coroutine[Any, Any, T], clock: VirtualClock, *, tick: float = 0.0) -> T:
    """Run to the end in virtual time; `tick` seconds pass in each turn of the loop."""
    global _current  # noqa: PLW0603 - the patched functions have no other way to know

    def loop() -> VirtualLoop:
        made = _TickingLoop(clock) if tick else VirtualLoop(clock)
        if isinstance(made, _TickingLoop):
            made.tick = tick
        return made

    _current = clock
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(main)
    finally:
        _current = None
