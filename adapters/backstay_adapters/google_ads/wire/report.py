"""Reports: our queries as GAQL, and its rows as ours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from backstay.ads import AttributionSetting, DateBasis, DateRange, Level, MetricBasis, MetricsQuery, MetricsRow
from backstay.errors import BadResponseError, UnsupportedCapabilityError
from backstay.values import FrozenDict
from backstay_adapters.google_ads.wire import gaql
from backstay_adapters.google_ads.wire.money import cost_in, number_in, value_in
from backstay_adapters.google_ads.wire.names import whole_id
from backstay_adapters.google_ads.wire.read import ref, required

RESOURCES: Final = MappingProxyType(
    {
        Level.ACCOUNT: ("customer", ("customer.id",)),
        Level.CAMPAIGN: ("campaign", ("campaign.id",)),
        Level.AD_GROUP: ("ad_group", ("ad_group.id",)),
        Level.AD: ("ad_group_ad", ("ad_group.id", "ad_group_ad.ad.id")),
    }
)
"""Each level's resource, and the fields of its id."""

DAY: Final = "segments.date"
ALWAYS: Final = ("metrics.impressions", "metrics.clicks", "metrics.cost_micros", "metrics.view_through_conversions")
RESTATED_DAYS: Final = 90
"""Days after which a number no longer changes: a conversion action may look back so far (its window's maximum)."""


def conversions(query: MetricsQuery) -> tuple[str, str]:
    """The metrics of conversions and of their value, by day of the click or of the conversion.

    `AttributionSetting(comparable=True)` asks for those that v26 counts as other platforms do.
    """
    base = "platform_comparable_conversions" if query.attribution and query.attribution.comparable else "conversions"
    end = "_by_conversion_date" if query.date_basis is DateBasis.CONVERSION_DATE else ""
    return f"metrics.{base}{end}", f"metrics.{base}_value{end}"


def fields(query: MetricsQuery) -> tuple[str, ...]:
    """What is selected; `query.extra["fields"]` adds the caller's own metrics and segments."""
    ids = RESOURCES[query.level][1]
    day = (DAY,) if query.daily else ()
    return tuple(dict.fromkeys((*ids, *day, *ALWAYS, *conversions(query), *_own(query)["fields"])))


def query_text(query: MetricsQuery, days: DateRange) -> str:
    """The query for some days; `query.extra["where"]` adds the caller's own conditions in GAQL."""
    resource, ids = RESOURCES[query.level]
    where = [gaql.between(DAY, days.first.isoformat(), days.last.isoformat())]
    if query.refs and query.level is not Level.ACCOUNT:
        found = [whole_id(query.level, each.id).rpartition("~")[2] for each in query.refs]
        where.append(gaql.numbers(ids[-1], found))
    return gaql.select(resource, fields(query), (*where, *_own(query)["where"]))


def check(query: MetricsQuery) -> None:
    """Refuse what Google cannot be asked for, instead of leaving it out."""
    _own(query)
    asked = query.attribution
    if query.conversion_events:
        _refuse(
            "conversion_events", query.conversion_events, "Google counts the actions that the account includes",
            'leave it out, or ask for extra={"fields": ["segments.conversion_action_name"]} in a query of its own',
        )  # fmt: skip
    if asked is not None and asked != AttributionSetting(comparable=asked.comparable):
        _refuse(
            "attribution", asked, "windows belong to each conversion action at Google",
            "leave it out, or ask for AttributionSetting(comparable=True)",
        )  # fmt: skip


def _own(query: MetricsQuery) -> dict[str, tuple[str, ...]]:
    return gaql.own(query.extra, "fields", "where")


def row(
    raw: Mapping[str, Any], query: MetricsQuery, *, account: str, currency: str, zone: ZoneInfo, today: date
) -> MetricsRow:
    """One row in our words."""
    day = _day(raw.get(DAY))
    count, value = conversions(query)
    known = {*RESOURCES[query.level][1], DAY, *ALWAYS[:3], count, value}
    return MetricsRow(
        ref=ref(account, query.level, "~".join(required(raw, each) for each in RESOURCES[query.level][1])),
        day=day,
        impressions=int(raw.get("metrics.impressions", 0)),
        clicks=int(raw.get("metrics.clicks", 0)),
        link_clicks=int(raw.get("metrics.clicks", 0)),
        spend=cost_in(raw.get("metrics.cost_micros"), currency),
        conversions=number_in(raw.get(count)),
        revenue=value_in(raw.get(value), currency),
        basis=basis(query, zone),
        final=(day or query.days.last) < today - timedelta(days=RESTATED_DAYS),
        extra=FrozenDict({name: value for name, value in raw.items() if name not in known}),
    )


def basis(query: MetricsQuery, zone: ZoneInfo) -> MetricBasis:
    """What the numbers are counted on: days of the account's zone, windows of the conversion actions."""
    comparable = query.attribution is not None and query.attribution.comparable
    return MetricBasis(
        attribution=AttributionSetting(comparable=comparable), date_basis=query.date_basis, timezone=zone
    )


def _day(value: Any) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise BadResponseError(
            f"a report's day cannot be read: {value!r}", vendor="google_ads", field=DAY, value=value,
            rule="google_ads.wire.report", hint="report it with the request id",
        ) from None  # fmt: skip


def _refuse(field: str, value: object, message: str, hint: str) -> None:
    raise UnsupportedCapabilityError(
        f"{field}: {message}", vendor="google_ads", field=field, value=str(value), hint=hint
    )
