"""Rivals that do the same work, measured in turns: every one once a round, in random order, with so many in flight.

What counts is the CPU time of this process, threads included; the server is another process.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Call = Callable[[], Awaitable[object]]
KEPT = 16
"""Answers that our cache keeps, and a bare client beside it: with a large cache, what is measured is the collector
walking through thousands of them, and memory that no cache of the processor knows. A client that keeps nothing has
rows of its own."""
THREADS = 50
"""The crew in which services run a blocking SDK."""


@dataclass(frozen=True)
class Cost:
    """Of one visit: CPU microseconds a call, and calls a second."""

    cpu: float
    rate: float


@dataclass(frozen=True)
class Blocking:
    """A rival that blocks: it is called by a crew of threads, whatever is in flight otherwise."""

    call: Callable[[], object]


Rival = Call | Blocking


async def fight(rivals: Mapping[str, Rival], concurrency: int, calls: int, rounds: int) -> dict[str, list[Cost]]:
    """The costs of each rival, one a round."""
    for rival in rivals.values():
        await visit(rival, concurrency, concurrency)
    found: dict[str, list[Cost]] = {name: [] for name in rivals}
    order = list(rivals)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            # Nobody pays for what another one left, nor for walking through what the imports made: that falls on
            # whoever is under way when the collector's turn comes, and there is more of it the more is installed.
            gc.collect()
            gc.freeze()
            found[name].append(await visit(rivals[name], concurrency, calls))
            gc.unfreeze()
    return found


async def visit(rival: Rival, concurrency: int, calls: int) -> Cost:
    """Make about so many calls."""
    if isinstance(rival, Blocking):
        return await asyncio.to_thread(_in_threads, rival.call, min(calls, 500))
    each = max(1, calls // concurrency)

    async def worker() -> None:
        for _ in range(each):
            await rival()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return _cost(wall, cpu, each * concurrency)


def _in_threads(call: Callable[[], object], calls: int) -> Cost:
    each = max(1, calls // THREADS)

    def worker() -> None:
        for _ in range(each):
            call()

    crew = [threading.Thread(target=worker) for _ in range(THREADS)]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    return _cost(wall, cpu, each * THREADS)


def _cost(wall: float, cpu: float, made: int) -> Cost:
    return Cost((time.process_time() - cpu) / made * 1e6, made / (time.perf_counter() - wall))


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost], what: str = "cpu") -> float | None:
    """The median of the rounds' ratios; None where the rival was not there."""
    pairs = [getattr(mine, what) / getattr(other, what) for mine, other in zip(ours, theirs, strict=False)]
    return round(statistics.median(pairs), 3) if pairs else None


def row(adapter: str, operation: str, concurrency: int, found: Mapping[str, Sequence[Cost]]) -> dict[str, Any]:
    """One line of the result, out of the costs of "ours" and, where they are, of "bare" and "sdk"."""
    ours, bare, sdk = found["ours"], found.get("bare", ()), found.get("sdk", ())
    return {
        "adapter": adapter, "operation": operation, "concurrency": concurrency,
        "ratio_to_bare": ratio(ours, bare), "ratio_to_vendor_sdk": ratio(ours, sdk),
        "throughput_ratio_to_vendor_sdk": ratio(ours, sdk, "rate"),
        "cpu_us": _median(ours, "cpu"), "bare_cpu_us": _median(bare, "cpu"), "vendor_sdk_cpu_us": _median(sdk, "cpu"),
        "calls_per_second": _median(ours, "rate"),
    }  # fmt: skip


def _median(costs: Sequence[Cost], what: str) -> float | None:
    return round(statistics.median(getattr(cost, what) for cost in costs), 1) if costs else None
