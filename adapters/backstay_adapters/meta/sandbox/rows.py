"""What an object shows: the fields that are asked for, each from what is stored or worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.delivery import ads_below as below
from backstay.sandbox.delivery import days, local_day, spent, total
from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing, Version
from backstay_adapters.meta.sandbox import jobs, labels, status
from backstay_adapters.meta.sandbox.fields import Field, parse_fields
from backstay_adapters.meta.sandbox.kinds import IMAGE, LABEL, OF_LEVEL, RUN, VIDEO, Kind
from backstay_adapters.meta.sandbox.params import stamp
from backstay_adapters.meta.sandbox.refusal import Data, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx

Getter = Callable[["Ctx", Thing, Version], Any]
_LINKS: Final = {"campaign": CAMPAIGN, "adset": AD_GROUP, "creative": "creative"}
_EDGES: Final = {"adsets": AD_GROUP, "ads": AD}


def wanted(ctx: Ctx, kind: Kind) -> tuple[Field, ...]:
    """The fields that the request asks for; the kind's usual ones without any."""
    asked = ctx.params.get("fields")
    found = [str(name) for name in asked] if isinstance(asked, list) else None
    fields = parse_fields(",".join(found) if found is not None else str(asked or ""))
    check(kind, fields)
    return fields or tuple(Field(name) for name in kind.shown)


def check(kind: Kind, fields: tuple[Field, ...]) -> None:
    """Refuse a field that the node type does not have."""
    for field in fields:
        if field.name not in kind.fields:
            raise param(f"Tried accessing nonexisting field ({field.name}) on node type ({kind.node})")
        target = _LINKS.get(field.name) or _EDGES.get(field.name)
        if target is not None and field.inner:
            check(OF_LEVEL[target], field.inner)


def shown(ctx: Ctx, thing: Thing, version: Version, fields: tuple[Field, ...]) -> Data:
    """An object with the fields that are asked for; what it does not have is absent, the id is always there."""
    kind = OF_LEVEL[thing.level]
    found: Data = {}
    for field in fields:
        value = _value(ctx, kind, thing, version, field)
        if value is not None:
            found[field.name] = value
    return {**found, "id": thing.id}


def current(ctx: Ctx, thing: Thing) -> Data:
    """An object as it is now, with what the request asks for."""
    return shown(ctx, thing, thing.now, wanted(ctx, OF_LEVEL[thing.level]))


def _value(ctx: Ctx, kind: Kind, thing: Thing, version: Version, field: Field) -> Any:
    name = field.name
    if name in _LINKS:
        return _linked(ctx, thing, version, field)
    if name in _EDGES:
        children = [each for each in _children(ctx, thing, _EDGES[name]) if each.state is not State.REMOVED]
        inner = field.inner or (Field("id"),)
        return {"data": [shown(ctx, each, each.now, inner) for each in children]}
    getter = _OF_KIND.get(kind.level, {}).get(name) or _COMMON.get(name)
    return getter(ctx, thing, version) if getter else version.data.get(name)


def _linked(ctx: Ctx, thing: Thing, version: Version, field: Field) -> Data | None:
    level = _LINKS[field.name]
    if level == "creative":
        target = ctx.world.get(str(version.data.get("_creative")))
    else:
        target = next((above for above in status.chain(ctx, thing) if above.level == level), None)
    return None if target is None else shown(ctx, target, target.now, field.inner or (Field("id"),))


def _children(ctx: Ctx, thing: Thing, level: str) -> list[Thing]:
    found = ctx.world.children(thing.id)
    if level == AD and thing.level == CAMPAIGN:
        return below(ctx.world, thing)
    return [each for each in found if each.level == level]


def _zone(ctx: Ctx, thing: Thing) -> str:
    return ctx.sim.accounts[thing.account].timezone


def _created(ctx: Ctx, thing: Thing, _: Version) -> str:
    return stamp(thing.created_at, _zone(ctx, thing))


