"""The manager on a simulator, in virtual time: what it creates, when it looks, what it pauses, and how it goes on."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backstay.ads import AdGroupPatch, Budget, CampaignTree, ConfiguredStatus, Level, Money, Query, Ref
from backstay.errors import (
    BackstayError,
    ConflictError,
    IdempotencyConflictError,
    InvalidRequestError,
    NotReadyError,
    PlatformServiceError,
    SpendGuardError,
    TokenInvalidError,
)
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.services.ab_test.decide import replay
from backstay.services.ab_test.events import AbArmChanged, AbLooked, AbTrouble
from backstay.services.ab_test.manager import AbTest
from backstay.services.ab_test.state import AbState, Stage
from backstay.services.ab_test.words import AtEnd, Clicks, Design, Metric, Outcome, Reason
from backstay.services.store import FileStore, MemoryStore, Store
from backstay.writes.guard import SpendGuard
from backstay.writes.tree import activate_tree
from tests.support.ab import plan
from tests.support.services import Place, Planted, place, rates

DAILY = timedelta(days=1)
HOURS = timedelta(hours=6)


class Trial:
    """One test on TikTok's simulator, with the conversion rates that are wanted."""

    def __init__(self, shares: Mapping[str, float], *, store: Store | None = None, **facts: Any) -> None:
        guard = facts.pop("guard", SpendGuard.unlimited())
        self.place: Place = place("tiktok", guard=guard)
        self.shares = dict(shares)
        self.plan = plan(**facts)
        self.store = store or MemoryStore()
        self.known: dict[Ref, float] = {}
        self.ads: Any = None
        self.trees: dict[str, CampaignTree] = {}

    async def open(self) -> AbTest:
        """The manager of a new process."""
        self.place.open()
        self.ads = Planted(self.place.adapters()["tiktok"], rates(self.known))
        if not self.trees:
            self.trees = {name: await self.place.tree("tiktok", self.ads, f"Test {name}") for name in self.shares}
        return AbTest(self.plan, self.trees, on=self.ads, store=self.store)

    async def started(self) -> AbTest:
        """Running, with the numbers planted."""
        test = await self.open()
        await self.plant(await test.start())
        return test

    async def plant(self, state: AbState) -> AbState:
        """Rates for the arms that there are."""
        self.known.update({arm.ref: self.shares[arm.name] for arm in state.arms if arm.ref is not None})
        return state

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """In virtual time."""
        return self.place.run(work)

    async def later(self, days: float) -> None:
        """Let time pass."""
        await self.place.clock.sleep(days * 86_400)

    def told(self, kind: type) -> list[Any]:
        """Events of a kind."""
        return [event for event in self.place.events if isinstance(event, kind)]


def test_a_test_runs_from_its_plan_to_its_winner() -> None:
    """Two arms are created once and activated, looked at, and the loser is paused; everything is told."""
    trial = Trial({"A": 0.05, "B": 0.065})

    async def main() -> Any:
        test = await trial.started()
        verdict = await test.run(every=DAILY)
        return verdict, await test.state()

    verdict, state = trial.run(main())
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "B")
    assert replay(verdict) == verdict
    assert state.stage is Stage.ENDED
    assert [(arm.name, arm.stopped, arm.interruptions) for arm in state.arms] == [("A", True, ()), ("B", False, ())]
    world = trial.place.benches["tiktok"].world
    assert world.active_trees() == [state.arm("B").ref.id]
    assert world.duplicates() == {}
    changed = [(event.arm, event.action) for event in trial.told(AbArmChanged)]
    assert changed == [("A", "created"), ("B", "created"), ("A", "activated"), ("B", "activated"), ("A", "paused")]
    looked = trial.told(AbLooked)
    assert [event.outcome for event in looked] == ["continue"] * (len(looked) - 1) + ["winner"]
    assert verdict.days == 7


def test_the_start_day_does_not_count() -> None:
    """It was half a day; the first week is the seven days after it."""
    trial = Trial({"A": 0.05, "B": 0.05}, max_days=7)

    async def main() -> Any:
        await trial.later(0.4)
        test = await trial.started()
        return await test.run(every=HOURS), await test.state()

    verdict, state = trial.run(main())
    assert verdict.outcome is Outcome.TIMEOUT
    assert verdict.first == state.started_at.date() + DAILY


