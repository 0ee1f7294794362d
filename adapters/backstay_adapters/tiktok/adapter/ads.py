"""Ads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from backstay.ads import UNSET, Ad, AdGroup, AdPatch, AdSpec, Created, Level, Pages, Query, Ref, Updated
from backstay.engine.write import Written
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay_adapters.tiktok.adapter import tags
from backstay_adapters.tiktok.adapter.ad_groups import TikTokAdGroups
from backstay_adapters.tiktok.adapter.calls import Json
from backstay_adapters.tiktok.wire import write
from backstay_adapters.tiktok.wire.kinds import AD, AD_GROUP, Flow
from backstay_adapters.tiktok.wire.read import ref, required


class TikTokAdObjects(TikTokAdGroups):
    """Ads of the manual flow and of Smart+; creatives are part of them."""

    def list_ads(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Ad]:
        """The account's ads, or those of a campaign or ad group."""
        return self._pages(AD, query, cursor, options)

    async def get_ad(self, ref: Ref, **options: Unpack[CallOptions]) -> Ad:
        """One ad; raises NotFoundError."""
        found: Ad = await self._one(AD, ref, options)
        return found

    async def create_ad(
        self, ad_group: Ref, spec: AdSpec, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Created[Ad]:
        """Make a paused ad in an ad group, once for each key; the vendor has no key of its own for ads."""
        parent: AdGroup = await self._must_be_live(AD_GROUP, ad_group)
        flow: Flow = parent.extra["flow"]
        body = write.ad(spec, self._token(AD, idempotency_key))
        payload = {"spec": spec, "ad_group": ad_group}
        written = await self._create_ad(payload, ad_group, flow, body, idempotency_key=idempotency_key, **options)
        return await self._created(AD, written)

    @operation(
        Effect.CREATE, look="_look_ad", payload=("spec",), group="create", limits=("ad_create",),
        tags=tags.of_create(Level.AD), name="create_ad",
    )  # fmt: skip
    async def _create_ad(
        self, spec: Any, ad_group: Ref, flow: Flow, body: Json, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Ref]:
        del spec, idempotency_key  # what the caller set makes the payload's hash; the key is in the body's marker
        sent: dict[str, Json] = {"advertiser_id": self.account, "adgroup_id": ad_group.id}
        sent |= write.smart_plus_ad(body) if flow == "smart_plus" else {"creatives": [body]}
        data = await self._post(AD.endpoint(flow, "create"), sent)
        ids = data.get("ad_ids") if isinstance(data, dict) else None
        if isinstance(ids, list) and ids:
            data = {"ad_id": ids[0]}
        elif isinstance(data, dict) and "smart_plus_ad_id" in data:
            data = {"ad_id": data["smart_plus_ad_id"]}
        return Written(ref(self.account, AD.level, required(data, "ad_id")))

    async def _look_ad(
        self, spec: Any, ad_group: Ref, flow: Flow, body: Json, *, idempotency_key: str
    ) -> Sequence[Ref]:
        del spec, ad_group, flow, body
        return await self._find(AD, self._token(AD, idempotency_key))

    async def update_ad(
        self,
        ref: Ref,
        patch: AdPatch,
        *,
        expect: Ad | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Ad]:
        """Change an ad's name or creative; a new creative is reviewed again."""
        before: Ad = await self._must_be_live(AD, ref)
        body = await self._patched(AD, before, patch)
        if patch.creative is not UNSET:
            body |= write.creative(patch.creative)
        path = AD.endpoint(before.extra["flow"], "update")
        return await self._change(AD, ref, body, expect=expect, dry_run=dry_run, path=path, options=options)
