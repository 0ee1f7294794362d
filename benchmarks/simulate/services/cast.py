"""Who plays: campaigns by their parts, and the truth about their numbers at each moment."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from backstay.ads import AttributionSetting, MetricBasis, MetricsRow, Money, Ref

SHIFT: Final = 30_000.0
"""Seconds after which what was good is bad, and the other way round; no whole part of a day."""
OPTIMIZED: Final = tuple(f"Opt {n}" for n in range(3))
RAISED: Final = "Rule up"
SWITCHED: Final = "Rule off"
ARMS: Final = {"A": "Arm A", "B": "Arm B"}
STRONG: Final = 120.0
WEAK: Final = 40.0
HALF: Final = 30.0
"""Parameters of the optimized campaigns' curves: a of the better ones, a of the others, and b."""
SPENDS: Final = (20, 35, 60, 100, 170)
BASIS: Final = MetricBasis(timezone=ZoneInfo("UTC"), attribution=AttributionSetting(click_days=1))
CLICKS: Final = 2_000
RATES: Final = {"Arm A": 0.05, "Arm B": 0.08}
GOOD: Final = 20
BAD: Final = 4
"""Conversions for 50 of spend: a cost per result of 2.50 or of 12.50."""


def good(part: str, at: float) -> bool:
    """Whether a campaign does well at a moment (wall seconds); about half of them do."""
    other = part in {OPTIMIZED[1], SWITCHED}
    return (int(at // SHIFT) % 2 == 0) is not other


def row(part: str, ref: Ref, day: date, at: float) -> MetricsRow:
    """What a platform would say of a day if it were asked at that moment."""
    if part in OPTIMIZED:
        spend = SPENDS[(day.toordinal() + OPTIMIZED.index(part)) % len(SPENDS)]
        clicks, results = 500, round((STRONG if good(part, at) else WEAK) * math.log1p(spend / HALF))
    elif part in RATES:
        spend, clicks, results = 200, CLICKS, round(CLICKS * RATES[part]) + day.toordinal() % 3 - 1
    else:
        spend, clicks, results = 50, 500, GOOD if good(part, at) else BAD
    told: dict[str, Any] = {
        "impressions": 40 * clicks, "clicks": clicks, "link_clicks": clicks, "conversions": Decimal(results),
        "spend": Money(spend, "USD"), "revenue": Money(20 * results, "USD"), "final": True,
    }  # fmt: skip
    return MetricsRow(ref=ref, day=day, basis=BASIS, **told)
