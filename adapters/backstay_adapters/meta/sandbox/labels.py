"""Ad labels: made by a spec inside a create, or by themselves; what bears them is found by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import State, Thing, Version
from backstay.writes.marker import unmark
from backstay_adapters.meta.sandbox.context import DONE
from backstay_adapters.meta.sandbox.kinds import LABEL
from backstay_adapters.meta.sandbox.params import stamp
from backstay_adapters.meta.sandbox.refusal import Data, invalid, nothing, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account

MOST: Final = 50
"""Labels on one object (the vendor's page "Ad Label")."""

MOST_OF_ACCOUNT: Final = 100_000


def of(ctx: Ctx, thing: Thing, version: Version) -> list[Data] | None:
    """`adlabels` of an object."""
    zone = ctx.sim.accounts[thing.account].timezone
    found = [label for label in map(ctx.world.get, version.data.get("_labels", ())) if label is not None]
    rows = [
        {
            "id": label.id, "name": label.name,
            "created_time": stamp(label.created_at, zone), "updated_time": stamp(label.now.at, zone),
        }
        for label in found
        if label.state is not State.REMOVED
    ]  # fmt: skip
    return rows or None


def checked(ctx: Ctx, account: Account) -> list[Data]:
    """The `adlabels` of a request: each with a name or the id of a label that exists."""
    found = ctx.params.items("adlabels")
    if len(found) > MOST:
        raise param(f"Param adlabels can have at most {MOST} elements")
    for entry in found:
        if not isinstance(entry, dict) or not (entry.get("name") or entry.get("id")):
            raise param("Param adlabels must be an array of objects with a name or an id")
        if not entry.get("name"):
            _by_id(ctx, account, str(entry["id"]))
    return found


def made(ctx: Ctx, account: Account, spec: list[Data]) -> tuple[str, ...]:
    """The labels' ids; a name that is new becomes a label."""
    ids = [str(entry["id"]) if not entry.get("name") else _named(ctx, account, str(entry["name"])).id for entry in spec]
    return tuple(dict.fromkeys(ids))


def key_of(spec: list[Data]) -> str | None:
    """The token of the first label that is a marker of ours."""
    found = (unmark(f" {entry.get('name')}")[1] for entry in spec)
    return next((token for token in found if token), None)


def create(ctx: Ctx) -> Data:
    """POST /act_{id}/adlabels."""
    account = ctx.writer()
    name = ctx.params.text("name")
    if ctx.switches.label_repeat == "error" and _living(ctx, account, name):
        raise invalid("Label already exists", f"There is a label with the name {name}.", blame="name")
    return {"id": _named(ctx, account, name).id}


def rename(ctx: Ctx) -> Data:
    """POST /{label}."""
    ctx.writer()
    ctx.world.update(ctx.now, ctx.thing, name=ctx.params.text("name"))
    return DONE


def add(ctx: Ctx) -> Data:
    """POST /{object}/adlabels: adds, where the object's own POST replaces."""
    account = ctx.writer()
    spec = checked(ctx, account)
    if not spec:
        raise param("The parameter adlabels is required")
    if not ctx.only_validate:
        old = ctx.thing.data.get("_labels", ())
        both = tuple(dict.fromkeys((*old, *made(ctx, account, spec))))
        ctx.world.update(ctx.now, ctx.thing, _labels=both)
    return DONE


def remove(ctx: Ctx) -> Data:
    """DELETE /{object}/adlabels: takes the named ones off."""
    account = ctx.writer()
    spec = checked(ctx, account)
    names = {str(entry["name"]) for entry in spec if entry.get("name")}
    ids = {str(entry.get("id")) for entry in spec}
    kept = tuple(id_ for id_ in ctx.thing.data.get("_labels", ()) if id_ not in ids and _name(ctx, id_) not in names)
    ctx.world.update(ctx.now, ctx.thing, _labels=kept)
    return DONE


def asked(ctx: Ctx, account: Account) -> tuple[set[str], bool]:
    """The label ids of a look by labels, and whether all of them must be there."""
    ids = {str(id_) for id_ in ctx.params.items("ad_label_ids")}
    if not ids:
        raise param("The parameter ad_label_ids is required")
    for id_ in ids:
        _by_id(ctx, account, id_)
    return ids, ctx.params.choice("operator", ("ANY", "ALL"), "ANY") == "ALL"


def bears(ctx: Ctx, version: Version, ids: set[str], *, every: bool) -> bool:
    """Whether an object has any or all of some labels, by id or by name."""
    living = {id_ for id_ in version.data.get("_labels", ()) if _alive(ctx, id_)}
    known = living | {_name(ctx, id_) for id_ in living}
    return ids <= known if every else bool(ids & known)


def _alive(ctx: Ctx, id_: str) -> bool:
    label = ctx.world.get(id_)
    return label is not None and label.state is not State.REMOVED


def _name(ctx: Ctx, id_: str) -> str:
    label = ctx.world.get(id_)
    return label.name if label else ""


def _living(ctx: Ctx, account: Account, name: str) -> Thing | None:
    found = ctx.world.named(account.id, LABEL, name)
    return next((label for label in found if label.state is not State.REMOVED), None)


def _by_id(ctx: Ctx, account: Account, id_: str) -> Thing:
    label = ctx.world.get(id_)
    gone = label is None or label.level != LABEL or label.account != account.id or label.state is State.REMOVED
    if label is None or gone:
        raise nothing(id_)
    return label


def _named(ctx: Ctx, account: Account, name: str) -> Thing:
    living = _living(ctx, account, name)
    if living is not None:
        return living
    turn = len(ctx.world.at(account.id, LABEL))
    if turn >= MOST_OF_ACCOUNT:
        raise invalid("Too many labels", f"An account can have {MOST_OF_ACCOUNT} labels.")
    data: dict[str, Any] = {"_turn": turn}
    return ctx.world.create(
        ctx.now, id=ctx.sim.new_id(), account=account.id, level=LABEL, name=name, data=data, spends=False, key=""
    )
