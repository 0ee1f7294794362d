"""Field masks: which fields of a resource an update sets, and which it must not touch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backstay_adapters.google_ads.sandbox.protos import Message

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Op


def masked(op: Op, old: Message, new: Message, paths: Sequence[str]) -> Message:
    """The old resource with the new one's fields where the mask says so."""
    if not paths:
        text = "The field mask must be provided for update operations."
        raise op.refuse("field_mask_error", "FIELD_MASK_MISSING", text, "update_mask")
    made = type(old)()
    made.CopyFrom(old)
    for path in paths:
        _copy(op, made, new, path)
    return made


def _copy(op: Op, made: Message, new: Message, path: str) -> None:
    steps = [_spelled(step) for step in path.split(".")]
    if steps[0] in {*op.kind.immutable, *op.kind.output}:
        text = "The field attempted to be mutated is immutable."
        raise op.refuse("field_error", "IMMUTABLE_FIELD", text, *steps)
    source: Message | None = new
    for step in steps[:-1]:
        _known(op, made, step, path)
        source = getattr(source, step) if source is not None and _has(source, step) else None
        made = getattr(made, step)
        if source is not None:
            made.SetInParent()  # a message without fields still chooses, such as a bidding strategy without a target
    last = steps[-1]
    _known(op, made, last, path)
    _set(op, made, source, last, path)


def _set(op: Op, made: Message, source: Message | None, last: str, path: str) -> None:
    field = made.DESCRIPTOR.fields_by_name[last]
    if source is None or not _has(source, last):
        made.ClearField(last)
        return
    value = getattr(source, last)
    if field.is_repeated:
        made.ClearField(last)
        getattr(made, last).extend(value)
    elif field.message_type is None:
        setattr(made, last, value)
    elif value.ListFields():
        text = f"The field mask updated a field with subfields: '{path}'. Select the subfields instead."
        raise op.refuse("field_mask_error", "FIELD_HAS_SUBFIELDS", text, "update_mask")
    else:
        getattr(made, last).SetInParent()


def _known(op: Op, owner: Message, step: str, path: str) -> None:
    if step not in owner.DESCRIPTOR.fields_by_name:
        text = f"The field mask contained an invalid field: '{path}'."
        raise op.refuse("field_mask_error", "FIELD_NOT_FOUND", text, "update_mask", trigger=path)


def _has(owner: Message, name: str) -> bool:
    """Whether a field is set: with presence or without, a list when it is not empty."""
    field = owner.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        return False
    if field.has_presence:
        return bool(owner.HasField(name))
    return bool(getattr(owner, name))


def _spelled(step: str) -> str:
    """A field's name in the generated messages, which spell `type` with an underscore."""
    return "type_" if step == "type" else step
