"""Google Ads on a stage: the adapter on its simulator, and the words in which a common spec needs help here."""

from __future__ import annotations

from typing import Any, Final

from backstay.ads import CreativeKind
from backstay.runtime import Runtime
from backstay_adapters.google_ads.adapter import GoogleAds
from backstay_adapters.google_ads.profile import google_ads_profile
from backstay_adapters.google_ads.sandbox import CUSTOMERS, TOKEN, GoogleAdsSandbox

LOCATIONS: Final = ("2840",)
"""The United States (geo target constants)."""
FIELDS: Final[dict[str, dict[str, Any]]] = {
    "creative": {"kind": CreativeKind.RESPONSIVE, "media": (), "call_to_action": None},
}
"""Search ads are text."""


def adapter(simulator: GoogleAdsSandbox, runtime: Runtime, *, url: str = "", **profile: Any) -> GoogleAds:
    """An adapter on the simulator in this process, or at the address where it is served."""
    where: dict[str, Any] = {"endpoint": url} if url else {"channel": simulator.channel(runtime.clock)}
    settings = google_ads_profile("standard").with_(limits={}, **profile)
    return GoogleAds(CUSTOMERS[0], token=TOKEN, runtime=runtime, profile=settings, **where)


__all__ = ["FIELDS", "LOCATIONS", "adapter"]
