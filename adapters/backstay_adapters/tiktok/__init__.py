"""TikTok's Marketing API v1.3: `from backstay.adapters import TikTokAds`."""

from __future__ import annotations

from backstay_adapters.tiktok.adapter import TikTokAds
from backstay_adapters.tiktok.profile import tiktok_profile

__all__ = ["TikTokAds", "tiktok_profile"]
