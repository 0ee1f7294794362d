"""What the vendor checks in names, amounts, dates and states, with its own words."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from backstay.sandbox.world import State
from backstay_adapters.google_ads.sandbox.protos import Message, member, put

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.txn import Draft, Op

LONGEST: Final = 255
MOST_MICROS: Final = 10_000_000_000_000
TIME: Final = "%Y-%m-%d %H:%M:%S"

STATES: Final = {"ENABLED": State.ACTIVE, "PAUSED": State.PAUSED}


def name(op: Op, pb: Message, family: str, bad: str, longest: int = LONGEST) -> str:
    """A required name without NUL, LF and CR."""
    text = str(pb.name)
    if not text.strip():
        raise op.required("name")
    if any(each in text for each in "\x00\n\r"):
        raise op.refuse(family, bad, "The name cannot be used.", "name", trigger=text)
    if len(text) > longest:
        raise op.refuse("string_length_error", "TOO_LONG", "Too long.", "name", trigger=text)
    return text


def unique(
    op: Op, own: Draft | None, label: str, family: str, taken: str, text: str, parent: str | None = None
) -> None:
    """Refuse a name that another object has: within its parent, if one is given."""
    reserved = op.txn.ctx.switches.reserve_removed_names
    for other in op.txn.named(op.kind, label):
        if own is not None and other.name == own.name:
            continue
        if parent is not None and other.parent != parent:
            continue
        if other.state is not State.REMOVED or reserved:
            raise op.refuse(family, taken, text, "name", trigger=label)


def state(op: Op, pb: Message, *, created: bool) -> State:
    """What the status says; a new object without one is ENABLED, as the vendor has it."""
    word = member(pb, "status")
    if created and word == "UNSPECIFIED":
        put(pb, "status", "ENABLED")
        return State.ACTIVE
    if created and word == "REMOVED":
        text = "A CREATE operation may not set status to REMOVED."
        raise op.refuse("operation_access_denied_error", "CREATE_AS_REMOVED_NOT_PERMITTED", text, "status")
    if word not in STATES:
        refused = ("campaign_error", "INVALID_STATUS_CHANGE") if op.kind.word == "campaign" else ("enum_error", None)
        text = f"The status cannot be set to {word}; use a remove operation to remove."
        raise op.refuse(refused[0], refused[1] or "ENUM_VALUE_NOT_PERMITTED", text, "status", trigger=word)
    return STATES[word]


def billable(op: Op, micros: int, family: str, odd: str, *path: str) -> None:
    """Refuse what is no multiple of the account's smallest billable unit."""
    if micros % op.txn.customer.billable_unit:
        text = "The value is not a multiple of the smallest billable unit of the currency."
        raise op.refuse(family, odd, text, *path, trigger=str(micros))


def bids(op: Op, pb: Message) -> None:
    """Every amount whose field ends in `_micros` is a multiple of the billable unit."""
    for field, value in pb.ListFields():
        if field.name.endswith("_micros") and isinstance(value, int):
            billable(op, value, "currency_error", "VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT", field.name)


def moment(op: Op, pb: Message, field: str) -> float | None:
    """Wall seconds of a time in the account's zone; None when it is not set."""
    text = getattr(pb, field)
    if not text:
        return None
    try:
        local = datetime.strptime(text, TIME).replace(tzinfo=ZoneInfo(op.txn.customer.timezone))
    except ValueError:
        words = "The string date time's format should be yyyy-MM-dd HH:mm:ss."
        raise op.refuse("date_error", "INVALID_STRING_DATE_TIME_SECONDS", words, field, trigger=text) from None
    return local.timestamp()


def local(op: Op, seconds: float) -> datetime:
    """A moment in the account's zone."""
    return datetime.fromtimestamp(seconds, ZoneInfo(op.txn.customer.timezone))
