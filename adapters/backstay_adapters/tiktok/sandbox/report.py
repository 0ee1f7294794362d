"""/report/integrated/get/: numbers per object and day, in the account's own days."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing
from backstay_adapters.tiktok.sandbox import metrics
from backstay_adapters.tiktok.sandbox.envelope import DAY, Data, Params, invalid, moment
from backstay_adapters.tiktok.sandbox.paging import page
from backstay_adapters.tiktok.sandbox.settings import WHOLE

if TYPE_CHECKING:
    from backstay_adapters.tiktok.sandbox.context import Ctx
    from backstay_adapters.tiktok.sandbox.settings import Advertiser

LEVELS: Final = {
    "AUCTION_ADVERTISER": (None, "advertiser_id"),
    "AUCTION_CAMPAIGN": (CAMPAIGN, "campaign_id"),
    "AUCTION_ADGROUP": (AD_GROUP, "adgroup_id"),
    "AUCTION_AD": (AD, "ad_id"),
}
TIMES: Final = {"stat_time_day": 30, "stat_time_hour": 1}
NO_RELATION: Final = "Conflict occurs. The input params including metrics and dimensions have no relation."
EMPTY: Final = "-"
RATES: Final = {
    "ctr": ("clicks", "impressions", 100),
    "cpc": ("spend", "clicks", 1),
    "cpm": ("spend", "impressions", 1000),
    "frequency": ("impressions", "reach", 1),
    "cost_per_conversion": ("spend", "conversion", 1),
    "conversion_rate": ("conversion", "clicks", 100),
    "complete_payment_roas": ("total_purchase_value", "spend", 1),
}
WORDS: Final = ("campaign_name", "adgroup_name", "ad_name", "currency", "campaign_id", "adgroup_id", "advertiser_name")
KNOWN: Final = frozenset({*metrics.ADDABLE, *RATES, *WORDS})


@dataclass(frozen=True, slots=True)
class Ask:
    """A report as it was asked for."""

    level: str | None
    id: str
    time: str | None
    metrics: tuple[str, ...]
    first: date | None
    last: date | None
    ids: dict[str, set[str]]
    deleted: bool


def integrated(ctx: Ctx) -> Data:
    """The synchronous report."""
    asked = ask(ctx.params)
    rows = [line for account in _accounts(ctx) for line in lines(ctx, account, asked)]
    field = ctx.params.get("order_field")
    if field is not None:
        rows.sort(key=lambda line: _order(line, str(field)), reverse=ctx.params.get("order_type") != "ASC")
    listed, about = page(ctx.params, rows)
    data: Data = {"list": listed, "page_info": about}
    if ctx.params.flag("enable_total_metrics"):
        data["total_metrics"] = _totals(rows, asked)
    return data


def ask(params: Params) -> Ask:
    """Read and check what is asked; the vendor's refusals."""
    params.choice("service_type", ("AUCTION",), "AUCTION")
    params.choice("report_type", ("BASIC",), "BASIC")
    level, id_ = LEVELS[params.choice("data_level", tuple(LEVELS), "AUCTION_CAMPAIGN")]
    params.need("dimensions")
    dimensions = [str(each) for each in params.items("dimensions")]
    wanted = tuple(str(each) for each in params.items("metrics")) or ("spend", "impressions")
    times = [each for each in dimensions if each in TIMES]
    known = {id_, *TIMES} | ({"ad_id_v2"} if id_ == "ad_id" else set())
    if not dimensions or not set(dimensions) <= known or len(times) > 1 or not set(wanted) <= KNOWN:
        raise invalid(NO_RELATION)
    first, last = _range(params, times[0] if times else None)
    ids, deleted = _filters(params)
    return Ask(level, id_, times[0] if times else None, wanted, first, last, ids, deleted)


def lines(ctx: Ctx, account: Advertiser, asked: Ask) -> list[Data]:
    """The rows of one account: objects that had any delivery."""
    now, zone = ctx.now, account.timezone
    found = []
    for subject, ads in _subjects(ctx, account, asked):
        begun = min((ad.created_at for ad in ads), default=now)
        first = asked.first or metrics.local_day(zone, begun)
        last = asked.last or metrics.local_day(zone, now)
        make = metrics.hours if asked.time == "stat_time_hour" else metrics.days
        buckets = list(make(zone, first, last))
        groups = [[bucket] for bucket in buckets] if asked.time else [buckets]
        for group in groups:
            sums = metrics.total(ctx.sim, account, ads, group, now)
            if sums["impressions"]:
                found.append(_line(ctx, account, asked, subject, group, sums))
    return found


