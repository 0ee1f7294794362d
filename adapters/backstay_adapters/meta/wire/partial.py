"""Partial reads: one field that the vendor refuses must not fail the whole read. It is left out, and said so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Final

from backstay.errors import BackstayError, InvalidRequestError, PermissionDeniedError
from backstay_adapters.meta.wire.kinds import TOUCHY, Fields

REFUSED: Final = "refused_fields"
"""Where an object's `extra` names the fields that it was read without, each with the vendor's reason."""

_UNKNOWN: Final = re.compile(r"nonexisting field \((?P<field>\w+)\)(?: on node type \((?P<node>\w+)\))?")


def field_list(wanted: Fields) -> str:
    """The `fields` parameter: `id,name,creative{id,name}`."""
    return ",".join(f"{name}{{{','.join(inner)}}}" if inner else name for name, inner in wanted.items())


def refused(error: BackstayError, wanted: Fields, essential: Set[str]) -> tuple[str, ...]:
    """The fields because of which a read was refused and that it can do without; `()` is another matter.

    The vendor names a field that does not exist. For one that needs a permission it may name the field, the
    permission, or nothing.
    """
    if not isinstance(error, InvalidRequestError | PermissionDeniedError):
        return ()
    text = error.vendor_message or ""
    unknown = _UNKNOWN.search(text)
    if unknown is not None:
        return _without(unknown["field"], wanted, essential)
    if not isinstance(error, PermissionDeniedError):
        return ()
    named = [name for name in wanted if name not in essential and re.search(rf"\b{name}\b", text)]
    return tuple(named) or tuple(name for name in wanted if name in TOUCHY)


def of_another_kind(error: BackstayError, node: str, essential: Set[str]) -> bool:
    """Whether the vendor says that an id belongs to another kind of object than was asked for."""
    found = _UNKNOWN.search(error.vendor_message or "")
    if found is None:
        return False
    return found["field"] in essential or found["node"] in {"Campaign", "AdSet", "Ad", "AdCreative"} - {node}


def drop(wanted: Fields, names: tuple[str, ...]) -> Fields:
    """The fields without some, inner ones too."""
    left = {
        name: tuple(each for each in inner if each not in names)
        for name, inner in wanted.items()
        if name not in names
    }  # fmt: skip
    return MappingProxyType(left)


def _without(name: str, wanted: Fields, essential: Set[str]) -> tuple[str, ...]:
    inner = any(name in names for names in wanted.values())
    return (name,) if (name in wanted and name not in essential) or (inner and name not in essential) else ()


def noted(raw: Mapping[str, object], left_out: Mapping[str, str]) -> Mapping[str, object]:
    """An object's fields with the names of those that it was read without."""
    return {**raw, REFUSED: dict(left_out)} if left_out else raw
