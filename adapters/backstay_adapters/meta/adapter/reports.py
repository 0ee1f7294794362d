"""Insights in Meta's words, at once or as report runs."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
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
from backstay.errors import BackstayError, NotFoundError, PlatformTimeoutError, TooMuchDataError
from backstay_adapters.meta.adapter.media import MetaMedia
from backstay_adapters.meta.adapter.reads import after_of, rows_of
from backstay_adapters.meta.errors import TABLE
from backstay_adapters.meta.errors.matches import REPORT
from backstay_adapters.meta.wire import report
from backstay_adapters.meta.wire.read import required

SLOW: Final = 1504018
RACE: Final = 60.0
"""Seconds for which a new run that is not found counts as queued (tap-facebook asks five times)."""
ROWS: Final = 500
"""Rows on a page (connectors take 500)."""
RUN: Final = (
    "id,async_status,async_percent_completion,error_code,error_subcode,error_message,error_user_title,error_user_msg"
)


class MetaReports(MetaMedia):
    """Numbers of campaigns, ad sets and ads."""

    def _report_days(self, query: MetricsQuery) -> None:
        """The vendor names no span; what is too much is split when it says so."""

    async def _report_page(self, query: MetricsQuery, days: DateRange, state: Any) -> PageData[Any]:
        asked = {**report.request(query, days), "limit": query.page_size or ROWS, "after": state}
        fields = ",".join(asked.pop("fields"))
        try:
            data = await self._send(self._build("AdAccount", self.account, "get_insights", {**asked, "fields": fields}))
        except PlatformTimeoutError as error:
            raise _too_slow(error, days) or error from error.__cause__
        return PageData(items=tuple(dict(row) for row in rows_of(data)), next_state=after_of(data))

    def _report_row(self, raw: Raw, query: MetricsQuery, account: Account, today: date) -> MetricsRow:
        return report.row(
            raw, query, account=self.account, currency=account.currency, zone=account.timezone, today=today
        )

    def _report_basis(self, query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
        return report.basis(query, zone)

    # Jobs -------------------------------------------------------------------------------------------------------

    async def _start_job(self, query: MetricsQuery) -> str:
        asked = report.request(query, query.days)
        data = await self._send(self._build("AdAccount", self.account, "get_insights_async", asked))
        return required(data, "report_run_id")

    async def _job_state(self, job: ReportJob) -> tuple[ReportState, int | None]:
        """Its rows can be read at "Job Completed" and 100 percent; the one comes before the other."""
        try:
            raw = await self._run(job)
        except NotFoundError:
            if not self._young(job):
                raise
            return ReportState.QUEUED, 0
        word, told = raw.get("async_status"), raw.get("async_percent_completion")
        percent = int(told) if isinstance(told, int | str) and str(told).isdigit() else None
        state = report.STATES.get(str(word), ReportState.RUNNING)
        if state is ReportState.DONE and percent is not None and percent < 100:
            state = ReportState.RUNNING
        return state, percent

    def _young(self, job: ReportJob) -> bool:
        """A run that was just started may not be found for some seconds (100/33)."""
        if job.started_at is None:
            return False
        return self.runtime.clock.wall() - job.started_at.timestamp() < RACE

    async def _job_error(self, job: ReportJob) -> BackstayError | None:
        """Why a run failed, in its own words (v25 and later)."""
        facts = await self._ask(self._build("AdReportRun", job.id, "api_get", {"fields": RUN}))
        return TABLE.failure(facts)

    async def _run(self, job: ReportJob) -> Raw:
        facts = await self._ask(self._build("AdReportRun", job.id, "api_get", {"fields": RUN}))
        failure = None if REPORT(facts) else TABLE.failure(facts)  # that a run failed is an answer, not an error
        if failure is not None:
            raise failure
        return facts.body if isinstance(facts.body, dict) else {}

    async def _job_page(self, job: ReportJob, state: Any) -> PageData[Any]:
        params = {"limit": job.query.page_size or ROWS, "after": state}
        data = await self._send(self._build("AdReportRun", job.id, "get_insights", params))
        return PageData(items=tuple(dict(row) for row in rows_of(data)), next_state=after_of(data))


def _too_slow(error: PlatformTimeoutError, days: DateRange) -> TooMuchDataError | None:
    """Insights that timed out at once (100/1504018): smaller or as a job they pass, the same again does not."""
    if error.vendor_subcode != SLOW:
        return None
    return TooMuchDataError(
        f"insights of {days} take too long", vendor="meta", field="days", value=str(days), retryable=False,
        vendor_code=error.vendor_code, vendor_subcode=error.vendor_subcode, vendor_message=error.vendor_message,
        request_ids=error.request_ids, rule=error.rule, hint=error.hint,
    )  # fmt: skip
