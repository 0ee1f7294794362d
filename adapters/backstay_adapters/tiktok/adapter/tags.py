"""Which cached answers a write makes invalid: those of the object, the lists of its level, and all that is below it.

Other objects' answers stay: they are what stands in when the vendor is away.
"""

from __future__ import annotations

from typing import Any, Final

from backstay.ads import Level, Ref
from backstay_adapters.tiktok.wire.kinds import KINDS

BELOW: Final = {Level.CAMPAIGN: (Level.AD_GROUP, Level.AD), Level.AD_GROUP: (Level.AD,), Level.AD: ()}


def of_list(level: Level, flow: str, filtering: Any, *_: Any, **__: Any) -> tuple[str, ...]:
    """A read: of one object, or of a list."""
    ids = list((filtering or {}).get(KINDS[level].ids_in("smart_plus" if flow == "smart_plus" else "manual")) or [])
    return (f"{level}/{ids[0]}" if len(ids) == 1 else f"{level}/list", f"{level}/all")


def of_change(ref: Ref, *_: Any, **__: Any) -> tuple[str, ...]:
    """A change of one object: its parents stay as they are, what is below may run or stop with it."""
    return (str_of(ref), f"{ref.level}/list", *(f"{level}/all" for level in BELOW[ref.level]))


def str_of(ref: Ref) -> str:
    """The tag of one object."""
    return f"{ref.level}/{ref.id}"


def of_create(level: Level) -> tuple[str, ...]:
    """A new object is in no answer but the lists of its level."""
    return (f"{level}/list",)
