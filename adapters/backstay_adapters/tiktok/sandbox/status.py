"""`.../status/update/`: one to twenty ids, and what happens when some of them fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.faults import FaultKind
from backstay.sandbox.world import AD, CAMPAIGN, Thing
from backstay_adapters.tiktok.sandbox.envelope import Data, Refusal
from backstay_adapters.tiktok.sandbox.kinds import SMART_ADS, STATES, Kind

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

PARTIAL: Final = 20001
BUSY: Final = 40202
PACE: Final = 5.0
"""Seconds between two operations on one Smart+ ad."""


def switching(kind: Kind) -> Callable[[Ctx], Data]:
    """The handler of a level's status."""

    def update(ctx: Ctx) -> Data:
        account = ctx.advertiser()
        ids = ctx.params.ids(kind.ids)
        word = ctx.params.choice("operation_status", tuple(STATES))
        if word == "ENABLE":
            ctx.writer()
        partial = ctx.params.flag("allow_partial_success") or _struck(ctx)
        found, errors = _found(ctx, account, kind, ids)
        if errors and not partial:
            raise Refusal(40002, errors[0]["error_message"])
        if _struck(ctx) and len(found) > 1:
            errors += [_error(kind, thing.id, "Internal error, please try again.") for thing in found[1::2]]
            found = found[::2]
        for thing in found:
            pace(ctx, kind, thing)
            ctx.world.set_state(ctx.now, thing, STATES[word])
        return _told(kind, word, [thing.id for thing in found], errors)

    return update


def pace(ctx: Ctx, kind: Kind, thing: Thing) -> None:
    """A Smart+ ad takes one operation per five seconds."""
    if kind != SMART_ADS:
        return
    if ctx.now - ctx.sim.touched.get(thing.id, -PACE) < PACE:
        message = f"The Smart+ ad {thing.id} is being operated concurrently. Please try again in 5 seconds."
        raise Refusal(BUSY, message)
    ctx.sim.touched[thing.id] = ctx.now


def _struck(ctx: Ctx) -> bool:
    return ctx.fault is not None and ctx.fault.kind is FaultKind.PARTIAL


def _found(ctx: Ctx, account: Advertiser, kind: Kind, ids: list[str]) -> tuple[list[Thing], list[dict[str, Any]]]:
    found, errors = [], []
    for id_ in ids:
        try:
            # Ads of the two flows have ids of different kinds; campaigns and ad groups do not.
            flow = kind.flow if kind.level == AD else None
            found.append(ctx.need(account, kind.level, kind.word, id_, flow=flow))
        except Refusal as refusal:
            errors.append(_error(kind, id_, refusal.message))
    return found, errors


def _error(kind: Kind, id_: str, message: str) -> dict[str, Any]:
    return {kind.id: id_, "error_message": message}


def _told(kind: Kind, word: str, ids: list[str], errors: list[dict[str, Any]]) -> Data:
    data: Data = {kind.ids: ids, "status": word}
    if kind.level == CAMPAIGN:
        data["campaign_list"] = [
            {kind.id: id_, "status": word, "postback_window_mode": "POSTBACK_WINDOW_MODE1"} for id_ in ids
        ]
    if errors:
        data["error_list"] = errors
        raise Refusal(PARTIAL, "Partial success", data)
    return data
