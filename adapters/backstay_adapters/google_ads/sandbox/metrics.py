"""Numbers of delivery in the vendor's words: micros for cost, doubles for conversions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from backstay.sandbox.delivery import ADDABLE, Bucket, Market, Numbers, ads_below, days, hours, local_day, numbers
from backstay.sandbox.world import AD, Thing
from backstay_adapters.google_ads.sandbox.gaql.tokens import wrong
from backstay_adapters.google_ads.sandbox.settings import WHOLE, Customer

if TYPE_CHECKING:
    from backstay_adapters.google_ads.sandbox.context import Ctx

MICROS: Final = 1_000_000
COUNTED: Final = Decimal("0.75")
"""Conversions that an attribution model gives for one: they are fractional, as the vendor's are."""


def market(customer: Customer) -> Market:
    """A customer's days and money."""
    whole = customer.currency in WHOLE
    return Market(customer.timezone, Decimal(1) if whole else Decimal("0.01"), 100 if whole else 1)


def ads_of(ctx: Ctx, customer: Customer, thing: Thing | None) -> list[Thing]:
    """The ads whose numbers a row adds up; a customer's are all."""
    return ctx.world.at(customer.id, AD) if thing is None else ads_below(ctx.world, thing)


def buckets(customer: Customer, first: date, last: date, *, hourly: bool) -> Iterator[tuple[Bucket, int]]:
    """Local days, or their hours, with the hour."""
    if not hourly:
        yield from ((each, 0) for each in days(customer.timezone, first, last))
        return
    for each in hours(customer.timezone, first, last):
        yield each, int(each.label[11:13])


def total(ctx: Ctx, customer: Customer, ads: Sequence[Thing], pieces: Sequence[Bucket]) -> Numbers:
    """Sums over ads and buckets."""
    own = market(customer)
    sums: Numbers = dict.fromkeys(ADDABLE, Decimal(0))
    for ad in ads:
        for piece in pieces:
            for name, value in numbers(ctx.world, own, ad, piece, ctx.now).items():
                sums[name] += value
    return sums


def lifetime(ctx: Ctx, customer: Customer) -> tuple[date, date]:
    """From the account's first ad to today."""
    made = (ad.created_at for ad in ctx.world.at(customer.id, AD))
    today = local_day(customer.timezone, ctx.now)
    return min(local_day(customer.timezone, min(made, default=ctx.now)), today), today


def yesterday(customer: Customer, now: float) -> date:
    """The last whole day."""
    return local_day(customer.timezone, now) - timedelta(days=1)


def shown(name: str, sums: Numbers) -> Any:
    """A metric of a row; raises the vendor's refusal for one that is not simulated."""
    if name not in METRICS:
        text = f"the sandbox does not simulate metrics.{name}; it has {', '.join(METRICS)}."
        raise wrong("PROHIBITED_METRIC_IN_SELECT_OR_WHERE_CLAUSE", text, f"metrics.{name}")
    return METRICS[name](sums)


def _ratio(above: str, below: str, factor: int = 1) -> Callable[[Numbers], float]:
    return lambda sums: float(sums[above] * factor / sums[below]) if sums[below] else 0.0


def _conversions(sums: Numbers) -> float:
    return float(sums["conversion"] * COUNTED)


def _value(sums: Numbers) -> float:
    return float(sums["total_purchase_value"])


METRICS: Final[Mapping[str, Callable[[Numbers], Any]]] = MappingProxyType(
    {
        "impressions": lambda sums: int(sums["impressions"]),
        "clicks": lambda sums: int(sums["clicks"]),
        "interactions": lambda sums: int(sums["clicks"]),
        "cost_micros": lambda sums: int(sums["spend"] * MICROS),
        "conversions": _conversions,
        "conversions_value": _value,
        "all_conversions": _conversions,
        "all_conversions_value": _value,
        "conversions_by_conversion_date": _conversions,
        "conversions_value_by_conversion_date": _value,
        "platform_comparable_conversions": _conversions,
        "platform_comparable_conversions_value": _value,
        "view_through_conversions": lambda _: 0,
        "unique_users": lambda sums: int(sums["reach"]),
        "ctr": _ratio("clicks", "impressions"),
        "average_cpc": _ratio("spend", "clicks", MICROS),
        "average_cpm": _ratio("spend", "impressions", MICROS * 1_000),
        "cost_per_conversion": lambda sums: (
            float(sums["spend"] * MICROS / (sums["conversion"] * COUNTED)) if sums["conversion"] else 0.0
        ),
    }
)
"""By the vendor's name."""
