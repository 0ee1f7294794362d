"""Meta's simulator: what the vendor refuses of campaigns, ad sets, ads and creatives, in its own codes."""

from __future__ import annotations

from typing import Any

import pytest

from backstay_adapters.meta.sandbox.budget import NO_CAP
from tests.unit.meta.sandbox_api import ADSET, CAMPAIGN, DAY, JPY, NOW, STORY, TARGETING, USD, Api, Json, refused

SHARED = {"is_adset_budget_sharing_enabled": False, "daily_budget": ""}
"""A campaign whose budgets are on its ad sets."""

Row = tuple[Json, int, int | None, str]

CAMPAIGNS: list[Row] = [
    ({"name": ""}, 100, None, "name is required"),
    ({"name": "x" * 401}, 100, None, "400 characters"),
    ({"objective": ""}, 100, None, "objective is required"),
    ({"objective": "LINK_CLICKS"}, 100, None, "must be one of {OUTCOME_APP_PROMOTION"),
    ({"special_ad_categories": ""}, 100, None, "special_ad_categories is required"),
    ({"special_ad_categories": ["PETS"]}, 100, None, "special_ad_categories[0] must be one of"),
    ({"status": "DELETED"}, 100, None, "status must be one of {ACTIVE, PAUSED}"),
    ({"daily_budget": "12.50"}, 100, None, "daily_budget must be an integer"),
    ({"daily_budget": -5}, 100, None, "daily_budget must be an integer"),
    ({"daily_budget": True}, 100, None, "daily_budget must be an integer"),
    ({"daily_budget": 99}, 100, 1885272, "at least USD 1.00"),
    ({"daily_budget": 0}, 100, 1885272, "too low"),
    ({"lifetime_budget": 5000}, 100, None, "not both"),
    ({"daily_budget": ""}, 100, 4834011, "must specify True or False"),
    ({"is_adset_budget_sharing_enabled": True}, 100, 4834002, "can't use ad set budget sharing"),
    ({"is_adset_budget_sharing_enabled": "maybe"}, 100, None, "must be a boolean"),
    ({"bid_strategy": "CHEAP"}, 100, None, "bid_strategy must be one of"),
    ({"spend_cap": 9_999}, 100, 2446307, "at least 10000"),
    ({"stop_time": "2025-12-31T00:00:00+0000"}, 100, 1487033, "end date has already passed"),
    ({"start_time": "2026-03-01", "stop_time": "2026-02-01"}, 100, None, "stop_time must be after start_time"),
    ({"start_time": "tomorrow"}, 100, None, "valid date/time string"),
    ({"adlabels": [{}]}, 100, None, "name or an id"),
    ({"adlabels": [{"id": "9"}]}, 100, 33, "does not exist"),
    ({"adlabels": [{"name": f"l{n}"} for n in range(51)]}, 100, None, "at most 50"),
]  # fmt: skip

ADSETS: list[Row] = [
    ({"campaign_id": ""}, 100, None, "campaign_id is required"),
    ({"campaign_id": "9"}, 100, 33, "Unsupported post request"),
    ({"name": ""}, 100, None, "name is required"),
    ({"targeting": ""}, 100, None, "targeting is required"),
    ({"targeting": {}}, 100, 1885364, "location is missing"),
    ({"targeting": {"geo_locations": {"countries": ["US"]}}}, 100, 1870227, "Advantage Audience Flag"),
    ({"targeting": {**TARGETING, "targeting_automation": {"advantage_audience": 2}}}, 100, 1870227, "Advantage"),
    ({"targeting": {**TARGETING, "geo_locations": {"countries": ["US", "US"]}}}, 100, 1487756, "overlap"),
    ({"targeting": {**TARGETING, "excluded_geo_locations": {"countries": ["US"]}}}, 100, 1487756, "overlap"),
    ({"targeting": {**TARGETING, "geo_locations": {"countries": ["DE"]}}}, 100, None, "EU must name both"),
    ({"targeting": "[1]"}, 100, None, "JSON object"),
    ({"optimization_goal": "CHEAPNESS"}, 100, None, "optimization_goal must be one of"),
    ({"optimization_goal": "AD_RECALL_LIFT"}, 100, None, "isn't available"),
    ({"billing_event": "SMILES"}, 100, None, "billing_event must be one of"),
    ({"daily_budget": 2000}, 100, 1885621, "ad set budget or a campaign budget"),
    ({"bid_strategy": "COST_CAP"}, 100, 1885204, "set on the campaign"),
    ({"bid_amount": 100}, 100, 1487851, "takes no bid amount"),
    ({"end_time": "2025-12-01T00:00:00+0000"}, 100, 1487033, "already passed"),
]

