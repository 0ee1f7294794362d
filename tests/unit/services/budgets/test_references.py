"""Problems with known optima, to the digits that they are known to."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.fitting import Shape, fit
from backstay.services.budgets.grid import solve
from backstay.services.budgets.pacing import pace
from backstay.services.budgets.problem import Item, Problem, Solution
from backstay.services.budgets.shares import apportion, floored
from backstay.services.stats.best_of import best_of
from backstay.services.stats.beta_pair import Beta
from backstay.services.stats.posterior import BetaPosterior


def digits(number: float, places: int) -> Any:
    """Equal to so many decimal places."""
    return pytest.approx(number, rel=0, abs=0.51 * 10**-places)


def logs(*pairs: tuple[float, float]) -> list[LogCurve]:
    """Curves a ln(1 + x/b)."""
    return [LogCurve(a=a, b=b) for a, b in pairs]


def solved(curves: Any, total: float, bounds: Any = None, **facts: Any) -> Solution:
    """The optimum; bounds are (low, high) in order."""
    bounds = bounds or [(0.0, math.inf)] * len(curves)
    off = facts.pop("off", False)
    items = tuple(
        Item(f"c{n}", curve, low, high, off) for n, (curve, (low, high)) in enumerate(zip(curves, bounds, strict=True))
    )
    return solve(Problem(items, total, **facts))


FREE = (0.0, math.inf)
O1 = logs((100, 10), (50, 10))
O9 = logs((120, 40), (80, 20), (60, 30))
ROOTS = [PowerCurve(a=float(a), p=0.5) for a in (1, 2, 3, 4)]
CASES = {
    "O1": (O1, 100, None, (70, 30), 1.25, (400 * math.log(2), 10)),
    "O2": (O1, 100, [(0, 60), FREE], (60, 40), 1.0, (275.0629105272, 10)),
    "O3": (O1, 100, [FREE, (45, math.inf)], (55, 45), 1.5384615385, (272.4176223021, 10)),
    "O4": (O1, 100, [(40, 60), (40, 60)], (60, 40), None, (275.0629105272, 10)),
    "O5": (logs((100, 20), (60, 10), (20, 40)), 100, None, (61.25, 38.75, 0), 1.2307692308, (235.2270610326, 10)),
    "O6": (logs((10, 10), (1, 10)), 5, None, (5, 0), None, (4.0546510811, 10)),
    "O7": ([ROOTS[2], ROOTS[3]], 100, None, (36, 64), 0.25, (50.0, 10)),
    "O8": (ROOTS[:3], 140, None, (10, 40, 90), None, (44.2718872424, 10)),
    "O9": (O9, 200, None, (93.84615385, 69.23076923, 36.92307692), 260 / 290, (312.7177, 4)),
    "O10": (O9, 200, [(64, 96), (48, 72), (48, 72)], (87.2, 64.8, 48), 200 / 212, (311.7215, 4)),
}


def test_average_returns_mislead() -> None:
    """B1: at 100 each A has the better average and the worse next unit; money moves to B until both are equal."""
    a, b = logs((100, 10), (400, 200))
    assert (a.value(100) / 100, b.value(100) / 100) == (digits(2.398, 3), digits(1.622, 3))
    assert (a.marginal(100), b.marginal(100)) == (digits(0.909, 3), digits(1.333, 3))
    found = solved([a, b], 200)
    assert found.spends["c1"] > 100
    assert a.marginal(found.spends["c0"]) == pytest.approx(b.marginal(found.spends["c1"]))


@pytest.mark.parametrize("name", CASES)
def test_concave_optima(name: str) -> None:
    """Spends, the price of money and the value; O4's price is any number of a range, so it is not asked."""
    curves, total, bounds, spends, price, (value, places) = CASES[name]
    found = solved(curves, total, bounds)
    assert list(found.spends.values()) == [digits(each, 8) for each in spends]
    assert found.value == digits(value, places)
    assert math.fsum(found.spends.values()) <= total * (1 + 1e-12)
    if price is not None:
        assert found.price == digits(price, 9)


def test_a_campaign_that_gets_nothing_is_worth_less_than_the_price() -> None:
    """O5: the third marginal at 0 is 0.5, below the common one."""
    assert LogCurve(a=20, b=40).marginal(0.0) == 0.5


@pytest.mark.parametrize(
    ("total", "value", "spends"),
    [
        (60, 0.633431, (0, 60)), (40, 0.338624, (0, 40)), (80, 0.803768, (0, 80)), (100, 1.0, (50, 50)),
        (120, 1.266862, (60, 60)), (200, 1.777778, (100, 100)),
    ],
)  # fmt: skip
def test_curves_shaped_like_an_s(total: float, value: float, spends: tuple[float, float]) -> None:
    """O11: below the middle all money goes to one, although the even split has equal marginals."""
    curve = HillCurve(a=1, k=50, s=3)
    found = solved([curve, curve], total)
    assert found.value == digits(value, 6)
    assert sorted(found.spends.values()) == [digits(each, 5) for each in spends]


def test_the_even_split_of_two_s_curves_is_a_trap() -> None:
    """O11: it has equal marginals of 0.0146079 at 60, and little more than half the value."""
    curve = HillCurve(a=1, k=50, s=3)
    assert curve.marginal(30) == digits(0.0146079, 7)
    assert 2 * curve.value(30) == digits(0.355263, 6)


def test_off_or_at_least_a_minimum() -> None:
    """O12: with 25 only one of two campaigns of at least 20 can be on."""
    found = solved(O1, 25, [(20, math.inf)] * 2, off=True)
    assert list(found.spends.values()) == [digits(25, 8), 0]
    assert found.value == digits(125.2762968495, 10)
    with pytest.raises(InvalidRequestError, match="the lower bounds add up to 40, the budget is 25"):
        solved(O1, 25, [(20, math.inf)] * 2)  # both on


