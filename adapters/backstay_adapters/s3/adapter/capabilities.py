"""What a bucket can do."""

from __future__ import annotations

from typing import Final

from backstay.content.capabilities import ContentCapabilities
from backstay.content.capabilities import ContentCapability as Can

CAPABILITIES: Final = ContentCapabilities.of("s3", Can.HOST, Can.HOST_DELETE, version="2006-03-01")

__all__ = ["CAPABILITIES"]