@pytest.mark.parametrize(
    ("at_end", "running"), [(AtEnd.LEAVE, {"A", "B"}), (AtEnd.KEEP_CONTROL, {"A"}), (AtEnd.PAUSE_ALL, set())]
)
def test_what_becomes_of_the_arms_without_a_winner_is_in_the_plan(at_end: AtEnd, running: set[str]) -> None:
    """Left alone, the control only, or nothing."""
    trial = Trial({"A": 0.05, "B": 0.05}, max_days=7, at_end=at_end)

    async def main() -> Any:
        test = await trial.started()
        return await test.run(every=DAILY), await test.state()

    verdict, state = trial.run(main())
    assert verdict.outcome is Outcome.TIMEOUT
    active = set(trial.place.benches["tiktok"].world.active_trees())
    assert active == {arm.ref.id for arm in state.arms if arm.name in running}


def test_harm_stops_one_arm_and_the_others_go_on() -> None:
    """After a few days, long before a winner."""
    trial = Trial({"A": 0.05, "B": 0.02, "C": 0.065})

    async def main() -> Any:
        test = await trial.started()
        return await test.run(every=DAILY), await test.state()

    verdict, state = trial.run(main())
    assert (verdict.outcome, verdict.arm, verdict.losers) == (Outcome.WINNER, "C", ("A",))
    assert [arm.stopped for arm in state.arms] == [True, True, False]
    paused = [(event.arm, event.at) for event in trial.told(AbArmChanged) if event.action == "paused"]
    assert [arm for arm, _ in paused] == ["B", "A"]
    assert paused[0][1] < paused[1][1] - 2 * 86_400


# Going on ---------------------------------------------------------------------------------------------------------


def test_another_process_goes_on_from_the_stored_state(tmp_path: Path) -> None:
    """Files on disk: after the start, after looks, after a verdict that was not carried out."""
    trial = Trial({"A": 0.05, "B": 0.065}, store=FileStore(tmp_path))

    async def main() -> Any:
        first = await trial.started()
        for _ in range(3):
            await trial.later(1)
            await first.look()
        looks = (await first.state()).looks
        second = await trial.open()
        again = await second.start()
        assert (again.stage, again.looks) == (Stage.RUNNING, looks)
        await trial.later(5)
        verdict = await second.look()
        assert verdict.looks[: len(looks)] == looks
        third = await trial.open()
        assert (await third.state()).stage is Stage.DECIDED
        with pytest.raises(NotReadyError, match="decided"):
            await third.look()
        return await third.run(), await third.state()

    verdict, state = trial.run(main())
    assert (verdict.outcome, verdict.arm, state.stage) == (Outcome.WINNER, "B", Stage.ENDED)
    assert len(trial.place.benches["tiktok"].world.active_trees()) == 1


def test_an_ended_test_stays_ended() -> None:
    """Running it again gives its verdict, without a look and without a write."""
    trial = Trial({"A": 0.05, "B": 0.065})

    async def main() -> Any:
        test = await trial.started()
        verdict = await test.run(every=DAILY)
        effects = len(trial.place.benches["tiktok"].world.log)
        again = await trial.open()
        assert await again.run() == verdict
        assert await again.act() == await again.state()
        with pytest.raises(NotReadyError):
            await again.look()
        return len(trial.place.benches["tiktok"].world.log) - effects

    assert trial.run(main()) == 0


@pytest.mark.parametrize("change", ["plan", "arm", "names"])
def test_an_id_stands_for_one_test(change: str) -> None:
    """Another plan, another arm, other arms: refused before anything is read or written."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> None:
        await trial.started()
        facts, trees = trial.plan, dict(trial.trees)
        if change == "plan":
            facts = facts.but(alpha=0.01)
        elif change == "arm":
            trees["B"] = trees["B"].but(campaign=trees["B"].campaign.but(name="Another"))
        else:
            trees["C"] = trees.pop("B")
        other = AbTest(facts, trees, on=trial.ads, store=trial.store)
        for step in (other.start, other.look, other.act, other.stop, other.state):
            with pytest.raises(IdempotencyConflictError) as caught:
                await step()
            assert caught.value.field == "plan.id"

    trial.run(main())


def test_a_state_of_an_older_basis_is_refused_loudly() -> None:
    """A test that was begun when a metric's basis had other fields does not go on adding unlike numbers."""
    store = MemoryStore()
    trial = Trial({"A": 0.05, "B": 0.05}, store=store)

    async def main() -> None:
        test = await trial.started()
        for name, text in store.texts.items():
            assert "modelled," in text
            store.texts[name] = text.replace("modelled,", "")
        for step in (test.start, test.look, test.run):
            with pytest.raises(InvalidRequestError, match="other fields: modelled"):
                await step()

    trial.run(main())


