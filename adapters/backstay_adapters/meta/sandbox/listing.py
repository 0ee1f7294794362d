"""Edges that list objects: fields, filters, statuses, pages, and reads that lag behind writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, Thing, Version
from backstay_adapters.meta.sandbox import labels, status
from backstay_adapters.meta.sandbox.filters import Filter, fits, parse_filters
from backstay_adapters.meta.sandbox.kinds import LABEL, Kind
from backstay_adapters.meta.sandbox.lags import Index, seen
from backstay_adapters.meta.sandbox.paging import paged
from backstay_adapters.meta.sandbox.refusal import Data, Refused, param
from backstay_adapters.meta.sandbox.rows import shown, wanted
from backstay_adapters.meta.sandbox.words import EFFECTIVE

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

Item = tuple[Thing, Version]
_GONE: Final = frozenset({"DELETED", "ARCHIVED"})
_TIMES: Final = frozenset({"updated_time", "created_time"})
_ABOVE: Final = {"campaign": CAMPAIGN, "adset": AD_GROUP}


def listing(kind: Kind) -> Callable[[Ctx], Data]:
    """The handler of an edge that lists a kind, under an account, an object, or a label."""

    def get(ctx: Ctx) -> Data:
        return _listed(ctx, kind, _conditions(ctx, kind), "list", lambda _: True)

    return get


def by_labels(kind: Kind) -> Callable[[Ctx], Data]:
    """The handler of an edge that finds objects by their labels."""

    def get(ctx: Ctx) -> Data:
        ids, every = labels.asked(ctx, ctx.account)
        return _listed(
            ctx, kind, _conditions(ctx, kind), "label", lambda version: labels.bears(ctx, version, ids, every=every)
        )

    return get


def _listed(ctx: Ctx, kind: Kind, conditions: list[Filter], index: Index, also: Callable[[Version], bool]) -> Data:
    fields = wanted(ctx, kind)
    where = _index(kind, conditions, index)
    items = [item for item in _items(ctx, kind, where) if also(item[1]) and _kept(ctx, kind, conditions, item)]
    return paged(ctx, items, _place, lambda item: shown(ctx, item[0], item[1], fields))


def _place(item: Item) -> int:
    """Ids of objects grow with time; an image's is its account and hash, so that its turn counts."""
    thing = item[0]
    return int(thing.id) if thing.id.isdigit() else int(thing.data.get("_turn", 0)) + 1


def _index(kind: Kind, conditions: list[Filter], index: Index) -> Index:
    """Which index a look goes through: labels and names have indexes of their own."""
    if kind.level == LABEL or any("adlabels" in each.field for each in conditions):
        return "label"
    return "name" if any(each.field.endswith("name") for each in conditions) else index


def _items(ctx: Ctx, kind: Kind, index: Index) -> Iterator[Item]:
    """What may be listed, the newest first."""
    for thing in reversed(_candidates(ctx, kind)):
        version = seen(ctx, thing, index)
        if version is not None:
            yield thing, version


def _candidates(ctx: Ctx, kind: Kind) -> list[Thing]:
    found = ctx.world.at(ctx.account.id, kind.level)
    if ctx.target.is_account:
        return found
    parent = ctx.thing
    if parent.level == LABEL:
        return [each for each in found if parent.id in each.now.data.get("_labels", ())]
    if kind.level == "creative":
        return [each for each in found if each.id == parent.data.get("_creative")]
    return [each for each in found if parent in status.chain(ctx, each)]


def _conditions(ctx: Ctx, kind: Kind) -> list[Filter]:
    found = parse_filters(ctx)
    words = EFFECTIVE.get(kind.level, ())
    if ctx.params.get("effective_status") is not None:
        asked = ctx.params.choices("effective_status", words)
        found.append(Filter("effective_status", "IN", asked))
    if kind.level == AD and any(_names_deleted(each) for each in found):
        raise Refused(100, 1815001)
    for each in found:
        name = each.field.removeprefix(f"{kind.noun}.")
        if name.split(".")[0] not in kind.fields and name.split(".")[0] not in _ABOVE:
            raise param(f"Filtering field {each.field} is invalid")
    return found


def _names_deleted(condition: Filter) -> bool:
    return condition.field.endswith("effective_status") and "DELETED" in condition.values


def _kept(ctx: Ctx, kind: Kind, conditions: list[Filter], item: Item) -> bool:
    thing, version = item
    named = any(each.field.endswith("effective_status") for each in conditions)
    if not named and status.status(version) in _GONE:
        return False
    return all(_fits(ctx, kind, each, thing, version) for each in conditions)


def _fits(ctx: Ctx, kind: Kind, condition: Filter, thing: Thing, version: Version) -> bool:
    name = condition.field.removeprefix(f"{kind.noun}.")
    if name == "adlabels":
        every = condition.operator == "ALL"
        found = labels.bears(ctx, version, set(map(str, condition.values)), every=every)
        return not found if condition.operator in {"NONE", "NOT_IN"} else found
    return fits(ctx, condition, _value(ctx, name, thing, version))


def _value(ctx: Ctx, name: str, thing: Thing, version: Version) -> Any:
    first, _, rest = name.partition(".")
    if first in _ABOVE and rest:
        above = next((each for each in status.chain(ctx, thing) if each.level == _ABOVE[first]), None)
        return None if above is None else _value(ctx, rest, above, above.now)
    if name in _TIMES:  # connectors filter by seconds
        return int(version.at if name == "updated_time" else thing.created_at)
    if name in {"id", "name", "title"}:
        return thing.id if name == "id" else version.name
    if name in {"effective_status", "status", "configured_status"}:
        return status.effective(ctx, thing, version) if name == "effective_status" else status.status(version)
    return version.data.get(name)
