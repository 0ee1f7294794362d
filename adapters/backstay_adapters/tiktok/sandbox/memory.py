"""`request_id` in a body: remembered for ten seconds, and only digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay_adapters.tiktok.sandbox.envelope import Refusal, invalid

if TYPE_CHECKING:
    from backstay.sandbox.world import Thing
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

REMEMBERED: Final = 10.0
"""Seconds; afterwards the same id is a new request (the vendor's own words)."""

DUPLICATED: Final = 40050

Key = tuple[str, str, str]


def key_of(ctx: Ctx, account: Advertiser, operation: str, *, required: bool = False) -> Key | None:
    """What a create is remembered under; None without a `request_id`."""
    value = ctx.params.need("request_id") if required else ctx.params.get("request_id")
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or int(value) >= 2**63:
        raise invalid("request_id: Not a valid 64-bit integer.")
    return account.id, operation, value


def known(ctx: Ctx, key: Key | None) -> Thing | None:
    """The object that the same request has made; raises 40050 where the vendor is set to refuse."""
    if key is None:
        return None
    at, id_ = ctx.sim.memory.get(key, (float("-inf"), ""))
    if ctx.now - at >= REMEMBERED:
        return None
    if ctx.switches.repeat == "error":
        raise Refusal(DUPLICATED, "Duplicated request, please do not submit it again.")
    return ctx.world.get(id_)


def remember(ctx: Ctx, key: Key | None, thing: Thing) -> None:
    """Keep what a request has made."""
    if key is not None:
        ctx.sim.memory[key] = (ctx.now, thing.id)
