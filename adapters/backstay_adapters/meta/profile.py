"""Meta's numbers, each with its source (Marketing API v26.0; `docs/adapters/meta.md` lists them)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.policies.hedge import HedgeOptions
from backstay.policies.pace import PaceOptions
from backstay.policies.settings import one_of
from backstay.profile import Limit, Profile, TimeoutConfig
from backstay_adapters.meta.errors.limits import AD_SET_BUDGET
from backstay_adapters.meta.wire.usage import ACCOUNT, APP, INSIGHTS, INSIGHTS_APP, MANAGEMENT

API: Final = "https://graph.facebook.com"
VIDEO_API: Final = "https://graph-video.facebook.com"
"""Where the parts of large videos go (facebook-business 26.0.3, `video_uploader`)."""
API_VERSION: Final = "v26.0"
"""Out since 2026-07-29. Marketing endpoints die after about a year, long before Graph's own date."""

SHARE: Final = 0.8
"""Of a limit that is counted here: other tools of the same app use it too."""

TIERS: Final = MappingProxyType({"limited": 60.0, "full": 9_000.0})
"""Points of an ad account's score by the app's access (page "Marketing API Rate Limiting"): each read is one, each
write three, and they are forgotten after SCORE_DECAY seconds. Headers call the tiers `development_access` and
`standard_access`."""
SCORE_DECAY: Final = 300.0
WRITE: Final = 3.0
"""Points of a write; a read is one."""
MUTATIONS: Final = 100.0
"""Writes a second and ad account (613/5044001)."""
BUDGET_CHANGES: Final = 4
"""Changes of one ad set's budget an hour (613/1487632)."""

PACE: Final = PaceOptions(start=0.75, brake=0.95, floor=0.05, memory=SCORE_DECAY, pause=60.0)
"""From three quarters on calls are spaced. Airbyte's connector stands still for two minutes from 85 % and for ten from
95 %; slowing earlier costs less. From 95 % on a call goes out every twenty seconds: even writes then take fewer points
than the limited tier's score forgets. A statement counts as long as the score needs to be forgotten; a limit that is
used up without a time is held for a minute, the full tier's block."""

READ_LAG: Final = 10.0
"""Seconds after which lists and looks by name show what was written. The vendor gives no number; clients wait "a few
seconds", so this is an assumption on the safe side. Raise it in your profile if your account is slower."""


def meta_profile(tier: str = "full") -> Profile:
    """The profile of an app's access: "full", or "limited" (new apps), whose few points are counted here too.

    Usage headers slow both down before the wall, so that a limited app is safe under "full" as well, only less smooth.
    """
    one_of("tier", tier, TIERS)
    points = TIERS[tier] * SHARE
    limits = {
        # Two hundred calls an hour for each user of the app: nobody outside knows how many users it has.
        APP: Limit(rate=None, pace=PACE),
        ACCOUNT: Limit(
            rate=min(MUTATIONS * SHARE * WRITE, points),
            windows=((points, SCORE_DECAY),),
            per="account",
            pace=PACE,
        ),
        # A number an hour plus some for each active ad, which only the vendor can count.
        MANAGEMENT: Limit(rate=None, per="account", groups=("account", "objects", "create", "media"), pace=PACE),
        INSIGHTS: Limit(rate=None, per="account", groups=("report",), pace=PACE),
        INSIGHTS_APP: Limit(rate=None, groups=("report",), pace=PACE),
        AD_SET_BUDGET: Limit(rate=None, windows=((BUDGET_CHANGES * WRITE, 3_600.0),), per="object"),
    }
    return Profile(
        limits=MappingProxyType(limits),
        hedge=None if tier == "limited" else HedgeOptions(),  # sixty points in five minutes are none too many
        write_cost=WRITE,
        read_lag=READ_LAG,
        patience=(0.0, 0.5, 1.0, 2.0, 4.0, 7.0),
        timeouts=TimeoutConfig(
            kinds=MappingProxyType({"api_call": 30.0, "report": 60.0, "upload": 300.0, "default": 30.0})
        ),
        note="limits from the vendor's pages on rate limiting; read lag assumed, see READ_LAG",
    )
