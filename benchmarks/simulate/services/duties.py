"""What the services do in one process: each duty is one step, safe to repeat, of which a process may die anywhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast

from backstay.ads import BudgetPeriod, CampaignTree, DateRange, Level, MetricsQuery, MetricsReport, Money, Ref
from backstay.clock import utc
from backstay.errors import BackstayError
from backstay.services.ab_test import AbPlan, AbState, AbTest, Design, Metric, Verdict
from backstay.services.ab_test.state import Stage as AbStage
from backstay.services.ab_test.watch import days_of, query
from backstay.services.budgets import BudgetApply, BudgetPlan, BudgetRun, Candidate, Limits, history_of, plan
from backstay.services.rules import (
    Back,
    Comparison,
    Decision,
    MemoryAudit,
    Mode,
    Op,
    Outcome,
    Pause,
    Rule,
    RuleEngine,
    RunRecord,
    ScaleBudget,
    Schedule,
    Scope,
)
from backstay.services.rules import Limits as RuleLimits
from backstay.services.rules import Metric as RuleMetric
from backstay.services.rules.condition import TODAY
from backstay.services.store import MemoryStore
from backstay.testing.simulation.town import House, Town
from benchmarks.simulate.services.cast import OPTIMIZED, RAISED, SWITCHED
from benchmarks.simulate.services.numbers import Heard, Numbers

COOL_DOWN: Final = timedelta(hours=3)
PLAN_AGE: Final = timedelta(hours=6)
STEP: Final = Decimal(20)
"""Percent of a raise."""
LEAST: Final = 50
"""Dollars of a budget: what platforms take."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision to do something, with all that its service had heard when it was made."""

    service: str
    at: float
    what: Any
    heard: tuple[Heard, ...]


@dataclass(eq=False)
class Company:
    """What outlives processes: stores, who is who, and what was decided."""

    town: Town
    store: MemoryStore = field(default_factory=MemoryStore)
    audit: MemoryAudit = field(default_factory=MemoryAudit)
    parts: dict[Ref, str] = field(default_factory=dict)
    arms_on: str = ""
    away: float | None = None
    """From which hour on numbers cannot be had."""
    trees: dict[str, CampaignTree] = field(default_factory=dict)
    total: Money = field(default_factory=lambda: Money.zero("USD"))
    """Of the optimized campaigns, as exposure."""
    decided: list[Decided] = field(default_factory=list)
    verdict: Verdict | None = None
    began: float = 0.0
    """Wall seconds from which on the services work."""
    stale: int = 0
    """Answers that were served stale."""

    def ref(self, part: str) -> Ref:
        """A campaign that was made before it stormed."""
        return next(ref for ref, name in self.parts.items() if name == part)

    def part(self, ref: Ref) -> str | None:
        """Which one it is; arms are found by the name that they have in the world."""
        if ref not in self.parts and ref.level is Level.CAMPAIGN:
            played = self.town.played[ref.platform.value]
            thing = played.world.get(ref.id)
            name = None if thing is None else played.past(thing)[0].name
            if name is not None:
                self.parts[ref] = name
        return self.parts.get(ref)


class HeardAudit:
    """An audit record that tells what was decided before anything is done about it."""

    def __init__(self, inner: Any, tell: Callable[[Any], None]) -> None:
        self._inner, self._tell = inner, tell

    async def append(self, record: Any) -> None:
        """See `Audit.append`."""
        await self._inner.append(record)
        self._tell(record)

    async def records(self) -> Any:
        """See `Audit.records`."""
        return await self._inner.records()


class HeardStore:
    """A store that tells a test's verdict in the moment in which it is kept."""

    def __init__(self, inner: Any, tell: Callable[[Any], None]) -> None:
        self._inner, self._tell = inner, tell

    async def load(self, name: str) -> Any:
        """See `Store.load`."""
        return await self._inner.load(name)

    async def save(self, name: str, value: Any, *, revision: int) -> int:
        """See `Store.save`."""
        kept: int = await self._inner.save(name, value, revision=revision)
        self._tell(value)
        return kept


