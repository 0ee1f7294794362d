"""Plans on simulators: the order of writes, what a crash leaves, and what stops everything."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from backstay.ads import Budget, ConfiguredStatus, Money, Ref
from backstay.errors import (
    BackstayError,
    ConflictError,
    IdempotencyConflictError,
    InvalidRequestError,
    NotReadyError,
    StaleInputError,
)
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.services.budgets.apply import MAX_AGE, BudgetApply
from backstay.services.budgets.book import BudgetRun
from backstay.services.budgets.curves import LogCurve
from backstay.services.budgets.events import BudgetMoved, BudgetsApplied, BudgetTrouble
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.settings import Candidate, Limits
from backstay.services.live import SETTLE
from backstay.services.store import MemoryStore
from tests.support.services import Place, place

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
WEIGHTS = {"A": 300, "B": 60, "C": 50, "D": 200}


class Death(BaseException):
    """The process ends here."""


class Watched:
    """A platform that notes the sum of all live budgets after each write, and dies when told."""

    def __init__(self, stage: Stage, platform: Any) -> None:
        self._stage, self._platform = stage, platform

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def set_budget(self, ref: Ref, budget: Budget, **options: Any) -> Any:
        """As the platform does it; counted before and after."""
        return await self._stage.counted(ref, self._platform.set_budget(ref, budget, **options))

    async def set_status(self, ref: Ref, status: Any, **options: Any) -> Any:
        """See `set_budget`."""
        return await self._stage.counted(ref, self._platform.set_status(ref, status, **options))


class Stage:
    """Four trees of 100 a day on two simulators."""

    def __init__(self, *vendors: str) -> None:
        self.place: Place = place(*vendors)
        self.refs: dict[str, Ref] = {}
        self.order: list[str] = []
        self.sums: list[Decimal] = []
        self.die_before: int | None = None
        self.die_after: int | None = None
        self.store = MemoryStore()

    async def built(self) -> None:
        """The trees, paused; their budgets are what counts here."""
        ads = self.place.adapters()
        names = list(ads)
        for number, name in enumerate(WEIGHTS):
            vendor = names[number % len(names)]
            tree = await self.place.tree(vendor, ads[vendor], f"Tree {name}")
            made = await ads[vendor].create_tree(tree, idempotency_key=f"tree/{name}")
            self.refs[name] = made.value.campaign.ref

    async def budgets(self) -> dict[str, Money]:
        """As the vendors have them."""
        found = {}
        for name, ref in self.refs.items():
            for ads in self.place.adapters().values():
                if ads.owns(ref):
                    budget = (await ads.get_campaign(ref, max_age=0.0)).budget
                    assert budget is not None
                    assert budget.amount is not None
                    found[name] = budget.amount
        return found

    async def counted(self, ref: Ref, work: Any) -> Any:
        """One write."""
        if self.die_before == len(self.order):
            work.close()
            raise Death
        answer = await work
        self.order.append(next(name for name, each in self.refs.items() if each == ref))
        self.sums.append(sum((each.amount for each in (await self.budgets()).values()), Decimal(0)))
        if self.die_after == len(self.order):
            raise Death
        return answer

    async def plan(self, **facts: Any) -> BudgetPlan:
        """From the live budgets, with a total of what there is."""
        now = await self.budgets()
        unit = {name: Money(1, budget.currency) for name, budget in now.items()}
        some = [
            Candidate(
                name=name, ref=self.refs[name], budget=budget, unit=unit[name], low=max(budget / 2, 50 * unit[name]),
                curve=LogCurve(a=WEIGHTS[name], b=50),
            )
            for name, budget in now.items()
        ]  # fmt: skip
        total = sum((each for each in list(now.values())[1:]), next(iter(now.values())))
        return plan(some, Limits(**{"total": total, "max_change": None, **facts}), now=NOW)

    def apply(self, found: BudgetPlan) -> BudgetApply:
        """A new process."""
        self.place.open()
        on: Any = [Watched(self, ads) for ads in self.place.adapters().values()]
        return BudgetApply(found, on=on, store=self.store)


VENDORS = pytest.mark.parametrize(
    "vendors",
    [("tiktok",), ("meta",), ("google_ads",), ("tiktok", "meta"), ("tiktok", "meta", "google_ads")],
    ids="+".join,
)


@VENDORS
def test_decreases_come_first_and_the_sum_stays_within_the_total(vendors: tuple[str, ...]) -> None:
    """B and C give, A and D get; after no write is the sum above the total, and the budgets end as planned."""
    stage = Stage(*vendors)

    async def main() -> tuple[BudgetPlan, BudgetRun, dict[str, Money]]:
        await stage.built()
        found = await stage.plan()
        return found, await stage.apply(found).run(), await stage.budgets()

    found, run, after = stage.place.run(main())
    assert stage.order == ["B", "C", "A", "D"]
    assert max(stage.sums) <= found.limits.total.amount
    assert after == {each.name: each.new for each in found.changes}
    assert run.ended
    assert run.done == ("B", "C", "A", "D")
    told = [event for event in stage.place.events if isinstance(event, BudgetMoved | BudgetsApplied)]
    assert [each.campaign for each in told if isinstance(each, BudgetMoved)] == ["B", "C", "A", "D"]
    assert [each.done for each in told if isinstance(each, BudgetMoved)] == [1, 2, 3, 4]
    assert isinstance(told[-1], BudgetsApplied)
    assert told[-1].moves == 4


@pytest.mark.parametrize("write", range(4))
@pytest.mark.parametrize("side", ["die_before", "die_after"])
@VENDORS
def test_a_crash_at_any_write_leaves_the_sum_within_the_total(vendors: tuple[str, ...], side: str, write: int) -> None:
    """Right before or right after each write; the next process goes on and writes nothing twice."""
    stage = Stage(*vendors)

    async def main() -> tuple[BudgetPlan, Decimal, dict[str, Money]]:
        await stage.built()
        found = await stage.plan()
        setattr(stage, side, write + (side == "die_after"))
        with pytest.raises(Death):
            await stage.apply(found).run()
        left = sum((each.amount for each in (await stage.budgets()).values()), Decimal(0))
        stage.die_before = stage.die_after = None
        await stage.apply(found).run()
        return found, left, await stage.budgets()

    found, left, after = stage.place.run(main())
    assert left <= found.limits.total.amount
    assert max(stage.sums) <= found.limits.total.amount
    assert after == {each.name: each.new for each in found.changes}
    assert stage.order == ["B", "C", "A", "D"]


def test_a_decrease_that_fails_stops_the_increases() -> None:
    """The vendor is down for all writes but the first: nothing was raised, and a later run finishes."""
    stage = Stage("tiktok")
    simulator = stage.place.benches["tiktok"].simulator

    async def main() -> tuple[BudgetPlan, dict[str, Money], dict[str, Money]]:
        await stage.built()
        found = await stage.plan()
        simulator.faults = FaultPlan([FaultRule(FaultKind.HTTP_5XX, method="POST", skip=1)], 1)
        with pytest.raises(BackstayError):
            await stage.apply(found).run()
        simulator.faults = None
        half = await stage.budgets()
        await stage.place.clock.sleep(3600)
        await stage.apply(found).run()
        return found, half, await stage.budgets()

    found, half, after = stage.place.run(main())
    old, new = {c.name: c.old for c in found.changes}, {c.name: c.new for c in found.changes}
    assert half == {**old, "B": new["B"]}
    trouble = next(event for event in stage.place.events if isinstance(event, BudgetTrouble))
    assert (trouble.campaign, trouble.plan) == ("C", "budgets")
    assert after == new


def test_a_decrease_that_has_not_arrived_stops_the_increases() -> None:
    """A platform that says yes and changes nothing until tomorrow: nobody gets what was not given."""
    stage = Stage("tiktok")

    class Slow(Watched):
        async def set_budget(self, ref: Ref, budget: Budget, **options: Any) -> Any:
            """Says yes."""

    async def main() -> dict[str, Money]:
        await stage.built()
        found = await stage.plan()
        slow: Any = [Slow(stage, ads) for ads in stage.place.adapters().values()]
        with pytest.raises(NotReadyError, match="B was set to"):
            await BudgetApply(found, on=slow, store=stage.store).run()
        return await stage.budgets()

    assert len(set(stage.place.run(main()).values())) == 1


def test_a_budget_that_somebody_else_changed_stops_everything() -> None:
    """Before anything is written: the plan was made for other budgets."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        found = await stage.plan()
        ads = stage.place.adapters()["tiktok"]
        live = await ads.get_campaign(stage.refs["D"], max_age=0.0)
        assert live.budget is not None
        assert live.budget.amount is not None
        other = live.budget.model_copy(update={"amount": live.budget.amount + Money(7, live.budget.amount.currency)})
        await ads.set_budget(live.ref, other, expect=live)
        with pytest.raises(ConflictError, match="D has 107"):
            await stage.apply(found).run()

    stage.place.run(main())
    assert stage.order == []


