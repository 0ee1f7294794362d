"""Specs and patches: what is wrong is refused when it is written down, with field, value and cure."""

from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import (
    UNSET,
    AdGroupPatch,
    AdGroupSpec,
    AdPatch,
    AdSpec,
    Bid,
    BidStrategy,
    Budget,
    BudgetPeriod,
    CampaignPatch,
    CampaignSpec,
    CampaignTree,
    Compliance,
    ConversionSource,
    Creative,
    CreativeKind,
    GroupTree,
    MediaKind,
    MediaUpload,
    Money,
    Objective,
    OptimizationGoal,
    Query,
    Schedule,
    Targeting,
    check_extra,
    merge_extra,
)
from backstay.codec import decode, encode
from backstay.errors import InvalidRequestError

FIFTY = Budget.daily(Money.of("50 USD"))
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def campaign(**changes: Any) -> CampaignSpec:
    """A campaign that can be made."""
    facts = {"name": "Spring", "objective": Objective.SALES, "compliance": Compliance.ordinary(), **changes}
    return CampaignSpec(**{name: value for name, value in facts.items() if value is not UNSET})


def ad_group(**changes: Any) -> AdGroupSpec:
    """An ad group that can be made."""
    return AdGroupSpec(**{"name": "Women", "optimization": OptimizationGoal.CONVERSIONS, **changes})


def ad(name: str = "Blue") -> AdSpec:
    """An ad that can be made."""
    return AdSpec(name=name, creative=Creative(kind=CreativeKind.VIDEO))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": UNSET}, "name"),
        ({"compliance": UNSET}, "compliance"),
        ({"objective": UNSET}, "objective"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "x" * 481}, "name"),
        ({"name": "Spring bs-abcdefgh234567ab"}, "name"),
        ({"name": 3}, "name"),
        ({"objective": "sails"}, "objective"),
        ({"objective": Objective.UNKNOWN}, "Objective"),
        ({"budget": Budget(amount=None, period=BudgetPeriod.DAILY)}, "budget"),
        ({"budget": Budget(amount=Money.of("1 USD"), period=BudgetPeriod.NONE)}, "budget"),
        ({"budget": Budget(amount=Money.of("1 USD"), period=BudgetPeriod.UNKNOWN)}, "budget"),
        ({"budget": Budget.daily(Money.of("0 USD"))}, "budget.amount"),
        ({"budget": Budget.daily(Money.of("-1 USD"))}, "budget.amount"),
        ({"budget": 50}, "budget"),
        ({"budget": Budget.lifetime(Money.of("500 USD"))}, "schedule.end"),
        ({"bid": Bid(strategy=BidStrategy.COST_CAP)}, "bid"),
        ({"bid": Bid(strategy=BidStrategy.LOWEST_COST, amount=Money.of("1 USD"))}, "bid"),
        ({"bid": Bid(strategy=BidStrategy.MIN_ROAS)}, "bid"),
        ({"bid": Bid.min_roas(Decimal(0))}, "bid"),
        ({"bid": Bid(strategy=BidStrategy.COST_CAP, amount=Money.of("1 USD"), roas=Decimal(2))}, "bid"),
        ({"bid": Bid(strategy=BidStrategy.UNKNOWN)}, "bid"),
        ({"schedule": Schedule(start=END, end=START)}, "schedule.end"),
        ({"budgets": FIFTY}, "budgets"),
        ({"extra": {1: 2}}, "extra"),
        ({"extra": "x"}, "extra"),
    ],
)
def test_a_wrong_campaign_is_refused(changes: dict[str, Any], field: str) -> None:
    """One fault at a time, each named."""
    with pytest.raises(InvalidRequestError) as caught:
        campaign(**changes)
    assert caught.value.field == field
    assert caught.value.hint
    assert caught.value.type == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"budget": FIFTY},
        {"budget": Budget.none()},
        {"budget": Budget.lifetime(Money.of("500 USD")), "schedule": Schedule(end=END)},
        {"bid": Bid.cost_cap(Money.of("2.50 USD"))},
        {"bid": Bid.bid_cap(Money.of("2.50 USD"))},
        {"bid": Bid.min_roas(Decimal("1.5"))},
        {"bid": Bid.lowest_cost()},
        {"extra": {"po_number": "7"}},
        {"name": "春季促销 🌷"},
    ],
)
def test_a_right_campaign_is_taken_and_stored(changes: dict[str, Any]) -> None:
    """And comes back equal from pickle and from a store."""
    spec = campaign(**changes)
    assert decode(encode(spec)) == pickle.loads(pickle.dumps(spec)) == spec


