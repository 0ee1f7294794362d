"""Labels, and their links to campaigns, ad groups and ads. A marker in a label's name marks what it is put on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backstay.sandbox.world import State
from backstay.writes.marker import unmark
from backstay_adapters.google_ads.sandbox import checks
from backstay_adapters.google_ads.sandbox.kinds import KINDS
from backstay_adapters.google_ads.sandbox.protos import Message, put
from backstay_adapters.google_ads.sandbox.txn import Draft

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op

LONGEST: Final = 80
TAKEN: Final = "A label with this name already exists."
_ERRORS: Final = {
    "campaign_label": ("campaign_error", "CAMPAIGN_LABEL_ALREADY_EXISTS"),
    "ad_group_label": ("ad_group_error", "ADGROUP_LABEL_ALREADY_EXISTS"),
    "ad_group_ad_label": ("ad_group_ad_error", "AD_GROUP_AD_LABEL_ALREADY_EXISTS"),
}


def create(op: Op, pb: Message) -> Draft:
    """A new label."""
    checks.name(op, pb, "label_error", "INVALID_LABEL_NAME", LONGEST)
    checks.unique(op, None, pb.name, "label_error", "DUPLICATE_NAME", TAKEN)
    put(pb, "status", "ENABLED")
    pb.id = int(op.txn.ctx.sim.new_id())
    return Draft(op.kind, op.kind.name_of(op.txn.customer.id, str(pb.id)), pb, State.PAUSED)


def update(op: Op, old: Draft, pb: Message) -> Draft:
    """The changed label."""
    checks.name(op, pb, "label_error", "INVALID_LABEL_NAME", LONGEST)
    checks.unique(op, old, pb.name, "label_error", "DUPLICATE_NAME", TAKEN)
    draft = Draft(op.kind, old.name, pb, old.state, thing=old.thing)
    op.txn.update(draft)
    return draft


def remove(op: Op, old: Draft) -> None:
    """A label takes its links along."""
    for word in _ERRORS:
        for link in op.txn.all(KINDS[word]):
            if link.pb.label == old.name and link.state is not State.REMOVED:
                gone = Draft(link.kind, link.name, link.pb, State.REMOVED, thing=link.thing)
                op.txn.update(gone, state=State.REMOVED)


@dataclass(frozen=True, slots=True)
class Links:
    """The links of labels."""

    def create(self, op: Op, pb: Message) -> Draft:
        """Put a label on something."""
        target = op.kind.word.removesuffix("_label")
        owner = op.resolve(KINDS[target], getattr(pb, target), target)
        label = op.resolve(KINDS["label"], pb.label, "label")
        if label.state is State.REMOVED:
            raise op.refuse("label_error", "CANNOT_APPLY_INACTIVE_LABEL", "The label is not enabled.", "label")
        setattr(pb, target, owner.name)
        pb.label = label.name
        tails = (owner.name.rsplit("/", 1)[-1], label.name.rsplit("/", 1)[-1])
        name = op.kind.name_of(op.txn.customer.id, "~".join(tails))
        known = op.txn.find(name)
        if known is not None and known.state is not State.REMOVED:
            text = "The label has already been attached."
            raise op.refuse(*_ERRORS[op.kind.word], text, trigger=label.pb.name)
        op.txn.tag(owner, unmark(f" {label.pb.name}")[1])
        return Draft(op.kind, name, pb, State.PAUSED, thing=None if known is None else known.thing)

    def update(self, op: Op, old: Draft, pb: Message) -> Draft:
        """The vendor has no such operation."""
        raise NotImplementedError

    def remove(self, op: Op, old: Draft) -> None:
        """Take a label off."""


LINKS: Final = Links()