OWN_BUDGETS: list[Row] = [
    ({}, 100, None, "Set a budget"),
    ({"daily_budget": 2000, "lifetime_budget": 9000}, 100, None, "not both"),
    ({"daily_budget": 50}, 100, 1885272, "USD 1.00"),
    ({"daily_budget": 400, "billing_event": "LINK_CLICKS"}, 100, 1885272, "USD 5.00"),
    ({"lifetime_budget": 9000}, 100, None, "end_time is required"),
    ({"lifetime_budget": 900, "end_time": "2026-01-11T00:00:00+0000"}, 100, 1885272, "USD 10.00"),
    ({"daily_budget": 2000, "end_time": "2026-01-01T12:00:00+0000"}, 100, None, "run for 24 hours"),
    ({"daily_budget": 2000, "bid_strategy": "COST_CAP"}, 100, 1815857, "bid_amount"),
]

PROMOTED: list[tuple[str, str, Json]] = [
    ("OUTCOME_SALES", "OFFSITE_CONVERSIONS", {"pixel_id": "1", "custom_event_type": "PURCHASE"}),
    ("OUTCOME_SALES", "VALUE", {"pixel_id": "1"}),
    ("OUTCOME_APP_PROMOTION", "APP_INSTALLS", {"application_id": "1"}),
    ("OUTCOME_LEADS", "LEAD_GENERATION", {"page_id": "1"}),
    ("OUTCOME_LEADS", "QUALITY_LEAD", {"page_id": "1"}),
]

CREATIVES: list[Row] = [
    ({"object_story_spec": ""}, 100, None, "Creative is incomplete"),
    ({"object_story_spec": {"link_data": STORY["link_data"]}}, 100, None, "Page not found"),
    ({"object_story_spec": {"page_id": "1"}}, 100, None, "link_data or video_data"),
    ({"object_story_spec": {**STORY, "link_data": {"message": "x"}}}, 100, None, "Link is missing"),
    ({"object_story_spec": {**STORY, "link_data": {"link": "x", "image_hash": "9"}}}, 100, None, "Image not found"),
    ({"object_story_spec": {"page_id": "1", "video_data": {"video_id": "9"}}}, 100, 1443226, "thumbnail"),
    (
        {"object_story_spec": {"page_id": "1", "video_data": {"video_id": "9", "image_url": "x"}}},
        100, None, "Video not found",
    ),
    ({"object_story_spec": "[1]"}, 100, None, "JSON object"),
    (
        {"object_story_spec": {**STORY, "link_data": {"link": "x", "child_attachments": [{"image_hash": "9"}]}}},
        100, None, "Image not found",
    ),
]  # fmt: skip


def nothing_came_of_it(api: Api, before: int) -> None:
    """A refused request leaves no effect."""
    assert len(api.sandbox.world.log) == before


@pytest.mark.parametrize(("change", "code", "subcode", "text"), CAMPAIGNS)
def test_what_a_campaign_may_not_be(change: Json, code: int, subcode: int | None, text: str) -> None:
    """Refused with the vendor's code; nothing is made."""
    api = Api()
    refused(api.post(f"{api.act}/campaigns", **{**CAMPAIGN, **change}), code, subcode, text)
    nothing_came_of_it(api, 0)


@pytest.mark.parametrize(("change", "code", "subcode", "text"), ADSETS)
def test_what_an_ad_set_may_not_be(change: Json, code: int, subcode: int | None, text: str) -> None:
    """Under a campaign with a budget."""
    api = Api()
    body = {"campaign_id": api.campaign(), **ADSET, **change}
    before = len(api.sandbox.world.log)
    refused(api.post(f"{api.act}/adsets", **body), code, subcode, text)
    nothing_came_of_it(api, before)


@pytest.mark.parametrize(("change", "code", "subcode", "text"), OWN_BUDGETS)
def test_what_an_ad_sets_own_budget_may_not_be(change: Json, code: int, subcode: int | None, text: str) -> None:
    """Under a campaign without a budget."""
    api = Api()
    body = {"campaign_id": api.campaign(**SHARED), **ADSET, **change}
    refused(api.post(f"{api.act}/adsets", **body), code, subcode, text)


