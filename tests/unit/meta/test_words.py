"""Meta's words: every enum member of its SDK has a meaning, and every word of ours that it takes exists there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign

from backstay.ads import (
    Bid,
    BidStrategy,
    Budget,
    ConfiguredStatus,
    CreativeKind,
    DeliveryStatus,
    Level,
    Money,
    Objective,
    OptimizationGoal,
    ReviewState,
    Schedule,
)
from backstay.ads.words import AccountStatus, BillingEvent
from backstay.errors import BadResponseError, InvalidRequestError, MoneyPrecisionError, UnsupportedCapabilityError
from backstay_adapters.meta.wire import read, words
from backstay_adapters.meta.wire.creative import creative
from backstay_adapters.meta.wire.kinds import ACCOUNT_FIELDS, AD, AD_GROUP, CAMPAIGN, KINDS
from backstay_adapters.meta.wire.money import UNITS, major_in, units_in, units_out
from backstay_adapters.meta.wire.read import Reader
from backstay_adapters.meta.wire.status import status

NOW = datetime(2026, 3, 1, tzinfo=UTC)
BY = Reader("act_7", "USD", NOW)


def members(enum: Any) -> list[str]:
    """The words of one of the SDK's enums."""
    return [value for name, value in vars(enum).items() if not name.startswith("_")]


# The SDK's enums --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", {*members(Campaign.EffectiveStatus), *members(AdSet.EffectiveStatus), *members(Ad.EffectiveStatus)}
)
def test_every_effective_status_of_the_sdk_has_a_meaning(word: str) -> None:
    """A new version of the SDK shows its new words here."""
    assert status({"status": "ACTIVE", "effective_status": word}, Schedule(), NOW).delivery is not (
        DeliveryStatus.UNKNOWN
    )


@pytest.mark.parametrize("word", {*members(Campaign.Status), *members(AdSet.Status), *members(Ad.Status)})
def test_every_switch_of_the_sdk_has_a_meaning(word: str) -> None:
    """What can be set can be read."""
    assert words.CONFIGURED[word] is not ConfiguredStatus.UNKNOWN


def test_every_objective_goal_and_billing_event_of_the_sdk_is_read() -> None:
    """Translated, or listed as one that the common model has no word for."""
    assert set(members(Campaign.Objective)) == set(words.OBJECTIVES)
    assert set(members(AdSet.OptimizationGoal)) == set(words.GOALS) | words.UNTRANSLATED_GOALS
    assert set(members(AdSet.BillingEvent)) == set(words.BILLING) | words.UNTRANSLATED_BILLING
    assert set(members(AdSet.BidStrategy)) == set(words.STRATEGIES) == set(members(Campaign.BidStrategy))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (words.OBJECTIVE_OUT, Campaign.Objective), (words.CONFIGURED_OUT, Campaign.Status),
        (words.GOAL_OUT, AdSet.OptimizationGoal), (words.BILLING_OUT, AdSet.BillingEvent),
        (words.STRATEGY_OUT, AdSet.BidStrategy), (words.CATEGORY_OUT, Campaign.SpecialAdCategories),
    ],
)  # fmt: skip
def test_every_word_that_we_say_is_one_of_the_sdks(ours: Any, theirs: Any) -> None:
    """And each of our words is there, but for those that are for reading only."""
    assert set(ours.values()) <= set(members(theirs))
    word = next(iter(ours))
    assert {each.value for each in type(word)} - {each.value for each in ours} <= {"unknown"}


def test_every_field_that_we_ask_for_exists() -> None:
    """The SDK knows the fields of its version; an unknown one fails a whole read."""
    for kind, node in ((CAMPAIGN, Campaign), (AD_GROUP, AdSet), (AD, Ad)):
        assert set(kind.fields) <= set(members(node.Field))
        assert kind.essential <= set(kind.fields)
    assert set(AD.fields["creative"]) <= set(members(AdCreative.Field))
    assert set(ACCOUNT_FIELDS) <= set(members(AdAccount.Field))


def test_every_status_that_lists_are_asked_for_exists() -> None:
    """Deleted ads cannot be listed."""
    for kind, node in ((CAMPAIGN, Campaign), (AD_GROUP, AdSet), (AD, Ad)):
        assert set(kind.statuses) | ({"DELETED"} if kind is AD else set()) == set(members(node.EffectiveStatus))


