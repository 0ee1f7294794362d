"""The world's log against what was said: nothing twice, nothing lost, no answer that was not true."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backstay.ads import ConfiguredStatus, Ref
from backstay.sandbox.world import Effect, State, Thing
from backstay.testing.simulation.history import CREATES, Said
from backstay.testing.simulation.stage import Look, Played
from backstay.testing.simulation.storm import ACTS
from backstay.values import UNSET
from backstay.writes.journal import DONE, FREE, OPEN, Kind, Record

GRACE: Final = ACTS + 0.001
"""Seconds after a call's end within which the vendor may still carry out what it had sent."""
EVENING: Final = 4_000.0
"""Seconds of quiet at the end of a run; what was renewed since then is still held."""
ACTIVE: Final = ConfiguredStatus.ACTIVE
UPLOADS: Final = ("upload_image", "upload_video")
TREE: Final = ("create_campaign", "create_ad_group", "create_ad")


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that must not be."""

    kind: str
    """duplicate, parked, orphan, wrong_answer, record, spend, leak or invariant."""
    text: str
    about: tuple[str, ...] = ()
    """Words by which the lines of the trace are found that tell of it."""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


@dataclass(slots=True, eq=False)
class Evidence:
    """What a judge looks at: one platform's world, and all that was said of it."""

    played: Played
    calls: Sequence[Said]
    records: Sequence[Record]
    now: float
    """Wall seconds of the common time."""
    recoveries: Sequence[Said] = ()
    by_token: Mapping[str, list[Said]] = field(init=False)
    by_id: Mapping[str, list[Said]] = field(init=False)

    def __post_init__(self) -> None:
        """Sort by key and by object."""
        tokens: dict[str, list[Said]] = defaultdict(list)
        ids: dict[str, list[Said]] = defaultdict(list)
        for said in self.calls:
            if said.method in CREATES or (said.method == "create_tree" and self.played.atomic):
                for token in said.tokens:
                    tokens[token].append(said)
            if said.ref is not None:
                ids[said.ref.id].append(said)
        self.by_token, self.by_id = tokens, ids

    def things(self) -> Iterator[Thing]:
        """What exists of trees."""
        return (thing for thing in self.played.world.objects() if thing.level in self.played.levels)


def judge(evidence: Evidence) -> Iterator[Wrong]:
    """Everything about creates and changes."""
    yield from _counts(evidence)
    yield from judge_uploads(evidence)
    for thing in evidence.things():
        yield from _made_by_somebody(evidence, thing)
    for record in evidence.records:
        yield from _record(evidence, record)
    for said in evidence.calls:
        if said.method in TREE and said.outcome == "ok" and not said.given.get("dry_run"):
            yield from _created(evidence, said)
        if said.error is not None:
            yield from _error(evidence, said)
        if said.ref is not None and said.outcome == "ok" and not said.given.get("dry_run"):
            yield from _changed(evidence, said)
    for effect in evidence.played.world.log:
        if effect.level in evidence.played.levels and effect.kind in {"update", "status", "delete"}:
            yield from _changed_by_somebody(evidence, effect)


# Counting -----------------------------------------------------------------------------------------------------------


def _counts(evidence: Evidence) -> Iterator[Wrong]:
    world = evidence.played.world
    for key, ids in world.duplicates().items():
        yield Wrong("duplicate", f"{len(ids)} objects of the key {key} were active: {ids}", (key, *ids))
    for id_ in world.parked():
        if (thing := world.get(id_)) is not None and thing.level in evidence.played.levels:
            yield Wrong(
                "parked", f"{thing.level} {id_} is one too many for its key {thing.key}", (id_, thing.key or id_)
            )
    owned = {record.value.id for record in evidence.records if record.state in DONE and isinstance(record.value, Ref)}
    for id_ in world.orphans(owned):
        yield Wrong("orphan", f"{id_} is active and no done record knows it", (id_,))


def _made_by_somebody(evidence: Evidence, thing: Thing) -> Iterator[Wrong]:
    """Whoever may have made it has not said that it did nothing."""
    if thing.key is None:
        yield Wrong("orphan", f"{thing.level} {thing.id} {thing.name!r} carries no key", (thing.id,))
        return
    calls = evidence.by_token.get(thing.key, [])
    makers = [said for said in calls if said.covers(thing.created_at, GRACE)]
    if not makers:
        yield Wrong("orphan", f"nobody was making {thing.level} {thing.id} when it was made", (thing.id, thing.key))
    elif all(said.denies for said in makers) and not _gone(thing):
        text = f"{thing.level} {thing.id} was made at {thing.created_at:.3f}, and all deny it: {_shown(makers)}"
        yield Wrong("wrong_answer", text, (thing.id, thing.key))


