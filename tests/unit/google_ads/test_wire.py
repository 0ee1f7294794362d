"""Specs, patches and queries in Google's words: what is sent, what is refused, and what is never said by accident."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ads import (
    AdGroup,
    AdGroupPatch,
    AdGroupSpec,
    AttributionSetting,
    Bid,
    BillingEvent,
    Budget,
    BudgetPeriod,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    Compliance,
    ConversionSource,
    Creative,
    CreativeKind,
    DateBasis,
    DateRange,
    Gender,
    IdentityRef,
    Level,
    MediaKind,
    MediaRef,
    MetricsQuery,
    Money,
    Objective,
    OptimizationGoal,
    Platform,
    Ref,
    Schedule,
    SpecialCategory,
    Targeting,
)
from backstay.errors import (
    ConflictError,
    InvalidRequestError,
    MoneyPrecisionError,
    SharedBudgetError,
    UnsupportedCapabilityError,
)
from backstay_adapters.google_ads.wire import bidding, change, creative, gaql, money, names, report, targets, write
from backstay_adapters.google_ads.wire.bidding import google_choice
from backstay_adapters.google_ads.wire.protos import protos

Json = Any
TOKEN = "abcdefghijklmnop"
CUSTOMER = "1234567890"
BERLIN = ZoneInfo("Europe/Berlin")
PLACE = write.Place(CUSTOMER, "USD", 10_000, BERLIN)
SEARCH = write.Parent("7", "SEARCH", "TARGET_SPEND", ())


def usd(amount: str) -> Money:
    """Dollars."""
    return Money(Decimal(amount), "USD")


def spec(**fields: Json) -> CampaignSpec:
    """A campaign."""
    base: dict[str, Json] = {
        "name": "Spring", "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(),
        "budget": Budget.daily(usd("50.00")),
    }  # fmt: skip
    return CampaignSpec(**{**base, **fields})


def made(**fields: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    """Budget and campaign that are created."""
    operations, _ = write.campaign(spec(**fields), TOKEN, PLACE, write.temporary())
    budget, campaign = operations
    return budget["campaign_budget_operation"]["create"], campaign["campaign_operation"]["create"]


def group(**fields: Json) -> AdGroupSpec:
    """An ad group."""
    base: dict[str, Json] = {"name": "Everybody", "optimization": OptimizationGoal.CLICKS}
    return AdGroupSpec(**{**base, **fields})


def group_operations(parent: write.Parent = SEARCH, **fields: Json) -> list[dict[str, Json]]:
    """What is sent for an ad group."""
    return write.ad_group(group(**fields), TOKEN, parent, PLACE, write.temporary())[0]


# Money ------------------------------------------------------------------------------------------------------------

VECTORS = [("USD", "50.00", 10_000, 50_000_000), ("JPY", "5000", 1_000_000, 5_000_000_000),
           ("HUF", "1234", 1_000_000, 1_234_000_000), ("USD", "0.01", 10_000, 10_000)]  # fmt: skip


@pytest.mark.parametrize(("currency", "amount", "step", "micros"), VECTORS)
def test_money_is_whole_micros(currency: str, amount: str, step: int, micros: int) -> None:
    """Both ways, to the last digit."""
    there = Money(Decimal(amount), currency)
    assert money.money_out(there, currency, step, "budget") == micros
    assert money.money_in(micros, currency) == there


@pytest.mark.parametrize(("currency", "amount", "step"), [("USD", "0.015", 10_000), ("JPY", "0.5", 1_000_000)])
def test_money_that_is_no_multiple_of_the_billable_unit_is_refused(currency: str, amount: str, step: int) -> None:
    """Micros would hold it, the vendor would not."""
    with pytest.raises(MoneyPrecisionError):
        money.money_out(Money(Decimal(amount), currency), currency, step, "budget")


def test_money_of_another_currency_is_refused() -> None:
    """Conversion is the caller's affair."""
    with pytest.raises(InvalidRequestError, match="EUR"):
        money.money_out(Money(Decimal(1), "EUR"), "USD", 10_000, "budget")


@given(st.integers(min_value=1, max_value=10**12))
def test_any_number_of_cents_comes_back(cents: int) -> None:
    """No float on the way."""
    there = Money(Decimal(cents) / 100, "USD")
    assert money.money_in(money.money_out(there, "USD", 10_000, "x"), "USD") == there


# Campaigns --------------------------------------------------------------------------------------------------------