@pytest.mark.parametrize(("objective", "goal", "promoted"), PROMOTED)
def test_some_goals_need_a_promoted_object(objective: str, goal: str, promoted: Json) -> None:
    """100/1815430 without it, or with the wrong one."""
    api = Api()
    campaign = api.campaign(objective=objective)
    body = {**ADSET, "campaign_id": campaign, "optimization_goal": goal}
    refused(api.post(f"{api.act}/adsets", **body), 100, 1815430)
    refused(api.post(f"{api.act}/adsets", **body, promoted_object={"other": "1"}), 100, 1815430)
    assert "id" in api.post(f"{api.act}/adsets", **body, promoted_object=promoted)


@pytest.mark.parametrize(("change", "code", "subcode", "text"), CREATIVES)
def test_what_a_creative_may_not_be(change: Json, code: int, subcode: int | None, text: str) -> None:
    """Its media and its page must be there."""
    api = Api()
    refused(
        api.post(f"{api.act}/adcreatives", **{"name": "x", "object_story_spec": STORY, **change}), code, subcode, text
    )
    nothing_came_of_it(api, 0)


@pytest.mark.parametrize(
    ("change", "code", "subcode", "text"),
    [
        ({"adset_id": "9"}, 100, 33, "Unsupported post request"),
        ({"adset_id": ""}, 100, None, "adset_id is required"),
        ({"name": ""}, 100, None, "name is required"),
        ({"creative": ""}, 100, None, "creative is required"),
        ({"creative": {"creative_id": "9"}}, 100, 33, "does not exist"),
        ({"creative": {"object_story_spec": {"page_id": "1"}}}, 100, None, "link_data or video_data"),
        ({"execution_options": ["synchronous_ad_review"]}, 100, None, "only with validate_only"),
        ({"status": "ARCHIVED"}, 100, None, "status must be one of"),
    ],
)
def test_what_an_ad_may_not_be(change: Json, code: int, subcode: int | None, text: str) -> None:
    """Refused, and nothing is made."""
    api = Api()
    body = {"adset_id": api.adset(api.campaign()), "name": "Ad", "creative": {"creative_id": api.creative()}}
    before = len(api.sandbox.world.log)
    refused(api.post(f"{api.act}/ads", **{**body, **change}), code, subcode, text)
    nothing_came_of_it(api, before)


def test_blamed_fields_are_named_in_the_error_data() -> None:
    """As an object, or as JSON in a string where that is set; the reason is in the user's texts only."""
    api = Api()
    error = refused(api.post(f"{api.act}/campaigns", **{**CAMPAIGN, "daily_budget": 1}), 100, 1885272)
    assert (error["message"], error["is_transient"]) == ("Invalid parameter", False)
    assert error["error_data"] == {"blame_field_specs": [["daily_budget"]]}
    api.sandbox.switches.error_data_text = True
    error = refused(api.post(f"{api.act}/campaigns", **{**CAMPAIGN, "daily_budget": 1}), 100, 1885272)
    assert error["error_data"] == '{"blame_field_specs": [["daily_budget"]]}'


def test_texts_for_users_may_be_in_their_language() -> None:
    """Nobody may match on them; the message stays English."""
    api = Api(foreign_texts=True)
    error = refused(api.post(f"{api.act}/campaigns", **{**CAMPAIGN, "daily_budget": 1}), 100, 1885272)
    assert (error["error_user_title"], error["message"]) == ("Parâmetro inválido", "Invalid parameter")


def test_only_some_pages_can_be_told() -> None:
    """Without a list, any page is good."""
    api = Api(pages=["7"])
    refused(api.post(f"{api.act}/adcreatives", name="x", object_story_spec=STORY), 100, None, "Page not found")
    assert api.creative(object_story_spec={**STORY, "page_id": "7"})


def test_rules_that_can_be_switched_off() -> None:
    """The flag of the audience and the EU's names."""
    api = Api(advantage_flag=False, dsa=False)
    assert api.adset(api.campaign(), targeting={"geo_locations": {"countries": ["DE"]}})
    api = Api()
    german = {**TARGETING, "geo_locations": {"countries": ["DE"]}}
    assert api.adset(api.campaign(), targeting=german, dsa_beneficiary="Us", dsa_payor="Us")


