"""Which fields there are: the generated messages know, and a view says what can be read together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from backstay_adapters.google_ads.sandbox.gaql.tokens import wrong
from backstay_adapters.google_ads.sandbox.protos import Message, row

_IN_GROUP: Final = ("ad_group", "campaign", "customer")

VIEWS: Final = MappingProxyType(
    {
        "customer": (),
        "customer_client": ("customer",),
        "campaign_budget": ("customer",),
        "campaign": ("campaign_budget", "customer"),
        "ad_group": ("campaign", "customer"),
        "ad_group_ad": _IN_GROUP,
        "ad_group_criterion": _IN_GROUP,
        "keyword_view": ("ad_group_criterion", *_IN_GROUP),
        "campaign_criterion": ("campaign", "customer"),
        "asset": ("customer",),
        "label": ("customer",),
        "campaign_label": ("campaign", "label", "customer"),
        "ad_group_label": ("ad_group", "campaign", "label", "customer"),
        "ad_group_ad_label": ("ad_group_ad", *_IN_GROUP, "label"),
        "conversion_action": ("customer",),
        "currency_constant": (),
    }
)
"""What can stand after FROM, and which other resources its rows bring along."""

MEASURED: Final = frozenset({"customer", "campaign", "ad_group", "ad_group_ad"})
"""Views that have metrics here."""

DATES: Final = ("date", "week", "month", "quarter", "year")
"""Segments of which a selected one needs a date range."""
SEGMENTS: Final = (*DATES, "day_of_week", "hour", "device", "ad_network_type")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a query."""

    path: str
    """As it was written."""
    resource: str
    """Of the row: a resource, "segments" or "metrics"."""
    steps: tuple[str, ...]
    """From the resource down, as the generated messages spell them."""
    descriptor: Any

    @property
    def repeated(self) -> bool:
        """Whether it is a list."""
        return bool(self.descriptor.is_repeated)

    @property
    def names(self) -> Any:
        """The members of its enum, by name; None when it is no enum."""
        found = self.descriptor.enum_type
        return None if found is None else found.values_by_name

    @property
    def type(self) -> str:
        """One of: enum, text, bool, whole, real, message."""
        return "enum" if self.descriptor.enum_type else _TYPES.get(self.descriptor.type, "whole")

    @property
    def dated(self) -> bool:
        """Whether its texts are dates."""
        return self.resource == "segments" and self.steps[0] in DATES[:4]

    def value(self, owner: Message) -> Any:
        """What a resource has in the field; enums as names, None when it is not set."""
        for step in self.steps[:-1]:
            if not owner.HasField(step):
                return None
            owner = getattr(owner, step)
        last = self.steps[-1]
        if self.repeated:
            return list(getattr(owner, last))
        if self.descriptor.has_presence and not owner.HasField(last):
            return None
        value = getattr(owner, last)
        if self.descriptor.enum_type is None:
            return value
        known = self.descriptor.enum_type.values_by_number.get(value)
        return str(value) if known is None else known.name

    def copy(self, owner: Message, target: Message) -> None:
        """Put the field into a row's resource."""
        for step in self.steps[:-1]:
            if not owner.HasField(step):
                return
            owner, target = getattr(owner, step), getattr(target, step)
        last = self.steps[-1]
        if self.repeated:
            target.ClearField(last)
            getattr(target, last).extend(getattr(owner, last))
        elif self.descriptor.message_type is not None:
            if owner.HasField(last):
                getattr(target, last).CopyFrom(getattr(owner, last))
        elif not self.descriptor.has_presence or owner.HasField(last):
            setattr(target, last, getattr(owner, last))


_TYPES: Final = {9: "text", 12: "text", 8: "bool", 1: "real", 2: "real", 11: "message"}
"""By the numbers of `FieldDescriptor.type`."""


@cache
def field(path: str) -> Field:
    """A field by its path; raises the vendor's refusal when there is none."""
    resource, _, rest = path.partition(".")
    owner = row().DESCRIPTOR.fields_by_name.get(resource)
    descriptor, steps = None, []
    at = None if owner is None else owner.message_type
    for step in rest.split(".") if rest else ():
        name = "type_" if step == "type" else step
        descriptor = None if at is None else at.fields_by_name.get(name)
        if descriptor is None:
            break
        steps.append(name)
        at = None if descriptor.is_repeated else descriptor.message_type
    if descriptor is None:
        raise wrong("UNRECOGNIZED_FIELD", f"unrecognized field in the query: '{path}'.", path)
    if descriptor.message_type is not None and not descriptor.is_repeated:
        raise wrong("PROHIBITED_FIELD_IN_SELECT_CLAUSE", f"the field '{path}' is not selectable.", path)
    return Field(path, resource, tuple(steps), descriptor)


def viewed(resource: str) -> tuple[str, ...]:
    """The resources of a view's rows, its own first; raises the vendor's refusals."""
    if resource in VIEWS:
        return resource, *VIEWS[resource]
    if resource not in row().DESCRIPTOR.fields_by_name:
        raise wrong(
            "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", f"invalid resource type '{resource}' in the FROM clause.", resource
        )
    text = f"the sandbox does not simulate FROM {resource}; it has {', '.join(VIEWS)}."
    raise wrong("PROHIBITED_RESOURCE_TYPE_IN_FROM_CLAUSE", text, resource)
