"""AdPlatform: the one protocol that services import. Whoever speaks it can be swapped for another."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TypeVar, Unpack, runtime_checkable

from backstay.ads.words import ConfiguredStatus, Level, Platform

if TYPE_CHECKING:
    from datetime import datetime

    from backstay.ads.capabilities import Capabilities
    from backstay.ads.metrics import MetricsQuery, MetricsReport, MetricsRow, ReportJob
    from backstay.ads.model import Account, Ad, AdGroup, Balance, BuiltTree, Campaign, Created, Updated
    from backstay.ads.pages import Pages
    from backstay.ads.parts import Budget, MediaRef
    from backstay.ads.patch import AdGroupPatch, AdPatch, CampaignPatch
    from backstay.ads.query import Query
    from backstay.ads.refs import Ref
    from backstay.ads.spec import AdGroupSpec, AdSpec, CampaignSpec, CampaignTree, MediaUpload
    from backstay.operation import CallOptions

T = TypeVar("T")
Call = Coroutine[Any, Any, T]
"""What calling an `async def` gives. Spelled out, because type checkers disagree whether a decorated one gives it."""

SettableStatus = Literal[
    ConfiguredStatus.ACTIVE, ConfiguredStatus.PAUSED, ConfiguredStatus.ARCHIVED, ConfiguredStatus.DELETED
]


@runtime_checkable
class AdPlatform(Protocol):
    """One ad account of one platform.

    All methods take call options, raise BackstayError only, and give answers that say where they came from. What
    creates, creates paused; what changes, sends absolute values. `dry_run=True` writes nothing, neither at the vendor
    nor in the journal: the answer's `plan` holds the requests, checked by the vendor where it does that.
    """

    @property
    def platform(self) -> Platform:
        """Which one."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; what is off is refused before anything is sent."""
        ...

    def owns(self, ref: Ref) -> bool:
        """Whether an object is of this account; asks nobody."""
        ...

    # The account ------------------------------------------------------------------------------------------------

    def get_account(self, **options: Unpack[CallOptions]) -> Call[Account]:
        """The account with its currency, zone and status."""
        ...

    def get_balance(self, **options: Unpack[CallOptions]) -> Call[Balance]:
        """What can still be spent; needs BALANCE."""
        ...

    # Reading ----------------------------------------------------------------------------------------------------

    def get_campaign(self, ref: Ref, **options: Unpack[CallOptions]) -> Call[Campaign]:
        """One campaign; raises NotFoundError."""
        ...

    def get_ad_group(self, ref: Ref, **options: Unpack[CallOptions]) -> Call[AdGroup]:
        """One ad group; raises NotFoundError."""
        ...

    def get_ad(self, ref: Ref, **options: Unpack[CallOptions]) -> Call[Ad]:
        """One ad; raises NotFoundError."""
        ...

    def list_campaigns(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Campaign]:
        """The account's campaigns; nothing is asked until the pages are read."""
        ...

    def list_ad_groups(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[AdGroup]:
        """The account's ad groups, or those of `query.parent`."""
        ...

    def list_ads(
        self, query: Query | None = None, *, cursor: str | None = None, **options: Unpack[CallOptions]
    ) -> Pages[Ad]:
        """The account's ads, or those of `query.parent`."""
        ...

    def find_by_key(
        self, level: Level, key: str, *, since: datetime | None = None, **options: Unpack[CallOptions]
    ) -> Call[tuple[Ref, ...]]:
        """The objects that creates with this idempotency key have made; always asks the vendor."""
        ...

    # Creating ---------------------------------------------------------------------------------------------------

    def create_campaign(
        self, spec: CampaignSpec, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Call[Created[Campaign]]:
        """Make a paused campaign, once for each key; `dry_run` shows the requests instead and writes nothing."""
        ...

    def create_ad_group(
        self,
        campaign: Ref,
        spec: AdGroupSpec,
        *,
        idempotency_key: str,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Call[Created[AdGroup]]:
        """Make a paused ad group in a campaign, once for each key; `dry_run` as in `create_campaign`."""
        ...

    def create_ad(
        self,
        ad_group: Ref,
        spec: AdSpec,
        *,
        idempotency_key: str,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Call[Created[Ad]]:
        """Make a paused ad in an ad group, once for each key; `dry_run` as in `create_campaign`."""
        ...

    def create_tree(
        self, tree: CampaignTree, *, idempotency_key: str, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Call[Created[BuiltTree]]:
        """Make a campaign with all under it, paused, once for each key; a second call goes on where one broke off."""
        ...

    def upload_image(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Call[Created[MediaRef]]:
        """Upload an image; the same bytes are not sent twice."""
        ...

    def upload_video(
        self, media: MediaUpload, *, idempotency_key: str, **options: Unpack[CallOptions]
    ) -> Call[Created[MediaRef]]:
        """Upload a video and wait until it can be used."""
        ...

    # Changing ---------------------------------------------------------------------------------------------------

    def update_campaign(
        self,
        ref: Ref,
        patch: CampaignPatch,
        *,
        expect: Campaign | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Call[Updated[Campaign]]:
        """Change a campaign; with `expect` only if it is still as that live answer says (else ConflictError)."""
        ...

    def update_ad_group(
        self,
        ref: Ref,
        patch: AdGroupPatch,
        *,
        expect: AdGroup | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Call[Updated[AdGroup]]:
        """Change an ad group; `expect` as in `update_campaign`."""
        ...

    def update_ad(
        self,
        ref: Ref,
        patch: AdPatch,
        *,
        expect: Ad | None = None,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Call[Updated[Ad]]:
        """Change an ad; `expect` as in `update_campaign`."""
        ...

    def set_status(
        self, ref: Ref, status: SettableStatus, *, dry_run: bool = False, **options: Unpack[CallOptions]
    ) -> Call[Updated[Campaign] | Updated[AdGroup] | Updated[Ad]]:
        """Switch an object; ARCHIVED and DELETED need their capabilities, and deleting is final."""
        ...

    def set_budget(
        self,
        ref: Ref,
        budget: Budget,
        *,
        expect: Campaign | AdGroup,
        dry_run: bool = False,
        **options: Unpack[CallOptions],
    ) -> Call[Updated[Campaign] | Updated[AdGroup]]:
        """Set an absolute budget if the live budget is still that of `expect` (else ConflictError)."""
        ...

    # Metrics ----------------------------------------------------------------------------------------------------

    def get_metrics(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> Call[MetricsReport]:
        """The numbers of a query, split or run as a job where the vendor limits a request."""
        ...

    def start_report(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> Call[ReportJob]:
        """Start a report job; needs REPORT_JOB."""
        ...

    def poll_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> Call[ReportJob]:
        """How far the job is now."""
        ...

    def fetch_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> Pages[MetricsRow]:
        """The rows of a finished job; raises NotReadyError before."""
        ...

    # Lifetime ---------------------------------------------------------------------------------------------------

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """A cheap copy with other options for its calls."""
        ...

    async def warm_up(self) -> Self:
        """Connect now instead of with the first call."""
        ...

    async def aclose(self, grace: float = 5.0) -> None:
        """Let sent writes finish for `grace` seconds and close."""
        ...
