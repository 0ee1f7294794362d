"""What creates and updates of all kinds share: names, statuses, labels, dry runs, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import State, Thing
from backstay_adapters.meta.sandbox import labels
from backstay_adapters.meta.sandbox.context import DONE
from backstay_adapters.meta.sandbox.kinds import Kind
from backstay_adapters.meta.sandbox.params import stamp
from backstay_adapters.meta.sandbox.refusal import Data, Refused, invalid, nothing, param
from backstay_adapters.meta.sandbox.rows import current
from backstay_adapters.meta.sandbox.status import STATES, status
from backstay_adapters.meta.sandbox.words import NEW_STATUSES, STATUSES

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account

LONGEST: Final = 400
_OWN: Final = frozenset({"id", "name", "status", "adlabels", "account_id", "created_time", "updated_time",
                         "effective_status", "configured_status", "issues_info"})  # fmt: skip
DELETED: Final = 1487056
ARCHIVED: Final = 1487566


def name_of(ctx: Ctx) -> str:
    """A required name of at most 400 characters."""
    name = ctx.params.text("name")
    if len(name) > LONGEST:
        raise invalid("Name is too long", f"A name can have at most {LONGEST} characters.", blame="name")
    return name


def extras(ctx: Ctx, kind: Kind) -> Data:
    """The request's other fields of the kind, as they are stored; what the kind does not have is read over."""
    names = kind.fields - _OWN
    return {name: ctx.params.value(name) for name in ctx.params.data if name in names and name in ctx.params}


def create(
    ctx: Ctx, kind: Kind, name: str, data: Data, *, parent: Thing | None = None, spends: bool = True,
    state: State | None = None,
) -> Data:  # fmt: skip
    """Make an object, unless everything was only to be checked; the answer has its id, or the fields asked for."""
    account = ctx.writer()
    spec = labels.checked(ctx, account)
    word = ctx.params.choice("status", NEW_STATUSES, "ACTIVE")
    if ctx.only_validate:
        return DONE
    data = {**data, "_labels": labels.made(ctx, account, spec), "_turn": len(ctx.world.at(account.id, kind.level))}
    thing = ctx.world.create(
        ctx.now, id=ctx.sim.new_id(), account=account.id, level=kind.level, name=name, data=data, spends=spends,
        state=STATES[word] if state is None else state, parent=parent.id if parent else None,
        key=labels.key_of(spec),
    )  # fmt: skip
    return made(ctx, thing)


def made(ctx: Ctx, thing: Thing) -> Data:
    """The answer to a create: with `fields`, the object is read after it has been written, and the reading may fail."""
    plain: Data = {"id": thing.id, **(DONE if ctx.switches.success_on_create else {})}
    return read_after(ctx, thing, plain)


def read_after(ctx: Ctx, thing: Thing, plain: Data) -> Data:
    """What a write answers: plain, or the fields that were asked for; a refusal of theirs comes with the plain one."""
    if ctx.params.get("fields") is None:
        return plain
    try:
        return current(ctx, thing)
    except Refused as refused:
        refused.original = plain
        raise


def editable(ctx: Ctx) -> Thing:
    """The object of the path, if it can still be changed: of what is gone, only the name can."""
    thing = ctx.thing
    if thing.state is not State.REMOVED:
        return thing
    asked = ctx.params.get("status")
    gone = status(thing.now)
    if asked is not None and (asked == gone or (asked == "DELETED" and gone == "ARCHIVED")):
        return thing
    if ctx.params.get("name") is not None and asked is None:
        return thing
    told = f"The object has been {gone.lower()}. You can only change its name."
    raise invalid(f"Can't edit {gone.lower()} object", told, DELETED if gone == "DELETED" else ARCHIVED)


def update(ctx: Ctx, thing: Thing, changes: Data) -> Data:
    """Change name, fields, labels and status: each in the vendor's own way, all or nothing."""
    account = ctx.writer()
    name = name_of(ctx) if ctx.params.get("name") is not None else None
    word = ctx.params.choice("status", STATUSES) if ctx.params.get("status") is not None else None
    spec = labels.checked(ctx, account) if ctx.params.get("adlabels") is not None else None
    if ctx.only_validate:
        return DONE
    if spec is not None:
        changes = {**changes, "_labels": labels.made(ctx, account, spec)}
    if name is not None or changes:
        ctx.world.update(ctx.now, thing, name=name, **changes)
    if word is not None:
        switch(ctx, thing, word)
    return read_after(ctx, thing, DONE)


def switch(ctx: Ctx, thing: Thing, word: str) -> None:
    """Set a status; what is deleted or archived takes everything below it along."""
    state = STATES[word]
    gone: dict[str, Any] = {"_gone": word} if state is State.REMOVED else {}
    ctx.world.set_state(ctx.now, thing, state, **gone)
    if state is State.REMOVED:
        for child in ctx.world.children(thing.id):
            if child.state is not State.REMOVED:
                switch(ctx, child, word)


def delete(ctx: Ctx) -> Data:
    """DELETE /{id}: for good."""
    ctx.writer()
    thing = ctx.thing
    if thing.state is State.REMOVED and status(thing.now) == "DELETED":
        if ctx.switches.deleted_again == "success":
            return DONE
        raise nothing(thing.id, "delete")
    switch(ctx, thing, "DELETED")
    return DONE


def unchanged(ctx: Ctx, thing: Thing, fixed: tuple[str, ...], subcode: int | None = None) -> None:
    """Refuse to change what is fixed; the same value again is tolerated."""
    for name in fixed:
        if name in ctx.params and ctx.params.value(name) != thing.data.get(name):
            raise invalid("Can't make edits", f"The field {name} can't be changed any more.", subcode, blame=name)


def schedule(ctx: Ctx, account: Account, start: str, end: str, old: Thing | None = None) -> Data:
    """Start and end as they are stored, once as they are shown and once in seconds."""
    found: Data = {}
    for name, mark in ((start, "_starts"), (end, "_ends")):
        if name in ctx.params:
            seconds = ctx.params.moment(name, account.timezone)
            found[mark] = seconds
            found[name] = None if seconds is None else stamp(seconds, account.timezone)
    starts = found.get("_starts", old.data.get("_starts") if old else None)
    if found.get("_ends") is not None and found["_ends"] <= (starts or 0.0):
        raise param(f"Param {end} must be after {start}")
    if found.get("_ends") is not None and found["_ends"] <= ctx.now:
        raise invalid("End date in the past", "The end date has already passed.", 1487033, blame=end)
    return found
