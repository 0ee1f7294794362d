"""Carries one step out: the state is saved first, values are absolute, and what is kept is what was read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupPatch,
    AdPatch,
    AdPlatform,
    Budget,
    BuiltTree,
    Campaign,
    CampaignPatch,
    CampaignTree,
    ConfiguredStatus,
    Ref,
)
from backstay.errors import ConflictError, NotReadyError
from backstay.services.campaigns.book import Book
from backstay.services.campaigns.compare import changed_part, differences, found_part, is_on, new_part
from backstay.services.campaigns.plan import Step
from backstay.services.campaigns.sight import sight
from backstay.services.campaigns.spec import CampaignSet, OneSpec, Place, Target
from backstay.services.campaigns.state import Site
from backstay.services.campaigns.words import Do
from backstay.services.hashing import fingerprint
from backstay.services.live import Thing, look
from backstay.writes.readback import text_of
from backstay.writes.tree import activate_tree

CONFIRMED: Final = frozenset({"budget", "bid"})
"""What must be shown as it was asked for before anything else is raised."""


class Carrier:
    """Of one manager."""

    def __init__(self, spec: CampaignSet, on: Mapping[str, AdPlatform], book: Book) -> None:
        self._spec, self._on, self._book = spec, on, book
        self._targets = {target.name: target for target in spec.targets}

    async def carry(self, step: Step) -> None:
        """Write it, and keep what was read back.

        Raises:
            ConflictError: another manager works on the set, or somebody has changed the object since it was planned.
            NotReadyError: money was written, and the platform still shows the old amount.
            BackstayError: whatever the platform raises.
        """
        await self._book.alone()
        if step.do in {Do.CREATE, Do.FINISH}:
            await self._create(self._targets[step.target])
        elif step.do is Do.ADD:
            await self._add(self._targets[step.target], step.place)
        elif step.do is Do.PAUSE:
            await self._pause(step)
        elif step.do is Do.ACTIVATE:
            await self._activate(self._targets[step.target])
        else:
            await self._change(self._targets[step.target], step)

    # Creating -----------------------------------------------------------------------------------------------------

    async def _create(self, target: Target) -> None:
        """A tree is finished as it was begun, even if the spec was changed meanwhile."""
        site = self._site(target)
        tree = site.begun or target.tree
        await self._book.keep(site.but(begun=tree))
        made = await self._on[target.on].create_tree(tree, idempotency_key=self._spec.key(target.id))
        for place, spec, thing in _pairs(tree, made.value):
            site = site.with_part(new_part(place, spec, thing))
        await self._book.keep(site.but(begun=None))

    async def _add(self, target: Target, place: Place) -> None:
        """An object under one that is there; its key is made of its name, so that its place in the file is free."""
        site, platform, spec = self._site(target), self._on[target.on], target.parts()[place]
        key = add_key(self._spec.key(target.id), place)
        above = await self._ref(target, place.parent)
        make: Any = platform.create_ad if place.ad else platform.create_ad_group
        made = await make(above, spec, idempotency_key=key)
        await self._book.keep(site.with_part(new_part(place, spec, made.value)))

    async def _ref(self, target: Target, place: Place) -> Ref:
        part = self._site(target).part(place)
        if part is not None:
            return part.ref
        seen = await sight(self._on[target.on], self._spec, target, self._book.state.site(target.name))
        if place not in seen.things:
            raise ConflictError(
                f"{place} of {target.name} is not there", field="ref", value=str(place), rule="campaigns.parent",
                hint="apply the same spec again: what it is in could not be made",
            )  # fmt: skip
        return seen.things[place].ref

    # Changing -----------------------------------------------------------------------------------------------------

    async def _pause(self, step: Step) -> None:
        assert step.ref is not None  # noqa: S101 - only what is there is paused
        await self._on[step.on].set_status(step.ref, ConfiguredStatus.PAUSED)
        site = self._book.state.site(step.target)
        part = None if site is None else site.part(step.place)
        if site is not None and part is not None:
            await self._book.keep(site.with_part(part.but(on=False)))

    async def _change(self, target: Target, step: Step) -> None:
        assert step.ref is not None  # noqa: S101 - only what is there is changed
        platform, spec = self._on[target.on], target.parts()[step.place]
        live = await look(platform, step.ref)
        _require_as_planned(step, spec, live)
        names = names_of(step)
        answer = await update(platform, step, spec, live)
        _require_confirmed(step, spec, answer.value)
        site = self._site(target)
        part = site.part(step.place) or found_part(step.place, spec, live)
        await self._book.keep(site.with_part(changed_part(part, spec, answer.value, names, answer.pending)))

    async def _activate(self, target: Target) -> None:
        """Leaves first, the campaign last; what stays off, and leaves that are on, are left out."""
        platform, site = self._on[target.on], self._site(target)
        on = [place for place in target.parts() if target.runs(place)]
        seen = await sight(platform, self._spec, target, self._book.state.site(target.name))
        asleep = {place for place in on if place in seen.things and not is_on(seen.things[place])}
        tree = seen.tree(asleep | {place.parent for place in asleep})
        if tree is None or set(on) - set(seen.things):
            missing = ", ".join(str(place) for place in on if place not in seen.things) or "its campaign"
            raise ConflictError(
                f"{target.name} lacks {missing}, so it is not switched on", field="status", value=missing,
                rule="campaigns.incomplete", hint="apply the same spec again: what is missing is made first",
            )  # fmt: skip
        await activate_tree(platform, tree)
        for place in on:
            part = site.part(place) or found_part(place, target.parts()[place], seen.things[place])
            site = site.with_part(part.but(on=True))
        try:
            await self._book.keep(site)
            held = self._book.state.held
        except ConflictError:  # all was paused meanwhile, or another manager is at work: it must not run unkept
            await platform.set_status(tree.campaign.ref, ConfiguredStatus.PAUSED)
            raise
        if held:
            await platform.set_status(tree.campaign.ref, ConfiguredStatus.PAUSED)
            raise ConflictError(
                f"all was paused while {target.name} was switched on; it is off again", field="held", value=True,
                rule="campaigns.held", hint="release() first, then apply again",
            )  # fmt: skip

    def _site(self, target: Target) -> Site:
        return self._book.state.site(target.name) or Site(id=target.id, on=target.on)


def add_key(key: str, place: Place) -> str:
    """The key of an object that is added to a tree: of its names, so that its place in the file is free."""
    return f"{key}+{fingerprint(list(place))}"


def names_of(step: Step) -> list[str]:
    """The fields of a patch that a step is about."""
    return list(dict.fromkeys(each.name.partition(".")[0] for each in step.fields))


async def update(platform: AdPlatform, step: Step, spec: OneSpec, live: Thing, *, dry_run: bool = False) -> Any:
    """One call for all fields of a step; a budget alone goes by `set_budget`."""
    values: dict[str, Any] = {name: getattr(spec, name) for name in names_of(step)}
    budget, ref = values.get("budget"), live.ref
    if isinstance(budget, Budget) and len(values) == 1 and not isinstance(live, Ad):
        return await platform.set_budget(ref, budget, expect=live, dry_run=dry_run)
    if isinstance(live, Campaign):
        return await platform.update_campaign(ref, CampaignPatch(**values), expect=live, dry_run=dry_run)
    if isinstance(live, AdGroup):
        return await platform.update_ad_group(ref, AdGroupPatch(**values), expect=live, dry_run=dry_run)
    return await platform.update_ad(ref, AdPatch(**values), expect=live, dry_run=dry_run)


def _require_as_planned(step: Step, spec: OneSpec, live: Thing) -> None:
    """Refuse to write over what somebody has changed since the plan was made."""
    now = {each.field: text_of(each.shown) for each in differences(spec, live)}
    for field in step.fields:
        if field.name != "creative" and now.get(field.name, field.after) not in {field.before, field.after}:
            raise ConflictError(
                f"{step.place} {field.name} is {now[field.name]} by now, the plan was made for {field.before}",
                field=field.name, value=now[field.name], rule="campaigns.changed", hint="make a new plan",
            )  # fmt: skip


def _require_confirmed(step: Step, spec: OneSpec, shown: Thing) -> None:
    for each in differences(spec, shown):
        if each.field in CONFIRMED and any(field.name == each.field for field in step.fields):
            raise NotReadyError(
                f"{step.place} {each.field} was set to {text_of(each.asked)} and still shows {text_of(each.shown)}",
                field=each.field, value=text_of(each.shown), rule="campaigns.confirm",
                hint="apply the same spec again later; nothing is raised before all that give have given",
            )  # fmt: skip


def _pairs(tree: CampaignTree, built: BuiltTree) -> list[tuple[Place, OneSpec, Thing]]:
    """Each object with what it was asked to be; both are in the same order."""
    found: list[tuple[Place, OneSpec, Thing]] = [(Place(), tree.campaign, built.campaign)]
    for group, made in zip(tree.groups, built.groups, strict=True):
        name = group.ad_group.name
        found.append((Place(name), group.ad_group, made.ad_group))
        found += [(Place(name, ad.name), ad, shown) for ad, shown in zip(group.ads, made.ads, strict=True)]
    return found
