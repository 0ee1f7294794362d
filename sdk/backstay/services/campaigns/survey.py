"""Reads every platform of a set and makes the plan: what cannot be is found before anything is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from backstay.ads import AdPlatform
from backstay.errors import BackstayError, InvalidRequestError
from backstay.services.campaigns.book import Teller
from backstay.services.campaigns.carry import add_key, update
from backstay.services.campaigns.compare import left, removed, steps
from backstay.services.campaigns.fits import differs, unfit
from backstay.services.campaigns.hurdles import troubles
from backstay.services.campaigns.plan import CampaignPlan, Left, Step, Trouble, Unread, in_order
from backstay.services.campaigns.sight import Sight, sight
from backstay.services.campaigns.spec import CampaignSet, Target
from backstay.services.campaigns.state import CampaignsState
from backstay.services.campaigns.words import LESS, Do

PASSING: Final = frozenset({"UNKNOWN_OUTCOME", "QUOTA_EXHAUSTED", "IN_FLIGHT"})
"""Types of what passes, although the same call at once would not help."""


@dataclass(slots=True)
class Looked:
    """All that was read, and the plan that it makes."""

    plan: CampaignPlan
    seen: dict[str, Sight] = field(default_factory=dict)


class Survey:
    """Of one manager."""

    def __init__(self, spec: CampaignSet, on: Mapping[str, AdPlatform], teller: Teller) -> None:
        self._spec, self._on, self._teller = spec, on, teller
        self._targets = {target.name: target for target in spec.targets}

    async def look(self, state: CampaignsState, *, check: bool = True) -> Looked:
        """Read every platform at the same time; one that cannot be read holds no other up."""
        names = sorted({target.on for target in self._spec.targets} | {site.on for site in state.sites})
        found = await asyncio.gather(*(self._seen(on, state) for on in names))
        seen = {name: each for some in found if isinstance(some, dict) for name, each in some.items()}
        plan = self._planned(seen, state).but(unread=tuple(each for each in found if isinstance(each, Unread)))
        if check and not plan.troubles:
            plan = await self._checked(plan, seen)
        self._teller.planned(plan)
        return Looked(plan, seen)

    async def _seen(self, on: str, state: CampaignsState) -> dict[str, Sight] | Unread:
        sites = {site.name: site for site in state.sites if site.on == on}
        targets = {target.name: target for target in self._spec.targets if target.on == on}
        try:
            platform = platform_of(self._on, on)
            names = list({**targets, **sites})
            found = await asyncio.gather(
                *(sight(platform, self._spec, targets.get(name), sites.get(name)) for name in names),
                return_exceptions=True,  # all end before the first error is raised
            )
            return {name: _seen_or_raised(each) for name, each in zip(names, found, strict=True)}
        except BackstayError as error:
            self._teller.trouble(f"reading {on}", error)
            return Unread(on=on, error_type=error.type, message=error.message)

    def _planned(self, seen: Mapping[str, Sight], state: CampaignsState) -> CampaignPlan:
        found: list[Step] = []
        kept: list[Left] = []
        trouble: list[Trouble] = []
        for name, each in seen.items():
            target, site = self._targets.get(name), each.site
            if target is None:
                found += [] if site is None else removed(site.on, site.id, each)
                continue
            can = self._on[target.on].capabilities
            trouble += [*unfit(target, can), *troubles(target, each, can)]
            own = steps(target, each)
            found += own
            kept.append(Left(id=target.id, on=target.on, objects=left(target, each, own)))
        held = [step for step in found if state.held and step.do is Do.ACTIVATE]
        return CampaignPlan(
            set=self._spec.id, steps=in_order([step for step in found if step not in held]), held=tuple(held),
            left=tuple(each for each in kept if each.objects), troubles=tuple(trouble),
            differs=tuple(differs(list(self._spec.targets), self._on)),
        )  # fmt: skip

    async def _checked(self, plan: CampaignPlan, seen: Mapping[str, Sight]) -> CampaignPlan:
        """Every write by a dry run: what the adapter or the vendor refuses is told before anything is sent."""
        found: list[Trouble] = []
        unread = list(plan.unread)
        for step in plan.steps:
            target = self._targets.get(step.target)
            if target is None or step.on in {each.on for each in unread}:
                continue
            try:
                await self._tried(step, target, seen[step.target])
            except BackstayError as error:
                if error.retryable or error.type in PASSING:
                    unread.append(Unread(on=step.on, error_type=error.type, message=error.message))
                else:
                    found.append(_refused(step, error))
        return plan.but(troubles=tuple(found), unread=tuple(unread))

    async def _tried(self, step: Step, target: Target, seen: Sight) -> None:
        platform, key, place = self._on[step.on], self._spec.key(target.id), step.place
        if step.do is Do.CREATE:
            await platform.create_tree(target.tree, idempotency_key=key, dry_run=True)
        elif step.do is Do.ADD and place.parent in seen.things:
            above, spec = seen.things[place.parent].ref, target.parts()[place]
            make = platform.create_ad if place.ad else platform.create_ad_group
            await make(above, spec, idempotency_key=add_key(key, place), dry_run=True)  # type: ignore[arg-type]  # of its level
        elif step.fields and step.do not in {*LESS - {Do.LOWER}, Do.ACTIVATE, Do.ADD, Do.FINISH}:
            await update(platform, step, target.parts()[place], seen.things[place], dry_run=True)


def _seen_or_raised(found: Sight | BaseException) -> Sight:
    if isinstance(found, BaseException):
        raise found
    return found


def platform_of(on: Mapping[str, AdPlatform], name: str) -> AdPlatform:
    """The platform of a name; raises InvalidRequestError if there is none."""
    if name not in on:
        raise InvalidRequestError(
            f"there is no platform {name}", field="on", value=name,
            hint=f"pass it with `on`; there are {', '.join(sorted(on)) or 'none'}", rule="campaigns.on",
        )  # fmt: skip
    return on[name]


def require(plan: CampaignPlan) -> None:
    """Refuse to begin while something is wanted that cannot be; all of it is told."""
    if not plan.troubles:
        return
    first = plan.troubles[0]
    told = [f"{each.id} on {each.on}, {each.field}: {each.message} ({each.hint})" for each in plan.troubles]
    head = "" if len(told) == 1 else f"{len(told)} troubles:\n- "
    raise InvalidRequestError(
        head + "\n- ".join(told), field=first.field, value=first.value, hint=first.hint, rule="campaigns.trouble"
    )


def _refused(step: Step, error: BackstayError) -> Trouble:
    place = "" if step.place == ("", "") else f"{step.place}."
    return Trouble(
        id=step.id, on=step.on, field=f"{place}{error.field or step.do.value}", value=str(error.value or ""),
        message=error.message, hint=error.hint or "see the vendor's message",
    )  # fmt: skip
