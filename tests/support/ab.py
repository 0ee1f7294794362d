"""Evidence of A/B tests, by numbers a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from backstay.ads import AttributionSetting, MetricBasis, Money, Platform
from backstay.services.ab_test.evidence import ArmEvidence, Evidence
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.words import Design, Metric
from backstay.services.series import DayNumbers, Series

MONDAY = date(2026, 1, 5)
BASIS = MetricBasis(timezone=ZoneInfo("Europe/Berlin"), attribution=AttributionSetting(click_days=7, view_days=1))


def plan(**facts: Any) -> AbPlan:
    """An observational test of the conversion rate."""
    base = {"id": "hooks", "metric": Metric.CVR, "design": Design.OBSERVATIONAL_ARMS, "control": "A"}
    return AbPlan(**{**base, **facts})


def day(number: int, conversions: object = 50, **facts: Any) -> DayNumbers:
    """A day, counted from a Monday."""
    base: dict[str, Any] = {
        "day": MONDAY + timedelta(days=number), "impressions": 40_000, "clicks": 1_000, "link_clicks": 900,
        "conversions": Decimal(str(conversions)), "spend": Money("100.00", "EUR"), "revenue": Money("300.00", "EUR"),
        "final": True,
    }  # fmt: skip
    return DayNumbers(**{**base, **facts})


def series(name: str, conversions: Iterable[object], *, basis: MetricBasis | None = BASIS, **facts: Any) -> Series:
    """Days with these conversions; `facts` are the same on all of them."""
    platform = facts.pop("platform", Platform.TIKTOK)
    days = tuple(day(number, count, **facts) for number, count in enumerate(conversions))
    return Series(name=name, days=days, basis=basis, platform=platform)


def around(mean: int, days: int = 14) -> list[int]:
    """Daily counts that differ a little, less than chance would have them."""
    return [mean + (number % 3) - 1 for number in range(days)]


def evidence(
    arms: Sequence[Series | ArmEvidence], /, *, days: int | None = None, **facts: Any
) -> Evidence:  # fmt: skip
    """Evidence on the morning after the last day, or after `days` days; `seen` are looks, other facts the plan's."""
    own = {name: facts.pop(name) for name in ("started", "stale", "basis_fields") if name in facts}
    own["looks"] = facts.pop("seen", ())
    wrapped = tuple(each if isinstance(each, ArmEvidence) else ArmEvidence(series=each) for each in arms)
    longest = days if days is not None else max((len(each.series.days) for each in wrapped), default=0)
    as_of = datetime.combine(MONDAY + timedelta(days=longest), datetime.min.time(), UTC) + timedelta(hours=9)
    return Evidence(plan=plan(**facts), arms=wrapped, as_of=as_of, **own)
