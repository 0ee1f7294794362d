"""Specs on platforms: made once, changed in a safe order, watched, switched off; on every simulator and a mix."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import (
    AdGroupPatch,
    Budget,
    CampaignPatch,
    CampaignTree,
    Capability,
    ConfiguredStatus,
    Money,
    Objective,
    Query,
    Ref,
)
from backstay.compose import Weights
from backstay.errors import ConflictError, InvalidRequestError
from backstay.sandbox import FaultKind
from backstay.services.campaigns import CampaignManager, CampaignSet, Cause, Do, Target, Who
from backstay.services.campaigns.events import CampaignsPaused, CampaignsPlanned, CampaignStepped, CampaignTrouble
from backstay.services.rules.state import RulesState
from backstay.writes.guard import SpendGuard
from tests.support.campaigns import (
    ACTIVE,
    PAUSED,
    Death,
    Stage,
    daily,
    everywhere,
    with_ad,
    with_group,
)

HOUR = 3_600.0


def staged(
    *names: str, guard: SpendGuard | None = None
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Callable[..., None]]:
    """A test that is played in virtual time on a prepared stage: on these platforms, else on its parameter `names`."""

    def decorated(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
        @functools.wraps(test)
        def played(**given: Any) -> None:
            stage = Stage(names or given.pop("names"), guard)

            async def work() -> None:
                await stage.prepared()
                await test(stage, **given)

            stage.play(work())

        plain = inspect.signature(test)
        _, *others = plain.parameters.values()  # the first one is the stage
        wanted = [] if names else [inspect.Parameter("names", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        played.__signature__ = plain.replace(parameters=[*wanted, *others])  # type: ignore[attr-defined]  # for pytest
        return played

    return decorated


def off(target: Target) -> Target:
    """Its second ad group stays off."""
    return target.but(off=(("Two", ""),))


def moved(on: str, target: Target) -> Target:
    """TikTok gets what Meta gives."""
    budget = daily("150.00" if on == "tiktok" else "50.00")
    return target.but(tree=target.tree.but(campaign=target.tree.campaign.but(budget=budget)))


# Made once ------------------------------------------------------------------------------------------------------------


@everywhere
@staged()
async def test_a_spec_is_planned_then_made_once_and_runs(stage: Stage) -> None:
    """The plan writes nothing; applied it makes one running tree a platform; the same spec again does nothing."""
    manager = stage.open()
    plan = await manager.plan()
    assert [step.do for step in plan.steps] == [Do.CREATE] * len(stage.names) + [Do.ACTIVATE] * len(stage.names)
    assert (stage.writes, await stage.campaigns(), stage.store.texts) == ([], [], {})
    applied = await manager.apply(plan)
    assert (applied.ok, applied.done) == (True, plan.steps)
    assert stage.active == [1] * len(stage.names)
    before = list(stage.writes)
    for again in (manager, stage.open()):
        assert (await again.plan()).empty
        assert (await again.apply()).done == ()
    assert stage.writes == before
    assert await stage.objects() == [(1, 2, 2)] * len(stage.names)
    assert len([each for each in stage.place.events if isinstance(each, CampaignStepped)]) == 2 * len(stage.names)
    assert any(isinstance(each, CampaignsPlanned) for each in stage.place.events)


@everywhere
@staged()
async def test_a_paused_spec_spends_nothing(stage: Stage) -> None:
    """All is there, nothing runs; made active later, it is only switched on, but for what stays off."""
    await stage.open(stage.spec(PAUSED)).apply()
    assert (stage.active, len(await stage.campaigns())) == ([0] * len(stage.names), len(stage.names))
    manager = stage.open(stage.changed(lambda _, target: off(target)))
    assert [step.do for step in (await manager.plan()).steps] == [Do.ACTIVATE] * len(stage.names)
    await manager.apply()
    assert (await manager.plan()).empty
    for ads in stage.place.adapters().values():
        groups = {each.name: each.status.configured async for each in ads.list_ad_groups(max_age=0.0)}
        assert groups == {"One": ACTIVE, "Two": PAUSED}
    assert stage.active == [1] * len(stage.names)


@pytest.mark.parametrize("side", ["die_before", "die_after"])
@pytest.mark.parametrize(
    ("names", "write"),
    [
        *((("tiktok",), write) for write in range(6)),
        *((names, write) for names in (("meta",), ("google_ads",)) for write in (0, 1, 5)),
        *((("tiktok", "meta", "google_ads"), write) for write in (1, 4, 16)),
    ],
)
@staged()
async def test_a_death_at_any_write_makes_nothing_twice(stage: Stage, side: str, write: int) -> None:
    """Right before or right after each write; the next process goes on, and each object is there once."""
    setattr(stage, side, write + (side == "die_after"))
    manager = stage.open()
    with pytest.raises(Death):
        await manager.apply()
    stage.die_before = stage.die_after = None
    await stage.place.clock.sleep(HOUR)
    assert (await stage.open().apply()).ok
    assert await stage.objects() == [(1, 2, 2)] * len(stage.names)
    assert (await stage.open().plan()).empty
    assert stage.active == [1] * len(stage.names)
    assert [len(bench.world.duplicates()) for bench in stage.place.benches.values()] == [0] * len(stage.names)


@pytest.mark.parametrize("names", [("tiktok",), ("meta",)], ids="+".join)
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("part", ["create_campaign", "create_ad_group", "create_ad"])
@staged()
async def test_a_death_within_a_tree_makes_nothing_twice(stage: Stage, side: str, part: str) -> None:
    """Right before or right after the second object of a kind; the tree is finished by the next process."""
    manager = stage.open()
    stage.dies_within(stage.names[0], part, side, 1 if part == "create_campaign" else 2)
    with pytest.raises(Death):
        await manager.apply()
    assert (await stage.open().plan()).steps[0].do is Do.FINISH
    await stage.place.clock.sleep(HOUR)
    assert (await stage.open().apply()).ok
    assert await stage.objects() == [(1, 2, 2)]
    assert stage.active == [1]


@everywhere
@staged()
async def test_without_its_store_a_spec_finds_what_it_has_made(stage: Stage) -> None:
    """By the keys: nothing is made again, and nothing is changed."""
    await stage.open().apply()
    stage.store.texts.clear()
    manager = stage.open()
    assert (await manager.plan()).empty
    await manager.apply()
    assert len((await manager.state()).sites) == len(stage.names)
    assert await stage.objects() == [(1, 2, 2)] * len(stage.names)


@staged("tiktok")
async def test_a_spec_that_was_changed_while_its_tree_was_half_built_is_finished_and_then_changed(stage: Stage) -> None:
    """The tree is finished as it was begun, else its key would stand for two; the new budget follows at once."""
    stage.breaks("tiktok", FaultKind.CONNECT_REFUSED, operation="ad/create")
    first = await stage.open().apply()
    assert ([each.step.do for each in first.failed], [each.step.do for each in first.skipped]) == (
        [Do.CREATE], [Do.ACTIVATE],
    )  # fmt: skip
    stage.heal()
    manager = stage.open(stage.spec(budget=daily("60.00")))
    assert [step.do for step in (await manager.plan()).steps] == [Do.FINISH, Do.ACTIVATE]
    applied = await manager.apply()
    assert (applied.ok, [step.do for step in applied.done]) == (True, [Do.FINISH, Do.ACTIVATE, Do.LOWER])
    assert (await stage.budgets(), await stage.objects()) == ([Decimal(60)], [(1, 2, 2)])


# Changed --------------------------------------------------------------------------------------------------------------


@everywhere
@staged()
async def test_money_goes_down_before_it_goes_up(stage: Stage) -> None:
    """One campaign gives, another gets, a third one changes its name: in this order, all over the platforms."""
    trees = {n: dict(stage.trees) for n in ("gives", "gets", "named")}
    for n, some in trees.items():
        for on, tree in some.items():
            some[on] = tree.but(campaign=tree.campaign.but(name=n))
    await stage.open(CampaignSet.of("set", trees, status=ACTIVE)).apply()
    news: dict[str, Any] = {"gives": {"budget": daily("80.00")}, "gets": {"budget": daily("120.00")},
                            "named": {"name": "Renamed"}}  # fmt: skip
    for n, some in trees.items():
        for on, tree in some.items():
            some[on] = tree.but(campaign=tree.campaign.but(**news[n]))
    manager = stage.open(CampaignSet.of("set", trees, status=ACTIVE))
    plan = await manager.plan()
    count = len(stage.names)
    assert [step.do for step in plan.steps] == [Do.LOWER] * count + [Do.CHANGE] * count + [Do.RAISE] * count
    assert [step.money for step in plan.steps] == [True] * count + [False] * count + [True] * count
    assert plan.steps[0].text == "lower campaign: budget 100.00 USD daily -> 80.00 USD daily"
    assert (await manager.apply(plan)).ok
    assert sorted(await stage.budgets()) == [Decimal(80)] * count + [Decimal(100)] * count + [Decimal(120)] * count
    assert {each.name for each in await stage.campaigns()} == {"gives", "gets", "Renamed"}
    assert (await manager.plan()).empty


@everywhere
@staged()
async def test_ad_groups_and_ads_come_later_and_go(stage: Stage) -> None:
    """What is added is made once, under what is there, and switched on; what is taken out is paused, not deleted."""
    await stage.open().apply()
    more = stage.changed(lambda _, target: with_ad(with_group(target, "Three"), "Extra"))
    for _ in range(2):
        await stage.open(more).apply()
        assert await stage.objects() == [(1, 3, 4)] * len(stage.names)
    assert (await stage.open(more).plan()).empty
    manager = stage.open()
    steps = (await manager.plan()).steps
    assert {(step.do, step.cause) for step in steps} == {(Do.PAUSE, Cause.REMOVED)}
    assert len(steps) == 3 * len(stage.names)
    await manager.apply()
    assert await stage.objects() == [(1, 3, 4)] * len(stage.names)
    assert (await manager.plan()).empty
    assert (await stage.open(more).apply()).ok
    assert await stage.objects() == [(1, 3, 4)] * len(stage.names)
    assert stage.active == [1] * len(stage.names)


@everywhere
@staged()
async def test_only_what_is_off_is_switched_on(stage: Stage) -> None:
    """One ad more in a running tree: it, its ad group and the campaign, and none of the others."""
    await stage.open().apply()
    count = stage.writes.count("set_status")
    await stage.open(stage.changed(lambda _, target: with_ad(target, "Extra"))).apply()
    assert stage.writes.count("set_status") - count == 3 * len(stage.names)


@everywhere
@staged()
async def test_a_campaign_that_the_spec_does_not_name_any_more_is_paused(stage: Stage) -> None:
    """It stays where it is, and runs again when the spec names it again."""
    await stage.open().apply()
    manager = stage.open(CampaignSet(id="set"))
    assert [(step.do, step.cause) for step in (await manager.plan()).steps] == [(Do.PAUSE, Cause.REMOVED)] * len(
        stage.names
    )
    assert (await manager.apply()).ok
    assert (await manager.plan()).empty
    assert (stage.active, len(await stage.campaigns())) == ([0] * len(stage.names), len(stage.names))
    assert (await stage.open().apply()).ok
    assert len(await stage.campaigns()) == len(stage.names)
    assert stage.active == [1] * len(stage.names)


@everywhere
@pytest.mark.parametrize("write", range(2))
@staged()
async def test_a_death_between_two_changes_leaves_the_sum_at_or_below_both(stage: Stage, write: int) -> None:
    """The decrease is made first, so that between the writes there is less money out, never more."""
    trees = {n: dict(stage.trees) for n in ("a", "b")}
    for n, some in trees.items():
        trees[n] = {on: tree.but(campaign=tree.campaign.but(name=n)) for on, tree in some.items()}
    await stage.open(CampaignSet.of("set", trees, status=ACTIVE)).apply()
    moved = {
        n: {
            on: tree.but(campaign=tree.campaign.but(budget=daily("50.00" if n == "b" else "150.00")))
            for on, tree in some.items()
        }
        for n, some in trees.items()
    }
    stage.die_after = len(stage.writes) + 1 + write
    with pytest.raises(Death):
        await stage.open(CampaignSet.of("set", moved, status=ACTIVE)).apply()
    assert sum(await stage.budgets()) <= 200 * len(stage.names)
    stage.die_after = None
    assert (await stage.open(CampaignSet.of("set", moved, status=ACTIVE)).apply()).ok
    assert sorted(await stage.budgets()) == [Decimal(50)] * len(stage.names) + [Decimal(150)] * len(stage.names)


# What goes wrong ------------------------------------------------------------------------------------------------------


@everywhere
@staged()
async def test_lost_answers_make_nothing_twice(stage: Stage) -> None:
    """Writes of one platform arrive and lose their answers, while its tree is made and while it is changed."""
    for spec in (stage.spec(), stage.spec(budget=daily("90.00"))):
        stage.loses(stage.names[0], times=3)
        for _ in range(4):
            if (await stage.open(spec).apply()).ok:
                break
            stage.heal()
            await stage.place.clock.sleep(HOUR)
        stage.heal()
        assert (await stage.open(spec).plan()).empty
        assert await stage.objects() == [(1, 2, 2)] * len(stage.names)
    assert await stage.budgets() == [Decimal(90)] * len(stage.names)
    assert [len(bench.world.duplicates()) for bench in stage.place.benches.values()] == [0] * len(stage.names)


@staged("tiktok", "meta")
async def test_a_platform_that_is_down_holds_no_other_up(stage: Stage) -> None:
    """Meta cannot be read: TikTok's campaign is made and runs; when Meta is back, the same spec makes the rest."""
    stage.breaks("meta", FaultKind.HTTP_5XX)
    manager = stage.open()
    assert [each.on for each in (await manager.plan()).unread] == ["meta"]
    applied = await manager.apply()
    assert (applied.ok, [step.on for step in applied.done]) == (False, ["tiktok", "tiktok"])
    assert stage.active == [1, 0]
    stage.heal()
    await stage.place.clock.sleep(HOUR)
    assert (await stage.open().apply()).ok
    assert await stage.objects() == [(1, 2, 2)] * 2
    assert stage.active == [1, 1]
    assert any(each.doing == "reading meta" for each in stage.place.events if isinstance(each, CampaignTrouble))