def test_a_campaign_is_paused_and_its_budget_is_its_own() -> None:
    """The vendor's defaults are the other way round: enabled, and a budget that others may use."""
    budget, campaign = made()
    assert budget == {
        "resource_name": f"customers/{CUSTOMER}/campaignBudgets/-1", "amount_micros": 50_000_000,
        "delivery_method": "STANDARD", "explicitly_shared": False, "period": "DAILY",
    }  # fmt: skip
    assert campaign["status"] == "PAUSED"
    assert campaign["campaign_budget"] == budget["resource_name"]
    assert campaign["name"] == f"Spring bs-{TOKEN}"
    assert campaign["contains_eu_political_advertising"] == "DOES_NOT_CONTAIN_EU_POLITICAL_ADVERTISING"
    assert campaign["network_settings"]["target_content_network"] is False


def test_what_is_sent_is_what_the_vendors_messages_hold() -> None:
    """`explicitly_shared=False` is on the wire, not left out as a default."""
    operations, _ = write.campaign(spec(), TOKEN, PLACE, write.temporary())
    sent = protos().mutate(write.mutate(CUSTOMER, operations)["request"])
    budget = sent.mutate_operations[0].campaign_budget_operation.create
    assert budget.HasField("explicitly_shared")
    assert budget.explicitly_shared is False
    assert sent.mutate_operations[1].campaign_operation.create.WhichOneof("campaign_bidding_strategy") == "target_spend"


def test_a_lifetime_budget_has_a_period_and_an_end() -> None:
    """`total_amount_micros` with CUSTOM_PERIOD; times are the account's own."""
    ends = Schedule(start=datetime(2026, 3, 28, 23, 0, tzinfo=UTC), end=datetime(2026, 3, 30, 21, 59, 59, tzinfo=UTC))
    budget, campaign = made(budget=Budget.lifetime(usd("900")), schedule=ends)
    assert (budget["total_amount_micros"], budget["period"]) == (900_000_000, "CUSTOM_PERIOD")
    assert "amount_micros" not in budget
    assert campaign["start_date_time"] == "2026-03-29 00:00:00"
    assert campaign["end_date_time"] == "2026-03-30 23:59:59"


CHOICES = [
    (Objective.TRAFFIC, None, "SEARCH", {"target_spend": {}}),
    (Objective.TRAFFIC, Bid.bid_cap(usd("2.50")), "SEARCH", {"target_spend": {"cpc_bid_ceiling_micros": 2_500_000}}),
    (Objective.AWARENESS, None, "DISPLAY", {"target_cpm": {}}),
    (Objective.VIDEO_VIEWS, None, "DEMAND_GEN", {"target_cpv": {}}),
    (Objective.LEADS, None, "SEARCH", {"maximize_conversions": {}}),
    (Objective.LEADS, Bid.cost_cap(usd("9")), "SEARCH", {"target_cpa": {"target_cpa_micros": 9_000_000}}),
    (Objective.SALES, None, "SEARCH", {"maximize_conversion_value": {}}),
    (Objective.SALES, Bid.min_roas(Decimal("2.5")), "SEARCH", {"target_roas": {"target_roas": 2.5}}),
]


@pytest.mark.parametrize(("objective", "bid", "channel", "strategy"), CHOICES)
def test_an_objective_has_a_channel_and_exactly_one_strategy(
    objective: Objective, bid: Bid | None, channel: str, strategy: dict[str, Json]
) -> None:
    """The default table, which is part of the contract."""
    _, campaign = made(objective=objective, bid=bid)
    assert campaign["advertising_channel_type"] == channel
    assert {name: campaign[name] for name in bidding.FIELDS if name in campaign} == strategy


def test_an_app_campaign_needs_its_app() -> None:
    """Refused here, with what is missing, not late by the vendor."""
    app = {"app_campaign_setting": {"app_id": "com.example", "app_store": "GOOGLE_APP_STORE"}}
    _, campaign = made(objective=Objective.APP_PROMOTION, extra=app)
    assert campaign["advertising_channel_sub_type"] == "APP_CAMPAIGN"
    with pytest.raises(InvalidRequestError, match="app"):
        made(objective=Objective.APP_PROMOTION)


def test_a_choice_of_ones_own_replaces_the_default() -> None:
    """Channel, sub-channel and strategy; settings travel as they are."""
    _, campaign = made(extra=google_choice("DISPLAY", bidding="manual_cpc"))
    assert (campaign["advertising_channel_type"], campaign["manual_cpc"]) == ("DISPLAY", {})
    assert "target_spend" not in campaign
    _, other = made(objective=Objective.ENGAGEMENT, extra=google_choice("VIDEO", bidding={"target_cpv": {}}))
    assert other["target_cpv"] == {}


