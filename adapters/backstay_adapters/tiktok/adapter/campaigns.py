"""Campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from backstay.ads import Campaign, CampaignPatch, CampaignSpec, Created, Level, Pages, Query, Ref, Updated
from backstay.clock import utc
from backstay.engine.write import Written
from backstay.errors import UnsupportedCapabilityError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.values import UNSET
from backstay_adapters.tiktok.adapter import tags
from backstay_adapters.tiktok.adapter.build import TikTokBuild
from backstay_adapters.tiktok.wire import write
from backstay_adapters.tiktok.wire.kinds import CAMPAIGN, Flow


class TikTokCampaigns(TikTokBuild):
    """Campaigns of the manual flow and of Smart+."""

    def list_campaigns(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Campaign]:
        """The account's campaigns, both flows."""
        return self._pages(CAMPAIGN, query, cursor, options)

    async def get_campaign(self, ref: Ref, **options: Unpack[CallOptions]) -> Campaign:
        """One campaign; raises NotFoundError."""
        found: Campaign = await self._one(CAMPAIGN, ref, options)
        return found

    async def create_campaign(
        self, spec: CampaignSpec, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[Campaign]:
        """Make a paused campaign, once for each key; its objective and the date choose the flow."""
        body = write.campaign(spec, self._token(CAMPAIGN, idempotency_key), currency=await self.currency())
        flow = self.flow_for(spec)
        if flow == "smart_plus":
            body["request_id"] = write.request_id(self._token(CAMPAIGN, idempotency_key))
        written = await self._create_campaign(spec, flow, body, idempotency_key=idempotency_key, **options)
        return await self._created(CAMPAIGN, written)

    @operation(
        Effect.CREATE,
        look="_look_campaign",
        payload=("spec",),
        group="create",
        tags=tags.of_create(Level.CAMPAIGN),
        name="create_campaign",
    )
    async def _create_campaign(
        self, spec: CampaignSpec, flow: Flow, body: dict[str, Any], *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Ref]:
        del spec, idempotency_key  # what the caller set makes the payload's hash; the key is in the body's marker
        data = await self._post(CAMPAIGN.endpoint(flow, "create"), {"advertiser_id": self.account, **body})
        return await self._made(CAMPAIGN, data)

    async def _look_campaign(
        self, spec: CampaignSpec, flow: Flow, body: dict[str, Any], *, idempotency_key: str
    ) -> Sequence[Ref]:
        del spec, flow, body
        return await self._find(CAMPAIGN, self._token(CAMPAIGN, idempotency_key))

    def flow_for(self, spec: CampaignSpec) -> Flow:
        """Manual, unless the adapter was told otherwise or the vendor has closed that flow for the objective."""
        if self.flow != "auto":
            return self.flow
        late = utc(self.runtime.clock.wall()) >= write.SMART_PLUS_ONLY_FROM
        return "smart_plus" if late and spec.objective in write.SMART_PLUS_OBJECTIVES else "manual"

    async def update_campaign(
        self,
        ref: Ref,
        patch: CampaignPatch,
        *,
        expect: Campaign | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Campaign]:
        """Change name or budget; objective, mode and schedule of a campaign cannot be changed at TikTok."""
        for name in ("bid", "schedule"):
            if getattr(patch, name) is not UNSET:
                raise UnsupportedCapabilityError(
                    f"TikTok's campaigns have no {name}", vendor=self.vendor, field=name,
                    value=str(getattr(patch, name)), hint="set it on the ad groups",
                )  # fmt: skip
        before = await self._must_be_live(CAMPAIGN, ref)
        body = await self._patched(CAMPAIGN, before, patch)
        path = CAMPAIGN.endpoint(before.extra["flow"], "update")
        return await self._change(CAMPAIGN, ref, body, expect=expect, dry_run=dry_run, path=path, options=options)