@staged("tiktok", "meta")
async def test_nothing_is_raised_while_a_platform_that_may_have_to_give_cannot_be_read(stage: Stage) -> None:
    """Money moves from Meta to TikTok, and Meta is down: TikTok waits."""
    await stage.open().apply()
    stage.breaks("meta", FaultKind.HTTP_5XX)
    applied = await stage.open(stage.changed(moved)).apply()
    assert (applied.done, [each.step.do for each in applied.skipped]) == ((), [Do.RAISE])
    assert "meta could not be read" in applied.skipped[0].why
    stage.heal()
    await stage.place.clock.sleep(HOUR)
    assert (await stage.open(stage.changed(moved)).apply()).ok
    assert await stage.budgets() == [Decimal(150), Decimal(50)]


@staged("tiktok", "meta")
async def test_a_decrease_that_fails_stops_what_raises(stage: Stage) -> None:
    """Meta refuses to be lowered: TikTok's raise is skipped and says why; the other campaigns are not touched."""
    await stage.open().apply()
    manager = stage.open(stage.changed(moved))
    stage.refuses("meta", "set_budget")
    applied = await manager.apply()
    assert [(each.step.do, each.step.on, each.error_type) for each in applied.failed] == [
        (Do.LOWER, "meta", "PERMISSION_DENIED")
    ]
    assert [(each.step.do, each.step.on) for each in applied.skipped] == [(Do.RAISE, "tiktok")]
    assert "less comes before more" in applied.skipped[0].why
    assert await stage.budgets() == [Decimal(100)] * 2


