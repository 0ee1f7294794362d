"""Metrics: split where the vendor limits a request, in smaller parts where it finds one too large, or as jobs."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any, Final, Unpack

from backstay.ad_adapter.answers import parsing
from backstay.ad_adapter.media import Media
from backstay.ads import (
    Account,
    Capability,
    DateRange,
    MetricsQuery,
    MetricsReport,
    MetricsRow,
    PageData,
    Pages,
    ReportJob,
    ReportState,
    missing_days,
    split_days,
)
from backstay.answer import Served, oldest, stamp
from backstay.clock import utc
from backstay.engine.poll import poll
from backstay.errors import BackstayError, NotReadyError, TooMuchDataError
from backstay.operation import CallOptions, operation
from backstay.policies.effect import Effect
from backstay.policies.settings import need
from backstay.values import FrozenDict

REPORT_TTL: Final = 600.0
REPORT_STALE: Final = 86_400.0
JOB_DEADLINE: Final = timedelta(minutes=30)
"""A job that is not done by then is not waited for any longer (peers give up at the same time)."""
JOB_LOOKS: Final = (2.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 600.0, 900.0, 1_200.0, 1_500.0, 1_801.0)
"""Seconds after its start at which a job is looked at."""
JOB_RUNS: Final = 3
"""Times that a job is begun, if the vendor says that its failure may pass."""


class Reporting(Media):
    """Numbers of campaigns, ad groups and ads."""

    async def get_metrics(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> MetricsReport:
        """The rows of a query; days without numbers are named, never filled with zeros.

        Long ranges are split, parts too large are halved, and a part that is still too large is run as a job where the
        vendor has jobs.
        """
        need("query", query, MetricsQuery)
        account, limit = await self.get_account(), self._report_days(query)
        if limit is not None and not query.daily and len(query.days) > limit:
            raise TooMuchDataError(
                f"{len(query.days)} days in one total", vendor=self.vendor, field="days", value=str(query.days),
                hint=f"ask for at most {limit} days, or daily=True and add the rows",
            )  # fmt: skip
        rows: list[MetricsRow] = []
        served: list[Served] = []
        today = self._today(account)
        for part in split_days(query.days, limit) if limit is not None else (query.days,):
            for page in await self._part(query, part, options):
                served.append(page.served)
                rows += self._report_rows(page, query, account, today)
        answer = MetricsReport(
            rows=tuple(rows), basis=self._report_basis(query, account.timezone),
            missing_days=missing_days(query.days, rows) if query.daily else (), final=all(row.final for row in rows),
        )  # fmt: skip
        return stamp(answer, oldest(served))

    def _report_rows(
        self, page: PageData[Any], query: MetricsQuery, account: Account, today: date
    ) -> tuple[MetricsRow, ...]:
        """A page's rows in our words."""
        with parsing(self.vendor, "rows"):
            return tuple([self._report_row(raw, query, account, today) for raw in page.items])

    def _today(self, account: Account) -> date:
        """The account's own day."""
        return utc(self.runtime.clock.wall()).astimezone(account.timezone).date()

    async def _part(self, query: MetricsQuery, days: DateRange, options: CallOptions) -> list[PageData[Any]]:
        """The pages of some days; in halves, then as a job, if the vendor finds them too large."""
        try:
            return await self._whole_part(query, days, options)
        except TooMuchDataError:
            if query.daily and len(days) > 1:
                halves = split_days(days, (len(days) + 1) // 2)
                return [page for half in halves for page in await self._part(query, half, options)]
            if Capability.REPORT_JOB not in self.capabilities:
                raise
        return await self._job_part(query.but(days=days), options)

    async def _whole_part(self, query: MetricsQuery, days: DateRange, options: CallOptions) -> list[PageData[Any]]:
        """All pages of some days, or none: half a part would be counted twice when it is asked for in halves."""
        pages: list[PageData[Any]] = []
        while not pages or pages[-1].next_state is not None:
            state = pages[-1].next_state if pages else None
            pages.append(await self._metrics_page(query, days, state, **options))
        return pages

    async def _job_part(self, query: MetricsQuery, options: CallOptions) -> list[PageData[Any]]:
        done = await self._job_done(query, options)
        pages: list[PageData[Any]] = []
        while not pages or pages[-1].next_state is not None:
            pages.append(await self._download(done, pages[-1].next_state if pages else None, **options))
        return pages

    async def _job_done(self, query: MetricsQuery, options: CallOptions) -> ReportJob:
        """A finished job, begun anew where the vendor says that running it failed and may pass; it costs quota only."""
        error, state = None, ReportState.EXPIRED
        for _ in range(JOB_RUNS):
            job = await self.start_report(query, **options)
            done = await poll(self.runtime.clock, partial(self._finished, job), JOB_LOOKS)
            if done is not None and done.state is ReportState.DONE:
                return done
            state = done.state if done else ReportState.EXPIRED
            error = None if done is None else await self._failure(done)
            if error is None or not error.retryable:
                break
        raise error or TooMuchDataError(
            f"the report of {query.days} is too large for one answer, and as a job it {state}", vendor=self.vendor,
            field="days", value=str(query.days), hint="ask for fewer days or fewer objects",
        )  # fmt: skip

    @operation(Effect.READ, deciding=True, kind="report", group="report", name="poll_report")
    async def _failure(self, job: ReportJob, **_: Unpack[CallOptions]) -> BackstayError | None:
        return await self._job_error(job)

    async def _finished(self, job: ReportJob) -> ReportJob | None:
        now = await self.poll_report(job)
        return now if now.finished else None

    @operation(
        Effect.READ, ttl=REPORT_TTL, max_stale=REPORT_STALE, kind="report", group="report", tags=("metrics",),
        name="get_metrics",
    )  # fmt: skip
    async def _metrics_page(
        self, query: MetricsQuery, days: DateRange, state: Any, **_: Unpack[CallOptions]
    ) -> PageData[Any]:
        return await self._report_page(query, days, state)

    # Jobs ---------------------------------------------------------------------------------------------------------

    async def start_report(self, query: MetricsQuery, **options: Unpack[CallOptions]) -> ReportJob:
        """Start a report job; starting it twice is harmless. Needs REPORT_JOB."""
        self.capabilities.require(Capability.REPORT_JOB, "start_report")
        need("query", query, MetricsQuery)
        return await self._start_report(query, **options)

    @operation(Effect.READ, deciding=True, kind="report", group="report", limits=("report_task",), name="start_report")
    async def _start_report(self, query: MetricsQuery, **_: Unpack[CallOptions]) -> ReportJob:
        id_, now = await self._start_job(query), utc(self.runtime.clock.wall())
        return ReportJob(
            id=id_, platform=self.platform, account_id=self.account, query=query, started_at=now,
            deadline=now + JOB_DEADLINE,
        )  # fmt: skip

    async def poll_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> ReportJob:
        """How far the job is now; needs REPORT_JOB."""
        self.capabilities.require(Capability.REPORT_JOB, "poll_report")
        need("job", job, ReportJob)
        return await self._poll_report(job, **options)

    @operation(Effect.READ, deciding=True, kind="report", group="report", name="poll_report")
    async def _poll_report(self, job: ReportJob, **_: Unpack[CallOptions]) -> ReportJob:
        state, percent = await self._job_state(job)
        late = job.deadline is not None and utc(self.runtime.clock.wall()) > job.deadline
        expired = late and state in {ReportState.QUEUED, ReportState.RUNNING}
        error = await self._job_error(job) if state is ReportState.FAILED else None
        told = (
            {}
            if error is None
            else {"error": {"type": error.type, "message": error.vendor_message, "rule": error.rule}}
        )
        return job.model_copy(
            update={
                "state": ReportState.EXPIRED if expired else state, "percent": percent,
                "extra": FrozenDict({**job.extra, **told}),
            }
        )  # fmt: skip

    def fetch_report(self, job: ReportJob, **options: Unpack[CallOptions]) -> Pages[MetricsRow]:
        """The rows of a finished job; raises NotReadyError before. Needs REPORT_JOB."""
        self.capabilities.require(Capability.REPORT_JOB, "fetch_report")
        need("job", job, ReportJob)

        async def fetch(state: Any) -> PageData[MetricsRow]:
            account = await self.get_account()
            found, today = await self._download(job, state, **options), self._today(account)
            rows = self._report_rows(found, job.query, account, today)
            page: PageData[MetricsRow] = PageData(items=rows, next_state=found.next_state, total=found.total)
            return stamp(page, found.served)

        def identity(row: MetricsRow) -> object:
            return row.ref, row.day

        return Pages(fetch, platform=self.vendor, account_id=self.account, query=job.id, key=identity)

    @operation(Effect.READ, deciding=True, kind="report", group="report", name="download_report")
    async def _download(self, job: ReportJob, state: Any, **_: Unpack[CallOptions]) -> PageData[Any]:
        if job.state is not ReportState.DONE:
            raise NotReadyError(
                f"report {job.id} is {job.state}", vendor=self.vendor, field="job.state", value=job.state.value,
                retryable=False, hint="poll it until it is done, or start a smaller one",
            )  # fmt: skip
        return await self._job_page(job, state)
