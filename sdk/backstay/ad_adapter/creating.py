"""Creating: drafted, journalled, sent once for each key, read back, and made sure to be paused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from backstay.ad_adapter import planned, tags
from backstay.ad_adapter.changing import Changing
from backstay.ad_adapter.parts import Draft
from backstay.ad_adapter.reading import PLANNED
from backstay.ad_adapter.spending import PAUSED, refuse_spending_extra
from backstay.ads import (
    Ad,
    AdGroup,
    AdGroupSpec,
    AdSpec,
    Campaign,
    CampaignSpec,
    ConfiguredStatus,
    Created,
    Level,
    Ref,
)
from backstay.answer import Answer, Served, stamp
from backstay.clock import utc
from backstay.engine.call import current
from backstay.engine.claim import moment
from backstay.engine.write import Written
from backstay.errors import BackstayError, ConflictError
from backstay.keys import payload_hash
from backstay.operation import CallOptions, intent, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import need
from backstay.values import unchecked
from backstay.writes.journal import JournalKey, Record, State
from backstay.writes.memory import MemoryJournal

_whole: Callable[..., Created[Any]] = unchecked(Created)
"""Its parts were checked when they were made."""


class Creating(Changing):
    """Campaigns, ad groups and ads; everything is created paused."""

    @intent(Effect.CREATE)
    async def create_campaign(
        self, spec: CampaignSpec, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Created[Campaign]:
        """Make a paused campaign, once for each key; a dry run shows the requests and writes nothing."""
        need("spec", spec, CampaignSpec)
        key_token = self._token(Level.CAMPAIGN, idempotency_key)
        refuse_spending_extra(spec, self.switch_fields)
        draft = await self._draft_campaign(spec, key_token)
        if dry_run:
            imagined = planned.campaign(self._planned_ref(Level.CAMPAIGN, key_token), spec, key_token, draft)
            return await self._planned_create(imagined, draft)
        written = await self._earlier(Level.CAMPAIGN, draft, idempotency_key) or await self._create_campaign(
            Level.CAMPAIGN, {"spec": spec}, draft, idempotency_key=idempotency_key, **options
        )
        return await self._created(written, key_token)

    @intent(Effect.CREATE)
    async def create_ad_group(
        self,
        campaign: Ref,
        spec: AdGroupSpec,
        *,
        idempotency_key: str,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Created[AdGroup]:
        """Make a paused ad group in a campaign, once for each key; `dry_run` as in `create_campaign`."""
        need("campaign", campaign, Ref)
        need("spec", spec, AdGroupSpec)
        key_token = self._token(Level.AD_GROUP, idempotency_key)
        parent: Campaign = await self._must_be_live(Level.CAMPAIGN, campaign)
        refuse_spending_extra(spec, self.switch_fields)
        draft = await self._draft_ad_group(spec, parent, key_token)
        if dry_run:
            ref = self._planned_ref(Level.AD_GROUP, key_token)
            return await self._planned_create(planned.ad_group(ref, parent, spec, key_token, draft), draft)
        payload = {"spec": spec, "campaign": campaign}
        written = await self._earlier(Level.AD_GROUP, draft, idempotency_key) or await self._create_ad_group(
            Level.AD_GROUP, payload, draft, idempotency_key=idempotency_key, **options
        )
        return await self._created(written, key_token)

    @intent(Effect.CREATE)
    async def create_ad(
        self,
        ad_group: Ref,
        spec: AdSpec,
        *,
        idempotency_key: str,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Created[Ad]:
        """Make a paused ad in an ad group, once for each key; `dry_run` as in `create_campaign`."""
        need("ad_group", ad_group, Ref)
        need("spec", spec, AdSpec)
        key_token = self._token(Level.AD, idempotency_key)
        parent: AdGroup = await self._must_be_live(Level.AD_GROUP, ad_group)
        refuse_spending_extra(spec, self.switch_fields)
        draft = await self._draft_ad(spec, parent, key_token)
        if dry_run:
            imagined = planned.ad(self._planned_ref(Level.AD, key_token), parent, spec, key_token, draft)
            return await self._planned_create(imagined, draft)
        payload = {"spec": spec, "ad_group": ad_group}
        written = await self._earlier(Level.AD, draft, idempotency_key) or await self._create_ad(
            Level.AD, payload, draft, idempotency_key=idempotency_key, **options
        )
        return await self._created(written, key_token)

    # The create itself ------------------------------------------------------------------------------------------

    async def _earlier(self, level: Level, draft: Draft, key: str) -> Written[Ref] | None:
        """What another process has made under a key, where nobody would notice that it is made again.

        A journal in memory forgets with its process, and not every vendor refuses a second object of the same name:
        then one look comes before the first send. A durable journal knows its keys and costs no look.
        """
        if not isinstance(self.runtime.journal, MemoryJournal) or self._refuses_repeats(draft):
            return None
        if await self.runtime.journal.get(JournalKey(self.vendor, self.account, f"create_{level}", key).id) is not None:
            return None
        found = await self._look(level, self._token(level, key), draft)
        return Written(found[0], "adopted", tuple(found[1:]), fresh=False) if found else None

    @operation(
        Effect.CREATE, look="_look_created", payload=("spec",), group="create", limits=("campaign_create",),
        tags=tags.of_create, name="create_campaign", spend=PAUSED,
    )  # fmt: skip
    async def _create_campaign(
        self, level: Level, spec: Any, draft: Draft, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Ref]:
        del spec, idempotency_key  # what the caller set makes the payload's hash; the key is in the draft's marker
        return await self._sent(level, draft)

    @operation(
        Effect.CREATE, look="_look_created", payload=("spec",), group="create", limits=("ad_group_create",),
        tags=tags.of_create, name="create_ad_group", spend=PAUSED,
    )  # fmt: skip
    async def _create_ad_group(
        self, level: Level, spec: Any, draft: Draft, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Ref]:
        del spec, idempotency_key
        return await self._sent(level, draft)

    @operation(
        Effect.CREATE, look="_look_created", payload=("spec",), group="create", limits=("ad_create",),
        tags=tags.of_create, name="create_ad", spend=PAUSED,
    )  # fmt: skip
    async def _create_ad(
        self, level: Level, spec: Any, draft: Draft, *, idempotency_key: str, **_: Unpack[CallOptions]
    ) -> Written[Ref]:
        del spec, idempotency_key
        return await self._sent(level, draft)

    async def _sent(self, level: Level, draft: Draft) -> Written[Ref]:
        """Send a create, once; with the object, if its answer shows it: that was read after it was made."""
        made, call = await self._send_create(level, draft), current()
        ref = self._ref(level, made.id)
        if made.item is None or call is None:
            return Written(ref)
        shown = self._served(made.item, call, "live", None)
        self.runtime.lately.made(ref, self.runtime.clock.monotonic(), self.profile.read_lag)
        verified = shown.status.configured is not ConfiguredStatus.ACTIVE
        return Written(ref, shown=shown, verified=verified)

    async def _look_created(self, level: Level, spec: Any, draft: Draft, *, idempotency_key: str) -> Sequence[Ref]:
        del spec
        return await self._look(level, self._token(level, idempotency_key), draft)

    async def _created(self, written: Written[Ref], key_token: str) -> Created[Any]:
        """Read back what was made, unless the answer has shown it.

        Vendors may ignore "paused" (TikTok's manual flow did): then it is paused. Once the journal knows that this was
        done, no later call with the key pauses it again.
        """
        ref, found = written.value, written.shown
        if found is None:
            with self._reading_back(tags.of_create(ref.level)):
                found = await self._made_visible(ref)
        if written.fresh and found.status.configured is ConfiguredStatus.ACTIVE:
            found = (await self.set_status(ref, ConfiguredStatus.PAUSED)).value
            if found.status.configured is ConfiguredStatus.ACTIVE:
                raise ConflictError(
                    f"the new {ref.level} {ref.id} runs although it was created paused", vendor=self.vendor,
                    field="status", hint=f"pause it by hand at {self.vendor} now", rule=f"{self.vendor}.not_paused",
                    value=str(ref),
                )  # fmt: skip
        if written.fresh and not written.verified:
            await self.runtime.journal.mark(key_token, State.VERIFIED, moment(self.runtime.clock))
        made: Created[Any] = _whole(value=found, how=written.how, parked=written.parked)
        return stamp(made, self._now(found.served))

    async def _record_made(self, key: str, asked: Mapping[str, Any], ref: Ref) -> None:
        """Write down an object that was made together with others, as its own create would have: then it is owned."""
        name = f"create_{ref.level}"
        record = Record(
            JournalKey(self.vendor, self.account, name, key), payload_hash(name, (), {"spec": asked}),
            state=State.VERIFIED, value=ref, known=True,
        )  # fmt: skip
        await self.runtime.journal.claim(record, moment(self.runtime.clock))

    async def _made_visible(self, ref: Ref) -> Any:
        try:
            return await self._read_back(ref)
        except BackstayError as error:
            error.operation = f"create_{ref.level}"
            error.hint = f"the {ref.level} {ref.id} was made; call again with the same key to get it"
            raise

    def _now(self, served: Served | None = None) -> Served:
        """Served live by this adapter, now."""
        return Served(
            source="live", by=self.vendor, fetched_at=utc(self.runtime.clock.wall()),
            attempts=served.attempts if served else 0, request_ids=served.request_ids if served else (),
        )  # fmt: skip

    # Dry runs -----------------------------------------------------------------------------------------------------

    def _planned_ref(self, level: Level, key_token: str) -> Ref:
        return self._ref(level, f"{PLANNED}{key_token}")

    async def _planned_create(self, imagined: Answer, draft: Draft) -> Created[Any]:
        await self._checked(draft.requests)
        made: Created[Any] = Created(
            value=imagined, how="planned", plan=tuple(dict(request) for request in draft.requests)
        )
        return stamp(made, self._now())
