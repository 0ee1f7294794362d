"""GoogleAds beside the vendor's own async client, on one server, with the same objects at the end.

The client is google-ads' `GoogleAdsServiceAsyncClient` with its interceptors, on a plain channel; its answers are taken
as raw protobuf, which is its quicker way, and read by the functions that the adapter uses.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from backstay import Cache, Money, Runtime
from backstay.ads import Budget, CampaignSpec, Compliance, Level, Objective, Platform, Query, Ref
from backstay.policies.bulkhead import BulkheadOptions
from backstay.writes.guard import SpendGuard
from backstay_adapters.google_ads import GoogleAds, google_ads_profile
from backstay_adapters.google_ads.adapter.reads import BASES, FIELDS, IDS, conditions
from backstay_adapters.google_ads.profile import MAX_MESSAGE, MAX_ROWS
from backstay_adapters.google_ads.wire import gaql, protos, read, write
from benchmarks.adapters.canned import child
from benchmarks.adapters.canned_google import CUSTOMER, FIRST, ROWS
from benchmarks.adapters.duel import Call, Rival, fight, row

WANTED = FIELDS[Level.CAMPAIGN]
PROFILE = google_ads_profile("standard").with_(limits={}, bulkhead=BulkheadOptions(limit=2000, queue=2000))
STREAM = "stream of 10,000 rows"
OPERATIONS = {
    "get_campaign": (500, (1, 50)),
    "mutate": (500, (1, 50)),
    "pause, guard and journal": (500, (1, 50)),
    STREAM: (2, (1,)),
}
"""How many calls a visit makes, and in how many flights at once. The mutate makes a campaign as a dry run: built, sent,
checked by the vendor, not written down; the pause passes the spend guard, its ledger, the audit record and the journal.
"""
FEW = 5
"""Rounds of the stream: a call of it takes seconds."""
SPEC = CampaignSpec(
    name="Spring sale", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
    budget=Budget.daily(Money("100.00", "USD")),
)  # fmt: skip


def query(where: Sequence[str], limit: int) -> str:
    """What the adapter sends."""
    return gaql.select(BASES[Level.CAMPAIGN], WANTED, where, order=IDS[Level.CAMPAIGN], limit=limit)


class Ours:
    """The adapter, asking the vendor every time: each call wants something else, so that no flight is joined."""

    def __init__(self, ads: GoogleAds) -> None:
        self.ads = ads
        self.numbers = itertools.count(FIRST)

    def _ref(self) -> Ref:
        return Ref(Platform.GOOGLE_ADS, CUSTOMER, Level.CAMPAIGN, str(next(self.numbers)))

    async def get(self) -> object:
        return await self.ads.get_campaign(self._ref(), max_age=0)

    async def mutate(self) -> object:
        return await self.ads.create_campaign(SPEC, idempotency_key=f"bench/{next(self.numbers)}", dry_run=True)

    async def pause(self) -> object:
        return await self.ads.pause_all([self._ref()])

    async def stream(self) -> object:
        found = await self.ads.list_campaigns(Query(), max_age=0)
        assert len(found) == ROWS
        return found


class Official:
    """The vendor's async client."""

    def __init__(self, service: Any) -> None:
        self.service = service
        self.numbers = itertools.count(FIRST)
        messages = protos.protos()
        self.reader, self.request = messages.reader(WANTED), messages.Mutate
        self.home = read.Home(CUSTOMER, "USD", ZoneInfo("Etc/UTC"))
        self.place = write.Place(CUSTOMER, "USD", 10_000, self.home.zone)

    async def _rows(self, asked: str) -> list[object]:
        stream = await self.service.search_stream(request={"customer_id": CUSTOMER, "query": asked}, timeout=60)
        return [
            read.campaign(self.reader(type(each).pb(each)), self.home)
            async for batch in stream
            for each in batch.results
        ]

    async def get(self) -> object:
        (found,) = await self._rows(query([gaql.numbers(IDS[Level.CAMPAIGN], [str(next(self.numbers))])], MAX_ROWS))
        return found

    async def mutate(self) -> object:
        operations, _ = write.campaign(SPEC, f"{next(self.numbers):016}", self.place, write.temporary())
        request = self.request(**write.mutate(CUSTOMER, operations)["request"], validate_only=True)
        return await self.service.mutate(request=request, timeout=60)

    async def pause(self) -> object:
        asked = [write.switch(Level.CAMPAIGN, CUSTOMER, str(next(self.numbers)), "PAUSED")]
        request = self.request(**write.mutate(CUSTOMER, asked)["request"], partial_failure=True)
        answer = await self.service.mutate(request=request, timeout=60)
        return [each.campaign_result.resource_name for each in answer.mutate_operation_responses]

    async def stream(self) -> object:
        found = await self._rows(query(conditions(Level.CAMPAIGN, Query()), MAX_ROWS))
        assert len(found) == ROWS
        return found


