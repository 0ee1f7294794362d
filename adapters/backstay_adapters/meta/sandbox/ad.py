"""Ads: a creative shown by an ad set, reviewed after it has been made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstay.sandbox.world import AD_GROUP, State, Thing
from backstay_adapters.meta.sandbox import creative, objects
from backstay_adapters.meta.sandbox.kinds import ADS, CREATIVE
from backstay_adapters.meta.sandbox.refusal import Data, Refused, invalid, missing
from backstay_adapters.meta.sandbox.status import reviewed

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account


def create(ctx: Ctx) -> Data:
    """POST /act_{id}/ads."""
    account = ctx.writer()
    group = ctx.own(AD_GROUP, ctx.params.text("adset_id"), "post")
    if group.state is State.REMOVED:
        told = "The ad set has been deleted or archived. Choose another one."
        raise invalid("Ad set is deleted", told, objects.DELETED, blame="adset_id")
    name = objects.name_of(ctx)
    _dry(ctx)
    _funded(ctx, account, ctx.params.get("status") or "ACTIVE")
    shown = _creative(ctx)
    data = {**_plain(ctx), "_creative": shown, **reviewed(ctx, (name, _texts(ctx, shown)))}
    return objects.create(ctx, ADS, name, data, parent=group)


def update(ctx: Ctx) -> Data:
    """POST /{ad}: another creative is reviewed anew."""
    thing = objects.editable(ctx)
    account = ctx.writer()
    if ctx.params.get("adset_id") not in {None, thing.parent}:
        raise invalid("Can't make edits", "An ad can't move to another ad set.", blame="adset_id")
    _dry(ctx)
    _funded(ctx, account, ctx.params.get("status"))
    changes = _plain(ctx)
    if "creative" in ctx.params:
        shown = _creative(ctx)
        changes |= {"_creative": shown, **reviewed(ctx, (thing.name, _texts(ctx, shown)))}
    return objects.update(ctx, thing, changes)


def _plain(ctx: Ctx) -> Data:
    return {name: value for name, value in objects.extras(ctx, ADS).items() if name not in {"creative", "adset_id"}}


def _dry(ctx: Ctx) -> None:
    options = ctx.params.items("execution_options")
    if "synchronous_ad_review" in options and "validate_only" not in options:
        raise invalid("Invalid execution options", "synchronous_ad_review works only with validate_only.")


def _funded(ctx: Ctx, account: Account, status: object) -> None:
    if status == "ACTIVE" and not account.funded and ctx.switches.unfunded == "refuse":
        raise Refused(100, 1359188)


def _creative(ctx: Ctx) -> str | None:
    """The id of the ad's creative; a spec in its place makes one."""
    spec = ctx.params.object("creative")
    if not spec:
        raise missing("creative")
    id_ = spec.get("creative_id") or spec.get("id")
    if id_ is not None:
        return ctx.own(CREATIVE, str(id_), "post").id
    return creative.inline(ctx, spec)


def _texts(ctx: Ctx, shown: str | None) -> object:
    thing: Thing | None = ctx.world.get(shown or "")
    return ctx.params.get("creative") if thing is None else dict(thing.data)
