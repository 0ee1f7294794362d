"""MetaAds: the whole adapter."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Self

from backstay.ad_adapter import variable
from backstay.ads import Capabilities, Platform
from backstay_adapters.meta.adapter.capabilities import CAPABILITIES, SPEND_FIELDS, SWITCH_FIELDS
from backstay_adapters.meta.adapter.creatives import MetaCreatives
from backstay_adapters.meta.profile import API, API_VERSION


class MetaAds(MetaCreatives):
    """Meta's Marketing API for one ad account; ad groups are Meta's ad sets.

        async with MetaAds("act_1234567890", token="...") as ads:
            account = await ads.get_account()

    The token travels in the Authorization header. With `app_secret` every request carries a proof of it. `tier` is the
    app's access, "full" or "limited". `label=True` marks what is created by an ad label instead of a suffix of its
    name. `fields` names more fields to read, by level; they come in `extra`. Token providers go into
    `credentials=Credentials(provider=..., name=...)`.
    """

    switch_fields: ClassVar[frozenset[str]] = SWITCH_FIELDS
    spend_fields: ClassVar[frozenset[str]] = SPEND_FIELDS

    @classmethod
    def from_env(cls, **arguments: Any) -> Self:
        """Make one from META_ACCESS_TOKEN and META_AD_ACCOUNT_ID; the other META_* variables as set."""
        instead = "pass it to MetaAds(account_id, token)"
        token, account = (variable(name, instead) for name in ("META_ACCESS_TOKEN", "META_AD_ACCOUNT_ID"))
        told: dict[str, Any] = {
            "app_id": os.environ.get("META_APP_ID", ""),
            "app_secret": os.environ.get("META_APP_SECRET") or None,
            "tier": os.environ.get("META_TIER", "full"),
            "api_version": os.environ.get("META_API_VERSION", API_VERSION),
            "base_url": os.environ.get("META_BASE_URL", API),
        }
        return cls(account, token, **{**told, **arguments})

    @property
    def platform(self) -> Platform:
        """Meta."""
        return Platform.META

    @property
    def capabilities(self) -> Capabilities:
        """What Meta can do; what is off is refused before anything is sent."""
        return CAPABILITIES


__all__ = ["MetaAds"]
