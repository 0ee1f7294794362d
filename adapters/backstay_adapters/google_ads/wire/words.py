"""Google's words and ours: switches, what comes of them and why, reviews, accounts.

Tables hold every word of v26's enums but UNSPECIFIED and UNKNOWN; a test walks the package's enums, so that a new
version shows its new words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeVar

from backstay.ads import AccountStatus, ConfiguredStatus, DeliveryStatus, Gender, ReviewState
from backstay.errors import UnsupportedCapabilityError

W = TypeVar("W")
_D: Final = DeliveryStatus

CONFIGURED: Final[Mapping[str, ConfiguredStatus]] = MappingProxyType(
    {"ENABLED": ConfiguredStatus.ACTIVE, "PAUSED": ConfiguredStatus.PAUSED, "REMOVED": ConfiguredStatus.DELETED}
)
CONFIGURED_OUT: Final[Mapping[ConfiguredStatus, str]] = MappingProxyType(
    {ours: theirs for theirs, ours in CONFIGURED.items()}
)

PRIMARY: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {
        "ELIGIBLE": _D.DELIVERING,
        "LEARNING": _D.LEARNING,
        "LIMITED": _D.LIMITED,
        "PAUSED": _D.PAUSED,
        "REMOVED": _D.DELETED,
        "ENDED": _D.ENDED,
        "PENDING": _D.SCHEDULED,
        "MISCONFIGURED": _D.MISCONFIGURED,
        "NOT_ELIGIBLE": _D.MISCONFIGURED,
    }
)
"""What a primary status means where no reason says more."""

TOLD_BY_REASONS: Final = frozenset({"NOT_ELIGIBLE", "PENDING", "MISCONFIGURED"})
"""Primary statuses that leave open why: the first reason that says it counts."""

_REASONS: Final = {
    _D.REJECTED: "HAS_ADS_DISAPPROVED HAS_ASSET_GROUPS_DISAPPROVED LEAD_FORM_EXTENSION_DISAPPROVED "
    "CALL_EXTENSION_DISAPPROVED AD_GROUP_AD_DISAPPROVED",
    _D.IN_REVIEW: "MOST_ADS_UNDER_REVIEW MOST_ASSET_GROUPS_UNDER_REVIEW LEAD_FORM_EXTENSION_UNDER_REVIEW "
    "CALL_EXTENSION_UNDER_REVIEW AD_GROUP_AD_UNDER_REVIEW AD_GROUP_AD_UNDER_APPEAL",
    _D.PARENT_PAUSED: "CAMPAIGN_PAUSED CAMPAIGN_GROUP_PAUSED AD_GROUP_PAUSED AD_GROUPS_PAUSED KEYWORDS_PAUSED "
    "AD_GROUP_ADS_PAUSED ASSET_GROUPS_PAUSED AD_GROUP_PAUSED_DUE_TO_LOW_ACTIVITY",
    _D.PAUSED: "AD_GROUP_AD_PAUSED",
    _D.DELETED: "CAMPAIGN_REMOVED AD_GROUP_REMOVED AD_GROUP_AD_REMOVED",
    _D.SCHEDULED: "CAMPAIGN_PENDING CAMPAIGN_NOT_BOOKED BOOKING_HOLD_EXPIRING",
    _D.ENDED: "CAMPAIGN_ENDED BOOKING_HOLD_EXPIRED BOOKING_CANCELLED",
    _D.BUDGET_EXHAUSTED: "CAMPAIGN_GROUP_ALL_GROUP_BUDGETS_ENDED",
    _D.LEARNING: "BIDDING_STRATEGY_LEARNING",
    _D.LIMITED: "BIDDING_STRATEGY_LIMITED BIDDING_STRATEGY_CONSTRAINED BUDGET_CONSTRAINED SEARCH_VOLUME_LIMITED "
    "HAS_ADS_LIMITED_BY_POLICY HAS_ASSET_GROUPS_LIMITED_BY_POLICY APP_PARTIALLY_RELEASED AD_GROUP_AD_POOR_QUALITY "
    "AD_GROUP_AD_APPROVED_LABELED AD_GROUP_AD_AREA_OF_INTEREST_ONLY",
    _D.MISCONFIGURED: "CAMPAIGN_DRAFT BIDDING_STRATEGY_MISCONFIGURED BUDGET_MISCONFIGURED NO_AD_GROUPS NO_KEYWORDS "
    "NO_AD_GROUP_ADS MISSING_LEAD_FORM_EXTENSION MISSING_CALL_EXTENSION NO_MOBILE_APPLICATION_AD_GROUP_CRITERIA "
    "APP_NOT_RELEASED NO_ASSET_GROUPS MISSING_LOCATION_TARGETING AD_GROUP_INCOMPLETE AD_GROUP_AD_NO_ADS",
}
REASONS: Final[Mapping[str, DeliveryStatus]] = MappingProxyType(
    {reason: meaning for meaning, reasons in _REASONS.items() for reason in reasons.split()}
)
"""The reasons of all levels."""

ACCOUNTS: Final[Mapping[str, AccountStatus]] = MappingProxyType(
    {
        "ENABLED": AccountStatus.ACTIVE,
        "CANCELED": AccountStatus.CLOSED,
        "CLOSED": AccountStatus.CLOSED,
        "SUSPENDED": AccountStatus.DISABLED,
    }
)

APPROVALS: Final[Mapping[str, ReviewState]] = MappingProxyType(
    {
        "APPROVED": ReviewState.APPROVED,
        "APPROVED_LIMITED": ReviewState.LIMITED,
        "AREA_OF_INTEREST_ONLY": ReviewState.LIMITED,
        "DISAPPROVED": ReviewState.REJECTED,
    }
)
REVIEWS: Final[Mapping[str, ReviewState]] = MappingProxyType(
    {
        "REVIEW_IN_PROGRESS": ReviewState.PENDING,
        "UNDER_APPEAL": ReviewState.PENDING,
        "ELIGIBLE_MAY_SERVE": ReviewState.APPROVED,
        "REVIEWED": ReviewState.UNKNOWN,
    }
)
"""REVIEWED says that the approval says it."""

GENDERS: Final[Mapping[str, Gender]] = MappingProxyType({"FEMALE": Gender.FEMALE, "MALE": Gender.MALE})

AGES: Final[tuple[tuple[str, int, int], ...]] = (
    ("AGE_RANGE_18_24", 18, 24),
    ("AGE_RANGE_25_34", 25, 34),
    ("AGE_RANGE_35_44", 35, 44),
    ("AGE_RANGE_45_54", 45, 54),
    ("AGE_RANGE_55_64", 55, 64),
    ("AGE_RANGE_65_UP", 65, 100),
)
NO_AGE: Final = "AGE_RANGE_UNDETERMINED"
NO_GENDER: Final = "UNDETERMINED"
"""People of whom the vendor does not know it: left out as soon as somebody is."""


def spoken(table: Mapping[W, str], word: W, field: str) -> str:
    """Google's word for ours; raises UnsupportedCapabilityError where it has none, before anything is sent."""
    known = table.get(word)
    if known is None:
        raise UnsupportedCapabilityError(
            f"Google Ads has no {field} {word}", vendor="google_ads", field=field, value=str(word),
            hint=f"use one of {', '.join(str(each) for each in table)}",
        )  # fmt: skip
    return known


def delivery(
    configured: ConfiguredStatus, primary: str | None, reasons: Sequence[str] = (), serving: str | None = None
) -> DeliveryStatus:
    """Whether it runs: the primary status, and its reasons where it leaves open why not."""
    if configured is ConfiguredStatus.DELETED:
        return _D.DELETED
    if serving == "SUSPENDED":
        return _D.ACCOUNT_BLOCKED
    if primary == "PAUSED" and configured is ConfiguredStatus.ACTIVE:
        return _D.PARENT_PAUSED
    known = PRIMARY.get(primary or "")
    if known is not None and primary in TOLD_BY_REASONS:
        return next((REASONS[reason] for reason in reasons if reason in REASONS), known)
    if known is not None:
        return known
    return _D.PAUSED if configured is ConfiguredStatus.PAUSED else _D.UNKNOWN


def review(approval: str | None, state: str | None) -> ReviewState:
    """What became of the review; an approval says more than how far the review is."""
    return APPROVALS.get(approval or "") or REVIEWS.get(state or "", ReviewState.UNKNOWN)
