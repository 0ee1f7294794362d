"""What a successful call costs through the whole stack: `python -m benchmarks.overhead [--json]`."""

from __future__ import annotations

import asyncio
from typing import Any

from backstay import Cache, Profile, Runtime, resilient
from backstay.engine.timer import Sweep, Watched
from backstay.policies.bulkhead import BulkheadOptions
from backstay.profile import Limit
from benchmarks.handwritten import by_hand
from benchmarks.measure import Call, arguments, median, microseconds, report
from benchmarks.peers import INSTALL, ROOM, hits, missing, noop, numbered, same, stacks

OURS, HAND = "backstay: the whole stack", "by hand in one function"
OURS_FREE, HAND_FREE = "backstay: without an own timer", "by hand, without an own timer"
OURS_HIT = "backstay: fresh cache hit"

# Limits set high on purpose: what is measured is the cost of asking, not of waiting.
PROFILE = Profile(limits={"app": Limit(rate=1e9)}, bulkhead=BulkheadOptions(limit=1000))


class NoTimer(Sweep):
    """A sweep that guards nothing: the cost without a timer of our own, as on a transport that takes a deadline."""

    __slots__ = ()

    def guard(self, watched: Watched, loop: asyncio.AbstractEventLoop, when: float) -> None:
        """Nothing to guard."""

    def drop(self, watched: Watched) -> None:
        """Nothing to drop."""


def ours() -> dict[str, Call]:
    """Our stack through the public door."""
    runtime = Runtime.in_memory(cache=Cache(max_entries=ROOM), listeners=())
    cached = resilient(PROFILE, runtime=runtime, ttl=3600.0, name="stack")(noop)
    hit = resilient(PROFILE, runtime=runtime, ttl=3600.0, name="hit", scope="hit")(noop)
    return {OURS: numbered(cached), OURS_HIT: same(hit)}


async def with_timer(rounds: int) -> dict[str, list[float]]:
    """All variants with their timers."""
    return await microseconds({**ours(), HAND: numbered(by_hand(timer=True)), **stacks(), **hits()}, rounds, 1500)


async def without_timer(rounds: int) -> dict[str, list[float]]:
    """Ours with the sweep taken out, against the floor without `asyncio.timeout`."""
    from backstay.engine import timer

    loop = asyncio.get_running_loop()
    timer._sweeps[loop] = timer._newest = NoTimer(loop)
    free = {OURS_FREE: ours()[OURS], HAND_FREE: numbered(by_hand(timer=False))}
    return await microseconds(free, rounds, 1500)


def main() -> None:
    """Measure and report."""
    chosen = arguments(__doc__ or "", rounds=21)
    found = asyncio.run(with_timer(chosen.rounds))
    found |= asyncio.run(without_timer(chosen.rounds))
    us = {name: median(values) for name, values in found.items()}
    result: dict[str, Any] = {
        "stack_us": us[OURS],
        "handwritten_us": us[HAND],
        "stack_no_timer_us": us[OURS_FREE],
        "handwritten_no_timer_us": us[HAND_FREE],
        "fastest_peer": fastest(us, [name for name in stacks() if "(no cache)" not in name]),
        "cache_hit_us": us[OURS_HIT],
        "fastest_peer_cache_hit": fastest(us, list(hits())),
        "rows": [{"name": name, "us": value} for name, value in sorted(us.items(), key=lambda row: row[1])],
        "missing_peers": missing(),
    }
    table: list[list[object]] = [["variant", "us a call"], *([row["name"], row["us"]] for row in result["rows"])]
    table += [["", ""], *targets(result)]
    if missing():
        table.append([f"not installed: {', '.join(missing())}", INSTALL])
    report(result, table, as_json=chosen.json)


def fastest(us: dict[str, float], names: list[str]) -> dict[str, Any] | None:
    """The quickest of some."""
    found = [(us[name], name) for name in names if name in us]
    return {"name": min(found)[1], "us": min(found)[0]} if found else None


def targets(result: dict[str, Any]) -> list[list[object]]:
    """Ratios beside what DESIGN asks for."""
    rows: list[list[object]] = [
        ["stack / by hand (target 1.3)", round(result["stack_us"] / result["handwritten_us"], 2)],
        ["stack without a timer, us (target 3)", result["stack_no_timer_us"]],
        ["cache hit, us (target 1)", result["cache_hit_us"]],
    ]
    if result["fastest_peer"]:
        rows.append(["stack / fastest peer (target 0.5)", round(result["stack_us"] / result["fastest_peer"]["us"], 2)])
    return rows


if __name__ == "__main__":
    main()
