"""What a manager keeps: which objects are whose, what was asked for last, and how the platform wrote it down."""

from __future__ import annotations

from pydantic import Field

from backstay.ads import AdGroupSpec, AdSpec, CampaignSpec, CampaignTree, Creative, Ref
from backstay.services.campaigns.spec import Place
from backstay.spec import Spec
from backstay.writes.readback import Difference, text_of


class Accepted(Spec):
    """How the platform wrote a value right after it was asked for it: no difference, as long as both stay."""

    field: str
    asked: str
    shown: str

    @classmethod
    def of(cls, found: Difference) -> Accepted:
        """In words, as they are shown to people."""
        return cls(field=found.field, asked=text_of(found.asked), shown=text_of(found.shown))


class Part(Spec):
    """One object."""

    group: str = ""
    ad: str = ""
    ref: Ref
    asked: CampaignSpec | AdGroupSpec | AdSpec = Field(union_mode="left_to_right")
    accepted: tuple[Accepted, ...] = ()
    on: bool = False
    """Whether this service has left it switched on."""
    creative: Creative | None = None
    """Of an ad: as it was shown when it was made or changed last."""

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

    def with_part(self, part: Part) -> Site:
        """With one object replaced or added."""
        return self.but(parts=tuple({**{each.place: each for each in self.parts}, part.place: part}.values()))


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

    def put_out(self) -> CampaignsState:
        """All off and held."""
        sites = [site.but(parts=tuple(part.but(on=False) for part in site.parts)) for site in self.sites]
        return self.but(sites=tuple(sites), held=True)
