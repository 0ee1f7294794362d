"""Metrics in TikTok's words, at once or as jobs."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from backstay.ad_adapter import Raw
from backstay.ads import (
    Account,
    DateRange,
    MetricBasis,
    MetricsQuery,
    MetricsRow,
    PageData,
    ReportJob,
    ReportState,
)
from backstay.errors import BackstayError, PlatformServiceError
from backstay.taxonomy import Certainty
from backstay_adapters.tiktok.adapter.media import TikTokMedia
from backstay_adapters.tiktok.adapter.reads import LARGEST_PAGE, listed
from backstay_adapters.tiktok.wire import report
from backstay_adapters.tiktok.wire.read import required


class TikTokReports(TikTokMedia):
    """Numbers of campaigns, ad groups and ads."""

    def _report_days(self, query: MetricsQuery) -> int:
        return report.MAX_DAYS_DAILY if query.daily else report.MAX_DAYS_TOTAL

    async def _report_page(self, query: MetricsQuery, days: DateRange, state: Any) -> PageData[Any]:
        page = state or 1
        size = query.page_size or LARGEST_PAGE
        asked = {**report.request(query, days.first, days.last), "page": page, "page_size": size}
        rows, info = listed(await self._get("/report/integrated/get/", advertiser_id=self.account, **asked))
        pages = info.get("total_page")
        return PageData(items=tuple(rows), next_state=page + 1 if isinstance(pages, int) and page < pages else None)

    def _report_row(self, raw: Raw, query: MetricsQuery, account: Account, today: date) -> MetricsRow:
        return report.row(
            raw, query, account=self.account, currency=account.currency, zone=account.timezone, today=today
        )

    def _report_basis(self, query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
        return report.basis(query, zone)

    async def _start_job(self, query: MetricsQuery) -> str:
        asked = {**report.request(query, query.days.first, query.days.last), "output_format": "CSV_STRING"}
        data = await self._post("/report/task/create/", {"advertiser_id": self.account, **asked})
        return required(data, "task_id")

    async def _job_state(self, job: ReportJob) -> tuple[ReportState, int | None]:
        data = await self._get("/report/task/check/", advertiser_id=self.account, task_id=job.id)
        return report.state(required(data, "status")), None

    async def _job_error(self, job: ReportJob) -> BackstayError | None:
        """A task that failed is worth another one; TikTok does not say why it failed."""
        return PlatformServiceError(
            f"report task {job.id} failed", vendor=self.vendor, certainty=Certainty.REFUSED,
            rule="tiktok.report.failed", hint="start it anew; if it fails again, ask for fewer days",
        )  # fmt: skip

    async def _job_page(self, job: ReportJob, state: Any) -> PageData[Any]:
        del state  # a job's rows come in one file
        text = await self._get_text("/report/task/download/", advertiser_id=self.account, task_id=job.id)
        rows = tuple(report.csv_rows(text))
        return PageData(items=rows, total=len(rows))
