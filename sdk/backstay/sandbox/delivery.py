"""What ads reach while they run: drawn per ad and day from the seed, so that sums always agree.

An ad's numbers of a day are what it would reach in a whole day, times the part of the day in which the ad and all
above it were active. Levels above are sums over their ads. A vendor's simulator tells its own words for them.
An object's data may hold `_starts` and `_ends` (at any level, wall seconds) and `_reviewed_at` (ad; None never passes).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final
from zoneinfo import ZoneInfo

from backstay.clock import utc
from backstay.sandbox.draws import between
from backstay.sandbox.world import AD, AD_GROUP, CAMPAIGN, State, Thing, World

Spans = list[tuple[float, float]]
Numbers = dict[str, Decimal]

COUNTS: Final[tuple[str, ...]] = ("impressions", "clicks", "reach", "conversion", "video_play_actions")
ADDABLE: Final[tuple[str, ...]] = (*COUNTS, "spend", "total_purchase_value")


@dataclass(frozen=True, slots=True)
class Market:
    """An account's days and money: its IANA zone, the smallest amount that is shown, main units per dollar."""

    zone: str
    unit: Decimal = Decimal("0.01")
    ratio: int = 1


@dataclass(frozen=True, slots=True)
class Bucket:
    """A piece of a local day: all of it, or an hour."""

    day: date
    opens: float
    """When the day begins, wall seconds."""
    start: float
    end: float
    label: str


def days(zone: str, first: date, last: date) -> Iterator[Bucket]:
    """Local days, both ends included."""
    day = first
    while day <= last:
        opens, end = _midnight(zone, day), _midnight(zone, day + timedelta(days=1))
        yield Bucket(day, opens, opens, end, f"{day} 00:00:00")
        day += timedelta(days=1)


def hours(zone: str, first: date, last: date) -> Iterator[Bucket]:
    """The hours of local days, 23 to 25 of them."""
    for whole in days(zone, first, last):
        start = whole.start
        while start < whole.end:
            local = datetime.fromtimestamp(start, ZoneInfo(zone))
            yield Bucket(whole.day, whole.opens, start, start + 3600, f"{local:%Y-%m-%d %H:00:00}")
            start += 3600


def local_day(zone: str, seconds: float) -> date:
    """The day it is somewhere."""
    return utc(seconds).astimezone(ZoneInfo(zone)).date()


def numbers(world: World, market: Market, ad: Thing, bucket: Bucket, now: float) -> Numbers:
    """What an ad reached in a bucket, up to now."""
    spans = active(world, ad, now)
    length = max(1.0, _midnight(market.zone, bucket.day + timedelta(days=1)) - bucket.opens)
    upto = [_overlap(spans, bucket.opens, edge) / length for edge in (bucket.start, bucket.end)]
    if upto[1] == 0.0:
        return dict.fromkeys(ADDABLE, Decimal(0))
    whole = _whole_day(world.seed, ad.id, bucket.day, market.ratio)
    return {
        name: _part(value, upto[1], name, market.unit) - _part(value, upto[0], name, market.unit)
        for name, value in whole.items()
    }


def total(world: World, market: Market, ads: Sequence[Thing], buckets: Sequence[Bucket], now: float) -> Numbers:
    """Sums over ads and buckets."""
    sums: Numbers = dict.fromkeys(ADDABLE, Decimal(0))
    for ad in ads:
        for bucket in buckets:
            for name, value in numbers(world, market, ad, bucket, now).items():
                sums[name] += value
    return sums


def spent(world: World, market: Market, thing: Thing, now: float) -> Decimal:
    """What an object has spent since it was made, in main units."""
    ads = ads_below(world, thing)
    first = min((ad.created_at for ad in ads), default=now)
    zone = market.zone
    buckets = list(days(zone, local_day(zone, first), local_day(zone, now)))
    return total(world, market, ads, buckets, now)["spend"]


def account_spend(world: World, market: Market, account: str, now: float) -> Decimal:
    """What an account has spent, in main units."""
    found = (spent(world, market, ad, now) for ad in world.at(account, AD))
    return sum(found, Decimal(0))


def ads_below(world: World, thing: Thing) -> list[Thing]:
    """An object's ads; an ad is its own."""
    if thing.level == AD:
        return [thing]
    if thing.level == AD_GROUP:
        return world.children(thing.id)
    return [ad for group in world.children(thing.id) for ad in world.children(group.id)]


def active(world: World, ad: Thing, now: float) -> Spans:
    """When an ad and everything above it were active."""
    group = world.get(ad.parent or "")
    campaign = world.get((group.parent if group else None) or "")
    if group is None or campaign is None or group.level != AD_GROUP or campaign.level != CAMPAIGN:
        return []
    reviewed = ad.data.get("_reviewed_at", ad.created_at)
    if reviewed is None:
        return []
    chain = (ad, group, campaign)
    starts = max(each.data.get("_starts") or 0.0 for each in chain)
    ends = min(each.data.get("_ends") or now for each in chain)
    spans: Spans = [(max(reviewed, starts), min(now, ends))]
    for thing in chain:
        spans = _meet(spans, _on(thing, now))
    return spans


def _on(thing: Thing, now: float) -> Spans:
    edges = [*(version.at for version in thing.versions[1:]), now]
    return [
        (version.at, edge)
        for version, edge in zip(thing.versions, edges, strict=True)
        if version.state is State.ACTIVE and edge > version.at
    ]


def _meet(left: Spans, right: Spans) -> Spans:
    return [(max(a, c), min(b, d)) for a, b in left for c, d in right if min(b, d) > max(a, c)]


def _overlap(spans: Spans, start: float, end: float) -> float:
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in spans)


def _midnight(zone: str, day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()


@functools.lru_cache(maxsize=8_192)
def _whole_day(seed: int, ad_id: str, day: date, ratio: int) -> Mapping[str, float]:
    def draw(name: str, low: float, high: float) -> float:
        return between(low, high, seed, "metric", ad_id, day, name)

    dollars = draw("spend", 8.0, 16.0)
    impressions = dollars * draw("impressions", 80.0, 200.0)
    clicks = impressions * draw("clicks", 0.005, 0.02)
    conversions = clicks * draw("conversion", 0.02, 0.08)
    return {
        "spend": dollars * ratio,
        "impressions": impressions,
        "clicks": clicks,
        "conversion": conversions,
        "reach": impressions * 0.8,
        "video_play_actions": impressions * 0.6,
        "total_purchase_value": conversions * draw("value", 20.0, 60.0) * ratio,
    }


def _part(value: float, share: float, name: str, unit: Decimal) -> Decimal:
    step = Decimal(1) if name in COUNTS else unit
    return Decimal(str(value * share)).quantize(step, rounding=ROUND_DOWN)
