"""The address of a vendor, as a caller gives it."""

from __future__ import annotations

from urllib.parse import urlsplit

from backstay.policies.settings import refuse


def address(field: str, value: object) -> str:
    """An address of HTTP as it was given; refuses what is none, without showing a user or a password in it."""
    told = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(told)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a bracket too few
        good = False
    if not good:
        refuse(field, "..." if "@" in told else value, "an address such as https://api.example.com")
    return told


__all__ = ["address"]
