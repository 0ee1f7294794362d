"""One run: open-loop load on one vendor through one client, and what is measured of it."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from backstay.testing.clock import VirtualClock
from benchmarks.faults.time import run
from benchmarks.faults.vendors import SCENARIOS, LostReply, Request, Scenario, Vendor, VendorError, now

Client = Callable[[Request], Awaitable[object]]


@dataclass(slots=True)
class Context:
    """What a client is given. One factory call is one client process, whose calls share breakers and budgets."""

    vendor: Vendor
    attempt_timeout: float
    sla: float
    rng: random.Random
    clock: VirtualClock
    retry_on: tuple[type[Exception], ...] = (VendorError, TimeoutError)

    async def attempt(self, request: Request) -> object:
        """One attempt, with its timeout; raises VendorError or TimeoutError."""
        async with asyncio.timeout(self.attempt_timeout):
            return await self.vendor.call(request)

    async def find(self, request: Request) -> object | None:
        """One look for a request's object."""
        async with asyncio.timeout(self.attempt_timeout):
            return await self.vendor.find(request)


Factory = Callable[[Context], Client]


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call went; seconds since the run began."""

    began: float
    ended: float
    ok: bool
    number: int


@dataclass(slots=True)
class Run:
    """All calls of a run."""

    scenario: Scenario
    vendor: Vendor
    answers: list[Answer]
    told: dict[str, Any]
    """What the client itself has to tell, if it has `at_rest()`."""


def play(
    name: str, factory: Factory, seed: int, rate: float = 1.0, scenarios: Mapping[str, Scenario] = SCENARIOS
) -> Run:
    """Play one seed of one scenario in virtual time; `rate` multiplies the load."""
    scenario = scenarios[name]
    if rate != 1.0:
        scenario = replace(scenario, arrivals=tuple((a, b, each * rate) for a, b, each in scenario.arrivals))
    clock = VirtualClock(seed)
    return run(_drive(name, scenario, factory, seed, clock), clock)


async def _drive(name: str, scenario: Scenario, factory: Factory, seed: int, clock: VirtualClock) -> Run:
    load, own = random.Random(seed * 7919 + ord(name)), random.Random(seed * 31 + 5)
    random.seed(seed * 104729)
    began = now()
    vendor = scenario.vendor(random.Random(load.random()), began)
    client = factory(Context(vendor, scenario.attempt_timeout, scenario.sla, own, clock))
    answers: list[Answer] = []
    quit_after = _quitting(scenario.quitters, seed)

    async def one(request: Request) -> None:
        start = now()
        try:
            await client(request)
            ok = True
        except Exception:
            ok = False
        answers.append(Answer(start - began, now() - began, ok, request.number))

    def give_up(task: asyncio.Task[None], request: Request) -> None:
        if not task.done():
            if hasattr(client, "cancelled"):
                client.cancelled(request)
            task.cancel()

    tasks: set[asyncio.Task[None]] = set()
    for number, t in enumerate(_arrivals(scenario, load)):
        wait = began + t - now()
        if wait > 0:
            await asyncio.sleep(wait)
        request = Request(number, scenario.op)
        task = asyncio.ensure_future(one(request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if (patience := quit_after()) is not None:
            asyncio.get_running_loop().call_later(patience, give_up, task, request)
    while tasks:
        await asyncio.wait(list(tasks))
    told = await client.at_rest() if hasattr(client, "at_rest") else {}
    return Run(scenario, vendor, sorted(answers, key=lambda answer: answer.began), told)


def _arrivals(scenario: Scenario, load: random.Random) -> Iterator[float]:
    """Seconds since the beginning, one for each call."""
    for start, end, each in scenario.arrivals:
        t = start + load.expovariate(each)
        while t < end:
            yield t
            t += load.expovariate(each)


def _quitting(share: float, seed: int) -> Callable[[], float | None]:
    """Seconds after which the next caller gives up, or None."""
    luck = random.Random(seed * 17 + 3)
    return lambda: luck.random() if share and luck.random() < share else None


def percentile(values: list[float], share: float) -> float:
    """Of sorted or unsorted seconds; NaN of none."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(share / 100 * len(values)))]


