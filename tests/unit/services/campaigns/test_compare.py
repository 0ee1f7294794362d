"""What is wanted against what is there: which steps, which way the money goes, who caused it, what cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupSpec,
    AdSpec,
    Bid,
    Budget,
    Campaign,
    CampaignSpec,
    CampaignTree,
    Capabilities,
    Capability,
    Compliance,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    DeliveryStatus,
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
from backstay.errors import InvalidRequestError
from backstay.services.campaigns import CampaignSet, Cause, Do, Place, Target, Who
from backstay.services.campaigns.compare import new_part, steps
from backstay.services.campaigns.drift import drifted
from backstay.services.campaigns.hurdles import troubles
from backstay.services.campaigns.sight import Sight
from backstay.services.campaigns.state import Site

REF = Ref(Platform.META, "9", Level.CAMPAIGN, "1")
GROUP = REF.at(Level.AD_GROUP, "2")
AD = REF.at(Level.AD, "3")
ACTIVE = Status(configured=ConfiguredStatus.ACTIVE)
MAY, JUNE, JULY = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 6, 7))


def usd(amount: str) -> Money:
    return Money(amount, "USD")


BASE: dict[str, Any] = {"name": "Spring", "budget": Budget.daily(usd("100")), "bid": Bid.cost_cap(usd("2"))}
IMAGE = Creative(kind=CreativeKind.IMAGE, texts=("Now",))


def target(group: dict[str, Any] | None = None, creative: Creative = IMAGE, **campaign: Any) -> Target:
    """A campaign of one group of one ad, running."""
    facts = {**BASE, "objective": Objective.TRAFFIC, "compliance": Compliance.ordinary(), **campaign}
    own = AdGroupSpec(**{"name": "All", "optimization": OptimizationGoal.CLICKS, **(group or {})})
    ad = AdSpec(name="First", creative=creative)
    tree = CampaignTree(campaign=CampaignSpec(**facts), groups=(GroupTree(ad_group=own, ads=(ad,)),))
    return Target(id="sale", on="meta", tree=tree, status=ConfiguredStatus.ACTIVE)


def things(group: dict[str, Any] | None = None, **campaign: Any) -> dict[Place, Any]:
    """The same on the platform, with what it shows otherwise."""
    facts = {**BASE, "ref": REF, "objective": Objective.TRAFFIC, "status": ACTIVE, **campaign}
    return {
        Place(): Campaign(**facts),
        Place("All"): AdGroup(**{"ref": GROUP, "campaign": REF, "name": "All", "status": ACTIVE, **(group or {})}),
        Place("All", "First"): Ad(ref=AD, ad_group=GROUP, name="First", status=ACTIVE, creative=IMAGE),
    }


def site(asked: Target, shown: dict[Place, Any]) -> Site:
    """As it was made."""
    parts = (new_part(place, spec, shown[place]) for place, spec in asked.parts().items())
    return Site(id="sale", on="meta", parts=tuple(parts))


def seen(shown: dict[Place, Any] | None = None, known: Site | None = None, **facts: Any) -> Sight:
    """What was read."""
    return Sight(site=known, things=things() if shown is None else shown, **facts)


def test_what_is_as_it_is_wanted_needs_no_step() -> None:
    """Nor does what the spec leaves to the platform."""
    shown = things({"targeting": Targeting(age_min=18), "budget": Budget.daily(usd("7"))})
    assert steps(target(), seen(shown)) == []


@pytest.mark.parametrize(
    ("wanted", "shows", "do"),
    [
        ({"budget": Budget.daily(usd("99.99"))}, {}, Do.LOWER),
        ({"budget": Budget.daily(usd("100.01"))}, {}, Do.RAISE),
        ({}, {"budget": None}, Do.RAISE),
        ({}, {"budget": Budget.lifetime(usd("500"))}, Do.RAISE),
        ({"bid": Bid.cost_cap(usd("1.99"))}, {}, Do.LOWER),
        ({"bid": Bid.cost_cap(usd("2.01"))}, {}, Do.RAISE),
        ({"bid": Bid.bid_cap(usd("1"))}, {}, Do.RAISE),
        ({"bid": Bid.lowest_cost()}, {}, Do.RAISE),
        ({"bid": Bid.min_roas(Decimal(3))}, {"bid": Bid.min_roas(Decimal(2))}, Do.LOWER),
        ({"bid": Bid.min_roas(Decimal(2))}, {"bid": Bid.min_roas(Decimal(3))}, Do.RAISE),
        ({"schedule": Schedule(end=JUNE)}, {"schedule": Schedule(end=JULY)}, Do.CHANGE),
        ({"schedule": Schedule(end=JULY)}, {"schedule": Schedule(end=JUNE)}, Do.RAISE),
        ({"schedule": Schedule(end=JUNE)}, {}, Do.CHANGE),
        ({"schedule": Schedule(start=MAY)}, {"schedule": Schedule(start=JUNE)}, Do.RAISE),
        ({"name": "Summer"}, {}, Do.CHANGE),
    ],
)
def test_which_way_the_money_goes(wanted: dict[str, Any], shows: dict[str, Any], do: Do) -> None:
    """Less, more, or nothing of the kind; what cannot be compared counts as more."""
    (step,) = steps(target(**wanted), seen(things(**shows)))
    assert (step.do, step.place, step.ref) == (do, Place(), REF)
    assert step.money is (do in {Do.LOWER, Do.RAISE})


def test_a_lifetime_budget_and_its_end_go_together() -> None:
    """One call, as more: half of it would be another budget."""
    wanted = target(budget=Budget.lifetime(usd("90")), schedule=Schedule(end=JUNE))
    shown = things(budget=Budget.lifetime(usd("100")), schedule=Schedule(end=JULY))
    (step,) = steps(wanted, seen(shown))
    assert (step.do, [field.name for field in step.fields]) == (Do.RAISE, ["budget", "schedule.end"])


def test_fields_of_an_object_are_changed_by_what_they_do() -> None:
    """Less money, a name, more of a bid: three steps, in the order of the plan or not."""
    found = steps(target(budget=Budget.daily(usd("50")), bid=Bid.cost_cap(usd("3")), name="Summer"), seen())
    assert [step.do for step in found] == [Do.LOWER, Do.CHANGE, Do.RAISE]


def test_targeting_is_compared_as_far_as_it_was_asked_for() -> None:
    """Ages that were asked for and are shown otherwise."""
    (step,) = steps(target({"targeting": Targeting(age_min=21)}), seen(things({"targeting": Targeting(age_min=18)})))
    assert (step.do, step.place, step.fields[0].name) == (Do.CHANGE, Place("All"), "targeting.age_min")


def test_how_a_platform_writes_a_value_is_no_difference() -> None:
    """It was asked for 2.00 and has shown 1.99 ever since; another value than that is one again."""
    shown = things(bid=Bid.cost_cap(usd("1.99")))
    known = site(target(), shown)
    assert steps(target(), seen(shown, known)) == []
    assert [each.by for each in drifted(target(), seen(shown, known))] == [Who.PLATFORM]
    (step,) = steps(target(), seen(things(bid=Bid.cost_cap(usd("1.80"))), known))
    assert (step.do, step.cause) == (Do.RAISE, Cause.DRIFT)


@pytest.mark.parametrize(("applied", "cause", "who"), [("100", Cause.DRIFT, Who.OUTSIDE), ("80", Cause.SPEC, Who.SPEC)])
def test_who_made_the_difference(applied: str, cause: Cause, who: Who) -> None:
    """A budget of 80 where 100 is wanted: drift if 100 was applied, news of the spec if 80 was."""
    shown = things(budget=Budget.daily(usd("80")))
    before = target(budget=Budget.daily(usd(applied)))
    known = site(before, things(budget=before.tree.campaign.budget))
    (step,) = steps(target(), seen(shown, known))
    (drift,) = drifted(target(), seen(shown, known))
    assert (step.cause, drift.by) == (cause, who)


def test_statuses() -> None:
    """What is off and is to run is activated once for all of it; what stays off is paused."""
    shown = things(status=Status(configured=ConfiguredStatus.PAUSED))
    assert [step.do for step in steps(target(), seen(shown))] == [Do.ACTIVATE]
    still = target().but(off=(("All", "First"),))
    assert [(step.do, step.place) for step in steps(still, seen())] == [(Do.PAUSE, Place("All", "First"))]
    whole = target().but(status=ConfiguredStatus.PAUSED)
    assert [(step.do, step.place) for step in steps(whole, seen())] == [(Do.PAUSE, Place())]


def test_what_the_platform_holds_back_is_its_own_drift() -> None:
    """It is on, and rejected."""
    shown = things(
        status=Status(configured=ConfiguredStatus.ACTIVE, delivery=DeliveryStatus.REJECTED, reasons=("ALCOHOL",))
    )
    (found,) = drifted(target(), seen(shown))
    assert (found.field, found.shows, found.by) == ("delivery", "rejected ALCOHOL", Who.PLATFORM)


NEW = Creative(kind=CreativeKind.IMAGE, texts=("Later",))


@pytest.mark.parametrize(("flags", "refused"), [((), True), ((Capability.CREATIVE_EDIT_IN_PLACE,), False)])
def test_a_new_creative_needs_a_platform_that_changes_them(flags: tuple[Capability, ...], refused: bool) -> None:
    """Else it is told with its cure: another ad."""
    known, wanted = site(target(), things()), target(creative=NEW)
    found = list(troubles(wanted, seen(known=known), Capabilities.of(Platform.META, *flags)))
    assert [each.field for each in found] == (["All / First.creative"] if refused else [])
    (step,) = steps(wanted, seen(known=known))
    assert (step.do, step.fields[0].before, step.fields[0].after) == (Do.CHANGE, "image Now", "image Later")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"objective": Objective.LEADS}, "campaign.objective"),
        ({"compliance": Compliance(special_categories=(), eu_political=True)}, "campaign.compliance"),
        ({"group": {"optimization": OptimizationGoal.REACH}}, "All.optimization"),
        ({"group": {"extra": {"x": 1}}}, "All.extra"),
    ],
)
def test_what_platforms_take_once_is_told(changes: dict[str, Any], field: str) -> None:
    """With the cure, which is another id."""
    (found,) = troubles(target(**changes), seen(known=site(target(), things())), Capabilities.of(Platform.META))
    assert found.field == field
    assert "another id" in found.hint


def test_a_campaign_that_was_found_by_its_key_must_be_of_the_objective() -> None:
    """Unless the platform has none and it was guessed."""
    can = Capabilities.of(Platform.META)
    other, guessed = things(objective=Objective.LEADS), things(objective=Objective.LEADS, objective_inferred=True)
    assert [each.field for each in troubles(target(), seen(other), can)] == ["campaign.objective"]
    assert list(troubles(target(), seen(guessed), can)) == []


def test_what_is_gone_is_told_and_not_made_again() -> None:
    """A deleted ad."""
    shown = things()
    del shown[Place("All", "First")]
    gone = seen(shown, site(target(), things()), gone=(Place("All", "First"),))
    assert steps(target(), gone) == []
    (found,) = troubles(target(), gone, Capabilities.of(Platform.META))
    assert (found.field, found.value) == ("All / First.status", "deleted")


@pytest.mark.parametrize("off", [("Nobody", ""), ("All", "Second")])
def test_what_stays_off_must_be_there(off: tuple[str, str]) -> None:
    """A slip in a name would let it run."""
    with pytest.raises(InvalidRequestError, match="there is no"):
        target().but(off=(off,))


def test_a_campaign_is_in_a_set_once() -> None:
    """On one platform; the refusal names it."""
    with pytest.raises(InvalidRequestError, match="sale@meta is there twice"):
        CampaignSet(id="set", targets=(target(), target(name="Other")))
