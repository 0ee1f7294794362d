"""S3's simulator: PUT, HEAD, GET and DELETE of objects, every signature checked by a calculation of its own.

sandbox = S3Sandbox(seed=7, faults=storm(7))
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.s3.sandbox.app import BUCKET, KEY, S3Sandbox

SANDBOX: Final = S3Sandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (BUCKET,)
"""The bucket that is there."""

TOKEN: Final = KEY
"""The access key, as "id:secret"."""

TIERS: Final[tuple[str, ...]] = ()
"""It enforces no limits of its own; a fault plan can refuse by rate."""

__all__ = ["ACCOUNTS", "BUCKET", "KEY", "SANDBOX", "TIERS", "TOKEN", "S3Sandbox"]
