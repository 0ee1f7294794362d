"""Reads that lag behind writes: lists, the index of names and the index of labels each in their own time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from backstay.sandbox.lags import Lag, drawn

if TYPE_CHECKING:
    from backstay.sandbox.world import Thing, Version
    from backstay_adapters.meta.sandbox.context import Ctx

Index = Literal["list", "name", "label"]


def seen(ctx: Ctx, thing: Thing, index: Index = "list") -> Version | None:
    """The version that a look through this index shows; None before it shows anything."""
    now = ctx.now - ctx.staleness
    lag = ctx.sim.lag_of(index)
    if lag is None:
        return thing.seen(now)
    shown: Version | None = None
    for number, version in enumerate(thing.versions):
        if version.at + _late(ctx, thing, index, lag, number) > now:
            break
        shown = version
    return shown


def _late(ctx: Ctx, thing: Thing, index: Index, lag: Lag, number: int) -> float:
    """The lag of a version: the first one's, or none for changes, unless changes lag, too."""
    turn = int(thing.data.get("_turn", 0))
    first = drawn(lag, turn, ctx.world.seed, index, thing.id, 0)
    if number == 0 or not ctx.world.lag_updates:
        # A change never shows before what it changes.
        return max(0.0, first - (thing.versions[number].at - thing.created_at))
    return drawn(lag, turn, ctx.world.seed, index, thing.id, number)
