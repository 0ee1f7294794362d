"""Specs on platforms: made once, changed in a safe order, watched, switched off; on every simulator and a mix."""

from __future__ import annotations

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


def off(target: Target) -> Target:
    """Its second ad group stays off."""
    return target.but(off=(("Two", ""),))


# Made once ------------------------------------------------------------------------------------------------------------


@everywhere
def test_a_spec_is_planned_then_made_once_and_runs(names: tuple[str, ...]) -> None:
    """The plan writes nothing; applied it makes one running tree a platform; the same spec again does nothing."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        manager = stage.open()
        plan = await manager.plan()
        assert [step.do for step in plan.steps] == [Do.CREATE] * len(names) + [Do.ACTIVATE] * len(names)
        assert (stage.writes, await stage.campaigns(), stage.store.texts) == ([], [], {})
        applied = await manager.apply(plan)
        assert (applied.ok, applied.done) == (True, plan.steps)
        assert stage.active == [1] * len(names)
        before = list(stage.writes)
        for again in (manager, stage.open()):
            assert (await again.plan()).empty
            assert (await again.apply()).done == ()
        assert stage.writes == before
        assert await stage.objects() == [(1, 2, 2)] * len(names)

    stage.play(main())
    assert len([each for each in stage.place.events if isinstance(each, CampaignStepped)]) == 2 * len(names)
    assert any(isinstance(each, CampaignsPlanned) for each in stage.place.events)


@everywhere
def test_a_paused_spec_spends_nothing(names: tuple[str, ...]) -> None:
    """All is there, nothing runs; made active later, it is only switched on, but for what stays off."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open(stage.spec(PAUSED)).apply()
        assert (stage.active, len(await stage.campaigns())) == ([0] * len(names), len(names))
        manager = stage.open(stage.changed(lambda _, target: off(target)))
        assert [step.do for step in (await manager.plan()).steps] == [Do.ACTIVATE] * len(names)
        await manager.apply()
        assert (await manager.plan()).empty
        for ads in stage.place.adapters().values():
            groups = {each.name: each.status.configured async for each in ads.list_ad_groups(max_age=0.0)}
            assert groups == {"One": ACTIVE, "Two": PAUSED}

    stage.play(main())
    assert stage.active == [1] * len(names)


@pytest.mark.parametrize("side", ["die_before", "die_after"])
@pytest.mark.parametrize(
    ("names", "write"),
    [
        *((("tiktok",), write) for write in range(6)),
        *((names, write) for names in (("meta",), ("google_ads",)) for write in (0, 1, 5)),
        *((("tiktok", "meta", "google_ads"), write) for write in (1, 4, 16)),
    ],
)
def test_a_death_at_any_write_makes_nothing_twice(names: tuple[str, ...], side: str, write: int) -> None:
    """Right before or right after each write; the next process goes on, and each object is there once."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        setattr(stage, side, write + (side == "die_after"))
        manager = stage.open()
        with pytest.raises(Death):
            await manager.apply()
        stage.die_before = stage.die_after = None
        await stage.place.clock.sleep(HOUR)
        assert (await stage.open().apply()).ok
        assert await stage.objects() == [(1, 2, 2)] * len(names)
        assert (await stage.open().plan()).empty

    stage.play(main())
    assert stage.active == [1] * len(names)
    assert [len(bench.world.duplicates()) for bench in stage.place.benches.values()] == [0] * len(names)


@pytest.mark.parametrize("names", [("tiktok",), ("meta",)], ids="+".join)
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("part", ["create_campaign", "create_ad_group", "create_ad"])
def test_a_death_within_a_tree_makes_nothing_twice(names: tuple[str, ...], side: str, part: str) -> None:
    """Right before or right after the second object of a kind; the tree is finished by the next process."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        manager = stage.open()
        stage.dies_within(names[0], part, side, 1 if part == "create_campaign" else 2)
        with pytest.raises(Death):
            await manager.apply()
        assert (await stage.open().plan()).steps[0].do is Do.FINISH
        await stage.place.clock.sleep(HOUR)
        assert (await stage.open().apply()).ok
        assert await stage.objects() == [(1, 2, 2)]

    stage.play(main())
    assert stage.active == [1]


