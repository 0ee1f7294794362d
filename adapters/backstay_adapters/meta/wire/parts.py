"""Lists as they should be, whatever was sent in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def maps(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def texts(value: Any) -> tuple[str, ...]:
    """The values of a list as texts."""
    return tuple(str(each) for each in value if each is not None) if isinstance(value, list | tuple) else ()
