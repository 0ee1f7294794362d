"""Perplexity's Sonar API: `from backstay.adapters import Perplexity`."""

from __future__ import annotations

from backstay_adapters.perplexity.adapter import Perplexity
from backstay_adapters.perplexity.prices import PRICES
from backstay_adapters.perplexity.profile import perplexity_profile

__all__ = ["PRICES", "Perplexity", "perplexity_profile"]