def test_two_managers_of_one_test_are_found_out() -> None:
    """The second one to save has not seen what the first one did."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> None:
        test = await trial.started()
        await trial.later(1)

        class Slow(MemoryStore):
            async def save(self, name: str, value: Any, *, revision: int) -> int:
                await trial.store.save(name, value, revision=revision)  # somebody else was quicker
                return await super().save(name, value, revision=revision)

        slow = Slow()
        slow.texts = trial.store.texts  # type: ignore[attr-defined]  # one place for both
        other = AbTest(trial.plan, trial.trees, on=trial.ads, store=slow)
        with pytest.raises(ConflictError, match="somebody else"):
            await other.look()
        await test.state()

    trial.run(main())


# What it refuses to do --------------------------------------------------------------------------------------------


def test_no_arm_runs_alone() -> None:
    """The guard lets the first arm pass and not the second: both are paused, and the caller is told why."""
    trial = Trial({"A": 0.05, "B": 0.05}, guard=SpendGuard(total=Money("150", "USD")))

    async def main() -> Any:
        test = await trial.open()
        with pytest.raises(SpendGuardError):
            await test.run()
        return await test.state()

    state = trial.run(main())
    assert state.stage is Stage.PLANNED
    assert trial.place.benches["tiktok"].world.active_trees() == []


def test_a_manager_that_fails_leaves_the_arms_to_another_one() -> None:
    """It begins to activate, another one starts the test, then its own activation fails: nothing is paused by it."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> AbState:
        slow, quick = await trial.open(), await trial.open()
        activate = slow._arms.activate

        async def fails(name: str, tree: Any) -> None:
            await activate(name, tree)
            await quick.start()
            raise PlatformServiceError("the second arm cannot be activated")

        slow._arms.activate = fails  # type: ignore[method-assign]  # this manager's only
        with pytest.raises(PlatformServiceError):
            await slow.start()
        return await quick.state()

    assert trial.run(main()).stage is Stage.RUNNING
    assert len(trial.place.benches["tiktok"].world.active_trees()) == 2


def test_without_a_guard_nothing_is_activated() -> None:
    """Creating is free, activating is not: somebody must say what may be spent."""
    trial = Trial({"A": 0.05, "B": 0.05})
    trial.place.guard = None  # type: ignore[assignment]  # a runtime without one

    async def main() -> None:
        test = await trial.open()
        with pytest.raises(SpendGuardError, match="no spend guard"):
            await test.start()

    trial.run(main())
    assert trial.place.benches["tiktok"].world.active_trees() == []


def test_a_preview_writes_nothing() -> None:
    """The requests of both trees, and no trace of them anywhere."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> Any:
        test = await trial.open()
        effects = len(trial.place.benches["tiktok"].world.log)
        plans = await test.preview()
        return plans, effects

    plans, effects = trial.run(main())
    assert set(plans) == {"A", "B"}
    assert all(made.how == "planned" and made.plan for made in plans.values())
    assert len(trial.place.benches["tiktok"].world.log) == effects
    assert trial.store.texts == {}  # type: ignore[attr-defined]  # a memory store


def test_stopping_by_hand_pauses_all() -> None:
    """And ends the test without a verdict."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> Any:
        test = await trial.started()
        await test.stop()
        return await test.run(), await test.state()

    verdict, state = trial.run(main())
    assert (verdict, state.stage) == (None, Stage.ENDED)
    assert trial.place.benches["tiktok"].world.active_trees() == []


@pytest.mark.parametrize(
    ("facts", "arms", "field"),
    [
        ({"control": "C"}, ("A", "B"), "control"),
        ({}, ("A",), "arms"),
        ({"design": Design.RANDOMISED_PLATFORM_SPLIT}, ("A", "B"), "plan.design"),
    ],
)
def test_tests_that_make_no_sense_are_refused(facts: Any, arms: tuple[str, ...], field: str) -> None:
    """Before anything is created; campaigns that are created side by side split no users."""
    trial = Trial(dict.fromkeys(arms, 0.05), **facts)

    async def main() -> None:
        with pytest.raises(InvalidRequestError) as caught:
            await trial.open()
        assert caught.value.field == field

    trial.run(main())