@staged("tiktok", guard=SpendGuard(per_day=Money("50.00", "USD")))
async def test_the_spend_guard_has_its_say(stage: Stage) -> None:
    """A tree is made, and not switched on: the refusal is in the report with its cure; nothing runs."""
    applied = await stage.open().apply()
    assert [step.do for step in applied.done] == [Do.CREATE]
    assert [(each.step.do, each.error_type) for each in applied.failed] == [(Do.ACTIVATE, "SPEND_GUARD")]
    assert applied.failed[0].hint
    assert stage.active == [0]


@staged("tiktok")
async def test_two_managers_at_once_make_one_tree(stage: Stage) -> None:
    """Both have planned; the second one to write is refused before its write, and later has nothing to do."""
    one = stage.open()
    other = stage.open()
    create = stage.ads["tiktok"]._platform.create_tree

    async def first_the_other(tree: Any, **options: Any) -> Any:
        if not options.get("dry_run"):
            await one.apply()
        return await create(tree, **options)

    stage.ads["tiktok"]._platform.create_tree = first_the_other
    with pytest.raises(ConflictError, match="saved by somebody else"):
        await other.apply()
    assert (await stage.open().plan()).empty
    assert await stage.objects() == [(1, 2, 2)]


@staged("tiktok")
async def test_a_plan_that_is_old_is_not_applied(stage: Stage) -> None:
    """Somebody has changed the budget since: the refusal names both plans, and nothing is written."""
    await stage.open().apply()
    manager = stage.open(stage.spec(budget=daily("80.00")))
    plan = await manager.plan()
    await stage.outside("tiktok", _sets("90.00"))
    count = len(stage.writes)
    with pytest.raises(ConflictError, match="is old"):
        await manager.apply(plan)
    assert len(stage.writes) == count
    assert (await manager.apply(await manager.plan())).ok
    assert await stage.budgets() == [Decimal(80)]


