"""The same optima and fits as scipy's, over many problems; scipy is no dependency of ours, only of these tests."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.services.budgets.curves import HillCurve, LogCurve, PowerCurve
from backstay.services.budgets.filling import fill
from backstay.services.budgets.fitting import Shape, fit
from backstay.services.budgets.grid import solve
from backstay.services.budgets.problem import AnyCurve, Group, Item, Problem

numpy = pytest.importorskip("numpy")
optimize = pytest.importorskip("scipy.optimize")

SIZES = st.floats(2, 200)
CURVES: st.SearchStrategy[AnyCurve] = st.one_of(
    st.builds(LogCurve, a=SIZES, b=SIZES),
    st.builds(PowerCurve, a=SIZES, p=st.floats(0.2, 0.8)),
    st.builds(HillCurve, a=SIZES, k=SIZES, s=st.floats(0.3, 1.0)),
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Two to four campaigns with bounds, a budget that leaves room, and sometimes the cap of a group."""
    curves = draw(st.lists(CURVES, min_size=2, max_size=4))
    items = tuple(
        Item(f"c{n}", curve, low := draw(st.sampled_from([1.0, 5.0])), low + draw(st.floats(5, 100)))
        for n, curve in enumerate(curves)
    )
    least, most = (sum(getattr(item, side) for item in items) for side in ("low", "high"))
    total = least + draw(st.floats(0.1, 1.1)) * (most - least)
    two = items[:2]
    cap = sum(item.low for item in two) + draw(st.floats(0.1, 1.0)) * sum(item.high - item.low for item in two)
    group = Group("account", cap, frozenset(item.name for item in two))
    return Problem(items, total, (group,) if draw(st.booleans()) else ())


def by_scipy(problem: Problem) -> float:
    """The value that scipy's sequential quadratic programme finds, from the lower bounds."""
    rows = [[1.0] * len(problem.items)] + [[float(i.name in g.members) for i in problem.items] for g in problem.groups]
    tops = [problem.total, *(group.cap for group in problem.groups)]
    limits = [
        {"type": "ineq", "fun": lambda x, r=row, t=top: t - numpy.dot(r, x)}
        for row, top in zip(rows, tops, strict=True)
    ]
    start = numpy.array([item.low for item in problem.items])
    found = optimize.minimize(
        lambda x: -sum(item.curve.value(max(s, 1e-9)) for item, s in zip(problem.items, x, strict=True)),
        start + 1e-3,
        jac=lambda x: [-item.curve.marginal(max(s, 1e-9)) for item, s in zip(problem.items, x, strict=True)],
        bounds=[(item.low, item.high) for item in problem.items],
        constraints=limits,
        method="SLSQP", options={"maxiter": 500, "ftol": 1e-12},
    )  # fmt: skip
    return -float(found.fun)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_no_general_solver_finds_more(problem: Problem) -> None:
    """Bounds, budget and a group's cap: scipy's answer is near, and never better."""
    value = fill(problem).value
    theirs = by_scipy(problem)
    assert theirs <= value * (1 + 1e-6)
    assert theirs == pytest.approx(value, rel=1e-3)  # it may stop early; ours may not


@pytest.mark.parametrize("total", [30.0, 55.0, 90.0, 140.0])
@pytest.mark.parametrize("curves", list(product((1.5, 3.0), (30.0, 60.0), repeat=1)), ids=str)
def test_no_search_of_the_whole_space_finds_more_of_s_curves(curves: tuple[float, float], total: float) -> None:
    """Two S-curves and a line of all splits, refined by scipy where it is best: the dynamic programme is as good."""
    s, k = curves
    pair = HillCurve(a=100, k=k, s=s), HillCurve(a=80, k=50, s=2.0)
    found = solve(Problem(tuple(Item(f"c{n}", each) for n, each in enumerate(pair)), total))

    def lost(x: float) -> float:
        return -pair[0].value(x) - pair[1].value(total - x)

    best = min(range(1001), key=lambda n: lost(total * n / 1000)) * total / 1000
    step = total / 1000
    refined = optimize.minimize_scalar(lost, bounds=(max(0.0, best - step), min(total, best + step)), method="bounded")
    theirs = max(-float(refined.fun), -lost(best))
    assert found.value == pytest.approx(theirs, rel=1e-9)


def test_off_or_on_is_as_good_as_a_mixed_integer_programme() -> None:
    """Piecewise-linear curves by scipy's HiGHS: eight campaigns off or at least 20, one budget."""
    curves = [LogCurve(a=20 + 13 * n % 57, b=5 + 7 * n % 23) for n in range(8)]
    total, low, high, pieces = 110.0, 20.0, 60.0, 400
    grid = numpy.linspace(low, high, pieces + 1)
    width = grid[1] - grid[0]
    per = pieces + 1  # one switch, then the pieces above `low`
    gains, rows, ons = [], [], []
    for curve in curves:
        values = numpy.array([curve.value(float(x)) for x in grid])
        gains += [-values[0], *(-(values[1:] - values[:-1]) / width)]
    spend = numpy.tile([low, *([1.0] * pieces)], len(curves))
    for n in range(len(curves)):
        row = numpy.zeros(per * len(curves))
        row[n * per] = -(high - low)
        row[n * per + 1 : (n + 1) * per] = 1.0
        rows.append(row)
        ons += [1, *([0] * pieces)]
    bounds = optimize.Bounds(0, numpy.tile([1.0, *([width] * pieces)], len(curves)))
    constraints = [
        optimize.LinearConstraint(spend, ub=total), optimize.LinearConstraint(numpy.array(rows), ub=0.0),
    ]  # fmt: skip
    theirs = optimize.milp(gains, constraints=constraints, bounds=bounds, integrality=ons)
    items = tuple(Item(f"c{n}", curve, low, high, off=True) for n, curve in enumerate(curves))
    assert solve(Problem(items, total), 110).value == pytest.approx(-float(theirs.fun), rel=1e-4)


@pytest.mark.parametrize("shape", list(Shape))
def test_fits_are_least_squares(shape: Shape) -> None:
    """Of noisy points no curve of the family is nearer; scipy begins where we ended, and elsewhere."""
    truths: dict[Shape, AnyCurve] = {
        Shape.LOG: LogCurve(a=100, b=25),
        Shape.POWER: PowerCurve(a=9, p=0.6),
        Shape.HILL: HillCurve(a=200, k=60, s=1.5),
    }
    truth = truths[shape]
    noise = numpy.random.default_rng(4)
    spends = [5.0 * 1.5**n for n in range(12)]
    points = [(x, max(0.0, truth.value(x) + noise.normal(0, 4))) for x in spends]
    found = fit(points, shape).curve
    kind = type(truth)
    names = [name for name in kind.model_fields if name != "kind"]

    def left(logs: object) -> object:
        curve = kind(**dict(zip(names, numpy.exp(logs), strict=True)))
        return [y - curve.value(x) for x, y in points]

    def squares(curve: AnyCurve) -> float:
        return math.fsum((y - curve.value(x)) ** 2 for x, y in points)

    for begin in (found, truth):
        start = numpy.log([getattr(begin, name) for name in names])
        upper = [0.0 if name == "p" else numpy.inf for name in names]
        theirs = optimize.least_squares(left, start - 1e-9, bounds=(-numpy.inf, upper), xtol=1e-14, ftol=1e-14)
        assert squares(found) <= 2 * theirs.cost * (1 + 1e-7)
