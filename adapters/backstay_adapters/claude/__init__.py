"""Anthropic's Messages API: `from backstay.adapters import Claude`."""

from __future__ import annotations

from backstay_adapters.claude.adapter import Claude
from backstay_adapters.claude.prices import PRICES
from backstay_adapters.claude.profile import claude_profile

__all__ = ["PRICES", "Claude", "claude_profile"]
