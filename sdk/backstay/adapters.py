"""The door to the vendors: `from backstay.adapters import TikTokAds`.

A vendor's code, and whatever it needs, is imported when its name is first used and not before.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay_adapters.tiktok import TikTokAds as TikTokAds

_MODULES = {
    "TikTokAds": "backstay_adapters.tiktok",
}

__all__ = [*_MODULES]


def __getattr__(name: str) -> object:
    if name.startswith("__"):  # what the import system and debuggers ask every module for
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module = _MODULES.get(name)
    if module is None:
        message = f"no adapter is called {name!r}; there are: {', '.join(sorted(_MODULES))}"
        raise AttributeError(message)
    value = globals()[name] = getattr(importlib.import_module(module), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
