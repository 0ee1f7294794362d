"""Google Ads' simulator: the API v26 on its real wire, with a world behind it.

sandbox = GoogleAdsSandbox(seed=7, read_lag=(0.0, 3.0), faults=storm(7))
channel = sandbox.channel(clock)             # for the official async clients, in process
sandbox.world.duplicates(), sandbox.world.could_spend(now)
"""

from __future__ import annotations

from backstay_adapters.google_ads.sandbox.app import GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.settings import (
    CUSTOMERS,
    DEVELOPER_TOKEN,
    MANAGER,
    TOKEN,
    Customer,
    Switches,
)

__all__ = ["CUSTOMERS", "DEVELOPER_TOKEN", "MANAGER", "TOKEN", "Customer", "GoogleAdsSandbox", "Switches"]
