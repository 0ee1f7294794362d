"""Names: TikTok allows 512 characters, counts an East Asian one as two, and takes no emoji."""

from __future__ import annotations

import unicodedata
from typing import Final

from backstay.errors import InvalidRequestError
from backstay.writes.marker import SUFFIX_LENGTH, mark

LONGEST: Final = 512
_REST: Final = "; our marker needs the rest"


def width(name: str) -> int:
    """Characters as the vendor counts them."""
    return sum(2 if unicodedata.east_asian_width(each) in {"W", "F"} else 1 for each in name)


def has_emoji(name: str) -> bool:
    """Whether the name holds a character that the vendor refuses."""
    return any(ord(each) >= 0x1F000 or unicodedata.category(each) == "So" for each in name)


def marked(name: str, token: str | None, field: str) -> str:
    """A name with its marker, if it has one, checked before anything is sent."""
    if not name.strip():
        raise InvalidRequestError(f"{field} is empty", field=field, value=name, hint="give it a name")
    if has_emoji(name):
        raise InvalidRequestError(
            f"{field} holds an emoji", field=field, value=name, hint="TikTok takes none: remove it"
        )
    room = LONGEST if token is None else LONGEST - SUFFIX_LENGTH
    if width(name) > room:
        raise InvalidRequestError(
            f"{field} is {width(name)} characters long", field=field, value=name,
            hint=f"shorten it to {room} (East Asian characters count as two){'' if token is None else _REST}",
        )  # fmt: skip
    return name if token is None else mark(name, token)
