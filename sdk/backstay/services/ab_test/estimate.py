"""What an arm's days say of its metric: a value, its relative error, and what is believed of it. Larger is better.

Cost per result is looked at as results per unit of money; only what is shown is turned round.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from backstay.ads import Money
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.words import Clicks, Metric
from backstay.services.series import DayNumbers, Series, ratio
from backstay.services.stats import day_ratio, rates
from backstay.services.stats.beta_pair import Beta
from backstay.services.stats.posterior import BetaPosterior, GammaPosterior, NormalPosterior, Posterior, moments
from backstay.services.stats.rates import Spread

FEWEST: Final = 3
"""Days of each arm from which their spread can be told."""
Days = tuple[list[float], list[float]]
"""What is counted above and below the line, day by day; days without anything below are left out."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One arm; None is undefined."""

    value: float | None
    error: float | None
    """Standard error of the value's logarithm."""
    results: float
    """What the plan's `min_results` is asked of."""
    above: float
    below: float
    units: float
    """What a confidence sequence counts."""
    spread: float
    """Phi: by how much variances were multiplied."""
    freedom: float
    """Degrees of freedom of the error: infinite where it is known, about the number of days where it was estimated."""
    posterior: Posterior | None
    without_largest: float | None = None
    """Return on spend without the largest order."""
    orders_known: bool = False
    """Else the largest day was taken out instead."""


def estimates(series: Sequence[Series], plan: AbPlan) -> tuple[Estimate, ...]:
    """Of all arms; the spread of daily counts is taken from all of them together."""
    days = [_days(each, plan) for each in series]
    spread = _spread(days, plan)
    make = _MAKERS[plan.metric]
    found = (make(each, one, plan, spread or Spread()) for each, one in zip(days, series, strict=True))
    return tuple(each if spread else replace(each, error=None) for each in found)


def undefined(series: Series, plan: AbPlan) -> str | None:
    """Why a metric has no value here whatever comes: a number that the platform does not report, or cannot be right."""
    for day in series.days:
        if plan.clicks is Clicks.LINK and plan.metric in {Metric.CTR, Metric.CVR} and day.link_clicks is None:
            return f"{series.name}: no link clicks are reported"
        if plan.metric is Metric.ROAS and day.revenue is None:
            return f"{series.name}: no revenue is reported"
        if plan.metric in {Metric.CPA, Metric.ROAS} and day.spend is None:
            return f"{series.name}: no spend is reported"
    above, below = (math.fsum(part) for part in _days(series, plan))
    if plan.metric in {Metric.CTR, Metric.CVR} and above > below:
        what = "clicks than impressions" if plan.metric is Metric.CTR else "conversions than clicks"
        return f"{series.name}: more {what}, so it is no rate; compare the cost per result"
    return None


def _days(series: Series, plan: AbPlan) -> Days:
    above, below = _PARTS[plan.metric]
    pairs = [(above(day, plan), below(day, plan)) for day in series.days]
    kept = [pair for pair in pairs if pair[1] > 0]
    idle = math.fsum(pair[0] for pair in pairs if pair[1] <= 0)  # late conversions of a day without clicks
    if idle and kept:
        kept[-1] = (kept[-1][0] + idle, kept[-1][1])
    return [pair[0] for pair in kept], [pair[1] for pair in kept]


def _spread(days: Sequence[Days], plan: AbPlan) -> Spread | None:
    """None where too few days tell: an error that may be far too small would be kept by all later looks."""
    estimated = plan.overdispersion or plan.metric is Metric.ROAS
    if estimated and min((len(above) for above, _ in days), default=0) < FEWEST:
        return None
    if plan.metric is Metric.ROAS:
        return Spread(1.0, float(max(1, sum(len(above) - 1 for above, _ in days))))
    if not plan.overdispersion:
        return Spread()
    return rates.pooled_overdispersion(days, binomial=plan.metric is not Metric.CPA)


def _rate(days: Days, series: Series, plan: AbPlan, spread: Spread) -> Estimate:
    above, below = math.fsum(days[0]), math.fsum(days[1])
    value = ratio(above, below)
    error = math.sqrt(spread.phi * (1 - value) / above) if value is not None and 0 < value < 1 else None
    del series
    return Estimate(
        value=value, error=error, results=above, above=above, below=below, units=below, spread=spread.phi,
        freedom=spread.freedom,
        posterior=_believed(above, below, spread.phi, plan) if 0 <= above <= below and below else None,
    )  # fmt: skip


def _believed(above: float, below: float, spread: float, plan: AbPlan) -> Posterior:
    if above != int(above):
        return moments(above, below, spread=spread)
    return BetaPosterior(Beta.after(above / spread, below / spread, prior=plan.prior))


def _cost(days: Days, series: Series, plan: AbPlan, spread: Spread) -> Estimate:
    del series, plan
    above, below = math.fsum(days[0]), math.fsum(days[1])
    return Estimate(
        value=ratio(above, below), error=math.sqrt(spread.phi / above) if above else None, results=above,
        above=above, below=below, units=above, spread=spread.phi, freedom=spread.freedom,
        posterior=GammaPosterior.after(above / spread.phi, below / spread.phi) if below else None,
    )  # fmt: skip


def _return(days: Days, series: Series, plan: AbPlan, spread: Spread) -> Estimate:
    del plan
    above, below = days
    results = math.fsum(float(day.conversions) for day in series.days)
    total, spent, count = math.fsum(above), math.fsum(below), len(above)
    known = count >= 2 and total > 0
    error = _return_error(above, below) if known else None
    value = ratio(total, spent)
    believed = NormalPosterior(value, error) if value is not None and error else None
    return Estimate(
        value=value, error=error / value if error and value else None, results=results, above=total, below=spent,
        units=count, spread=spread.phi, freedom=spread.freedom, posterior=believed,
        without_largest=_without(series, days) if known else None,
        orders_known=any(day.largest_order is not None for day in series.days),
    )  # fmt: skip


def _return_error(above: list[float], below: list[float]) -> float:
    """The larger of both."""
    return max(day_ratio.delta_ratio(above, below).error, day_ratio.jackknife_ratio(above, below).error)


def _without(series: Series, days: Days) -> float:
    orders = [(place, day.largest_order) for place, day in enumerate(series.days) if day.largest_order is not None]
    if not orders or len(days[0]) < len(series.days):
        return day_ratio.without_largest(*days).value
    place, order = max(orders, key=lambda each: each[1].amount)
    return day_ratio.without_largest(*days, (place, min(_money(order), days[0][place]))).value


def _clicks(day: DayNumbers, plan: AbPlan) -> float:
    return float(day.clicks if plan.clicks is Clicks.ALL else day.link_clicks or 0)


def _money(amount: Money | None) -> float:
    return 0.0 if amount is None else float(amount.amount)


_Part = Callable[[DayNumbers, AbPlan], float]
_PARTS: Final[dict[Metric, tuple[_Part, _Part]]] = {
    Metric.CTR: (_clicks, lambda day, _: float(day.impressions)),
    Metric.CVR: (lambda day, _: float(day.conversions), _clicks),
    Metric.CPA: (lambda day, _: float(day.conversions), lambda day, _: _money(day.spend)),
    Metric.ROAS: (lambda day, _: _money(day.revenue), lambda day, _: _money(day.spend)),
}
_MAKERS: Final[dict[Metric, Callable[[Days, Series, AbPlan, Spread], Estimate]]] = {
    Metric.CTR: _rate, Metric.CVR: _rate, Metric.CPA: _cost, Metric.ROAS: _return,
}  # fmt: skip
