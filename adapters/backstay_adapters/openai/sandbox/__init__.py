"""OpenAI's simulator: the Images API on its real wire, with pictures that are really drawn.

sandbox = OpenAISandbox(seed=7, tier="start", faults=storm(7))
sandbox = OpenAISandbox(urls=True)             # answers with addresses, as Azure's old deployments did
reply = sandbox.handle(request, now)
"""

from __future__ import annotations

from typing import Final

from backstay_adapters.openai.sandbox.app import OpenAISandbox
from backstay_adapters.openai.sandbox.settings import KEY, ORGANIZATION, TIERS

SANDBOX: Final = OpenAISandbox
"""What `backstay sandbox` serves."""

ACCOUNTS: Final = (ORGANIZATION,)
"""The organisation that the key belongs to."""

TOKEN: Final = KEY
"""The same under the name that all sandboxes have."""

__all__ = ["ACCOUNTS", "KEY", "ORGANIZATION", "SANDBOX", "TIERS", "TOKEN", "OpenAISandbox"]
