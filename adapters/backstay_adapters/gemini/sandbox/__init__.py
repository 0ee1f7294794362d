"""Gemini's simulator: generateContent on its real wire, streams, token counts and drawn pictures included.

sandbox = GeminiSandbox(seed=7, tier="free", faults=storm(7))
sandbox.say(Said(text="Aye."))                 # what comes next, instead of what it would write itself
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.gemini.sandbox.app import GeminiSandbox
from backstay_adapters.gemini.sandbox.settings import KEY, MODELS, PROJECT, TIERS, Said

SANDBOX: Final = GeminiSandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (PROJECT,)
"""The project that the key belongs to."""

TOKEN: Final = KEY
"""The same under the name that all sandboxes have."""

__all__ = ["ACCOUNTS", "KEY", "MODELS", "PROJECT", "SANDBOX", "TIERS", "TOKEN", "GeminiSandbox", "Said"]
