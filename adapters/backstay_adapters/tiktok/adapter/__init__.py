"""TikTokAds: the whole adapter."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

from backstay.ad_adapter import flag, variable
from backstay.ads import Capabilities, Platform
from backstay_adapters.tiktok.adapter.capabilities import CAPABILITIES, SPEND_FIELDS, SWITCH_FIELDS
from backstay_adapters.tiktok.adapter.reports import TikTokReports
from backstay_adapters.tiktok.profile import API, SANDBOX_API


class TikTokAds(TikTokReports):
    """TikTok's Marketing API v1.3 for one advertiser.

        async with TikTokAds("7000000000001", token="...") as ads:
            account = await ads.get_account()

    `tier` is the level of your app's API access, on which its limits depend. `flow` decides how campaigns are made:
    "auto" takes the manual flow until the vendor closes it for an objective, then Smart+. Token providers go into
    `credentials=Credentials(provider=..., name=...)`.
    """

    switch_fields: ClassVar[frozenset[str]] = SWITCH_FIELDS
    spend_fields: ClassVar[frozenset[str]] = SPEND_FIELDS

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from TIKTOK_ACCESS_TOKEN and TIKTOK_ADVERTISER_ID; _APP_ID, _TIER and _SANDBOX as set."""
        instead = "pass it to TikTokAds(advertiser_id, token)"
        token, advertiser = (variable(name, instead) for name in ("TIKTOK_ACCESS_TOKEN", "TIKTOK_ADVERTISER_ID"))
        sandbox = flag("TIKTOK_SANDBOX")
        told: dict[str, Any] = {
            "app_id": os.environ.get("TIKTOK_APP_ID", ""),
            "tier": os.environ.get("TIKTOK_TIER", "sandbox" if sandbox else "basic"),
            "base_url": SANDBOX_API if sandbox else API,
        }
        return cls(advertiser, token, **{**told, **arguments})

    @property
    def platform(self) -> Platform:
        """TikTok."""
        return Platform.TIKTOK

    @property
    def capabilities(self) -> Capabilities:
        """What TikTok can do; what is off is refused before anything is sent."""
        return CAPABILITIES


__all__ = ["TikTokAds"]
