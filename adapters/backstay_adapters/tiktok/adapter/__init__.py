"""TikTokAds: the whole adapter."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self, Unpack

from backstay.ads import BuiltTree, CampaignTree, Capabilities, Created, Platform
from backstay.errors import InvalidRequestError
from backstay.writes.tree import build_tree
from backstay_adapters.tiktok.adapter.capabilities import CAPABILITIES
from backstay_adapters.tiktok.adapter.reports import TikTokReports
from backstay_adapters.tiktok.profile import API, SANDBOX_API

if TYPE_CHECKING:
    from backstay.operation import CallOptions


class TikTokAds(TikTokReports):
    """TikTok's Marketing API v1.3 for one advertiser.

        async with TikTokAds("7000000000001", token="...") as ads:
            account = await ads.get_account()

    `tier` is the level of your app's API access, on which its limits depend. `flow` decides how campaigns are made:
    "auto" takes the manual flow until the vendor closes it for an objective, then Smart+. Token providers go into
    `credentials=Credentials(provider=..., name=...)`.
    """

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from TIKTOK_ACCESS_TOKEN and TIKTOK_ADVERTISER_ID; _APP_ID, _TIER and _SANDBOX as set."""
        token, advertiser = (_variable(name) for name in ("TIKTOK_ACCESS_TOKEN", "TIKTOK_ADVERTISER_ID"))
        sandbox = os.environ.get("TIKTOK_SANDBOX", "").lower() in {"1", "true", "yes"}
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

    async def connect(self) -> None:
        """Open the pool; the first request connects."""

    async def create_tree(
        self, tree: CampaignTree, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[BuiltTree]:
        """Make a campaign with all under it, paused; called again with the key it finishes the same tree."""
        return await build_tree(self, tree, idempotency_key=idempotency_key, options=options)


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise InvalidRequestError(
            f"{name} is not set", field=name, hint=f"export {name}=..., or pass it to TikTokAds(advertiser_id, token)"
        )
    return value


__all__ = ["TikTokAds"]
