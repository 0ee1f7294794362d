"""Instagram's content publishing: `from backstay.adapters import Instagram`."""

from __future__ import annotations

from backstay_adapters.instagram.adapter import Instagram
from backstay_adapters.instagram.profile import instagram_profile

__all__ = ["Instagram", "instagram_profile"]
