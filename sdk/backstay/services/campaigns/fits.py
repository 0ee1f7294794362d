"""Whether a spec fits a platform, by its capabilities alone; and what one spec means on several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from backstay.ads import AdPlatform, AdSpec, Budget, Capabilities, Capability, Objective
from backstay.ads.exposure import max_daily_exposure
from backstay.ads.words import BudgetPeriod
from backstay.services.campaigns.plan import Differs, Trouble
from backstay.services.campaigns.spec import Place, Target
from backstay.writes.readback import text_of

_MATTERS: Final = {
    Capability.CREATIVE_EDIT_IN_PLACE: "a creative can be changed later",
    Capability.ATOMIC_TREE: "the tree is made at once or not at all",
    Capability.VALIDATE_ONLY: "a plan is checked by the vendor",
    Capability.NAME_UNIQUE: "names must be unique in the account",
}


def unfit(target: Target, can: Capabilities) -> Iterator[Trouble]:
    """What the platform lacks that the spec needs; asks nobody."""
    for place, spec in target.parts().items():
        for field, needed in _needs(place, spec):
            if needed not in can:
                hint = can.reasons.get(needed) or f"leave it out for this platform: per: {{{target.on}: ...}}"
                yield Trouble(
                    id=target.id, on=target.on, field=f"{place}.{field}", value=text_of(getattr(spec, field, None)),
                    message=f"{can.platform} lacks {needed.value}", hint=hint,
                )  # fmt: skip


def _needs(place: Place, spec: Any) -> Iterator[tuple[str, Capability]]:
    budget = getattr(spec, "budget", None)
    if budget is not None and budget.period is BudgetPeriod.NONE:
        yield "budget", Capability.NO_BUDGET
    elif budget is not None:
        yield "budget", Capability.AD_GROUP_BUDGET if place.group else Capability.CAMPAIGN_BUDGET
        if budget.period is BudgetPeriod.LIFETIME and not place.group:
            yield "budget", Capability.CAMPAIGN_LIFETIME_BUDGET
    if getattr(spec, "objective", None) is Objective.ENGAGEMENT:
        yield "objective", Capability.ENGAGEMENT_OBJECTIVE
    if isinstance(spec, AdSpec) and spec.creative.ai_generated:
        yield "creative", Capability.AI_DISCLOSURE


def differs(targets: list[Target], on: Mapping[str, AdPlatform]) -> Iterator[Differs]:
    """Of campaigns that are on several platforms: what is not the same there."""
    for name in dict.fromkeys(target.id for target in targets):
        own = [target for target in targets if target.id == name and target.on in on]
        if len(own) < 2:
            continue
        told = {target.on: _exposure(target, on[target.on].capabilities) for target in own}
        rows: list[tuple[str, dict[str, str]]] = [("most that can be spent on one day", told)]
        for flag, meaning in _MATTERS.items():
            yes = {target.on: "yes" if flag in on[target.on].capabilities else "no" for target in own}
            rows.append((meaning, yes))
        rows += [
            (field, {target.on: text_of(getattr(target.tree.campaign, field)) for target in own})
            for field in ("objective", "budget", "bid")
        ]
        for what, by in rows:
            if len(set(by.values())) > 1:
                yield Differs(id=name, what=what, by=tuple(by.items()))


def _exposure(target: Target, can: Capabilities) -> str:
    budgets: list[Budget] = [
        spec.budget
        for spec in target.parts().values()
        if not isinstance(spec, AdSpec) and spec.budget is not None and spec.budget.amount is not None
    ]
    found = [max_daily_exposure(budget, can.overspend) for budget in budgets]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found) or len({each.currency for each in known}) > 1:
        return "no limit of its own"
    return text_of(sum(known[1:], known[0]))
