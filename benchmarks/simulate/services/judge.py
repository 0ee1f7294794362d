"""The worlds' own logs against what may be: no cap exceeded, no action twice, no decision on stale numbers."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from backstay.ads import ConfiguredStatus
from backstay.services.ab_test import Outcome as Verdicts
from backstay.services.ab_test import Verdict
from backstay.services.budgets import BudgetPlan
from backstay.testing.simulation import Look, Played, Wrong
from backstay.writes.sightings import SKEW
from benchmarks.simulate.services.cast import ARMS, OPTIMIZED, RAISED, SWITCHED, good

if TYPE_CHECKING:
    from benchmarks.simulate.services.duties import Company, Decided

ACTIVE: Final = ConfiguredStatus.ACTIVE
SLACK: Final = SKEW + 100.0
"""Seconds by which clocks and the way of a request may move what was decided at one time."""
FRESH: Final = 600.0
"""Seconds that a step may take from its first question to its decision."""
HOUR: Final = 3_600.0
COOL_DOWN: Final = 3 * HOUR
PLAN_AGE: Final = 6 * HOUR
STEP: Final = Decimal("1.2")
PARTS: Final = frozenset({*OPTIMIZED, RAISED, SWITCHED, *ARMS.values()})


def judged(company: Company) -> list[Wrong]:
    """Everything."""
    foreign = [Wrong("foreign", text) for text in company.town.foreign]
    return [*foreign, *_caps(company), *_doubles(company), *_stale(company)]


def moves(company: Company) -> Counter[str]:
    """How many budgets the optimizer has moved, and how often a rule has acted, as the worlds have it."""
    found: Counter[str] = Counter()
    for part, _, past in cast(company):
        if part in OPTIMIZED:
            found["budgets"] += len(_steps(past))
        elif part == RAISED:
            found["rules"] += len(_steps(past))
        elif part == SWITCHED:
            found["rules"] += len(_switches(company, past))
    return found


def cast(company: Company) -> Iterator[tuple[str, Played, list[Look]]]:
    """Each campaign by its part, with all that it ever was; one that was made twice is there twice."""
    for played in company.town.played.values():
        for thing in played.world.objects(level="campaign"):
            past = played.past(thing)
            if past[0].name in PARTS:
                yield past[0].name or "", played, past


def _steps(past: Sequence[Look]) -> list[tuple[float, Decimal, Decimal]]:
    """When a budget changed, from what, to what."""
    return [
        (now.at, before.budget, now.budget)
        for before, now in itertools.pairwise(past)
        if before.budget is not None and now.budget is not None and before.budget != now.budget
    ]


def _switches(company: Company, past: Sequence[Look]) -> list[tuple[float, bool]]:
    """When it was switched since the services work, and whether on."""
    found: list[tuple[float, bool]] = []
    for look in past:
        on = look.status is ACTIVE
        if on is not (found[-1][1] if found else False):
            found.append((look.at, on))
    return [(at, on) for at, on in found if at > company.began]


# Caps ---------------------------------------------------------------------------------------------------------------


def _caps(company: Company) -> Iterator[Wrong]:
    """At every moment: the optimizer's total, and the guard's cap over all that runs."""
    roles = list(cast(company))
    moments = sorted({look.at for _, _, past in roles for look in past})
    guard = (company.town.setting.guard or {}).get("total")
    for at in moments:
        then = [(part, each) for part, played, past in roles if (each := _exposed(played, past, at)) is not None]
        planned = sum((amount for part, (_, amount) in then if part in OPTIMIZED), Decimal(0))
        running = sum((amount for _, (on, amount) in then if on), Decimal(0))
        if planned > company.total.amount:
            yield Wrong("cap", f"the plans' budgets are {planned} at {at:.3f}, of {company.total}: {then}")
            return  # each later moment says the same
        if guard is not None and running > guard:
            yield Wrong("cap", f"{running} may be spent at {at:.3f}, the guard's cap is {guard}: {then}")
            return


def _exposed(played: Played, past: Sequence[Look], at: float) -> tuple[bool, Decimal] | None:
    """Whether it ran, and what its budget could cost a day, whether it ran or not."""
    looks = [look for look in past if look.at <= at]
    if not looks or looks[-1].budget is None:
        return None
    return looks[-1].status is ACTIVE, looks[-1].budget * played.overspend


# Twice --------------------------------------------------------------------------------------------------------------


def _doubles(company: Company) -> Iterator[Wrong]:
    """Each action once: raises a cool-down apart, plans' moves as often as plans, one campaign for each arm."""
    plans = [each.what for each in company.decided if isinstance(each.what, BudgetPlan)]
    for part, _, past in cast(company):
        if part in OPTIMIZED:
            yield from moved(part, past, plans)
        elif part == RAISED:
            yield from raised(past)
        elif part == SWITCHED:
            yield from switched(_switches(company, past))
    yield from _arms(company)
    for played in company.town.played.values():
        for key, ids in played.world.duplicates().items():
            yield Wrong("double", f"{len(ids)} objects of the key {key} were active: {ids}")


