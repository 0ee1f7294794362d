"""What the curves' errors make of a plan: an interval of its gain, and plans that explore."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.explore import explore
from backstay.services.budgets.fitting import Fit, Shape, fit
from backstay.services.budgets.gain import interval
from backstay.services.budgets.plan import BudgetPlan, plan
from backstay.services.budgets.settings import Candidate, Limits

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def eur(amount: object) -> Money:
    """Euros."""
    return Money(str(amount), "EUR")


def one(name: str, a: float, spread: Any = (), **facts: Any) -> Candidate:
    """A campaign of 50 a day."""
    base = {"name": name, "budget": eur(50), "unit": eur("0.01"), "curve": LogCurve(a=a, b=10), "spread": spread}
    return Candidate(**{**base, **facts})


SOME = ((0.2, 0.0), (0.05, 0.3))
LIMITS = Limits(total=eur(100), max_change=None)
PAIR = [one("A", 100, SOME), one("B", 50, SOME)]


def amounts(found: BudgetPlan) -> dict[str, float]:
    """New budgets."""
    return {each.name: float(each.new.amount) for each in found.changes}


def test_a_plan_on_known_curves_has_no_interval() -> None:
    """Nothing is said of errors, so nothing is said of the gain's."""
    found = plan([one("A", 100), one("B", 50)], LIMITS, now=NOW)
    assert found.gain_interval is None
    assert found.as_json()["gain_interval"] is None


def test_the_interval_of_the_gain_agrees_with_chance() -> None:
    """Nine in ten of many random draws are in it, one in twenty below, one in twenty above."""
    found = plan(PAIR, LIMITS, now=NOW)
    assert found.gain_interval is not None
    low, high = found.gain_interval
    draw, gains = random.Random(5), []
    for _ in range(20_000):
        curves = [Fit(each.curve, 0.0, each.spread, False).drawn(lambda: draw.gauss(0, 1)) for each in PAIR]
        sides = zip(curves, found.changes, strict=True)
        gains.append(
            math.fsum(c.value(float(e.new.amount)) - c.value(float(e.old.amount)) for c, e in sides)
        )  # fmt: skip
    assert low < found.gain < high
    assert sum(each < low for each in gains) / len(gains) == pytest.approx(0.05, abs=0.008)
    assert sum(each > high for each in gains) / len(gains) == pytest.approx(0.05, abs=0.008)


def test_the_interval_is_the_same_every_time_and_in_any_order() -> None:
    """A plan is made of numbers alone."""
    found = plan(PAIR, LIMITS, now=NOW).gain_interval
    assert found == plan(PAIR, LIMITS, now=NOW).gain_interval == plan(PAIR[::-1], LIMITS, now=NOW).gain_interval


def test_errors_of_campaigns_that_stay_do_not_matter() -> None:
    """Their part of the gain is nothing, however little is known of them."""
    old = {each.name: each.budget for each in PAIR}
    assert interval(PAIR, old, old) is None
    wide = one("C", 80, ((3.0, 0.0), (0.0, 3.0)))
    new = {"A": eur(60), "B": eur(40)}
    assert interval([*PAIR, wide], {**old, "C": eur(50)}, {**new, "C": eur(50)}) == interval(PAIR, old, new)


@pytest.mark.parametrize(
    ("curve", "spread"),
    [(LogCurve(a=1, b=1), ((0.1,),)), (HillCurve(a=1, k=1, s=1), SOME), (PowerCurve(a=1, p=0.5), ((0.1, 0.2), (0.1,)))],
)
def test_a_spread_of_another_curve_is_refused(curve: Any, spread: Any) -> None:
    """As many rows and columns as the curve has parameters."""
    with pytest.raises(InvalidRequestError, match=r"the curve has \d parameters"):
        one("A", 1, spread, curve=curve)


def test_exploring_is_the_same_for_the_same_numbers() -> None:
    """Also in another order of campaigns; other numbers, another plan."""
    plans = [
        explore(some, LIMITS, now=NOW, normal=random.Random(seed).normalvariate)
        for some, seed in ((PAIR, 3), (PAIR[::-1], 3), (PAIR, 4))
    ]
    assert amounts(plans[0]) == amounts(plans[1]) != amounts(plans[2])


