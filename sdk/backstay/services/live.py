"""Reads that decide a write: asked of the vendor, never of a cache, never stale."""

from __future__ import annotations

from typing import Final

from backstay.operation import CallOptions

LIVE: Final[CallOptions] = {"max_age": 0.0, "max_stale": 0.0}
"""Options of such a read."""
