"""Switching objects on, off, and deleting them."""

from __future__ import annotations

from typing import Any, Unpack

from backstay.ads import ConfiguredStatus, Ref, SettableStatus, Updated
from backstay.engine.poll import poll
from backstay.errors import InvalidRequestError, PartialFailureError, UnsupportedCapabilityError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.writes.reconcile import Seen, looks
from backstay_adapters.tiktok.adapter import tags
from backstay_adapters.tiktok.adapter.objects import SAME_AS_BEFORE, TikTokObjects
from backstay_adapters.tiktok.wire import words
from backstay_adapters.tiktok.wire.kinds import KINDS, Flow


def _pauses(ref: Ref, flow: Flow, word: str) -> bool:
    del ref, flow
    return word == "DISABLE"


class TikTokStatus(TikTokObjects):
    """Status of any level."""

    async def set_status(self, ref: Ref, status: SettableStatus, **options: Unpack[CallOptions]) -> Updated[Any]:
        """Switch an object; deleting is final. TikTok has no archive."""
        if status is ConfiguredStatus.ARCHIVED:
            raise UnsupportedCapabilityError(
                "TikTok cannot archive", vendor=self.vendor, field="status", value=status.value,
                hint="pause it, or delete it for good",
            )  # fmt: skip
        kind = KINDS.get(ref.level)
        if kind is None:
            raise InvalidRequestError(
                "an account has no switch", field="ref", value=str(ref), hint="pass an object's ref"
            )
        before = await self._must_be_live(kind, ref)
        word = words.spoken(words.CONFIGURED_OUT, status, "status")
        send = self._delete if status is ConfiguredStatus.DELETED else self._switch
        await send(ref, before.extra["flow"], word, **options)
        after = await poll(
            self.runtime.clock, lambda: self._switched(ref, status, before),
            looks(self.profile.patience, self.profile.read_lag),
        )  # fmt: skip
        return Updated(
            value=after or before, applied=("status",) if after else (), pending=() if after else ("status",)
        )

    async def _switched(self, ref: Ref, status: ConfiguredStatus, before: Any) -> Any | None:
        found = await self._live(KINDS[ref.level], ref.id)
        if found is None:
            gone = before.status.model_copy(update={"configured": ConfiguredStatus.DELETED})
            return before.model_copy(update={"status": gone}) if status is ConfiguredStatus.DELETED else None
        return found if found.status.configured is status else None

    @operation(
        Effect.SET, look="_look_switch", pausing=_pauses, group="objects", tags=tags.of_change, name="set_status"
    )
    async def _switch(self, ref: Ref, flow: Flow, word: str, **_: Unpack[CallOptions]) -> None:
        await self._send_switch(ref, flow, word)

    @operation(Effect.DELETE, look="_look_switch", group="objects", tags=tags.of_change, name="delete")
    async def _delete(self, ref: Ref, flow: Flow, word: str, **_: Unpack[CallOptions]) -> None:
        await self._send_switch(ref, flow, word)

    async def _send_switch(self, ref: Ref, flow: Flow, word: str) -> None:
        kind = KINDS[ref.level]
        body = {"advertiser_id": self.account, kind.ids_in(flow): [ref.id], "operation_status": word}
        try:
            await self._post(kind.endpoint(flow, "status/update"), body)
        except PartialFailureError as error:
            refused = error.items.get(ref.id) or error.vendor_message or "the vendor gives no reason"
            raise InvalidRequestError(
                f"TikTok refused to set {ref.level} {ref.id} to {word}: {refused}", vendor=self.vendor, field="status",
                value=word, vendor_code=error.vendor_code, request_ids=error.request_ids, rule=error.rule,
                hint="look at the object at TikTok: deleted objects cannot be switched",
            ) from error  # fmt: skip
        except InvalidRequestError as error:
            if error.vendor_code != SAME_AS_BEFORE:
                raise

    async def _look_switch(self, ref: Ref, flow: Flow, word: str) -> Seen:
        del flow
        found = await self._live(KINDS[ref.level], ref.id)
        if found is None:
            return Seen.WANTED if word == "DELETE" else Seen.OTHER
        return Seen.WANTED if found.status.raw.get("operation_status") == word else Seen.BEFORE