REFUSED = [
    ({"objective": Objective.ENGAGEMENT}, UnsupportedCapabilityError, "objective"),
    ({"bid": Bid.cost_cap(usd("1"))}, UnsupportedCapabilityError, "bid.strategy"),
    ({"bid": Bid.min_roas(Decimal(2))}, UnsupportedCapabilityError, "bid.strategy"),
    ({"bid": Bid.lowest_cost(), "extra": google_choice(bidding="manual_cpc")}, InvalidRequestError, "bid"),
    ({"budget": None}, InvalidRequestError, "budget"),
    ({"budget": Budget.none()}, InvalidRequestError, "budget"),
    ({"budget": Budget(amount=usd("5"), period=BudgetPeriod.DAILY_AVERAGED)}, UnsupportedCapabilityError,
     "budget.period"),
    ({"budget": Budget(amount=usd("5"), period=BudgetPeriod.DAILY, shared_ref="x")}, UnsupportedCapabilityError,
     "budget.shared_ref"),
    ({"compliance": Compliance(special_categories=(SpecialCategory.HOUSING,), eu_political=False)},
     UnsupportedCapabilityError, "compliance.special_categories"),
    ({"extra": {"status": "ENABLED"}}, InvalidRequestError, "extra.status"),
    ({"name": "x" * 236}, InvalidRequestError, "name"),
    ({"name": "\u00fc" * 118}, InvalidRequestError, "name"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "kind", "field"), REFUSED)
def test_what_google_cannot_be_told_is_refused_before_anything_is_sent(
    fields: dict[str, Json], kind: type[Exception], field: str
) -> None:
    """The refusal names the field and the cure."""
    with pytest.raises(kind) as caught:
        made(**fields)
    assert caught.value.field == field  # type: ignore[attr-defined]  # ours have one
    assert caught.value.hint  # type: ignore[attr-defined]  # as above


def test_no_such_strategy_is_refused() -> None:
    """With the ones there are."""
    with pytest.raises(InvalidRequestError, match="no bidding strategy"):
        google_choice(bidding="target_moon")


def test_a_field_that_v26_does_not_have_is_an_error_of_ours() -> None:
    """The vendor's messages refuse it; nothing is sent."""
    operations, _ = write.campaign(spec(extra={"no_such_field": 1}), TOKEN, PLACE, write.temporary())
    with pytest.raises(InvalidRequestError, match="no_such_field"):
        protos().mutate(write.mutate(CUSTOMER, operations)["request"])


# Ad groups --------------------------------------------------------------------------------------------------------


def test_an_ad_group_comes_with_its_criteria_and_brings_places_to_its_campaign() -> None:
    """Places and languages are the campaign's; ages, genders and keywords are its own."""
    operations = group_operations(
        targeting=Targeting(locations=("2840",), languages=("en", "1001"), age_min=25, age_max=34,
                            genders=(Gender.FEMALE,)),
        extra={"keywords": [{"text": "shoes", "match_type": "EXACT"}, {"text": "boots"}]},
    )  # fmt: skip
    kinds = [next(iter(each)) for each in operations]
    assert kinds.count("campaign_criterion_operation") == 3
    body = operations[0]["ad_group_operation"]["create"]
    assert (body["status"], body["type_"], body["campaign"]) == (
        "PAUSED", "SEARCH_STANDARD", f"customers/{CUSTOMER}/campaigns/7",
    )  # fmt: skip
    own = [
        each["ad_group_criterion_operation"]["create"] for each in operations if "ad_group_criterion_operation" in each
    ]
    ages = {each["age_range"]["type_"] for each in own if "age_range" in each}
    assert ages == {"AGE_RANGE_18_24", "AGE_RANGE_35_44", "AGE_RANGE_45_54", "AGE_RANGE_55_64", "AGE_RANGE_65_UP",
                    "AGE_RANGE_UNDETERMINED"}  # fmt: skip
    assert {each["gender"]["type_"] for each in own if "gender" in each} == {"MALE", "UNDETERMINED"}
    assert all(each["negative"] for each in own if "keyword" not in each)
    assert [each["keyword"]["match_type"] for each in own if "keyword" in each] == ["EXACT", "BROAD"]


