"""S3's numbers, each with its source."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from backstay.profile import Profile, TimeoutConfig

REGION: Final = "us-east-1"
STYLES: Final = ("virtual", "path")
"""Where the bucket stands: before the host (the vendor's own way), or in the path (most compatible servers)."""
LONGEST_LINK: Final = 7 * 86_400
"""Seconds that a signed link may last (the vendor's page "Sharing objects with presigned URLs")."""
SHORTEST_LINK: Final = 3_600
"""Seconds: publishers fetch media again until a post is out."""


def s3_profile() -> Profile:
    """Reads show writes at once (strong consistency since December 2020), so looking needs no patience."""
    kinds = {"api_call": 20.0, "upload": 120.0, "default": 30.0}
    return Profile(
        timeouts=TimeoutConfig(kinds=MappingProxyType(kinds)),
        deadlines=MappingProxyType({"upload": 400.0}),
        note="S3 asks for no limits below thousands of requests a second and prefix; it says SlowDown when it must",
    )


__all__ = ["LONGEST_LINK", "REGION", "SHORTEST_LINK", "STYLES", "s3_profile"]
