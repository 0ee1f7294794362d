"""Several ad platforms as one: a rule decides where a new campaign goes, everything else goes where its object is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, Unpack

from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupPatch,
    AdGroupSpec,
    AdPatch,
    AdPlatform,
    AdSpec,
    Budget,
    BuiltTree,
    Campaign,
    CampaignPatch,
    CampaignSpec,
    CampaignTree,
    Capability,
    Created,
    MediaRef,
    MediaUpload,
    Ref,
    SettableStatus,
    Updated,
)
from backstay.ads.model import how_of_all
from backstay.answer import oldest, stamp
from backstay.compose import specs
from backstay.compose.reading import Reading
from backstay.compose.rules import chosen
from backstay.errors import InvalidRequestError
from backstay.operation import CallOptions

T = TypeVar("T")


class Split(Reading):
    """An AdPlatform made of several.

        split = Split({"tiktok": tiktok, "meta": meta}, Weights({"tiktok": 2, "meta": 1}), name="spring")
        made = await split.create_tree(tree, idempotency_key="spring/1")

    The rule decides where a new campaign or tree goes, and the route is written into the journal under the key before
    anything is sent: the same key goes the same way for good, after a change of the rule and in another process with
    the same journal. A create is never moved to another member, whatever happens to it. Methods on existing objects
    go by their ref; lists, look-ups and metrics run over all members; what one member lacks, the split lacks.

    `name` stands in the journal: give splits that share one different names. `adapt` puts specs into a member's own
    words (locations, identities, `extra`). `runtime` is the members' own unless they have several. Closing the split
    closes its members.
    """

    # Creating ---------------------------------------------------------------------------------------------------

    async def create_campaign(
        self, spec: CampaignSpec, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Created[Campaign]:
        """Make a paused campaign with the member that the key goes to; a dry run writes down no route."""
        name = await self._routed(spec, idempotency_key, dry_run=dry_run)
        return await self._members[name].create_campaign(
            self._adapt.spec(name, spec), idempotency_key=idempotency_key, dry_run=dry_run, **options
        )

    async def create_ad_group(
        self,
        campaign: Ref,
        spec: AdGroupSpec,
        *,
        idempotency_key: str,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Created[AdGroup]:
        """Make a paused ad group where its campaign is."""
        name = self._members.owner(campaign, "campaign")
        return await self._members[name].create_ad_group(
            campaign, self._adapt.spec(name, spec), idempotency_key=idempotency_key, dry_run=dry_run, **options
        )

    async def create_ad(
        self,
        ad_group: Ref,
        spec: AdSpec,
        *,
        idempotency_key: str,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Created[Ad]:
        """Make a paused ad where its ad group is."""
        name = self._members.owner(ad_group, "ad_group")
        return await self._members[name].create_ad(
            ad_group, self._adapt.spec(name, spec), idempotency_key=idempotency_key, dry_run=dry_run, **options
        )

    async def create_tree(
        self, tree: CampaignTree, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Created[BuiltTree]:
        """Make a whole tree with the member that the key goes to; called again it goes on there."""
        name = await self._routed(tree, idempotency_key, dry_run=dry_run)
        return await self._members[name].create_tree(
            self._adapt.tree(name, tree), idempotency_key=idempotency_key, dry_run=dry_run, **options
        )

    async def _routed(self, what: CampaignSpec | CampaignTree, key: str, *, dry_run: bool) -> str:
        def choose() -> str:
            return chosen(self._rule, what, key, self._members)

        name = (await self._routes.known(key) or choose()) if dry_run else await self._routes.of(key, choose)
        if name not in self._members:
            raise InvalidRequestError(
                f"the key {key!r} went to {name!r}, which is no member now", field="idempotency_key", value=key,
                hint=f"add {name!r} to the split again, or use a new key for a new object", rule="split.gone",
            )  # fmt: skip
        return name

    async def upload_image(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[MediaRef]:
        """Upload an image to all members: ads with it may go to any of them, and uploads spend nothing."""
        self.capabilities.require(Capability.IMAGE_UPLOAD, "upload_image")
        return _uploaded(
            await self._members.each(
                lambda _, member: member.upload_image(media, idempotency_key=idempotency_key, **options)
            )
        )

    async def upload_video(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[MediaRef]:
        """Upload a video to all members and wait until all can use it."""
        self.capabilities.require(Capability.VIDEO_UPLOAD, "upload_video")
        return _uploaded(
            await self._members.each(
                lambda _, member: member.upload_video(media, idempotency_key=idempotency_key, **options)
            )
        )

    # Changing ---------------------------------------------------------------------------------------------------

    async def update_campaign(
        self,
        ref: Ref,
        patch: CampaignPatch,
        *,
        expect: Campaign | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Campaign]:
        """Change a campaign where it is."""
        return await self.member_of(ref).update_campaign(ref, patch, expect=expect, dry_run=dry_run, **options)

    async def update_ad_group(
        self,
        ref: Ref,
        patch: AdGroupPatch,
        *,
        expect: AdGroup | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[AdGroup]:
        """Change an ad group where it is."""
        return await self.member_of(ref).update_ad_group(ref, patch, expect=expect, dry_run=dry_run, **options)

    async def update_ad(
        self,
        ref: Ref,
        patch: AdPatch,
        *,
        expect: Ad | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Ad]:
        """Change an ad where it is."""
        name = self._members.owner(ref)
        own = specs.patch(name, patch)
        return await self._members[name].update_ad(ref, own, expect=expect, dry_run=dry_run, **options)

    async def set_status(
        self, ref: Ref, status: SettableStatus, *, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Updated[Any]:
        """Switch an object where it is; what is off in the split is refused, though its member might do it."""
        self.capabilities.require_switch(status)
        return await self.member_of(ref).set_status(ref, status, dry_run=dry_run, **options)

    async def set_budget(
        self,
        ref: Ref,
        budget: Budget,
        *,
        expect: Campaign | AdGroup,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Any]:
        """Set an absolute budget where the object is."""
        return await self.member_of(ref).set_budget(ref, budget, expect=expect, dry_run=dry_run, **options)

    def of_account(self, vendor: str, account: str) -> AdPlatform | None:
        """The member of an account, so that a split can be handed to `runtime.letters.replay`; None: nobody's."""
        return self._members.of_account(vendor, account)


def _uploaded(made: Mapping[str, Created[MediaRef]]) -> Created[MediaRef]:
    """One upload of several: made by this call if any copy was."""
    how = how_of_all(each.how for each in made.values())
    copies = {name: each.value for name, each in made.items()}
    return stamp(Created(value=specs.everywhere(copies), how=how), oldest([each.served for each in made.values()]))


__all__ = ["Split"]
