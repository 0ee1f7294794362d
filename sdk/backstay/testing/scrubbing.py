"""What a cassette must not hold is taken out before it is written, whatever the wire."""

from __future__ import annotations

import re
from typing import Any, Final

from backstay.redact import HIDDEN, scrub

SECRET_NAMES: Final = frozenset(
    {
        "access_token",
        "app_secret",
        "appsecret_proof",
        "auth_code",
        "client_secret",
        "refresh_token",
        "secret",
        "api_key",
        "sig",
    }
)
LOOPBACK: Final = re.compile(r"https?://(?:127\.0\.0\.1|\[::1\]|localhost):\d+")
"""The sandbox's address, which vendors that name next pages write into their answers."""

PICTURES: Final = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")
"""How pictures begin in base64: their letters may look like anything, and hold no secret."""


def scrubbed(value: Any) -> Any:
    """JSON without what looks like a credential."""
    if isinstance(value, dict):
        return {name: HIDDEN if name.lower() in SECRET_NAMES else scrubbed(item) for name, item in value.items()}
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    if not isinstance(value, str) or value.startswith(PICTURES):
        return value
    return scrub(LOOPBACK.sub("https://vendor", value))
