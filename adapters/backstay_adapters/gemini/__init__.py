"""Google's Gemini API: `from backstay.adapters import Gemini`."""

from __future__ import annotations

from backstay_adapters.gemini.adapter import Gemini
from backstay_adapters.gemini.prices import PRICES
from backstay_adapters.gemini.profile import gemini_profile

__all__ = ["PRICES", "Gemini", "gemini_profile"]
