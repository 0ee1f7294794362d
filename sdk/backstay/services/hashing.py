"""Short hashes of content: of rules, of actions, of plans."""

from __future__ import annotations

import hashlib

from backstay.codec import canonical


def fingerprint(value: object) -> str:
    """The same on every machine for equal values."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]
