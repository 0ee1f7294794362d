"""TikTok's numbers, each with its source (business-api v1.3; `docs/adapters/tiktok.md` lists them)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from backstay.policies.hedge import HedgeOptions
from backstay.policies.settings import one_of
from backstay.profile import Limit, Profile, TimeoutConfig

API: Final = "https://business-api.tiktok.com"
SANDBOX_API: Final = "https://sandbox-ads.tiktok.com"
ROOT: Final = "/open_api/v1.3"

SHARE: Final = 0.8
"""Of a vendor limit that we use: a client-side bucket at 80 % of the QPS is worth more than retries after it
(airbyte#70992 ran into the limit with one connection), since other tools of the same app use it too."""

TIERS: Final = MappingProxyType(
    {
        "basic": (10, 600, 864_000),
        "advanced": (20, 1_200, 1_728_000),
        "premium": (30, 1_800, 2_592_000),
        "ultimate": (50, 3_000, 4_320_000),
        "sandbox": (1, 30, 1_000),
    }
)
"""Calls per second, minute and day of one app, by its level (the vendor's page "API rate limits")."""

READ_LAG: Final = 10.0
"""Seconds after which a list shows what was written. The vendor gives no number; "a few seconds" is what users see,
so this is an assumption on the safe side. Raise it in your profile if your account is slower."""

_RESTRICTED: Final = {"ad_create": (5, 150, 86_400), "report_task": (2, 60, 4_500)}
"""Endpoints with limits of their own (basic level): /ad/create/ and /report/task/create/."""


def limit(per_second: float, per_minute: float, per_day: float) -> Limit:
    """Our share of a vendor's three limits; in no second more than the vendor's own number begin."""
    rate = per_second * SHARE
    return Limit(
        rate=rate,
        burst=max(1.0, per_second - rate),  # any second sees at most rate + burst
        windows=((per_minute * SHARE, 60.0), (per_day * SHARE, 86_400.0)),
    )


def tiktok_profile(tier: str = "basic") -> Profile:
    """The profile of an app's level: basic, advanced, premium, ultimate or sandbox."""
    one_of("tier", tier, TIERS)
    limits = {"app": limit(*TIERS[tier])}
    # 40133 holds one advertiser, not the app: it has a gate of its own, with the app's numbers as its bound.
    limits["advertiser"] = replace(limits["app"], per="account")
    limits.update({name: limit(*numbers) for name, numbers in _RESTRICTED.items()})
    return Profile(
        limits=MappingProxyType(limits),
        hedge=None if tier == "sandbox" else HedgeOptions(),  # a thousand calls a day are none too many
        read_lag=READ_LAG,
        patience=(0.0, 0.5, 1.0, 2.0, 4.0, 7.0),
        timeouts=TimeoutConfig(
            kinds=MappingProxyType({"api_call": 30.0, "report": 60.0, "upload": 300.0, "default": 30.0})
        ),
        note="limits per app from the vendor's rate limit page; read lag assumed, see READ_LAG",
    )
