"""Which cached answers a write makes invalid: those of the object, the lists of its level, and all that is below it.

Other objects' answers stay: they are what stands in when the vendor is away.
"""

from __future__ import annotations

from typing import Any, Final

from backstay.ads import Level, Ref

BELOW: Final = {Level.CAMPAIGN: (Level.AD_GROUP, Level.AD), Level.AD_GROUP: (Level.AD,), Level.AD: ()}


def of_list(level: Level, one: str | None, *_: Any, **__: Any) -> tuple[str, ...]:
    """A read: of one object, or of a list."""
    return (f"{level}/{one}" if one else f"{level}/list", f"{level}/all")


def of_change(ref: Ref, *_: Any, **__: Any) -> tuple[str, ...]:
    """A change of one object: its parents stay as they are, what is below may run or stop with it."""
    return (f"{ref.level}/{ref.id}", f"{ref.level}/list", *(f"{level}/all" for level in BELOW[ref.level]))


def of_create(level: Level, *_: Any, **__: Any) -> tuple[str, ...]:
    """A new object is in no answer but the lists of its level."""
    return (f"{level}/list",)
