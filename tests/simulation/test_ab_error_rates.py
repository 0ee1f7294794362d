"""How often the tests are wrong, and how often they see what is there: simulated, with twenty looks.

The seeds are fixed, so the numbers are the same in every run; BACKSTAY_AB_TRIALS=10 makes ten times as many.
"""

from __future__ import annotations

import math
import os
import random
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest

from backstay.ads import Money
from backstay.services.ab_test.compare import Rule, look_of, seen, significant
from backstay.services.ab_test.estimate import Estimate, estimates
from backstay.services.ab_test.evidence import ArmLook
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.words import Metric, Stopping
from backstay.services.series import DayNumbers, Series
from backstay.services.stats import sequential
from backstay.services.stats.multiple import holm
from backstay.services.stats.special import normal_quantile
from tests.support.ab import MONDAY, plan

MORE = int(os.environ.get("BACKSTAY_AB_TRIALS", "1"))
LOOKS = 20
Draw = Callable[[random.Random], int]


def binomial(n: int, p: float) -> Draw:
    """Successes of n trials, by the inverse of their distribution: one random number each."""
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(n + 1)
    ]
    below = list(accumulate(map(math.exp, logs)))
    return lambda draw: min(n, bisect(below, draw.random()))


# The formulas -----------------------------------------------------------------------------------------------------


