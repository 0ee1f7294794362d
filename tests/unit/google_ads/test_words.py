"""Google's words are all known: the tables are walked against the enums of the installed package."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from backstay.ads import ConfiguredStatus, DeliveryStatus, Objective, ReviewState
from backstay_adapters.google_ads.profile import API_VERSION
from backstay_adapters.google_ads.wire import bidding, creative, words, write
from backstay_adapters.google_ads.wire.protos import raw

SILENT = {"UNSPECIFIED", "UNKNOWN"}


def members(enum: str) -> set[str]:
    """The words of one of the package's enums."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum).lower()
    module: Any = importlib.import_module(f"google.ads.googleads.{API_VERSION}.enums.types.{name}")
    return {each.name for each in getattr(getattr(module, f"{enum}Enum"), enum)} - SILENT


def message(module: str, name: str) -> Any:
    """The fields of one of the package's messages."""
    found: Any = importlib.import_module(f"google.ads.googleads.{API_VERSION}.{module}")
    return raw(getattr(found, name)).DESCRIPTOR


@pytest.mark.parametrize("enum", ["CampaignStatus", "AdGroupStatus", "AdGroupAdStatus"])
def test_every_switch_has_a_meaning(enum: str) -> None:
    """On, off, and removed."""
    assert members(enum) == set(words.CONFIGURED)


@pytest.mark.parametrize("level", ["Campaign", "AdGroup", "AdGroupAd"])
def test_every_primary_status_and_reason_has_a_meaning(level: str) -> None:
    """Of all three levels."""
    assert members(f"{level}PrimaryStatus") <= set(words.PRIMARY)
    assert members(f"{level}PrimaryStatusReason") <= set(words.REASONS)


def test_the_tables_name_no_words_that_are_gone() -> None:
    """What the package no longer has is taken out here, too."""
    levels = ("Campaign", "AdGroup", "AdGroupAd")
    assert set(words.PRIMARY) == set().union(*(members(f"{each}PrimaryStatus") for each in levels))
    assert set(words.REASONS) == set().union(*(members(f"{each}PrimaryStatusReason") for each in levels))


def test_accounts_and_reviews_are_total() -> None:
    """Customers, approvals and how far a review is."""
    assert members("CustomerStatus") == set(words.ACCOUNTS)
    assert members("PolicyApprovalStatus") == set(words.APPROVALS)
    assert members("PolicyReviewStatus") == set(words.REVIEWS)


def test_ages_and_genders_are_total() -> None:
    """Leaving the others out is complete only if all others are known."""
    assert members("AgeRangeType") == {*(name for name, *_ in words.AGES), words.NO_AGE}
    assert members("GenderType") == {*words.GENDERS, words.NO_GENDER}


def test_every_bidding_strategy_has_a_meaning() -> None:
    """INVALID says that the vendor cannot tell; all others speak of an objective."""
    assert members("BiddingStrategyType") - {"INVALID"} == set(bidding.STRATEGIES)


def test_every_channel_that_speaks_of_an_objective_exists() -> None:
    """And those that the defaults choose."""
    channels = members("AdvertisingChannelType")
    assert set(bidding.CHANNELS) <= channels
    assert {choice.channel for choice in bidding.CHOICES.values()} <= channels
    kinds = members("AdvertisingChannelSubType")
    assert {choice.sub_type for choice in bidding.CHOICES.values()} - {None} <= kinds


def test_every_objective_has_a_default_but_one() -> None:
    """ENGAGEMENT has no counterpart; the capability says so."""
    assert set(Objective) - set(bidding.CHOICES) == {Objective.ENGAGEMENT, Objective.UNKNOWN}


def test_the_strategies_are_the_oneof_of_the_campaign() -> None:
    """Exactly one of them may be sent."""
    campaign = message("resources.types.campaign", "Campaign")
    (oneof,) = [each for each in campaign.oneofs if each.name == "campaign_bidding_strategy"]
    assert {field.name for field in oneof.fields} == set(bidding.FIELDS)