def test_a_plan_is_carried_out_once_and_its_id_stands_for_it_alone() -> None:
    """A second run writes nothing, another plan under the id is refused."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        found = await stage.plan()
        await stage.apply(found).run()
        assert (await stage.apply(found).run()).ended
        other = found.but(changes=found.changes[:1])
        with pytest.raises(IdempotencyConflictError, match="another plan under budgets"):
            await stage.apply(other).run()

    stage.place.run(main())
    assert len(stage.order) == 4


def test_a_campaign_that_gets_nothing_is_paused() -> None:
    """Its budget stays as it was, its money goes to another one; it counts as nothing from then on."""
    stage = Stage("tiktok")

    async def main() -> Any:
        await stage.built()
        found = await stage.plan()
        gone = found.changes[1].but(new=Money.zero(found.limits.total.currency))
        rest = [found.changes[0].but(new=found.changes[0].old * 2), gone]
        kept = [each.but(new=each.old) for each in found.changes[2:]]
        await stage.place.adapters()["tiktok"].set_status(stage.refs["B"], ConfiguredStatus.ACTIVE)
        await stage.apply(found.but(changes=(*rest, *kept))).run()
        return await stage.place.adapters()["tiktok"].get_campaign(stage.refs["B"], max_age=0.0)

    assert stage.place.run(main()).status.configured is ConfiguredStatus.PAUSED
    assert stage.order == ["B", "A"]


def test_a_campaign_of_nobody_is_refused() -> None:
    """Before anything is read: by its ref."""
    stage = Stage("tiktok")

    async def main() -> BudgetPlan:
        await stage.built()
        return await stage.plan()

    found = stage.place.run(main())
    other = place("meta").adapters().values()
    with pytest.raises(InvalidRequestError, match="no platform owns tiktok/"):
        BudgetApply(found, on=tuple(other), store=MemoryStore())
    nameless = found.but(changes=(found.changes[0].but(ref=None),))
    with pytest.raises(InvalidRequestError, match="A names no campaign"):
        BudgetApply(nameless, on=tuple(other), store=MemoryStore())


def test_the_last_door_counts_exposure() -> None:
    """What is live is counted as the plan counts it, twice each budget; one dollar too much is not raised."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        found = await stage.plan()
        limits = [found.limits.but(total=Money(each, "USD"), exposure=True) for each in (800, 799)]
        forth = tuple(each.but(counts=Decimal(2)) for each in found.changes)
        back = tuple(each.but(old=each.new, new=each.old) for each in forth)
        await stage.apply(found.but(changes=forth, limits=limits[0], id="fits")).run()
        with pytest.raises(ConflictError, match="would make 800"):
            await stage.apply(found.but(changes=back, limits=limits[1], id="not")).run()

    stage.place.run(main())


