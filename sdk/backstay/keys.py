"""Names for things: cache keys, payload hashes, fingerprints."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from backstay.codec import canonical, encode

PAYLOAD_VERSION: Final = "1"


def cache_key(vendor: str, account: str, fingerprint: str, operation: str, args: tuple[Any, ...], kwargs: Any) -> str:
    """The key of a read: two tenants never share one, and equal arguments always do."""
    digest = hashlib.sha256(encode([list(args), dict(sorted(kwargs.items()))]).encode()).hexdigest()[:24]
    return f"{vendor}/{account}/{fingerprint}/{operation}/{digest}"


def payload_hash(operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The versioned hash of what the caller set."""
    text = canonical([operation, list(args), kwargs])
    return f"{PAYLOAD_VERSION}:{hashlib.sha256(text.encode()).hexdigest()}"
