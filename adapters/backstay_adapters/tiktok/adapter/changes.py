"""Changes in TikTok's words: budgets, switches and the rest have endpoints of their own."""

from __future__ import annotations

from typing import Any, Final

from backstay.ad_adapter import Json, Request, Step
from backstay.ads import (
    UNSET,
    AdGroupPatch,
    AdPatch,
    Budget,
    CampaignPatch,
    Level,
    Ref,
    SettableStatus,
)
from backstay.ads.patch import Patch
from backstay.errors import InvalidRequestError, PartialFailureError, UnsupportedCapabilityError
from backstay.spec import merge_extra
from backstay_adapters.tiktok.adapter.creates import TikTokCreates
from backstay_adapters.tiktok.wire import words, write
from backstay_adapters.tiktok.wire.kinds import KINDS
from backstay_adapters.tiktok.wire.names import marked

SAME_AS_BEFORE: Final = 40012
"""The vendor's "nothing to update": the value is there already."""


class TikTokChanges(TikTokCreates):
    """What is changed."""

    async def _draft_change(self, before: Any, patch: Patch) -> tuple[Step, ...]:
        kind, flow = KINDS[before.ref.level], before.extra["flow"]
        body = await self._patched(before, patch)
        path = kind.endpoint(flow, "update")
        if before.ref.level is Level.AD_GROUP and set(body) == {"budget"} and flow == "manual":
            path = "/adgroup/budget/update/"
        sent = write.update(kind, path, before, before.ref.id, body)
        return (Step(_post(path, {"advertiser_id": self.account, **sent}), body),)

    async def _patched(self, before: Any, patch: Patch) -> dict[str, Json]:
        """The vendor's fields of a patch, absolute; the marker stays in the name."""
        body: dict[str, Json] = {}
        changes = patch.changes
        if "name" in changes:
            body[KINDS[before.ref.level].name] = marked(changes["name"], before.key_token or None, "name")
        if "budget" in changes:
            body |= await self._budget_change(before, changes["budget"])
        body = merge_extra(body, patch.extra)
        if isinstance(patch, CampaignPatch):
            _refuse_on_campaigns(patch)
        if isinstance(patch, AdGroupPatch):
            body |= write.ad_group_change(patch, await self.currency())
        if isinstance(patch, AdPatch) and patch.creative is not UNSET:
            body |= write.creative(patch.creative)
        return body

    async def _budget_change(self, before: Any, budget: Budget) -> dict[str, Json]:
        had = before.budget
        if budget.amount is None or had is None or had.amount is None or had.period is not budget.period:
            was = had.period if had is not None else "no budget of its own"
            raise UnsupportedCapabilityError(
                f"TikTok cannot change the kind of a budget ({was} to {budget.period})", vendor=self.vendor,
                field="budget.period", value=budget.period.value, hint="keep the period, or make a new object",
            )  # fmt: skip
        return {"budget": write.amount(budget.amount, await self.currency(), "budget.amount")}

    async def _draft_status(self, before: Any, status: SettableStatus) -> Step:
        kind, flow = KINDS[before.ref.level], before.extra["flow"]
        word = words.spoken(words.CONFIGURED_OUT, status, "status")
        body = {"advertiser_id": self.account, kind.ids_in(flow): [before.ref.id], "operation_status": word}
        return Step(_post(kind.endpoint(flow, "status/update"), body), {"operation_status": word})

    async def _send_change(self, ref: Ref, request: Request) -> None:
        try:
            await self._post(request["path"], request["body"])
        except PartialFailureError as error:
            word = request["body"].get("operation_status")
            refused = error.items.get(ref.id) or error.vendor_message or "the vendor gives no reason"
            raise InvalidRequestError(
                f"TikTok refused to set {ref.level} {ref.id} to {word}: {refused}", vendor=self.vendor, field="status",
                value=word, vendor_code=error.vendor_code, request_ids=error.request_ids, rule=error.rule,
                hint="look at the object at TikTok: deleted objects cannot be switched",
            ) from error  # fmt: skip
        except InvalidRequestError as error:
            if error.vendor_code != SAME_AS_BEFORE:
                raise


def _refuse_on_campaigns(patch: CampaignPatch) -> None:
    """Objective, bid and schedule of a campaign cannot be changed at TikTok."""
    for name in ("bid", "schedule"):
        if getattr(patch, name) is not UNSET:
            raise UnsupportedCapabilityError(
                f"TikTok's campaigns have no {name}", vendor="tiktok", field=name, value=str(getattr(patch, name)),
                hint="set it on the ad groups",
            )  # fmt: skip


def _post(path: str, body: dict[str, Json]) -> Request:
    return {"method": "POST", "path": path, "body": body}