def test_all_faults_are_told_at_once() -> None:
    """The message has every fault, the field is the first one's, a near miss is named."""
    with pytest.raises(InvalidRequestError) as caught:
        CampaignSpec(name="", objektive="sales")  # type: ignore[call-arg] # the point of the test
    for word in ("name", "objective", "compliance", "objektive"):
        assert word in str(caught.value)
    with pytest.raises(InvalidRequestError, match="budgte") as caught:
        campaign(budgte=FIFTY)
    assert caught.value.hint == "did you mean budget?"


def test_a_time_needs_a_zone() -> None:
    """A naive time could be any of 24; inside a spec it is our error."""
    with pytest.raises(InvalidRequestError) as caught:
        campaign(schedule={"start": datetime(2026, 1, 1)})  # noqa: DTZ001 - the point of the test
    assert caught.value.field == "schedule.start"
    assert "tzinfo" in caught.value.hint


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"targeting": Targeting(age_min=40, age_max=30)}, "targeting.age_max"),
        ({"optimization": OptimizationGoal.UNKNOWN}, "OptimizationGoal"),
        ({"budget": Budget.lifetime(Money.of("5 USD"))}, "schedule.end"),
    ],
)
def test_a_wrong_ad_group_is_refused(facts: dict[str, Any], field: str) -> None:
    """The parts that campaigns do not have."""
    with pytest.raises(InvalidRequestError) as caught:
        ad_group(**facts)
    assert caught.value.field == field


def test_a_copy_is_checked_again() -> None:
    """`but` changes some fields, gives defaults back for UNSET, and refuses as the constructor does."""
    spec = campaign(budget=FIFTY)
    assert spec.but(name="Summer").budget == FIFTY
    assert spec.but(budget=UNSET).budget is None
    with pytest.raises(InvalidRequestError):
        spec.but(name="")


@pytest.mark.parametrize(
    ("above", "below", "fits"),
    [
        (FIFTY, None, True),
        (None, FIFTY, True),
        (FIFTY, FIFTY, False),
        (None, None, False),
        (Budget.none(), FIFTY, True),
        (FIFTY, Budget.none(), True),
    ],
)
def test_one_level_of_a_tree_has_the_budget(above: Budget | None, below: Budget | None, fits: bool) -> None:
    """Either the campaign or every ad group; both would be counted twice, none has no limit."""
    groups = (GroupTree(ad_group=ad_group(budget=below)),)
    if fits:
        assert CampaignTree(campaign=campaign(budget=above), groups=groups).groups == groups
        return
    with pytest.raises(InvalidRequestError) as caught:
        CampaignTree(campaign=campaign(budget=above), groups=groups)
    assert caught.value.field == "groups.0.ad_group.budget"


def test_names_in_a_tree_are_unique_under_their_parent() -> None:
    """Objects are found again by name, so two must not share one."""
    with pytest.raises(InvalidRequestError) as caught:
        CampaignTree(campaign=campaign(budget=FIFTY), groups=(GroupTree(ad_group=ad_group()),) * 2)
    assert caught.value.field == "groups"
    with pytest.raises(InvalidRequestError) as caught:
        CampaignTree(campaign=campaign(budget=FIFTY), groups=(GroupTree(ad_group=ad_group(), ads=(ad(), ad())),))
    assert caught.value.field == "groups.0.ads"