def _updated(ctx: Ctx, thing: Thing, version: Version) -> str:
    return stamp(version.at, _zone(ctx, thing))


def _above_id(level: str) -> Getter:
    def get(ctx: Ctx, thing: Thing, _: Version) -> str | None:
        return next((above.id for above in status.chain(ctx, thing) if above.level == level), None)

    return get


def _remaining(ctx: Ctx, thing: Thing, version: Version) -> str | None:
    """What is left of the budget: today's, or the lifetime's."""
    account = ctx.sim.accounts[thing.account]
    daily, lifetime = version.data.get("daily_budget"), version.data.get("lifetime_budget")
    if lifetime:
        used = spent(ctx.world, account.market, thing, ctx.now)
    elif daily:
        today = local_day(account.timezone, ctx.now)
        ads = below(ctx.world, thing)
        used = total(ctx.world, account.market, ads, list(days(account.timezone, today, today)), ctx.now)["spend"]
    else:
        return "0"
    return str(max(0, int(lifetime or daily or 0) - int(used * account.offset)))


def _unset(name: str) -> Getter:
    def get(ctx: Ctx, _: Thing, version: Version) -> Any:
        return version.data.get(name) or ("0" if ctx.switches.unset_budget == "zero" else None)

    return get


def _state(_: Ctx, __: Thing, version: Version) -> str:
    return status.status(version)


def _name(_: Ctx, __: Thing, version: Version) -> str:
    return version.name


_COMMON: Final[Mapping[str, Getter]] = {
    "account_id": lambda _, thing, __: thing.account,
    "name": _name,
    "created_time": _created,
    "updated_time": _updated,
    "adlabels": labels.of,
    "campaign_id": _above_id(CAMPAIGN),
    "adset_id": _above_id(AD_GROUP),
}
_DELIVERED: Final[Mapping[str, Getter]] = {
    "status": _state, "configured_status": _state, "effective_status": status.effective, "issues_info": status.issues,
}  # fmt: skip
_OF_KIND: Final[Mapping[str, Mapping[str, Getter]]] = {
    CAMPAIGN: {**_DELIVERED, "budget_remaining": _remaining},
    AD_GROUP: {
        **_DELIVERED, "budget_remaining": _remaining, "daily_budget": _unset("daily_budget"),
        "lifetime_budget": _unset("lifetime_budget"),
        "learning_stage_info": lambda ctx, thing, _: status.learning(ctx, thing),
    },
    AD: {**_DELIVERED, "ad_review_feedback": status.feedback},
    "creative": {"status": lambda ctx, thing, version: _state(ctx, thing, version).replace("PAUSED", "ACTIVE")},
    LABEL: {"account": lambda _, thing, __: {"account_id": thing.account, "id": f"act_{thing.account}"}},
    IMAGE: {"status": lambda _, __, ___: "ACTIVE"},
    VIDEO: {
        "title": _name,
        "status": lambda ctx, thing, _: video_status(ctx, thing),
        "length": lambda _, __, ___: 15.0,
    },
    RUN: {name: jobs.getter(name) for name in jobs.FIELDS},
}  # fmt: skip


def video_status(ctx: Ctx, thing: Thing) -> Data:
    """`status` of a video: uploading, processing, ready or error."""
    if not thing.data.get("_complete", True):
        return {"video_status": "uploading", "uploading_phase": {"status": "in_progress"}}
    word = "processing"
    if ctx.now >= thing.data.get("_ready_at", 0.0):
        word = "error" if thing.data.get("_broken") else "ready"
    phase = {"processing": "in_progress", "ready": "complete", "error": "error"}[word]
    return {
        "video_status": word, "processing_progress": 50 if word == "processing" else 100,
        "uploading_phase": {"status": "complete"}, "processing_phase": {"status": phase},
        "publishing_phase": {"status": "not_started" if word == "processing" else "complete"},
    }  # fmt: skip