def _gone(thing: Thing) -> bool:
    """Whether somebody has deleted it, perhaps with what is above it: looking cannot tell that it ever was."""
    return thing.state is State.REMOVED


def _record(evidence: Evidence, record: Record) -> Iterator[Wrong]:
    """What the journal says at the end is what is."""
    if (
        record.key.vendor != evidence.played.vendor
        or record.key.operation not in TREE
        or record.kind is not Kind.CREATE
    ):
        return
    things = evidence.played.world.objects(record.id)
    about = (record.id, record.key.key)
    if record.owner and record.expires + EVENING > evidence.now:  # else it is a dead process's, which nobody wanted
        yield Wrong("leak", f"{record.key} is still held", about)
    if record.state in OPEN:
        yield Wrong("record", f"{record.key} is open at the end: {record.note}", about)
    if record.state in FREE and not all(_gone(thing) for thing in things):
        yield Wrong("record", f"{record.key} is {record.state}, and there is {[t.id for t in things]}", about)
    if record.state in DONE and isinstance(record.value, Ref) and record.value.id not in {t.id for t in things}:
        yield Wrong("record", f"{record.key} is {record.state} as {record.value}, its key has {things}", about)


# Creates ------------------------------------------------------------------------------------------------------------


def _created(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """What was answered exists, carries the key, and began as it was asked for."""
    ref: Ref = said.value.value.ref
    thing = evidence.played.world.get(ref.id)
    about = (said.token, ref.id)
    if thing is None or thing.key != said.token or thing.level != said.level:
        yield Wrong("wrong_answer", f"{said} gave {ref}, the world has {thing}", about)
        return
    first, spec = evidence.played.past(thing)[0], said.given["spec"]
    budget = getattr(spec, "budget", None)
    wanted = None if budget is None or budget.amount is None else budget.amount.amount
    if first.name not in {None, spec.name} or (wanted is not None and first.budget != wanted):
        yield Wrong("wrong_answer", f"{said} asked for {spec.name!r}/{wanted}, made was {first}", about)
    above = said.given.get("campaign") or said.given.get("ad_group")
    if isinstance(above, Ref) and thing.parent != above.id:
        yield Wrong("wrong_answer", f"{said} asked for it under {above}, it is under {thing.parent}", about)
    then = between(evidence.played.past(thing), said.ended, said.ended)
    if (
        said.value.how == "created"
        and not _may_run(evidence, said, ref.id)
        and all(look.status is ACTIVE for look in then)
    ):
        yield Wrong("wrong_answer", f"{said} made something that runs, and nobody asked for that", about)
    if said.value.how == "created" and not said.covers(thing.created_at, 0.0):
        yield Wrong("wrong_answer", f"{said} says that it made what was made at {thing.created_at:.3f}", about)
    same = [each for each in evidence.by_token[said.token] if each.method == said.method]
    makers = [each for each in same if each.outcome == "ok" and each.value.how == "created"]
    if len(makers) > 1 and makers[0] is said:
        yield Wrong("wrong_answer", f"several say that they made {ref}: {_shown(makers)}", about)


def _may_run(evidence: Evidence, said: Said, id_: str) -> bool:
    """Whether somebody has asked for it to be switched on by the time the create ended."""
    calls = evidence.by_id.get(id_, [])
    return any(each.began <= said.ended and wanted(each).get("status") is ACTIVE for each in calls)


def judge_uploads(evidence: Evidence) -> Iterator[Wrong]:
    """A key stands for one file."""
    for token, calls in evidence.by_token.items():
        made = {said.value.value.id for said in calls if said.method in UPLOADS and said.outcome == "ok"}
        if len(made) > 1:
            yield Wrong("wrong_answer", f"one key, several files: {made}", (token,))


def _error(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """A failure says what it is, and an unknown outcome is one."""
    error = said.error
    assert error is not None
    if error.type == "INTERNAL_ERROR" or not (error.code and error.message and error.operation and error.vendor):
        yield Wrong("invariant", f"{said} does not say what it is: {error!r}", (f"#{said.number} ",))
    if error.attempts and error.why is None:
        yield Wrong("invariant", f"{said} does not say why it stopped: {error!r}", (f"#{said.number} ",))
    if error.type == "UNKNOWN_OUTCOME":
        record = said.record
        if record is None and error.journal_id is None:
            yield Wrong("wrong_answer", f"{said} is unknown and names no record", (f"#{said.number} ",))
        elif (record is None or record.state not in OPEN) and not _contested(evidence, said):
            state = record.state if record else "not there"
            yield Wrong("wrong_answer", f"{said} is called unknown, its record {error.journal_id} is {state}",
                        (f"#{said.number} ",))  # fmt: skip


def _contested(evidence: Evidence, said: Said) -> bool:
    """Whether another call was at the same record meanwhile, and may have settled it; this one may have stood still."""
    token = said.error.journal_id if said.error is not None else None
    same = [*evidence.by_token.get(token or "", []), *evidence.recoveries]
    return any(other.began <= said.ended + GRACE and other.ended >= said.began for other in same if other is not said)


# Changes ------------------------------------------------------------------------------------------------------------


def wanted(said: Said) -> dict[str, Any]:
    """What a change asks for, in the fields of a `Look`."""
    if said.method == "set_status":
        return {"status": said.given["status"]}
    if said.method == "set_budget":
        return {"budget": said.given["budget"].amount.amount}
    patch = said.given.get("patch")
    found = {} if patch is None or patch.name is UNSET else {"name": patch.name}
    budget = getattr(patch, "budget", UNSET)
    return found if budget is UNSET or budget.amount is None else {**found, "budget": budget.amount.amount}


def _changed(evidence: Evidence, said: Said) -> Iterator[Wrong]:
    """What is said to be applied was so at some moment of the call."""
    asked = {name: value for name, value in wanted(said).items() if name in getattr(said.value, "applied", ())}
    thing = evidence.played.world.get(said.ref.id) if said.ref is not None else None
    if not asked or thing is None:
        return
    if not any(_is(look, asked) for look in between(evidence.played.past(thing), said.began, said.ended)):
        yield Wrong("wrong_answer", f"{said} says {asked}, it was {evidence.played.past(thing)}", (thing.id,))


def _changed_by_somebody(evidence: Evidence, effect: Effect) -> Iterator[Wrong]:
    """Whoever may have changed it has not said that it did nothing."""
    thing = evidence.played.world.get(effect.id)
    past = [] if thing is None else [look for look in evidence.played.past(thing) if look.at <= effect.at]
    if not past or thing is None or went_with(evidence.played, thing, effect):
        return
    calls = [said for said in evidence.by_id.get(effect.id, []) if said.covers(effect.at, GRACE) and wanted(said)]
    then = [look for look in past if look.at == effect.at] or past[-1:]  # another change may be of the same moment
    fitting = [said for said in calls if any(_is(look, wanted(said)) for look in then)]
    if not fitting:
        yield Wrong("orphan", f"nobody asked for {effect} of {then}; under way: {_shown(calls)}", (effect.id,))
    elif all(said.denies for said in fitting):
        yield Wrong("wrong_answer", f"{effect} happened, and all deny it: {_shown(fitting)}", (effect.id,))


def went_with(played: Played, thing: Thing, effect: Effect) -> bool:
    """Whether it was deleted because what is above it was, in the same moment."""
    above = None if effect.kind != "delete" else played.world.get(thing.parent or "")
    while above is not None:
        if any(each.at == effect.at and each.state is State.REMOVED for each in above.versions):
            return True
        above = played.world.get(above.parent or "")
    return False


def _is(look: Look, asked: Mapping[str, Any]) -> bool:
    return all(getattr(look, name) in {None, value} for name, value in asked.items())


def between(past: Sequence[Look], began: float, ended: float) -> list[Look]:
    """What it was at any moment from `began` to `ended`."""
    ends = [*(look.at for look in past[1:]), float("inf")]
    return [look for look, end in zip(past, ends, strict=True) if look.at <= ended and end >= began]


def _shown(calls: Iterable[Said]) -> str:
    return "; ".join(map(str, calls)) or "nobody"


__all__ = ["Evidence", "Wrong", "between", "judge", "wanted", "went_with"]
