"""Perplexity's simulator: the Sonar API on its real wire, streams and jobs of deep research included.

sandbox = PerplexitySandbox(seed=7, deep=600.0, faults=storm(7))
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.perplexity.sandbox.app import ACCOUNT, KEY, PerplexitySandbox

SANDBOX: Final = PerplexitySandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (ACCOUNT,)
"""The project that the key belongs to."""

TOKEN: Final = KEY
"""The same under the name that all sandboxes have."""

TIERS: Final[tuple[str, ...]] = ()
"""It enforces no limits of its own; a fault plan can refuse by rate."""

__all__ = ["ACCOUNTS", "KEY", "SANDBOX", "TIERS", "TOKEN", "PerplexitySandbox"]