@staged("tiktok")
async def test_what_is_changed_between_plan_and_write_is_not_written_over(stage: Stage) -> None:
    """Somebody sets the budget after it was read: the step fails with the new value; a new plan takes it up."""
    await stage.open().apply()
    manager = stage.open(stage.spec(budget=daily("80.00"), name="Renamed"))
    platform = stage.ads["tiktok"]
    read, calls = platform._platform.get_campaign, [0]

    async def later(ref: Ref, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            await _sets("70.00")(stage.place.adapters()["tiktok"], ref)
        return await read(ref, **options)

    platform._platform.get_campaign = later
    applied = await manager.apply()
    assert [(each.step.do, each.error_type) for each in applied.failed] == [(Do.LOWER, "CONFLICT")]
    assert "70.00 USD daily by now" in applied.failed[0].message
    assert await stage.budgets() == [Decimal(70)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"objective": Objective.AWARENESS}, "campaign.objective: cannot be changed any more"),
        ({"extra": {"x": 1}}, "campaign.extra: cannot be changed any more"),
    ],
)
@staged("tiktok", "meta")
async def test_what_cannot_be_changed_is_refused_before_anything_is_sent(
    stage: Stage, change: dict[str, Any], words: str
) -> None:
    """All of it at once, with the cure; a budget that could be changed is not changed either."""
    await stage.open().apply()
    count = len(stage.writes)
    manager = stage.open(stage.spec(budget=daily("80.00"), **change))
    with pytest.raises(InvalidRequestError) as caught:
        await manager.apply()
    assert words in caught.value.message
    assert caught.value.message.startswith("2 troubles:")
    assert "another id" in (caught.value.hint or "")
    assert len(stage.writes) == count


