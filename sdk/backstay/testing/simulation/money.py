"""Money: no cap was ever exceeded in truth, and nothing was done without a line in the audit record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from backstay.ads import ConfiguredStatus
from backstay.policies.spend import Line, bound
from backstay.sandbox.world import Effect, State, Thing
from backstay.testing.simulation.judge import GRACE, Wrong, went_with
from backstay.testing.simulation.stage import Look, Played
from backstay.writes.journal import JournalKey
from backstay.writes.tree import ad_key, group_key

if TYPE_CHECKING:
    from backstay.testing.simulation.town import Town

MOST: Final = 2
"""Ad groups of a tree in a run, each with one ad."""
ACTIVE: Final = ConfiguredStatus.ACTIVE


def judge_money(town: Town, ledger: Mapping[str, Line]) -> Iterator[Wrong]:
    """Caps, the audit record, and the ledger as it is at the end."""
    yield from _audited(town)
    yield from _in_the_ledger(town, ledger)
    if town.setting.guard is None:
        for played in town.played.values():
            for thing in played.world.objects(level="ad"):
                if thing.was_active:
                    yield Wrong("spend", f"without a guard the ad {thing.id} was switched on", (thing.id,))
    elif town.setting.guard:
        yield from _capped(town, town.setting.guard)


def _in_the_ledger(town: Town, ledger: Mapping[str, Line]) -> Iterator[Wrong]:
    """What runs is written down, with no less than it can cost."""
    now = town.clock.wall()
    for played in town.played.values():
        for id_, amount in exposures(played, now).items():
            lines = [line for holder, line in ledger.items() if holder.endswith(f"/{id_}")]
            if not any(bound(line, now) >= amount for line in lines):
                yield Wrong("spend", f"{id_} can spend {amount} a day, the ledger says {lines}", (id_,))


# Caps ---------------------------------------------------------------------------------------------------------------


def _capped(town: Town, caps: Mapping[str, int]) -> Iterator[Wrong]:
    """At every moment of the run, what could be spent; and on the day, what ever could."""
    most: dict[str, Decimal] = {}
    moments = sorted({effect.at for played in town.played.values() for effect in played.world.log})
    for at in moments:
        running = {name: exposures(played, at) for name, played in town.played.items()}
        for name, holders in running.items():
            whole = sum(holders.values(), Decimal(0))
            if whole > caps.get("per_account", whole):
                yield Wrong("spend", f"{name} could spend {whole} at {at:.3f}: {holders}", tuple(holders))
            for holder, amount in holders.items():
                most[holder] = max(most.get(holder, Decimal(0)), amount)
        every = sum((sum(holders.values(), Decimal(0)) for holders in running.values()), Decimal(0))
        if every > caps.get("total", every):
            yield Wrong("spend", f"{every} could be spent at {at:.3f}: {running}")
    day = sum(most.values(), Decimal(0))
    if day > caps.get("per_day", day):
        yield Wrong("spend", f"{day} could be spent on the day: {most}", tuple(most))


def exposures(played: Played, at: float) -> dict[str, Decimal]:
    """What each budget could cost a day at a moment, of those by which something could really be spent."""
    found: dict[str, Decimal] = {}
    factor = played.overspend
    for ad in played.world.objects(level="ad"):
        chain = _chain(played, ad)
        looks = [_then(played, thing, at) for thing in chain]
        if len(chain) < 3 or any(look is None or look.status is not ACTIVE for look in looks):
            continue
        for thing, look in zip(chain, looks, strict=True):
            if look is not None and look.budget is not None:
                found[thing.id] = look.budget * factor
    return found


def _chain(played: Played, ad: Thing) -> list[Thing]:
    chain = [ad]
    while chain[-1].parent is not None and (above := played.world.get(chain[-1].parent)) is not None:
        chain.append(above)
    return chain


def _then(played: Played, thing: Thing, at: float) -> Look | None:
    looks = [look for look in played.past(thing) if look.at <= at]
    return looks[-1] if looks else None


# The audit record ---------------------------------------------------------------------------------------------------


def _audited(town: Town) -> Iterator[Wrong]:
    """Whatever really happened was written down before it was sent; whoever lived to see the end wrote that, too."""
    intents = [(at, line) for at, line in town.audited if line["phase"] == "intent"]
    for played in town.played.values():
        for effect in played.world.log:
            thing = played.world.get(effect.id)
            if effect.level not in played.levels or thing is None or went_with(played, thing, effect):
                continue
            told = any(_tells(played, at, line, effect) for at, line in intents)
            if not told and not (effect.note.get("state") == State.PAUSED and _ended(town, effect)):
                yield Wrong("spend", f"{effect} is not in the audit record", (effect.id,))


def _ended(town: Town, effect: Effect) -> bool:
    """Whether a line tells of the end of a pause: it is not held up where the disk takes too long for its beginning."""
    ends = (line for _, line in town.audited if line["phase"] == "outcome")
    return any(str(line.get("ref", "")).endswith(f"/{effect.id}") for line in ends)


def _tells(played: Played, at: float, line: Mapping[str, Any], effect: Effect) -> bool:
    if line["vendor"] != played.vendor or at > effect.at + GRACE:
        return False
    if effect.kind != "create":
        return str(line.get("ref", "")).endswith(f"/{effect.id}")
    return line.get("key") is not None and effect.key in tuple(_tokens(played, line))


def _tokens(played: Played, line: Mapping[str, Any]) -> Iterator[str]:
    """What a create may make: one object, or a whole tree."""
    key, scope = line["key"], (played.vendor, line["account"])
    yield JournalKey(*scope, line["operation"], key).id
    if played.atomic and line["operation"] == "create_campaign":
        for number in range(MOST):
            yield JournalKey(*scope, "create_ad_group", group_key(key, number)).id
            yield JournalKey(*scope, "create_ad", ad_key(key, number, 0)).id


__all__ = ["exposures", "judge_money"]
