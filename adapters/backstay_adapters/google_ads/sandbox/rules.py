"""What every operation goes through, whatever its resource: existence, masks, names; then the resource's own rules."""

from __future__ import annotations

from typing import Final, Protocol

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox import adgroup, ads, asset, budget, campaign, criterion, label
from backstay_adapters.google_ads.sandbox.kinds import Kind
from backstay_adapters.google_ads.sandbox.masks import masked
from backstay_adapters.google_ads.sandbox.protos import Message, clear, put
from backstay_adapters.google_ads.sandbox.txn import Draft, Op


class Rules(Protocol):
    """A resource's own rules."""

    def create(self, op: Op, pb: Message) -> Draft:
        """A new resource; raises the vendor's refusals."""
        ...

    def update(self, op: Op, old: Draft, pb: Message) -> Draft:
        """The changed resource; `pb` has the new fields in it."""
        ...

    def remove(self, op: Op, old: Draft) -> None:
        """Look whether it may go, and what goes with it."""
        ...


RULES: Final[dict[str, Rules]] = {
    "campaign": campaign,
    "campaign_budget": budget,
    "ad_group": adgroup,
    "ad_group_ad": ads,
    "ad_group_criterion": criterion.AD_GROUP,
    "campaign_criterion": criterion.CAMPAIGN,
    "asset": asset,
    "label": label,
    "campaign_label": label.LINKS,
    "ad_group_label": label.LINKS,
    "ad_group_ad_label": label.LINKS,
}


def apply(op: Op) -> Draft:
    """Do an operation in the transaction."""
    match op.action:
        case "create":
            return _create(op)
        case "update":
            return _update(op)
        case "remove":
            return _remove(op)
    raise op.refuse("request_error", "OPERATION_REQUIRED", "An operation is required.")


def _create(op: Op) -> Draft:
    given = op.operation.create
    temporary = given.resource_name
    _temporary(op, temporary)
    pb = type(given)()
    pb.CopyFrom(given)
    clear(pb, op.kind.output)
    draft = RULES[op.kind.word].create(op, pb)
    draft.pb.resource_name = draft.name
    if temporary:
        op.txn.real[temporary] = draft.name
    op.txn.touched.add(draft.name)
    if draft.thing is None or draft.thing.state is State.REMOVED:
        op.txn.create(draft)
    return draft


def _temporary(op: Op, name: str) -> None:
    if not name or op.kind.word.endswith("_label"):
        return
    if name in op.txn.real or name in op.txn.failed:
        text = "Creating more than one resource with the same temp ID is not allowed."
        raise op.refuse("new_resource_creation_error", "DUPLICATE_TEMP_IDS", text, "resource_name", trigger=name)
    tail = name.rsplit("/", 1)[-1].rsplit("~", 1)[-1]
    if not tail.startswith("-"):
        text = "Do not set the id field while creating new resources."
        raise op.refuse("new_resource_creation_error", "CANNOT_SET_ID_FOR_CREATE", text, "resource_name", trigger=name)


def _update(op: Op) -> Draft:
    given = op.operation.update
    if op.kind.word == "ad":
        return ads.update_content(op, given)
    old = _existing(op, given.resource_name, "resource_name")
    pb = masked(op, old.pb, given, op.operation.update_mask.paths)
    return RULES[op.kind.word].update(op, old, pb)


def _remove(op: Op) -> Draft:
    if op.kind.word == "ad":
        raise op.refuse("mutate_error", "MUTATE_NOT_ALLOWED", "Mutates are not allowed for the requested resource.")
    old = _existing(op, op.operation.remove)
    RULES[op.kind.word].remove(op, old)
    pb = type(old.pb)()
    pb.CopyFrom(old.pb)
    if "status" in pb.DESCRIPTOR.fields_by_name and op.kind.word != "asset":
        put(pb, "status", "REMOVED")
    gone = Draft(old.kind, old.name, pb, State.REMOVED, old.parent, old.key, old.thing)
    op.txn.update(gone, state=State.REMOVED)
    return gone


def _existing(op: Op, name: str, *path: str) -> Draft:
    if not name:
        raise op.refuse("request_error", "RESOURCE_NAME_MISSING", "The resource name is missing.", *path)
    if not _well_formed(op.kind, name):
        text = f"The resource name '{name}' is malformed."
        raise op.refuse("request_error", "RESOURCE_NAME_MALFORMED", text, *path, trigger=name)
    old = op.resolve(op.kind, name, *path)
    if old.state is State.REMOVED:
        raise _gone(op, name, *path)
    if old.name in op.txn.touched:
        text = "Cannot mutate the same resource twice in one request."
        raise op.refuse("mutate_error", "ID_EXISTS_IN_MULTIPLE_MUTATES", text, *path, trigger=name)
    op.txn.touched.add(old.name)
    return old


def _well_formed(kind: Kind, name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 4 and parts[0] == "customers" and parts[2] == kind.plural and bool(parts[3])


def _gone(op: Op, name: str, *path: str) -> Exception:
    if op.action == "remove" and op.txn.ctx.switches.remove_twice == "not_found":
        return op.refuse("mutate_error", "RESOURCE_NOT_FOUND", "Resource was not found.", *path, trigger=name)
    text = "The operation is not allowed for removed resources."
    member = "OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"
    return op.refuse("operation_access_denied_error", member, text, *path, trigger=name)
