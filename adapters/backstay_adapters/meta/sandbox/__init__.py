"""Meta's simulator: the Marketing API on Graph's real wire, with a world behind it.

sandbox = MetaSandbox(seed=7, read_lag=(0.0, 3.0), label_lag=0.0, faults=storm(7))
reply = sandbox.handle(request, now)
sandbox.world.duplicates(), sandbox.world.could_spend(now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.meta.sandbox.app import MetaSandbox
from backstay_adapters.meta.sandbox.settings import ACCOUNTS, APP_ID, SECRET, TOKEN, Account, Switches
from backstay_adapters.meta.sandbox.usage import TIERS

SANDBOX: Final = MetaSandbox
"""What `backstay sandbox` serves."""

__all__ = ["ACCOUNTS", "APP_ID", "SANDBOX", "SECRET", "TIERS", "TOKEN", "Account", "MetaSandbox", "Switches"]
