"""The door to the vendors: `from backstay.adapters import TikTokAds`.

A vendor's code, and whatever it needs, is imported when its name is first used and not before.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay_adapters.claude import Claude as Claude
    from backstay_adapters.gemini import Gemini as Gemini
    from backstay_adapters.google_ads import GoogleAds as GoogleAds
    from backstay_adapters.instagram import Instagram as Instagram
    from backstay_adapters.mcp import MCPTools as MCPTools
    from backstay_adapters.meta import MetaAds as MetaAds
    from backstay_adapters.openai import OpenAIImages as OpenAIImages
    from backstay_adapters.perplexity import Perplexity as Perplexity
    from backstay_adapters.s3 import S3Host as S3Host
    from backstay_adapters.tiktok import TikTokAds as TikTokAds

_MODULES = {
    "Claude": "backstay_adapters.claude",
    "Gemini": "backstay_adapters.gemini",
    "GoogleAds": "backstay_adapters.google_ads",
    "Instagram": "backstay_adapters.instagram",
    "MCPTools": "backstay_adapters.mcp",
    "MetaAds": "backstay_adapters.meta",
    "OpenAIImages": "backstay_adapters.openai",
    "Perplexity": "backstay_adapters.perplexity",
    "S3Host": "backstay_adapters.s3",
    "TikTokAds": "backstay_adapters.tiktok",
}

__all__ = [*_MODULES]


if not TYPE_CHECKING:  # or a type checker would believe every name

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            known = "" if name.startswith("__") else f"; there are: {', '.join(sorted(_MODULES))}"
            message = f"module {__name__!r} has no adapter {name!r}{known}"
            raise AttributeError(message, name=name)
        value = globals()[name] = getattr(importlib.import_module(module), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
