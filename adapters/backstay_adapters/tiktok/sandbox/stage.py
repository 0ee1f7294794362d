"""TikTok on a stage: the adapter on its simulator, and the words in which a common spec needs help here."""

from __future__ import annotations

from typing import Any, Final

from backstay.runtime import Runtime
from backstay.sandbox import SimTransport
from backstay_adapters.tiktok.adapter import TikTokAds
from backstay_adapters.tiktok.profile import tiktok_profile
from backstay_adapters.tiktok.sandbox import ADVERTISERS, TOKEN, TikTokSandbox

LOCATIONS: Final = ("6252001",)
"""The United States (GeoNames)."""
FIELDS: Final[dict[str, dict[str, Any]]] = {}


def adapter(simulator: TikTokSandbox, runtime: Runtime, *, url: str = "", **profile: Any) -> TikTokAds:
    """An adapter on the simulator in this process, or at the address where it is served."""
    where: dict[str, Any] = {"base_url": url} if url else {"transport": SimTransport(simulator, runtime.clock)}
    return TikTokAds(
        ADVERTISERS[0], TOKEN, runtime=runtime, profile=tiktok_profile("ultimate").with_(**profile), **where
    )


__all__ = ["FIELDS", "LOCATIONS", "adapter"]
