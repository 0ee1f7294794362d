"""Rules and objects for tests, by what differs; and engines on simulators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backstay.ads import (
    AdPlatform,
    Budget,
    Campaign,
    ConfiguredStatus,
    DateRange,
    Level,
    MetricBasis,
    MetricsQuery,
    MetricsReport,
    MetricsRow,
    Money,
    Platform,
    Ref,
)
from backstay.answer import stamp
from backstay.services.rules.decide import Decision, Inputs, decide
from backstay.services.rules.engine import RuleEngine
from backstay.services.rules.facts import Facts, Numbers
from backstay.services.rules.record import Audit, End, EndRecord, MemoryAudit
from backstay.services.rules.rule import Rule
from backstay.services.store import MemoryStore
from backstay.writes.guard import SpendGuard
from tests.support.services import Place, place

everywhere = pytest.mark.parametrize(
    "names", [("tiktok",), ("meta",), ("google_ads",), ("tiktok", "meta", "google_ads")], ids="+".join
)
HOUR = 3_600.0
CPA = {"metric": "cpa", "op": ">", "value": 8}

AT = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
ALWAYS = {"metric": "spend", "op": ">=", "value": 0}
REF = Ref(Platform.TIKTOK, "7001", Level.CAMPAIGN, "1")
NO_LIMITS: dict[str, Any] = {"cool_down": 0, "max_change": None, "max_change_per_day": None}


def rule(id: str = "r", when: Any = ALWAYS, do: Any = "pause", **facts: Any) -> Rule:  # noqa: A002 - the field's name
    """A rule that is always true and pauses, unless told otherwise; a number scales the budget by so many percent."""
    action = {"do": do} if isinstance(do, str) else {"do": "scale_budget", "percent": do}
    return Rule(**{"id": id, "when": when, "then": [action], "mode": "apply", "limits": NO_LIMITS, **facts})


def facts(budget: str = "100.00 USD", at: datetime = AT, **changes: Any) -> Facts:
    """An active campaign with numbers of today."""
    money = Money.of(budget)
    told = {name: changes.pop(name) for name in tuple(changes) if name in Numbers.model_fields}
    spent = {"spend": Money(Decimal(60), money.currency), "impressions": 1_000, "clicks": 50, "fetched_at": at}
    numbers = Numbers(**{"window": "today", "days": DateRange(at.date(), at.date()), **spent, **told})
    base = {"ref": REF, "zone": ZoneInfo("UTC"), "currency": money.currency, "budget": Budget.daily(money)}
    return Facts(**{**base, "numbers": (numbers,), **changes})


def decisions(rules: Any, objects: Any = None, at: datetime = AT, **more: Any) -> list[Decision]:
    """What is decided."""
    some = tuple(rules) if isinstance(rules, list | tuple) else (rules,)
    seen = (facts(at=at),) if objects is None else tuple(objects) if isinstance(objects, list) else (objects,)
    return list(decide(Inputs(run="1", at=at, rules=some, facts=seen, **more)).decisions)


# On simulators ------------------------------------------------------------------------------------------------------


class Shown:
    """A platform whose objects have all spent 60.00 on the first day asked for; the rest is its own."""

    def __init__(self, platform: AdPlatform) -> None:
        self._platform = platform
        self.source: Any = "live"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def get_metrics(self, query: MetricsQuery, **options: Any) -> MetricsReport:
        """A row for each object, served as the real report is."""
        report = await self._platform.get_metrics(query, **options)
        account = await self._platform.get_account()
        basis = MetricBasis(timezone=account.timezone)
        rows = tuple(
            MetricsRow(
                ref=ref, day=query.days.first, spend=Money("60.00", account.currency), conversions=Decimal(1),
                impressions=1_000, basis=basis,
            )
            for ref in query.refs
        )  # fmt: skip
        return stamp(report.model_copy(update={"rows": rows}), replace(report.served, source=self.source))


@dataclass
class World:
    """A campaign on each platform, and engines that come and go."""

    names: tuple[str, ...]
    guard: SpendGuard = field(default_factory=SpendGuard.unlimited)

    def __post_init__(self) -> None:
        self.place: Place = place(*self.names, guard=self.guard)
        self.store = MemoryStore()
        self.audit: Audit = MemoryAudit()
        self.refs: list[Ref] = []
        self.ads: list[Any] = []
        self.source = "live"

    async def open(self, rules: Any, audit: Audit | None = None, **facts: Any) -> RuleEngine:
        """A new process."""
        self.place.open()
        adapters: list[AdPlatform] = list(self.place.adapters().values())
        self.ads = [Shown(each) for each in adapters]
        for each in self.ads:
            each.source = self.source
        if not self.refs:
            for name, ads in zip(self.names, self.ads, strict=True):
                spec = self.place.benches[name].campaign("Spring")
                made = (await ads.create_campaign(spec, idempotency_key=f"spring-{name}")).value
                self.refs.append(made.ref)
                await ads.set_status(made.ref, ConfiguredStatus.ACTIVE)
        return RuleEngine(rules, on=self.ads, store=self.store, audit=audit or self.audit, actor="test", **facts)

    async def campaigns(self) -> list[Campaign]:
        return [
            await ads.get_campaign(ref, max_age=0.0, max_stale=0.0)
            for ads, ref in zip(self.ads, self.refs, strict=True)
        ]

    async def budgets(self) -> list[Decimal]:
        found = [each.budget.amount for each in await self.campaigns() if each.budget is not None]
        return [each.amount for each in found if each is not None]

    async def ends(self) -> list[End]:
        return [each.end for each in await self.audit.records() if isinstance(each, EndRecord)]

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.place.events if isinstance(event, kind)]


def up(**facts: Any) -> Rule:
    """+20 % each hour."""
    return rule("up", when={"metric": "spend", "op": ">", "value": 50}, do=20, **facts)


def running(names: tuple[str, ...], play: Callable[[World], Any], **facts: Any) -> World:
    """Play it in virtual time, from noon on."""
    world = World(names, **facts)
    world.place.run(play(world))
    return world