def test_places_that_a_campaign_has_are_not_brought_again() -> None:
    """And others are refused, because they would hold for all of its ad groups."""
    there = targets.places(Targeting(locations=("2840",)))
    parent = SEARCH._replace(places=there)
    assert len(group_operations(parent, targeting=Targeting(locations=("2840",)))) == 1
    for other in (("2276",), ("2840", "2276"), ()):
        with pytest.raises(ConflictError):
            group_operations(parent, targeting=Targeting(locations=other))


def test_a_demand_gen_ad_group_has_places_of_its_own() -> None:
    """Its channel targets them there."""
    parent = write.Parent("7", "DEMAND_GEN", "TARGET_CPV", ())
    operations = group_operations(
        parent, optimization=OptimizationGoal.VIDEO_VIEWS, targeting=Targeting(locations=("2840",))
    )
    assert [next(iter(each)) for each in operations] == ["ad_group_operation", "ad_group_criterion_operation"]


GROUP_REFUSED = [
    ({"budget": Budget.daily(usd("5"))}, "budget"),
    ({"schedule": Schedule(start=datetime(2026, 1, 1, tzinfo=UTC))}, "schedule"),
    ({"conversion": ConversionSource(source_id="1")}, "conversion"),
    ({"attribution": AttributionSetting(click_days=7)}, "attribution"),
    ({"optimization": OptimizationGoal.LEADS}, "optimization"),
    ({"billing": BillingEvent.IMPRESSIONS}, "billing"),
    ({"bid": Bid.bid_cap(usd("1"))}, "bid.strategy"),
    ({"targeting": Targeting(age_min=13)}, "targeting.age_min"),
    ({"targeting": Targeting(age_min=20, age_max=34)}, "targeting.age_min"),
    ({"targeting": Targeting(placements=("x",))}, "targeting.placements"),
    ({"targeting": Targeting(locations=("US",))}, "targeting.locations"),
    ({"targeting": Targeting(languages=("tlh",))}, "targeting.languages"),
    ({"targeting": Targeting(extra={"x": 1})}, "targeting.extra"),
    ({"extra": {"keywords": "shoes"}}, "extra.keywords"),
]


@pytest.mark.parametrize(("fields", "field"), GROUP_REFUSED)
def test_what_ad_groups_do_not_have_at_google_is_refused(fields: dict[str, Json], field: str) -> None:
    """Field and cure are named."""
    with pytest.raises((UnsupportedCapabilityError, InvalidRequestError)) as caught:
        group_operations(**fields)
    assert caught.value.field == field
    assert caught.value.hint


def test_an_ad_group_of_a_manual_campaign_has_its_own_cap() -> None:
    """`cpc_bid_micros` needs a campaign that bids by hand."""
    parent = SEARCH._replace(strategy="MANUAL_CPC")
    body = group_operations(parent, bid=Bid.bid_cap(usd("1.25")))[0]["ad_group_operation"]["create"]
    assert body["cpc_bid_micros"] == 1_250_000


@given(
    st.sets(st.sampled_from([Gender.FEMALE, Gender.MALE])),
    st.sampled_from([(None, None), (18, 24), (25, 54), (18, 100), (65, None), (None, 44)]),
)
def test_people_come_back_from_their_criteria(genders: set[Gender], ages: tuple[int | None, int | None]) -> None:
    """Leaving the others out, read again, is the range that was meant."""
    wanted = Targeting(genders=tuple(genders), age_min=ages[0], age_max=ages[1])
    rows = [
        {
            "ad_group_criterion.negative": True, "ad_group_criterion.type": kind.upper(),
            f"ad_group_criterion.{kind}.type": each[kind]["type_"],
        }
        for each in targets.people(wanted) for kind in ("age_range", "gender") if kind in each
    ]  # fmt: skip
    found = targets.targeting((), rows)
    assert targets.people(found) == targets.people(wanted)


# Creatives --------------------------------------------------------------------------------------------------------

TEXTS: dict[str, Json] = {
    "kind": CreativeKind.RESPONSIVE, "headlines": ("A", "B", "C"), "texts": ("D", "E"), "link": "https://example.com/",
}  # fmt: skip
LANDSCAPE = MediaRef(kind=MediaKind.IMAGE, id="11", width=1200, height=628)
SQUARE = MediaRef(kind=MediaKind.IMAGE, id="12", width=600, height=600)
VIDEO = MediaRef(kind=MediaKind.VIDEO, id="13")


