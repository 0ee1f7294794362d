"""One run: campaigns made in the calm, days of trouble for the services, then calm, then the judge."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from backstay.ads import Budget, BudgetPeriod, ConfiguredStatus, Money, Ref
from backstay.errors import BackstayError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule
from backstay.testing.clock import run
from backstay.testing.processes import Gone
from backstay.testing.simulation import Played, Sabotage, Stage, Wrong
from backstay.testing.simulation.losses import HeardPlan
from backstay.testing.simulation.storm import LOSSES, MAYBE_DONE, USUAL, Setting, seeded
from backstay.testing.simulation.town import House, Town
from backstay.writes.sightings import SKEW
from benchmarks.simulate.services.cast import ARMS, OPTIMIZED, RAISED, SWITCHED
from benchmarks.simulate.services.duties import Company, Duties
from benchmarks.simulate.services.judge import judged, moves

BUDGET: Final = Money(100, "USD")
TICKS: Final = (2, 3, 4)
"""Steps of a worker."""
HOUR: Final = 3_600.0
GAPS: Final = (600.0, HOUR, 6 * HOUR, 12 * HOUR)
"""Seconds between two steps of a worker."""
SPAN: Final = 24 * HOUR
CALM: Final = 1_500.0
"""Seconds after which nothing of the storm is left, and no write of a dead plan may arrive any more."""
ROUNDS: Final = 14
"""Days of calm within which everything must have come to its end."""
REPORTS: Final = {"tiktok": "report/*", "meta": "*insights*", "google_ads": "*Search*"}
"""Which operations tell numbers."""


@dataclass(slots=True)
class Outcome:
    """What became of a seed."""

    seed: int
    digest: str
    plans: int = 0
    moves: int = 0
    actions: int = 0
    verdicts: int = 0
    stale_answers: int = 0
    lost_answers: int = 0
    crashes: int = 0
    cap_exceeded: int = 0
    double_actions: int = 0
    stale_decisions: int = 0
    wrongs: list[Wrong] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def tail(self, lines: int = 40) -> list[str]:
        """How the run was set up, and the newest lines."""
        return [*self.trace[:1], *self.trace[-lines:]]


def simulate_services(
    seed: int, stages: Sequence[Stage], *, sabotage: Sabotage | None = None, away: float | None = None, **given: Any
) -> Outcome:  # fmt: skip
    """Play one seed; the same seed plays the same run, line by line.

    From hour `away` on nobody can be asked for numbers for a day; `given` are fields of the `Setting`.
    """
    draw = seeded("services", seed)
    some = draw.sample(list(stages), min(len(stages), draw.choice((1, 1, 1, 2, 3))))
    setting = _setting(draw, given)
    town = Town(seed, sorted(some, key=lambda stage: stage.vendor), setting, sabotage or Sabotage())
    company = Company(town, arms_on=draw.choice(list(town.played)), away=away)
    town.setting = replace(setting, guard={"total": _cap(company, draw)})
    try:
        wrongs = run(_played(company, draw), town.clock)
        return _outcome(company, wrongs)
    finally:
        town.close()


def _setting(draw: random.Random, given: dict[str, Any]) -> Setting:
    skew = draw.choice((0.0, 1.0, 0.49 * SKEW))
    drawn: dict[str, Any] = {
        "slots": draw.choice((1, 1, 2)), "actors": 1, "operations": draw.choice(TICKS), "files": False,
        "lease": draw.choice((2.0, 10.0)), "cancels": 0.0, "mortal": draw.choice((0.0, 0.6, 0.9)),
        "walls": tuple(draw.uniform(-skew, skew) for _ in range(7)), "held": draw.choice((0.0, 0.02, 0.1)),
        "crowd": draw.random() < 0.4, "guard": {},
    }  # fmt: skip
    return Setting(**{**drawn, **given})


async def _played(company: Company, draw: random.Random) -> list[Wrong]:
    town = company.town
    town.begin()
    await _prepared(company)
    await town.weather(
        lambda seed, played: _storm(draw, seed, played, company.away), lambda number: _slot(company, number), CALM
    )
    wrongs = [*await _ended(company), *judged(company)]
    town.bury()
    return wrongs


# Before -------------------------------------------------------------------------------------------------------------


def _homes(town: Town) -> list[tuple[str, str]]:
    """On which platform each campaign is."""
    names = list(town.played)
    return [(names[number % len(names)], part) for number, part in enumerate((*OPTIMIZED, RAISED, SWITCHED))]


def _cap(company: Company, draw: random.Random) -> int:
    """Of the guard: what all of them can cost a day at the beginning, and some more or much more."""
    homes = [*(name for name, _ in _homes(company.town)), *([company.arms_on] * len(ARMS))]
    most = sum((BUDGET.amount * company.town.played[name].overspend for name in homes), Decimal(0))
    return int(most * draw.choice((Decimal("1.01"), Decimal("1.1"), Decimal("1.5"), Decimal(3))))


async def _prepared(company: Company) -> None:
    """The campaigns of the optimizer and of the rules, running; media and trees for the arms."""
    house = company.town.open()

    async def work() -> None:
        for name, part in _homes(company.town):
            await _insist(lambda: _campaign(company, house, name, part))  # noqa: B023 - at once
        await _insist(lambda: _trees(company, house))

    await house.process.run(work())
    overspends = [_overspend(house, ref) for ref, part in company.parts.items() if part in OPTIMIZED]
    company.began = company.town.clock.wall()
    company.total = BUDGET * sum(overspends, Decimal(0))


async def _insist(work: Any) -> None:
    while True:
        try:
            await work()
            return
        except BackstayError:  # a token that cannot be had now can be had in a moment
            await asyncio.sleep(1.0)


async def _campaign(company: Company, house: House, name: str, part: str) -> None:
    ads, samples = house.ads[name], company.town.played[name].samples
    spec = samples.campaign(part).but(budget=Budget.daily(BUDGET))
    made = await ads.create_campaign(spec, idempotency_key=part.replace(" ", "-"))
    await ads.set_status(made.value.ref, ConfiguredStatus.ACTIVE)
    company.parts[made.value.ref] = part


async def _trees(company: Company, house: House) -> None:
    name = company.arms_on
    tree = await company.town.played[name].samples.tree(house.ads[name], name="Arm")
    company.trees = {
        arm: tree.but(campaign=tree.campaign.but(name=part), groups=tree.groups[:1]) for arm, part in ARMS.items()
    }


def _overspend(house: House, ref: Ref) -> Decimal:
    return next(ads for ads in house.ads.values() if ads.owns(ref)).capabilities.overspend[BudgetPeriod.DAILY]


# Trouble ------------------------------------------------------------------------------------------------------------


def _storm(draw: random.Random, seed: int, played: Played, away: float | None) -> FaultPlan:
    """Faults of several kinds all the time, and hours in which numbers, or everything, cannot be had."""
    kinds = draw.sample(sorted({*FaultKind} - {FaultKind.LATENCY}), draw.choice((1, 2, 3)))
    kinds.append(draw.choice(LOSSES))
    rules = [_rule(draw, kind, played) for kind in kinds]
    if away is not None:
        begin = away * HOUR
        rules.append(FaultRule(FaultKind.HTTP_5XX, start=begin, end=begin + SPAN, operation=REPORTS[played.vendor]))
    for _ in range(0 if away is not None else draw.choice((0, 1, 2, 3))):
        start = draw.uniform(0.0, SPAN)
        kind = draw.choice((FaultKind.CONNECT_REFUSED, FaultKind.HTTP_5XX, FaultKind.TIMEOUT))
        only: dict[str, Any] = {"operation": REPORTS[played.vendor]} if draw.random() < 0.6 else {}
        rules.append(FaultRule(kind, start=start, end=start + draw.uniform(1.0, 14.0) * HOUR, **only))
    return HeardPlan([FaultRule(FaultKind.LATENCY, delay=USUAL), *rules], seed)


def _rule(draw: random.Random, kind: FaultKind, played: Played) -> FaultRule:
    facts: dict[str, Any] = dict(played.writes) if draw.random() < 0.6 else {}
    facts["rate"] = draw.choice((0.02, 0.05, 0.1, 0.3 if facts else 0.1))
    if kind is FaultKind.SLOW_DRIP:
        facts["delay"] = (1.0, 60.0)
    if kind in MAYBE_DONE:
        facts["after_commit"] = draw.choice((None, True, False))
    return FaultRule(kind, **facts)


async def _slot(company: Company, number: int) -> None:
    """A place for processes: when one dies, another one is started some time later."""
    town, left = company.town, [company.town.setting.operations]
    draw = seeded("slot", town.seed, number)
    while left[0]:
        dies_at = int(draw.expovariate(1 / 900)) + 1 if draw.random() < town.setting.mortal else None
        stalls_at = int(draw.expovariate(1 / 900)) + 1 if draw.random() < 0.3 else None
        house = town.open(dies_at=dies_at, stalls_at=stalls_at, stalls_for=200.0 * draw.random())
        try:
            await house.process.run(_work(company, house, draw, left))
        except Gone:
            town.crashes += 1
            town.note(f"dies   {house.process.name}")
            await town.clock.sleep(draw.choice((0.0, 5.0, 600.0, 7_200.0)) * draw.random())


async def _work(company: Company, house: House, draw: random.Random, left: list[int]) -> None:
    duties = Duties(company, house)
    while left[0]:
        left[0] -= 1
        await company.town.clock.sleep(_gap(company, draw, left[0]))
        for duty in draw.sample(list(duties.all()), len(duties.all())):
            if draw.random() < (0.75 if company.away is None else 0.5):
                await duties.survived(duty)


def _gap(company: Company, draw: random.Random, step: int) -> float:
    """Seconds until the next step: in a crowd the same for all; where numbers will be away, it is near that hour."""
    if company.town.setting.crowd:
        draw = seeded("gap", company.town.seed, step)
    gone = (company.town.clock.wall() - company.began) / HOUR
    if company.away is not None and company.away > gone > 0.5:
        return (company.away - gone) * HOUR + draw.uniform(-0.4, 0.4) * HOUR
    return draw.choice(GAPS) * draw.uniform(0.5, 1.0) if company.away is None else draw.uniform(0.3, 1.5) * HOUR


# Afterwards ---------------------------------------------------------------------------------------------------------


async def _ended(company: Company) -> list[Wrong]:
    """In the calm a new process brings everything to its end: the last plan, the test, a run of the rules."""
    house = company.town.open()
    duties = Duties(company, house)

    async def work() -> list[str]:
        left = ["rules", "budgets", "arms"]
        for _ in range(ROUNDS):
            well = {duty for duty in left if await duties.survived(duty)}
            left = [duty for duty in left if duty not in well or (duty == "arms" and company.verdict is None)]
            if not left:
                break
            await company.town.clock.sleep(86_400.0)
        await house.runtime.aclose()
        return left

    left = await house.process.run(work())
    stuck = [duty for duty in left if duties.stopped_by.get(duty) != "SPEND_GUARD"]  # the guard may have the last word
    return [Wrong("liveness", f"in the calm {duty} does not come to its end") for duty in stuck]


def _outcome(company: Company, wrongs: list[Wrong]) -> Outcome:
    town, kinds = company.town, [wrong.kind for wrong in wrongs]
    counts = moves(company)
    return Outcome(
        town.seed, town.trace.digest, plans=sum(each.service == "budgets" for each in company.decided),
        moves=counts["budgets"], actions=counts["rules"], verdicts=int(company.verdict is not None),
        stale_answers=company.stale, lost_answers=sum(losses.count for losses in town.losses), crashes=town.crashes,
        cap_exceeded=kinds.count("cap"), double_actions=kinds.count("double"), stale_decisions=kinds.count("stale"),
        wrongs=wrongs, trace=town.trace.lines,
    )  # fmt: skip


__all__ = ["Outcome", "simulate_services"]
