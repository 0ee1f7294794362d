"""Metrics, at once or as jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final, Unpack

from backstay.ads import (
    MetricsQuery,
    MetricsReport,
    MetricsRow,
    PageData,
    Pages,
    Platform,
    ReportJob,
    ReportState,
    missing_days,
    split_days,
)
from backstay.answer import Served, stamp
from backstay.clock import utc
from backstay.errors import NotReadyError, TooMuchDataError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay_adapters.tiktok.adapter.media import TikTokMedia
from backstay_adapters.tiktok.adapter.objects import LARGEST_PAGE, listed
from backstay_adapters.tiktok.wire import report
from backstay_adapters.tiktok.wire.read import required

REPORT_TTL: Final = 600.0
REPORT_STALE: Final = 86_400.0
JOB_DEADLINE: Final = timedelta(minutes=30)


class TikTokReports(TikTokMedia):
    """Numbers of campaigns, ad groups and ads."""

    async def get_metrics(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> MetricsReport:
        """The rows of a query; long ranges are split, days without numbers are named."""
        account = await self.get_account()
        today = utc(self.runtime.clock.wall()).astimezone(account.timezone).date()
        limit = report.MAX_DAYS_DAILY if query.daily else report.MAX_DAYS_TOTAL
        if not query.daily and len(query.days) > limit:
            raise TooMuchDataError(
                f"{len(query.days)} days in one total", vendor=self.vendor, field="days", value=str(query.days),
                hint=f"ask for at most {limit} days, or daily=True and add the rows",
            )  # fmt: skip
        rows: list[MetricsRow] = []
        served: list[Served] = []
        for part in split_days(query.days, limit):
            page: int | None = 1
            while page is not None:
                found = await self._report_page(query, part.first, part.last, page, **options)
                served.append(found.served)
                rows += [self._row(raw, query, account, today) for raw in found.items]
                page = found.next_state
        missing = missing_days(query.days, rows) if query.daily else ()
        answer = MetricsReport(
            rows=tuple(rows), basis=report.basis(query, account.timezone), missing_days=missing,
            final=all(row.final for row in rows),
        )  # fmt: skip
        return stamp(answer, oldest(served))

    def _row(self, raw: Mapping[str, Any], query: MetricsQuery, account: Any, today: date) -> MetricsRow:
        return report.row(
            raw, query, account=self.account, currency=account.currency, zone=account.timezone, today=today
        )

    @operation(
        Effect.READ, ttl=REPORT_TTL, max_stale=REPORT_STALE, kind="report", group="report", tags=("metrics",),
        name="get_metrics",
    )  # fmt: skip
    async def _report_page(
        self, query: MetricsQuery, first: date, last: date, page: int, **_: Unpack[CallOptions]
    ) -> PageData[Any]:
        asked = {**report.request(query, first, last), "page": page, "page_size": query.page_size or LARGEST_PAGE}
        rows, info = listed(await self._get("/report/integrated/get/", advertiser_id=self.account, **asked))
        pages = info.get("total_page")
        return PageData(items=tuple(rows), next_state=page + 1 if isinstance(pages, int) and page < pages else None)

    @operation(Effect.READ, deciding=True, kind="report", group="report", limits=("report_task",))
    async def start_report(self, query: MetricsQuery, **_: Unpack[CallOptions]) -> ReportJob:
        """Start a report job; starting it twice is harmless."""
        asked = {**report.request(query, query.days.first, query.days.last), "output_format": "CSV_STRING"}
        data = await self._post("/report/task/create/", {"advertiser_id": self.account, **asked})
        now = utc(self.runtime.clock.wall())
        return ReportJob(
            id=required(data, "task_id"), platform=Platform.TIKTOK, account_id=self.account, query=query,
            started_at=now, deadline=now + JOB_DEADLINE,
        )  # fmt: skip

    @operation(Effect.READ, deciding=True, kind="report", group="report")
    async def poll_report(self, job: ReportJob, **_: Unpack[CallOptions]) -> ReportJob:
        """How far the job is now."""
        data = await self._get("/report/task/check/", advertiser_id=self.account, task_id=job.id)
        state = report.STATES.get(required(data, "status"), ReportState.RUNNING)
        late = job.deadline is not None and utc(self.runtime.clock.wall()) > job.deadline
        expired = late and state in {ReportState.QUEUED, ReportState.RUNNING}
        return job.model_copy(update={"state": ReportState.EXPIRED if expired else state})

    def fetch_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> Pages[MetricsRow]:
        """The rows of a finished job."""

        async def fetch(_: Any) -> PageData[MetricsRow]:
            account = await self.get_account()
            today = utc(self.runtime.clock.wall()).astimezone(account.timezone).date()
            found = await self._download(job, **options)
            rows = tuple(self._row(raw, job.query, account, today) for raw in found.items)
            return stamp(PageData(items=rows, total=len(rows)), found.served)

        def identity(row: MetricsRow) -> object:
            return row.ref, row.day

        return Pages(fetch, platform=self.vendor, account_id=self.account, query=job.id, key=identity)

    @operation(Effect.READ, deciding=True, kind="report", group="report", name="download_report")
    async def _download(self, job: ReportJob, **_: Unpack[CallOptions]) -> PageData[Any]:
        if job.state is not ReportState.DONE:
            raise NotReadyError(
                f"report {job.id} is {job.state}", vendor=self.vendor, field="job.state", value=job.state.value,
                retryable=False, hint="poll it until it is done, or start a smaller one",
            )  # fmt: skip
        text = await self._get_text("/report/task/download/", advertiser_id=self.account, task_id=job.id)
        return PageData(items=tuple(report.csv_rows(text)))


def oldest(served: list[Served]) -> Served:
    """Of an answer made of several: as live as its least live part."""
    order = ("stale", "cache", "replayed", "live")
    return min(served, key=lambda each: (order.index(each.source), -each.age))
