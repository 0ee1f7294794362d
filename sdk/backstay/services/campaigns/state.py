"""What a manager keeps: which objects are whose, what was asked for last, and how the platform showed it then."""

from __future__ import annotations

from pydantic import Field

from backstay.ads import Ad, AdGroup, AdGroupSpec, AdSpec, Campaign, CampaignSpec, CampaignTree, Ref
from backstay.services.campaigns.spec import OneSpec, Place
from backstay.services.live import Thing
from backstay.spec import Spec


class Part(Spec):
    """One object."""

    group: str = ""
    ad: str = ""
    ref: Ref
    asked: CampaignSpec | AdGroupSpec | AdSpec = Field(union_mode="left_to_right")
    shown: Campaign | AdGroup | Ad = Field(union_mode="left_to_right")

    @property
    def place(self) -> Place:
        """Where in its tree."""
        return Place(self.group, self.ad)


class Site(Spec):
    """One campaign on one platform."""

    id: str
    on: str
    begun: CampaignTree | None = None
    """The tree whose building may have broken off; it is finished as it was begun."""
    parts: tuple[Part, ...] = ()
    """None before the tree was built."""

    @property
    def name(self) -> str:
        """As its target's."""
        return f"{self.id}@{self.on}"

    @property
    def ref(self) -> Ref | None:
        """The campaign's, if it is known."""
        part = self.part(Place())
        return None if part is None else part.ref

    def part(self, place: Place) -> Part | None:
        """One object."""
        return next((part for part in self.parts if part.place == place), None)

    def with_part(self, place: Place, asked: OneSpec, shown: Thing) -> Site:
        """With one object as it was asked for and is shown now."""
        part = Part(group=place.group, ad=place.ad, ref=shown.ref, asked=asked, shown=shown)
        known = {each.place: each for each in self.parts}
        return self.but(parts=tuple({**known, place: part}.values()))


class CampaignsState(Spec):
    """All of it."""

    sites: tuple[Site, ...] = ()
    held: bool = False
    """All was paused by `pause_all()`: nothing is activated until `release()`."""

    def site(self, name: str) -> Site | None:
        """One campaign on one platform."""
        return next((site for site in self.sites if site.name == name), None)

    def with_site(self, site: Site) -> CampaignsState:
        """With one of them replaced or added."""
        known = {each.name: each for each in self.sites}
        return self.but(sites=tuple({**known, site.name: site}.values()))