def test_unknown_words_are_kept_raw() -> None:
    """Meta invents words; none of them breaks a read."""
    raw = {
        "id": "1", "name": "n", "objective": "OUTCOME_NEW", "status": "SLEEPING", "effective_status": "DREAMING",
        "bid_strategy": "BY_MOOD",
    }  # fmt: skip
    found = read.campaign(raw, BY)
    assert (found.objective, found.status.configured) == (Objective.UNKNOWN, ConfiguredStatus.UNKNOWN)
    assert found.status.delivery is DeliveryStatus.UNKNOWN
    assert found.status.raw == {"status": "SLEEPING", "effective_status": "DREAMING"}
    assert found.bid == Bid(strategy=BidStrategy.UNKNOWN)


def test_a_word_that_meta_lacks_is_refused_with_the_ones_it_has() -> None:
    """Before anything is sent."""
    with pytest.raises(UnsupportedCapabilityError) as caught:
        words.spoken(words.GOAL_OUT, OptimizationGoal.UNKNOWN, "optimization")
    assert caught.value.field == "optimization"
    assert "reach" in str(caught.value.hint)


# Money ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("money", "units"),
    [
        ("50.00 USD", 5000), ("0.01 USD", 1), ("5000 JPY", 5000), ("1234 HUF", 1234), ("1.23 BHD", 123),
        ("1.23 JOD", 123), ("70000 COP", 70000), ("12 CRC", 12), ("9000 IDR", 9000), ("10 TWD", 10), ("1 KRW", 1),
        ("1 CLP", 1), ("1 ISK", 1), ("1 PYG", 1), ("1 VND", 1), ("19.99 EUR", 1999),
    ],
)  # fmt: skip
def test_money_is_counted_by_metas_own_table(money: str, units: int) -> None:
    """Not by ISO 4217, which gives COP, CRC, HUF, IDR and TWD decimals, and BHD and JOD three."""
    value = Money.of(money)
    assert units_out(value, value.currency, "budget") == units
    assert units_in(str(units), value.currency, "daily_budget") == value


@pytest.mark.parametrize("money", ["10.50 TWD", "1.234 BHD", "0.015 USD", "0.5 JPY", "1234.5 HUF", "1.5 COP"])
def test_what_the_unit_does_not_hold_is_refused(money: str) -> None:
    """Nothing is rounded silently."""
    value = Money.of(money)
    with pytest.raises(MoneyPrecisionError) as caught:
        units_out(value, value.currency, "budget.amount")
    assert caught.value.field == "budget.amount"


def test_unknown_and_foreign_currencies_are_refused() -> None:
    """Guessing a unit would be a hundredfold error."""
    with pytest.raises(InvalidRequestError, match="XAU"):
        units_out(Money.of("1 XAU"), "XAU", "budget")
    with pytest.raises(InvalidRequestError, match="the account in USD") as caught:
        units_out(Money.of("1 EUR"), "USD", "budget")
    assert caught.value.hint


def test_the_table_knows_every_currency_of_ad_accounts() -> None:
    """Those of the SDK, and two more that the vendor's page names."""
    assert set(members(AdAccount.Currency)) | {"BHD", "JOD"} == set(UNITS.offsets)


@pytest.mark.parametrize("value", ["12.5", "x", 1.5, [], {}])
def test_units_that_are_none_are_a_bad_answer(value: object) -> None:
    """And never an amount."""
    with pytest.raises(BadResponseError):
        units_in(value, "USD", "daily_budget")


def test_metrics_are_decimals_in_main_units() -> None:
    """`spend` of insights is "12.34", whereas a budget of the same is 1234."""
    assert major_in("12.34", "USD", "spend") == Money.of("12.34 USD")
    assert major_in(None, "USD", "spend") is None
    with pytest.raises(BadResponseError):
        major_in("a lot", "USD", "spend")


# Reading ----------------------------------------------------------------------------------------------------------

TOKEN = "k3v5aaaabbbbcccc"


def test_a_campaign_is_read() -> None:
    """Text amounts, zones without a colon, the marker off the name; unknown fields stay in `extra`."""
    raw = {
        "id": "1", "account_id": "7", "name": f"Spring bs-{TOKEN}", "objective": "OUTCOME_TRAFFIC",
        "status": "PAUSED", "effective_status": "PAUSED", "daily_budget": "5000", "lifetime_budget": "0",
        "bid_strategy": "LOWEST_COST_WITHOUT_CAP", "created_time": "2026-02-21T22:33:56-0700", "buying_type": "AUCTION",
        "start_time": "2026-02-22T00:00:00-0700",
    }  # fmt: skip
    found = read.campaign(raw, BY)
    assert (found.name, found.key_token, found.objective) == ("Spring", TOKEN, Objective.TRAFFIC)
    assert found.budget == Budget.daily(Money.of("50.00 USD"))
    assert found.bid == Bid.lowest_cost()
    assert found.created_at == datetime(2026, 2, 22, 5, 33, 56, tzinfo=UTC)
    assert found.extra == {"buying_type": "AUCTION"}


