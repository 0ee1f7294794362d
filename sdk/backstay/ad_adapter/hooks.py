"""What a vendor says in its own words: the methods that an ad platform's adapter must have.

They only prepare and send. Retries, limits, cache, looking up lost writes, reading back, comparing and dry runs are
done around them. Whatever they raise must be a BackstayError, named by the vendor's table. Arguments and answers of
`_fetch` and of the report hooks are plain JSON and models: they become cache keys and cached answers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, NoReturn
from zoneinfo import ZoneInfo

from backstay.ad_adapter.parts import Asked, Draft, Made, Raw, Request, Step
from backstay.ads import (
    Account,
    AdGroup,
    AdGroupSpec,
    AdSpec,
    Balance,
    Campaign,
    CampaignSpec,
    Capabilities,
    Capability,
    DateRange,
    Level,
    MediaRef,
    MediaUpload,
    MetricBasis,
    MetricsQuery,
    MetricsRow,
    PageData,
    Platform,
    Query,
    Ref,
    ReportJob,
    ReportState,
    SettableStatus,
)
from backstay.ads.patch import Patch
from backstay.base import Adapter
from backstay.errors import BackstayError, InternalError


class AdHooks(Adapter, ABC):
    """The vendor's part of an ad platform's adapter."""

    page_limit: ClassVar[int] = 1_000
    """Objects on a page at most; asked for where a query names no size."""
    name_limit: ClassVar[int] = 100
    """Characters of an uploaded file's name, our marker included."""
    switch_fields: ClassVar[frozenset[str]] = frozenset()
    """The vendor's own fields that switch something on or raise its budget unseen: refused in every `extra`, so that
    nothing passes the spend guard. Conformance wants them named."""
    spend_fields: ClassVar[frozenset[str]] = frozenset()
    """The vendor's own fields of budgets, bids and schedules: refused in the `extra` of patches as well."""

    @property
    @abstractmethod
    def platform(self) -> Platform:
        """Which platform."""

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What it can do; what is off is refused before anything is sent."""

    # The account ------------------------------------------------------------------------------------------------

    @abstractmethod
    async def _read_account(self) -> Account:
        """Ask for the account."""

    async def _read_balance(self) -> Balance:
        """Ask for what can still be spent; with BALANCE only."""
        self._lacks("_read_balance")

    # Reading ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def _asks(self, level: Level, query: Query) -> tuple[Asked, ...]:
        """The lists that together hold what a query asks for, read one after the other; filters may be loose."""

    @abstractmethod
    def _asks_one(self, level: Level, id: str) -> tuple[Asked, ...]:  # noqa: A002 - the field's own name
        """Where one object is found: the first of these that has it gives it."""

    @abstractmethod
    def _asks_key(self, level: Level, key_token: str, since: datetime | None) -> tuple[Asked, ...]:
        """The lists in which the objects with a token are, among others; only the token is then believed."""

    @abstractmethod
    async def _fetch(self, level: Level, asked: Asked, state: Any, size: int) -> PageData[Any]:
        """One page of one list as our models; `state` is None at first, then what `next_state` said (plain JSON).

        An object that is not there is no items, or NotFoundError. The token of a marker goes into `key_token`.
        """

    @abstractmethod
    def _raw(self, item: Any, names: Mapping[str, Any]) -> dict[str, Any]:
        """The vendor's own values of some fields of an object that was read; None for what it does not show."""

    # Creating ---------------------------------------------------------------------------------------------------

    @abstractmethod
    async def _draft_campaign(self, spec: CampaignSpec, key_token: str) -> Draft:
        """The request that makes a paused campaign whose name carries the token; refuses what cannot be said."""

    @abstractmethod
    async def _draft_ad_group(self, spec: AdGroupSpec, campaign: Campaign, key_token: str) -> Draft:
        """The request that makes a paused ad group; the campaign is as it was just read, or planned."""

    @abstractmethod
    async def _draft_ad(self, spec: AdSpec, ad_group: AdGroup, key_token: str) -> Draft:
        """The request that makes a paused ad; the ad group is as it was just read, or planned."""

    def _refuses_repeats(self, draft: Draft) -> bool:
        """Whether the vendor refuses a second create with the same token, however late, so that it is noticed."""
        del draft
        return bool({Capability.NAME_UNIQUE, Capability.NATIVE_IDEMPOTENCY} & self.capabilities.flags)

    @abstractmethod
    async def _send_create(self, level: Level, draft: Draft) -> Made:
        """Send a create, one attempt; the new object's id, and the object if the answer shows it."""

    async def _look(self, level: Level, key_token: str, draft: Draft) -> Sequence[Ref]:
        """Objects that a create with this token has made; another way than by name where an object has none."""
        del draft
        return await self._find(level, key_token)

    @abstractmethod
    async def _find(self, level: Level, key_token: str) -> tuple[Ref, ...]:
        """Objects by token; the base has it."""

    # Changing ---------------------------------------------------------------------------------------------------

    @abstractmethod
    async def _draft_change(self, before: Any, patch: Patch) -> tuple[Step, ...]:
        """The requests of a patch with absolute values, as few as the vendor needs; refuses what it cannot change."""

    @abstractmethod
    async def _draft_status(self, before: Any, status: SettableStatus) -> Step:
        """The request that switches, archives or deletes an object."""

    @abstractmethod
    async def _send_change(self, ref: Ref, request: Request) -> None:
        """Send a change, one attempt. "It is so already" is success."""

    async def _check(self, request: Request) -> None:
        """Have the vendor check a request without carrying it out; with VALIDATE_ONLY only."""
        self._lacks("_check")

    # Media ------------------------------------------------------------------------------------------------------

    async def _send_upload(self, media: MediaUpload, name: str) -> MediaRef:
        """Upload a file under a name that carries our marker; with IMAGE_UPLOAD or VIDEO_UPLOAD only."""
        self._lacks("_send_upload")

    async def _find_upload(self, media: MediaUpload, name: str) -> Sequence[MediaRef]:
        """Files that such an upload has left, by name or by content; always asks the vendor."""
        self._lacks("_find_upload")

    async def _ready_video(self, known: MediaRef) -> MediaRef | None:
        """The video once it can be used, None before; NotReadyError counts as None. With VIDEO_UPLOAD only."""
        self._lacks("_ready_video")

    # Reports ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def _report_days(self, query: MetricsQuery) -> int | None:
        """The longest span in days of one request of such a query; None is no limit."""

    @abstractmethod
    async def _report_page(self, query: MetricsQuery, days: DateRange, state: Any) -> PageData[Any]:
        """One page of the vendor's own rows (plain JSON) for these days of a query; `state` as in `_fetch`."""

    @abstractmethod
    def _report_row(self, raw: Raw, query: MetricsQuery, account: Account, today: date) -> MetricsRow:
        """A row in our words; `today` is the account's own day."""

    @abstractmethod
    def _report_basis(self, query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
        """How the numbers of a query are counted."""

    async def _start_job(self, query: MetricsQuery) -> str:
        """Start a report job; its id. With REPORT_JOB only, as the two below."""
        self._lacks("_start_job")

    async def _job_state(self, job: ReportJob) -> tuple[ReportState, int | None]:
        """How far a job is: state, and percent where the vendor says."""
        self._lacks("_job_state")

    async def _job_error(self, job: ReportJob) -> BackstayError | None:
        """Why a job failed, where the vendor says it."""
        del job
        return None

    async def _job_page(self, job: ReportJob, state: Any) -> PageData[Any]:
        """One page of a finished job's rows, as `_report_page` gives them."""
        self._lacks("_job_page")

    def _lacks(self, hook: str) -> NoReturn:
        raise InternalError(
            f"{type(self).__name__} has a capability but not {hook}", vendor=self.vendor, rule="ad_adapter.hook",
            hint=f"write {hook}, or take the capability away",
        )  # fmt: skip