# Updates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "subcode", "text"),
    [
        ({"objective": "OUTCOME_SALES"}, 100, None, "can't be changed"),
        ({"daily_budget": 10}, 100, 1885272, "too low"),
        ({"lifetime_budget": 90_000}, 100, None, "cannot become"),
        ({"daily_budget": "1e3"}, 100, None, "must be an integer"),
        ({"status": "ON"}, 100, None, "status must be one of"),
        ({"name": "x" * 401}, 100, None, "400"),
        ({"special_ad_categories": ["PETS"]}, 100, None, "must be one of"),
        ({"spend_cap": 5}, 100, 2446307, ""),
    ],
)
def test_what_an_update_of_a_campaign_may_not_do(change: Json, code: int, subcode: int | None, text: str) -> None:
    """All or nothing: the name that comes along is not changed either."""
    api = Api()
    id_ = api.campaign()
    refused(api.post(f"/{id_}", **{"name": "new", **change}), code, subcode, text)
    assert api.get(f"/{id_}", fields="name")["name"] == "Spring"


def test_a_campaigns_cap_is_removed_with_a_number() -> None:
    """922337203685478 means none."""
    api = Api()
    id_ = api.campaign(spend_cap=10_000)
    assert api.post(f"/{id_}", spend_cap=NO_CAP) == {"success": True}
    assert "spend_cap" not in api.get(f"/{id_}", fields="spend_cap")


def test_a_strategy_is_checked_on_updates_too() -> None:
    """One of the vendor's words; it is then the campaign's."""
    api = Api()
    id_ = api.campaign()
    refused(api.post(f"/{id_}", bid_strategy="CHEAP"), 100, None, "bid_strategy must be one of")
    assert api.post(f"/{id_}", bid_strategy="COST_CAP") == {"success": True}
    assert api.get(f"/{id_}", fields="bid_strategy")["bid_strategy"] == "COST_CAP"


def test_a_lifetime_campaign_needs_ad_sets_that_end() -> None:
    """end_time is required under a campaign with a lifetime budget."""
    api = Api()
    campaign = api.campaign(daily_budget="", lifetime_budget=90_000)
    refused(api.post(f"{api.act}/adsets", campaign_id=campaign, **ADSET), 100, None, "end_time is required")
    assert api.adset(campaign, end_time="2026-02-01T00:00:00+0000")


def test_a_budget_may_change_its_period_where_that_is_set() -> None:
    """From daily to lifetime: one of the two is left."""
    api = Api(budget_switch=True)
    id_ = api.campaign()
    assert api.post(f"/{id_}", lifetime_budget=90_000) == {"success": True}
    row = api.get(f"/{id_}", fields="daily_budget,lifetime_budget")
    assert row == {"lifetime_budget": "90000", "id": id_}


def test_budgets_do_not_move_between_levels() -> None:
    """An ad set under a budgeted campaign gets none, nor the other way round."""
    api = Api()
    adset = api.adset(api.campaign())
    refused(api.post(f"/{adset}", daily_budget=2000), 100, 1885621)
    refused(api.post(f"/{api.campaign(**SHARED)}", daily_budget=2000), 100, 1885621)


def test_a_lifetime_budget_does_not_go_below_what_is_spent() -> None:
    """Refused as too low."""
    api = Api()
    campaign = api.campaign(**SHARED)
    adset = api.adset(campaign, lifetime_budget=10_000, end_time="2026-02-01T00:00:00+0000")
    api.activate(api.ad(adset), adset, campaign)
    api.now += 20 * DAY
    refused(api.post(f"/{adset}", lifetime_budget=5_000), 100, 1885272, "already spent")
    assert api.post(f"/{adset}", lifetime_budget=900_000) == {"success": True}


def test_an_update_of_a_budget_may_do_nothing_and_say_success() -> None:
    """Seen in the wild: only reading back tells."""
    api = Api(ignore_budgets=True)
    id_ = api.campaign()
    assert api.post(f"/{id_}", daily_budget=7000, name="new") == {"success": True}
    row = api.get(f"/{id_}", fields="name,daily_budget")
    assert (row["name"], row["daily_budget"]) == ("new", "5000")


def test_pixel_event_and_goal_are_fixed_once_an_ad_set_has_run() -> None:
    """100/3260011; before that they can be changed; targeting always, as a whole."""
    api = Api()
    campaign, adset, _ = api.tree()
    assert api.post(f"/{adset}", optimization_goal="REACH") == {"success": True}
    api.activate(adset)
    refused(api.post(f"/{adset}", optimization_goal="LINK_CLICKS"), 100, 3260011)
    assert api.post(f"/{adset}", optimization_goal="REACH") == {"success": True}
    other = {**TARGETING, "geo_locations": {"countries": ["GB"]}}
    assert api.post(f"/{adset}", targeting=other) == {"success": True}
    assert api.get(f"/{adset}", fields="targeting")["targeting"] == other
    refused(api.post(f"/{adset}", targeting={}), 100, 1885364)
    refused(api.post(f"/{adset}", optimization_goal="AD_RECALL_LIFT"), 100, 3260011)
    assert api.post(f"/{adset}", campaign_id=campaign) == {"success": True}
    refused(api.post(f"/{adset}", campaign_id=api.campaign()), 100)