@staged("tiktok", "google_ads")
async def test_what_a_platform_lacks_is_told_by_its_capabilities(stage: Stage) -> None:
    """Google has no budgets of ad groups: told for Google alone, before anything is sent anywhere."""

    def lower(_: str, target: Target) -> Target:
        groups = tuple(
            group.but(ad_group=group.ad_group.but(budget=daily("50.00"))) for group in target.tree.groups
        )  # fmt: skip
        return target.but(tree=target.tree.but(campaign=target.tree.campaign.but(budget=None), groups=groups))

    manager = stage.open(stage.changed(lower))
    plan = await manager.plan()
    assert {each.on for each in plan.troubles} == {"google_ads"}
    assert plan.troubles[0].field == "One.budget"
    assert "lacks ad_group_budget" in plan.troubles[0].message
    with pytest.raises(InvalidRequestError):
        await manager.apply()
    assert (stage.writes, stage.store.texts) == ([], {})


@staged("tiktok", "meta")
async def test_what_only_the_adapter_knows_is_told_by_a_dry_run(stage: Stage) -> None:
    """TikTok's campaigns take no bid: no capability says so, the dry run does, and nothing is sent."""
    from backstay.ads import Bid

    manager = stage.open(stage.spec(bid=Bid.bid_cap(Money("1.00", "USD"))))
    plan = await manager.plan()
    assert "tiktok" in {each.on for each in plan.troubles}
    assert all(each.hint for each in plan.troubles)
    with pytest.raises(InvalidRequestError):
        await manager.apply()
    assert stage.writes == []