def _accounts(ctx: Ctx) -> list[Advertiser]:
    many = ctx.params.get("advertiser_ids")
    if many is None:
        return [ctx.advertiser()]
    return [ctx.sim.permitted(ctx.grant, id_) for id_ in ctx.params.ids("advertiser_ids", most=5)]


def _range(params: Params, time: str | None) -> tuple[date | None, date | None]:
    if params.flag("query_lifetime"):
        if time:
            raise invalid("query_lifetime: It cannot be used together with a time dimension.")
        return None, None
    first, last = (date.fromisoformat(_day(params, name)) for name in ("start_date", "end_date"))
    most = TIMES.get(time or "", 365)
    if (last - first).days + 1 > most:
        unit = f"{most} days" if most > 1 else "1 day"
        how = f"when use {time}" if time else "when no time dimension is used"
        message = f"max time span is {unit} {how}"
        raise invalid(message)
    if last < first:
        raise invalid("end_date: The end date must not be earlier than the start date.")
    return first, last


def _day(params: Params, name: str) -> str:
    value = params.text(name)
    moment(name, value, DAY)
    return value


def _filters(params: Params) -> tuple[dict[str, set[str]], bool]:
    ids: dict[str, set[str]] = {}
    deleted = False
    for each in params.items("filtering"):
        try:
            values = json.loads(each["filter_value"])
            field = str(each["field_name"])
        except (TypeError, KeyError, ValueError):
            raise invalid("filtering: Invalid filter, filter_value must be a JSON text.") from None
        if field in {"campaign_ids", "adgroup_ids", "ad_ids"}:
            ids[field.removesuffix("s")] = {str(value) for value in values}
        deleted = deleted or (field.endswith("_status") and "STATUS_ALL" in str(values))
    return ids, deleted


def _subjects(ctx: Ctx, account: Advertiser, asked: Ask) -> list[tuple[Thing | None, list[Thing]]]:
    if asked.level is None:
        return [(None, [ad for ad in ctx.world.at(account.id, AD) if _kept(ctx, ad, asked)])]
    found: list[tuple[Thing | None, list[Thing]]] = []
    for thing in ctx.world.at(account.id, asked.level):
        if thing.state is State.REMOVED and not asked.deleted:  # left out unless asked for
            continue
        ads = [ad for ad in metrics.ads_below(ctx.world, thing) if _kept(ctx, ad, asked)]
        found.append((thing, ads))
    return found


def _kept(ctx: Ctx, ad: Thing, asked: Ask) -> bool:
    group = ctx.world.get(ad.parent or "")
    chain = {"ad_id": ad.id, "adgroup_id": ad.parent, "campaign_id": group.parent if group else None}
    return all(chain.get(id_) in wanted for id_, wanted in asked.ids.items())


def _line(
    ctx: Ctx,
    account: Advertiser,
    asked: Ask,
    subject: Thing | None,
    group: Sequence[metrics.Bucket],
    sums: metrics.Numbers,
) -> Data:
    dimensions = {asked.id: account.id if subject is None else subject.id}
    if asked.time:
        dimensions[asked.time] = group[0].label
    words = _words(ctx, account, subject)
    shown = {name: words[name] if name in WORDS else _number(account, sums, name) for name in asked.metrics}
    return {"dimensions": dimensions, "metrics": shown}


def _words(ctx: Ctx, account: Advertiser, subject: Thing | None) -> dict[str, str]:
    found = dict.fromkeys(WORDS, EMPTY) | {"currency": account.currency, "advertiser_name": account.name}
    while subject is not None:
        word = {CAMPAIGN: "campaign", AD_GROUP: "adgroup", AD: "ad"}[subject.level]
        found |= {f"{word}_name": subject.name, f"{word}_id": subject.id}
        subject = ctx.world.get(subject.parent) if subject.parent else None
    return found


def _number(account: Advertiser, sums: metrics.Numbers, name: str) -> str:
    if name in RATES:
        over, under, times = RATES[name]
        return EMPTY if not sums[under] else f"{sums[over] * times / sums[under]:.2f}"
    if name in metrics.COUNTS or account.currency in WHOLE:
        return str(int(sums[name]))
    return f"{sums[name]:.2f}"


def _totals(rows: list[Data], asked: Ask) -> Data:
    totals: Data = {}
    for name in asked.metrics:
        values = [Decimal(line["metrics"][name]) for line in rows] if name in metrics.ADDABLE else []
        totals[name] = str(sum(values, Decimal(0))) if name in metrics.ADDABLE else EMPTY
    return totals


def _order(line: Data, field: str) -> tuple[float, str]:
    value: Any = line["metrics"].get(field, line["dimensions"].get(field, ""))
    try:
        return float(value), ""
    except ValueError:
        return float("-inf"), str(value)