class Duties:
    """The services of one process."""

    def __init__(self, company: Company, house: House) -> None:
        self.company, self.house = company, house
        cut = house.process.cut
        self.on = {name: Numbers(ads, company.part, company.town.clock.wall) for name, ads in house.ads.items()}
        self._platforms: Any = list(self.on.values())
        self.stopped_by: dict[str, str] = {}
        """The type of what each duty raised last."""
        self._store, self._audit = cut(company.store), cut(company.audit)

    def all(self) -> Mapping[str, Callable[[], Any]]:
        """By name."""
        return {"rules": self.rules, "budgets": self.budgets, "arms": self.arms, "shown": self.shown}

    async def survived(self, duty: str) -> bool:
        """One step; whether nothing stood in its way. What it raises is noted, and tried again at the next tick."""
        town = self.company.town
        for each in self.on.values():
            each.heard.clear()
        try:
            await self.all()[duty]()
        except BackstayError as error:
            town.note(f"{self.house.process.name} {duty}: {error.type} {error.rule or ''} {error.message[:90]}")
            self.stopped_by[duty] = error.type
            return False
        except Exception as error:
            town.foreign.append(f"{duty}: {error!r}")
            return False
        finally:
            self.company.stale += sum(heard.source == "stale" for each in self.on.values() for heard in each.heard)
        return True

    def _decide(self, service: str, what: Any) -> None:
        heard = tuple(heard for each in self.on.values() for heard in each.heard)
        self.company.decided.append(Decided(service, self.company.town.clock.wall(), what, heard))
        self.company.town.note(f"{self.house.process.name} decides {service}: {_shown(what)}")

    # Rules ----------------------------------------------------------------------------------------------------------

    async def rules(self) -> None:
        """One run of the engine."""
        audit: Any = HeardAudit(self._audit, self._judged)
        await RuleEngine(RULES, on=self._platforms, store=self._store, audit=audit).run()

    def _judged(self, record: Any) -> None:
        for each in record.decided.decisions if isinstance(record, RunRecord) else ():
            if each.outcome is Outcome.ACT:
                self._decide("rules", each)

    # Budgets --------------------------------------------------------------------------------------------------------

    async def budgets(self) -> None:
        """Carry out the plan that was begun; if there is none, or it cannot be, make the next one."""
        number, begun = 0, None
        while (kept := await self._store.load(f"budgets-plan-{number}")) is not None:
            number, begun = number + 1, kept.value
        if isinstance(begun, BudgetRun) and not begun.ended and await self._carried(begun.plan):
            return
        found = await self._planned(f"plan-{number}")
        self._decide("budgets", found)
        await self._apply(found)

    async def _carried(self, found: BudgetPlan) -> bool:
        """Whether the plan has come to its end; what was refused for good will not."""
        try:
            await self._apply(found)
        except BackstayError as error:
            if error.type != "SPEND_GUARD" and error.rule not in {"budgets.changed", "budgets.cap", "budgets.age"}:
                raise
            self.company.town.note(f"{found.id} is given up: {error.type}")
            return False
        return True

    async def _apply(self, found: BudgetPlan) -> None:
        await BudgetApply(found, on=self._platforms, store=self._store, max_age=PLAN_AGE).run()

    async def _planned(self, id_: str) -> BudgetPlan:
        now = utc(self.house.clock.wall())
        days = DateRange.last_days(5, now.date())
        refs = {part: self.company.ref(part) for part in OPTIMIZED}
        reports = {name: await self._numbers(each, [*refs.values()], days) for name, each in self.on.items()}
        some = [await self._candidate(part, ref, reports[ref.platform.value], now) for part, ref in refs.items()]
        return plan(some, Limits(total=self.company.total, exposure=True, max_change=0.25), now=now, id=id_)

    async def _numbers(self, platform: Numbers, refs: list[Ref], days: DateRange) -> MetricsReport | None:
        own = tuple(ref for ref in refs if platform.owns(ref))
        if not own:
            return None
        return await platform.get_metrics(MetricsQuery(level=Level.CAMPAIGN, days=days, refs=own), max_age=0.0)

    async def _candidate(self, part: str, ref: Ref, report: MetricsReport | None, now: datetime) -> Candidate:
        platform = self.on[ref.platform.value]
        live = await platform.get_campaign(ref, max_age=0.0, max_stale=0.0)
        assert report is not None
        assert live.budget is not None
        assert live.budget.amount is not None
        return history_of(part, report, ref).candidate(
            now, budget=live.budget.amount, unit=Money(1, "USD"), low=Money(LEAST, "USD"),
            overspend=platform.capabilities.overspend[BudgetPeriod.DAILY],
            spread=(),  # no interval: it takes longer than everything else here
        )  # fmt: skip

    # A/B test -------------------------------------------------------------------------------------------------------

    async def arms(self) -> None:
        """One step of the test: start, look, or act."""
        company = self.company
        store, arms_on = HeardStore(self._store, self._looked), cast("Any", self.on[company.arms_on])
        test = AbTest(PLAN, company.trees, on=arms_on, store=store)
        state = await test.state()
        if state.stage is AbStage.PLANNED:
            await test.start()
        elif state.stage is AbStage.RUNNING:
            await test.look()
        elif state.stage is AbStage.DECIDED:
            await test.act()
        else:
            company.verdict = state.verdict

    async def shown(self) -> None:
        """What people look at: the numbers of the arms, asked as the test asks; it fills a cache."""
        kept = await self._store.load("ab-arms")
        state = None if kept is None else kept.value
        if state is not None and state.started_at is not None:
            refs = [arm.ref for arm in state.arms if arm.ref is not None]
            days = days_of(state.started_at, utc(self.house.clock.wall()))
            await self.house.ads[self.company.arms_on].get_metrics(query(PLAN, Level.CAMPAIGN, days, refs))

    def _looked(self, value: Any) -> None:
        """Told when a state is saved: the first with a verdict that is to be carried out is the decision."""
        decided = isinstance(value, AbState) and value.stage is AbStage.DECIDED
        if decided and not any(isinstance(each.what, Verdict) for each in self.company.decided):
            self._decide("arms", value.verdict)