@staged("tiktok", "meta", "google_ads")
async def test_one_spec_means_different_things_on_different_platforms(stage: Stage) -> None:
    """Before anything is sent the plan says what: how far a budget may be overspent, whose trees come at once."""
    found = {each.what: dict(each.by) for each in (await stage.open().plan()).differs}
    assert found["most that can be spent on one day"] == {
        "tiktok": "100.00 USD", "meta": "175.00 USD", "google_ads": "200.00 USD",
    }  # fmt: skip
    assert found["the tree is made at once or not at all"]["google_ads"] == "yes"
    assert stage.writes == []


@pytest.mark.parametrize("on", ["nowhere", "meta"])
@staged("tiktok")
async def test_a_platform_that_nobody_gave_is_refused(stage: Stage, on: str) -> None:
    """With those that there are."""
    spec = CampaignSet.of("set", {"spring": {on: stage.trees["tiktok"]}})
    with pytest.raises(InvalidRequestError, match=f"there is no platform {on}") as caught:
        stage.open(spec)
    assert "there are tiktok" in (caught.value.hint or "")


# Drift ----------------------------------------------------------------------------------------------------------------


def _sets(amount: str) -> Any:
    async def work(ads: Any, ref: Ref) -> None:
        live = await ads.get_campaign(ref, max_age=0.0, max_stale=0.0)
        await ads.set_budget(ref, Budget(amount=Money(amount, "USD"), period=live.budget.period), expect=live)

    return work


async def _renames(ads: Any, ref: Ref) -> None:
    await ads.update_campaign(ref, CampaignPatch(name="Somebody's"))


async def _pauses(ads: Any, ref: Ref) -> None:
    await ads.set_status(ref, ConfiguredStatus.PAUSED)


async def _ages(ads: Any, ref: Ref) -> None:
    (group, *_) = [each async for each in ads.list_ad_groups(Query(parent=ref), max_age=0.0)]
    targeting = group.targeting.model_copy(update={"age_min": 25, "age_max": 44})
    await ads.update_ad_group(group.ref, AdGroupPatch(targeting=targeting))


@everywhere
@pytest.mark.parametrize(
    ("work", "field", "do"),
    [(_sets("130.00"), "budget", Do.LOWER), (_renames, "name", Do.CHANGE), (_pauses, "status", Do.ACTIVATE)],
)
@staged()
async def test_what_somebody_else_changes_is_drift_and_is_put_back(stage: Stage, work: Any, field: str, do: Do) -> None:
    """The report names the object, both values, and that it was not this service; applied again it is as wanted."""
    manager = stage.open()
    await manager.apply()
    assert (await manager.drift()).none
    await stage.outside(stage.names[-1], work)
    (found,) = (await stage.open().drift()).found
    assert (found.on, found.place, found.field, found.by) == (stage.names[-1], "campaign", field, Who.OUTSIDE)
    (step,) = (await manager.plan()).steps
    assert (step.do, step.cause) == (do, Cause.DRIFT)
    assert (await manager.apply()).ok
    assert (await stage.open().drift()).none


@everywhere
@pytest.mark.parametrize("store", ["kept", "lost"])
@staged()
async def test_a_death_between_two_fields_forgets_neither(stage: Stage, store: str) -> None:
    """Somebody has changed budget and name; the process dies after the budget is back: the name is still to be done."""
    await stage.open().apply()
    for name in stage.names:
        await stage.outside(name, _sets("130.00"))
        await stage.outside(name, _renames)
    if store == "lost":
        stage.store.texts.clear()
    stage.die_after = len(stage.writes) + len(stage.names)
    with pytest.raises(Death):
        await stage.open().apply()
    stage.die_after = None
    assert [(step.do, step.fields[0].name) for step in (await stage.open().plan()).steps] == [
        (Do.CHANGE, "name")
    ] * len(stage.names)
    assert (await stage.open().apply()).ok
    assert {each.name for each in await stage.campaigns()} == {"Spring"}


@staged("meta")
async def test_what_the_spec_does_not_say_is_nobodys_drift(stage: Stage) -> None:
    """Ages that the spec leaves to the platform may be set there."""
    await stage.open().apply()
    await stage.outside("meta", _ages)
    assert (await stage.open().drift()).none