@pytest.mark.parametrize("vendor", ["tiktok", "meta", "google_ads"])
def test_money_that_is_not_whole_for_its_platform_is_refused(vendor: str) -> None:
    """A plan by hand with a thousandth: refused by the platform's own table before anything is sent."""
    stage = Stage(vendor)

    async def main() -> dict[str, Money]:
        await stage.built()
        found = await stage.plan()
        odd = found.changes[1].but(new=Money(Decimal("50.0000001"), "USD"))
        with pytest.raises(InvalidRequestError):
            await stage.apply(found.but(changes=(found.changes[0], odd, *found.changes[2:]))).run()
        return await stage.budgets()

    assert set(stage.place.run(main()).values()) == {Money(100, "USD")}


def test_a_newer_plan_takes_the_turn() -> None:
    """An older one that died half-way is refused from then on: both together would exceed the total."""
    stage = Stage("tiktok")

    async def main() -> BudgetRun:
        await stage.built()
        older = await stage.plan()
        stage.die_after = 2
        with pytest.raises(Death):
            await stage.apply(older).run()
        stage.die_after = None
        with pytest.raises(NotReadyError, match="a write of the plan budgets to C may still arrive") as caught:
            await stage.apply((await stage.plan()).but(id="newer")).run()
        assert caught.value.retry_after is not None
        await stage.place.clock.sleep(caught.value.retry_after)
        assert stage.order == ["B", "C"]
        with pytest.raises(ConflictError, match="a newer plan has taken the turn of budgets"):
            await stage.apply(older).run()
        return await stage.apply((await stage.plan(total=Money(400, "USD"))).but(id="newer")).run()

    assert stage.place.run(main()).ended
    assert max(stage.sums) <= 400
    assert SETTLE.total_seconds() == 900


