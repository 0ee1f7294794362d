"""MetaAds beside httpx on the same transport, and beside facebook-business in threads.

The vendor's SDK is its own: its client, its requests session, its parser. Its session is pointed at the local server by
its class attribute GRAPH, and its pool is widened to the crew's size, since one of ten would reconnect all the time.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from backstay import Cache, Money, Runtime
from backstay.ads import Budget, Campaign, CampaignSpec, Compliance, Level, Objective, Platform, Query, Ref
from backstay.http import aiohttp_transport
from backstay.policies.bulkhead import BulkheadOptions
from backstay_adapters.meta import MetaAds, meta_profile
from backstay_adapters.meta.adapter.build import encoded
from backstay_adapters.meta.profile import API_VERSION
from backstay_adapters.meta.wire import read, write
from backstay_adapters.meta.wire.kinds import CAMPAIGN
from backstay_adapters.meta.wire.partial import field_list
from benchmarks.adapters.canned import ACT, child
from benchmarks.adapters.duel import KEPT, THREADS, Blocking, Call, Rival, fight, ratio, row

FIELDS = field_list(CAMPAIGN.fields)
SPEC = CampaignSpec(
    name="Spring sale", objective=Objective.TRAFFIC, compliance=Compliance.ordinary(),
    budget=Budget.daily(Money("100.00", "USD")),
)  # fmt: skip
USUAL = meta_profile()
PROFILE = USUAL.with_(
    limits={
        name: replace(limit, rate=None if limit.rate is None else 1e9, windows=())
        for name, limit in USUAL.limits.items()
    },
    bulkhead=BulkheadOptions(limit=2000, queue=2000),
)
OPERATIONS = {
    "get_campaign": (1000, (1, 50, 500)),
    "list_campaigns": (300, (1, 50, 500)),
    "list_campaigns, bare keeps none": (300, (1, 50)),
    "create_campaign": (500, (1, 50)),
    "create_campaign, journal": (500, (1, 50)),
}
"""How many calls a visit makes, and in how many flights at once."""


class Bare:
    """The requests by hand, with the same objects at their end."""

    def __init__(self, client: httpx.AsyncClient, base: str, keep: int) -> None:
        self.client = client
        self.kept = deque[object](maxlen=keep)
        self.root = f"{base}/{API_VERSION}"
        self.numbers = itertools.count(1)

    async def _get(self, path: str, **params: str) -> Any:
        headers = {"authorization": "Bearer token"}
        params["fields"] = FIELDS
        reply = await self.client.get(f"{self.root}/{path}", params=params, headers=headers, timeout=30)
        return json.loads(reply.content)

    def _campaign(self, raw: Any) -> Campaign:
        return read.campaign(raw, read.Reader(ACT, "USD", datetime.now(UTC)))

    async def get(self) -> object:
        found = self._campaign(await self._get(str(next(self.numbers))))
        self.kept.append(found)
        return found

    async def page(self) -> object:
        found = await self._get(f"{ACT}/campaigns", limit="100", marker=str(next(self.numbers)))
        by = read.Reader(ACT, "USD", datetime.now(UTC))
        items = [read.campaign(raw, by) for raw in found["data"]]
        self.kept.append(items)
        return items

    async def create(self) -> object:
        """Made, and read back in the same request."""
        body = encoded(write.campaign(SPEC, f"{next(self.numbers):016}", currency="USD", label=False))
        headers = {"authorization": "Bearer token"}
        url = f"{self.root}/{ACT}/campaigns"
        reply = await self.client.post(url, data={**body, "fields": FIELDS}, headers=headers, timeout=30)
        return self._campaign(json.loads(reply.content))


class Ours:
    """The adapter, asking the vendor every time: each call wants something else, so that no flight is joined."""

    def __init__(self, ads: MetaAds) -> None:
        self.ads = ads
        self.numbers = itertools.count(1)

    async def get(self) -> object:
        return await self.ads.get_campaign(Ref(Platform.META, ACT, Level.CAMPAIGN, str(next(self.numbers))), max_age=0)

    async def page(self) -> object:
        return await self.ads.list_campaigns(Query(extra={"marker": next(self.numbers)}), max_age=0)

    async def create(self) -> object:
        return await self.ads.create_campaign(SPEC, idempotency_key=f"bench/{next(self.numbers)}")


class Official:
    """facebook-business as services run it; its own objects at the end, which are dictionaries."""

    def __init__(self, base: str) -> None:
        import requests
        from facebook_business.adobjects.adaccount import AdAccount
        from facebook_business.adobjects.campaign import Campaign as Theirs
        from facebook_business.api import FacebookAdsApi
        from facebook_business.session import FacebookSession

        class Local(FacebookSession):
            GRAPH = base

        session = Local(access_token="token")
        session.requests.mount("http://", requests.adapters.HTTPAdapter(pool_connections=THREADS, pool_maxsize=THREADS))
        self.api = FacebookAdsApi(session, api_version=API_VERSION)
        self.fields = FIELDS.replace("adlabels{id,name}", "adlabels").split(",")
        self.kind: Any = Theirs
        self.account: Any = AdAccount(ACT, api=self.api)
        self.numbers = itertools.count(1)

    def get(self) -> object:
        return self.kind(str(next(self.numbers)), api=self.api).api_get(fields=self.fields)

    def page(self) -> object:
        return list(self.account.get_campaigns(fields=self.fields, params={"limit": 100}))

    def create(self) -> object:
        """One POST, as examples show it: the id is all that comes back."""
        body = write.campaign(SPEC, f"{next(self.numbers):016}", currency="USD", label=False)
        return self.account.create_campaign(params=body)

    def create_and_read(self) -> object:
        """The request that ours sends: the campaign as the vendor shows it comes back."""
        body = write.campaign(SPEC, f"{next(self.numbers):016}", currency="USD", label=False)
        return self.account.create_campaign(fields=self.fields, params=body)


def official(base: str, method: str) -> Mapping[str, Rival]:
    """The calls of the vendor's SDK; nothing where it is not installed."""
    try:
        sdk = Official(base)
    except ImportError:
        return {}
    found: dict[str, Rival] = {"sdk": Blocking(getattr(sdk, method))}
    return found | ({"sdk_read": Blocking(sdk.create_and_read)} if method == "create" else {})