@everywhere
def test_without_its_store_a_spec_finds_what_it_has_made(names: tuple[str, ...]) -> None:
    """By the keys: nothing is made again, and nothing is changed."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        stage.store.texts.clear()
        manager = stage.open()
        assert (await manager.plan()).empty
        await manager.apply()
        assert len((await manager.state()).sites) == len(names)
        assert await stage.objects() == [(1, 2, 2)] * len(names)

    stage.play(main())


def test_a_spec_that_was_changed_while_its_tree_was_half_built_is_finished_and_then_changed() -> None:
    """The tree is finished as it was begun, else its key would stand for two; the new budget follows at once."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())


# Changed --------------------------------------------------------------------------------------------------------------


@everywhere
def test_money_goes_down_before_it_goes_up(names: tuple[str, ...]) -> None:
    """One campaign gives, another gets, a third one changes its name: in this order, all over the platforms."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
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
        count = len(names)
        assert [step.do for step in plan.steps] == [Do.LOWER] * count + [Do.CHANGE] * count + [Do.RAISE] * count
        assert [step.money for step in plan.steps] == [True] * count + [False] * count + [True] * count
        assert plan.steps[0].text == "lower campaign: budget 100.00 USD daily -> 80.00 USD daily"
        assert (await manager.apply(plan)).ok
        assert sorted(await stage.budgets()) == [Decimal(80)] * count + [Decimal(100)] * count + [Decimal(120)] * count
        assert {each.name for each in await stage.campaigns()} == {"gives", "gets", "Renamed"}
        assert (await manager.plan()).empty

    stage.play(main())


@everywhere
def test_ad_groups_and_ads_come_later_and_go(names: tuple[str, ...]) -> None:
    """What is added is made once, under what is there, and switched on; what is taken out is paused, not deleted."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        more = stage.changed(lambda _, target: with_ad(with_group(target, "Three"), "Extra"))
        for _ in range(2):
            await stage.open(more).apply()
            assert await stage.objects() == [(1, 3, 4)] * len(names)
        assert (await stage.open(more).plan()).empty
        manager = stage.open()
        steps = (await manager.plan()).steps
        assert {(step.do, step.cause) for step in steps} == {(Do.PAUSE, Cause.REMOVED)}
        assert len(steps) == 3 * len(names)
        await manager.apply()
        assert await stage.objects() == [(1, 3, 4)] * len(names)
        assert (await manager.plan()).empty
        assert (await stage.open(more).apply()).ok
        assert await stage.objects() == [(1, 3, 4)] * len(names)

    stage.play(main())
    assert stage.active == [1] * len(names)


@everywhere
def test_only_what_is_off_is_switched_on(names: tuple[str, ...]) -> None:
    """One ad more in a running tree: it, its ad group and the campaign, and none of the others."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        count = stage.writes.count("set_status")
        await stage.open(stage.changed(lambda _, target: with_ad(target, "Extra"))).apply()
        assert stage.writes.count("set_status") - count == 3 * len(names)

    stage.play(main())


@everywhere
def test_a_campaign_that_the_spec_does_not_name_any_more_is_paused(names: tuple[str, ...]) -> None:
    """It stays where it is, and runs again when the spec names it again."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        manager = stage.open(CampaignSet(id="set"))
        assert [(step.do, step.cause) for step in (await manager.plan()).steps] == [(Do.PAUSE, Cause.REMOVED)] * len(
            names
        )
        assert (await manager.apply()).ok
        assert (await manager.plan()).empty
        assert (stage.active, len(await stage.campaigns())) == ([0] * len(names), len(names))
        assert (await stage.open().apply()).ok
        assert len(await stage.campaigns()) == len(names)

    stage.play(main())
    assert stage.active == [1] * len(names)


