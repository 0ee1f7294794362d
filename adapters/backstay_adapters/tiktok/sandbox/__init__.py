"""TikTok's simulator: the Marketing API v1.3 on its real wire, with a world behind it.

sandbox = TikTokSandbox(seed=7, read_lag=(0.0, 3.0), faults=storm(7))
reply = sandbox.handle(request, now)
sandbox.world.duplicates(), sandbox.world.could_spend(now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.tiktok.profile import TIERS
from backstay_adapters.tiktok.sandbox.app import TikTokSandbox
from backstay_adapters.tiktok.sandbox.settings import ADVERTISERS, TOKEN, Advertiser, Switches

SANDBOX: Final = TikTokSandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = ADVERTISERS
"""The same under the name that all sandboxes have."""

__all__ = ["ACCOUNTS", "ADVERTISERS", "SANDBOX", "TIERS", "TOKEN", "Advertiser", "Switches", "TikTokSandbox"]
