"""OpenAI's Images API: `from backstay.adapters import OpenAIImages`."""

from __future__ import annotations

from backstay_adapters.openai.adapter import OpenAIImages
from backstay_adapters.openai.prices import PRICES
from backstay_adapters.openai.profile import openai_profile

__all__ = ["PRICES", "OpenAIImages", "openai_profile"]
