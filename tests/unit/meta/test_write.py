"""What is sent to Meta: specs and patches as parameters, refused here where they cannot be said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import (
    AdGroup,
    AdGroupPatch,
    AdGroupSpec,
    AdPatch,
    AdSpec,
    Bid,
    Budget,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    Compliance,
    Creative,
    CreativeKind,
    Gender,
    IdentityRef,
    Level,
    MediaKind,
    MediaRef,
    Money,
    Objective,
    OptimizationGoal,
    Schedule,
    Targeting,
)
from backstay.ads.parts import AttributionSetting
from backstay.ads.spec import ConversionSource
from backstay.ads.words import BillingEvent, SpecialCategory
from backstay.errors import BackstayError, InvalidRequestError, MoneyPrecisionError, UnsupportedCapabilityError
from backstay_adapters.meta.wire import read, write
from backstay_adapters.meta.wire.creative import creative, creative_out

TOKEN = "k3v5aaaabbbbcccc"
USD = "USD"
START = datetime(2026, 3, 28, 12, 0, tzinfo=timezone(timedelta(hours=1)))
END = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)


def usd(amount: str) -> Money:
    return Money(amount, USD)


def spec(**fields: Any) -> CampaignSpec:
    base: dict[str, Any] = {
        "name": "Spring", "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(),
        "budget": Budget.daily(usd("50.00")),
    }  # fmt: skip
    return CampaignSpec(**{**base, **fields})


def group(**fields: Any) -> AdGroupSpec:
    base: dict[str, Any] = {
        "name": "All", "optimization": OptimizationGoal.CLICKS, "targeting": Targeting(locations=("US",)),
    }  # fmt: skip
    return AdGroupSpec(**{**base, **fields})


def above(**fields: Any) -> Campaign:
    """A campaign that has the budget."""
    ref = read.ref("act_7", Level.CAMPAIGN, "1")
    return Campaign(**{"ref": ref, "name": "Spring", "budget": Budget.daily(usd("50")), **fields})


BARE = above(budget=None)


def refused(work: Any, field: str, kind: type[BackstayError] = InvalidRequestError) -> None:
    """It is refused with field and cure."""
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.field == field
    assert caught.value.hint


# Campaigns --------------------------------------------------------------------------------------------------------


def test_a_campaign_with_a_budget() -> None:
    """Paused, marked, in cents, with its declaration."""
    assert write.campaign(spec(), TOKEN, currency=USD) == {
        "name": f"Spring bs-{TOKEN}", "objective": "OUTCOME_TRAFFIC", "status": "PAUSED", "special_ad_categories": [],
        "daily_budget": 5000,
    }  # fmt: skip


def test_a_campaign_whose_ad_sets_have_the_budgets_says_so() -> None:
    """Without the flag it is refused since v24 (100/4834011)."""
    body = write.campaign(spec(budget=None), TOKEN, currency=USD)
    assert body["is_adset_budget_sharing_enabled"] is False
    shared = write.campaign(spec(budget=None, extra={"is_adset_budget_sharing_enabled": True}), TOKEN, currency=USD)
    assert shared["is_adset_budget_sharing_enabled"] is True


def test_a_label_leaves_the_name_alone() -> None:
    """The marker is somewhere, either way."""
    body = write.campaign(spec(), TOKEN, currency=USD, label=True)
    assert (body["name"], body["adlabels"]) == ("Spring", [{"name": f"bs-{TOKEN}"}])


def test_a_lifetime_budget_has_an_end() -> None:
    """Times go out in UTC, whatever zone they were given in."""
    body = write.campaign(
        spec(budget=Budget.lifetime(usd("700")), schedule=Schedule(start=START, end=END)), TOKEN, currency=USD
    )
    assert body["lifetime_budget"] == 70000
    assert (body["start_time"], body["stop_time"]) == ("2026-03-28T11:00:00+0000", "2026-03-30T12:00:00+0000")


def test_special_categories_are_declared() -> None:
    """Political ads in the EU are a category at Meta, too."""
    told = Compliance(special_categories=(SpecialCategory.HOUSING, SpecialCategory.CREDIT), eu_political=False)
    body = write.campaign(spec(compliance=told), TOKEN, currency=USD)
    assert body["special_ad_categories"] == ["HOUSING", "FINANCIAL_PRODUCTS_SERVICES"]
    silent = spec(compliance=Compliance(special_categories=(), eu_political=True))
    refused(lambda: write.campaign(silent, TOKEN, currency=USD), "compliance.special_categories")


@pytest.mark.parametrize(
    ("fields", "named", "kind"),
    [
        ({"name": "x" * 381}, "name", InvalidRequestError),
        ({"budget": Budget.daily(usd("50.015"))}, "budget.amount", MoneyPrecisionError),
        ({"budget": Budget.daily(Money("50", "EUR"))}, "budget.amount", InvalidRequestError),
        ({"bid": Bid.cost_cap(usd("2"))}, "bid", InvalidRequestError),
        ({"budget": None, "bid": Bid.lowest_cost()}, "bid", InvalidRequestError),
        ({"extra": {"status": "ACTIVE"}}, "extra.status", InvalidRequestError),
    ],
)
def test_a_campaign_that_cannot_be_said_is_refused(
    fields: dict[str, Any], named: str, kind: type[BackstayError]
) -> None:
    """Before anything is sent."""
    refused(lambda: write.campaign(spec(**fields), TOKEN, currency=USD), named, kind)


# Ad sets ----------------------------------------------------------------------------------------------------------


def test_an_ad_set_under_a_campaign_with_the_budget() -> None:
    """No budget of its own, billed by impressions, and not widened by the vendor."""
    assert write.ad_group(group(), above(), TOKEN, currency=USD) == {
        "name": f"All bs-{TOKEN}", "campaign_id": "1", "status": "PAUSED", "optimization_goal": "LINK_CLICKS",
        "billing_event": "IMPRESSIONS",
        "targeting": {"geo_locations": {"countries": ["US"]}, "targeting_automation": {"advantage_audience": 0}},
    }  # fmt: skip


def test_an_ad_set_with_everything() -> None:
    """Budget, bid, schedule, windows, what is promoted, and whom it is for."""
    body = write.ad_group(
        group(
            optimization=OptimizationGoal.CONVERSIONS, billing=BillingEvent.IMPRESSIONS,
            budget=Budget.lifetime(usd("70")), bid=Bid.bid_cap(usd("2.50")), schedule=Schedule(start=START, end=END),
            conversion=ConversionSource(source_id="55", event="PURCHASE"),
            attribution=AttributionSetting(click_days=7, view_days=1, engaged_view_days=0),
            targeting=Targeting(
                locations=("US", "region:3847", "zip:US:94304"), age_min=21, age_max=65, genders=(Gender.FEMALE,),
                languages=("6",), placements=("facebook",),
                extra={"geo_locations": {"location_types": ["home"]}, "interests": [{"id": "1"}]},
            ),
            extra={"dsa_payor": "We", "dsa_beneficiary": "We"},
        ),
        BARE, TOKEN, currency=USD,
    )  # fmt: skip
    assert (body["lifetime_budget"], body["bid_amount"], body["bid_strategy"]) == (
        7000,
        250,
        "LOWEST_COST_WITH_BID_CAP",
    )
    assert body["promoted_object"] == {"pixel_id": "55", "custom_event_type": "PURCHASE"}
    assert body["attribution_spec"] == [
        {"event_type": "CLICK_THROUGH", "window_days": 7}, {"event_type": "VIEW_THROUGH", "window_days": 1},
    ]  # fmt: skip
    assert body["targeting"] == {
        "geo_locations": {
            "countries": ["US"], "regions": [{"key": "3847"}], "zips": [{"key": "US:94304"}],
            "location_types": ["home"],
        },
        "age_min": 21, "age_max": 65, "genders": [2], "locales": [6], "publisher_platforms": ["facebook"],
        "targeting_automation": {"advantage_audience": 0}, "interests": [{"id": "1"}],
    }  # fmt: skip
    assert (body["start_time"], body["end_time"]) == ("2026-03-28T11:00:00+0000", "2026-03-30T12:00:00+0000")
    assert body["dsa_payor"] == "We"


def test_what_is_read_can_be_written_again() -> None:
    """Targeting is replaced as a whole, so that nothing may be lost on the way through our model."""
    raw = {
        "geo_locations": {
            "countries": ["DE"], "cities": [{"key": "1"}, {"key": "2", "radius": 10, "distance_unit": "mile"}],
            "location_types": ["home"],
        },
        "age_min": 20, "genders": [1], "targeting_automation": {"advantage_audience": 1}, "flexible_spec": [{"a": 1}],
    }  # fmt: skip
    assert write.targeting(read.targeting(raw)) == raw


@pytest.mark.parametrize(
    ("goal", "promoted"),
    [
        (OptimizationGoal.LEADS, {"page_id": "5"}),
        (OptimizationGoal.APP_INSTALLS, {"application_id": "5"}),
        (OptimizationGoal.VALUE, {"pixel_id": "5"}),
    ],
)
def test_what_is_promoted_follows_the_goal(goal: OptimizationGoal, promoted: dict[str, str]) -> None:
    """A page for leads, an app for installs, else a pixel."""
    body = write.ad_group(
        group(optimization=goal, conversion=ConversionSource(source_id="5")), above(), TOKEN, currency=USD
    )
    assert body["promoted_object"] == promoted


def test_under_a_campaigns_budget_only_the_amount_of_a_bid_is_the_ad_sets() -> None:
    """The strategy is where the budget is."""
    capped = above(bid=Bid(strategy=Bid.cost_cap(usd("1")).strategy))
    body = write.ad_group(group(bid=Bid.cost_cap(usd("2"))), capped, TOKEN, currency=USD)
    assert body["bid_amount"] == 200
    assert "bid_strategy" not in body
    planned = above(extra={"bid_strategy": "COST_CAP"})
    assert write.ad_group(group(bid=Bid.cost_cap(usd("2"))), planned, TOKEN, currency=USD)["bid_amount"] == 200
    refused(lambda: write.ad_group(group(bid=Bid.bid_cap(usd("2"))), capped, TOKEN, currency=USD), "bid")


@pytest.mark.parametrize(
    ("fields", "campaign", "named", "kind"),
    [
        ({"budget": Budget.daily(usd("5"))}, above(), "budget", InvalidRequestError),
        ({}, BARE, "budget", InvalidRequestError),
        ({"targeting": Targeting()}, above(), "targeting.locations", InvalidRequestError),
        ({"targeting": Targeting(locations=("6252001",))}, above(), "targeting.locations", InvalidRequestError),
        ({"targeting": Targeting(locations=("planet:3",))}, above(), "targeting.locations", InvalidRequestError),
        ({"targeting": Targeting(locations=("US",), age_max=70)}, above(), "targeting.age_max",
         UnsupportedCapabilityError),
        ({"targeting": Targeting(locations=("US",), languages=("en",))}, above(), "targeting.languages",
         UnsupportedCapabilityError),
        ({"budget": Budget.none()}, BARE, "budget", InvalidRequestError),
        ({"budget": Budget.daily(usd("5")), "bid": Bid.min_roas(Decimal("1.00001"))}, BARE, "bid.roas",
         MoneyPrecisionError),
    ],
)  # fmt: skip
def test_an_ad_set_that_cannot_be_said_is_refused(
    fields: dict[str, Any], campaign: Campaign, named: str, kind: type[BackstayError]
) -> None:
    """Before anything is sent."""
    refused(lambda: write.ad_group(group(**fields), campaign, TOKEN, currency=USD), named, kind)


def test_a_custom_audience_needs_no_place() -> None:
    """Meta wants one of the two."""
    body = write.targeting(Targeting(extra={"custom_audiences": [{"id": "1"}]}))
    assert body == {"targeting_automation": {"advantage_audience": 0}, "custom_audiences": [{"id": "1"}]}


# Creatives and ads ------------------------------------------------------------------------------------------------

PAGE = IdentityRef(id="99", kind="page")
IMAGE = MediaRef(kind=MediaKind.IMAGE, id="hash")
VIDEO = MediaRef(kind=MediaKind.VIDEO, id="5")
BASE: dict[str, Any] = {
    "texts": ("Cheaper",), "headlines": ("Sale",), "link": "https://example.com/", "call_to_action": "SHOP_NOW",
    "identity": PAGE,
}  # fmt: skip


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (
            Creative(kind=CreativeKind.IMAGE, media=(IMAGE,), **BASE),
            {"object_story_spec": {"page_id": "99", "link_data": {
                "link": "https://example.com/", "message": "Cheaper", "name": "Sale", "image_hash": "hash",
                "call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://example.com/"}}}}},
        ),
        (
            Creative(kind=CreativeKind.VIDEO, media=(VIDEO, IMAGE), **BASE),
            {"object_story_spec": {"page_id": "99", "video_data": {
                "video_id": "5", "image_hash": "hash", "message": "Cheaper", "title": "Sale",
                "call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://example.com/"}}}}},
        ),
        (
            Creative(kind=CreativeKind.CAROUSEL, media=(IMAGE, VIDEO), **{**BASE, "headlines": ("One", "Two")}),
            {"object_story_spec": {"page_id": "99", "link_data": {
                "link": "https://example.com/", "message": "Cheaper",
                "call_to_action": {"type": "SHOP_NOW", "value": {"link": "https://example.com/"}},
                "child_attachments": [
                    {"link": "https://example.com/", "name": "One", "image_hash": "hash"},
                    {"link": "https://example.com/", "name": "Two", "video_id": "5"},
                ]}}},
        ),
        (Creative(kind=CreativeKind.EXISTING_POST, post_id="99_1"), {"object_story_id": "99_1"}),
    ],
)  # fmt: skip
def test_creatives_go_out_and_come_back(value: Creative, body: dict[str, Any]) -> None:
    """The common forms, both ways."""
    assert creative_out(value, "First") == {"name": "First", **body}
    back = creative(creative_out(value, "First"))
    assert back.model_copy(update={"extra": value.extra}) == value


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": CreativeKind.IMAGE, "media": (IMAGE,), **BASE, "identity": None}, "creative.identity"),
        ({"kind": CreativeKind.IMAGE, "media": (IMAGE,), **BASE, "link": None}, "creative.link"),
        ({"kind": CreativeKind.VIDEO, "media": (IMAGE,), **BASE}, "creative.media"),
        ({"kind": CreativeKind.VIDEO, "media": (VIDEO,), **BASE}, "creative.media"),
        ({"kind": CreativeKind.CAROUSEL, "media": (IMAGE,), **BASE}, "creative.media"),
        ({"kind": CreativeKind.EXISTING_POST}, "creative.post_id"),
        ({"kind": CreativeKind.RESPONSIVE}, "creative.kind"),
    ],
)
def test_a_creative_that_cannot_be_said_is_refused(fields: dict[str, Any], named: str) -> None:
    """Before anything is sent."""
    refused(lambda: creative_out(Creative(**fields), "n"), named)


def test_a_declaration_that_meta_does_not_take_is_not_dropped_in_silence() -> None:
    """No field of the API says that something was made by AI."""
    made = Creative(kind=CreativeKind.EXISTING_POST, post_id="1", ai_generated=True)
    refused(lambda: creative_out(made, "n"), "creative.ai_generated", UnsupportedCapabilityError)


def test_an_ad_brings_its_creative_or_names_one() -> None:
    """Made with the ad, so that nothing is left over when the ad is refused."""
    parent = AdGroup(
        ref=read.ref("act_7", Level.AD_GROUP, "2"), campaign=read.ref("act_7", Level.CAMPAIGN, "1"), name="All"
    )
    named = AdSpec(name="First", creative=Creative(kind=CreativeKind.VIDEO, id="77"))
    body = write.ad(named, parent, TOKEN)
    assert body == {
        "name": f"First bs-{TOKEN}", "adset_id": "2", "status": "PAUSED", "creative": {"creative_id": "77"},
    }  # fmt: skip


# Changes ----------------------------------------------------------------------------------------------------------


def test_a_patch_is_its_changed_fields() -> None:
    """Absolute, and the marker stays in the name."""
    before = above(key_token=TOKEN)
    patch = CampaignPatch(name="Autumn", budget=Budget.daily(usd("120")), schedule=Schedule(end=END))
    assert write.change(before, patch, USD) == {
        "name": f"Autumn bs-{TOKEN}", "daily_budget": 12000, "stop_time": "2026-03-30T12:00:00+0000",
    }  # fmt: skip
    assert write.change(above(), CampaignPatch(name="Autumn", extra={"spend_cap": 5}), USD) == {
        "name": "Autumn", "spend_cap": 5,
    }  # fmt: skip


def test_a_labelled_object_keeps_a_plain_name() -> None:
    """Its marker is not in the name, so that it does not come into it."""
    before = above(key_token=TOKEN, extra={"adlabels": [{"id": "1", "name": f"bs-{TOKEN}"}]})
    assert write.change(before, CampaignPatch(name="Autumn"), USD) == {"name": "Autumn"}


def test_an_end_that_is_cleared_is_zero() -> None:
    """Meta's word for open."""
    patch = AdGroupPatch(schedule=None)
    group_before = AdGroup(
        ref=read.ref("act_7", Level.AD_GROUP, "2"), campaign=read.ref("act_7", Level.CAMPAIGN, "1"), name="All"
    )
    assert write.change(group_before, patch, USD) == {"end_time": 0}


def test_a_budget_does_not_change_its_kind() -> None:
    """From daily to lifetime, or from the campaign to the ad set: a new object says what is wanted."""
    refused(
        lambda: write.change(above(), CampaignPatch(budget=Budget.lifetime(usd("5"))), USD),
        "budget.period", UnsupportedCapabilityError,
    )  # fmt: skip
    refused(
        lambda: write.change(BARE, CampaignPatch(budget=Budget.daily(usd("5"))), USD),
        "budget.period", UnsupportedCapabilityError,
    )  # fmt: skip


def test_an_ad_gets_another_creative() -> None:
    """A creative's own content is fixed."""
    ad = read.ad({"id": "3", "adset_id": "2", "name": "Ad"}, read.Reader("act_7", USD, END))
    patch = AdPatch(creative=Creative(kind=CreativeKind.VIDEO, id="78"))
    assert write.change(ad, patch, USD) == {"creative": {"creative_id": "78"}}