def recovery(found: Run, end: float, width: float = 0.5, hold: float = 3.0, good: float = 0.95) -> float:
    """Seconds after `end` of the first half-second bucket from which every bucket for 3 s has 95 % success in time."""
    last, sla = found.scenario.seconds, found.scenario.sla
    count = int((last - end) / width)
    buckets = [[0, 0] for _ in range(count + 1)]
    for answer in found.answers:
        if end <= answer.began < last:
            bucket = buckets[int((answer.began - end) / width)]
            bucket[0] += 1
            bucket[1] += answer.ok and answer.ended - answer.began <= sla
    fine = [each[0] == 0 or each[1] / each[0] >= good for each in buckets[:count]]
    span = int(hold / width)
    return next((k * width for k in range(count - span + 1) if all(fine[k : k + span])), float("inf"))


def metrics(name: str, found: Run) -> dict[str, float]:
    """The numbers of one run; milliseconds, per cents, and ratios to the load."""
    answers, vendor, sla = found.answers, found.vendor, found.scenario.sla
    offered, sent = len(answers), vendor.counts.sent
    fine = [answer.ended - answer.began for answer in answers if answer.ok]
    result = {
        "offered": offered,
        "success": 100 * len(fine) / offered,
        "goodput": 100 * sum(each <= sla for each in fine) / offered,
        "calls_per_req": sent / offered,
        "calls_per_ok": sent / max(1, len(fine)),
        "p50": 1e3 * percentile(fine, 50),
        "p99": 1e3 * percentile(fine, 99),
        "p99_all": 1e3 * percentile([answer.ended - answer.began for answer in answers], 99),
    }
    if name in "bcg":
        result |= _window(found)
    if name == "d":
        refused = vendor.counts.refused
        result |= {"r429_per_req": refused / offered, "n429": refused, "bans": vendor.counts.bans}
    if isinstance(vendor, LostReply):
        done = {answer.number for answer in answers if answer.ok}
        wrote = {int(key[1:]) for key in vendor.objects}
        result |= {
            "duplicates": sum(each - 1 for each in vendor.objects.values()),
            "orphans": len(wrote - done),
            "phantom_ok": len(done - wrote),
            "find_reads": vendor.counts.reads,
        }
    if found.told:
        result |= {"trips": found.told["trips"], "complaints": len(found.told["complaints"])}
    return result


def _window(found: Run) -> dict[str, float]:
    """What happened in the fault and after it."""
    vendor: Any = found.vendor
    quarters, start, end = vendor.counts.quarters, vendor.A, vendor.B
    rate, last = found.scenario.arrivals[0][2], found.scenario.seconds
    inside = sum(count for quarter, count in quarters.items() if start * 4 <= quarter < end * 4)
    after = range(int(end * 4), int(end * 4) + 20)
    return {
        "recover_s": recovery(found, end),
        "out_calls_x": inside / (rate * (end - start)),
        "peak_after_x": max(sum(quarters.get(k + j, 0) for j in range(4)) for k in after) / rate,
        "last20_goodput": _goodput(found, last - 20, last),
        "during_goodput": _goodput(found, start, end),
    }


def _goodput(found: Run, start: float, end: float) -> float:
    sla = found.scenario.sla
    asked = [answer for answer in found.answers if start <= answer.began < end]
    return 100 * sum(answer.ok and answer.ended - answer.began <= sla for answer in asked) / max(1, len(asked))


def summary(each: list[dict[str, float]]) -> dict[str, Any]:
    """Means over seeds; the worst seed for the time to recover."""
    result: dict[str, Any] = {
        key: (max if key == "recover_s" else fmean)([one[key] for one in each]) for key in each[0]
    }
    result["_recover_all"] = [one.get("recover_s") for one in each]
    return result


def series(found: Run, width: float = 2.0) -> dict[str, list[float]]:
    """What a picture shows, every `width` seconds: goodput in per cent of what was asked, and calls sent a second.

    Where the fault has a beginning and an end, `fault` has them in seconds.
    """
    count = math.ceil(found.scenario.seconds / width)
    starts = [k * width for k in range(count)]
    quarters, per = found.vendor.counts.quarters, int(4 * width)
    vendor: Any = found.vendor
    fault = {"fault": [vendor.A, round(vendor.B, 1)]} if hasattr(vendor, "A") else {}
    return {
        **fault,
        "goodput": [round(_goodput(found, start, start + width), 1) for start in starts],
        "sent": [round(sum(quarters.get(k * per + j, 0) for j in range(per)) / width, 1) for k in range(count)],
    }
