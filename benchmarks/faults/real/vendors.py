"""Our adapters, and what is asked of them here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backstay.ads import AdPlatform, Query
from backstay.runtime import Runtime
from backstay.testing.samples import Samples


def _tiktok(url: str, tier: str, runtime: Runtime, options: dict[str, Any]) -> AdPlatform:
    from backstay.adapters import TikTokAds
    from backstay_adapters.tiktok.sandbox import ACCOUNTS, TOKEN

    return TikTokAds(ACCOUNTS[0], TOKEN, base_url=url, tier=tier, runtime=runtime, **options)


def _meta(url: str, tier: str, runtime: Runtime, options: dict[str, Any]) -> AdPlatform:
    from backstay.adapters import MetaAds
    from backstay_adapters.meta.sandbox import ACCOUNTS, TOKEN

    return MetaAds(ACCOUNTS[0], TOKEN, base_url=url, tier=tier, runtime=runtime, **options)


VENDORS: dict[str, tuple[Callable[..., AdPlatform], str, str]] = {
    "tiktok": (_tiktok, "ultimate", "basic"),
    "meta": (_meta, "full", "limited"),
}
"""By name: the adapter, the tier under which limits matter to nobody, and the one under which they do."""


async def prepared(ads: AdPlatform) -> None:
    """Something to read: an empty page would be followed by another request."""
    campaign = Samples("USD", (), {}).campaign("Something to read")
    await ads.create_campaign(campaign, idempotency_key="faults/1", deadline=60.0, attempt_timeout=20.0)


async def ask(ads: AdPlatform, number: int) -> None:
    """One request of its own: pages of another size are another read, so that none is joined or stored."""
    query = Query(page_size=10 + number % 900)
    async for _ in ads.list_campaigns(query, max_age=0.0, max_stale=0.0).pages():
        return