def test_a_search_ad_is_text() -> None:
    """Headlines and descriptions, each an asset of its own."""
    body = creative.ad(Creative(**TEXTS), "SEARCH", CUSTOMER, {})
    assert body["final_urls"] == ["https://example.com/"]
    assert body["responsive_search_ad"]["headlines"] == [{"text": "A"}, {"text": "B"}, {"text": "C"}]


def test_a_display_ad_has_landscape_and_square_images() -> None:
    """Told by their size."""
    shown = Creative(**{**TEXTS, "media": (LANDSCAPE, SQUARE), "identity": IdentityRef(id="Shop")})
    data = creative.ad(shown, "DISPLAY", CUSTOMER, {})["responsive_display_ad"]
    assert data["marketing_images"] == [{"asset": f"customers/{CUSTOMER}/assets/11"}]
    assert data["square_marketing_images"] == [{"asset": f"customers/{CUSTOMER}/assets/12"}]
    assert data["business_name"] == "Shop"


def test_a_demand_gen_ad_is_made_of_video_or_of_images() -> None:
    """A video makes it a video ad."""
    video = Creative(**{**TEXTS, "media": (VIDEO, SQUARE), "identity": IdentityRef(id="Shop")})
    assert "demand_gen_video_responsive_ad" in creative.ad(video, "DEMAND_GEN", CUSTOMER, {})
    images = video.model_copy(update={"media": (LANDSCAPE, SQUARE)})
    assert "demand_gen_multi_asset_ad" in creative.ad(images, "DEMAND_GEN", CUSTOMER, {})


def test_an_app_ad_has_texts_images_and_videos() -> None:
    """What is missing is left out."""
    shown = Creative(**{**TEXTS, "link": None, "media": (LANDSCAPE, VIDEO)})
    assert creative.ad(shown, "MULTI_CHANNEL", CUSTOMER, {}) == {
        "app_ad": {
            "headlines": [{"text": "A"}, {"text": "B"}, {"text": "C"}], "descriptions": [{"text": "D"}, {"text": "E"}],
            "images": [{"asset": f"customers/{CUSTOMER}/assets/11"}],
            "youtube_videos": [{"asset": f"customers/{CUSTOMER}/assets/13"}],
        }
    }  # fmt: skip


def test_the_vendors_own_kind_of_ad_takes_the_place_of_the_creative() -> None:
    """For channels that are not covered."""
    body = creative.ad(Creative(kind=CreativeKind.UNKNOWN), "SHOPPING", CUSTOMER, {"shopping_product_ad": {}})
    assert body == {"shopping_product_ad": {}}


def test_ai_content_is_declared() -> None:
    """Either way, or not at all."""
    for declared, status in ((True, "IS_SYNTHETIC"), (False, "NOT_SYNTHETIC")):
        body = creative.ad(Creative(**TEXTS, ai_generated=declared), "SEARCH", CUSTOMER, {})
        assert body["synthetic_content_info"] == {"advertiser_attestation": {"status": status}}
    assert "synthetic_content_info" not in creative.ad(Creative(**TEXTS), "SEARCH", CUSTOMER, {})


@pytest.mark.parametrize(
    ("fields", "channel", "field"),
    [
        ({"kind": CreativeKind.VIDEO}, "SEARCH", "creative.kind"),
        ({"media": (SQUARE,)}, "SEARCH", "creative.kind"),
        ({"call_to_action": "SHOP_NOW"}, "SEARCH", "creative.call_to_action"),
        ({"headlines": ("A", "B")}, "SEARCH", "creative.headlines"),
        ({"texts": ("A",)}, "SEARCH", "creative.texts"),
        ({"kind": CreativeKind.EXISTING_POST, "post_id": "1"}, "SEARCH", "creative.kind"),
        ({}, "DISPLAY", "creative.media"),
        ({"media": (LANDSCAPE, SQUARE)}, "DISPLAY", "creative.identity"),
        ({}, "HOTEL", "creative"),
    ],
)
def test_what_a_channel_cannot_show_is_refused(fields: dict[str, Json], channel: str, field: str) -> None:
    """Dropping a video or a button in silence would be a lie."""
    with pytest.raises((UnsupportedCapabilityError, InvalidRequestError)) as caught:
        creative.ad(Creative(**{**TEXTS, **fields}), channel, CUSTOMER, {})
    assert caught.value.field == field


# Changes ----------------------------------------------------------------------------------------------------------


def ref(level: Level, id_: str) -> Ref:
    """An object of the account."""
    return Ref(Platform.GOOGLE_ADS, CUSTOMER, level, id_)


