"""What a cache asks of a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Entry:
    """One stored answer."""

    value: Any
    stored_at: float
    ttl: float
    tags: frozenset[str] = frozenset()
