"""What holds of every budget problem with concave curves, whatever its numbers."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.errors import InvalidRequestError
from backstay.services.budgets.ceiling import ceiling
from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.filling import fill
from backstay.services.budgets.fitting import Prior, Shape, fit
from backstay.services.budgets.grid import solve
from backstay.services.budgets.problem import AnyCurve, Group, Item, Problem
from backstay.services.budgets.shares import apportion

SIZES = st.floats(0.5, 500)
CURVES: st.SearchStrategy[AnyCurve] = st.one_of(
    st.builds(LogCurve, a=SIZES, b=SIZES),
    st.builds(PowerCurve, a=SIZES, p=st.floats(0.1, 0.9)),
    st.builds(HillCurve, a=SIZES, k=SIZES, s=st.floats(0.2, 1.0)),
)
QUICK = settings(max_examples=60, deadline=None)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """One to five campaigns with bounds that leave room, and sometimes a group."""
    curves = draw(st.lists(CURVES, min_size=1, max_size=5))
    lows = [draw(st.sampled_from([0.0, 3.0, 10.0])) for _ in curves]
    items = tuple(
        Item(f"c{n}", curve, low, low + draw(st.sampled_from([5.0, 80.0, math.inf])))
        for n, (curve, low) in enumerate(zip(curves, lows, strict=True))
    )
    total = sum(lows) + draw(st.floats(1, 300))
    group = Group("account", sum(lows[:2]) + draw(st.floats(0, 50)), frozenset(item.name for item in items[:2]))
    return Problem(items, total, (group,) if draw(st.booleans()) else ())


@QUICK
@given(problems())
def test_all_constraints_hold(problem: Problem) -> None:
    """Bounds, the budget and the groups, to the last bits of a float."""
    spends = fill(problem).spends
    assert all(item.low <= spends[item.name] <= item.high for item in problem.items)
    assert math.fsum(spends.values()) <= problem.total * (1 + 1e-9)
    for group in problem.groups:
        assert math.fsum(spends[name] for name in group.members) <= group.cap * (1 + 1e-9)


@QUICK
@given(problems())
def test_nobody_gains_by_an_exchange(problem: Problem) -> None:
    """Moving a little money between two campaigns of one kind never brings more: the optimum is one."""
    found = fill(problem)
    grouped = frozenset(name for group in problem.groups for name in group.members)
    for giver in problem.items:
        for taker in problem.items:
            step = 0.01 * found.spends[giver.name]
            moved = found.spends | {
                giver.name: found.spends[giver.name] - step, taker.name: found.spends[taker.name] + step
            }  # fmt: skip
            allowed = moved[giver.name] >= giver.low and moved[taker.name] <= taker.high
            if giver is not taker and allowed and ((giver.name in grouped) == (taker.name in grouped)):
                assert problem.value(moved) <= found.value * (1 + 1e-9) + 1e-9


@QUICK
@given(problems(), st.randoms(use_true_random=False))
def test_the_order_of_campaigns_does_not_matter(problem: Problem, shuffling: random.Random) -> None:
    """Permuting campaigns permutes the answer."""
    items = list(problem.items)
    shuffling.shuffle(items)
    one, other = fill(problem).spends, fill(replace(problem, items=tuple(items))).spends
    assert other == {name: pytest.approx(spend, rel=1e-7, abs=1e-7) for name, spend in one.items()}


@QUICK
@given(problems(), st.floats(0, 200))
def test_more_room_never_brings_less(problem: Problem, more: float) -> None:
    """More budget, and higher upper bounds."""
    value = fill(problem).value
    raised = tuple(replace(item, high=item.high + more) for item in problem.items)
    assert fill(replace(problem, total=problem.total + more)).value >= value * (1 - 1e-9)
    assert fill(replace(problem, items=raised)).value >= value * (1 - 1e-9)


@settings(max_examples=15, deadline=None)
@given(problems())
def test_the_grid_agrees_with_the_exact_answer(problem: Problem) -> None:
    """Dynamic programming finds the same value where no campaign may be off but all are allowed to be nothing."""
    free = tuple(replace(item, low=0.0) for item in problem.items)
    switched = tuple(replace(item, off=True) for item in free)
    exact = fill(replace(problem, items=free)).value
    assert solve(replace(problem, items=switched), 150).value == pytest.approx(exact, rel=1e-6)


@QUICK
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(any), st.integers(0, 10**9))
def test_parts_add_up_exactly(weights: list[float], total: int) -> None:
    """Whole units, each within one of its share."""
    parts = apportion(weights, total)
    assert sum(parts) == total
    shares = [total * weight / math.fsum(weights) for weight in weights]
    assert all(abs(part - share) < 1 + 1e-6 * total for part, share in zip(parts, shares, strict=True))


def test_groups_nest() -> None:
    """A platform's cap binds outside, an account's within; the rest goes elsewhere."""
    items = tuple(Item(name, LogCurve(a=100, b=10)) for name in "abcd")
    groups = Group("platform", 50, frozenset("abc")), Group("account", 10, frozenset("ab"))
    found = fill(Problem(items, 100, groups))
    assert list(found.spends.values()) == [pytest.approx(each) for each in (5, 5, 40, 50)]
    assert found.full == {"platform", "account"}


def test_groups_that_overlap_are_refused() -> None:
    """They would need another method than water-filling."""
    items = tuple(Item(name, LogCurve(a=100, b=10)) for name in "abc")
    with pytest.raises(InvalidRequestError, match="one and two overlap"):
        Problem(items, 100, (Group("one", 9, frozenset("ab")), Group("two", 9, frozenset("bc"))))


def test_a_curve_that_the_data_do_not_tell_is_called_weak() -> None:
    """Spend that hardly moved says little; wide variation says much."""
    truth, noise = LogCurve(a=100, b=25), random.Random(3)
    near = [(x, truth.value(x) + noise.gauss(0, 3)) for x in (50, 51, 52, 53, 54)]
    wide = [(x, truth.value(x) + noise.gauss(0, 3)) for x in (5, 10, 20, 40, 80, 160, 320, 640)]
    assert fit(near, Shape.LOG).weak
    assert not fit(wide, Shape.LOG).weak


def test_a_prior_pulls_where_data_are_few() -> None:
    """A narrow prior wins over one noisy point; the same prior hardly moves a fit of many exact ones."""
    before = LogCurve(a=100, b=25)
    pulled = fit([(50, 200.0)], Shape.LOG, prior=Prior(before, 0.1), noise=200.0).curve
    assert pulled.value(50) == pytest.approx(before.value(50), rel=0.05)
    truth = LogCurve(a=60, b=10)
    points = [(x, truth.value(x)) for x in (5.0, 20.0, 80.0, 320.0)]
    assert fit(points, Shape.LOG, prior=Prior(before, 1.0), noise=0.1).curve.value(50) == pytest.approx(
        truth.value(50), rel=1e-3
    )


def test_drawn_curves_spread_as_the_errors_say() -> None:
    """Thompson sampling: the logarithm of `a` varies by its standard error over many draws."""
    noise = random.Random(5)
    truth = LogCurve(a=100, b=25)
    found = fit([(x, truth.value(x) + noise.gauss(0, 5)) for x in (5, 10, 20, 40, 80, 160, 320)], Shape.LOG)
    draws = [math.log(found.drawn(lambda: noise.gauss(0, 1)).a) for _ in range(2000)]
    mean = sum(draws) / len(draws)
    spread = math.sqrt(sum((each - mean) ** 2 for each in draws) / len(draws))
    assert spread == pytest.approx(found.errors[0], rel=0.1)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(10.0, 5.0)], "1 different spends"), ([(10.0, 0.0), (20.0, 0.0)], "no result is above 0"),
        ([(-1.0, 1.0), (2.0, 1.0)], "at least 0"),
    ],
)  # fmt: skip
def test_history_without_a_curve_is_refused(points: list[tuple[float, float]], message: str) -> None:
    """Too few spends, no results, numbers below 0."""
    with pytest.raises(InvalidRequestError, match=message):
        fit(points, Shape.LOG)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.builds(LogCurve, a=SIZES, b=SIZES), min_size=2, max_size=4), st.floats(20, 120))
def test_who_is_on_is_the_best_of_all_choices(curves: list[LogCurve], total: float) -> None:
    """Off or at least 20: as good as trying every choice of campaigns that fits."""
    items = tuple(Item(f"c{n}", curve, 20.0, 60.0, off=True) for n, curve in enumerate(curves))
    values = [0.0]
    for choice in range(1, 2 ** len(items)):
        some = [replace(item, off=False) for n, item in enumerate(items) if choice >> n & 1]
        if 20.0 * len(some) <= total:
            values.append(fill(Problem(tuple(some), total)).value)
    assert solve(Problem(items, total), 100).value == pytest.approx(max(values), rel=1e-6)


S_CURVES: st.SearchStrategy[AnyCurve] = st.one_of(
    st.builds(HillCurve, a=st.floats(5, 200), k=st.floats(5, 200), s=st.floats(1.2, 5.0)),
    st.builds(LogCurve, a=SIZES, b=SIZES),
)


@st.composite
def s_problems(draw: st.DrawFn) -> Problem:
    """One to three campaigns, some shaped like an S, some that may be off, sometimes with a cap."""
    curves = draw(st.lists(S_CURVES, min_size=1, max_size=3))
    items = tuple(
        Item(
            f"c{n}", curve, low := draw(st.sampled_from([0.0, 8.0])), low + draw(st.floats(5, 90)), draw(st.booleans())
        )
        for n, curve in enumerate(curves)
    )
    total = sum(item.low for item in items) + draw(st.floats(2, 150))
    group = Group("account", items[0].low + draw(st.floats(1, 60)), frozenset({"c0"}))
    return Problem(items, total, (group,) if draw(st.booleans()) else ())


@settings(max_examples=25, deadline=None)
@given(s_problems())
def test_all_constraints_hold_on_the_grid_and_no_ceiling_is_broken(problem: Problem) -> None:
    """Bounds or off, budget, group; no more than the concave envelopes allow; at least what the lower bounds bring."""
    found = solve(problem, 120)
    for item in problem.items:
        spend = found.spends[item.name]
        assert item.low * (1 - 1e-9) <= spend <= item.high * (1 + 1e-9) or (item.off and spend == 0)
    assert math.fsum(found.spends.values()) <= problem.total * (1 + 1e-9)
    for group in problem.groups:
        assert math.fsum(found.spends[name] for name in group.members) <= group.cap * (1 + 1e-9)
    assert found.value <= ceiling(problem) * (1 + 1e-9) + 1e-9
    assert found.value >= problem.value({item.name: 0.0 if item.off else item.low for item in problem.items}) - 1e-9


@settings(max_examples=12, deadline=None)
@given(s_problems(), st.floats(1, 100), st.randoms(use_true_random=False))
def test_order_and_room_of_s_curves(problem: Problem, more: float, shuffling: random.Random) -> None:
    """Permuting campaigns permutes the value; more budget, and higher upper bounds, never bring less."""
    value = solve(problem, 60).value
    items = list(problem.items)
    shuffling.shuffle(items)
    raised = tuple(replace(item, high=item.high + more) for item in problem.items)
    assert solve(replace(problem, items=tuple(items)), 60).value == pytest.approx(value, rel=1e-3, abs=1e-3)
    assert solve(replace(problem, total=problem.total + more), 60).value >= value * (1 - 1e-3) - 1e-3
    assert solve(replace(problem, items=raised), 60).value >= value * (1 - 1e-3) - 1e-3


@QUICK
@given(problems())
def test_the_ceiling_of_concave_curves_is_their_optimum(problem: Problem) -> None:
    """Without groups Lagrange's dual leaves no gap."""
    bare = replace(problem, groups=())
    assert ceiling(bare) == pytest.approx(fill(bare).value, rel=1e-6)


@pytest.mark.parametrize(
    ("total", "value", "top"), [(80, 0.803768, 80 * 2 / 3 / (50 * 2 ** (1 / 3))), (200, 1.777778, 1.777778)]
)
def test_the_ceiling_of_s_curves(total: float, value: float, top: float) -> None:
    """O11's curves: the line from nothing touches them at 50 * 2^(1/3) = 63, where two thirds are had."""
    curve = HillCurve(a=1, k=50, s=3)
    found = solve(Problem((Item("a", curve), Item("b", curve)), total))
    assert found.value == pytest.approx(value, abs=1e-6)
    assert found.ceiling == pytest.approx(top, abs=1e-6)


@pytest.mark.parametrize("total", [2.0, 7.0, 400.0])
def test_a_cap_between_two_steps_of_the_grid_is_reached(total: float) -> None:
    """However much money is left over: the finer grids are of what can be spent, not of the total."""
    items, group = (Item("c0", HillCurve(a=5, k=5, s=2), 0.0, 5.0),), Group("account", 1.0, frozenset({"c0"}))
    assert solve(Problem(items, total, (group,)), 120).spends["c0"] == pytest.approx(1.0, rel=1e-6)
