"""What is wanted against what is there: the steps from one to the other. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from backstay.ads import (
    Ad,
    AdSpec,
    BidStrategy,
    Campaign,
    CampaignSpec,
    ConfiguredStatus,
    Schedule,
)
from backstay.ads.words import BudgetPeriod
from backstay.services.campaigns.plan import Field, Step
from backstay.services.campaigns.sight import Sight
from backstay.services.campaigns.spec import OneSpec, Place, Target
from backstay.services.campaigns.state import Accepted, Part
from backstay.services.campaigns.words import Cause, Do
from backstay.services.live import Thing
from backstay.writes.readback import Difference, level_differences, targeting_differences, text_of


def steps(target: Target, seen: Sight) -> list[Step]:
    """What to do, in no order."""
    if seen.unfinished or seen.campaign is None:
        made = Step(do=Do.FINISH if seen.unfinished else Do.CREATE, id=target.id, on=target.on, fields=_facts(target))
        on = [_activate(target, seen)] if target.status is ConfiguredStatus.ACTIVE else []
        return [] if seen.gone else [made, *on]
    found: list[Step] = []
    for place, spec in target.parts().items():
        thing = seen.things.get(place)
        if thing is not None:
            found += _changes(target, place, spec, thing, seen.part(place))
        elif place not in seen.gone:
            found.append(_step(Do.ADD, target, place, None, (Field(name="name", after=spec.name),)))
    found += _pauses(target, seen)
    if _asleep(target, seen):
        found.append(_activate(target, seen))
    return found


def removed(on: str, id: str, seen: Sight) -> list[Step]:  # noqa: A002 - the field's own name
    """A campaign that the spec does not name any more: it is paused."""
    if not is_on(seen.campaign):
        return []
    field = Field(name="status", before="active", after="paused")
    return [Step(do=Do.PAUSE, id=id, on=on, ref=_ref(seen.campaign), fields=(field,), cause=Cause.REMOVED)]


def left(target: Target, seen: Sight, found: list[Step]) -> int:
    """How many objects are as they are wanted."""
    touched = {step.place for step in found if step.do is not Do.ACTIVATE}
    return sum(place in seen.things and place not in touched for place in target.parts())


# Differences of one object --------------------------------------------------------------------------------------------


def differences(asked: OneSpec, shown: Thing) -> Iterator[Difference]:
    """Each field that was asked for and is shown otherwise; a creative cannot be compared."""
    if asked.name != shown.name:
        yield Difference("name", asked.name, shown.name)
    if isinstance(asked, AdSpec) or isinstance(shown, Ad):
        return
    found = [*level_differences("", asked, shown)]
    if not isinstance(asked, CampaignSpec) and not isinstance(shown, Campaign):
        found += targeting_differences(".targeting", asked.targeting, shown.targeting)
    yield from (each._replace(field=each.field.removeprefix(".")) for each in found)


def open_differences(spec: OneSpec, thing: Thing, part: Part | None) -> list[Difference]:
    """Those that are not just the way in which the platform writes what was asked for."""
    known = () if part is None else part.accepted
    return [each for each in differences(spec, thing) if Accepted.of(each) not in known]


def new_part(place: Place, spec: OneSpec, thing: Thing) -> Part:
    """An object that has just been made: however it is shown is how the platform writes what was asked for."""
    accepted = tuple(Accepted.of(each) for each in differences(spec, thing))
    return found_part(place, spec, thing).but(accepted=accepted)


def found_part(place: Place, spec: OneSpec, thing: Thing) -> Part:
    """An object that is there, with every difference still open."""
    return Part(
        group=place.group, ad=place.ad, ref=thing.ref, asked=spec, on=is_on(thing),
        creative=thing.creative if isinstance(thing, Ad) else None,
    )  # fmt: skip


def changed_part(
    part: Part, spec: OneSpec, thing: Thing, names: Collection[str], pending: Collection[str] = ()
) -> Part:  # fmt: skip
    """An object some of whose fields were written again; what is still to arrive stays a difference."""
    kept = [each for each in part.accepted if each.field.partition(".")[0] not in names]
    settled = {*names} - {*pending}
    new = [Accepted.of(each) for each in differences(spec, thing) if each.field.partition(".")[0] in settled]
    creative = thing.creative if isinstance(thing, Ad) and "creative" in names else part.creative
    asked = part.asked.but(**{name: getattr(spec, name) for name in names})
    return part.but(asked=asked, accepted=(*kept, *new), creative=creative)


def _changes(target: Target, place: Place, spec: OneSpec, thing: Thing, part: Part | None) -> Iterator[Step]:
    found = open_differences(spec, thing, part)
    if isinstance(spec, AdSpec) and part is not None and _asked(part, "creative") != spec.creative:
        found.append(Difference("creative", creative_text(spec.creative), creative_text(_asked(part, "creative"))))
    ways = {each.field: _way(each.field.partition(".")[0], spec, thing) for each in found}
    if getattr(getattr(spec, "budget", None), "period", None) is BudgetPeriod.LIFETIME:
        money = [name for name in ways if name.partition(".")[0] in {"budget", "schedule"}]
        ways |= dict.fromkeys(money, Do.RAISE) if len(money) > 1 else {}  # its budget and its end go together
    for way in (Do.LOWER, Do.CHANGE, Do.RAISE):
        own = [each for each in found if ways[each.field] is way]
        if own:
            yield _step(way, target, place, thing, tuple(map(_field, own)), _cause(own, part, spec))


def _field(each: Difference) -> Field:
    return Field(name=each.field, before=text_of(each.shown), after=text_of(each.asked))


def _way(field: str, spec: Any, thing: Any) -> Do:
    """Whether it comes to more money or to less."""
    if field not in {"budget", "bid", "schedule"}:
        return Do.CHANGE
    asked, shown = getattr(spec, field), getattr(thing, field)
    if field == "schedule":
        return Do.CHANGE if _shorter(asked, shown) else Do.RAISE
    kind = "period" if field == "budget" else "strategy"
    if shown is None or getattr(asked, kind) != getattr(shown, kind):
        return Do.RAISE
    if field == "bid" and asked.strategy is BidStrategy.MIN_ROAS:
        return Do.LOWER if asked.roas > (shown.roas or 0) else Do.RAISE
    if shown.amount is None or asked.amount is None:
        return Do.RAISE
    if asked.amount.currency != shown.amount.currency:
        return Do.RAISE  # which platforms refuse with its field when it is tried
    return Do.LOWER if asked.amount < shown.amount else Do.RAISE


def _shorter(asked: Schedule, shown: Schedule) -> bool:
    """Whether it begins no earlier and ends no later."""
    begins = asked.start is None or (shown.start is not None and asked.start >= shown.start)
    ends = asked.end is None or shown.end is None or asked.end <= shown.end
    return begins and ends


def _cause(found: list[Difference], part: Part | None, spec: OneSpec) -> Cause:
    """Whether the spec says something new, or somebody has changed the object."""
    if part is None:
        return Cause.SPEC
    names = {each.field.partition(".")[0] for each in found}
    same = all(_asked(part, name) == getattr(spec, name) for name in names)
    return Cause.DRIFT if same else Cause.SPEC


def _pauses(target: Target, seen: Sight) -> Iterator[Step]:
    """What runs and is not to: the campaign, what stays off, and what the spec does not name any more."""
    parts, field = target.parts(), Field(name="status", before="active", after="paused")
    for place, thing in seen.things.items():
        own = place == Place() or target.status is ConfiguredStatus.ACTIVE
        if is_on(thing) and (place not in parts or (own and not target.runs(place))):
            part = seen.part(place)
            drift = part is not None and not part.on
            cause = Cause.REMOVED if place not in parts else Cause.DRIFT if drift else Cause.SPEC
            yield _step(Do.PAUSE, target, place, thing, (field,), cause)


def _asleep(target: Target, seen: Sight) -> list[Place]:
    """What is to run and does not, be it there or still to be made."""
    wanted = [place for place in target.parts() if target.runs(place) and place not in seen.gone]
    return [place for place in wanted if not is_on(seen.things.get(place))]


def _activate(target: Target, seen: Sight) -> Step:
    off = _asleep(target, seen)
    drift = all((part := seen.part(place)) is not None and part.on for place in off)
    fields = (Field(name=f"{len(off)} objects", after="on"),)
    return _step(Do.ACTIVATE, target, Place(), seen.campaign, fields, Cause.DRIFT if drift else Cause.SPEC)


# Small ----------------------------------------------------------------------------------------------------------------


def _step(
    do: Do, target: Target, place: Place, thing: Thing | None, fields: tuple[Field, ...], cause: Cause = Cause.SPEC
) -> Step:
    return Step(
        do=do, id=target.id, on=target.on, group=place.group, ad=place.ad, ref=_ref(thing), fields=fields, cause=cause
    )


def _facts(target: Target) -> tuple[Field, ...]:
    """What a new tree is, in short."""
    parts, campaign = target.parts(), target.tree.campaign
    groups = [spec for place, spec in parts.items() if place.group and not place.ad]
    budgets = [campaign.budget, *(getattr(each, "budget", None) for each in groups)]
    told = {
        "name": campaign.name, "objective": campaign.objective.value,
        "budget": ", ".join(text_of(each) for each in budgets if each is not None and each.amount is not None),
        "ad groups": len(groups), "ads": sum(bool(place.ad) for place in parts),
    }  # fmt: skip
    return tuple(Field(name=name, after=str(value)) for name, value in told.items())


def _asked(part: Part, name: str) -> Any:
    return getattr(part.asked, name, None)


def creative_text(creative: Any) -> str:
    """A creative in short."""
    return f"{creative.kind} {' / '.join((*creative.headlines[:1], *creative.texts[:1]))}".strip()


def is_on(thing: Thing | None) -> bool:
    """Whether its switch is on."""
    return thing is not None and thing.status.configured is ConfiguredStatus.ACTIVE


def _ref(thing: Thing | None) -> Any:
    return None if thing is None else thing.ref
