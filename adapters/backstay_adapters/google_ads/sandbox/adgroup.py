"""Ad groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import checks
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, member, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op

FAMILY: Final = "ad_group_error"
TAKEN: Final = "AdGroup with the same name already exists for the campaign."
TYPES: Final = {"SEARCH": "SEARCH_STANDARD", "DISPLAY": "DISPLAY_STANDARD", "SHOPPING": "SHOPPING_PRODUCT_ADS"}
"""The type of an ad group that was made without one, by its campaign's channel."""


def create(op: Op, pb: Message) -> Draft:
    """A new ad group: ENABLED, unless one says otherwise."""
    checks.name(op, pb, FAMILY, "INVALID_ADGROUP_NAME")
    campaign = op.resolve(KINDS["campaign"], pb.campaign, "campaign")
    if campaign.state is State.REMOVED:
        text = "The operation is not allowed for removed resources."
        word = "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"
        raise op.refuse("operation_access_denied_error", word, text, "campaign", trigger=campaign.name)
    channel = member(campaign.pb, "advertising_channel_type")
    if channel == "PERFORMANCE_MAX":
        text = "Cannot add ad groups for the campaign type."
        raise op.refuse(FAMILY, "CANNOT_ADD_AD_GROUP_FOR_CAMPAIGN_TYPE", text, "campaign")
    pb.campaign = campaign.name
    if member(pb, "type_") == "UNSPECIFIED" and channel in TYPES:
        put(pb, "type_", TYPES[channel])
    state = checks.state(op, pb, created=True)
    parent = campaign.kind.id_of(campaign.name)
    checks.unique(op, None, pb.name, FAMILY, "DUPLICATE_ADGROUP_NAME", TAKEN, parent)
    checks.bids(op, pb)
    pb.id = int(op.txn.ctx.sim.new_id())
    return Draft(op.kind, op.kind.name_of(op.txn.customer.id, str(pb.id)), pb, state, parent)


def update(op: Op, old: Draft, pb: Message) -> Draft:
    """The changed ad group."""
    checks.name(op, pb, FAMILY, "INVALID_ADGROUP_NAME")
    state = checks.state(op, pb, created=False)
    if pb.name != old.pb.name:
        checks.unique(op, old, pb.name, FAMILY, "DUPLICATE_ADGROUP_NAME", TAKEN, old.parent)
    checks.bids(op, pb)
    draft = Draft(op.kind, old.name, pb, state, old.parent, old.key, old.thing)
    op.txn.update(draft, state=None if state is old.state else state)
    return draft


def remove(op: Op, old: Draft) -> None:
    """An ad group may always go."""