@dataclass
class Found:
    """Of so many trials: how many each rule stopped, and where."""

    stops: dict[str, list[int]] = field(default_factory=lambda: {"fixed": [], "sequence": [], "mixture": []})

    def share(self, rule: str, trials: int) -> float:
        """Stopped at any look."""
        return len(self.stops[rule]) / trials

    def median(self, rule: str) -> int:
        """Trials of an arm at which half of those had stopped."""
        return sorted(self.stops[rule])[len(self.stops[rule]) // 2]


def looked(pa: float, pb: float, trials: int, seed: int) -> Found:
    """10,000 an arm in twenty looks, judged by a fixed z test, a confidence sequence and a mixture test."""
    step, draw, found = 500, random.Random(seed), Found()
    more_a, more_b = binomial(step, pa), binomial(step, pb)
    for _ in range(trials):
        a = b = 0
        open_rules = set(found.stops)
        for look in range(1, LOOKS + 1):
            n = look * step
            a, b = a + more_a(draw), b + more_b(draw)
            variance = (a * (n - a) + b * (n - b)) / n**3
            now = sequential.Seen((b - a) / n, math.sqrt(variance))
            crossed = {
                "fixed": abs(now.z) >= normal_quantile(0.975),
                "sequence": sequential.anytime_p(now, sequential.by_size(2 * n, 5_000, 0.05)) <= 0.05,
                "mixture": sequential.anytime_p(now, sequential.by_effect(now.error, 0.02)) <= 0.05,
            }
            for rule in [rule for rule in open_rules if crossed[rule]]:
                found.stops[rule].append(n)
                open_rules.discard(rule)
    return found


def test_peeking_is_wrong_often_and_always_valid_tests_are_not() -> None:
    """No difference: a fixed test that is looked at twenty times is wrong in a quarter of all cases, ours in 2 %."""
    trials = 4_000 * MORE
    found = looked(0.10, 0.10, trials, 1)
    assert found.share("fixed", trials) == pytest.approx(0.248, abs=0.015)
    assert found.share("sequence", trials) == pytest.approx(0.017, abs=0.006)
    assert found.share("mixture", trials) == pytest.approx(0.016, abs=0.006)


def test_the_mixture_test_has_the_power_that_is_stated() -> None:
    """0.10 against 0.12 with tau 0.02: 0.94 by 10,000 an arm, half of them by 4,500."""
    trials = 4_000 * MORE
    found = looked(0.10, 0.12, trials, 2)
    assert found.share("mixture", trials) == pytest.approx(0.945, abs=0.012)
    assert found.median("mixture") in {4_000, 4_500}


# The service ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What days are like."""

    rates: tuple[float, ...]
    clicks: int = 500
    noise: float = 0.0
    """Standard deviation of a day's own logarithm of the rate: more than chance."""

    def arms(self, draw: random.Random, metric: Metric) -> tuple[Series, ...]:
        """Twenty days of each arm."""
        return tuple(self._arm(draw, name, rate, metric) for name, rate in zip("ABCDE", self.rates, strict=False))

    def _arm(self, draw: random.Random, name: str, rate: float, metric: Metric) -> Series:
        days = tuple(self._day(draw, number, rate, metric) for number in range(LOOKS))
        return Series.model_construct(name=name, days=days, basis=None, platform=None)

    def _day(self, draw: random.Random, number: int, rate: float, metric: Metric) -> DayNumbers:
        own = rate * math.exp(draw.gauss(0.0, self.noise)) if self.noise else rate
        mean, spread = self.clicks * own, math.sqrt(self.clicks * own * (1 - own))
        count = min(self.clicks, max(0, round(draw.gauss(mean, spread))))
        orders = (draw.lognormvariate(3.0, 1.0) for _ in range(count)) if metric is Metric.ROAS else (1.0,)
        return DayNumbers.model_construct(
            day=MONDAY + timedelta(days=number), impressions=self.clicks * 20, clicks=self.clicks, link_clicks=None,
            conversions=Decimal(count), spend=Money("100.00", "EUR"), revenue=Money(f"{sum(orders):.2f}", "EUR"),
            largest_order=None, final=True,
        )  # fmt: skip


def ended(own: AbPlan, arms: Sequence[Series]) -> tuple[int | None, int | None]:
    """The looks, one a day, at which a winner and a harm are first found."""
    looks = {arm.name: ArmLook(arm=arm.name) for arm in arms[1:]}
    rule, won, harmed = Rule(own, len(looks)), None, None
    for day in range(1, LOOKS + 1):
        found = estimates([arm.model_copy(update={"days": arm.days[:day]}) for arm in arms], own)
        looks = _next(rule, arms, found, looks)
        if found[0].results < own.min_results:
            continue
        if harmed is None and min(look.harm_p for look in looks.values()) <= rule.harm_alpha:
            harmed = day
        adjusted = holm([look.p for look in looks.values()], rule.comparisons)
        if won is None and any(significant(rule, *each) for each in zip(looks.values(), adjusted, strict=True)):
            won = day
    return won, harmed


def _next(
    rule: Rule, arms: Sequence[Series], found: Sequence[Estimate], looks: dict[str, ArmLook]
) -> dict[str, ArmLook]:  # fmt: skip
    after = {}
    for arm, own in zip(arms[1:], found[1:], strict=True):
        now = seen(found[0], own)
        after[arm.name] = look_of(rule, arm.name, now, now, found[0].units + own.units, looks[arm.name])
    return after


def played(world: World, trials: int, seed: int, **facts: Any) -> tuple[float, float]:
    """The shares of trials with a winner (or loser) and with a harm."""
    own, draw = plan(effect=0.2, **facts), random.Random(seed)
    results = [ended(own, world.arms(draw, own.metric)) for _ in range(trials)]
    return tuple(sum(each[k] is not None for each in results) / trials for k in (0, 1))  # type: ignore[return-value]  # two


NOTHING = World((0.10, 0.10))


@pytest.mark.parametrize(
    ("world", "facts"),
    [
        (NOTHING, {}),
        (NOTHING, {"stopping": Stopping.CONFIDENCE_SEQUENCE}),
        (NOTHING, {"metric": Metric.CPA}),
        (NOTHING, {"metric": Metric.ROAS}),
        (NOTHING, {"metric": Metric.ROAS, "stopping": Stopping.CONFIDENCE_SEQUENCE}),
        (World((0.10, 0.10), noise=0.3), {}),
        (World((0.10, 0.10), noise=0.3), {"metric": Metric.CPA}),
        (World((0.01, 0.01), clicks=300), {}),
        (World((0.10,) * 5), {}),
    ],
    ids=["cvr", "sequence", "cpa", "roas", "roas sequence", "wild days", "wild days, cpa", "rare", "five arms"],
)
def test_false_winners_are_rarer_than_alpha(world: World, facts: dict[str, Any]) -> None:
    """Twenty daily looks under no difference, whatever the days are like; the first looks at three days included."""
    trials = 500 * MORE
    won, harmed = played(world, trials, 7, **facts)
    assert won <= 0.05
    assert harmed <= 0.02


def test_days_that_vary_need_their_own_error() -> None:
    """With the error of independent clicks, wild days make a winner of nothing more often than not."""
    won, _ = played(World((0.10, 0.10), noise=0.3), 200, 7, overdispersion=False)
    assert won > 0.5


@pytest.mark.parametrize(("metric", "least"), [(Metric.CVR, 0.85), (Metric.CPA, 0.83), (Metric.ROAS, 0.33)], ids=str)
def test_a_difference_that_is_there_is_seen(metric: Metric, least: float) -> None:
    """20 % more by 10,000 clicks an arm; return on spend needs more, since orders differ so much."""
    won, harmed = played(World((0.10, 0.12)), 300 * MORE, 11, metric=metric)
    assert won >= least
    assert harmed <= 0.002


def test_harm_is_seen_soon() -> None:
    """A third fewer conversions: found within the twenty days in nearly all trials, mostly in the first ten."""
    own, draw, world = plan(effect=0.2), random.Random(3), World((0.10, 0.067))
    days = [ended(own, world.arms(draw, own.metric))[1] for _ in range(200 * MORE)]
    found = sorted(day for day in days if day is not None)
    assert len(found) >= 0.97 * len(days)
    assert found[len(found) // 2] <= 7
