"""What the simulated organisation is: its key, its tiers."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

KEY: Final = "sandbox-openai-key"
ORGANIZATION: Final = "org-sandbox"

TIERS: Final = MappingProxyType({"start": (500, 5), "tiny": (5, 2), "large": (10_000, 250)})
"""Requests and pictures a minute. "start" has the five pictures of the vendor's first tier, "tiny" is for tests."""

__all__ = ["KEY", "ORGANIZATION", "TIERS"]
