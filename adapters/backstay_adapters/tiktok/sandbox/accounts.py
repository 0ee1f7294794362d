"""Advertisers and their balance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backstay_adapters.tiktok.sandbox.envelope import Data
from backstay_adapters.tiktok.sandbox.metrics import account_spend
from backstay_adapters.tiktok.sandbox.paging import page

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser


def info(ctx: Ctx) -> Data:
    """GET /advertiser/info/."""
    ids = ctx.params.ids("advertiser_ids", most=100)
    wanted = [str(name) for name in ctx.params.items("fields")]
    rows = [_row(ctx, ctx.sim.permitted(ctx.grant, id_)) for id_ in ids]
    return {"list": [{name: v for name, v in row.items() if not wanted or name in wanted} for row in rows]}


def balance(ctx: Ctx) -> Data:
    """GET /advertiser/balance/get/: the accounts of a Business Center."""
    ctx.params.text("bc_id")
    rows = [_balance(ctx, each) for each in ctx.sim.advertisers.values() if ctx.grant.allows(each.id)]
    shown, about = page(ctx.params, rows, most=50)
    return {"advertiser_account_list": shown, "page_info": about}


def left(ctx: Ctx, account: Advertiser) -> float:
    """Main units that the account still has."""
    return float(round(account.balance - float(account_spend(ctx.sim, account, ctx.now)), 2))


def _row(ctx: Ctx, account: Advertiser) -> dict[str, Any]:
    return {
        "advertiser_id": account.id, "name": account.name, "company": "Sandbox Ltd", "status": account.status,
        "currency": account.currency, "timezone": account.timezone, "display_timezone": account.timezone,
        "balance": left(ctx, account), "role": "ROLE_ADVERTISER", "create_time": 1_600_000_000, "country": "US",
        "industry": "290101", "language": "en", "advertiser_account_type": "AUCTION",
    }  # fmt: skip


def _balance(ctx: Ctx, account: Advertiser) -> dict[str, Any]:
    money = left(ctx, account)
    return {
        "advertiser_id": account.id, "advertiser_name": account.name, "advertiser_status": account.status,
        "currency": account.currency, "timezone": account.timezone, "account_balance": money,
        "valid_account_balance": money, "frozen_balance": 0.0, "cash_balance": money, "grant_balance": 0.0,
        "budget_mode": "UNLIMITED", "budget": 0.0, "budget_remaining": 0.0,
        "budget_frequency_restriction": {"change_limit": 10, "remaining": 10},
    }  # fmt: skip
