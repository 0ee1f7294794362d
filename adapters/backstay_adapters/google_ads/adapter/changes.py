"""Changes in Google's words: one mutate each, with masks that name what changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from backstay.ad_adapter import Request, Step, tags
from backstay.ads import (
    AdGroupPatch,
    AdPatch,
    Budget,
    Campaign,
    CampaignPatch,
    ConfiguredStatus,
    Level,
    Ref,
    SettableStatus,
    Updated,
)
from backstay.ads.patch import Patch
from backstay.errors import InvalidRequestError, NotFoundError, PartialFailureError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.writes.guard import Spending
from backstay.writes.marker import PREFIX
from backstay_adapters.google_ads.adapter.creates import GoogleCreates
from backstay_adapters.google_ads.adapter.reads import IDS, LABELS, Row
from backstay_adapters.google_ads.profile import MAX_OPERATIONS
from backstay_adapters.google_ads.wire import change, gaql, words, write


def _tags_of_many(refs: Sequence[Ref], *_: Any, **__: Any) -> tuple[str, ...]:
    """The cached answers that change with many objects."""
    return tuple(dict.fromkeys(tag for ref in refs for tag in tags.of_change(ref)))


class GoogleChanges(GoogleCreates):
    """What is changed."""

    async def _draft_change(self, before: Any, patch: Patch) -> tuple[Step, ...]:
        found = await self._changed_by(before, patch)
        if not found.operations:
            return ()
        return (Step(write.mutate(self.account, found.operations), found.wanted),)

    async def _changed_by(self, before: Any, patch: Patch) -> change.Change:
        place = await self.place()
        if isinstance(patch, CampaignPatch):
            return change.campaign(before, patch, place)
        if isinstance(patch, AdGroupPatch):
            above, own = await self._criteria_of(int(before.campaign.id), int(before.ref.id))
            return change.ad_group(before, patch, place, above, own)
        if isinstance(patch, AdPatch):
            label, channel = await self._behind(before.ref)
            return change.ad(before, patch, place, label, channel)
        raise InvalidRequestError("no such patch", field="patch", value=type(patch).__name__, hint="see backstay.ads")

    @operation(Effect.READ, deciding=True, group="objects", name="list_criteria")
    async def _criteria_of(self, campaign: int, group: int) -> tuple[list[Row], list[Row]]:
        above = await self._criteria("campaign", [campaign])
        own = await self._criteria("ad_group", [group])
        return above.get(campaign, []), own.get(group, [])

    @operation(Effect.READ, deciding=True, group="objects", name="look_behind")
    async def _behind(self, ref: Ref) -> tuple[str | None, str]:
        """The label that carries an ad's name, and the channel of its campaign."""
        group, _, own = ref.id.partition("~")
        where = [gaql.numbers(IDS[Level.AD], [own]), gaql.numbers("ad_group.id", [group])]
        marked = [*where, gaql.holds("label.name", PREFIX)]
        labels = [row for row in await self._search("ad_group_ad_label", LABELS, marked) if LABELS[1] in row]
        found = await self._search("ad_group_ad", ("campaign.advertising_channel_type",), where)
        channel = found[0].get("campaign.advertising_channel_type", "") if found else ""
        return (labels[0][LABELS[1]] if labels else None), channel

    async def _draft_status(self, before: Any, status: SettableStatus) -> Step:
        word, ref = words.spoken(words.CONFIGURED_OUT, status, "status"), before.ref
        sent = write.mutate(self.account, [write.switch(ref.level, self.account, ref.id, word)])
        return Step(sent, {"status": word})

    async def _send_change(self, ref: Ref, request: Request) -> None:
        del ref  # its resource name is in the request
        try:
            await self._mutate(request)
        except NotFoundError:
            # "Remove" of what is removed: it is so already.
            if not any("remove" in body for each in request["request"]["mutate_operations"] for body in each.values()):
                raise

    async def _check(self, request: Request) -> None:
        await self._mutate(request, validate_only=True)

    async def set_budget(
        self,
        ref: Ref,
        budget: Budget,
        *,
        expect: Any,
        dry_run: bool = False,
        allow_shared: object = False,  # yes or no; to a type checker the protocol's options might be anything here
        **options: Unpack[CallOptions],
    ) -> Updated[Any]:
        """Set an absolute budget if the live one is still that of `expect` (else ConflictError).

        A budget that several campaigns share changes for all of them: it is refused (SharedBudgetError) unless
        `allow_shared` says that this is meant.
        """
        if allow_shared and isinstance(expect, Campaign) and expect.budget is not None:
            budget = budget.model_copy(update={"shared_ref": expect.budget.shared_ref})
        return await super().set_budget(ref, budget, expect=expect, dry_run=dry_run, **options)

    # Many at once -----------------------------------------------------------------------------------------------

    async def pause_all(self, refs: Sequence[Ref], **options: Unpack[CallOptions]) -> tuple[Ref, ...]:
        """Pause many objects in one request, each for itself: what cannot be paused does not hold the others up.

        Raises:
            PartialFailureError: some were refused; `.items` has a verdict for each ref, None where it is paused.
        """
        own = tuple(dict.fromkeys(self._own(ref, ref.level) for ref in refs))
        for first in range(0, len(own), MAX_OPERATIONS):
            await self._pause(own[first : first + MAX_OPERATIONS], **options)
        return own

    @operation(
        Effect.SET, pausing=lambda _: True, group="objects", tags=_tags_of_many, name="pause_all",
        spend="_spend_of_pauses",
    )  # fmt: skip
    async def _pause(self, refs: tuple[Ref, ...], **_: Unpack[CallOptions]) -> None:
        word = words.CONFIGURED_OUT[ConfiguredStatus.PAUSED]
        operations = [write.switch(ref.level, self.account, ref.id, word) for ref in refs]
        try:
            await self._mutate(write.mutate(self.account, operations), partial_failure=True)
        except PartialFailureError as error:
            names = {str(number): str(ref) for number, ref in enumerate(refs)}
            error.items = {names.get(number, number): why for number, why in error.items.items()}
            raise

    async def _spend_of_pauses(self, refs: tuple[Ref, ...]) -> Spending:
        names = tuple(str(ref) for ref in refs)
        return Spending(stops=names, after={"status": ConfiguredStatus.PAUSED.value, "refs": list(names)})
