"""A whole tree in one mutate: budget, campaign, ad groups, criteria and ads are all there afterwards, or none is.

The request is the campaign's create, journalled under the campaign's key; what comes below travels with it under keys
of its own, as if it had been made one by one. So a tree whose answer was lost is found by its campaign, and one whose
campaign was made before is finished level by level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Unpack

from backstay.ad_adapter import Draft, planned, tags
from backstay.ads import (
    Ad,
    AdGroup,
    BuiltGroup,
    BuiltTree,
    Campaign,
    CampaignTree,
    ConfiguredStatus,
    Created,
    GroupTree,
    Level,
    Query,
    Ref,
)
from backstay.answer import stamp
from backstay.engine.poll import poll
from backstay.operation import CallOptions
from backstay.policies.settings import need
from backstay.writes.tree import ad_key, build_tree, group_key
from backstay_adapters.google_ads.adapter.reads import conditions
from backstay_adapters.google_ads.adapter.reports import GoogleReports
from backstay_adapters.google_ads.profile import MAX_OPERATIONS
from backstay_adapters.google_ads.wire import targets, write


@dataclass(slots=True)
class _Plan:
    """A tree on its way into one request."""

    place: write.Place
    key: str
    ids: Iterator[int] = field(default_factory=write.temporary)
    operations: list[write.Operation] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    """Channel and strategy of the campaign."""


class GoogleTrees(GoogleReports):
    """Trees, all or nothing."""

    async def create_tree(
        self, tree: CampaignTree, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Created[BuiltTree]:
        """Make a campaign with all under it, paused, in one request; called again with the key it is the same tree.

        A dry run has the vendor check the whole request.
        """
        need("tree", tree, CampaignTree)
        plan, imagined = await self._planned_in_one(tree, idempotency_key)
        draft = self._draft(plan.operations, plan.extra)
        if dry_run:
            await self._checked(draft.requests)
            shown: Created[BuiltTree] = Created(
                value=imagined, how="planned", plan=tuple(dict(request) for request in draft.requests)
            )
            return stamp(shown, self._now())
        if len(plan.operations) > MAX_OPERATIONS:
            return await super().create_tree(tree, idempotency_key=idempotency_key, **options)
        return await build_tree(
            self, tree, idempotency_key=idempotency_key, options=options,
            at_once=lambda: self._made_at_once(tree, draft, idempotency_key, options),
        )  # fmt: skip

    async def _made_at_once(
        self, tree: CampaignTree, draft: Draft, key: str, options: CallOptions
    ) -> Created[BuiltTree] | None:
        """The tree by one request; None if its campaign was made by itself before."""
        written = await self._create_campaign(
            Level.CAMPAIGN, {"spec": tree.campaign}, draft, idempotency_key=key, **options
        )
        campaign: Created[Campaign] = await self._created(written, self._token(Level.CAMPAIGN, key))
        of = tuple(tag for level in (Level.CAMPAIGN, Level.AD_GROUP, Level.AD) for tag in tags.of_create(level))
        with self._reading_back(of):
            built = await poll(self.runtime.clock, lambda: self._built(campaign.value, tree, key), self._looks())
        if built is None:
            return None
        if written.fresh:
            built = await self._all_paused(built)
        await self._record_parts(tree, built, key)
        return stamp(Created(value=built, how=campaign.how, parked=campaign.parked), campaign.served)

    async def _record_parts(self, tree: CampaignTree, built: BuiltTree, key: str) -> None:
        """What came with the campaign is owned by the journal as if it had been made one by one."""
        campaign = built.campaign.ref
        for number, (asked, made) in enumerate(zip(tree.groups, built.groups, strict=True)):
            group = made.ad_group.ref
            await self._record_made(group_key(key, number), {"spec": asked.ad_group, "campaign": campaign}, group)
            for place, (spec, ad) in enumerate(zip(asked.ads, made.ads, strict=True)):
                await self._record_made(ad_key(key, number, place), {"spec": spec, "ad_group": group}, ad.ref)

    # The request --------------------------------------------------------------------------------------------------

    async def _planned_in_one(self, tree: CampaignTree, key: str) -> tuple[_Plan, BuiltTree]:
        """The operations, and the tree as it will be."""
        plan = _Plan(await self.place(), key)
        token = self._token(Level.CAMPAIGN, key)
        operations, own = write.campaign(tree.campaign, token, plan.place, plan.ids)
        plan.operations += operations
        plan.extra = self._choice_of(operations)
        draft = Draft((), plan.extra)
        campaign = planned.campaign(self._planned_ref(Level.CAMPAIGN, token), tree.campaign, token, draft)
        groups = tuple(
            self._plan_group(plan, str(own), campaign, tree.groups, number) for number in range(len(tree.groups))
        )
        return plan, BuiltTree(campaign=campaign, groups=groups)

    def _plan_group(
        self, plan: _Plan, above: str, campaign: Campaign, groups: tuple[GroupTree, ...], number: int
    ) -> BuiltGroup:
        group, first = groups[number], groups[0].ad_group
        token = self._token(Level.AD_GROUP, group_key(plan.key, number))
        channel, strategy = plan.extra["advertising_channel_type"], plan.extra["bidding_strategy_type"]
        there = targets.places(first.targeting) if number else ()
        targets.same(targets.places(first.targeting), targets.places(group.ad_group.targeting), channel)
        parent = write.Parent(above, channel, strategy, there)
        operations, own = write.ad_group(group.ad_group, token, parent, plan.place, plan.ids)
        plan.operations += operations
        ref, draft = self._planned_ref(Level.AD_GROUP, token), Draft((), plan.extra)
        made = planned.ad_group(ref, campaign, group.ad_group, token, draft)
        ads = tuple(self._plan_ad(plan, str(own), made, group, number, place) for place in range(len(group.ads)))
        return BuiltGroup(ad_group=made, ads=ads)

    def _plan_ad(self, plan: _Plan, above: str, group: AdGroup, spec: GroupTree, number: int, place: int) -> Ad:
        token = self._token(Level.AD, ad_key(plan.key, number, place))
        channel = plan.extra["advertising_channel_type"]
        operations, _ = write.ad(spec.ads[place], token, above, channel, plan.place, plan.ids)
        plan.operations += operations
        return planned.ad(self._planned_ref(Level.AD, token), group, spec.ads[place], token, Draft(()))

    # What has come of it --------------------------------------------------------------------------------------------

    async def _built(self, campaign: Campaign, tree: CampaignTree, key: str) -> BuiltTree | None:
        """The tree as the vendor shows it; None while a part of it is missing."""
        if not tree.groups:
            return BuiltTree(campaign=campaign)
        groups = await self._below(Level.AD_GROUP, campaign.ref)
        ads = await self._below(Level.AD, campaign.ref) if any(group.ads for group in tree.groups) else {}
        found: list[BuiltGroup] = []
        for number, group in enumerate(tree.groups):
            own = groups.get(self._token(Level.AD_GROUP, group_key(key, number)))
            tokens = [self._token(Level.AD, ad_key(key, number, place)) for place in range(len(group.ads))]
            below = [ads[token] for token in tokens if token in ads]
            if own is None or len(below) < len(tokens):
                return None
            found.append(BuiltGroup(ad_group=own, ads=tuple(below)))
        return BuiltTree(campaign=campaign, groups=tuple(found))

    async def _below(self, level: Level, campaign: Ref) -> dict[str, Any]:
        """A campaign's ad groups or ads by the tokens of their markers, as they are now."""
        asked = {"where": conditions(level, Query(parent=campaign))}
        found, state = dict[str, Any](), None
        while True:
            page = await self._list_live(level, asked, state, self.page_limit)
            found |= {item.key_token: item for item in page.items if item.key_token}
            state = page.next_state
            if state is None:
                return found

    async def _all_paused(self, built: BuiltTree) -> BuiltTree:
        """A tree whose ad groups and ads are paused, whatever the vendor has made of "paused"."""
        groups = []
        for group in built.groups:
            ads = tuple([await self._paused(ad) for ad in group.ads])
            groups.append(BuiltGroup(ad_group=await self._paused(group.ad_group), ads=ads))
        return built.model_copy(update={"groups": tuple(groups)})

    async def _paused(self, item: Any) -> Any:
        if item.status.configured is not ConfiguredStatus.ACTIVE:
            return item
        return (await self.set_status(item.ref, ConfiguredStatus.PAUSED)).value
