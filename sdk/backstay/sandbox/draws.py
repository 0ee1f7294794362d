"""Numbers that look random and are not: each is a hash of a seed and of what it is for.

Nothing is consumed, so that one more draw here never changes another one there: the same seed and the same
requests give the same world on every machine.
"""

from __future__ import annotations

import hashlib
from typing import Final

_SCALE: Final = 2.0**64


def bits(seed: int, *what: object) -> int:
    """64 bits for a purpose."""
    text = "|".join((str(seed), *map(str, what)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def unit(seed: int, *what: object) -> float:
    """A number in [0, 1) for a purpose."""
    return (bits(seed, *what) >> 11) / 2.0**53


def between(low: float, high: float, seed: int, *what: object) -> float:
    """A number from `low` to `high` for a purpose."""
    return low + (high - low) * (bits(seed, *what) / _SCALE)
