"""Instagram's simulator: containers, publishing, posts, quota and insights on Graph's real wire.

sandbox = InstagramSandbox(seed=7, prepare=(1.0, 4.0), read_lag=5.0, quota=50, faults=storm(7))
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.instagram.sandbox.app import ACCOUNT, KEY, InstagramSandbox

SANDBOX: Final = InstagramSandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (ACCOUNT,)
"""The professional account that the token belongs to."""

TOKEN: Final = KEY
"""The same under the name that all sandboxes have."""

TIERS: Final[tuple[str, ...]] = ()
"""Its limits are settings of their own: `quota`, `calls`."""

__all__ = ["ACCOUNT", "ACCOUNTS", "KEY", "SANDBOX", "TIERS", "TOKEN", "InstagramSandbox"]
