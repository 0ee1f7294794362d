"""Short hashes of content: of rules, of actions, of inputs."""

from __future__ import annotations

import hashlib
from datetime import time, timedelta

from backstay.codec import canonical, register


def fingerprint(value: object) -> str:
    """The same on every machine for equal values."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]


register(timedelta, "seconds", lambda span: str(span.total_seconds()), lambda text: timedelta(seconds=float(text)))
register(time, "time", time.isoformat, time.fromisoformat)