def test_the_kinds_of_ads_are_the_oneof_of_the_ad() -> None:
    """One of them in `extra` takes the creative's place."""
    ad = message("resources.types.ad", "Ad")
    (oneof,) = [each for each in ad.oneofs if each.name == "ad_data"]
    assert {field.name for field in oneof.fields} == set(creative.DATA)


def test_the_words_that_are_sent_exist() -> None:
    """Types of ad groups, the political declaration, criteria."""
    assert set(write.GROUP_TYPES.values()) <= members("AdGroupType")
    assert set(write.POLITICAL.values()) <= members("EuPoliticalAdvertisingStatus")


CASES = [
    ("ENABLED", "ELIGIBLE", (), None, DeliveryStatus.DELIVERING),
    ("ENABLED", "LIMITED", ("BUDGET_CONSTRAINED",), None, DeliveryStatus.LIMITED),
    ("ENABLED", "NOT_ELIGIBLE", ("CAMPAIGN_PAUSED",), None, DeliveryStatus.PARENT_PAUSED),
    ("ENABLED", "PAUSED", (), None, DeliveryStatus.PARENT_PAUSED),
    ("PAUSED", "PAUSED", ("AD_GROUP_PAUSED",), None, DeliveryStatus.PAUSED),
    ("ENABLED", "PENDING", ("MOST_ADS_UNDER_REVIEW",), None, DeliveryStatus.IN_REVIEW),
    ("ENABLED", "PENDING", ("CAMPAIGN_PENDING",), None, DeliveryStatus.SCHEDULED),
    ("ENABLED", "NOT_ELIGIBLE", ("AD_GROUP_AD_DISAPPROVED",), None, DeliveryStatus.REJECTED),
    ("ENABLED", "NOT_ELIGIBLE", (), None, DeliveryStatus.MISCONFIGURED),
    ("ENABLED", "NOT_ELIGIBLE", ("OF_TOMORROW",), None, DeliveryStatus.MISCONFIGURED),
    ("ENABLED", "ELIGIBLE", ("HAS_ADS_DISAPPROVED",), None, DeliveryStatus.DELIVERING),
    ("ENABLED", "ELIGIBLE", (), "SUSPENDED", DeliveryStatus.ACCOUNT_BLOCKED),
    ("REMOVED", "REMOVED", (), "SUSPENDED", DeliveryStatus.DELETED),
    ("ENABLED", "OF_TOMORROW", (), None, DeliveryStatus.UNKNOWN),
    ("PAUSED", None, (), None, DeliveryStatus.PAUSED),
]


@pytest.mark.parametrize(("switch", "primary", "reasons", "serving", "wanted"), CASES)
def test_delivery_is_told_by_status_and_reasons(
    switch: str, primary: str | None, reasons: tuple[str, ...], serving: str | None, wanted: DeliveryStatus
) -> None:
    """Reasons count only where the primary status leaves open why."""
    configured = words.CONFIGURED.get(switch, ConfiguredStatus.UNKNOWN)
    assert words.delivery(configured, primary, reasons, serving) is wanted


@pytest.mark.parametrize(
    ("approval", "state", "wanted"),
    [
        ("APPROVED", "REVIEWED", ReviewState.APPROVED),
        ("DISAPPROVED", "UNDER_APPEAL", ReviewState.REJECTED),
        (None, "REVIEW_IN_PROGRESS", ReviewState.PENDING),
        (None, "REVIEWED", ReviewState.UNKNOWN),
        (None, None, ReviewState.UNKNOWN),
        ("OF_TOMORROW", "REVIEW_IN_PROGRESS", ReviewState.PENDING),
    ],
)
def test_a_review_is_told_by_its_approval(approval: str | None, state: str | None, wanted: ReviewState) -> None:
    """How far it is counts only without one."""
    assert words.review(approval, state) is wanted
