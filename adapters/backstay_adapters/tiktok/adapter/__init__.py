"""TikTokAds: the whole adapter."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from backstay.ads import BuiltTree, CampaignTree, Capabilities, Created, Platform
from backstay.auth import Credentials
from backstay.errors import InvalidRequestError
from backstay.writes.tree import build_tree
from backstay_adapters.tiktok.adapter.capabilities import CAPABILITIES
from backstay_adapters.tiktok.adapter.reports import TikTokReports
from backstay_adapters.tiktok.profile import API, SANDBOX_API
from backstay_adapters.tiktok.wire.kinds import FLOWS, Flow

if TYPE_CHECKING:
    import httpx

    from backstay.auth import Secret
    from backstay.operation import CallOptions
    from backstay.profile import Profile
    from backstay.runtime import Runtime


class TikTokAds(TikTokReports):
    """TikTok's Marketing API v1.3 for one advertiser.

        async with TikTokAds("7000000000001", token="...") as ads:
            account = await ads.get_account()

    `tier` is the level of your app's API access, on which its limits depend. `flow` decides how campaigns are made:
    "auto" takes the manual flow until the vendor closes it for an objective, then Smart+. Token providers go into
    `credentials=Credentials(provider=..., name=...)`.
    """

    def __init__(
        self,
        advertiser_id: str,
        token: str | Secret | None = None,
        *,
        credentials: Credentials | None = None,
        app_id: str = "",
        tier: str = "basic",
        flow: Flow | Literal["auto"] = "auto",
        base_url: str = API,
        profile: Profile | str | None = None,
        runtime: Runtime | None = None,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        super().__init__(
            advertiser_id, token, credentials=credentials, app_id=app_id, tier=tier, base_url=base_url,
            profile=profile, runtime=runtime, client=client, transport=transport, **options,
        )  # fmt: skip
        if flow not in {"auto", *FLOWS}:
            raise InvalidRequestError("no such flow", field="flow", value=flow, hint='"auto", "manual" or "smart_plus"')
        self.flow = flow

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