@asynccontextmanager
async def official(target: str) -> AsyncIterator[Official]:
    """The client as a service makes it, and no TLS."""
    from google.ads.googleads.client import GoogleAdsClient
    from google.auth.credentials import AnonymousCredentials
    from grpc import aio

    from backstay_adapters.google_ads.sandbox.official import service

    logging.getLogger("google.ads.googleads.client").setLevel(logging.CRITICAL)
    sizes = [("grpc.max_send_message_length", MAX_MESSAGE), ("grpc.max_receive_message_length", MAX_MESSAGE)]
    client = GoogleAdsClient(AnonymousCredentials(), version="v26", use_proto_plus=False)  # type: ignore[no-untyped-call]
    made = service(
        client, "GoogleAdsService", lambda each: aio.insecure_channel(target, options=sizes, interceptors=each)
    )
    try:
        yield Official(made)
    finally:
        await made.transport.close()


def adapter(target: str) -> GoogleAds:
    """Ours, with limits that nobody waits for, and a small cache."""
    runtime = Runtime.in_memory(cache=Cache(max_entries=16), listeners=(), guard=SpendGuard.unlimited())
    return GoogleAds(CUSTOMER, "token", runtime=runtime, endpoint=f"http://{target}", profile=PROFILE)


async def measured(target: str, operation: str, concurrency: int, rounds: int) -> dict[str, Any]:
    """One line of the result."""
    method = re.split("[_, ]", operation)[0]
    async with adapter(target) as ads, official(target) as theirs:
        own: Call = getattr(Ours(ads), method)
        rivals: dict[str, Rival] = {"ours": own, "sdk": getattr(theirs, method)}
        found = await fight(rivals, concurrency, OPERATIONS[operation][0], rounds)
        await ads.runtime.aclose()
    return row("google_ads", operation, concurrency, found)


def memory(target: str) -> dict[str, Any]:
    """Peak memory of a process while it reads the stream three times, in MB, ours beside the client's (Linux)."""
    peaks = dict[str, float]()
    for who in ("ours", "sdk"):
        command = [sys.executable, "-m", "benchmarks.adapters.google_ads", who, target]
        peaks[who] = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ratio = round(peaks["ours"] / peaks["sdk"], 3)
    return {
        "adapter": "google_ads", "operation": f"{STREAM}, peak MB", "ratio_to_vendor_sdk": ratio,
        "memory_mb": peaks["ours"], "vendor_sdk_memory_mb": peaks["sdk"],
    }  # fmt: skip


async def read_thrice(who: str, target: str) -> None:
    """What the child process of `memory` does."""
    async with adapter(target) as ads, official(target) as theirs:
        rival: Any = Ours(ads) if who == "ours" else theirs
        peak(anew=True)  # that of the imports is not that of the reading
        for _ in range(3):
            await rival.stream()
        await ads.runtime.aclose()
    sys.stdout.write(str(peak()))


def peak(*, anew: bool = False) -> float:
    """The most memory that this process has had, in MB; `anew`: count from here on."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return round(int(found[1]) / 1024, 1)


def rows(rounds: int) -> list[dict[str, Any]]:
    """All lines of Google."""
    with child("benchmarks.adapters.canned_google", lambda port: f"127.0.0.1:{port}") as target:
        found = [
            asyncio.run(measured(target, name, width, min(rounds, FEW) if name == STREAM else rounds))
            for name, (_, widths) in OPERATIONS.items()
            for width in widths
        ]
        return [*found, memory(target)]


if __name__ == "__main__":
    asyncio.run(read_thrice(*sys.argv[1:3]))