def moved(part: str, past: Sequence[Look], plans: Sequence[BudgetPlan]) -> Iterator[Wrong]:
    """A budget that went from one figure to another more often than plans wanted it to."""
    asked = Counter(
        (change.old.amount, change.new.amount)
        for found in plans for change in found.changes if change.name == part and change.moves
    )  # fmt: skip
    for step, times in Counter((before, now) for _, before, now in _steps(past)).items():
        if times > asked[step]:
            yield Wrong("double", f"{part} went {step[0]} > {step[1]} {times} times, {asked[step]} plans wanted that")


def raised(past: Sequence[Look]) -> Iterator[Wrong]:
    """A raise within the cool-down of another, by more than the rule says, or a cut, which no rule asks for."""
    steps = _steps(past)
    for at, before, now in steps:
        if not before < now <= before * STEP:
            yield Wrong("double", f"{RAISED} went {before} > {now} at {at:.3f}")
    for (one, _, _), (other, _, _) in itertools.pairwise(steps):
        if other - one < COOL_DOWN - SLACK:
            yield Wrong("double", f"{RAISED} was raised at {one:.3f} and again at {other:.3f}")


def switched(found: Sequence[tuple[float, bool]]) -> Iterator[Wrong]:
    """Switched on again sooner after it was switched off than the rule says."""
    for (off, before), (on, after) in itertools.pairwise(found):
        if not before and after and on - off < COOL_DOWN - SLACK:
            yield Wrong("double", f"{SWITCHED} was switched off at {off:.3f} and on again at {on:.3f}")


def _arms(company: Company) -> Iterator[Wrong]:
    """One campaign an arm; after the verdict the loser is switched off once, and the winner never."""
    told = next((each for each in company.decided if isinstance(each.what, Verdict)), None)
    ended = None if told is None else told.at
    if told is not None and (told.what.outcome, told.what.arm) != (Verdicts.WINNER, "B"):
        yield Wrong("liveness", f"the test ends with {told.what.outcome} {told.what.arm}: {told.what.reasons}")
        return
    for arm, part in ARMS.items():
        pasts = [past for name, _, past in cast(company) if name == part]
        ran = [past for past in pasts if any(look.status is ACTIVE for look in past)]
        if len(ran) > 1 or (not ran and company.verdict is not None):
            yield Wrong("double", f"{len(ran)} campaigns of {part} ever ran")
        if len(ran) != 1:
            continue
        offs = [at for at, on in _switches(company, ran[0]) if not on and ended is not None and at > ended]
        wanted = int(arm == "A")
        if ended is not None and len(offs) != wanted:
            yield Wrong("double", f"{part} was switched off {len(offs)} times after the verdict, not {wanted}")


# Stale --------------------------------------------------------------------------------------------------------------


def _stale(company: Company) -> Iterator[Wrong]:
    """What each decision was made on, and what was true when rules acted."""
    for each in company.decided:
        yield from _heard(each)
    plans = [(each.at, each.what) for each in company.decided if isinstance(each.what, BudgetPlan)]
    for part, _, past in cast(company):
        if part in OPTIMIZED:
            yield from _late(part, past, plans)
        if part == RAISED:
            for at, before, now in _steps(past):
                if not _was(part, at, well=True):
                    yield Wrong(
                        "stale", f"{part} was raised {before} > {now} at {at:.3f}, it had done badly since long"
                    )
        if part == SWITCHED:
            for at, on in _switches(company, past):
                if not _was(part, at, well=on):
                    yield Wrong("stale", f"{part} was switched {'on' if on else 'off'} at {at:.3f} on old numbers")


def _heard(each: Decided) -> Iterator[Wrong]:
    ref = getattr(each.what, "ref", None)
    told = [heard for heard in each.heard if ref is None or ref in heard.refs]
    allowed = HOUR + SLACK if each.service == "rules" else FRESH
    if not told:
        yield Wrong("stale", f"{each.service} decided at {each.at:.3f} without having asked")
    for heard in told:
        if heard.source == "stale" or each.at - heard.of > allowed:
            age = each.at - heard.of
            yield Wrong("stale", f"{each.service} decided at {each.at:.3f} on a {heard.source} answer {age:.0f} s old")


def _late(part: str, past: Sequence[Look], plans: Sequence[tuple[float, BudgetPlan]]) -> Iterator[Wrong]:
    """A budget that was moved when no plan of the last hours wanted that."""
    for at, before, now in _steps(past):
        made = [
            when for when, found in plans for change in found.changes
            if change.name == part and (change.old.amount, change.new.amount) == (before, now) and when <= at
        ]  # fmt: skip
        if made and at - max(made) > PLAN_AGE + FRESH + SLACK:
            yield Wrong("stale", f"{part} went {before} > {now} at {at:.3f}, as a plan of {max(made):.3f} wanted it")


def _was(part: str, at: float, *, well: bool) -> bool:
    """Whether it did so at some moment within the hour before that numbers may be old."""
    return any(good(part, at - back) is well for back in (0.0, HOUR / 2, HOUR + SLACK))


__all__ = ["cast", "judged", "moved", "moves", "raised", "switched"]
