"""The frame's numbers for TikTok's accounts: their money, their days."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from backstay.sandbox import delivery
from backstay.sandbox.delivery import ADDABLE, COUNTS, Bucket, Market, Numbers, ads_below, days, hours, local_day
from backstay.sandbox.world import Thing
from backstay_adapters.tiktok.sandbox.settings import RATIOS, WHOLE

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.app import TikTokSandbox
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

__all__ = [
    "ADDABLE", "COUNTS", "Bucket", "Numbers", "account_spend", "ads_below", "days", "hours", "local_day", "spent",
    "total",
]  # fmt: skip


def total(
    sim: TikTokSandbox, account: Advertiser, ads: Sequence[Thing], buckets: Sequence[Bucket], now: float
) -> Numbers:
    """Sums over ads and buckets."""
    return delivery.total(sim.world, _market(account), ads, buckets, now)


def spent(sim: TikTokSandbox, account: Advertiser, thing: Thing, now: float) -> Decimal:
    """What an object has spent since it was made."""
    return delivery.spent(sim.world, _market(account), thing, now)


def account_spend(sim: TikTokSandbox, account: Advertiser, now: float) -> Decimal:
    """What an account has spent."""
    return delivery.account_spend(sim.world, _market(account), account.id, now)


def _market(account: Advertiser) -> Market:
    unit = Decimal(1) if account.currency in WHOLE else Decimal("0.01")
    return Market(account.timezone, unit, RATIOS.get(account.currency, 1))
