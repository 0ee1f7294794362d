"""The marker that names the write which made an object: a short suffix of its name, the same on every machine.

token("tiktok", "70001", "create_campaign", "spring/1")  ->  "k3v5..." (16 characters)
mark("Spring sale", token)                                ->  "Spring sale bs-k3v5..."
"""

from __future__ import annotations

import functools
import hashlib
import re
from typing import Final

LENGTH: Final = 16
PREFIX: Final = " bs-"
SUFFIX_LENGTH: Final = len(PREFIX) + LENGTH
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz234567"
"""Of base32 (RFC 4648), in small letters."""
_PLACES: Final = tuple(range(75, -1, -5))
_MARKED: Final = re.compile(rf"^(?P<name>.*){PREFIX}(?P<token>[a-z2-7]{{{LENGTH}}})$", re.DOTALL)


@functools.lru_cache(maxsize=1024)  # a write asks for its own several times
def token(platform: str, account: str, operation: str, key: str) -> str:
    """The token of a key in its scope: 80 bits of a hash, so that no two writes meet by chance."""
    digest = hashlib.sha256("|".join((platform, account, operation, key)).encode()).digest()
    bits = int.from_bytes(digest[:10])
    return "".join([_ALPHABET[bits >> place & 31] for place in _PLACES])


def mark(name: str, key_token: str) -> str:
    """A name with its marker; the caller has made sure that it fits the vendor's limit."""
    return f"{name}{PREFIX}{key_token}"


def unmark(name: str) -> tuple[str, str | None]:
    """A vendor's name as the caller knows it, and the token that it carries, if any."""
    found = _MARKED.match(name)
    return (found["name"], found["token"]) if found else (name, None)
