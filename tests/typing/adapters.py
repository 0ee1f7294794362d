"""What a type checker must see through the lazy doors; checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import assert_type

import backstay
from backstay import BackstayError, Sailor  # type: ignore[attr-defined]  # planted: an unknown name must be an error
from backstay.adapters import GoogleAds, MetaAds, MySpaceAds, TikTokAds  # type: ignore[attr-defined]  # planted, too
from backstay.ads import AdPlatform
from backstay.errors import BackstayError as RealError
from backstay_adapters.google_ads import GoogleAds as RealGoogle
from backstay_adapters.meta import MetaAds as RealMeta
from backstay_adapters.tiktok import TikTokAds as RealAds

PLANTED = (Sailor, MySpaceAds)


def lazy_names_have_their_real_types(error: BackstayError, ads: TikTokAds, meta: MetaAds, google: GoogleAds) -> None:
    """The doors hand out the classes themselves, not `object` and not `Any`."""
    assert_type(backstay.__version__, str)
    assert_type(error, RealError)
    assert_type(ads, RealAds)
    assert_type(meta, RealMeta)
    assert_type(google, RealGoogle)


def every_ad_adapter_is_a_platform(ads: TikTokAds, meta: MetaAds, google: GoogleAds) -> tuple[AdPlatform, ...]:
    """Whoever takes a platform takes each of them, own keywords of a vendor's included."""
    return ads, meta, google
