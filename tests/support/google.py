"""A bench for GoogleAds: gRPC in process, in virtual time; search ads, which need no uploads."""

from __future__ import annotations

from typing import Any

from backstay.ads import AdPlatform, CreativeKind, Level, MediaRef
from backstay.clock import Clock
from backstay.runtime import Runtime
from backstay.testing.bench import Bench
from backstay_adapters.google_ads import GoogleAds, google_ads_profile
from backstay_adapters.google_ads.sandbox import CUSTOMERS, TOKEN, GoogleAdsSandbox

PROFILE = google_ads_profile("standard").with_(limits={})


class GoogleBench(Bench):
    """Search ads are text: nothing is uploaded."""

    async def media(self, ads: AdPlatform) -> tuple[MediaRef, ...]:
        """None."""
        return ()


def make(runtime: Runtime, channel: Any, **options: Any) -> GoogleAds:
    """An adapter on a simulator's channel."""
    told = {"profile": PROFILE, **options}
    if "credentials" not in told:
        told["token"] = TOKEN
    return GoogleAds(CUSTOMERS[0], runtime=runtime, channel=channel, **told)


def google_bench(simulator: GoogleAdsSandbox | None = None, **facts: Any) -> GoogleBench:
    """A bench with the words that Google needs; `facts` are further arguments of `Bench`."""

    def shell(simulator: Any, clock: Clock) -> Any:
        return simulator.channel(clock)

    told: dict[str, Any] = {
        "shell": shell,
        "write": {"operation": "GoogleAdsService/Mutate"},
        "locations": ("2840",),
        "fields": {"creative": {"kind": CreativeKind.RESPONSIVE, "call_to_action": None}},
        "extra": {"final_url_suffix": "utm_source=google"},
        "scheduled": Level.CAMPAIGN,
        "further_writes": {"pause_all": lambda ads, made: ads.pause_all([made.campaign.ref, made.ad.ref])},
    }
    return GoogleBench(simulator or GoogleAdsSandbox(seed=3), make, **{**told, **facts})
