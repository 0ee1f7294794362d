"""The vocabularies: Meta's enums and the common model's, both ways; what is not here is UNKNOWN and kept raw.

Words of facebook-business 26.0.3; a test reads its enums, so that a new version shows its new words.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from backstay.ads.words import (
    AccountStatus,
    BidStrategy,
    BillingEvent,
    ConfiguredStatus,
    DeliveryStatus,
    Gender,
    Objective,
    OptimizationGoal,
    SpecialCategory,
)
from backstay.errors import UnsupportedCapabilityError

W = TypeVar("W")

OBJECTIVE_OUT: Final[Mapping[Objective, str]] = MappingProxyType(
    {
        Objective.AWARENESS: "OUTCOME_AWARENESS",
        Objective.VIDEO_VIEWS: "OUTCOME_ENGAGEMENT",
        Objective.TRAFFIC: "OUTCOME_TRAFFIC",
        Objective.ENGAGEMENT: "OUTCOME_ENGAGEMENT",
        Objective.LEADS: "OUTCOME_LEADS",
        Objective.APP_PROMOTION: "OUTCOME_APP_PROMOTION",
        Objective.SALES: "OUTCOME_SALES",
    }
)
OBJECTIVES: Final[Mapping[str, Objective]] = MappingProxyType(
    {
        "OUTCOME_AWARENESS": Objective.AWARENESS,
        "OUTCOME_TRAFFIC": Objective.TRAFFIC,
        "OUTCOME_ENGAGEMENT": Objective.ENGAGEMENT,
        "OUTCOME_LEADS": Objective.LEADS,
        "OUTCOME_APP_PROMOTION": Objective.APP_PROMOTION,
        "OUTCOME_SALES": Objective.SALES,
        # Read only: the names from before 2022, which old campaigns still have.
        "APP_INSTALLS": Objective.APP_PROMOTION,
        "BRAND_AWARENESS": Objective.AWARENESS,
        "CONVERSIONS": Objective.SALES,
        "EVENT_RESPONSES": Objective.ENGAGEMENT,
        "LEAD_GENERATION": Objective.LEADS,
        "LINK_CLICKS": Objective.TRAFFIC,
        "LOCAL_AWARENESS": Objective.AWARENESS,
        "MESSAGES": Objective.ENGAGEMENT,
        "OFFER_CLAIMS": Objective.ENGAGEMENT,
        "PAGE_LIKES": Objective.ENGAGEMENT,
        "POST_ENGAGEMENT": Objective.ENGAGEMENT,
        "PRODUCT_CATALOG_SALES": Objective.SALES,
        "REACH": Objective.AWARENESS,
        "STORE_VISITS": Objective.SALES,
        "VIDEO_VIEWS": Objective.VIDEO_VIEWS,
    }
)

CONFIGURED: Final[Mapping[str, ConfiguredStatus]] = MappingProxyType(
    {
        "ACTIVE": ConfiguredStatus.ACTIVE,
        "PAUSED": ConfiguredStatus.PAUSED,
        "ARCHIVED": ConfiguredStatus.ARCHIVED,
        "DELETED": ConfiguredStatus.DELETED,
    }
)
CONFIGURED_OUT: Final[Mapping[ConfiguredStatus, str]] = MappingProxyType(
    {ours: theirs for theirs, ours in CONFIGURED.items()}
)

DELIVERY: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {
        "ACTIVE": DeliveryStatus.DELIVERING,
        "PAUSED": DeliveryStatus.PAUSED,
        "CAMPAIGN_PAUSED": DeliveryStatus.PARENT_PAUSED,
        "ADSET_PAUSED": DeliveryStatus.PARENT_PAUSED,
        "ARCHIVED": DeliveryStatus.ARCHIVED,
        "DELETED": DeliveryStatus.DELETED,
        "IN_PROCESS": DeliveryStatus.IN_REVIEW,
        "PENDING_REVIEW": DeliveryStatus.IN_REVIEW,
        "PREAPPROVED": DeliveryStatus.IN_REVIEW,
        "DISAPPROVED": DeliveryStatus.REJECTED,
        "PENDING_BILLING_INFO": DeliveryStatus.ACCOUNT_BLOCKED,
        "WITH_ISSUES": DeliveryStatus.LIMITED,
    }
)
"""`effective_status`: what the switch, those above and the review come to."""

ACCOUNTS: Final[Mapping[int, AccountStatus]] = MappingProxyType(
    {
        1: AccountStatus.ACTIVE,
        2: AccountStatus.DISABLED,
        3: AccountStatus.UNSETTLED,
        7: AccountStatus.IN_REVIEW,
        8: AccountStatus.UNSETTLED,
        9: AccountStatus.LIMITED,
        100: AccountStatus.CLOSED,
        101: AccountStatus.CLOSED,
        201: AccountStatus.ACTIVE,
        202: AccountStatus.CLOSED,
    }
)
"""`account_status`; 9 is the grace period in which an unpaid account still runs."""
DISABLED: Final[Mapping[int, str]] = MappingProxyType(
    {
        0: "NONE",
        1: "ADS_INTEGRITY_POLICY",
        2: "ADS_IP_REVIEW",
        3: "RISK_PAYMENT",
        4: "GRAY_ACCOUNT_SHUT_DOWN",
        5: "ADS_AFC_REVIEW",
        6: "BUSINESS_INTEGRITY_RAR",
        7: "PERMANENT_CLOSE",
    }
)
"""`disable_reason`."""

GOAL_OUT: Final[Mapping[OptimizationGoal, str]] = MappingProxyType(
    {
        OptimizationGoal.IMPRESSIONS: "IMPRESSIONS",
        OptimizationGoal.REACH: "REACH",
        OptimizationGoal.VIDEO_VIEWS: "THRUPLAY",
        OptimizationGoal.CLICKS: "LINK_CLICKS",
        OptimizationGoal.LANDING_PAGE_VIEWS: "LANDING_PAGE_VIEWS",
        OptimizationGoal.ENGAGEMENT: "POST_ENGAGEMENT",
        OptimizationGoal.FOLLOWERS: "PAGE_LIKES",
        OptimizationGoal.LEADS: "LEAD_GENERATION",
        OptimizationGoal.APP_INSTALLS: "APP_INSTALLS",
        OptimizationGoal.APP_EVENTS: "APP_INSTALLS_AND_OFFSITE_CONVERSIONS",
        OptimizationGoal.CONVERSIONS: "OFFSITE_CONVERSIONS",
        OptimizationGoal.VALUE: "VALUE",
    }
)
GOALS: Final[Mapping[str, OptimizationGoal]] = MappingProxyType(
    {
        **{theirs: ours for ours, theirs in GOAL_OUT.items()},
        # Read only: finer goals than the common model has.
        "AD_RECALL_LIFT": OptimizationGoal.REACH,
        "CONVERSATIONS": OptimizationGoal.ENGAGEMENT,
        "ENGAGED_PAGE_VIEWS": OptimizationGoal.LANDING_PAGE_VIEWS,
        "ENGAGED_USERS": OptimizationGoal.ENGAGEMENT,
        "EVENT_RESPONSES": OptimizationGoal.ENGAGEMENT,
        "IN_APP_VALUE": OptimizationGoal.VALUE,
        "MEANINGFUL_CALL_ATTEMPT": OptimizationGoal.LEADS,
        "MESSAGING_APPOINTMENT_CONVERSION": OptimizationGoal.CONVERSIONS,
        "MESSAGING_DEEP_CONVERSATION_AND_FOLLOW": OptimizationGoal.ENGAGEMENT,
        "MESSAGING_PURCHASE_CONVERSION": OptimizationGoal.CONVERSIONS,
        "PROFILE_AND_PAGE_ENGAGEMENT": OptimizationGoal.ENGAGEMENT,
        "PROFILE_VISIT": OptimizationGoal.ENGAGEMENT,
        "QUALITY_CALL": OptimizationGoal.LEADS,
        "QUALITY_LEAD": OptimizationGoal.LEADS,
        "REMINDERS_SET": OptimizationGoal.ENGAGEMENT,
        "SUBSCRIBERS": OptimizationGoal.FOLLOWERS,
        "VISIT_INSTAGRAM_PROFILE": OptimizationGoal.ENGAGEMENT,
    }
)
UNTRANSLATED_GOALS: Final = frozenset({"ADVERTISER_SILOED_VALUE", "AUTOMATIC_OBJECTIVE", "DERIVED_EVENTS", "NONE"})
"""Goals that mean nothing to the common model: read as UNKNOWN, kept in `extra`."""

BILLING_OUT: Final[Mapping[BillingEvent, str]] = MappingProxyType(
    {
        BillingEvent.IMPRESSIONS: "IMPRESSIONS",
        BillingEvent.OPTIMIZED_IMPRESSIONS: "IMPRESSIONS",
        BillingEvent.CLICKS: "LINK_CLICKS",
        BillingEvent.VIDEO_VIEWS: "THRUPLAY",
    }
)
BILLING: Final[Mapping[str, BillingEvent]] = MappingProxyType(
    {
        "IMPRESSIONS": BillingEvent.IMPRESSIONS,
        "LINK_CLICKS": BillingEvent.CLICKS,
        "CLICKS": BillingEvent.CLICKS,
        "THRUPLAY": BillingEvent.VIDEO_VIEWS,
    }
)
UNTRANSLATED_BILLING: Final = frozenset(
    {"APP_INSTALLS", "LISTING_INTERACTION", "NONE", "OFFER_CLAIMS", "PAGE_LIKES", "POST_ENGAGEMENT", "PURCHASE"}
)
"""Billing events that the common model has no word for: read as UNKNOWN, kept in `extra`."""

STRATEGY_OUT: Final[Mapping[BidStrategy, str]] = MappingProxyType(
    {
        BidStrategy.LOWEST_COST: "LOWEST_COST_WITHOUT_CAP",
        BidStrategy.COST_CAP: "COST_CAP",
        BidStrategy.BID_CAP: "LOWEST_COST_WITH_BID_CAP",
        BidStrategy.MIN_ROAS: "LOWEST_COST_WITH_MIN_ROAS",
    }
)
STRATEGIES: Final[Mapping[str, BidStrategy]] = MappingProxyType({theirs: ours for ours, theirs in STRATEGY_OUT.items()})

CATEGORY_OUT: Final[Mapping[SpecialCategory, str]] = MappingProxyType(
    {
        SpecialCategory.HOUSING: "HOUSING",
        SpecialCategory.EMPLOYMENT: "EMPLOYMENT",
        SpecialCategory.CREDIT: "FINANCIAL_PRODUCTS_SERVICES",
        SpecialCategory.POLITICS: "ISSUES_ELECTIONS_POLITICS",
        SpecialCategory.GAMBLING: "ONLINE_GAMBLING_AND_GAMING",
    }
)

GENDER_OUT: Final[Mapping[Gender, int]] = MappingProxyType({Gender.MALE: 1, Gender.FEMALE: 2})
GENDERS: Final[Mapping[int, Gender]] = MappingProxyType({theirs: ours for ours, theirs in GENDER_OUT.items()})

OLDEST: Final = 65
"""The highest age that targeting knows; it stands for 65 and more."""


def spoken(table: Mapping[W, str], word: W, field: str) -> str:
    """Meta's word for ours; raises UnsupportedCapabilityError where it has none, before anything is sent."""
    known = table.get(word)
    if known is None:
        raise UnsupportedCapabilityError(
            f"Meta has no {field} {word}", vendor="meta", field=field, value=str(word),
            hint=f"use one of {', '.join(str(each) for each in table)}",
        )  # fmt: skip
    return known
