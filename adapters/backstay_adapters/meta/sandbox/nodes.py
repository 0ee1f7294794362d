"""GET /{id}: one object by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstay.sandbox.world import State
from backstay_adapters.meta.sandbox import jobs
from backstay_adapters.meta.sandbox.kinds import OF_LEVEL, RUN
from backstay_adapters.meta.sandbox.lags import seen
from backstay_adapters.meta.sandbox.refusal import Data, nothing
from backstay_adapters.meta.sandbox.rows import shown, wanted

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx


def get(ctx: Ctx) -> Data:
    """The object with the fields that are asked for."""
    thing = ctx.thing
    ctx.account  # noqa: B018 - an object of a foreign account is refused
    if thing.level == RUN:
        jobs.alive(ctx, thing)
    version = seen(ctx, thing) if ctx.switches.lag_nodes else thing.now
    hidden = version is not None and version.state is State.REMOVED and not ctx.switches.deleted_readable
    if version is None or (hidden and version.data.get("_gone") != "ARCHIVED"):
        raise nothing(thing.id)
    return shown(ctx, thing, version, wanted(ctx, OF_LEVEL[thing.level]))
