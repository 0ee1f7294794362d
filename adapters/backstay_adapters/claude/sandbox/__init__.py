"""Claude's simulator: the Messages API on its real wire, streams included.

sandbox = ClaudeSandbox(seed=7, tier="start", faults=storm(7))
sandbox.say(Said(text="Aye."))                 # what comes next, instead of what it would write itself
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.claude.sandbox.app import ClaudeSandbox
from backstay_adapters.claude.sandbox.settings import KEY, MODELS, ORGANIZATION, TIERS, Said

SANDBOX: Final = ClaudeSandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (ORGANIZATION,)
"""The organisation that the key belongs to."""

TOKEN: Final = KEY
"""The same under the name that all sandboxes have."""

__all__ = ["ACCOUNTS", "KEY", "MODELS", "ORGANIZATION", "SANDBOX", "TIERS", "TOKEN", "ClaudeSandbox", "Said"]
