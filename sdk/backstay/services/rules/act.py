"""One write: absolute, against what was decided on, and told apart by what is known of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupPatch,
    AdPlatform,
    Bid,
    Budget,
    Campaign,
    CampaignPatch,
    ConfiguredStatus,
    Money,
)
from backstay.errors import BackstayError, ConflictError
from backstay.services.live import Thing, look
from backstay.services.rules.decide import STATE, Decision, amount_of
from backstay.services.rules.record import End
from backstay.services.rules.words import Kind, Part
from backstay.taxonomy import Certainty

AMOUNTS: Final = frozenset({Kind.INCREASE, Kind.DECREASE})


@dataclass(frozen=True, slots=True)
class Written:
    """How a write ended."""

    end: End
    error: BackstayError | None = None
    request_ids: tuple[str, ...] = ()


def is_after(decision: Decision, thing: Thing) -> bool:
    """Whether an object is as the action wants it."""
    if decision.kind in AMOUNTS:
        return decision.after is not None and _amount(thing, decision.part) == decision.after
    return decision.kind is not None and thing.status.configured is STATE[decision.kind]


def is_before(decision: Decision, thing: Thing) -> bool:
    """Whether it is as it was when it was judged."""
    if decision.kind in AMOUNTS:
        return decision.before is not None and _amount(thing, decision.part) == decision.before
    other = ConfiguredStatus.ACTIVE if decision.kind is Kind.PAUSE else ConfiguredStatus.PAUSED
    return thing.status.configured is other


async def carry_out(platform: AdPlatform, decision: Decision) -> Written:
    """Look, then write; raises nothing that a platform raises."""
    try:
        thing = await look(platform, decision.ref)
        if not is_before(decision, thing):
            return Written(End.CHANGED)
    except BackstayError as error:
        return Written(End.FAILED, error)  # nothing was sent but a read
    try:
        return Written(End.APPLIED, request_ids=await _write(platform, decision, thing))
    except ConflictError as error:
        return Written(End.CHANGED if error.certainty is not Certainty.UNKNOWN else End.UNKNOWN, error)
    except BackstayError as error:
        return Written(End.UNKNOWN if error.certainty is Certainty.UNKNOWN else End.FAILED, error)


async def _write(platform: AdPlatform, decision: Decision, thing: Thing) -> tuple[str, ...]:
    if decision.kind is Kind.PAUSE:
        return (await platform.set_status(decision.ref, ConfiguredStatus.PAUSED)).served.request_ids
    if decision.kind is Kind.RESUME:
        return (await platform.set_status(decision.ref, ConfiguredStatus.ACTIVE)).served.request_ids
    assert not isinstance(thing, Ad)  # noqa: S101 - ads have neither budget nor bid, so no rule sets one
    if decision.part is Part.BID:
        return await _bid(platform, decision, thing)
    assert thing.budget is not None  # noqa: S101 - it was equal to the one that was judged
    budget = Budget(amount=decision.after, period=thing.budget.period)
    return (await platform.set_budget(decision.ref, budget, expect=thing)).served.request_ids


async def _bid(platform: AdPlatform, decision: Decision, thing: Campaign | AdGroup) -> tuple[str, ...]:
    assert thing.bid is not None  # noqa: S101 - it was equal to the one that was judged
    bid = Bid(strategy=thing.bid.strategy, amount=decision.after)
    if isinstance(thing, AdGroup):
        patch = AdGroupPatch(bid=bid)
        return (await platform.update_ad_group(decision.ref, patch, expect=thing)).served.request_ids
    return (await platform.update_campaign(decision.ref, CampaignPatch(bid=bid), expect=thing)).served.request_ids


def _amount(thing: Thing, part: Part) -> Money | None:
    return None if isinstance(thing, Ad) else amount_of(thing.budget, thing.bid, part)