@everywhere
@pytest.mark.parametrize("write", range(2))
def test_a_death_between_two_changes_leaves_the_sum_at_or_below_both(names: tuple[str, ...], write: int) -> None:
    """The decrease is made first, so that between the writes there is less money out, never more."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
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
        assert sum(await stage.budgets()) <= 200 * len(names)
        stage.die_after = None
        assert (await stage.open(CampaignSet.of("set", moved, status=ACTIVE)).apply()).ok
        assert sorted(await stage.budgets()) == [Decimal(50)] * len(names) + [Decimal(150)] * len(names)

    stage.play(main())


# What goes wrong ------------------------------------------------------------------------------------------------------


@everywhere
def test_lost_answers_make_nothing_twice(names: tuple[str, ...]) -> None:
    """Writes of one platform arrive and lose their answers, while its tree is made and while it is changed."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        for spec in (stage.spec(), stage.spec(budget=daily("90.00"))):
            stage.loses(names[0], times=3)
            for _ in range(4):
                if (await stage.open(spec).apply()).ok:
                    break
                stage.heal()
                await stage.place.clock.sleep(HOUR)
            stage.heal()
            assert (await stage.open(spec).plan()).empty
            assert await stage.objects() == [(1, 2, 2)] * len(names)
        assert await stage.budgets() == [Decimal(90)] * len(names)

    stage.play(main())
    assert [len(bench.world.duplicates()) for bench in stage.place.benches.values()] == [0] * len(names)


def test_a_platform_that_is_down_holds_no_other_up() -> None:
    """Meta cannot be read: TikTok's campaign is made and runs; when Meta is back, the same spec makes the rest."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())
    assert stage.active == [1, 1]
    assert any(each.doing == "reading meta" for each in stage.place.events if isinstance(each, CampaignTrouble))


def test_nothing_is_raised_while_a_platform_that_may_have_to_give_cannot_be_read() -> None:
    """Money moves from Meta to TikTok, and Meta is down: TikTok waits."""
    stage = Stage(("tiktok", "meta"))

    def moved(on: str, target: Target) -> Target:
        budget = daily("150.00" if on == "tiktok" else "50.00")
        return target.but(tree=target.tree.but(campaign=target.tree.campaign.but(budget=budget)))

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        stage.breaks("meta", FaultKind.HTTP_5XX)
        applied = await stage.open(stage.changed(moved)).apply()
        assert (applied.done, [each.step.do for each in applied.skipped]) == ((), [Do.RAISE])
        assert "meta could not be read" in applied.skipped[0].why
        stage.heal()
        await stage.place.clock.sleep(HOUR)
        assert (await stage.open(stage.changed(moved)).apply()).ok
        assert await stage.budgets() == [Decimal(150), Decimal(50)]

    stage.play(main())


def test_a_decrease_that_fails_stops_what_raises() -> None:
    """Meta refuses to be lowered: TikTok's raise is skipped and says why; the other campaigns are not touched."""
    stage = Stage(("tiktok", "meta"))

    def moved(on: str, target: Target) -> Target:
        budget = daily("150.00" if on == "tiktok" else "50.00")
        return target.but(tree=target.tree.but(campaign=target.tree.campaign.but(budget=budget)))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())


def test_the_spend_guard_has_its_say() -> None:
    """A tree is made, and not switched on: the refusal is in the report with its cure; nothing runs."""
    stage = Stage(("tiktok",), guard=SpendGuard(per_day=Money("50.00", "USD")))

    async def main() -> None:
        await stage.prepared()
        applied = await stage.open().apply()
        assert [step.do for step in applied.done] == [Do.CREATE]
        assert [(each.step.do, each.error_type) for each in applied.failed] == [(Do.ACTIVATE, "SPEND_GUARD")]
        assert applied.failed[0].hint

    stage.play(main())
    assert stage.active == [0]


def test_two_managers_at_once_make_one_tree() -> None:
    """Both have planned; the second one to write is refused before its write, and later has nothing to do."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())


def test_a_plan_that_is_old_is_not_applied() -> None:
    """Somebody has changed the budget since: the refusal names both plans, and nothing is written."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())


