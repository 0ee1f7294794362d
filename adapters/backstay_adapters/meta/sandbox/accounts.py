"""The ad account: status, money, zone; and what needs another permission."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from backstay.clock import utc
from backstay.sandbox.delivery import account_spend
from backstay_adapters.meta.sandbox.context import DONE
from backstay_adapters.meta.sandbox.fields import parse_fields
from backstay_adapters.meta.sandbox.kinds import ACCOUNT_FIELDS
from backstay_adapters.meta.sandbox.params import stamp
from backstay_adapters.meta.sandbox.refusal import Data, Refused, param

if TYPE_CHECKING:
    from backstay_adapters.meta.sandbox.context import Ctx
    from backstay_adapters.meta.sandbox.settings import Account

DAY: Final = 86_400.0
CAP_CHANGES: Final = 10
BUSINESS_ONLY: Final = frozenset({"owner", "funding_source"})
"""Asking for one of these without business_management fails the whole read."""


def get(ctx: Ctx) -> Data:
    """GET /act_{id}."""
    account = ctx.account
    fields = parse_fields(str(ctx.params.get("fields") or "id,account_id"))
    row = _row(ctx, account)
    found: Data = {}
    for field in fields:
        if field.name not in ACCOUNT_FIELDS:
            raise param(f"Tried accessing nonexisting field ({field.name}) on node type (AdAccount)")
        if field.name in BUSINESS_ONLY and "business_management" not in ctx.grant.scopes:
            raise Refused(200, message="(#200) Requires business_management permission to manage the object")
        found[field.name] = row.get(field.name)
    return {name: value for name, value in {**found, "id": row["id"]}.items() if value is not None}


def update(ctx: Ctx) -> Data:
    """POST /act_{id}: name and spending limit, the latter ten times a day at most (17/1885172)."""
    account = ctx.writer()
    cap = ctx.params.get("spend_cap")
    if cap is not None:
        _changed(ctx, account)
        account.spend_cap = _minor(account, str(cap))
    if ctx.params.get("spend_cap_action") == "delete":
        account.spend_cap = 0
    if ctx.params.get("name") is not None:
        account.name = ctx.params.text("name")
    return DONE


def spent(ctx: Ctx, account: Account) -> int:
    """What the account has spent, in minor units."""
    return account.spent + int(account_spend(ctx.world, account.market, account.id, ctx.now) * account.offset)


def _minor(account: Account, value: str) -> int:
    """The limit is sent in main units (the SDK types it as a float) and read in minor ones."""
    try:
        return round(float(value) * account.offset)
    except ValueError:
        raise param("Param spend_cap must be a number") from None


def _changed(ctx: Ctx, account: Account) -> None:
    seen = [at for at in ctx.sim.cap_changes.get(account.id, []) if ctx.now - at < DAY]
    if len(seen) >= CAP_CHANGES:
        raise Refused(17, 1885172)
    ctx.sim.cap_changes[account.id] = [*seen, ctx.now]


def _row(ctx: Ctx, account: Account) -> dict[str, Any]:
    used = spent(ctx, account)
    offset = utc(ctx.now).astimezone(ZoneInfo(account.timezone)).utcoffset() or timedelta()
    return {
        "id": f"act_{account.id}", "account_id": account.id, "name": account.name, "account_status": account.status,
        "disable_reason": account.disable_reason, "balance": str(account.balance + used - account.spent),
        "amount_spent": str(used), "spend_cap": str(account.spend_cap), "currency": account.currency,
        "timezone_name": account.timezone, "timezone_id": 1,
        "timezone_offset_hours_utc": offset / timedelta(hours=1), "is_prepay_account": account.prepaid,
        "min_daily_budget": account.minimum, "min_campaign_group_spend_cap": str(100 * account.minimum),
        "funding_source_details": {"id": "1", "type": 1, "display_string": "Visa *1111"} if account.funded else None,
        "funding_source": "1" if account.funded else None, "owner": account.business,
        "business": None if account.business is None else {"id": account.business, "name": "Sandbox business"},
        "age": 365.0, "capabilities": ["CAN_CREATE_ADS"], "created_time": stamp(1_600_000_000, account.timezone),
        "offsite_pixels_tos_accepted": True, "business_name": "Sandbox Ltd", "user_tasks": ["ADVERTISE", "ANALYZE"],
        "is_direct_deals_enabled": False, "tax_id_status": 0,
    }  # fmt: skip