@everywhere
@staged()
async def test_what_is_new_in_the_spec_is_told_apart_from_drift(stage: Stage) -> None:
    """A budget that the spec says otherwise than when it was applied is the spec's own."""
    await stage.open().apply()
    found = (await stage.open(stage.spec(budget=daily("80.00"))).drift()).found
    assert [(each.field, each.by) for each in found] == [("budget", Who.SPEC)] * len(stage.names)
    assert stage.writes.count("set_budget") == 0


@everywhere
@staged()
async def test_an_object_that_somebody_deletes_is_not_made_again(stage: Stage) -> None:
    """It is told as gone; applying is refused with the cure, since its key stands for what was deleted."""

    async def deletes(ads: Any, ref: Ref) -> None:
        assert Capability.DELETE in ads.capabilities
        await ads.set_status(ref, ConfiguredStatus.DELETED)

    await stage.open().apply()
    await stage.outside(stage.names[0], deletes)
    manager = stage.open()
    assert ("object", "deleted or archived", Who.OUTSIDE) in {
        (each.field, each.shows, each.by) for each in (await manager.drift()).found
    }
    with pytest.raises(InvalidRequestError, match="deleted or archived at the platform"):
        await manager.apply()


@staged("tiktok", "meta")
async def test_what_the_platform_cannot_show_is_not_drift_of_the_others(stage: Stage) -> None:
    """Meta is down: told as unread; TikTok's drift is there all the same."""
    await stage.open().apply()
    await stage.outside("tiktok", _renames)
    stage.breaks("meta", FaultKind.HTTP_5XX)
    found = await stage.open().drift()
    assert ([each.on for each in found.found], len(found.unread), found.none) == (["tiktok"], 1, False)


# All off --------------------------------------------------------------------------------------------------------------


@everywhere
@staged()
async def test_all_is_off_and_stays_off_until_it_is_released(stage: Stage) -> None:
    """Applying the same spec activates nothing while it is held; the plan and the report say so."""
    await stage.open().apply()
    report = await stage.open().pause_all()
    assert (report.ok, len(report.paused)) == (True, len(stage.names))
    assert stage.active == [0] * len(stage.names)
    manager = stage.open()
    held = await manager.apply()
    assert (held.ok, held.done, len(held.plan.held)) == (False, (), len(stage.names))
    assert {each.by for each in (await manager.drift()).found} == {Who.HELD}
    await manager.release()
    assert (await manager.apply()).ok
    assert stage.active == [1] * len(stage.names)
    assert [each.paused for each in stage.place.events if isinstance(each, CampaignsPaused)] == [len(stage.names)]


@staged("tiktok", "meta")
async def test_what_cannot_be_paused_is_told(stage: Stage) -> None:
    """Meta is down: TikTok's campaign is off, Meta's is named with error and cure; a second call reaches it."""
    await stage.open().apply()
    stage.breaks("meta", FaultKind.HTTP_5XX)
    report = await stage.open().pause_all()
    (failed,) = report.failed
    assert (report.ok, failed.on, failed.id, stage.active) == (False, "meta", "spring", [0, 1])
    assert failed.ref is not None
    assert failed.hint
    stage.heal()
    await stage.place.clock.sleep(HOUR)
    assert (await stage.open().pause_all()).ok
    assert stage.active == [0, 0]


@staged("tiktok", "meta", "google_ads")
async def test_all_is_switched_off_at_the_same_time(stage: Stage) -> None:
    """Three campaigns whose platform takes ten seconds for a write are off after little more than ten."""
    await stage.open().apply()
    for name in stage.names:
        stage.place.benches[name].break_writes(FaultKind.LATENCY, delay=10.0)
    began = stage.place.clock.wall()
    assert (await stage.open().pause_all()).ok
    assert stage.place.clock.wall() - began < 20


@staged("tiktok")
async def test_a_disk_that_takes_nothing_keeps_no_campaign_running(stage: Stage) -> None:
    """All is paused; that it could not be remembered is told."""
    await stage.open().apply()
    manager = stage.open()

    async def full(*_: Any, **__: Any) -> int:
        message = "the disk is full"
        raise ConflictError(message)

    stage.store.save = full  # type: ignore[method-assign]  # a disk that is full
    assert (await manager.pause_all()).ok
    assert stage.active == [0]
    troubles = [each for each in stage.place.events if isinstance(each, CampaignTrouble)]
    assert [each.doing for each in troubles] == ["holding what is paused"]