def _shown(what: Any) -> str:
    if isinstance(what, BudgetPlan):
        return f"{what.id} " + ", ".join(f"{c.name} {c.old.amount}>{c.new.amount}" for c in what.changes if c.moves)
    if isinstance(what, Decision):
        return f"{what.rule} {what.ref} {what.kind} {what.before}>{what.after}"
    return f"{what.outcome.value} {what.arm}"


PLAN: Final = AbPlan(
    id="arms", metric=Metric.CVR, design=Design.OBSERVATIONAL_ARMS, control="A", whole_weeks=False, min_days=1,
    max_days=20, settle_days=0, overdispersion=False,
)  # fmt: skip
RULES: Final = (
    Rule(
        id="up", mode=Mode.APPLY, scope=Scope(name_contains=RAISED), then=(ScaleBudget(percent=STEP),),
        when=Comparison(metric=RuleMetric.CPA, window=TODAY, op=Op.LESS_THAN, value=Decimal(5)),
        limits=RuleLimits(cool_down=COOL_DOWN, max_change_per_day=None, learning=False),
        schedule=Schedule(every=timedelta(minutes=15)),
    ),
    Rule(
        id="off", mode=Mode.APPLY, scope=Scope(name_contains=SWITCHED), then=(Pause(),),
        when=Comparison(metric=RuleMetric.CPA, window=TODAY, op=Op.GREATER_THAN, value=Decimal(8)),
        back=Back(when=Comparison(metric=RuleMetric.CPA, window=TODAY, op=Op.LESS_THAN, value=Decimal(5)),
                  after=COOL_DOWN),
        limits=RuleLimits(cool_down=timedelta(0)), schedule=Schedule(every=timedelta(minutes=15)),
    ),
)  # fmt: skip
"""Raise what does well, switch off what does not, and on again when it does."""
