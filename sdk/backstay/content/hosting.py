"""Media hosts: bytes in, an address out that others can fetch."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from backstay.answer import Answer


class HostedMedia(Answer):
    """Where bytes can be fetched."""

    key: str
    """The name under which they are kept; the same key and bytes give the same address."""
    url: str
    media_type: str
    size: int = Field(ge=0)
    """Bytes."""
    sha256: str
    expires_at: datetime | None = None
    """None: until it is deleted."""


__all__ = ["HostedMedia"]
