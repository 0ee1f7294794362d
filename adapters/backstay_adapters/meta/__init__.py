"""Meta's Marketing API (Graph v26.0): `from backstay.adapters import MetaAds`."""

from __future__ import annotations

from backstay_adapters.meta.adapter import MetaAds
from backstay_adapters.meta.profile import meta_profile

__all__ = ["MetaAds", "meta_profile"]