def campaign(**fields: Json) -> Campaign:
    """A campaign as it was read."""
    extra = {"bidding_strategy_type": "TARGET_SPEND", "campaign_budget": "customers/1/campaignBudgets/5",
             "reference_count": 1, **fields.pop("extra", {})}  # fmt: skip
    base: dict[str, Json] = {
        "ref": ref(Level.CAMPAIGN, "7"), "name": "Spring", "key_token": TOKEN, "bid": Bid.lowest_cost(),
        "budget": Budget.daily(usd("50")), "extra": extra,
    }  # fmt: skip
    return Campaign(**{**base, **fields})


def changed(before: Campaign, **fields: Json) -> list[tuple[dict[str, Json], list[str]]]:
    """What is set and what the mask names, of each operation."""
    found = change.campaign(before, CampaignPatch(**fields), PLACE)
    bodies = [next(iter(each.values())) for each in found.operations]
    return [(each["update"], each["update_mask"]["paths"]) for each in bodies]


def test_a_patch_names_what_it_sets_and_nothing_else() -> None:
    """Name and budget: two objects, one request."""
    (body, mask), (money_body, money_mask) = changed(campaign(), name="Autumn", budget=Budget.daily(usd("120")))
    assert (body["name"], mask) == (f"Autumn bs-{TOKEN}", ["name"])
    assert (money_body["amount_micros"], money_mask) == (120_000_000, ["amount_micros"])
    assert money_body["resource_name"] == "customers/1/campaignBudgets/5"


def test_an_end_is_cleared_by_a_mask_that_names_it_without_a_value() -> None:
    """The only way to let a campaign run on; a start stays."""
    ends = campaign(schedule=Schedule(end=datetime(2026, 5, 1, tzinfo=UTC)))
    ((body, mask),) = changed(ends, schedule=None)
    assert mask == ["end_date_time"]
    assert "end_date_time" not in body


@pytest.mark.parametrize(
    ("strategy", "bid", "mask", "body"),
    [
        ("TARGET_SPEND", Bid.bid_cap(usd("2")), ["target_spend.cpc_bid_ceiling_micros"],
         {"target_spend": {"cpc_bid_ceiling_micros": 2_000_000}}),
        ("TARGET_SPEND", Bid.lowest_cost(), ["target_spend.cpc_bid_ceiling_micros"], {}),
        ("TARGET_CPA", Bid.cost_cap(usd("3")), ["target_cpa.target_cpa_micros"],
         {"target_cpa": {"target_cpa_micros": 3_000_000}}),
        ("MAXIMIZE_CONVERSION_VALUE", Bid.min_roas(Decimal(3)), ["maximize_conversion_value.target_roas"],
         {"maximize_conversion_value": {"target_roas": 3.0}}),
    ],
)  # fmt: skip
def test_a_bid_changes_its_number_not_its_strategy(
    strategy: str, bid: Bid, mask: list[str], body: dict[str, Json]
) -> None:
    """The mask names the number; lowest cost clears it."""
    ((sent, paths),) = changed(campaign(extra={"bidding_strategy_type": strategy}), bid=bid)
    assert paths == mask
    assert {name: value for name, value in sent.items() if name != "resource_name"} == body


def test_another_strategy_is_another_campaign() -> None:
    """Refused with what the present one takes."""
    with pytest.raises(UnsupportedCapabilityError, match="cannot be changed"):
        changed(campaign(), bid=Bid.min_roas(Decimal(2)))


def test_nested_fields_of_ones_own_are_masked_one_by_one() -> None:
    """A mask that names a message is refused by the vendor (FIELD_HAS_SUBFIELDS)."""
    extra = {"network_settings": {"target_search_network": False}, "final_url_suffix": "a=b"}
    ((_, mask),) = changed(campaign(), extra=extra)
    assert mask == ["final_url_suffix", "network_settings.target_search_network"]


def test_a_field_that_is_set_twice_is_refused() -> None:
    """Two sources of one value."""
    with pytest.raises(InvalidRequestError, match="extra"):
        changed(campaign(), name="Autumn", extra={"name": "Winter"})


