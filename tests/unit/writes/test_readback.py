"""What was asked for against what the platform shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupSpec,
    AdSpec,
    Bid,
    Budget,
    BuiltGroup,
    BuiltTree,
    Campaign,
    CampaignSpec,
    CampaignTree,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    Gender,
    GroupTree,
    Level,
    Money,
    Objective,
    OptimizationGoal,
    Platform,
    Ref,
    Schedule,
    Status,
    Targeting,
)
from backstay.writes.readback import differences, mismatch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAUSED = Status(configured=ConfiguredStatus.PAUSED)
CREATIVE = Creative(kind=CreativeKind.IMAGE)
TARGETING = Targeting(locations=("DE", "AT"), age_min=18, age_max=54, genders=(Gender.FEMALE,), languages=("de",))


def ref(level: Level, number: int = 1) -> Ref:
    return Ref(Platform.TIKTOK, "7001", level, str(number))


def asked(campaign: dict[str, Any] | None = None, group: dict[str, Any] | None = None) -> CampaignTree:
    top: dict[str, Any] = {
        "name": "Spring", "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(),
        "budget": Budget.daily(Money.of("50 EUR")), "bid": Bid.cost_cap(Money.of("2 EUR")),
    }  # fmt: skip
    below: dict[str, Any] = {
        "name": "All", "optimization": OptimizationGoal.CLICKS, "targeting": TARGETING,
        "schedule": Schedule(start=NOON, end=NOON + timedelta(days=7)),
    }  # fmt: skip
    ads = (AdSpec(name="One", creative=CREATIVE),)
    spec = AdGroupSpec(**{**below, **(group or {})})
    return CampaignTree(
        campaign=CampaignSpec(**{**top, **(campaign or {})}), groups=(GroupTree(ad_group=spec, ads=ads),)
    )


def shown(campaign: dict[str, Any] | None = None, group: dict[str, Any] | None = None, ad: Any = PAUSED) -> BuiltTree:
    top: dict[str, Any] = {
        "ref": ref(Level.CAMPAIGN), "name": "Spring", "status": PAUSED, "budget": Budget.daily(Money.of("50.00 EUR")),
        "bid": Bid.cost_cap(Money.of("2.00 EUR")),
    }  # fmt: skip
    below: dict[str, Any] = {
        "ref": ref(Level.AD_GROUP), "campaign": ref(Level.CAMPAIGN), "name": "All", "status": PAUSED,
        "targeting": TARGETING.model_copy(update={"locations": ("AT", "DE"), "placements": ("feed",)}),
        "schedule": Schedule(start=NOON, end=NOON + timedelta(days=7)),
    }  # fmt: skip
    leaf = Ad(ref=ref(Level.AD), ad_group=ref(Level.AD_GROUP), name="One", status=ad, creative=CREATIVE)
    made = AdGroup(**{**below, **(group or {})})
    return BuiltTree(campaign=Campaign(**{**top, **(campaign or {})}), groups=(BuiltGroup(ad_group=made, ads=(leaf,)),))


def targeting(**changes: Any) -> dict[str, Any]:
    return {"targeting": TARGETING.model_copy(update=changes)}


@pytest.mark.parametrize(
    ("tree", "built"),
    [
        (asked(), shown()),
        (asked({"bid": None}), shown({"bid": Bid.lowest_cost()})),  # what was not asked for is the platform's affair
        (asked(group={"targeting": Targeting()}), shown()),
        (asked(group={"schedule": Schedule()}), shown(group={"schedule": Schedule(start=NOON)})),
        (
            asked(),
            shown(group={"schedule": Schedule(start=NOON - timedelta(seconds=59), end=NOON + timedelta(days=7))}),
        ),
        (asked(group={"budget": Budget.none()}), shown(group={"budget": None})),
    ],
)
def test_what_is_as_it_was_asked_for_is_no_difference(tree: CampaignTree, built: BuiltTree) -> None:
    """Amounts by their value, lists in any order, times to the minute, and only what the caller set."""
    assert list(differences(tree, built)) == []


@pytest.mark.parametrize(
    ("built", "field", "told"),
    [
        (shown({"budget": Budget.daily(Money.of("500 EUR"))}), "campaign.budget", ("50 EUR daily", "500 EUR daily")),
        (shown({"budget": Budget.daily(Money.of("50 USD"))}), "campaign.budget", ("50 EUR daily", "50 USD daily")),
        (shown({"budget": Budget.lifetime(Money.of("50 EUR"))}), "campaign.budget", ("daily", "lifetime")),
        (shown({"budget": None}), "campaign.budget", ("50 EUR daily", "nothing")),
        (shown({"bid": Bid.cost_cap(Money.of("20 EUR"))}), "campaign.bid", ("2 EUR", "20 EUR")),
        (shown({"bid": None}), "campaign.bid", ("2 EUR", "nothing")),
        (shown({"status": Status(configured=ConfiguredStatus.ACTIVE)}), "campaign.status", ("paused", "active")),
        (
            shown(group={"status": Status(configured=ConfiguredStatus.ACTIVE)}),
            "groups.0.ad_group.status",
            ("paused", "active"),
        ),
        (shown(ad=Status(configured=ConfiguredStatus.ACTIVE)), "groups.0.ads.0.status", ("paused", "active")),
        (
            shown(group={"schedule": Schedule(start=NOON)}),
            "groups.0.ad_group.schedule.end",
            ("2026-03-08T12:00:00+00:00", "nothing"),
        ),
        (
            shown(group={"schedule": Schedule(start=NOON + timedelta(minutes=1), end=NOON + timedelta(days=7))}),
            "groups.0.ad_group.schedule.start",
            ("12:00:00", "12:01:00"),
        ),
        (shown(group=targeting(locations=("DE",))), "groups.0.ad_group.targeting.locations", ("DE, AT", "DE")),
        (shown(group=targeting(locations=())), "groups.0.ad_group.targeting.locations", ("DE, AT", "nothing")),
        (shown(group=targeting(genders=())), "groups.0.ad_group.targeting.genders", ("female", "nothing")),
        (shown(group=targeting(languages=("en",))), "groups.0.ad_group.targeting.languages", ("de", "en")),
        (shown(group=targeting(age_min=13)), "groups.0.ad_group.targeting.age_min", ("18", "13")),
        (shown(group=targeting(age_max=None)), "groups.0.ad_group.targeting.age_max", ("54", "nothing")),
    ],
)
def test_each_difference_names_the_field_and_both_values(built: BuiltTree, field: str, told: tuple[str, str]) -> None:
    """One wrong field is one difference, and its error says what to do."""
    (found,) = differences(asked(), built)
    error = mismatch(found)
    assert (found.field, error.field) == (field, field)
    before, after = error.message.split(", the platform shows ")
    assert told[0] in before
    assert told[1] in after
    assert error.hint


def test_what_runs_is_no_difference_where_statuses_are_not_asked_for() -> None:
    """Of a tree that an earlier call made; its money is compared all the same."""
    active = Status(configured=ConfiguredStatus.ACTIVE)
    running = shown({"status": active}, {"status": active}, ad=active)
    assert len(list(differences(asked(), running))) == 3
    assert list(differences(asked(), running, statuses=False)) == []
    wrong = shown({"status": active, "budget": None})
    assert [found.field for found in differences(asked(), wrong, statuses=False)] == ["campaign.budget"]
