"""Interleaved measuring: every variant once a round, in random order; CPU time, medians, garbage collection off."""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

Call = Callable[[], Awaitable[object]]


def arguments(about: str, *, rounds: int, only: Sequence[str] = ()) -> argparse.Namespace:
    """The options that all benchmarks share; `only` are the parts that one may choose among."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds, each with every variant once")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds: only to see that it runs")
    if only:
        parser.add_argument("--only", action="append", choices=only, help="only this one; may be given several times")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds = max(3, chosen.rounds // 5)
    return chosen


async def microseconds(calls: Mapping[str, Call], rounds: int, each: int) -> dict[str, list[float]]:
    """CPU microseconds a call, by variant, one number a round."""
    for call in calls.values():
        for _ in range(50):
            await call()
    found: dict[str, list[float]] = {name: [] for name in calls}
    draw = random.Random(7)
    for _ in range(rounds):
        order = list(calls)
        draw.shuffle(order)
        for name in order:
            found[name].append(await _visit(calls[name], each))
    return found


async def _visit(call: Call, each: int) -> float:
    gc.collect()
    gc.disable()
    began = time.process_time()
    for _ in range(each):
        await call()
    took = time.process_time() - began
    gc.enable()
    return took / each * 1e6


def median(values: Sequence[float]) -> float:
    """Rounded to what means something."""
    return round(statistics.median(values), 3)


def report(result: dict[str, Any], table: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """JSON, or a plain table and the targets."""
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
        return
    widths = [max(len(str(row[column])) for row in table) for column in range(len(table[0]))]
    for row in table:
        sys.stdout.write("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)) + "\n")
