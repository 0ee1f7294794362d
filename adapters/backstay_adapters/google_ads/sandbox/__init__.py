"""Google Ads' simulator: the API v26 on its real wire, with a world behind it.

sandbox = GoogleAdsSandbox(seed=7, read_lag=(0.0, 3.0), faults=storm(7))
channel = sandbox.channel(clock)             # for the official async clients, in process
sandbox.world.duplicates(), sandbox.world.could_spend(now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.google_ads.sandbox.app import GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.limits import TIERS
from backstay_adapters.google_ads.sandbox.settings import (
    CUSTOMERS,
    DEVELOPER_TOKEN,
    MANAGER,
    TOKEN,
    Customer,
    Switches,
)

# What `backstay sandbox` looks for.
SANDBOX: Final = GoogleAdsSandbox
ACCOUNTS: Final = CUSTOMERS
NEEDS: Final = ("grpc",)

__all__ = [
    "ACCOUNTS", "CUSTOMERS", "DEVELOPER_TOKEN", "MANAGER", "NEEDS", "SANDBOX", "TIERS", "TOKEN", "Customer",
    "GoogleAdsSandbox", "Switches",
]  # fmt: skip
