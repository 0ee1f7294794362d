"""What is wanted: campaigns, each on one platform, under one name of the set. The file form ends here too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AfterValidator, model_validator

from backstay.ads import AdGroupSpec, AdSpec, CampaignSpec, CampaignTree, ConfiguredStatus, Level
from backstay.errors import InvalidRequestError
from backstay.services.store import check_name
from backstay.spec import Spec

Name = Annotated[str, AfterValidator(check_name)]
OneSpec = CampaignSpec | AdGroupSpec | AdSpec


class Place(NamedTuple):
    """An object's place in its tree: nothing, the name of its ad group, and of the ad."""

    group: str = ""
    ad: str = ""

    @property
    def level(self) -> Level:
        """Which kind of object."""
        return Level.AD if self.ad else Level.AD_GROUP if self.group else Level.CAMPAIGN

    @property
    def parent(self) -> Place:
        """What it is in."""
        return Place(self.group) if self.ad else Place()

    def __str__(self) -> str:
        return " / ".join(part for part in self if part) or "campaign"


class Target(Spec):
    """One campaign with all under it, on one platform."""

    id: Name
    """Stays the same when the campaign is renamed; its idempotency key is made of it."""
    on: str
    """The platform's name in the manager's `on`."""
    tree: CampaignTree
    status: Literal[ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED] = ConfiguredStatus.PAUSED
    off: tuple[tuple[str, str], ...] = ()
    """Ad groups and ads that stay paused while the campaign runs: ("Everybody", "") or ("Everybody", "First")."""

    @model_validator(mode="after")
    def _off_names_parts(self) -> Self:
        for group, ad in self.off:
            if Place(group, ad) not in self.parts():
                raise InvalidRequestError(
                    f"off: there is no {Place(group, ad)}", field="off", value=f"{group}/{ad}",
                    hint="name an ad group of the tree, or an ad of it",
                )  # fmt: skip
        return self

    @property
    def name(self) -> str:
        """Of this campaign on this platform."""
        return f"{self.id}@{self.on}"

    def parts(self) -> dict[Place, OneSpec]:
        """Every object's spec, the campaign first."""
        return dict(_parts(self.tree))

    def runs(self, place: Place) -> bool:
        """Whether an object is to be on: where the campaign is, unless it or what it is in stays off."""
        off = {Place(group, ad) for group, ad in self.off}
        return self.status is ConfiguredStatus.ACTIVE and not {place, place.parent} & off


class CampaignSet(Spec):
    """All that one manager looks after."""

    id: Name
    targets: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [target.name for target in self.targets]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidRequestError(
                f"targets: {twice} is there twice", field="targets", value=twice,
                hint="give each campaign an id of its own",
            )  # fmt: skip
        return self

    @classmethod
    def of(
        cls,
        id: str,  # noqa: A002 - the field's own name
        campaigns: Mapping[str, Mapping[str, CampaignTree]],
        status: Literal[ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED] = ConfiguredStatus.PAUSED,
    ) -> Self:
        """Trees by campaign and platform."""
        found = [
            Target(id=name, on=on, tree=tree, status=status)
            for name, trees in campaigns.items()
            for on, tree in trees.items()
        ]
        return cls(id=id, targets=tuple(found))

    def key(self, target: str) -> str:
        """The idempotency key of a campaign's tree: the same in every process, on every platform."""
        return f"campaigns/{self.id}/{target}"


def _parts(tree: CampaignTree) -> Iterator[tuple[Place, OneSpec]]:
    yield Place(), tree.campaign
    for group in tree.groups:
        name = group.ad_group.name
        yield Place(name), group.ad_group
        for ad in group.ads:
            yield Place(name, ad.name), ad
