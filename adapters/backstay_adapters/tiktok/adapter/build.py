"""What creates and changes share: the read-back that makes sure of "paused", names and budgets of patches."""

from __future__ import annotations

from typing import Any

from backstay.ads import Budget, ConfiguredStatus, Created, Ref
from backstay.ads.patch import Patch
from backstay.answer import Served, stamp
from backstay.clock import utc
from backstay.engine.write import Written
from backstay.errors import BackstayError, ConflictError, UnsupportedCapabilityError
from backstay.spec import merge_extra
from backstay_adapters.tiktok.adapter.status import TikTokStatus
from backstay_adapters.tiktok.wire import write
from backstay_adapters.tiktok.wire.kinds import Kind
from backstay_adapters.tiktok.wire.names import marked


class TikTokBuild(TikTokStatus):
    """Helpers of creates and updates."""

    async def _created(self, kind: Kind, written: Written[Ref]) -> Created[Any]:
        """Read back what was made. The vendor may ignore "paused" (its manual flow did, for campaigns): then pause."""
        found = await self._made_visible(kind, written)
        if written.fresh and found.status.configured is ConfiguredStatus.ACTIVE:
            found = (await self.set_status(written.value, ConfiguredStatus.PAUSED)).value
            if found.status.configured is ConfiguredStatus.ACTIVE:
                raise ConflictError(
                    f"the new {kind.level} {written.value.id} runs although it was created paused", field="status",
                    hint="pause it by hand at TikTok now", rule="tiktok.not_paused", value=str(written.value),
                )  # fmt: skip
        served = found.served
        told = Served(
            source="live", by=self.vendor, fetched_at=utc(self.runtime.clock.wall()), attempts=served.attempts,
            request_ids=served.request_ids,
        )  # fmt: skip
        return stamp(Created(value=found, how=written.how, parked=written.parked), told)

    async def _made_visible(self, kind: Kind, written: Written[Ref]) -> Any:
        try:
            return await self._read_back(kind, written.value.id)
        except BackstayError as error:
            error.operation = kind.create
            error.hint = f"the {kind.level} {written.value.id} was made; call again with the same key to get it"
            raise

    async def _patched(self, kind: Kind, before: Any, patch: Patch) -> dict[str, Any]:
        """The vendor's fields of a patch, absolute; the marker stays in the name."""
        body: dict[str, Any] = {}
        changes = patch.changes
        if "name" in changes:
            name = changes["name"]
            body[kind.name] = marked(name, before.key_token, "name") if before.key_token else name
        if "budget" in changes:
            body |= await self._budget_change(before, changes["budget"])
        return merge_extra(body, patch.extra)

    async def _budget_change(self, before: Any, budget: Budget) -> dict[str, Any]:
        had = before.budget
        if budget.amount is None or had is None or had.amount is None or had.period is not budget.period:
            was = had.period if had is not None else "no budget of its own"
            raise UnsupportedCapabilityError(
                f"TikTok cannot change the kind of a budget ({was} to {budget.period})", vendor=self.vendor,
                field="budget.period", value=budget.period.value, hint="keep the period, or make a new object",
            )  # fmt: skip
        return {"budget": write.amount(budget.amount, await self.currency(), "budget.amount")}