def test_a_shared_budget_is_not_changed_by_accident() -> None:
    """Refused unless the caller names it; one that nobody else uses is no matter."""
    shared = Budget(amount=usd("50"), period=BudgetPeriod.DAILY, shared_ref="customers/1/campaignBudgets/5")
    several = campaign(budget=shared, extra={"explicitly_shared": True, "reference_count": 3})
    with pytest.raises(SharedBudgetError) as caught:
        changed(several, budget=Budget.daily(usd("60")))
    assert caught.value.type == "CONFLICT"
    meant = shared.model_copy(update={"amount": usd("60")})
    assert changed(several, budget=meant)[0][0]["amount_micros"] == 60_000_000
    alone = campaign(budget=shared, extra={"explicitly_shared": True, "reference_count": 1})
    assert changed(alone, budget=Budget.daily(usd("60")))


def test_the_period_of_a_budget_stays() -> None:
    """It is immutable at Google."""
    with pytest.raises(UnsupportedCapabilityError, match="kind of a budget"):
        changed(campaign(), budget=Budget(amount=usd("5"), period=BudgetPeriod.LIFETIME))


def group_change(before: AdGroup, patch: AdGroupPatch, above: Json = (), own: Json = ()) -> list[dict[str, Json]]:
    """Operations of an ad group's change."""
    return change.ad_group(before, patch, PLACE, above, own).operations


def ad_group(**fields: Json) -> AdGroup:
    """An ad group as it was read."""
    extra = {"advertising_channel_type": "SEARCH", "bidding_strategy_type": "MANUAL_CPC"}
    base: dict[str, Json] = {
        "ref": ref(Level.AD_GROUP, "9"), "campaign": ref(Level.CAMPAIGN, "7"), "name": "Everybody", "extra": extra,
    }  # fmt: skip
    return AdGroup(**{**base, **fields})


def test_targeting_is_replaced_by_making_and_removing_criteria() -> None:
    """What is there stays, what is new is made, what is no longer meant is removed; keywords are not touched."""
    own = [
        {"ad_group_criterion.criterion_id": 1, "ad_group_criterion.negative": True,
         "ad_group_criterion.gender.type": "MALE"},
        {"ad_group_criterion.criterion_id": 2, "ad_group_criterion.negative": True,
         "ad_group_criterion.gender.type": "UNDETERMINED"},
        {"ad_group_criterion.criterion_id": 3, "ad_group_criterion.keyword.text": "shoes"},
    ]  # fmt: skip
    patch = AdGroupPatch(targeting=Targeting(genders=(Gender.MALE,)))
    operations = group_change(ad_group(), patch, (), own)
    kinds = [each["ad_group_criterion_operation"] for each in operations]
    assert [each["create"]["gender"]["type_"] for each in kinds if "create" in each] == ["FEMALE"]
    assert [each["remove"] for each in kinds if "remove" in each] == [f"customers/{CUSTOMER}/adGroupCriteria/9~1"]


def test_new_places_for_an_ad_group_are_refused() -> None:
    """They are its campaign's."""
    with pytest.raises(UnsupportedCapabilityError, match="whole campaign"):
        group_change(ad_group(), AdGroupPatch(targeting=Targeting(locations=("2840",))))


def test_a_bid_of_an_ad_group_is_set_or_cleared() -> None:
    """None gives it back to the campaign."""
    capped = ad_group(bid=Bid.bid_cap(usd("2")))
    (body,) = group_change(capped, AdGroupPatch(bid=None))
    assert body["ad_group_operation"]["update_mask"]["paths"] == ["cpc_bid_micros"]
    (body,) = group_change(capped, AdGroupPatch(bid=Bid.bid_cap(usd("3"))))
    assert body["ad_group_operation"]["update"]["cpc_bid_micros"] == 3_000_000


@pytest.mark.parametrize("fields", [{"budget": Budget.daily(usd("1"))}, {"schedule": None}])
def test_what_only_campaigns_have_is_refused(fields: dict[str, Json]) -> None:
    """Budgets and schedules."""
    with pytest.raises(UnsupportedCapabilityError, match="ad groups have no"):
        group_change(ad_group(), AdGroupPatch(**fields))


NESTED = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2)),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), NESTED, min_size=1, max_size=4))
def test_a_mask_never_names_what_is_not_set(body: dict[str, Json]) -> None:
    """Each path leads to a value, and each value has its path."""
    sent = next(iter(write.update("campaign", "n", body).values()))
    for path in sent["update_mask"]["paths"]:
        value: Json = sent["update"]
        for part in path.split("."):
            value = value[part]
        assert not isinstance(value, dict)


# Queries ----------------------------------------------------------------------------------------------------------