@pytest.mark.parametrize("same", [True, False], ids=["same_manager", "other_process"])
@staged("tiktok")
async def test_what_is_switched_on_while_all_is_paused_is_off_again(stage: Stage, same: bool) -> None:
    """All is paused right before the campaign itself is switched on: it is off in the end, and stays so."""
    other = stage.open()
    manager = stage.open()
    platform = stage.ads["tiktok"]._platform
    real, asked = platform.set_status, list[Ref]()

    async def paused_meanwhile(ref: Ref, status: Any, **options: Any) -> Any:
        if ref.level == "campaign" and not asked:
            asked.append(ref)
            assert (await (manager if same else other).pause_all()).ok
        return await real(ref, status, **options)

    platform.set_status = paused_meanwhile
    if same:
        assert [each.error_type for each in (await manager.apply()).failed] == ["CONFLICT"]
    else:
        with pytest.raises(ConflictError):
            await manager.apply()
    assert asked
    assert stage.active == [0]
    assert (await stage.open().apply()).done == ()
    assert stage.active == [0]
    await stage.open().release()
    assert (await stage.open().apply()).ok
    assert stage.active == [1]


@staged("tiktok", "meta")
async def test_a_state_that_cannot_be_read_keeps_no_campaign_running(stage: Stage) -> None:
    """What the spec names is found by its keys and paused; that the state is damaged is told."""
    await stage.open().apply()
    stage.store.texts["campaigns-set"] = "{"
    report = await stage.open().pause_all()
    assert (report.ok, len(report.paused)) == (True, 2)
    assert stage.active == [0, 0]
    doing = [each.doing for each in stage.place.events if isinstance(each, CampaignTrouble)]
    assert doing == ["reading the state", "holding what is paused"]


@staged("tiktok")
async def test_a_tree_that_is_half_built_is_paused_by_its_key(stage: Stage) -> None:
    """Nobody has written down its id yet; what carries its key is switched off."""
    stage.breaks("tiktok", FaultKind.CONNECT_REFUSED, operation="ad/create")
    await stage.open().apply()
    stage.heal()
    report = await stage.open().pause_all()
    assert (report.ok, len(report.paused)) == (True, 1)


# Splits ---------------------------------------------------------------------------------------------------------------


@staged("tiktok", "meta")
async def test_a_split_is_a_platform_like_others(stage: Stage) -> None:
    """Its rule decides where the tree goes; the same spec finds it there again, and it is changed and switched off."""

    def manager(tree: CampaignTree) -> CampaignManager:
        stage.place.open()
        split = stage.place.split(Weights({"meta": 1}))
        return CampaignManager(
            CampaignSet.of("set", {"spring": {"all": tree}}, status=ACTIVE), on={"all": split}, store=stage.store
        )

    tree = stage.trees["meta"]
    assert (await manager(tree).apply()).ok
    assert stage.active == [0, 1]
    assert (await manager(tree).plan()).empty
    cheaper = tree.but(campaign=tree.campaign.but(budget=daily("70.00")))
    assert [step.do for step in (await manager(cheaper).apply()).done] == [Do.LOWER]
    assert (await manager(cheaper).pause_all()).ok
    assert stage.active == [0, 0]


@staged("meta")
async def test_one_platform_needs_no_name(stage: Stage) -> None:
    """It is named by what it is."""
    ads = stage.place.adapters()["meta"]
    assert (await CampaignManager(stage.spec(), on=ads, store=stage.store).apply()).ok
    assert stage.active == [1]


@staged("meta")
async def test_two_names_of_one_account_are_refused(stage: Stage) -> None:
    """Or one campaign would be made twice."""
    ads = stage.place.adapters()["meta"]
    with pytest.raises(InvalidRequestError, match="a and b are one account"):
        CampaignManager(CampaignSet(id="set"), on={"a": ads, "b": ads}, store=stage.store)


@staged("meta")
async def test_a_store_of_something_else_is_refused(stage: Stage) -> None:
    """Before anything is read."""
    await stage.store.save("campaigns-set", RulesState(), revision=0)
    with pytest.raises(InvalidRequestError, match="the store holds no campaigns"):
        await stage.open().plan()
