"""Ad groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from backstay.ads import (
    UNSET,
    AdGroup,
    AdGroupPatch,
    AdGroupSpec,
    Budget,
    Campaign,
    CampaignPatch,
    Created,
    Level,
    Pages,
    Query,
    Ref,
    Updated,
)
from backstay.clock import utc
from backstay.engine.write import Written
from backstay.errors import InvalidRequestError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay_adapters.tiktok.adapter import tags
from backstay_adapters.tiktok.adapter.campaigns import TikTokCampaigns
from backstay_adapters.tiktok.wire import write
from backstay_adapters.tiktok.wire.kinds import AD_GROUP, CAMPAIGN, Flow


class TikTokAdGroups(TikTokCampaigns):
    """Ad groups of the manual flow and of Smart+."""

    def list_ad_groups(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[AdGroup]:
        """The account's ad groups, or those of a campaign."""
        return self._pages(AD_GROUP, query, cursor, options)

    async def get_ad_group(self, ref: Ref, **options: Unpack[CallOptions]) -> AdGroup:
        """One ad group; raises NotFoundError."""
        found: AdGroup = await self._one(AD_GROUP, ref, options)
        return found

    async def create_ad_group(
        self, campaign: Ref, spec: AdGroupSpec, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[AdGroup]:
        """Make a paused ad group in a campaign, once for each key."""
        parent: Campaign = await self._must_be_live(CAMPAIGN, campaign)
        flow: Flow = parent.extra["flow"]
        key_token = self._token(AD_GROUP, idempotency_key)
        body = write.ad_group(
            spec, key_token, campaign_id=campaign.id, objective=parent.objective, currency=await self.currency(),
            now=utc(self.runtime.clock.wall()),
        )  # fmt: skip
        payload = {"spec": spec, "campaign": campaign}
        if flow == "smart_plus":
            body = write.smart_plus_ad_group(body, key_token)
        written = await self._create_ad_group(payload, flow, body, idempotency_key=idempotency_key, **options)
        return await self._created(AD_GROUP, written)

    @operation(
        Effect.CREATE,
        look="_look_ad_group",
        payload=("spec",),
        group="create",
        tags=tags.of_create(Level.AD_GROUP),
        name="create_ad_group",
    )
    async def _create_ad_group(
        self, spec: Any, flow: Flow, body: dict[str, Any], *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Ref]:
        del spec, idempotency_key  # what the caller set makes the payload's hash; the key is in the body's marker
        data = await self._post(AD_GROUP.endpoint(flow, "create"), {"advertiser_id": self.account, **body})
        return await self._made(AD_GROUP, data)

    async def _look_ad_group(
        self, spec: Any, flow: Flow, body: dict[str, Any], *, idempotency_key: str
    ) -> Sequence[Ref]:
        del spec, flow, body
        return await self._find(AD_GROUP, self._token(AD_GROUP, idempotency_key))

    async def update_ad_group(
        self,
        ref: Ref,
        patch: AdGroupPatch,
        *,
        expect: AdGroup | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[AdGroup]:
        """Change an ad group; targeting is replaced as a whole, goal and billing cannot be changed at TikTok."""
        before: AdGroup = await self._must_be_live(AD_GROUP, ref)
        flow: Flow = before.extra["flow"]
        body = await self._patched(AD_GROUP, before, patch)
        currency = await self.currency()
        if patch.targeting is not UNSET and patch.targeting is not None:
            body |= write.targeting(patch.targeting)
        if patch.bid is not UNSET and patch.bid is not None:
            body |= write.bid(patch.bid, currency)
        if patch.schedule is not UNSET and patch.schedule is not None:
            times = {"schedule_start_time": patch.schedule.start, "schedule_end_time": patch.schedule.end}
            body |= {name: write.time_out(value) for name, value in times.items() if value is not None}
        only_budget = set(body) == {"budget"} and flow == "manual"
        path = "/adgroup/budget/update/" if only_budget else AD_GROUP.endpoint(flow, "update")
        return await self._change(AD_GROUP, ref, body, expect=expect, dry_run=dry_run, path=path, options=options)

    async def set_budget(
        self, ref: Ref, budget: Budget, *, expect: Campaign | AdGroup, **options: Unpack[CallOptions]
    ) -> Updated[Any]:
        """Set an absolute budget if the live one is still that of `expect`."""
        if isinstance(expect, Campaign) and ref.level is Level.CAMPAIGN:
            return await self.update_campaign(ref, CampaignPatch(budget=budget), expect=expect, **options)
        if isinstance(expect, AdGroup) and ref.level is Level.AD_GROUP:
            return await self.update_ad_group(ref, AdGroupPatch(budget=budget), expect=expect, **options)
        raise InvalidRequestError(
            f"expect is a {type(expect).__name__}, the ref names a {ref.level}", field="expect", value=str(ref),
            hint="pass the live campaign or ad group that the ref names",
        )  # fmt: skip
