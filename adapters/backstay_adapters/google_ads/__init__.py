"""Google Ads API v26 over gRPC: `from backstay.adapters import GoogleAds`."""

from __future__ import annotations

from backstay_adapters.google_ads.adapter import GoogleAds, GoogleCredentials
from backstay_adapters.google_ads.profile import google_ads_profile
from backstay_adapters.google_ads.wire.bidding import google_choice

__all__ = ["GoogleAds", "GoogleCredentials", "google_ads_profile", "google_choice"]
