"""One short run over real sockets: open-loop load, a fault in the middle, what the server has seen."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from backstay.errors import BackstayError
from backstay.events import Event, RetryAttempt
from backstay.runtime import Runtime
from backstay.writes.guard import SpendGuard
from benchmarks.faults.drive import Answer, Run
from benchmarks.faults.real.vendors import VENDORS, ask, prepared
from benchmarks.faults.vendors import Counts, Scenario, Vendor


@dataclass(frozen=True, slots=True)
class Play:
    """A scenario in short: the load, what goes wrong between `start` and `end`, and whether the tier is a small one."""

    about: str
    scenario: Scenario
    start: float = 0.0
    end: float = 0.0
    faults: dict[str, Any] = field(default_factory=dict)
    brownout: dict[str, float] = field(default_factory=dict)
    small: bool = False


PLAYS = {
    "b": Play(
        "the vendor breaks every connection for three seconds",
        Scenario(Vendor, ((0, 10, 20),), 10, 1.0, 5.0), 3.0, 6.0,
        faults={"rules": [{"kind": "connect_refused", "start": 3.0, "end": 6.0}]},
    ),
    "c": Play(
        "forty calls a second at eight in flight; three times slower for four seconds",
        Scenario(Vendor, ((0, 18, 28),), 18, 1.0, 5.0), 4.0, 8.0,
        brownout={"places": 8, "seconds": 0.2, "slower": 3.0, "start": 4.0, "end": 8.0},
    ),
    "d": Play(
        "more than the tier allows for a while: TikTok's basic one, Meta's limited one",
        Scenario(Vendor, ((0, 3, 5), (3, 5, 20), (5, 12, 2)), 12, 5.0, 20.0), small=True,
    ),
}  # fmt: skip


@asynccontextmanager
async def server(vendor: str, tier: str) -> AsyncIterator[str]:
    """The sandbox in another process; its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.faults.real.server", vendor, tier, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield str(json.loads(await process.stdout.readline())["url"])
    finally:
        process.terminate()
        await process.wait()


async def play(played: Play, vendor: str, seed: int) -> Run:
    """One run; the same numbers as in virtual time can be taken of it."""
    make, roomy, small = VENDORS[vendor]
    tier, refused = (small if played.small else roomy), list[Event]()
    runtime = Runtime.in_memory(listeners=(lambda event: _note(event, refused),), guard=SpendGuard.unlimited())
    scenario = played.scenario
    options = {"attempt_timeout": scenario.attempt_timeout, "deadline": scenario.sla}
    async with server(vendor, tier if played.small else "") as url, httpx.AsyncClient(base_url=url) as control:
        async with make(f"{url}/{vendor}", tier, runtime, options) as ads:
            await prepared(ads)
            await control.put(f"/_sandbox/faults?vendor={vendor}", json=played.faults)
            await control.post("/_bench/begin", json=played.brownout)
            answers = await _drive(scenario, ads, seed)
        seen = (await control.get("/_bench/seen")).json()
    return Run(scenario, _told(played, seen, len(refused)), answers, {})


def _note(event: Event, refused: list[Event]) -> None:
    if isinstance(event, RetryAttempt) and event.type == "API_RATE_LIMIT":
        refused.append(event)


async def _drive(scenario: Scenario, ads: Any, seed: int) -> list[Answer]:
    loop, load = asyncio.get_running_loop(), random.Random(seed)
    began, answers, tasks = loop.time(), list[Answer](), set[asyncio.Task[None]]()

    async def one(number: int) -> None:
        start = loop.time() - began
        try:
            await ask(ads, number)
            ok = True
        except BackstayError:
            ok = False
        answers.append(Answer(start, loop.time() - began, ok, number))

    for start, end, rate in scenario.arrivals:
        t = start + load.expovariate(rate)
        while t < end:
            await asyncio.sleep(max(0.0, began + t - loop.time()))
            tasks.add(asyncio.create_task(one(len(tasks))))
            t += load.expovariate(rate)
    await asyncio.wait(tasks)
    return sorted(answers, key=lambda answer: answer.began)


def _told(played: Play, seen: list[float], refused: int) -> Any:
    """What the server has seen, as the vendors of virtual time count it."""
    vendor: Any = Vendor(random.Random(0), 0.0)
    quarters: dict[int, int] = {}
    for moment in seen:
        quarters[int(moment * 4)] = quarters.get(int(moment * 4), 0) + 1
    vendor.counts = Counts(sent=len(seen), quarters=quarters, refused=refused)
    vendor.A, vendor.B = played.start, played.end
    return vendor