def test_a_plan_that_ended_is_followed_at_once() -> None:
    """Whoever has carried it out has seen each of its writes arrive; nobody else had begun with it."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        await stage.apply(await stage.plan()).run()
        back = await stage.plan(total=Money(300, "USD"))
        assert (await stage.apply(back.but(id="next")).run()).ended

    stage.place.run(main())


def test_a_worker_that_slept_through_a_newer_plan_writes_nothing() -> None:
    """Its next save is refused, and with it the write that would have followed."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        older = await stage.plan()
        sleeper = stage.apply(older)
        await sleeper._book.open()
        assert (await stage.apply((await stage.plan()).but(id="newer")).run()).ended
        written = list(stage.order)
        with pytest.raises(ConflictError, match="saved by somebody else"):
            await sleeper._book.begin("A")
        assert stage.order == written

    stage.place.run(main())


def test_names_of_plans_are_apart() -> None:
    """Another name, another turn."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        found = await stage.plan()
        on: Any = [Watched(stage, ads) for ads in stage.place.adapters().values()]
        await BudgetApply(found, on=on, store=stage.store, name="one")._book.open()
        await BudgetApply(found.but(id="other"), on=on, store=stage.store, name="two").run()
        assert not (await BudgetApply(found, on=on, store=stage.store, name="one")._book.open()).superseded

    stage.place.run(main())


def test_an_old_plan_is_not_carried_out() -> None:
    """Neither begun nor gone on with, a day after it was made; one that has ended says so for ever."""
    stage = Stage("tiktok")

    async def main() -> None:
        await stage.built()
        made_at = datetime.fromtimestamp(stage.place.clock.wall(), UTC)
        found = (await stage.plan()).but(made_at=made_at)
        broken, late = found.but(id="broken"), found.but(id="late")
        stage.die_after = 1
        with pytest.raises(Death):
            await stage.apply(broken).run()
        stage.die_after = None
        await stage.place.clock.sleep(MAX_AGE.total_seconds())
        for each in (broken, late):
            with pytest.raises(StaleInputError, match=f"the plan {each.id} was made 1 day") as caught:
                await stage.apply(each).run()
            assert caught.value.rule == "budgets.age"
        assert stage.order == ["B"]
        newer = (await stage.plan()).but(id="newer", made_at=datetime.fromtimestamp(stage.place.clock.wall(), UTC))
        await stage.apply(newer).run()
        await stage.place.clock.sleep(2 * MAX_AGE.total_seconds())
        assert (await stage.apply(newer).run()).ended

    stage.place.run(main())