def test_an_arm_of_another_account_is_refused() -> None:
    """The adapter that is given must own the campaign; each arm needs a platform."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> None:
        await trial.open()
        foreign = Ref.parse("meta/act_9/campaign/1")
        with pytest.raises(InvalidRequestError, match="does not own"):
            AbTest(trial.plan, {"A": trial.trees["A"], "B": foreign}, on=trial.ads, store=trial.store)
        with pytest.raises(InvalidRequestError, match="no platform is given for B"):
            AbTest(trial.plan, trial.trees, on={"A": trial.ads}, store=trial.store)

    trial.run(main())


# Interruptions ----------------------------------------------------------------------------------------------------


async def _pause_group(ads: Any, ref: Ref) -> None:
    group = await ads.list_ad_groups(Query(parent=ref)).first()
    await ads.set_status(group.ref, ConfiguredStatus.PAUSED)


async def _rename_group(ads: Any, ref: Ref) -> None:
    group = await ads.list_ad_groups(Query(parent=ref)).first()
    await ads.update_ad_group(group.ref, AdGroupPatch(name="Renamed"))


async def _raise_budget(ads: Any, ref: Ref) -> None:
    live = await ads.get_campaign(ref, max_age=0.0)
    await ads.set_budget(ref, Budget.daily(Money("150", "USD")), expect=live)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda ads, ref: ads.set_status(ref, ConfiguredStatus.PAUSED), "B: it is paused"),
        (lambda ads, ref: ads.set_status(ref, ConfiguredStatus.DELETED), "B: it is gone"),
        (_pause_group, "was edited"),
        (_raise_budget, "was edited"),
        (_rename_group, None),
    ],
)
def test_somebody_who_meddles_ends_the_test(act: Any, said: str | None) -> None:
    """An arm that is paused, or edited so that it learns anew, is compared no more; a new name does no harm."""
    trial = Trial({"A": 0.05, "B": 0.065})

    async def main() -> Any:
        test = await trial.started()
        await trial.later(1)
        await test.look()
        await act(trial.ads, (await test.state()).arm("B").ref)
        return await test.run(every=DAILY)

    verdict = trial.run(main())
    if said is None:
        assert verdict.outcome is Outcome.WINNER
        return
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.INTERRUPTED,))
    assert any(said in note for note in verdict.notes)
    assert verdict.losers == ()


def test_an_arm_that_was_deleted_needs_no_pausing() -> None:
    """The test ends, and the plan's last wish is done with what is left."""
    trial = Trial({"A": 0.05, "B": 0.065}, at_end=AtEnd.PAUSE_ALL)

    async def main() -> Any:
        test = await trial.started()
        await trial.ads.set_status((await test.state()).arm("B").ref, ConfiguredStatus.DELETED)
        return await test.run(every=DAILY), await test.state()

    verdict, state = trial.run(main())
    assert (verdict.reasons, state.stage) == ((Reason.INTERRUPTED,), Stage.ENDED)
    assert [(arm.stopped, arm.gone) for arm in state.arms] == [(True, False), (False, True)]
    assert trial.place.benches["tiktok"].world.active_trees() == []


def test_arms_that_are_there_already_are_watched_and_paused() -> None:
    """Two ad groups of one campaign, given by their refs: nothing is created or activated, the loser is paused."""
    trial = Trial({"A": 0.05, "B": 0.065})

    async def main() -> Any:
        await trial.open()
        made = await trial.ads.create_tree(trial.trees["A"], idempotency_key="mine")
        await activate_tree(trial.ads, made.value)
        refs = {name: group.ad_group.ref for name, group in zip("AB", made.value.groups, strict=True)}
        trial.known.update({refs["A"]: 0.05, refs["B"]: 0.065})
        created = len(trial.place.benches["tiktok"].world.objects(level="campaign"))
        test = AbTest(trial.plan, refs, on=trial.ads, store=trial.store)
        verdict = await test.run(every=DAILY)
        assert len(trial.place.benches["tiktok"].world.objects(level="campaign")) == created
        groups = [await trial.ads.get_ad_group(ref, max_age=0.0) for ref in refs.values()]
        return verdict, [group.status.configured for group in groups], refs

    verdict, configured, refs = trial.run(main())
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "B")
    assert configured == [ConfiguredStatus.PAUSED, ConfiguredStatus.ACTIVE]
    assert refs["A"].level is Level.AD_GROUP
    assert [event.action for event in trial.told(AbArmChanged)] == ["paused"]


