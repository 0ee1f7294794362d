"""Metrics as one stream: no pages, no jobs, no limit of days."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from backstay.ad_adapter import Raw
from backstay.ads import Account, DateRange, MetricBasis, MetricsQuery, MetricsRow, PageData
from backstay_adapters.google_ads.adapter.media import GoogleMedia
from backstay_adapters.google_ads.wire import report


class GoogleReports(GoogleMedia):
    """Numbers of the account, campaigns, ad groups and ads."""

    def _report_days(self, query: MetricsQuery) -> None:
        report.check(query)

    async def _report_page(self, query: MetricsQuery, days: DateRange, state: Any) -> PageData[Any]:
        del state  # a stream is one page
        text, fields = report.query_text(query, days), report.fields(query)
        return PageData(items=tuple(await self._rows(text, fields)))

    def _report_row(self, raw: Raw, query: MetricsQuery, account: Account, today: date) -> MetricsRow:
        return report.row(
            raw, query, account=self.account, currency=account.currency, zone=account.timezone, today=today
        )

    def _report_basis(self, query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
        return report.basis(query, zone)
