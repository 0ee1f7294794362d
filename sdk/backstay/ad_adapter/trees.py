"""Whole trees: built level by level under one key, or planned without anything being written."""

from __future__ import annotations

from typing import Any, Unpack

from backstay.ad_adapter import planned
from backstay.ad_adapter.reporting import Reporting
from backstay.ads import Ad, BuiltGroup, BuiltTree, Campaign, CampaignTree, Created, GroupTree, Level
from backstay.answer import stamp
from backstay.operation import CallOptions, intent
from backstay.policies.effect import Effect
from backstay.policies.settings import need
from backstay.writes.tree import ad_key, build_tree, check_tree_key, group_key


class Trees(Reporting):
    """A campaign with its ad groups and their ads as one."""

    @intent(Effect.CREATE)
    async def create_tree(
        self, tree: CampaignTree, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Created[BuiltTree]:
        """Make a campaign with all under it, paused; called again with the key it finishes the same tree.

        In a dry run only the campaign is checked by the vendor (where it does that): what comes below names parents
        that are not there yet.
        """
        need("tree", tree, CampaignTree)
        if dry_run:
            return await self._planned_tree(tree, idempotency_key)
        return await build_tree(self, tree, idempotency_key=idempotency_key, options=options)

    async def _planned_tree(self, tree: CampaignTree, key: str) -> Created[BuiltTree]:
        check_tree_key(tree, key)
        campaign = await self.create_campaign(tree.campaign, idempotency_key=key, dry_run=True)
        plan, groups = list(campaign.plan), list[BuiltGroup]()
        for number, group in enumerate(tree.groups):
            built, requests = await self._planned_group(campaign.value, group, key, number)
            groups.append(built)
            plan += requests
        imagined = BuiltTree(campaign=campaign.value, groups=tuple(groups))
        return stamp(Created(value=imagined, how="planned", plan=tuple(plan)), self._now())

    async def _planned_group(
        self, campaign: Campaign, group: GroupTree, key: str, number: int
    ) -> tuple[BuiltGroup, list[dict[str, Any]]]:
        mark = self._token(Level.AD_GROUP, group_key(key, number))
        draft = await self._draft_ad_group(group.ad_group, campaign, mark)
        above = planned.ad_group(self._planned_ref(Level.AD_GROUP, mark), campaign, group.ad_group, mark, draft)
        plan, ads = [dict(request) for request in draft.requests], list[Ad]()
        for place, spec in enumerate(group.ads):
            mark = self._token(Level.AD, ad_key(key, number, place))
            draft = await self._draft_ad(spec, above, mark)
            ads.append(planned.ad(self._planned_ref(Level.AD, mark), above, spec, mark, draft))
            plan += [dict(request) for request in draft.requests]
        return BuiltGroup(ad_group=above, ads=tuple(ads)), plan
