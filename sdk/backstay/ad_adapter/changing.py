"""Changing: read, compare with what the caller expects, send absolute values, read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, Unpack

from backstay.ad_adapter import tags
from backstay.ad_adapter.parts import Request, Step, compare, tells, unchanged
from backstay.ad_adapter.spending import Spends, refuse_spending_extra
from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupPatch,
    AdPatch,
    Budget,
    Campaign,
    CampaignPatch,
    Capability,
    ConfiguredStatus,
    Level,
    Ref,
    SettableStatus,
    Updated,
    require_live,
)
from backstay.ads.patch import Patch
from backstay.engine.poll import poll
from backstay.errors import InvalidRequestError
from backstay.letters.frame import recall, replaying
from backstay.operation import CallOptions, intent, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import need
from backstay.writes.reconcile import Seen


def _pauses(ref: Ref, status: ConfiguredStatus, *_: Any) -> bool:
    del ref
    return status is ConfiguredStatus.PAUSED


_PATCHES: Final[Mapping[Level, type[Patch]]] = MappingProxyType(
    {Level.CAMPAIGN: CampaignPatch, Level.AD_GROUP: AdGroupPatch, Level.AD: AdPatch}
)


class Changing(Spends):
    """Updates, switches and budgets of any level."""

    @intent(Effect.SET)
    async def update_campaign(
        self,
        ref: Ref,
        patch: CampaignPatch,
        *,
        expect: Campaign | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Campaign]:
        """Change a campaign; with `expect` only if it is still as that live answer says (else ConflictError)."""
        return await self._change(Level.CAMPAIGN, ref, patch, expect, options, dry_run=dry_run)

    @intent(Effect.SET)
    async def update_ad_group(
        self,
        ref: Ref,
        patch: AdGroupPatch,
        *,
        expect: AdGroup | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[AdGroup]:
        """Change an ad group; targeting is replaced as a whole; `expect` as in `update_campaign`."""
        return await self._change(Level.AD_GROUP, ref, patch, expect, options, dry_run=dry_run)

    @intent(Effect.SET)
    async def update_ad(
        self,
        ref: Ref,
        patch: AdPatch,
        *,
        expect: Ad | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Ad]:
        """Change an ad's name or creative; a new creative is reviewed again; `expect` as in `update_campaign`."""
        return await self._change(Level.AD, ref, patch, expect, options, dry_run=dry_run)

    @intent(Effect.SET)
    async def set_budget(
        self,
        ref: Ref,
        budget: Budget,
        *,
        expect: Campaign | AdGroup,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Updated[Any]:
        """Set an absolute budget if the live one is still that of `expect` (else ConflictError)."""
        need("ref", ref, Ref)
        if isinstance(expect, Campaign) and ref.level is Level.CAMPAIGN:
            patch = CampaignPatch(budget=budget)
            return await self.update_campaign(ref, patch, expect=expect, dry_run=dry_run, **options)
        if isinstance(expect, AdGroup) and ref.level is Level.AD_GROUP:
            group_patch = AdGroupPatch(budget=budget)
            return await self.update_ad_group(ref, group_patch, expect=expect, dry_run=dry_run, **options)
        raise InvalidRequestError(
            f"expect is a {type(expect).__name__}, the ref names a {ref.level}", field="expect", value=str(ref),
            hint="pass the live campaign or ad group that the ref names",
        )  # fmt: skip

    # The change itself --------------------------------------------------------------------------------------------

    async def _change(
        self, level: Level, ref: Ref, patch: Patch, expect: Any, options: CallOptions, *, dry_run: bool
    ) -> Updated[Any]:
        need("ref", ref, Ref)
        need("patch", patch, _PATCHES[level])
        refuse_spending_extra(patch, self.switch_fields | self.spend_fields)
        before = await self._must_be_live(level, ref)
        if expect is not None and replaying() is None:  # a replay compares each step with what was there at first
            unchanged(require_live(expect), before)
        steps = await self._draft_change(before, patch)
        if dry_run:
            return await self._planned_change(before, steps, _fields(patch))
        known = recall(before)
        for step in steps:
            await self._send_step(ref, step, known, patch, **options)
        with self._reading_back(tags.of_change(ref) if steps else ()):
            return await self._changed(ref, steps, _fields(patch))

    @contextmanager
    def _reading_back(self, of: tuple[str, ...]) -> Iterator[None]:
        """Forget answers with these tags again: reads lag, so who read meanwhile may have stored what was before."""
        try:
            yield
        finally:
            self._invalidate(of)

    async def _changed(self, ref: Ref, steps: Sequence[Step], fields: tuple[str, ...]) -> Updated[Any]:
        """What the vendor shows of the change, as soon as it shows all of it or the read lag is over."""
        after = await poll(self.runtime.clock, lambda: self._shows(ref, steps), self._looks())
        if after is not None:
            return Updated(value=after, applied=fields)
        now = await self._must_be_live(ref.level, ref)
        late = {name for step in steps if not self._has(now, step) for name in step.fields or fields}
        return Updated(
            value=now, applied=tuple(name for name in fields if name not in late),
            pending=tuple(name for name in fields if name in late),
        )  # fmt: skip

    async def _shows(self, ref: Ref, steps: Sequence[Step]) -> Any | None:
        found = await self._live(ref)
        return found if found is not None and all(self._has(found, step) for step in steps) else None

    def _has(self, item: Any, step: Step) -> bool:
        return compare(step.wanted, {}, self._raw(item, step.wanted)) is Seen.WANTED

    @operation(
        Effect.SET, look="_look_step", group="objects", tags=tags.of_change, name="update", spend="_spend_of_step"
    )  # fmt: skip
    async def _send_step(self, ref: Ref, step: Step, before: Any, patch: Patch, **_: Unpack[CallOptions]) -> None:
        del before, patch  # the look and the guard need them
        await self._send_change(ref, step.request)

    async def _look_step(self, ref: Ref, step: Step, before: Any, patch: Patch) -> Seen:
        del patch
        found = await self._live(ref)
        if found is None:
            return Seen.OTHER
        was, now = self._raw(before, step.wanted), self._raw(found, step.wanted)
        seen = compare(step.wanted, was, now)
        if seen is Seen.WANTED and not tells(step.wanted, was, now):
            return Seen.BEFORE  # what is not shown proves nothing: values are absolute, so they can be sent again
        return seen

    # Status -------------------------------------------------------------------------------------------------------

    @intent(Effect.SET)
    async def set_status(
        self, ref: Ref, status: SettableStatus, *, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Updated[Any]:
        """Switch an object; ARCHIVED and DELETED need their capabilities, and deleting is final."""
        need("ref", ref, Ref)
        need("status", status, ConfiguredStatus)
        self._switchable(ref, status)
        before = await self._must_be_live(ref.level, ref)
        step = await self._draft_status(before, status)
        if dry_run:
            return await self._planned_change(before, (step,), ("status",))
        send = self._delete if status is ConfiguredStatus.DELETED else self._switch
        await send(ref, status, step, before, **options)
        with self._reading_back(tags.of_change(ref)):
            after = await poll(self.runtime.clock, lambda: self._switched(ref, status, before), self._looks())
        if after is None:
            return Updated(value=before, pending=("status",))
        return Updated(value=after, applied=("status",))

    def _switchable(self, ref: Ref, status: ConfiguredStatus) -> None:
        if status is ConfiguredStatus.UNKNOWN:
            raise InvalidRequestError(
                "UNKNOWN is for reading", field="status", value=status.value, hint="pass ACTIVE, PAUSED or DELETED"
            )
        self.capabilities.require_switch(status)
        if ref.level is Level.ACCOUNT:
            raise InvalidRequestError(
                "an account has no switch", field="ref", value=str(ref), hint="pass an object's ref"
            )

    async def _switched(self, ref: Ref, status: ConfiguredStatus, before: Any) -> Any | None:
        found = await self._live(ref)
        if found is None:
            gone = before.status.model_copy(update={"configured": ConfiguredStatus.DELETED})
            return before.model_copy(update={"status": gone}) if status is ConfiguredStatus.DELETED else None
        return found if found.status.configured is status else None

    @operation(
        Effect.SET, look="_look_switch", pausing=_pauses, group="objects", tags=tags.of_change, name="set_status",
        spend="_spend_of_switch",
    )  # fmt: skip
    async def _switch(
        self, ref: Ref, status: ConfiguredStatus, step: Step, before: Any, **_: Unpack[CallOptions]
    ) -> None:
        del status, before
        await self._send_change(ref, step.request)

    @operation(
        Effect.DELETE, look="_look_switch", group="objects", tags=tags.of_change, name="delete",
        spend="_spend_of_switch",
    )  # fmt: skip
    async def _delete(
        self, ref: Ref, status: ConfiguredStatus, step: Step, before: Any, **_: Unpack[CallOptions]
    ) -> None:
        del status, before
        await self._send_change(ref, step.request)

    async def _look_switch(self, ref: Ref, status: ConfiguredStatus, step: Step, before: Any) -> Seen:
        del step, before
        found = await self._live(ref)
        if found is None:
            return Seen.WANTED if status is ConfiguredStatus.DELETED else Seen.OTHER
        return Seen.WANTED if found.status.configured is status else Seen.BEFORE

    # Dry runs -----------------------------------------------------------------------------------------------------

    async def _planned_change(self, before: Any, steps: Sequence[Step], fields: tuple[str, ...]) -> Updated[Any]:
        plan = tuple(dict(step.request) for step in steps)
        await self._checked(plan)
        return Updated(value=before, pending=fields, plan=plan)

    async def _checked(self, requests: Sequence[Request]) -> None:
        """Have the vendor check what a dry run would send, where it does that."""
        if Capability.VALIDATE_ONLY in self.capabilities:
            for request in requests:
                await self._validate(request)

    @operation(Effect.READ, deciding=True, group="objects", name="validate")
    async def _validate(self, request: Request, **_: Unpack[CallOptions]) -> None:
        await self._check(request)


def _fields(patch: Patch) -> tuple[str, ...]:
    """What a patch changes: common fields, then the vendor's own."""
    return (*patch.changes, *patch.extra)
