"""One campaign as its platform has it now: every object at its place, and what is not as it was left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from backstay.ads import Ad, AdGroup, AdPlatform, BuiltGroup, BuiltTree, Campaign, ConfiguredStatus, Level, Query, Ref
from backstay.errors import NotFoundError
from backstay.services.campaigns.spec import CampaignSet, Place, Target
from backstay.services.campaigns.state import Part, Site
from backstay.services.live import LIVE, Thing

GONE = frozenset({ConfiguredStatus.DELETED, ConfiguredStatus.ARCHIVED})


@dataclass(slots=True)
class Sight:
    """What was read."""

    site: Site | None = None
    """What is known of it; also what was found by its key alone."""
    things: dict[Place, Thing] = field(default_factory=dict)
    extras: tuple[Thing, ...] = ()
    """Objects under the campaign that this service has not made and the spec does not name."""
    gone: tuple[Place, ...] = ()
    """Objects that were there and are deleted or archived."""
    unfinished: bool = False
    """Its building broke off."""

    @property
    def campaign(self) -> Campaign | None:
        """None if there is none."""
        found = self.things.get(Place())
        return found if isinstance(found, Campaign) else None

    def part(self, place: Place) -> Part | None:
        """What is known of one object."""
        return None if self.site is None else self.site.part(place)

    def tree(self, places: Iterable[Place]) -> BuiltTree | None:
        """Those objects as a tree; None without the campaign."""
        wanted, campaign = set(places), self.campaign
        if campaign is None:
            return None
        groups = []
        for place, group in self.things.items():
            if place in wanted and isinstance(group, AdGroup):
                ads = [ad for each, ad in self.things.items() if each in wanted and each.parent == place]
                groups.append(BuiltGroup(ad_group=group, ads=tuple(ad for ad in ads if isinstance(ad, Ad))))
        return BuiltTree(campaign=campaign, groups=tuple(groups))


async def sight(platform: AdPlatform, spec: CampaignSet, target: Target | None, site: Site | None) -> Sight:
    """Read a campaign live, with all that is under it; one that nobody remembers is looked for by its key."""
    if site is not None and site.begun is not None:
        return Sight(site=site, unfinished=True)
    ref = None if site is None else site.ref
    if ref is None and target is not None:
        found = await platform.find_by_key(Level.CAMPAIGN, spec.key(target.id))
        ref = found[0] if found else None
    if ref is None:
        return Sight(site=site)
    try:
        campaign = await platform.get_campaign(ref, **LIVE)
    except NotFoundError:
        return Sight(site=site, gone=(Place(),))
    if campaign.status.configured in GONE:
        return Sight(site=site, gone=(Place(),))
    if target is None:
        return Sight(site=site, things={Place(): campaign})  # it is only to be off
    below = Query(parent=ref)
    groups = [each async for each in platform.list_ad_groups(below, **LIVE)]
    ads = [each async for each in platform.list_ads(below, **LIVE)]
    return _arranged(target, site, campaign, [each for each in groups if each.status.configured not in GONE],
                     [each for each in ads if each.status.configured not in GONE])  # fmt: skip


def _arranged(target: Target, site: Site | None, campaign: Campaign, groups: list[AdGroup], ads: list[Ad]) -> Sight:
    """Objects that we have made by their refs, others by their names where the spec names them."""
    wanted = set(target.parts())
    known = {} if site is None else {part.ref: part.place for part in site.parts}
    things: dict[Place, Thing] = {Place(): campaign}
    extras: list[Thing] = []
    above: dict[Ref, str] = {}
    for group in groups:
        place = known.get(group.ref) or Place(group.name)
        if _put(things, place, group, known, wanted):
            above[group.ref] = place.group
        else:
            extras.append(group)
    for ad in ads:
        name = above.get(ad.ad_group)
        place = known.get(ad.ref) or Place(name or "", ad.name)
        if name is None or not _put(things, place, ad, known, wanted):
            extras.append(ad)
    gone = tuple(place for place in known.values() if place not in things)
    adopted = site or Site(id=target.id, on=target.on)
    return Sight(adopted, things, tuple(extras), gone, unfinished=site is None and bool(wanted - set(things)))


def _put(
    things: dict[Place, Thing], place: Place, thing: Thing, known: Mapping[Ref, Place], wanted: set[Place]
) -> bool:  # fmt: skip
    """Put an object at its place, if it belongs there."""
    if place in things or (thing.ref not in known and place not in wanted):
        return False
    things[place] = thing
    return True