def test_what_is_changed_between_plan_and_write_is_not_written_over() -> None:
    """Somebody sets the budget after it was read: the step fails with the new value; a new plan takes it up."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"objective": Objective.AWARENESS}, "campaign.objective: cannot be changed any more"),
        ({"extra": {"x": 1}}, "campaign.extra: cannot be changed any more"),
    ],
)
def test_what_cannot_be_changed_is_refused_before_anything_is_sent(change: dict[str, Any], words: str) -> None:
    """All of it at once, with the cure; a budget that could be changed is not changed either."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        count = len(stage.writes)
        manager = stage.open(stage.spec(budget=daily("80.00"), **change))
        with pytest.raises(InvalidRequestError) as caught:
            await manager.apply()
        assert words in caught.value.message
        assert caught.value.message.startswith("2 troubles:")
        assert "another id" in (caught.value.hint or "")
        assert len(stage.writes) == count

    stage.play(main())


def test_what_a_platform_lacks_is_told_by_its_capabilities() -> None:
    """Google has no budgets of ad groups: told for Google alone, before anything is sent anywhere."""
    stage = Stage(("tiktok", "google_ads"))

    def lower(_: str, target: Target) -> Target:
        groups = tuple(
            group.but(ad_group=group.ad_group.but(budget=daily("50.00"))) for group in target.tree.groups
        )  # fmt: skip
        return target.but(tree=target.tree.but(campaign=target.tree.campaign.but(budget=None), groups=groups))

    async def main() -> None:
        await stage.prepared()
        manager = stage.open(stage.changed(lower))
        plan = await manager.plan()
        assert {each.on for each in plan.troubles} == {"google_ads"}
        assert plan.troubles[0].field == "One.budget"
        assert "lacks ad_group_budget" in plan.troubles[0].message
        with pytest.raises(InvalidRequestError):
            await manager.apply()
        assert (stage.writes, stage.store.texts) == ([], {})

    stage.play(main())


def test_what_only_the_adapter_knows_is_told_by_a_dry_run() -> None:
    """TikTok's campaigns take no bid: no capability says so, the dry run does, and nothing is sent."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()
        from backstay.ads import Bid

        manager = stage.open(stage.spec(bid=Bid.bid_cap(Money("1.00", "USD"))))
        plan = await manager.plan()
        assert "tiktok" in {each.on for each in plan.troubles}
        assert all(each.hint for each in plan.troubles)
        with pytest.raises(InvalidRequestError):
            await manager.apply()
        assert stage.writes == []

    stage.play(main())


def test_one_spec_means_different_things_on_different_platforms() -> None:
    """Before anything is sent the plan says what: how far a budget may be overspent, whose trees come at once."""
    stage = Stage(("tiktok", "meta", "google_ads"))

    async def main() -> None:
        await stage.prepared()
        found = {each.what: dict(each.by) for each in (await stage.open().plan()).differs}
        assert found["most that can be spent on one day"] == {
            "tiktok": "100.00 USD", "meta": "175.00 USD", "google_ads": "200.00 USD",
        }  # fmt: skip
        assert found["the tree is made at once or not at all"]["google_ads"] == "yes"
        assert stage.writes == []

    stage.play(main())


@pytest.mark.parametrize("on", ["nowhere", "meta"])
def test_a_platform_that_nobody_gave_is_refused(on: str) -> None:
    """With those that there are."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
        spec = CampaignSet.of("set", {"spring": {on: stage.trees["tiktok"]}})
        with pytest.raises(InvalidRequestError, match=f"there is no platform {on}") as caught:
            stage.open(spec)
        assert "there are tiktok" in (caught.value.hint or "")

    stage.play(main())


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
def test_what_somebody_else_changes_is_drift_and_is_put_back(
    names: tuple[str, ...], work: Any, field: str, do: Do
) -> None:
    """The report names the object, both values, and that it was not this service; applied again it is as wanted."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        manager = stage.open()
        await manager.apply()
        assert (await manager.drift()).none
        await stage.outside(names[-1], work)
        (found,) = (await stage.open().drift()).found
        assert (found.on, found.place, found.field, found.by) == (names[-1], "campaign", field, Who.OUTSIDE)
        (step,) = (await manager.plan()).steps
        assert (step.do, step.cause) == (do, Cause.DRIFT)
        assert (await manager.apply()).ok
        assert (await stage.open().drift()).none

    stage.play(main())


@everywhere
@pytest.mark.parametrize("store", ["kept", "lost"])
def test_a_death_between_two_fields_forgets_neither(names: tuple[str, ...], store: str) -> None:
    """Somebody has changed budget and name; the process dies after the budget is back: the name is still to be done."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        for name in names:
            await stage.outside(name, _sets("130.00"))
            await stage.outside(name, _renames)
        if store == "lost":
            stage.store.texts.clear()
        stage.die_after = len(stage.writes) + len(names)
        with pytest.raises(Death):
            await stage.open().apply()
        stage.die_after = None
        assert [(step.do, step.fields[0].name) for step in (await stage.open().plan()).steps] == [
            (Do.CHANGE, "name")
        ] * len(names)
        assert (await stage.open().apply()).ok
        assert {each.name for each in await stage.campaigns()} == {"Spring"}

    stage.play(main())