@pytest.mark.parametrize("zero", [{"daily_budget": "0", "lifetime_budget": "0"}, {}, {"daily_budget": ""}])
def test_a_level_without_a_budget_has_none(zero: dict[str, str]) -> None:
    """Meta shows "0", or nothing."""
    assert read.budget(zero, "USD") is None


def test_a_token_may_be_a_label() -> None:
    """Then the name is as the caller wrote it."""
    labels = [{"id": "5", "name": "mine"}, {"id": "6", "name": f"bs-{TOKEN}"}]
    assert read.named({"name": "Spring", "adlabels": labels}) == ("Spring", TOKEN)
    assert read.named({"name": "Spring", "adlabels": [{"name": "bs-short"}]}) == ("Spring", None)


def test_an_ad_set_is_read() -> None:
    """Bid, goal, windows and targeting, what is common and what is not."""
    raw = {
        "id": "2", "campaign_id": "1", "name": "All", "status": "ACTIVE", "effective_status": "CAMPAIGN_PAUSED",
        "lifetime_budget": "70000", "bid_strategy": "COST_CAP", "bid_amount": 250, "billing_event": "IMPRESSIONS",
        "optimization_goal": "OFFSITE_CONVERSIONS", "end_time": "2026-04-01T00:00:00+0000",
        "attribution_spec": [{"event_type": "CLICK_THROUGH", "window_days": 7}],
        "targeting": {
            "geo_locations": {
                "countries": ["US"], "cities": [{"key": "2418779"}, {"key": "5", "radius": 10}],
                "location_types": ["home"],
            },
            "age_min": 21, "age_max": 65, "genders": [2], "locales": [6], "publisher_platforms": ["instagram"],
            "targeting_automation": {"advantage_audience": 0},
        },
    }  # fmt: skip
    found = read.ad_group(raw, BY)
    assert found.budget == Budget.lifetime(Money.of("700 USD"))
    assert found.bid == Bid.cost_cap(Money.of("2.50 USD"))
    assert (found.optimization, found.billing) == (OptimizationGoal.CONVERSIONS, BillingEvent.IMPRESSIONS)
    assert found.status.delivery is DeliveryStatus.PARENT_PAUSED
    assert found.attribution is not None
    assert (found.attribution.click_days, found.attribution.view_days) == (7, 0)
    seen = found.targeting
    assert (seen.locations, seen.age_min, seen.languages) == (("US", "city:2418779"), 21, ("6",))
    assert seen.extra["geo_locations"] == {"location_types": ["home"], "cities": [{"key": "5", "radius": 10}]}
    assert seen.extra["targeting_automation"] == {"advantage_audience": 0}


def test_a_minimum_roas_is_in_ten_thousandths() -> None:
    """20000 is two of revenue for one of spend."""
    raw = {"bid_strategy": "LOWEST_COST_WITH_MIN_ROAS", "bid_constraints": {"roas_average_floor": 21000}}
    assert read.bid(raw, "USD") == Bid.min_roas(Decimal("2.1"))


@pytest.mark.parametrize(
    ("raw", "schedule", "delivery"),
    [
        ({}, Schedule(), DeliveryStatus.DELIVERING),
        ({}, Schedule(start=NOW + timedelta(days=1)), DeliveryStatus.SCHEDULED),
        ({}, Schedule(end=NOW), DeliveryStatus.ENDED),
        ({"lifetime_budget": "500", "budget_remaining": "0"}, Schedule(), DeliveryStatus.BUDGET_EXHAUSTED),
        ({"daily_budget": "500", "budget_remaining": "0"}, Schedule(), DeliveryStatus.DELIVERING),
        ({"lifetime_budget": "0", "budget_remaining": "0"}, Schedule(), DeliveryStatus.DELIVERING),
        ({"learning_stage_info": {"status": "LEARNING"}}, Schedule(), DeliveryStatus.LEARNING),
        ({"learning_stage_info": {"status": "SUCCESS"}}, Schedule(), DeliveryStatus.DELIVERING),
    ],
)
def test_what_active_keeps_quiet_about(raw: dict[str, Any], schedule: Schedule, delivery: DeliveryStatus) -> None:
    """Meta says ACTIVE before the start, after the end, while learning, and when the lifetime's budget is gone."""
    found = status({"status": "ACTIVE", "effective_status": "ACTIVE", **raw}, schedule, NOW)
    assert found.delivery is delivery


