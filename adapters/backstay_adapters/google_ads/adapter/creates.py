"""Creates in Google's words: one mutate each, in which what belongs together comes together or not at all."""

from __future__ import annotations

from typing import Any

from backstay.ad_adapter import Draft, Made
from backstay.ads import AdGroup, AdGroupSpec, AdSpec, Campaign, CampaignSpec, Level, Query
from backstay.errors import BadResponseError
from backstay.operation import operation
from backstay.policies.effect import Effect
from backstay_adapters.google_ads.adapter.reads import GoogleReads, Row
from backstay_adapters.google_ads.wire import bidding, targets, write
from backstay_adapters.google_ads.wire.names import id_of


class GoogleCreates(GoogleReads):
    """What is made."""

    async def _draft_campaign(self, spec: CampaignSpec, key_token: str) -> Draft:
        operations, _ = write.campaign(spec, key_token, await self.place(), write.temporary())
        return self._draft(operations, self._choice_of(operations))

    def _choice_of(self, operations: list[write.Operation]) -> dict[str, Any]:
        """Channel and strategy of a campaign to make: what its ad groups must know."""
        body = operations[-1]["campaign_operation"]["create"]
        strategy = next((name for name in body if name in bidding.FIELDS), "")
        channel = body.get("advertising_channel_type", "")
        return {"advertising_channel_type": channel, "bidding_strategy_type": strategy.upper()}

    async def _draft_ad_group(self, spec: AdGroupSpec, campaign: Campaign, key_token: str) -> Draft:
        """Places and languages come with a campaign's first ad group; see `wire.targets`."""
        parent = write.Parent(
            campaign.ref.id, campaign.extra.get("advertising_channel_type", ""),
            campaign.extra.get("bidding_strategy_type", ""), await self._places_of(campaign),
        )  # fmt: skip
        operations, _ = write.ad_group(spec, key_token, parent, await self.place(), write.temporary())
        if any("campaign_criterion_operation" in each for each in operations):
            await self._must_be_first(campaign, key_token)
        return self._draft(operations, _shown(campaign))

    async def _places_of(self, campaign: Campaign) -> tuple[targets.Criterion, ...]:
        if not campaign.ref.id.isdigit():  # planned by a dry run
            return ()
        return targets.criteria("campaign_criterion", await self._live_criteria(int(campaign.ref.id)))

    @operation(Effect.READ, deciding=True, group="objects", name="list_criteria")
    async def _live_criteria(self, campaign_id: int) -> list[Row]:
        return (await self._criteria("campaign", [campaign_id])).get(campaign_id, [])

    async def _must_be_first(self, campaign: Campaign, key_token: str) -> None:
        """Places and languages added now would narrow ad groups that are there already."""
        if not campaign.ref.id.isdigit():
            return
        others = self.list_ad_groups(Query(parent=campaign.ref), max_age=0, max_stale=0)
        async for other in others:
            if other.key_token != key_token:
                raise targets.narrowing(str(other.ref))

    async def _draft_ad(self, spec: AdSpec, ad_group: AdGroup, key_token: str) -> Draft:
        channel = ad_group.extra.get("advertising_channel_type", "")
        operations, _ = write.ad(spec, key_token, ad_group.ref.id, channel, await self.place(), write.temporary())
        return self._draft(operations, {})

    def _draft(self, operations: list[write.Operation], extra: dict[str, Any]) -> Draft:
        return Draft((write.mutate(self.account, operations),), extra)

    async def _send_create(self, level: Level, draft: Draft) -> Made:
        (request,) = draft.requests
        wanted = f"{write.KINDS[level]}_result"
        made = [name for kind, name in await self._mutate(request) if kind == wanted]
        if not made:
            raise BadResponseError(
                f"the answer names no {level}", vendor=self.vendor, rule="google_ads.wire.missing",
                hint="it may have been made: call again with the same key",
            )  # fmt: skip
        return Made(id_of(made[0]))


def _shown(campaign: Campaign) -> dict[str, Any]:
    """What the ads of an ad group must know of its campaign."""
    names = ("advertising_channel_type", "bidding_strategy_type")
    return {name: campaign.extra[name] for name in names if name in campaign.extra}