def test_what_the_spec_does_not_say_is_nobodys_drift() -> None:
    """Ages that the spec leaves to the platform may be set there."""
    stage = Stage(("meta",))

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        await stage.outside("meta", _ages)
        assert (await stage.open().drift()).none

    stage.play(main())


@everywhere
def test_what_is_new_in_the_spec_is_told_apart_from_drift(names: tuple[str, ...]) -> None:
    """A budget that the spec says otherwise than when it was applied is the spec's own."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        found = (await stage.open(stage.spec(budget=daily("80.00"))).drift()).found
        assert [(each.field, each.by) for each in found] == [("budget", Who.SPEC)] * len(names)
        assert stage.writes.count("set_budget") == 0

    stage.play(main())


@everywhere
def test_an_object_that_somebody_deletes_is_not_made_again(names: tuple[str, ...]) -> None:
    """It is told as gone; applying is refused with the cure, since its key stands for what was deleted."""
    stage = Stage(names)

    async def deletes(ads: Any, ref: Ref) -> None:
        assert Capability.DELETE in ads.capabilities
        await ads.set_status(ref, ConfiguredStatus.DELETED)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        await stage.outside(names[0], deletes)
        manager = stage.open()
        assert ("object", "deleted or archived", Who.OUTSIDE) in {
            (each.field, each.shows, each.by) for each in (await manager.drift()).found
        }
        with pytest.raises(InvalidRequestError, match="deleted or archived at the platform"):
            await manager.apply()

    stage.play(main())


def test_what_the_platform_cannot_show_is_not_drift_of_the_others() -> None:
    """Meta is down: told as unread; TikTok's drift is there all the same."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        await stage.outside("tiktok", _renames)
        stage.breaks("meta", FaultKind.HTTP_5XX)
        found = await stage.open().drift()
        assert ([each.on for each in found.found], len(found.unread), found.none) == (["tiktok"], 1, False)

    stage.play(main())


# All off --------------------------------------------------------------------------------------------------------------


@everywhere
def test_all_is_off_and_stays_off_until_it_is_released(names: tuple[str, ...]) -> None:
    """Applying the same spec activates nothing while it is held; the plan and the report say so."""
    stage = Stage(names)

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        report = await stage.open().pause_all()
        assert (report.ok, len(report.paused)) == (True, len(names))
        assert stage.active == [0] * len(names)
        manager = stage.open()
        held = await manager.apply()
        assert (held.ok, held.done, len(held.plan.held)) == (False, (), len(names))
        assert {each.by for each in (await manager.drift()).found} == {Who.HELD}
        await manager.release()
        assert (await manager.apply()).ok

    stage.play(main())
    assert stage.active == [1] * len(names)
    assert [each.paused for each in stage.place.events if isinstance(each, CampaignsPaused)] == [len(names)]


