"""A vendor in memory, for what all ad platforms share: it can do what TikTok cannot, and fails on demand.

It reads single objects from nodes that answer NOT_FOUND, pages by cursors, changes name and budget in two requests,
checks requests without carrying them out, and finds reports too large.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from backstay.ad_adapter import AdAdapter, Asked, Draft, Made, Raw, Request, Step, marked_name
from backstay.ads import (
    Account,
    Ad,
    AdGroup,
    AdGroupSpec,
    AdSpec,
    BudgetPeriod,
    Campaign,
    CampaignSpec,
    Capabilities,
    Capability,
    ConfiguredStatus,
    Creative,
    CreativeKind,
    DateRange,
    Level,
    MediaRef,
    MediaState,
    MediaUpload,
    MetricBasis,
    MetricsQuery,
    MetricsRow,
    Money,
    PageData,
    Platform,
    Query,
    Ref,
    ReportJob,
    ReportState,
    SettableStatus,
    Status,
)
from backstay.ads.patch import Patch
from backstay.auth import Credentials
from backstay.errors import BackstayError, InvalidRequestError, NotFoundError, TooMuchDataError
from backstay.profile import Profile
from backstay.runtime import Runtime
from backstay.writes.marker import mark, unmark

ZONE = ZoneInfo("UTC")
BORN = datetime(2026, 1, 1, tzinfo=UTC)
FLAGS = (
    Capability.DELETE, Capability.VALIDATE_ONLY, Capability.REPORT_JOB, Capability.IMAGE_UPLOAD,
    Capability.VIDEO_UPLOAD,
)  # fmt: skip


class Kiosk(AdAdapter):
    """`rows` is the world, `sent` what was written, `checked` what was only checked."""

    vendor: ClassVar[str] = "meta"
    page_limit: ClassVar[int] = 40
    name_limit: ClassVar[int] = 40

    def __init__(self, runtime: Runtime, account: str = "1", flags: Sequence[Capability] = FLAGS) -> None:
        super().__init__(
            credentials=Credentials("key"), account=account, host="https://kiosk.example", profile=Profile(),
            runtime=runtime, options={},
        )  # fmt: skip
        self.flags = flags
        self.rows: dict[str, dict[str, Any]] = {}
        self.sent: list[Request] = []
        self.checked: list[Request] = []
        self.sizes: list[int] = []
        self.fits_on_a_page = 1_000
        self.days_in_an_answer: int | None = None
        self.job_states = [ReportState.RUNNING, ReportState.DONE]
        self.job_errors: list[BackstayError] = []
        self.refuses: BackstayError | None = None
        self.deaf: set[str] = set()
        """Fields that changes do not reach."""
        self.uploads: dict[str, MediaRef] = {}
        self.media: list[str] = []
        """Ids of the files in the ads that were asked for."""
        self.money = "EUR"
        self.silent: set[date] = set()
        """Days without numbers."""
        self.events: tuple[str, ...] = ()

    @property
    def platform(self) -> Platform:
        return Platform.META

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities.of(Platform.META, *self.flags, overspend={BudgetPeriod.DAILY: Decimal(1)})

    async def _read_account(self) -> Account:
        return Account(ref=self._ref(Level.ACCOUNT, self.account), name="Kiosk", currency=self.money, timezone=ZONE)

    # Reading ----------------------------------------------------------------------------------------------------

    def _asks(self, level: Level, query: Query) -> tuple[Asked, ...]:
        return ({"half": 0}, {"half": 1})

    def _asks_one(self, level: Level, id: str) -> tuple[Asked, ...]:  # noqa: A002 - the field's own name
        return ({"node": "elsewhere"}, {"node": id})

    def _asks_key(self, level: Level, key_token: str, since: datetime | None) -> tuple[Asked, ...]:
        return self._asks(level, Query())

    async def _fetch(self, level: Level, asked: Asked, state: Any, size: int) -> PageData[Any]:
        self.sizes.append(size)
        if size > self.fits_on_a_page:
            raise TooMuchDataError("too many at once")
        if "node" in asked:
            if asked["node"] not in self.rows:
                raise NotFoundError("no such node")
            return PageData(items=(self._parsed(asked["node"]),))
        ids = [id_ for id_, row in self.rows.items() if row["level"] is level and int(id_) % 2 == asked["half"]]
        first = 0 if state is None else int(state["after"])
        more = {"after": str(first + size)} if first + size < len(ids) else None
        return PageData(items=tuple(map(self._parsed, ids[first : first + size])), next_state=more, total=len(ids))

    def _parsed(self, id_: str) -> Any:
        row = self.rows[id_]
        name, key_token = unmark(row["name"])
        common = {
            "ref": self._ref(row["level"], id_), "name": name, "key_token": key_token,
            "status": Status(configured=ConfiguredStatus(row["status"])),
            "created_at": BORN + timedelta(seconds=int(id_)),
        }  # fmt: skip
        if row["level"] is Level.CAMPAIGN:
            return Campaign(**common, budget=row.get("budget"))
        if row["level"] is Level.AD_GROUP:
            return AdGroup(**common, campaign=self._ref(Level.CAMPAIGN, row["parent"]), budget=row.get("budget"))
        group = self._ref(Level.AD_GROUP, row["parent"])
        return Ad(**common, ad_group=group, creative=Creative(kind=CreativeKind.IMAGE))

    def _raw(self, item: Any, names: Mapping[str, Any]) -> dict[str, Any]:
        shown = {"name": marked_name(item), "budget": getattr(item, "budget", None)}
        return {name: shown.get(name) for name in names}

    # Writing ----------------------------------------------------------------------------------------------------

    def _draft(self, level: Level, spec: Any, key_token: str, parent: str | None) -> Draft:
        row = {"level": level, "name": mark(spec.name, key_token), "budget": getattr(spec, "budget", None)}
        return Draft(({"make": str(level), "row": row | {"parent": parent}},), {"shelf": str(level)})

    async def _draft_campaign(self, spec: CampaignSpec, key_token: str) -> Draft:
        return self._draft(Level.CAMPAIGN, spec, key_token, None)

    async def _draft_ad_group(self, spec: AdGroupSpec, campaign: Campaign, key_token: str) -> Draft:
        return self._draft(Level.AD_GROUP, spec, key_token, campaign.ref.id)

    async def _draft_ad(self, spec: AdSpec, ad_group: AdGroup, key_token: str) -> Draft:
        self.media += [each.id for each in spec.creative.media]
        return self._draft(Level.AD, spec, key_token, ad_group.ref.id)

    async def _send_create(self, level: Level, draft: Draft) -> Made:
        (request,) = draft.requests
        self._refuse()
        self.sent.append(request)
        id_ = str(len(self.rows) + 1)
        self.rows[id_] = {**request["row"], "status": "paused"}
        return Made(id_)

    async def _draft_change(self, before: Any, patch: Patch) -> tuple[Step, ...]:
        changes = dict(patch.changes)
        self.media += [each.id for each in changes["creative"].media] if "creative" in changes else []
        if "name" in changes and before.key_token:
            changes["name"] = mark(changes["name"], before.key_token)
        names = [name for name in ("name", "budget") if name in changes]
        return tuple(Step({"set": name, "to": changes[name]}, {name: changes[name]}, (name,)) for name in names)

    async def _draft_status(self, before: Any, status: SettableStatus) -> Step:
        return Step({"set": "status", "to": status.value})

    async def _send_change(self, ref: Ref, request: Request) -> None:
        self._refuse()
        self.sent.append(request)
        if request["to"] == "deleted":
            del self.rows[ref.id]
        elif request["set"] not in self.deaf:
            self.rows[ref.id][request["set"]] = request["to"]

    async def _check(self, request: Request) -> None:
        self.checked.append(request)
        self._refuse()

    def _refuse(self) -> None:
        if self.refuses is not None:
            raise self.refuses

    async def _send_upload(self, media: MediaUpload, name: str) -> MediaRef:
        self.uploads[name] = MediaRef(kind=media.kind, id=name, state=MediaState.PROCESSING)
        return self.uploads[name]

    async def _find_upload(self, media: MediaUpload, name: str) -> Sequence[MediaRef]:
        return [self.uploads[name]] if name in self.uploads else []

    async def _ready_video(self, known: MediaRef) -> MediaRef | None:
        return None

    # Reports ----------------------------------------------------------------------------------------------------

    def _report_days(self, query: MetricsQuery) -> int | None:
        return None

    async def _report_page(self, query: MetricsQuery, days: DateRange, state: Any) -> PageData[Any]:
        if self.days_in_an_answer is not None and len(days) > self.days_in_an_answer:
            raise TooMuchDataError("reduce the amount of data")
        return self._days(days, state)

    def _days(self, days: DateRange, state: Any) -> PageData[Any]:
        """A day on a page."""
        some, place = [day for day in days if day not in self.silent], int(state or 0)
        row = {"day": some[place].isoformat(), "clicks": 1}
        return PageData(items=(row,), next_state=place + 1 if place + 1 < len(some) else None)

    def _report_row(self, raw: Raw, query: MetricsQuery, account: Account, today: date) -> MetricsRow:
        return MetricsRow(
            ref=self._ref(Level.ACCOUNT, self.account), day=date.fromisoformat(raw["day"]), clicks=raw["clicks"],
            spend=Money(Decimal(1), account.currency), basis=self._report_basis(query, account.timezone), final=True,
        )  # fmt: skip

    def _report_basis(self, query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
        return MetricBasis(timezone=zone, conversion_events=self.events)

    async def _start_job(self, query: MetricsQuery) -> str:
        if len(query.days) > 100:
            raise InvalidRequestError("too long", field="days", value=str(query.days), hint="ask for less")
        return "job-1"

    async def _job_state(self, job: ReportJob) -> tuple[ReportState, int | None]:
        return (self.job_states.pop(0) if len(self.job_states) > 1 else self.job_states[0]), 50

    async def _job_error(self, job: ReportJob) -> BackstayError | None:
        return self.job_errors.pop(0) if self.job_errors else None

    async def _job_page(self, job: ReportJob, state: Any) -> PageData[Any]:
        return self._days(job.query.days, state)
