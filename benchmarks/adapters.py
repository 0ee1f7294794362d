"""What an adapter's read costs beside a bare client and the vendor's SDK: `python -m benchmarks.adapters [--json]`.

The bare client is httpx on the same transport, doing the same request and building the same objects. The server is
another process and answers the same bytes to all; our limits are set so high that nobody waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from backstay import Cache, Runtime
from backstay.ads import Level, Platform, Query, Ref
from backstay.http import aiohttp_transport
from backstay.policies.bulkhead import BulkheadOptions
from backstay.profile import Limit
from backstay_adapters.tiktok import TikTokAds, tiktok_profile
from backstay_adapters.tiktok.profile import ROOT
from backstay_adapters.tiktok.wire import read
from benchmarks.measure import arguments, report

ADVERTISER = "7000000000000000001"
REF = Ref(Platform.TIKTOK, ADVERTISER, Level.CAMPAIGN, "1800001000000000000")
PROFILE = tiktok_profile("ultimate").with_(
    limits={"app": Limit(rate=1e9)}, bulkhead=BulkheadOptions(limit=2000, queue=2000)
)
FIELDS = {"get_campaign": "campaign_ids", "list_campaigns": "some_filter"}

Call = Callable[[], Awaitable[object]]


@dataclass
class Cost:
    """Of one visit: CPU microseconds a call, and calls a second."""

    cpu: float
    rate: float


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The canned server in its own process."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.canned"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    try:
        yield f"http://127.0.0.1:{child.stdout.readline().strip()}"
    finally:
        child.stdin.close()
        child.wait(10)


def bare(client: httpx.AsyncClient, base: str, operation: str) -> Call:
    """The request by hand, with the same objects at its end."""
    numbers = itertools.count(1)

    async def call() -> object:
        asked = {FIELDS[operation]: [str(next(numbers))]}
        params = {"advertiser_id": ADVERTISER, "page": "1", "page_size": "1000"}
        params["filtering"] = json.dumps(asked, separators=(",", ":"))
        url = f"{base}{ROOT}/campaign/get/"
        reply = await client.get(url, params=params, headers={"Access-Token": "token"}, timeout=30)
        rows = json.loads(reply.content)["data"]["list"]
        return [read.campaign(row, ADVERTISER, "USD") for row in rows]

    return call


def ours(ads: TikTokAds, operation: str) -> Call:
    """The adapter, asking the vendor every time: each call wants something else, so that no flight is joined."""
    numbers = itertools.count(1)

    async def get() -> object:
        return await ads.get_campaign(REF.at(Level.CAMPAIGN, str(next(numbers))), max_age=0)

    async def page() -> object:
        query = Query(page_size=1000, extra={FIELDS[operation]: [str(next(numbers))]})
        return await ads.list_campaigns(query, max_age=0)

    return get if operation == "get_campaign" else page


async def visit(call: Call, concurrency: int, calls: int) -> Cost:
    """Make `calls` calls with so many in flight."""
    each = max(1, calls // concurrency)

    async def worker() -> None:
        for _ in range(each):
            await call()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    made = each * concurrency
    return Cost((time.process_time() - cpu) / made * 1e6, made / (time.perf_counter() - wall))


def vendor_sdk(base: str, operation: str) -> Callable[[], object] | None:
    """The official SDK's call, or None where it is not installed."""
    try:
        import business_api_client
    except ImportError:
        return None
    settings = business_api_client.Configuration()
    settings.host = base
    api = business_api_client.CampaignCreationApi(business_api_client.ApiClient(settings))
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it complains of every connection beyond its pool of ten
    more: dict[str, Any] = {"page": 1, "page_size": 1000}
    if operation == "get_campaign":
        more["filtering"] = {"campaign_ids": [REF.id]}
    return lambda: api.campaign_get(ADVERTISER, "token", **more)


def visit_threads(call: Callable[[], object], calls: int, threads: int = 50) -> Cost:
    """The SDK in 50 threads, as services run it."""
    each = max(1, calls // threads)

    def worker() -> None:
        for _ in range(each):
            call()

    crew = [threading.Thread(target=worker) for _ in range(threads)]
    wall, cpu = time.perf_counter(), time.process_time()
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    made = each * threads
    return Cost((time.process_time() - cpu) / made * 1e6, made / (time.perf_counter() - wall))


async def measure(base: str, operation: str, concurrency: int, rounds: int) -> dict[str, list[Cost]]:
    """Both sides, in random order, round after round."""
    calls = (300 if operation == "list_campaigns" else 1000) * (1 if concurrency < 500 else 2)
    # A small cache: with a large one, what is measured is the garbage collector walking through thousands of answers.
    runtime = Runtime.in_memory(cache=Cache(max_entries=16), listeners=())
    async with (
        httpx.AsyncClient(transport=aiohttp_transport(limit=concurrency + 8), timeout=30) as client,
        TikTokAds(ADVERTISER, "token", runtime=runtime, base_url=base, profile=PROFILE) as ads,
    ):
        ads.flows = ("manual",)  # one list, as the bare client reads one
        variants = {"bare": bare(client, base, operation), "ours": ours(ads, operation)}
        for call in variants.values():
            await visit(call, concurrency, concurrency)
        found: dict[str, list[Cost]] = {name: [] for name in variants}
        order = list(variants)
        for _ in range(rounds):
            random.shuffle(order)
            for name in order:
                found[name].append(await visit(variants[name], concurrency, calls))
    return found


def row(base: str, operation: str, concurrency: int, rounds: int) -> dict[str, Any]:
    """One line of the result."""
    found = asyncio.run(measure(base, operation, concurrency, rounds))
    ours_cpu, ours_rate = (statistics.median(getattr(cost, name) for cost in found["ours"]) for name in ("cpu", "rate"))
    ratios = [mine.cpu / other.cpu for mine, other in zip(found["ours"], found["bare"], strict=True)]
    result: dict[str, Any] = {
        "adapter": "tiktok", "operation": operation, "concurrency": concurrency,
        "ratio_to_bare": round(statistics.median(ratios), 3), "ratio_to_vendor_sdk": None,
        "throughput_ratio_to_vendor_sdk": None, "cpu_us": round(ours_cpu, 1), "calls_per_second": round(ours_rate),
    }  # fmt: skip
    sdk = vendor_sdk(base, operation)
    if sdk is not None and concurrency == 50:
        sdk()
        costs = [visit_threads(sdk, 500) for _ in range(3)]
        result["ratio_to_vendor_sdk"] = round(ours_cpu / statistics.median(cost.cpu for cost in costs), 3)
        rate = statistics.median(cost.rate for cost in costs)
        result["throughput_ratio_to_vendor_sdk"] = round(ours_rate / rate, 2)
    return result


def main() -> None:
    """Measure and report."""
    chosen = arguments(__doc__ or "", rounds=9)
    with server() as base:
        rows = [row(base, name, width, chosen.rounds) for name in FIELDS for width in (1, 50, 500)]
    names = list(rows[0])
    table: list[list[object]] = [names, *([each[name] for name in names] for each in rows)]
    report({"rows": rows}, table, as_json=chosen.json)


if __name__ == "__main__":
    main()
