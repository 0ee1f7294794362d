"""TikTokAds beside httpx on the same transport, and beside the official SDK in threads."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections import deque
from collections.abc import Mapping
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
from benchmarks.adapters.canned import ADVERTISER, child
from benchmarks.adapters.duel import KEPT, Blocking, Call, Rival, fight, row

REF = Ref(Platform.TIKTOK, ADVERTISER, Level.CAMPAIGN, "1800001000000000000")
PROFILE = tiktok_profile("ultimate").with_(
    limits={"app": Limit(rate=1e9)}, bulkhead=BulkheadOptions(limit=2000, queue=2000)
)
FIELDS = {"get_campaign": "campaign_ids", "list_campaigns": "some_filter"}
CALLS = {"get_campaign": 1000, "list_campaigns": 300}


def bare(client: httpx.AsyncClient, base: str, operation: str) -> Call:
    """The request by hand, with the same objects at its end."""
    numbers, kept = itertools.count(1), deque[object](maxlen=KEPT)

    async def call() -> object:
        asked = {FIELDS[operation]: [str(next(numbers))]}
        params = {"advertiser_id": ADVERTISER, "page": "1", "page_size": "1000"}
        params["filtering"] = json.dumps(asked, separators=(",", ":"))
        url = f"{base}{ROOT}/campaign/get/"
        reply = await client.get(url, params=params, headers={"Access-Token": "token"}, timeout=30)
        rows = json.loads(reply.content)["data"]["list"]
        items = [read.campaign(row, ADVERTISER, "USD") for row in rows]
        kept.append(items)
        return items

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


def vendor_sdk(base: str, operation: str) -> Mapping[str, Rival]:
    """The official SDK's call; nothing where it is not installed."""
    try:
        import business_api_client
    except ImportError:
        return {}
    settings = business_api_client.Configuration()
    settings.host = base
    api = business_api_client.CampaignCreationApi(business_api_client.ApiClient(settings))
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it complains of every connection beyond its pool of ten
    more: dict[str, Any] = {"page": 1, "page_size": 1000}
    if operation == "get_campaign":
        more["filtering"] = {"campaign_ids": [REF.id]}
    return {"sdk": Blocking(lambda: api.campaign_get(ADVERTISER, "token", **more))}


async def measured(base: str, operation: str, concurrency: int, rounds: int) -> dict[str, Any]:
    """One line of the result."""
    runtime = Runtime.in_memory(cache=Cache(max_entries=KEPT), listeners=())
    async with (
        httpx.AsyncClient(transport=aiohttp_transport(limit=concurrency + 8), timeout=30) as client,
        TikTokAds(ADVERTISER, "token", runtime=runtime, base_url=base, profile=PROFILE) as ads,
    ):
        ads.flows = ("manual",)  # one list, as the bare client reads one
        rivals: dict[str, Rival] = {"bare": bare(client, base, operation), "ours": ours(ads, operation)}
        if concurrency == 50:
            rivals |= vendor_sdk(base, operation)
        calls = CALLS[operation] * (1 if concurrency < 500 else 2)
        found = await fight(rivals, concurrency, calls, rounds)
    return row("tiktok", operation, concurrency, found)


def rows(rounds: int) -> list[dict[str, Any]]:
    """All lines of TikTok."""
    with child("benchmarks.adapters.canned", lambda port: f"http://127.0.0.1:{port}") as base:
        return [asyncio.run(measured(base, name, width, rounds)) for name in CALLS for width in (1, 50, 500)]
