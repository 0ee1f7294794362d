"""The resources that can be written: how the vendor spells each of them."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, Thing


@dataclass(frozen=True, slots=True)
class Kind:
    """One resource."""

    word: str
    """Its field in GoogleAdsRow, such as "ad_group_ad"."""
    plural: str
    """Its collection in resource names, such as "adGroupAds"."""
    level: str = ""
    """The world's word; the resource's own where the world has none."""
    immutable: tuple[str, ...] = ()
    """Fields that no update changes."""
    output: tuple[str, ...] = ()
    """Fields that the vendor fills in."""
    tree: bool = False
    """Whether it is a campaign, an ad group or an ad."""

    @property
    def service(self) -> str:
        """Such as "AdGroupAdService"."""
        return f"{camel(self.word)}Service"

    @property
    def method(self) -> str:
        """Such as "MutateAdGroupAds"."""
        return f"Mutate{self.plural[0].upper()}{self.plural[1:]}"

    @property
    def module(self) -> str:
        """Where its service's messages are."""
        return f"services.types.{self.word}_service"

    def where(self) -> str:
        """Its level in the world."""
        return self.level or self.word

    def name_of(self, customer: str, id_: str) -> str:
        """A resource name."""
        return f"customers/{customer}/{self.plural}/{id_}"

    def id_of(self, name: str) -> str:
        """The world's id of what a resource name names: the part after the collection, made unique for links."""
        tail = name.rsplit("/", 1)[-1]
        return tail if self.word in OWN_IDS else f"{self.plural}/{tail}"


OWN_IDS: Final = frozenset(
    {"campaign", "ad_group", "ad_group_ad", "campaign_budget", "asset", "label", "ad_group_criterion"}
)
"""Resources whose ids are unique in the whole world; a link's id repeats the ids of what it links."""

_COMPUTED: Final = ("resource_name", "id", "primary_status", "primary_status_reasons", "labels", "serving_status")

KINDS: Final = MappingProxyType(
    {
        kind.word: kind
        for kind in (
            Kind(
                "campaign", "campaigns", CAMPAIGN, ("advertising_channel_type", "advertising_channel_sub_type"),
                (*_COMPUTED, "bidding_strategy_type", "payment_mode", "missing_eu_political_advertising_declaration"),
                tree=True,
            ),
            Kind(
                "campaign_budget", "campaignBudgets", "", ("period", "type_"),
                (*_COMPUTED, "status", "reference_count", "has_recommended_budget"),
            ),
            Kind("ad_group", "adGroups", AD_GROUP, ("campaign",), (*_COMPUTED, "effective_cpc_bid_micros"), tree=True),
            Kind(
                "ad_group_ad", "adGroupAds", AD, ("ad_group", "ad"),
                (*_COMPUTED, "policy_summary", "ad_strength"), tree=True,
            ),
            Kind("ad", "ads", "", ("id", "type_"), ("resource_name", "id", "type_")),
            Kind(
                "ad_group_criterion", "adGroupCriteria", "", ("ad_group", "keyword"),
                (*_COMPUTED, "criterion_id", "type_", "approval_status", "system_serving_status", "quality_info"),
            ),
            Kind(
                "campaign_criterion", "campaignCriteria", "", ("campaign", "negative"),
                (*_COMPUTED, "criterion_id", "type_", "display_name"),
            ),
            Kind("asset", "assets", "", (), (*_COMPUTED, "type_", "source", "policy_summary")),
            Kind("label", "labels", "", (), (*_COMPUTED, "status")),
            Kind("campaign_label", "campaignLabels", "", ("campaign", "label"), ("resource_name",)),
            Kind("ad_group_label", "adGroupLabels", "", ("ad_group", "label"), ("resource_name",)),
            Kind("ad_group_ad_label", "adGroupAdLabels", "", ("ad_group_ad", "label"), ("resource_name",)),
        )
    }
)  # fmt: skip
PLURALS: Final = MappingProxyType({kind.plural: kind for kind in KINDS.values()})


def camel(word: str) -> str:
    """A word as messages are named: ad_group_ad is AdGroupAd."""
    return "".join(part.capitalize() for part in word.split("_"))


def kind_of(thing: Thing) -> Kind:
    """The kind of something in the world."""
    return KINDS[thing.data["_kind"]]