def test_exploring_keeps_to_the_limits_and_tells_its_cost() -> None:
    """Over many draws: within total and step; the gain is by the curves believed in, and is never above the best."""
    best = plan(PAIR, LIMITS.but(max_change=0.2), now=NOW)
    draw = random.Random(11).normalvariate
    for _ in range(20):
        found = explore(PAIR, LIMITS.but(max_change=0.2), now=NOW, normal=draw)
        assert sum(amounts(found).values()) <= 100
        assert all(40 <= each <= 60 for each in amounts(found).values())
        assert found.value_before == pytest.approx(best.value_before)
        assert found.value_after <= best.value_after + 1e-9
        assert any("explores" in note for note in found.notes)


def test_what_is_little_known_gets_its_chance() -> None:
    """A campaign that looks worse and is hardly known gets more than it seems to deserve in some draws, not in all."""
    wide = [one("A", 100, ((0.01, 0.0), (0.0, 0.01))), one("B", 50, ((0.8, 0.0), (0.0, 0.8)))]
    seems = amounts(plan(wide, LIMITS, now=NOW))["B"]
    draw = random.Random(2).normalvariate
    got = [amounts(explore(wide, LIMITS, now=NOW, normal=draw))["B"] for _ in range(24)]
    assert 0.2 < sum(each > seems + 1 for each in got) / len(got) < 0.8
    assert max(got) > 50


def test_the_least_of_a_campaign_is_its_least_in_every_draw() -> None:
    """`low` is the floor of exploration."""
    floored = [PAIR[0], one("B", 50, ((2.0, 0.0), (0.0, 2.0)), low=eur(15))]
    draw = random.Random(2).normalvariate
    got = [amounts(explore(floored, LIMITS, now=NOW, normal=draw))["B"] for _ in range(15)]
    assert min(got) == 15


def test_known_curves_are_not_explored() -> None:
    """The refusal says where errors come from."""
    with pytest.raises(InvalidRequestError, match="no curve has an error to explore") as caught:
        explore([one("A", 100), one("B", 50)], LIMITS, now=NOW, normal=random.Random(1).normalvariate)
    assert caught.value.rule == "budgets.explore"


def test_thompson_sampling_finds_the_better_campaign() -> None:
    """Thirty days of draws, results and new fits end near the best split, from an even one and from nothing known."""
    truth = {"A": LogCurve(a=100, b=10), "B": LogCurve(a=50, b=10)}
    draw = random.Random(8)
    points: dict[str, list[tuple[float, float]]] = {
        name: [(x, max(0.0, curve.value(x) + draw.gauss(0, 10))) for x in (30, 50, 70)] for name, curve in truth.items()
    }
    budgets = dict.fromkeys(truth, eur(50))
    for _ in range(30):
        fits = {name: fit(some, Shape.LOG) for name, some in points.items()}
        some = [
            Candidate(name=n, budget=budgets[n], unit=eur("0.01"), curve=f.curve, spread=f.root)
            for n, f in fits.items()
        ]
        found = explore(some, LIMITS, now=NOW, normal=draw.normalvariate)
        budgets = {each.name: max(each.new, eur(1)) for each in found.changes}
        for name, spent in amounts(found).items():
            points[name].append((spent, max(0.0, truth[name].value(spent) + draw.gauss(0, 10))))
    believed = [
        Candidate(name=n, budget=budgets[n], unit=eur("0.01"), curve=fit(p, Shape.LOG).curve) for n, p in points.items()
    ]
    assert amounts(plan(believed, LIMITS, now=NOW))["A"] == pytest.approx(70, abs=8)


def test_a_hardly_known_curve_is_noted() -> None:
    """The plan names the campaign."""
    found = plan([one("A", 100, weak=True), one("B", 50)], LIMITS, now=NOW)
    assert found.notes == ("hardly known curves, their spend moved too little: A",)
