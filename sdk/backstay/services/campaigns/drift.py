"""Live against spec: what differs, and who made it differ, as far as it can be known. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backstay.ads import Ad, ConfiguredStatus, DeliveryStatus
from backstay.services.campaigns.compare import differences, is_on
from backstay.services.campaigns.report import Drifted
from backstay.services.campaigns.sight import Sight
from backstay.services.campaigns.spec import OneSpec, Place, Target
from backstay.services.campaigns.state import Accepted, Part
from backstay.services.campaigns.words import Who
from backstay.services.live import Thing
from backstay.writes.readback import text_of

HELD_BACK: Final = frozenset({
    DeliveryStatus.REJECTED, DeliveryStatus.ACCOUNT_BLOCKED, DeliveryStatus.MISCONFIGURED, DeliveryStatus.ENDED,
    DeliveryStatus.BUDGET_EXHAUSTED, DeliveryStatus.LIMITED,
})  # fmt: skip
"""What the platform does by itself to something that is switched on."""


def drifted(target: Target, seen: Sight, *, held: bool = False) -> Iterator[Drifted]:
    """Everything that is not as the target wants it."""
    if seen.campaign is None and not seen.gone:
        yield _one(target, Place(), None, "campaign", "there", "half built" if seen.unfinished else "missing", Who.SPEC)
        return
    for place, spec in target.parts().items():
        thing, part = seen.things.get(place), seen.part(place)
        if thing is None:
            gone = place in seen.gone
            told = ("there", "deleted or archived") if gone else ("there", "missing")
            yield _one(target, place, None, "object", *told, Who.OUTSIDE if gone else Who.SPEC)
            continue
        yield from _fields(target, place, spec, thing, part)
        yield from _status(target, place, thing, part, held=held)
    for place, thing in seen.things.items():
        if place not in target.parts() and is_on(thing):
            yield _one(target, place, thing, "status", "paused (not in the spec any more)", "active", Who.SPEC)
    for thing in seen.extras:
        yield _one(target, Place(), thing, thing.ref.level.value, "not there", thing.name, Who.OUTSIDE)


def _fields(target: Target, place: Place, spec: OneSpec, thing: Thing, part: Part | None) -> Iterator[Drifted]:
    written = () if part is None else part.accepted
    for each in differences(spec, thing):
        root = each.field.partition(".")[0]
        edited = part is None or getattr(part.asked, root, None) != getattr(spec, root, None)
        who = Who.PLATFORM if Accepted.of(each) in written else Who.SPEC if edited else Who.OUTSIDE
        yield _one(target, place, thing, each.field, text_of(each.asked), text_of(each.shown), who)
    if isinstance(thing, Ad) and part is not None and part.creative is not None:
        for name in ("texts", "headlines", "link", "call_to_action"):
            was, now = getattr(part.creative, name), getattr(thing.creative, name)
            if was != now:
                yield _one(target, place, thing, f"creative.{name}", text_of(was), text_of(now), Who.OUTSIDE)


def _status(target: Target, place: Place, thing: Thing, part: Part | None, *, held: bool) -> Iterator[Drifted]:
    on, wanted = is_on(thing), target.runs(place)
    matters = place == Place() or target.status is ConfiguredStatus.ACTIVE
    if on != wanted and matters:
        was = None if part is None else part.on
        words = {True: "active", False: "paused"}
        shows = words[True] if on else thing.status.configured.value
        who = Who.HELD if held and wanted else Who.OUTSIDE if was is wanted else Who.SPEC
        yield _one(target, place, thing, "status", words[wanted], shows, who)
    elif on and wanted and thing.status.delivery in HELD_BACK:
        why = f"{thing.status.delivery.value} {' '.join(thing.status.reasons)}".strip()
        yield _one(target, place, thing, "delivery", "delivering", why, Who.PLATFORM)


def _one(
    target: Target, place: Place, thing: Thing | None, field: str, wanted: str, shows: str, by: Who
) -> Drifted:  # fmt: skip
    ref = None if thing is None else thing.ref
    return Drifted(
        id=target.id, on=target.on, place=str(place), ref=ref, field=field, wanted=wanted, shows=shows, by=by
    )