def test_a_bid_is_changed_on_the_ad_set() -> None:
    """A whole number, where the strategy takes one; the strategy itself stays where the budget is."""
    api = Api()
    adset = api.adset(api.campaign(bid_strategy="COST_CAP"), bid_amount=500)
    assert api.post(f"/{adset}", bid_amount=600) == {"success": True}
    assert api.get(f"/{adset}", fields="bid_amount")["bid_amount"] == 600
    refused(api.post(f"/{adset}", bid_amount="6.5"), 100, None, "must be an integer")
    refused(api.post(f"/{adset}", bid_strategy="LOWEST_COST_WITHOUT_CAP"), 100, 1885204)
    refused(api.post(f"/{api.adset(api.campaign())}", bid_amount=600), 100, 1487851)


def test_a_goal_is_checked_on_updates_too() -> None:
    """Against the campaign's objective."""
    api = Api()
    refused(api.post(f"/{api.adset(api.campaign())}", optimization_goal="AD_RECALL_LIFT"), 100, None, "isn't available")


def test_an_ad_does_not_move() -> None:
    """Its ad set is fixed; the same one again is tolerated."""
    api = Api()
    campaign, adset, ad = api.tree()
    refused(api.post(f"/{ad}", adset_id=api.adset(campaign)), 100, None, "can't move")
    assert api.post(f"/{ad}", adset_id=adset, conversion_domain="example.com") == {"success": True}
    assert api.get(f"/{ad}", fields="conversion_domain")["conversion_domain"] == "example.com"


def test_a_creative_keeps_its_content() -> None:
    """Name, labels and status only: 100/1815573 for the rest."""
    api = Api()
    id_ = api.creative()
    refused(api.post(f"/{id_}", object_story_spec=STORY), 100, 1815573)
    assert api.post(f"/{id_}", name="new") == {"success": True}
    row = api.get(f"/{id_}", fields="name,status,object_story_spec")
    assert (row["name"], row["status"]) == ("new", "ACTIVE")


def test_creatives_may_be_renamed_and_merged_by_the_vendor() -> None:
    """A name with date and hash; the same content, the same id. The world still knows the marker."""
    api = Api(rename_creatives=True, same_creative=True)
    first = api.creative(name="Text bs-aaaaaaaaaaaaaaaa")
    assert api.get(f"/{first}", fields="name")["name"].startswith("Text bs-aaaaaaaaaaaaaaaa 2026-01-01-")
    assert api.creative(name="other") == first
    assert [thing.id for thing in api.sandbox.world.objects("a" * 16)] == [first]
    assert api.creative(object_story_spec={**STORY, "page_id": "2"}) != first


def test_an_ad_may_bring_its_creative_along() -> None:
    """A spec in place of an id makes one, as part of the same call."""
    api = Api()
    adset = api.adset(api.campaign())
    ad = api.ad(adset, creative={"object_story_spec": STORY})
    creative = api.get(f"/{ad}", fields="creative{id,object_story_spec}")["creative"]
    assert creative["object_story_spec"] == STORY
    assert [row["id"] for row in api.get(f"/{ad}/adcreatives")["data"]] == [creative["id"]]


def test_ids_of_other_accounts_are_not_there() -> None:
    """A campaign of another account is no parent, and its node is not readable without permission."""
    api = Api()
    foreign = Api(JPY, api.sandbox).campaign()
    refused(api.post(f"{api.act}/adsets", campaign_id=foreign, **ADSET), 100, 33)
    api.sandbox.grant("sandbox-token", [USD])
    refused(api.get(f"/{foreign}"), 200)


def test_times_are_taken_in_every_form_of_the_vendor() -> None:
    """Seconds, an offset with and without a colon, and a local time of the account's own zone."""
    api = Api(JPY)
    campaign = api.campaign()
    found: set[Any] = set()
    for text in (str(int(NOW + DAY)), "2026-01-02T00:00:00+0000", "2026-01-02T00:00:00+00:00", "2026-01-02T09:00:00"):
        adset = api.adset(campaign, start_time=text)
        found.add(api.get(f"/{adset}", fields="start_time")["start_time"])
    assert found == {"2026-01-02T09:00:00+0900"}
    adset = api.adset(campaign, end_time=0)
    assert "end_time" not in api.get(f"/{adset}", fields="end_time")
