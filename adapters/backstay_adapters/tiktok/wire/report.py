"""Reports: our queries as TikTok's dimensions and metrics, and its rows as ours."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from backstay.ads import Level, MetricBasis, MetricsQuery, MetricsRow, ReportState
from backstay.errors import BadResponseError
from backstay.money import Money
from backstay.values import FrozenDict
from backstay_adapters.tiktok.wire.money import money_in
from backstay_adapters.tiktok.wire.read import ref

LEVELS: Final = {
    Level.ACCOUNT: ("AUCTION_ADVERTISER", "advertiser_id"),
    Level.CAMPAIGN: ("AUCTION_CAMPAIGN", "campaign_id"),
    Level.AD_GROUP: ("AUCTION_ADGROUP", "adgroup_id"),
    Level.AD: ("AUCTION_AD", "ad_id"),
}
METRICS: Final = ("spend", "impressions", "clicks", "reach", "conversion")
DAY: Final = "stat_time_day"
MAX_DAYS_DAILY: Final = 30
MAX_DAYS_TOTAL: Final = 365
RESTATED_DAYS: Final = 28
"""Days after which the vendor's longest attribution window is over and a number no longer changes."""

STATES: Final = {
    "QUEUING": ReportState.QUEUED,
    "PROCESSING": ReportState.RUNNING,
    "SUCCESS": ReportState.DONE,
    "FAILED": ReportState.FAILED,
    "CANCELED": ReportState.EXPIRED,
}


def state(said: str) -> ReportState:
    """How far a job is; a status that the vendor's page "Check the status of an async report task" lacks is told."""
    if said not in STATES:
        raise BadResponseError(
            f"no known status of a report task: {said!r}", vendor="tiktok", field="status", value=said,
            rule="tiktok.report.status", hint="start the report anew, or ask for fewer days",
        )  # fmt: skip
    return STATES[said]


def request(query: MetricsQuery, first: date, last: date) -> dict[str, Any]:
    """The parameters of a report, synchronous or as a job."""
    level, dimension = LEVELS[query.level]
    asked: dict[str, Any] = {
        "service_type": "AUCTION",
        "report_type": "BASIC",
        "data_level": level,
        "dimensions": [dimension, DAY] if query.daily else [dimension],
        "metrics": list(METRICS),
        "start_date": first.isoformat(),
        "end_date": last.isoformat(),
    }
    if query.refs:
        ids = [each.id for each in query.refs]
        asked["filtering"] = [{"field_name": f"{dimension}s", "filter_type": "IN", "filter_value": _ids(ids)}]
    return {**asked, **query.extra}


def _ids(ids: list[str]) -> str:
    return "[" + ",".join(f'"{each}"' for each in ids) + "]"


def row(
    raw: Mapping[str, Any], query: MetricsQuery, *, account: str, currency: str, zone: ZoneInfo, today: date
) -> MetricsRow:
    """One row; an empty metric is "-" and means that the vendor has no number, which counts as none."""
    dimensions, metrics = _parts(raw)
    id_ = str(dimensions.get(LEVELS[query.level][1]) or account)
    day = _day(dimensions.get(DAY))
    known = {*METRICS}
    return MetricsRow(
        ref=ref(account, query.level, id_),
        day=day,
        impressions=_whole(metrics.get("impressions")),
        clicks=_whole(metrics.get("clicks")),
        link_clicks=_whole(metrics.get("clicks")),
        spend=money_in(metrics.get("spend"), currency) or Money.zero(currency),
        conversions=_decimal(metrics.get("conversion")),
        reach=_whole(metrics["reach"]) if metrics.get("reach") not in (None, "-") else None,
        basis=basis(query, zone),
        final=(day or query.days.last) < today - timedelta(days=RESTATED_DAYS),
        extra=FrozenDict({name: value for name, value in metrics.items() if name not in known}),
    )


def basis(query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
    """What the numbers are counted on: TikTok's windows are those of the ad group, in the account's zone."""
    found = MetricBasis(timezone=zone, date_basis=query.date_basis, conversion_events=query.conversion_events)
    return found if query.attribution is None else found.model_copy(update={"attribution": query.attribution})


def csv_rows(text: str) -> list[dict[str, Any]]:
    """The rows of a downloaded report."""
    return [dict(each) for each in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))]


def _parts(raw: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    dimensions, metrics = raw.get("dimensions"), raw.get("metrics")
    if isinstance(dimensions, Mapping) and isinstance(metrics, Mapping):
        return dimensions, metrics
    return raw, raw  # a downloaded row is flat


def _day(value: Any) -> date | None:
    if not value:
        return None
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        raise _unreadable(DAY, value) from None


def _whole(value: Any) -> int:
    return int(_decimal(value))


def _decimal(value: Any) -> Decimal:
    if value in (None, "", "-"):
        return Decimal(0)
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise _unreadable("metrics", value) from None
    if not found.is_finite():
        raise _unreadable("metrics", value)
    return found


def _unreadable(field: str, value: Any) -> BadResponseError:
    return BadResponseError(
        f"a report's {field} cannot be read: {value!r}", vendor="tiktok", field=field, value=value,
        rule="tiktok.wire.report", hint="report it with the request id",
    )  # fmt: skip
