"""The rows behind a view: its objects as a list shows them now, each with what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import Thing, Version
from backstay_adapters.google_ads.sandbox import fixed
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, resource
from backstay_adapters.google_ads.sandbox.status import COMPUTED

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx
    from backstay_adapters.google_ads.sandbox.settings import Customer

Needs = Mapping[str, frozenset[str]]
"""By resource: the first steps of the fields that a query names."""


@dataclass(slots=True)
class Row:
    """One row before its fields are chosen."""

    thing: Thing | None
    """The object; None where a row has none, as a customer's."""
    parts: dict[str, Message]
    """By resource."""


def rows(ctx: Ctx, customer: Customer, view: str, needs: Needs) -> Iterator[Row]:
    """All rows of a view, oldest objects first; removed ones too, as the vendor has it."""
    account = fixed.customer(customer)
    if view in FIXED:
        for part in FIXED[view](ctx, customer):
            yield Row(None, {"customer": account, view: part})
        return
    own = "ad_group_criterion" if view == "keyword_view" else view
    for thing in ctx.world.at(customer.id, KINDS[own].where()):
        version = thing.seen(ctx.now)
        if version is None or (view == "keyword_view" and not version.data["_pb"].HasField("keyword")):
            continue
        parts = {"customer": account}
        _gather(ctx, parts, own, thing, version, needs)
        if view == "keyword_view":
            name = thing.data["_name"].replace("adGroupCriteria", "keywordViews")
            parts[view] = resource(view)(resource_name=name)
        yield Row(thing, parts)


def _gather(ctx: Ctx, parts: dict[str, Message], word: str, thing: Thing, version: Version, needs: Needs) -> None:
    pb = version.data["_pb"]
    parts[word] = _dressed(ctx, word, thing, pb, needs)
    for above in _REFERENCES.get(word, ()):
        if above not in needs and not _leads(above, needs):
            continue
        found = ctx.sim.thing(getattr(pb, above))
        if found is not None:
            _gather(ctx, parts, above, found, found.seen(ctx.now) or found.now, needs)


def _leads(word: str, needs: Needs) -> bool:
    """Whether a needed resource is above this one."""
    return any(above in needs or _leads(above, needs) for above in _REFERENCES.get(word, ()))


def _dressed(ctx: Ctx, word: str, thing: Thing, pb: Message, needs: Needs) -> Message:
    """The resource with what the vendor works out at each read, as far as the query asks for it."""
    wanted = [each for each in COMPUTED.get(word, ()) if each in needs.get(word, ())]
    if not wanted:
        return pb
    made = type(pb)()
    made.CopyFrom(pb)
    for name in wanted:
        COMPUTED[word][name](ctx, thing, made)
    return made


_REFERENCES: Final = MappingProxyType(
    {
        "campaign": ("campaign_budget",),
        "ad_group": ("campaign",),
        "ad_group_ad": ("ad_group",),
        "ad_group_criterion": ("ad_group",),
        "campaign_criterion": ("campaign",),
        "campaign_label": ("campaign", "label"),
        "ad_group_label": ("ad_group", "label"),
        "ad_group_ad_label": ("ad_group_ad", "label"),
    }
)

Source = Callable[["Ctx", "Customer"], Iterator[Message]]

FIXED: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "customer": lambda _, customer: iter([fixed.customer(customer)]),
        "customer_client": fixed.clients,
        "conversion_action": fixed.conversions,
        "currency_constant": fixed.currencies,
    }
)
"""Views that are not made of the world's objects."""
