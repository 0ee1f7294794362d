"""The vocabularies: TikTok's enums and the common model's, both ways; what is not here is UNKNOWN and kept raw."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeVar

from backstay.ads.words import (
    AccountStatus,
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

OBJECTIVES: Final[Mapping[str, Objective]] = MappingProxyType(
    {
        "REACH": Objective.AWARENESS,
        "VIDEO_VIEWS": Objective.VIDEO_VIEWS,
        "TRAFFIC": Objective.TRAFFIC,
        "ENGAGEMENT": Objective.ENGAGEMENT,
        "LEAD_GENERATION": Objective.LEADS,
        "APP_PROMOTION": Objective.APP_PROMOTION,
        "WEB_CONVERSIONS": Objective.SALES,
        "PRODUCT_SALES": Objective.SALES,
        # Read only: kinds that the common model does not create, and names that the vendor has retired.
        "RF_REACH": Objective.AWARENESS,
        "TOPVIEW_REACH": Objective.AWARENESS,
        "BRAND_CONSIDERATION": Objective.AWARENESS,
        "APP_INSTALL": Objective.APP_PROMOTION,
        "CONVERSIONS": Objective.SALES,
        "CATALOG_SALES": Objective.SALES,
        "SHOP_PURCHASES": Objective.SALES,
    }
)
OBJECTIVE_OUT: Final[Mapping[Objective, str]] = MappingProxyType(
    {
        Objective.AWARENESS: "REACH",
        Objective.VIDEO_VIEWS: "VIDEO_VIEWS",
        Objective.TRAFFIC: "TRAFFIC",
        Objective.ENGAGEMENT: "ENGAGEMENT",
        Objective.LEADS: "LEAD_GENERATION",
        Objective.APP_PROMOTION: "APP_PROMOTION",
        Objective.SALES: "WEB_CONVERSIONS",
    }
)

INDUSTRY_OUT: Final[Mapping[SpecialCategory, str]] = MappingProxyType(
    {
        SpecialCategory.HOUSING: "HOUSING",
        SpecialCategory.EMPLOYMENT: "EMPLOYMENT",
        SpecialCategory.CREDIT: "CREDIT",
    }
)
"""`special_industries`: these three and no others (page "Create a campaign"), so nothing else can be declared."""

CONFIGURED: Final[Mapping[str, ConfiguredStatus]] = MappingProxyType(
    {
        "ENABLE": ConfiguredStatus.ACTIVE,
        "DISABLE": ConfiguredStatus.PAUSED,
        "DELETE": ConfiguredStatus.DELETED,
        "FROZEN": ConfiguredStatus.PAUSED,
    }
)
CONFIGURED_OUT: Final[Mapping[ConfiguredStatus, str]] = MappingProxyType(
    {
        ConfiguredStatus.ACTIVE: "ENABLE",
        ConfiguredStatus.PAUSED: "DISABLE",
        ConfiguredStatus.DELETED: "DELETE",
    }
)

PRIMARY: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {
        "STATUS_DELIVERY_OK": DeliveryStatus.DELIVERING,
        "STATUS_DELIVERY_PARTIAL": DeliveryStatus.LIMITED,
        "STATUS_DISABLE": DeliveryStatus.PAUSED,
        "STATUS_FROZEN": DeliveryStatus.PAUSED,
        "STATUS_NOT_DELIVERY": DeliveryStatus.MISCONFIGURED,
        "STATUS_TIME_DONE": DeliveryStatus.ENDED,
        "STATUS_RF_CLOSED": DeliveryStatus.ENDED,
        "STATUS_DELETE": DeliveryStatus.DELETED,
    }
)
SECONDARY: Final[tuple[tuple[str, DeliveryStatus], ...]] = (
    ("AUDIT_DENY", DeliveryStatus.REJECTED),
    ("REJECT", DeliveryStatus.REJECTED),
    ("DENY", DeliveryStatus.REJECTED),
    ("AUDIT", DeliveryStatus.IN_REVIEW),
    ("DELETE", DeliveryStatus.DELETED),
    ("PARENT", DeliveryStatus.PARENT_PAUSED),
    ("ADVERTISER", DeliveryStatus.ACCOUNT_BLOCKED),
    ("BALANCE", DeliveryStatus.ACCOUNT_BLOCKED),
    ("BUDGET", DeliveryStatus.BUDGET_EXHAUSTED),
    ("EXCEED", DeliveryStatus.BUDGET_EXHAUSTED),
    ("TIME_DONE", DeliveryStatus.ENDED),
    ("NOT_START", DeliveryStatus.SCHEDULED),
    ("DELIVERY_OK", DeliveryStatus.DELIVERING),
    ("ENABLE", DeliveryStatus.DELIVERING),
    ("DISABLE", DeliveryStatus.PAUSED),
)
"""Parts of `secondary_status` words, the telling ones first: the vendor adds words, their parts stay."""

ACCOUNTS: Final[Mapping[str, AccountStatus]] = MappingProxyType(
    {
        "STATUS_ENABLE": AccountStatus.ACTIVE,
        "STATUS_DISABLE": AccountStatus.DISABLED,
        "STATUS_LIMIT": AccountStatus.LIMITED,
        "STATUS_PENDING_CONFIRM": AccountStatus.IN_REVIEW,
        "STATUS_PENDING_VERIFIED": AccountStatus.IN_REVIEW,
        "STATUS_CONFIRM_FAIL": AccountStatus.DISABLED,
        "STATUS_CONFIRM_FAIL_END": AccountStatus.DISABLED,
        "STATUS_PENDING_CONFIRM_MODIFY": AccountStatus.IN_REVIEW,
        "STATUS_CONFIRM_MODIFY_FAIL": AccountStatus.DISABLED,
        "STATUS_WAIT_FOR_BPM_AUDIT": AccountStatus.IN_REVIEW,
        "STATUS_WAIT_FOR_PUBLIC_AUTH": AccountStatus.IN_REVIEW,
        "STATUS_SELF_SERVICE_UNAUDITED": AccountStatus.IN_REVIEW,
        "STATUS_CONTRACT_PENDING": AccountStatus.UNSETTLED,
    }
)

GOALS: Final[Mapping[str, OptimizationGoal]] = MappingProxyType(
    {
        "SHOW": OptimizationGoal.IMPRESSIONS,
        "REACH": OptimizationGoal.REACH,
        "VIDEO_VIEW": OptimizationGoal.VIDEO_VIEWS,
        "ENGAGED_VIEW": OptimizationGoal.VIDEO_VIEWS,
        "CLICK": OptimizationGoal.CLICKS,
        "TRAFFIC_LANDING_PAGE_VIEW": OptimizationGoal.LANDING_PAGE_VIEWS,
        "PAGE_VISIT": OptimizationGoal.ENGAGEMENT,
        "FOLLOWERS": OptimizationGoal.FOLLOWERS,
        "LEAD_GENERATION": OptimizationGoal.LEADS,
        "INSTALL": OptimizationGoal.APP_INSTALLS,
        "IN_APP_EVENT": OptimizationGoal.APP_EVENTS,
        "CONVERT": OptimizationGoal.CONVERSIONS,
        "VALUE": OptimizationGoal.VALUE,
    }
)
GOAL_OUT: Final[Mapping[OptimizationGoal, str]] = MappingProxyType(
    {ours: theirs for theirs, ours in reversed(list(GOALS.items()))}
)

BILLING: Final[Mapping[str, BillingEvent]] = MappingProxyType(
    {
        "CPC": BillingEvent.CLICKS,
        "CPM": BillingEvent.IMPRESSIONS,
        "CPV": BillingEvent.VIDEO_VIEWS,
        "OCPM": BillingEvent.OPTIMIZED_IMPRESSIONS,
    }
)
BILLING_OUT: Final[Mapping[BillingEvent, str]] = MappingProxyType({ours: theirs for theirs, ours in BILLING.items()})

GENDERS: Final[Mapping[str, tuple[Gender, ...]]] = MappingProxyType(
    {"GENDER_FEMALE": (Gender.FEMALE,), "GENDER_MALE": (Gender.MALE,), "GENDER_UNLIMITED": ()}
)

AGES: Final[tuple[tuple[str, int, int], ...]] = (
    ("AGE_13_17", 13, 17),
    ("AGE_18_24", 18, 24),
    ("AGE_25_34", 25, 34),
    ("AGE_35_44", 35, 44),
    ("AGE_45_54", 45, 54),
    ("AGE_55_100", 55, 100),
)


def spoken(table: Mapping[W, str], word: W, field: str) -> str:
    """TikTok's word for ours; raises UnsupportedCapabilityError where it has none, before anything is sent."""
    known = table.get(word)
    if known is None:
        raise UnsupportedCapabilityError(
            f"TikTok has no {field} {word}", vendor="tiktok", field=field, value=str(word),
            hint=f"use one of {', '.join(str(each) for each in table)}",
        )  # fmt: skip
    return known


def delivery(configured: ConfiguredStatus, primary: str | None, secondary: str | None) -> DeliveryStatus:
    """Whether it runs: the secondary status says more than the primary one, the switch is the last resort."""
    for part, meaning in SECONDARY:
        if secondary and part in secondary:
            return meaning
    if primary is not None and primary in PRIMARY:
        return PRIMARY[primary]
    if configured is ConfiguredStatus.PAUSED:
        return DeliveryStatus.PAUSED
    return DeliveryStatus.DELETED if configured is ConfiguredStatus.DELETED else DeliveryStatus.UNKNOWN