def test_a_patch_tells_absent_from_none() -> None:
    """Absent stays, None clears."""
    patch = CampaignPatch(name="Summer", bid=None)
    assert patch.changes == {"name": "Summer", "bid": None}
    assert patch.budget is UNSET
    assert not UNSET
    assert decode(encode(patch)) == pickle.loads(pickle.dumps(patch)) == patch
    assert pickle.loads(pickle.dumps(patch)).budget is UNSET


@pytest.mark.parametrize(
    "make",
    [
        CampaignPatch,
        AdPatch,
        lambda: CampaignPatch(name=None),
        lambda: CampaignPatch(name="UNSET bs-abcdefgh234567ab"),
        lambda: CampaignPatch(budget=Budget.daily(Money.of("0 USD"))),
        lambda: CampaignPatch(objective=Objective.SALES),
        lambda: AdGroupPatch(schedule=Schedule(start=END, end=START)),
        lambda: AdGroupPatch(targeting=Targeting(age_min=40, age_max=30)),
        lambda: AdPatch(creative=None),
    ],
)
def test_a_wrong_patch_is_refused(make: Any) -> None:
    """Empty ones, what cannot be cleared, and what a spec refuses too."""
    with pytest.raises(InvalidRequestError):
        make()


def test_a_patch_of_vendor_fields_only_is_one() -> None:
    """`extra` is enough."""
    assert CampaignPatch(extra={"po_number": "7"}).changes == {}


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({}, "data"),
        ({"data": b"x", "url": "https://example.com/a.png"}, "data"),
        ({"data": b""}, "data"),
        ({"url": "http://example.com/a.png"}, "url"),
        ({"data": b"x", "kind": MediaKind.UNKNOWN}, "MediaKind"),
        ({"data": b"x", "name": ""}, "name"),
    ],
)
def test_a_wrong_upload_is_refused(facts: dict[str, Any], field: str) -> None:
    """Exactly one source, over https, of a known kind."""
    with pytest.raises(InvalidRequestError) as caught:
        MediaUpload(**{"kind": MediaKind.IMAGE, "name": "a.png", **facts})
    assert caught.value.field == field


def test_an_upload_knows_its_hash_and_keeps_its_bytes_out_of_repr() -> None:
    """A megabyte does not end up in a log."""
    upload = MediaUpload(kind=MediaKind.IMAGE, name="a.png", data=b"secret bytes")
    assert upload.sha256 == hashlib.sha256(b"secret bytes").hexdigest()
    assert "secret" not in repr(upload)
    assert MediaUpload(kind=MediaKind.VIDEO, name="a.mp4", url="https://example.com/a.mp4").sha256 is None


def test_a_field_has_one_source() -> None:
    """What the common model has set cannot come from `extra` as well; the rest is added last."""
    request = {"campaign_name": "Spring"}
    assert merge_extra(request, {"po_number": "7"}) == {"campaign_name": "Spring", "po_number": "7"}
    assert request == {"campaign_name": "Spring"}
    with pytest.raises(InvalidRequestError) as caught:
        check_extra(request, {"campaign_name": "Summer"})
    assert (caught.value.field, caught.value.value) == ("extra.campaign_name", "Summer")


@pytest.mark.parametrize("facts", [{"page_size": 0}, {"page_size": 1001}, {"nam": "x"}, {"ids": "18001"}])
def test_a_wrong_query_is_refused(facts: dict[str, Any]) -> None:
    """Also a text where a tuple of ids belongs."""
    with pytest.raises(InvalidRequestError):
        Query(**facts)


def test_a_conversion_source_needs_an_id() -> None:
    """The event may be left to the vendor."""
    assert ConversionSource(source_id="px1").event is None
    with pytest.raises(InvalidRequestError):
        ConversionSource(event="purchase")  # type: ignore[call-arg] # the point of the test
