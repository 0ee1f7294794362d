"""Creates in Meta's words; an ad's creative is made with it."""

from __future__ import annotations

from typing import Any, Unpack

from backstay.ad_adapter import Draft, Json, Made
from backstay.ads import (
    AdGroup,
    AdGroupSpec,
    AdSpec,
    BuiltTree,
    Campaign,
    CampaignSpec,
    CampaignTree,
    Compliance,
    Created,
    GroupTree,
    Level,
)
from backstay.operation import CallOptions
from backstay.policies.settings import need
from backstay_adapters.meta.adapter.reads import MetaReads
from backstay_adapters.meta.wire import write
from backstay_adapters.meta.wire.kinds import KINDS


class MetaCreates(MetaReads):
    """What is made."""

    async def _draft_campaign(self, spec: CampaignSpec, key_token: str) -> Draft:
        return self._draft(
            Level.CAMPAIGN, write.campaign(spec, key_token, currency=await self.currency(), label=self.label)
        )

    async def _draft_ad_group(self, spec: AdGroupSpec, campaign: Campaign, key_token: str) -> Draft:
        body = write.ad_group(spec, campaign, key_token, currency=await self.currency(), label=self.label)
        return self._draft(Level.AD_GROUP, body)

    async def _draft_ad(self, spec: AdSpec, ad_group: AdGroup, key_token: str) -> Draft:
        return self._draft(Level.AD, write.ad(spec, ad_group, key_token, label=self.label))

    def _draft(self, level: Level, body: dict[str, Json]) -> Draft:
        kind = KINDS[level]
        body = {**body, "fields": self._field_list(level, kind.fields)}
        return Draft((self._build("AdAccount", self.account, kind.create, body),))

    async def _send_create(self, level: Level, draft: Draft) -> Made:
        (request,) = draft.requests
        id_, raw = await self._send_create_once(request)
        return Made(id_, await self._shown(KINDS[level], raw))

    async def create_tree(
        self, tree: CampaignTree, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Created[BuiltTree]:
        """Make a campaign with all under it, paused; called again with the key it finishes the same tree.

        Who benefits and who pays (`compliance.dsa_beneficiary`, `dsa_payor`) is said by every ad set at Meta, so it
        goes there; for ad groups made one by one put both into their `extra`.
        """
        need("tree", tree, CampaignTree)
        groups = tuple(_disclosed(group, tree.campaign.compliance) for group in tree.groups)
        return await super().create_tree(
            tree.but(groups=groups), idempotency_key=idempotency_key, dry_run=dry_run, **options
        )


def _disclosed(group: GroupTree, compliance: Compliance) -> GroupTree:
    told: dict[str, Any] = {"dsa_beneficiary": compliance.dsa_beneficiary, "dsa_payor": compliance.dsa_payor}
    missing = {name: said for name, said in told.items() if said is not None and name not in group.ad_group.extra}
    if not missing:
        return group
    return group.but(ad_group=group.ad_group.but(extra={**group.ad_group.extra, **missing}))
