"""Specs on their way to one member: in its words, and with its own copies of uploaded files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from backstay.ads import AdGroupSpec, AdPatch, AdSpec, CampaignSpec, CampaignTree, Creative, GroupTree, MediaRef
from backstay.errors import InvalidRequestError
from backstay.policies.settings import need
from backstay.values import UNSET

Part = CampaignSpec | AdGroupSpec | AdSpec
Adapt = Callable[[Any], Any]
"""Puts a CampaignSpec, an AdGroupSpec or an AdSpec into a member's words: locations, identities, `extra`."""
S = TypeVar("S", CampaignSpec, AdGroupSpec, AdSpec)

COPIES: Final = "members"
"""Of an upload through a split: the file as each member has it, in `MediaRef.extra`."""


class Translation:
    """From the caller's specs to those of a member."""

    def __init__(self, adapt: Mapping[str, Adapt]) -> None:
        self._adapt = dict(adapt)

    def spec(self, member: str, spec: S) -> S:
        """A spec in a member's words; raises InvalidRequestError if the member's function gives something else."""
        adapt = self._adapt.get(member)
        adapted = spec if adapt is None else adapt(spec)
        if not isinstance(adapted, type(spec)):
            raise InvalidRequestError(
                f"adapt[{member!r}] made a {type(adapted).__name__} of a {type(spec).__name__}",
                field=f"adapt.{member}", value=type(adapted).__name__, hint="give the spec back where nothing changes",
            )  # fmt: skip
        if isinstance(adapted, AdSpec):
            return adapted.but(creative=creative(member, adapted.creative))
        return adapted

    def tree(self, member: str, tree: CampaignTree) -> CampaignTree:
        """A whole tree."""
        need("tree", tree, CampaignTree)
        groups = tuple(
            GroupTree(ad_group=self.spec(member, group.ad_group), ads=tuple(self.spec(member, ad) for ad in group.ads))
            for group in tree.groups
        )
        return CampaignTree(campaign=self.spec(member, tree.campaign), groups=groups)


def patch(member: str, change: AdPatch) -> AdPatch:
    """A change of an ad with the member's own files."""
    return change if change.creative is UNSET else change.but(creative=creative(member, change.creative))


def creative(member: str, value: Creative) -> Creative:
    """A creative with the member's own files."""
    media = tuple(own(member, each) for each in value.media)
    return value if media == value.media else value.model_copy(update={"media": media})


def own(member: str, media: MediaRef) -> MediaRef:
    """The member's copy of a file; one that was not uploaded through a split is taken as it is."""
    copies = media.extra.get(COPIES)
    if copies is None:
        return media
    if member not in copies:
        raise InvalidRequestError(
            f"the {media.kind} {media.id} was never uploaded to {member!r}", field="creative.media", value=media.id,
            hint="upload it through the split again, now that it has this member",
        )  # fmt: skip
    return MediaRef.model_validate(copies[member])


def everywhere(copies: Mapping[str, MediaRef]) -> MediaRef:
    """One file that stands for the copies of all members; its id is the first one's."""
    first = next(iter(copies.values()))
    known = {name: each.model_dump(mode="json") for name, each in copies.items()}
    return first.model_copy(update={"extra": {**first.extra, COPIES: known}})