def runtime(operation: str, folder: str) -> Runtime:
    """In memory, or with journal and audit record on the disk."""
    cache = Cache(max_entries=KEPT)
    if operation.endswith("journal"):
        return Runtime(state=folder, cache=cache, listeners=())
    return Runtime.in_memory(cache=cache, listeners=())


async def measured(base: str, operation: str, concurrency: int, rounds: int) -> dict[str, Any]:
    """One line of the result."""
    method = {"get": "get", "list": "page", "create": "create"}[operation.partition("_")[0]]
    with tempfile.TemporaryDirectory() as folder:
        async with (
            httpx.AsyncClient(transport=aiohttp_transport(limit=concurrency + 8), timeout=30) as client,
            MetaAds(ACT, "token", runtime=runtime(operation, folder), base_url=base, profile=PROFILE) as ads,
        ):
            own: Call = getattr(Ours(ads), method)
            bare = Bare(client, base, 0 if operation.endswith("keeps none") else KEPT)
            rivals: dict[str, Rival] = {"bare": getattr(bare, method), "ours": own}
            if concurrency == THREADS:
                rivals |= official(base, method)
            found = await fight(rivals, concurrency, OPERATIONS[operation][0], rounds)
            await ads.runtime.aclose()
    line = row("meta", operation, concurrency, found)
    if "sdk_read" in found:
        line["ratio_to_vendor_sdk_with_read"] = ratio(found["ours"], found["sdk_read"])
    return line


def rows(rounds: int) -> list[dict[str, Any]]:
    """All lines of Meta."""
    with child("benchmarks.adapters.canned", lambda port: f"http://127.0.0.1:{port}") as base:
        return [
            asyncio.run(measured(base, name, width, rounds))
            for name, (_, widths) in OPERATIONS.items()
            for width in widths
        ]
