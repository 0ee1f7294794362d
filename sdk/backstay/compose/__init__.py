"""Adapters made of adapters, and answers made of several steps. Everything here is loaded when it is first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backstay.compose.content import Fallback as Fallback
    from backstay.compose.fallback import NOTHING as NOTHING
    from backstay.compose.fallback import execute_with_fallback as execute_with_fallback
    from backstay.compose.rules import Weights as Weights
    from backstay.compose.split import Split as Split
    from backstay.compose.together import Together as Together

_MODULES = {
    "Fallback": "backstay.compose.content",
    "NOTHING": "backstay.compose.fallback",
    "Split": "backstay.compose.split",
    "Together": "backstay.compose.together",
    "Weights": "backstay.compose.rules",
    "execute_with_fallback": "backstay.compose.fallback",
}

__all__ = [*_MODULES]


if not TYPE_CHECKING:  # or a type checker would believe every name

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            message = f"module 'backstay.compose' has no attribute {name!r}"
            raise AttributeError(message)
        value = globals()[name] = getattr(importlib.import_module(module), name)
        return value
