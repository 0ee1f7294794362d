"""What is wanted and no step leads to: what platforms take only once, and what is gone. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from backstay.ads import AdSpec, Campaign, CampaignSpec, Capabilities, Capability
from backstay.services.campaigns.compare import creative_text
from backstay.services.campaigns.plan import Trouble
from backstay.services.campaigns.sight import Sight
from backstay.services.campaigns.spec import OneSpec, Place, Target
from backstay.services.live import Thing

FIXED: Final = ("objective", "compliance", "optimization", "billing", "conversion", "attribution", "extra")
"""What platforms take once, when the object is made."""
_ANEW: Final = "give the campaign another id in the spec (the old one is then paused), or put the old value back"


def troubles(target: Target, seen: Sight, can: Capabilities) -> Iterator[Trouble]:
    """What is fixed, what is gone."""
    for place in seen.gone:
        if place in target.parts():
            yield _trouble(
                target, place, "status", "deleted", "it was deleted or archived at the platform",
                "take it out of the spec, or give it another name (a campaign: another id) to have a new one made",
            )  # fmt: skip
    for place, spec in target.parts().items():
        thing, part = seen.things.get(place), seen.part(place)
        for name in FIXED:
            if part is not None and getattr(part.asked, name, None) != getattr(spec, name, None):
                yield _trouble(target, place, name, getattr(spec, name, None), "cannot be changed any more", _ANEW)
        if part is None and _other_objective(spec, thing):
            yield _trouble(target, place, "objective", _named(spec), f"it is {_named(thing)} there", _ANEW)
        if isinstance(spec, AdSpec) and part is not None and getattr(part.asked, "creative", None) != spec.creative:
            yield from _new_creative(target, place, spec, can)


def _other_objective(spec: OneSpec, thing: Thing | None) -> bool:
    if not isinstance(spec, CampaignSpec) or not isinstance(thing, Campaign) or thing.objective_inferred:
        return False
    return thing.objective is not spec.objective


def _named(thing: object) -> str:
    return str(getattr(thing, "objective", ""))


def _new_creative(target: Target, place: Place, spec: AdSpec, can: Capabilities) -> Iterator[Trouble]:
    if Capability.CREATIVE_EDIT_IN_PLACE not in can:
        yield _trouble(
            target, place, "creative", creative_text(spec.creative),
            f"{can.platform} cannot change the creative of an ad", "give the ad another name to have a new one made",
        )  # fmt: skip


def _trouble(target: Target, place: Place, field: str, value: object, message: str, hint: str) -> Trouble:
    return Trouble(id=target.id, on=target.on, field=f"{place}.{field}", value=str(value), message=message, hint=hint)