def unquoted(text: str) -> str:
    """What the vendor reads between quotes: a backslash takes the next sign as it is, a quote ends it."""
    signs, found = iter(text[1:]), ""
    for sign in signs:
        if sign == "'":
            assert next(signs, None) is None, "the value ends before its end"
            return found
        found += next(signs) if sign == "\\" else sign
    pytest.fail("the value never ends")


@given(st.text(alphabet=st.one_of(st.sampled_from("'\\"), st.characters()), max_size=30))
def test_a_value_cannot_leave_its_quotes(value: str) -> None:
    """Whatever it holds, the vendor reads it whole and nothing behind it."""
    assert unquoted(gaql.text(value)) == value


def test_signs_of_like_stand_for_themselves() -> None:
    """A name may hold a per cent sign."""
    assert gaql.starts("campaign.name", "50%_[x]'") == "campaign.name LIKE '50[%][_][[]x[]]\\'%'"


@pytest.mark.parametrize(("level", "id_"), [(Level.CAMPAIGN, "1 OR 1=1"), (Level.AD, "1"), (Level.AD_GROUP, "1~2"),
                                            (Level.AD, "1~x"), (Level.CAMPAIGN, "\u0661")])  # fmt: skip
def test_only_numbers_are_ids(level: Level, id_: str) -> None:
    """What is no id never gets into a query."""
    with pytest.raises(InvalidRequestError):
        names.whole_id(level, id_)


@pytest.mark.parametrize(("given_id", "wanted"), [("123-456-7890", "1234567890"), (1234567890, "1234567890")])
def test_customer_ids_are_written_in_many_ways(given_id: Json, wanted: str) -> None:
    """With dashes, and as numbers."""
    assert names.customer_id(given_id) == wanted


@pytest.mark.parametrize("given_id", ["123", "12345678901", "", "abcdefghij", None])
def test_what_is_no_customer_id_is_refused(given_id: Json) -> None:
    """Ten digits."""
    with pytest.raises(InvalidRequestError):
        names.customer_id(given_id)


# Reports ----------------------------------------------------------------------------------------------------------

DAYS = DateRange(date(2026, 1, 1), date(2026, 1, 31))


def query(**fields: Json) -> MetricsQuery:
    """What to report."""
    return MetricsQuery(**{"level": Level.CAMPAIGN, "days": DAYS, **fields})


def test_a_report_is_one_query() -> None:
    """Days in SELECT where they are asked for, and always in WHERE."""
    text = report.query_text(query(refs=(ref(Level.CAMPAIGN, "7"),)), DAYS)
    assert text.startswith("SELECT campaign.id, segments.date, metrics.impressions")
    assert text.endswith("WHERE segments.date BETWEEN '2026-01-01' AND '2026-01-31' AND campaign.id = 7")
    assert "SELECT campaign.id, metrics.impressions" in report.query_text(query(daily=False), DAYS)


@pytest.mark.parametrize(
    ("fields", "metric"),
    [
        ({}, "metrics.conversions"),
        ({"date_basis": DateBasis.CONVERSION_DATE}, "metrics.conversions_by_conversion_date"),
        ({"attribution": AttributionSetting(comparable=True)}, "metrics.platform_comparable_conversions"),
    ],
)
def test_conversions_are_counted_as_asked(fields: dict[str, Json], metric: str) -> None:
    """By day of the click, by day of the conversion, or as other platforms count."""
    assert metric in report.fields(query(**fields))


@pytest.mark.parametrize("fields", [{"conversion_events": ("x",)}, {"attribution": AttributionSetting(click_days=7)}])
def test_a_basis_that_google_does_not_have_is_refused(fields: dict[str, Json]) -> None:
    """Instead of numbers that are counted otherwise."""
    with pytest.raises(UnsupportedCapabilityError):
        report.check(query(**fields))


def test_numbers_are_exact_and_carry_their_basis() -> None:
    """Micros are money, doubles are taken as they print, fractions of conversions stay."""
    raw = {
        "campaign.id": 7, "segments.date": "2026-01-05", "metrics.impressions": 10, "metrics.clicks": 2,
        "metrics.cost_micros": 1_234_560, "metrics.conversions": 0.333, "metrics.conversions_value": 12.1,
    }  # fmt: skip
    row = report.row(raw, query(), account=CUSTOMER, currency="USD", zone=BERLIN, today=date(2026, 2, 1))
    assert (row.spend, row.conversions, row.revenue) == (usd("1.23456"), Decimal("0.333"), usd("12.1"))
    assert (row.basis.timezone, row.final, row.day) == (BERLIN, False, date(2026, 1, 5))