@pytest.mark.parametrize(
    ("kind", "delivery"), [("HARD_ERROR", DeliveryStatus.MISCONFIGURED), ("SOFT_ERROR", DeliveryStatus.LIMITED)]
)
def test_issues_stop_or_limit(kind: str, delivery: DeliveryStatus) -> None:
    """And they are the reasons that are shown."""
    issue = {"error_type": kind, "error_summary": "No pixel", "error_message": "Choose one."}
    found = status({"status": "ACTIVE", "effective_status": "WITH_ISSUES", "issues_info": [issue]}, Schedule(), NOW)
    assert (found.delivery, found.reasons) == (delivery, ("No pixel: Choose one.",))


def test_a_rejected_ad_says_why() -> None:
    """A rejection is no error of a call: it is found by reading the ad."""
    raw = {
        "id": "3", "adset_id": "2", "campaign_id": "1", "name": "Ad", "status": "ACTIVE",
        "effective_status": "DISAPPROVED", "ad_review_feedback": {"global": {"GUNS": "No weapons."}},
        "failed_delivery_checks": [{"summary": "Rejected", "description": "Edit it."}], "creative": {"id": "9"},
    }  # fmt: skip
    found = read.ad(raw, BY)
    assert (found.review.state, found.review.reasons) == (ReviewState.REJECTED, ("GUNS: No weapons.",))
    assert found.status.delivery is DeliveryStatus.REJECTED
    assert found.status.reasons == ("Rejected: Edit it.",)
    assert (found.creative.id, found.creative.kind) == ("9", CreativeKind.UNKNOWN)


@pytest.mark.parametrize(("number", "state"), words.ACCOUNTS.items())
def test_every_state_of_an_account_is_read(number: int, state: AccountStatus) -> None:
    """Numbers, at Meta."""
    raw = {"account_id": "7", "currency": "USD", "account_status": number, "disable_reason": 3}
    found = read.account(raw)
    assert found.status is state
    assert found.extra["disable_reason_name"] == "RISK_PAYMENT"


def test_an_account_is_read() -> None:
    """Zero stands for no cap; the balance is what is owed."""
    raw = {
        "id": "act_7", "account_id": "7", "name": "Shop", "currency": "JPY", "timezone_name": "Asia/Tokyo",
        "balance": "1200", "spend_cap": "0", "amount_spent": "500", "min_daily_budget": 100, "account_status": 1,
    }  # fmt: skip
    found = read.account(raw)
    assert (found.ref.id, found.spend_cap, found.balance) == ("act_7", None, Money.of("1200 JPY"))
    assert found.min_daily_budget == Money.of("100 JPY")
    assert str(found.timezone) == "Asia/Tokyo"
    assert str(read.account({**raw, "timezone_name": "Mars/Base"}).timezone) == "UTC"


@pytest.mark.parametrize("missing", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": {}}])
def test_an_object_without_an_id_is_a_bad_answer(missing: dict[str, object]) -> None:
    """Nothing could be done with it."""
    for kind in KINDS.values():
        with pytest.raises(BadResponseError):
            kind.parse({"name": "n", "campaign_id": "1", "adset_id": "2", **missing}, BY)


@pytest.mark.parametrize(
    "odd", [None, 5, "x", [], {}, True, {"data": []}, [None], [{"x": 1}], {"status": None}, float("nan")]
)
@pytest.mark.parametrize("level", list(KINDS))
def test_odd_values_break_no_read(level: Level, odd: object) -> None:
    """But for ids and money, whatever a field holds."""
    kind = KINDS[level]
    money = {"daily_budget", "lifetime_budget", "bid_amount"}
    kept = {"id": "3", "campaign_id": "1", "adset_id": "2", "name": "n"}
    raw = {name: odd for name in kind.fields if name not in money and name not in kept}
    assert kind.parse({**raw, **kept}, BY).ref.id == "3"


# Creatives --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"object_story_spec": {"page_id": "1", "link_data": {"link": "https://x"}}}, CreativeKind.IMAGE),
        ({"object_story_spec": {"page_id": "1", "video_data": {"video_id": "2"}}}, CreativeKind.VIDEO),
        ({"object_story_spec": {"link_data": {"child_attachments": [{}, {}]}}}, CreativeKind.CAROUSEL),
        ({"object_story_id": "1_2"}, CreativeKind.EXISTING_POST),
        ({"asset_feed_spec": {"bodies": []}}, CreativeKind.RESPONSIVE),
        ({"video_id": "5"}, CreativeKind.VIDEO),
        ({"image_hash": "ab"}, CreativeKind.IMAGE),
        ({}, CreativeKind.UNKNOWN),
        (None, CreativeKind.UNKNOWN),
    ],
)
def test_the_form_of_a_creative_is_recognised(raw: Any, kind: CreativeKind) -> None:
    """By what it is made of."""
    assert creative(raw).kind is kind
