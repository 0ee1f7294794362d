"""The three levels of TikTok's tree: the same calls under other names, in two flows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from backstay.ads.model import Ad, AdGroup, Campaign
from backstay.ads.words import Level
from backstay_adapters.tiktok.wire import read

Flow = Literal["manual", "smart_plus"]
FLOWS: Final[tuple[Flow, ...]] = ("manual", "smart_plus")


@dataclass(frozen=True, slots=True)
class Kind:
    """How the vendor spells one level."""

    level: Level
    path: str
    id: str
    ids: str
    name: str
    parse: Callable[[Any, str, str], Any]

    def id_in(self, flow: Flow) -> str:
        """Smart+ has its own name for an ad's id."""
        return "smart_plus_ad_id" if flow == "smart_plus" and self.level is Level.AD else self.id

    def ids_in(self, flow: Flow) -> str:
        """The parameter that lists ids."""
        return f"{self.id_in(flow)}s"

    def endpoint(self, flow: Flow, action: str) -> str:
        """The path of a call; the trailing slash is part of it."""
        prefix = "/smart_plus" if flow == "smart_plus" else ""
        return f"{prefix}{self.path}/{action}/"


CAMPAIGN: Final = Kind(Level.CAMPAIGN, "/campaign", "campaign_id", "campaign_ids", "campaign_name", read.campaign)
AD_GROUP: Final = Kind(Level.AD_GROUP, "/adgroup", "adgroup_id", "adgroup_ids", "adgroup_name", read.ad_group)
AD: Final = Kind(Level.AD, "/ad", "ad_id", "ad_ids", "ad_name", lambda raw, account, _: read.ad(raw, account))
KINDS: Final = MappingProxyType({kind.level: kind for kind in (CAMPAIGN, AD_GROUP, AD)})

Object = Campaign | AdGroup | Ad
