"""Creates in TikTok's words, in the manual flow or in Smart+; creatives are part of their ads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backstay.ad_adapter import Draft, Json, Made
from backstay.ads import AdGroup, AdGroupSpec, AdSpec, Campaign, CampaignSpec, Level
from backstay.clock import utc
from backstay_adapters.tiktok.adapter.reads import TikTokReads
from backstay_adapters.tiktok.wire import write
from backstay_adapters.tiktok.wire.kinds import AD, AD_GROUP, CAMPAIGN, KINDS, Flow, Kind
from backstay_adapters.tiktok.wire.read import required


class TikTokCreates(TikTokReads):
    """What is made."""

    async def _draft_campaign(self, spec: CampaignSpec, key_token: str) -> Draft:
        """The objective and the date choose the flow."""
        body, flow = write.campaign(spec, key_token, currency=await self.currency()), self.flow_for(spec)
        if flow == "smart_plus":
            body["request_id"] = write.request_id(key_token)
        return self._draft(CAMPAIGN, flow, body)

    async def _draft_ad_group(self, spec: AdGroupSpec, campaign: Campaign, key_token: str) -> Draft:
        flow: Flow = campaign.extra["flow"]
        body = write.ad_group(
            spec, key_token, campaign_id=campaign.ref.id, objective=campaign.objective,
            currency=await self.currency(), now=utc(self.runtime.clock.wall()),
        )  # fmt: skip
        return self._draft(AD_GROUP, flow, write.smart_plus_ad_group(body, key_token) if flow == "smart_plus" else body)

    async def _draft_ad(self, spec: AdSpec, ad_group: AdGroup, key_token: str) -> Draft:
        """The vendor has no key of its own for ads."""
        flow: Flow = ad_group.extra["flow"]
        body = write.ad(spec, key_token)
        made = write.smart_plus_ad(body) if flow == "smart_plus" else {"creatives": [body]}
        return self._draft(AD, flow, {"adgroup_id": ad_group.ref.id, **made})

    def _draft(self, kind: Kind, flow: Flow, body: Mapping[str, Json]) -> Draft:
        request = {
            "method": "POST", "path": kind.endpoint(flow, "create"), "body": {"advertiser_id": self.account, **body}
        }  # fmt: skip
        return Draft((request,), {"flow": flow})

    def _refuses_repeats(self, draft: Draft) -> bool:
        """Campaigns of the manual flow have unique names; ad groups and ads have not, whatever the account says.

        Smart+'s request id is forgotten after ten seconds.
        """
        return bool(draft.requests[0]["path"] == CAMPAIGN.endpoint("manual", "create"))

    async def _send_create(self, level: Level, draft: Draft) -> Made:
        (request,) = draft.requests
        data = await self._post(request["path"], request["body"])
        return Made(required(_made_ad(data) if level is Level.AD else data, KINDS[level].id))

    def flow_for(self, spec: CampaignSpec) -> Flow:
        """Manual, unless the adapter was told otherwise or the vendor has closed that flow for the objective."""
        if self.flow != "auto":
            return self.flow
        late = utc(self.runtime.clock.wall()) >= write.SMART_PLUS_ONLY_FROM
        return "smart_plus" if late and spec.objective in write.SMART_PLUS_OBJECTIVES else "manual"


def _made_ad(data: Any) -> Any:
    """An ad's id comes in a list, or under another name from Smart+."""
    ids = data.get("ad_ids") if isinstance(data, dict) else None
    if isinstance(ids, list) and ids:
        return {"ad_id": ids[0]}
    if isinstance(data, dict) and "smart_plus_ad_id" in data:
        return {"ad_id": data["smart_plus_ad_id"]}
    return data
