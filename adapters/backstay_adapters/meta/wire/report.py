"""Insights: our queries as Meta's parameters, and its rows as ours. Every metric is a text, an absent one is zero."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from backstay.ads import DateBasis, DateRange, Level, MetricBasis, MetricsQuery, MetricsRow, ReportState
from backstay.ads.parts import AttributionSetting
from backstay.errors import BadResponseError, UnsupportedCapabilityError
from backstay.money import Money
from backstay.values import FrozenDict
from backstay_adapters.meta.wire.money import major_in
from backstay_adapters.meta.wire.read import ref

LEVELS: Final = {
    Level.ACCOUNT: ("account", "account_id"),
    Level.CAMPAIGN: ("campaign", "campaign_id"),
    Level.AD_GROUP: ("adset", "adset_id"),
    Level.AD: ("ad", "ad_id"),
}
METRICS: Final = ("impressions", "clicks", "inline_link_clicks", "spend", "reach", "actions", "action_values")
_NAMES: Final = ("account_currency", "date_start", "date_stop")

CONVERSIONS: Final = ("omni_purchase",)
"""What counts where a query names no events. Families of Meta's overlap (`purchase`, `omni_purchase`,
`offsite_conversion.fb_pixel_purchase` are mostly the same purchases), so exactly these are added and no others."""

RESTATED_DAYS: Final = 28
"""Days after which Meta no longer restates a number (vendor's page "Insights API Best Practices")."""

WINDOWS: Final = {
    "click_days": {1: "1d_click", 7: "7d_click", 28: "28d_click"},
    "view_days": {1: "1d_view"},
    "engaged_view_days": {1: "1d_ev"},
}
"""The windows that are still answered; 7d_view and 28d_view stopped on 2026-01-12."""

STATES: Final = {
    "Job Not Started": ReportState.QUEUED,
    "Job Started": ReportState.RUNNING,
    "Job Running": ReportState.RUNNING,
    "Job Completed": ReportState.DONE,
    "Job Failed": ReportState.FAILED,
    "Job Skipped": ReportState.EXPIRED,
}


def request(query: MetricsQuery, days: DateRange) -> dict[str, Any]:
    """The parameters of insights, at once or as a job."""
    word, id_ = LEVELS[query.level]
    asked: dict[str, Any] = {
        "level": word,
        "fields": [id_, *METRICS, *_NAMES],
        "time_range": {"since": days.first.isoformat(), "until": days.last.isoformat()},
    }
    if query.daily:
        asked["time_increment"] = 1
    if query.refs and query.level is not Level.ACCOUNT:
        ids = [each.id for each in query.refs]
        asked["filtering"] = [{"field": f"{word}.id", "operator": "IN", "value": ids}]
    if query.attribution is None:
        asked["use_unified_attribution_setting"] = True
    else:
        asked["action_attribution_windows"] = list(windows(query.attribution))
    conversion = query.date_basis is DateBasis.CONVERSION_DATE
    asked["action_report_time"] = "conversion" if conversion else "impression"
    return {**asked, **query.extra}


def windows(setting: AttributionSetting) -> tuple[str, ...]:
    """The vendor's windows of a setting; refuses those that it no longer answers."""
    found = []
    for name, known in WINDOWS.items():
        days = getattr(setting, name)
        if days and days not in known:
            raise UnsupportedCapabilityError(
                f"Meta reports no {name} of {days}", vendor="meta", field=f"attribution.{name}", value=str(days),
                hint=f"use one of {', '.join(map(str, known))}, or 0",
            )  # fmt: skip
        if days:
            found.append(known[days])
    return tuple(found)


def row(
    raw: Mapping[str, Any], query: MetricsQuery, *, account: str, currency: str, zone: ZoneInfo, today: date
) -> MetricsRow:
    """One row; its currency is the account's, or the answer is not believed."""
    _same_currency(raw, currency)
    id_ = account if query.level is Level.ACCOUNT else str(raw.get(LEVELS[query.level][1]) or account)
    day = _day(raw.get("date_start")) if query.daily else None
    counted = windows(query.attribution) if query.attribution is not None else ("value",)
    events = query.conversion_events or CONVERSIONS
    known = {*METRICS, *_NAMES, LEVELS[query.level][1]}
    return MetricsRow(
        ref=ref(account, query.level, id_),
        day=day,
        impressions=int(_number(raw.get("impressions"))),
        clicks=int(_number(raw.get("clicks"))),
        link_clicks=int(_number(raw.get("inline_link_clicks"))),
        spend=major_in(raw.get("spend"), currency, "spend") or Money.zero(currency),
        conversions=actions(raw.get("actions"), events, counted),
        revenue=Money(actions(raw.get("action_values"), events, counted), currency),
        reach=int(_number(raw["reach"])) if raw.get("reach") is not None else None,
        basis=basis(query, zone),
        final=(day or query.days.last) < today - timedelta(days=RESTATED_DAYS),
        extra=FrozenDict(
            {name: value for name, value in raw.items() if name not in known}
            | {name: raw[name] for name in ("actions", "action_values") if name in raw}
        ),
    )


def actions(entries: Any, events: tuple[str, ...], counted: tuple[str, ...]) -> Decimal:
    """The sum of some actions by exact type, over the windows that count."""
    listed = [each for each in entries if isinstance(each, Mapping)] if isinstance(entries, list) else []
    chosen = [each for each in listed if each.get("action_type") in events]
    return sum((_number(each.get(window)) for each in chosen for window in counted), Decimal(0))


def basis(query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
    """What the numbers are counted on; part of Meta's conversions is estimated."""
    found = MetricBasis(
        timezone=zone, date_basis=query.date_basis, conversion_events=query.conversion_events or CONVERSIONS,
        modelled=True,
    )  # fmt: skip
    return found if query.attribution is None else found.model_copy(update={"attribution": query.attribution})


def _same_currency(raw: Mapping[str, Any], currency: str) -> None:
    told = raw.get("account_currency")
    if told not in {None, currency}:
        raise BadResponseError(
            f"a report is in {told}, the account in {currency}", vendor="meta", field="account_currency", value=told,
            rule="meta.wire.currency", hint="report it with the trace id",
        )  # fmt: skip


def _day(value: Any) -> date | None:
    try:
        return None if not value else date.fromisoformat(str(value))
    except ValueError:
        raise _unreadable("date_start", value) from None


def _number(value: Any) -> Decimal:
    if value is None or value == "":
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
        f"a report's {field} cannot be read: {value!r}", vendor="meta", field=field, value=value,
        rule="meta.wire.report", hint="report it with the trace id",
    )  # fmt: skip