@pytest.mark.parametrize(("reach", "outcome"), [((5_000, 4_950), Outcome.WINNER), ((6_000, 4_000), Outcome.INVALID)])
def test_users_of_the_platforms_own_split_are_counted(reach: tuple[int, int], outcome: Outcome) -> None:
    """The arms of a split test, by their refs: people reached over the whole test, which no days add up to."""
    trial = Trial({"A": 0.05, "B": 0.065})
    split = trial.plan.but(design=Design.RANDOMISED_PLATFORM_SPLIT)

    async def main() -> Any:
        await trial.open()
        refs = {}
        for name, tree in trial.trees.items():
            made = await trial.ads.create_tree(tree, idempotency_key=f"mine/{name}")
            await activate_tree(trial.ads, made.value)
            refs[name] = made.value.campaign.ref
        trial.known.update({refs[name]: share for name, share in trial.shares.items()})
        people, planted = dict(zip(refs.values(), reach, strict=True)), trial.ads._numbers
        trial.ads._numbers = lambda row: (
            planted(row) if row.day else row.model_copy(update={"reach": people.get(row.ref)})
        )
        return await AbTest(split, refs, on=trial.ads, store=trial.store).run(every=DAILY)

    verdict = trial.run(main())
    assert verdict.outcome is outcome
    assert verdict.ratio is not None
    assert verdict.ratio.units == reach
    assert (verdict.reasons == (Reason.SRM,)) is (outcome is Outcome.INVALID)


# Trouble ----------------------------------------------------------------------------------------------------------


def test_stale_metrics_end_nothing() -> None:
    """As clear as they are: the look says so, is no look of the test's, and nothing is paused."""
    trial = Trial({"A": 0.05, "B": 0.09})

    async def main() -> Any:
        test = await trial.started()
        await trial.later(9)
        trial.ads.source = "stale"
        verdict = await test.look()
        assert (verdict.outcome, verdict.looks) == (Outcome.CONTINUE, ())
        assert Reason.STALE in verdict.reasons
        assert await test.act() == await test.state()
        assert len(trial.place.benches["tiktok"].world.active_trees()) == 2
        trial.ads.source = "live"
        return await test.look()

    assert trial.run(main()).outcome is Outcome.WINNER


@pytest.mark.parametrize("writes", [True, False])
def test_an_outage_is_waited_for(writes: bool) -> None:
    """For hours, at the start or at a look: the step is tried again, told each time, and nothing is done twice."""
    trial = Trial({"A": 0.05, "B": 0.065})
    simulator = trial.place.benches["tiktok"].simulator

    async def main() -> Any:
        test = await trial.open()
        if not writes:
            await trial.plant(await test.start())
        now = trial.place.clock.wall() - 1_767_225_600.0
        simulator.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, end=now + 5 * 3_600)], 1)
        if writes:
            await test._patient("start", test.start, timedelta(days=2))  # what run() does first
            await trial.plant(await test.state())
        return await test.run(every=DAILY if writes else timedelta(hours=4))

    verdict = trial.run(main())
    assert (verdict.outcome, verdict.arm) == (Outcome.WINNER, "B")
    troubles = trial.told(AbTrouble)
    assert troubles
    assert {event.doing for event in troubles} == {"start" if writes else "look"}
    world = trial.place.benches["tiktok"].world
    assert (len(world.objects(level="campaign")), world.duplicates()) == (2, {})


def test_patience_ends() -> None:
    """An outage that lasts is raised after two days; the test can go on later."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> Any:
        test = await trial.started()
        trial.place.benches["tiktok"].simulator.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX)], 1)
        began = trial.place.clock.wall()
        with pytest.raises(BackstayError) as caught:
            await test.run(every=DAILY)
        assert caught.value.retryable
        assert trial.place.clock.wall() - began > 2 * 86_400
        return await test.state()

    assert trial.run(main()).stage is Stage.RUNNING


def test_what_will_not_pass_is_raised_at_once() -> None:
    """A revoked token needs a person."""
    trial = Trial({"A": 0.05, "B": 0.05})

    async def main() -> None:
        test = await trial.started()
        trial.place.benches["tiktok"].simulator.faults = FaultPlan([FaultRule(FaultKind.TOKEN_REVOKED)], 1)
        began = trial.place.clock.wall()
        with pytest.raises(TokenInvalidError):
            await test.run(every=DAILY)
        assert trial.place.clock.wall() - began < 2 * 86_400

    trial.run(main())
    assert trial.told(AbTrouble) == []


def test_a_number_that_the_platform_does_not_report_is_told() -> None:
    """TikTok reports no revenue: the test is invalid at once, and nobody waits four weeks."""
    trial = Trial({"A": 0.05, "B": 0.05}, metric=Metric.ROAS)

    async def main() -> Any:
        test = await trial.started()
        trial.ads._numbers = lambda row: row  # the platform's own
        return await test.run(every=DAILY)

    verdict = trial.run(main())
    assert (verdict.outcome, verdict.reasons) == (Outcome.INVALID, (Reason.UNDEFINED,))
    assert "no revenue" in verdict.notes[0]
    assert plan(clicks=Clicks.LINK).clicks is Clicks.LINK
