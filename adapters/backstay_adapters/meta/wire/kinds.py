"""The levels of an account's tree in Meta's words: edges, fields, statuses, and the SDK's names of its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from backstay.ads.words import Level
from backstay_adapters.meta.wire import read
from backstay_adapters.meta.wire.read import Raw, Reader

Fields = Mapping[str, tuple[str, ...]]
"""What is asked of an object: names, and of what they point to again names."""


def fields(text: str, **inner: str) -> Fields:
    """Names in a text; `inner` gives the names of what a field points to."""
    return MappingProxyType({name: tuple(inner.get(name, "").split()) for name in text.split()})


@dataclass(frozen=True, slots=True)
class Kind:
    """How the vendor spells one level."""

    level: Level
    node: str
    """The SDK's class."""
    create: str
    """The SDK's call of an account that makes one."""
    lists: Mapping[Level, str]
    """The SDK's calls that list them, of an account or of what is above."""
    by_labels: str
    """The SDK's call of an account that finds them by labels."""
    word: str
    """The vendor's word for the level, in insights and filters."""
    fields: Fields
    essential: frozenset[str]
    """Fields without which it would not be an object of this level."""
    statuses: tuple[str, ...]
    """Effective statuses that lists can be asked for."""
    parse: Callable[[Raw, Reader], Any]


_STATES: Final = ("ACTIVE", "PAUSED", "ARCHIVED", "IN_PROCESS", "WITH_ISSUES")

CAMPAIGN: Final = Kind(
    Level.CAMPAIGN,
    node="Campaign",
    create="create_campaign",
    lists=MappingProxyType({Level.ACCOUNT: "get_campaigns"}),
    by_labels="get_campaigns_by_labels",
    word="campaign",
    fields=fields(
        "id name account_id objective status effective_status daily_budget lifetime_budget budget_remaining "
        "bid_strategy spend_cap buying_type special_ad_categories special_ad_category_country promoted_object "
        "is_adset_budget_sharing_enabled start_time stop_time created_time updated_time issues_info adlabels",
        adlabels="id name",
    ),
    essential=frozenset({"id", "name", "objective", "status", "effective_status"}),
    statuses=(*_STATES, "DELETED"),
    parse=read.campaign,
)
AD_GROUP: Final = Kind(
    Level.AD_GROUP,
    node="AdSet",
    create="create_ad_set",
    lists=MappingProxyType({Level.ACCOUNT: "get_ad_sets", Level.CAMPAIGN: "get_ad_sets"}),
    by_labels="get_ad_sets_by_labels",
    word="adset",
    fields=fields(
        "id name account_id campaign_id status effective_status daily_budget lifetime_budget budget_remaining "
        "bid_strategy bid_amount bid_constraints billing_event optimization_goal targeting promoted_object "
        "attribution_spec destination_type dsa_beneficiary dsa_payor start_time end_time created_time updated_time "
        "issues_info learning_stage_info adlabels",
        adlabels="id name",
    ),
    essential=frozenset({"id", "name", "campaign_id", "status", "effective_status", "optimization_goal"}),
    statuses=(*_STATES, "CAMPAIGN_PAUSED", "DELETED"),
    parse=read.ad_group,
)
AD: Final = Kind(
    Level.AD,
    node="Ad",
    create="create_ad",
    lists=MappingProxyType({Level.ACCOUNT: "get_ads", Level.CAMPAIGN: "get_ads", Level.AD_GROUP: "get_ads"}),
    by_labels="get_ads_by_labels",
    word="ad",
    fields=fields(
        "id name account_id adset_id campaign_id status effective_status creative conversion_domain tracking_specs "
        "ad_review_feedback failed_delivery_checks issues_info created_time updated_time adlabels",
        creative="id name object_story_spec object_story_id effective_object_story_id asset_feed_spec image_hash "
        "video_id body title link_url call_to_action_type url_tags degrees_of_freedom_spec",
        adlabels="id name",
    ),
    essential=frozenset({"id", "name", "adset_id", "status", "effective_status", "creative"}),
    statuses=(*_STATES, "CAMPAIGN_PAUSED", "ADSET_PAUSED", "DISAPPROVED", "PENDING_BILLING_INFO", "PENDING_REVIEW",
              "PREAPPROVED"),  # deleted ads are not listed: 100/1815001
    parse=read.ad,
)  # fmt: skip
KINDS: Final = MappingProxyType({kind.level: kind for kind in (CAMPAIGN, AD_GROUP, AD)})

ACCOUNT_FIELDS: Final = fields(
    "id account_id name account_status disable_reason currency timezone_name balance spend_cap amount_spent "
    "min_daily_budget min_campaign_group_spend_cap is_prepay_account funding_source_details default_dsa_beneficiary "
    "default_dsa_payor created_time"
)
ACCOUNT_ESSENTIAL: Final = frozenset({"id", "account_id", "name", "account_status", "currency", "timezone_name"})
TOUCHY: Final = frozenset({"funding_source_details", "funding_source", "owner", "business"})
"""Fields that need a permission of their own (business_management): one of them refused fails the whole read."""
