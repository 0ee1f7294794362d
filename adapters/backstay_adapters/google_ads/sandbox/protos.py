"""The vendor's own generated messages, loaded when the first one is needed: importing them takes over a second.

Raw protobuf classes, not the package's proto-plus wrappers: they are quick, and their bytes are the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

VERSION: Final = "v26"
ROOT: Final = f"google.ads.googleads.{VERSION}"
SERVICES: Final = f"{ROOT}.services."

Message = Any
"""A protobuf message; the generated classes have no types of their own."""


@cache
def message(module: str, name: str) -> Any:
    """A message's class: `message("services.types.campaign_service", "MutateCampaignsRequest")`."""
    return getattr(importlib.import_module(f"{ROOT}.{module}"), name).pb()


def row() -> Message:
    """An empty GoogleAdsRow; its fields name all resources that can be read."""
    return message("services.types.google_ads_service", "GoogleAdsRow")()


@cache
def resource(word: str) -> Any:
    """A resource's class by its field in GoogleAdsRow, such as "campaign_budget"."""
    return type(getattr(row(), word))


def number(owner: Message, field: str, member: str) -> int:
    """An enum member's number in a message's field."""
    found: int = owner.DESCRIPTOR.fields_by_name[field].enum_type.values_by_name[member].number
    return found


def member(owner: Message, field: str) -> str:
    """The name of the member that an enum field holds; its number as text when the enum has no such member."""
    value = getattr(owner, field)
    known = owner.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(value)
    return str(value) if known is None else str(known.name)


def put(owner: Message, field: str, name: str) -> None:
    """Set an enum field by its member's name."""
    setattr(owner, field, number(owner, field, name))


def clear(owner: Message, names: Iterable[str]) -> None:
    """Empty those of the fields that the message has."""
    for name in names:
        if name in owner.DESCRIPTOR.fields_by_name:
            owner.ClearField(name)