def test_what_cannot_be_paused_is_told() -> None:
    """Meta is down: TikTok's campaign is off, Meta's is named with error and cure; a second call reaches it."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())
    assert stage.active == [0, 0]


def test_all_is_switched_off_at_the_same_time() -> None:
    """Three campaigns whose platform takes ten seconds for a write are off after little more than ten."""
    stage = Stage(("tiktok", "meta", "google_ads"))

    async def main() -> float:
        await stage.prepared()
        await stage.open().apply()
        for name in stage.names:
            stage.place.benches[name].break_writes(FaultKind.LATENCY, delay=10.0)
        began = stage.place.clock.wall()
        assert (await stage.open().pause_all()).ok
        return stage.place.clock.wall() - began

    assert stage.play(main()) < 20


def test_a_disk_that_takes_nothing_keeps_no_campaign_running() -> None:
    """All is paused; that it could not be remembered is told."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        manager = stage.open()

        async def full(*_: Any, **__: Any) -> int:
            message = "the disk is full"
            raise ConflictError(message)

        stage.store.save = full  # type: ignore[method-assign]  # a disk that is full
        assert (await manager.pause_all()).ok

    stage.play(main())
    assert stage.active == [0]
    troubles = [each for each in stage.place.events if isinstance(each, CampaignTrouble)]
    assert [each.doing for each in troubles] == ["holding what is paused"]


@pytest.mark.parametrize("same", [True, False], ids=["same_manager", "other_process"])
def test_what_is_switched_on_while_all_is_paused_is_off_again(same: bool) -> None:
    """All is paused right before the campaign itself is switched on: it is off in the end, and stays so."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
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

    stage.play(main())
    assert stage.active == [1]


def test_a_state_that_cannot_be_read_keeps_no_campaign_running() -> None:
    """What the spec names is found by its keys and paused; that the state is damaged is told."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()
        await stage.open().apply()
        stage.store.texts["campaigns-set"] = "{"
        report = await stage.open().pause_all()
        assert (report.ok, len(report.paused)) == (True, 2)

    stage.play(main())
    assert stage.active == [0, 0]
    doing = [each.doing for each in stage.place.events if isinstance(each, CampaignTrouble)]
    assert doing == ["reading the state", "holding what is paused"]


def test_a_tree_that_is_half_built_is_paused_by_its_key() -> None:
    """Nobody has written down its id yet; what carries its key is switched off."""
    stage = Stage(("tiktok",))

    async def main() -> None:
        await stage.prepared()
        stage.breaks("tiktok", FaultKind.CONNECT_REFUSED, operation="ad/create")
        await stage.open().apply()
        stage.heal()
        report = await stage.open().pause_all()
        assert (report.ok, len(report.paused)) == (True, 1)

    stage.play(main())


# Splits ---------------------------------------------------------------------------------------------------------------


def test_a_split_is_a_platform_like_others() -> None:
    """Its rule decides where the tree goes; the same spec finds it there again, and it is changed and switched off."""
    stage = Stage(("tiktok", "meta"))

    async def main() -> None:
        await stage.prepared()

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

    stage.play(main())
    assert stage.active == [0, 0]


def test_one_platform_needs_no_name() -> None:
    """It is named by what it is."""
    stage = Stage(("meta",))

    async def main() -> None:
        await stage.prepared()
        ads = stage.place.adapters()["meta"]
        assert (await CampaignManager(stage.spec(), on=ads, store=stage.store).apply()).ok

    stage.play(main())
    assert stage.active == [1]


def test_two_names_of_one_account_are_refused() -> None:
    """Or one campaign would be made twice."""
    stage = Stage(("meta",))

    async def main() -> None:
        ads = stage.place.adapters()["meta"]
        with pytest.raises(InvalidRequestError, match="a and b are one account"):
            CampaignManager(CampaignSet(id="set"), on={"a": ads, "b": ads}, store=stage.store)

    stage.play(main())


def test_a_store_of_something_else_is_refused() -> None:
    """Before anything is read."""
    stage = Stage(("meta",))

    async def main() -> None:
        await stage.prepared()
        await stage.store.save("campaigns-set", RulesState(), revision=0)
        with pytest.raises(InvalidRequestError, match="the store holds no campaigns"):
            await stage.open().plan()

    stage.play(main())
