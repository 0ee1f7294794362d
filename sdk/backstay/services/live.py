"""Reads that decide a write: asked of the vendor, never of a cache, never stale; and when they can be relied on."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from backstay.ads import Ad, AdGroup, AdPlatform, Campaign, Level, Ref
from backstay.operation import CallOptions

LIVE: Final[CallOptions] = {"max_age": 0.0, "max_stale": 0.0}
"""Options of such a read."""
SETTLE: Final = timedelta(minutes=15)
"""How long a write that was begun may still arrive and be seen: its deadline, and what reads lag behind writes."""
Thing = Campaign | AdGroup | Ad


async def look(platform: AdPlatform, ref: Ref) -> Thing:
    """One object, live; raises NotFoundError."""
    if ref.level is Level.CAMPAIGN:
        return await platform.get_campaign(ref, **LIVE)
    if ref.level is Level.AD_GROUP:
        return await platform.get_ad_group(ref, **LIVE)
    return await platform.get_ad(ref, **LIVE)