def test_a_least_return_binds_before_the_budget() -> None:
    """O13: 86.41 of 100 are spent."""
    found = solved(O1, 100, min_return=3.0)
    assert sum(found.spends.values()) == digits(86.410, 3)
    x, y = found.spends.values()
    assert (x, y) == (digits(60.940, 3), digits(25.470, 3))
    assert x == digits(10 + 2 * y, 9)  # equal marginals, 100 / (10 + x) = 50 / (10 + y)
    assert found.value == digits(259.230, 3)


def test_a_least_return_with_s_curves() -> None:
    """The grid keeps to it as well, to within its step."""
    curve = HillCurve(a=200, k=50, s=2)
    found = solved([curve, curve], 400, min_return=1.5)
    assert found.value >= 1.5 * sum(found.spends.values())
    free = solved([curve, curve], 400)
    assert free.value < 1.5 * sum(free.spends.values())


@pytest.mark.parametrize("curves", [O1, [HillCurve(a=100, k=100, s=2)] * 2], ids=["concave", "s"])
def test_a_return_that_cannot_be_had_is_refused(curves: Any) -> None:
    """The refusal names it and does not spend nothing silently where campaigns must spend."""
    with pytest.raises(InvalidRequestError, match="infeasible: a return of 50") as caught:
        solved(curves, 100, [(10, 100), (10, 100)], min_return=50.0)
    assert caught.value.field == "min_return"


def test_lower_bounds_beyond_the_budget_are_refused() -> None:
    """O14: the refusal names the sum and the budget."""
    with pytest.raises(InvalidRequestError, match="the lower bounds add up to 110, the budget is 100") as caught:
        solved(O1, 100, [(60, 100), (50, 100)])
    assert caught.value.rule == "budgets.infeasible"


@pytest.mark.parametrize("unit", [1e-2, 1.0, 1e3, 1e6])
def test_the_unit_of_money_changes_nothing(unit: float) -> None:
    """O15: the same shares in cents, in thousands and in millions."""
    found = solved(logs((100, 10 * unit), (50, 10 * unit)), 100 * unit)
    shares = [each / (100 * unit) for each in found.spends.values()]
    assert shares == [pytest.approx(0.7, abs=1e-9), pytest.approx(0.3, abs=1e-9)]


@pytest.mark.parametrize(
    ("weights", "total", "parts"),
    [
        ((1, 1, 1), 10_000, (3334, 3333, 3333)), ((5, 3, 1), 1000, (556, 333, 111)), ((70, 30), 9999, (6999, 3000)),
        ((0, 1), 3, (0, 3)), ((1, 1), 0, (0, 0)),
    ],
)  # fmt: skip
def test_largest_remainders(weights: tuple[int, ...], total: int, parts: tuple[int, ...]) -> None:
    """O16: whole units that add up exactly."""
    assert apportion(weights, total) == parts


@pytest.mark.parametrize("weights", [(0.0, 0.0), (-1.0, 2.0), (math.nan, 1.0)])
def test_weights_that_divide_nothing_are_refused(weights: tuple[float, ...]) -> None:
    """All zero, below zero, or no number."""
    with pytest.raises(InvalidRequestError, match="weights"):
        apportion(weights, 10)


def test_pace() -> None:
    """O17: 400 of 1000 after 10 of 30 days are a fifth too fast, and leave 30 a day."""
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    found = pace(
        Money(400, "EUR"), Money(1000, "EUR"), begin=begin, end=begin + timedelta(days=30),
        now=begin + timedelta(days=10),
    )  # fmt: skip
    assert found.ratio == digits(1.2, 10)
    assert (found.per_day, found.left) == (Money("30", "EUR"), Money("600", "EUR"))


def test_chances_to_be_best_and_their_floor() -> None:
    """O18: of three beta posteriors, then with at least 5 % for each."""
    arms = [BetaPosterior(Beta(a, b)) for a, b in ((11, 91), (16, 86), (21, 81))]
    chances = best_of(arms).chances
    assert list(chances) == [digits(each, 8) for each in (0.01468189, 0.17485843, 0.81045967)]
    assert list(floored(chances, 0.05)) == [digits(each, 5) for each in (0.06248, 0.19863, 0.73889)]


SPENDS = (10.0, 20.0, 40.0, 80.0, 160.0)


def test_a_log_curve_is_found_again() -> None:
    """O19: from points without noise, exactly."""
    truth = LogCurve(a=100, b=25)
    curve = fit([(x, truth.value(x)) for x in SPENDS], Shape.LOG).curve
    assert isinstance(curve, LogCurve)
    assert (curve.a, curve.b) == (digits(100, 5), digits(25, 5))
    assert curve.marginal(50) == digits(1.3333333, 7)


def test_a_hill_curve_is_found_again() -> None:
    """O20: all three parameters."""
    truth = HillCurve(a=200, k=60, s=1.5)
    curve = fit([(x, truth.value(x)) for x in SPENDS], Shape.HILL).curve
    assert isinstance(curve, HillCurve)
    assert (curve.a, curve.k, curve.s) == (digits(200, 4), digits(60, 4), digits(1.5, 6))


def test_a_power_curve_is_found_again() -> None:
    """The third family, from points without noise."""
    truth = PowerCurve(a=3, p=0.4)
    curve = fit([(x, truth.value(x)) for x in SPENDS], Shape.POWER).curve
    assert isinstance(curve, PowerCurve)
    assert (curve.a, curve.p) == (digits(3, 6), digits(0.4, 6))
