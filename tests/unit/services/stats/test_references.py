"""Known answers, to the digits that they are known to; computed once with scipy and statsmodels, or published."""

from __future__ import annotations

import math
from typing import Any

import pytest

from backstay.services.stats import (
    day_ratio,
    group_sequential,
    multiple,
    proportions,
    rates,
    ratio_mismatch,
    sequential,
)
from backstay.services.stats.best_of import best_of
from backstay.services.stats.beta_pair import Beta, chance_greater, expected_loss
from backstay.services.stats.posterior import BetaPosterior, GammaPosterior
from backstay.services.stats.proportions import Count
from backstay.services.stats.sizes import SizeFormula, exact_size, sample_size


def digits(number: float, places: int) -> Any:
    """Equal to so many decimal places."""
    return pytest.approx(number, rel=0, abs=0.51 * 10**-places)


def significant(number: float, figures: int) -> Any:
    """Equal to so many significant figures."""
    return digits(number, figures - 1 - math.floor(math.log10(abs(number))))


@pytest.mark.parametrize(
    ("a", "b", "chance", "loss_b", "loss_a"),
    [
        ((100, 1000), (120, 1000), 0.9231834390, 4.8461392644e-04, 2.0444693767e-02),
        ((10, 100), (20, 100), 0.9751730332, 4.7935930399e-04, 9.8518574990e-02),
        ((50, 1000), (50, 1000), 0.5, 3.9077924744e-03, 3.9077924744e-03),
        ((500, 10000), (560, 10000), 0.9708376637, 3.5674570e-05, 6.03447481e-03),
        ((0, 10), (0, 10), 0.5, 3.9855072464e-02, 3.9855072464e-02),
        ((4, 400), (9, 400), 0.9121312896, 3.8896418666e-04, 1.2826775132e-02),
    ],
)
def test_two_rates(a: tuple[int, int], b: tuple[int, int], chance: float, loss_b: float, loss_a: float) -> None:
    """P(B > A) and both expected losses under a flat prior."""
    left, right = Beta.after(*a), Beta.after(*b)
    assert chance_greater(left, right) == digits(chance, 10)
    assert expected_loss(right, left) == significant(loss_b, 8)
    assert expected_loss(left, right) == significant(loss_a, 9)


@pytest.mark.parametrize(
    ("successes", "chances", "best", "losses"),
    [
        (
            (100, 120, 115), (0.03415155, 0.61557525, 0.35027320), 0.1245294215,
            (2.37310e-02, 3.77094e-03, 8.76096e-03),
        ),
        ((40, 50, 60, 45), (0.01026800, 0.14953573, 0.79409757, 0.04609870), None, (None, None, 1.11278e-03, None)),
    ],
)  # fmt: skip
def test_several_rates(successes: Any, chances: Any, best: float | None, losses: Any) -> None:
    """Chances to be best, the expected best and the losses, of 1000 trials an arm."""
    found = best_of([BetaPosterior(Beta.after(each, 1000)) for each in successes])
    assert found.chances == tuple(digits(each, 8) for each in chances)
    if best is not None:
        assert found.expected_best == digits(best, 10)
    assert [loss for loss, want in zip(found.losses, losses, strict=True) if want] == [
        significant(want, 6) for want in losses if want
    ]


@pytest.mark.parametrize(
    ("a", "b", "z", "p", "interval", "exact"),
    [
        ((100, 1000), (120, 1000), 1.42930085, 0.15291778, (-0.00749217, 0.04755067), 0.17440710),
        ((500, 10000), (560, 10000), 1.89375298, 0.05825781, (-0.00021267, 0.01222236), 0.06253058),
        ((10, 100), (20, 100), 1.98029509, 0.04767038, (0.00014903, 0.19947387), 0.07342759),
    ],
)
def test_fixed_size_tests(a: Any, b: Any, z: float, p: float, interval: Any, exact: float) -> None:
    """Pooled z, Newcombe's interval and Fisher's p; the last row shows why one p-value is no verdict."""
    left, right = Count(*a), Count(*b)
    assert proportions.z_test(left, right) == (digits(z, 8), digits(p, 8))
    assert proportions.newcombe(left, right) == tuple(digits(each, 8) for each in interval)
    assert proportions.fisher(left, right) == digits(exact, 8)


@pytest.mark.parametrize(
    ("a", "b", "plain", "square_and_add"),
    [
        ((48, 80), (56, 70), (0.0575, 0.3425), (0.0524, 0.3339)),
        ((3, 10), (9, 10), (0.2605, 0.9395), (0.1705, 0.8090)),
        ((0, 10), (10, 10), (1.0, 1.0), (0.6075, 1.0)),
    ],
)
def test_intervals_of_a_difference(a: Any, b: Any, plain: Any, square_and_add: Any) -> None:
    """Table II of Newcombe, Stat Med 17 (1998): methods 1 and 10; in the last row the plain one has no width."""
    left, right = Count(*a), Count(*b)
    assert proportions.wald(left, right) == tuple(digits(each, 4) for each in plain)
    assert proportions.newcombe(left, right) == tuple(digits(each, 4) for each in square_and_add)


@pytest.mark.parametrize(("count", "low", "high"), [((0, 10), 0.0, 0.27753280), ((4, 400), 0.00389548, 0.02542656)])
def test_wilson(count: Any, low: float, high: float) -> None:
    """Also for no success, where the plain interval has no width."""
    assert proportions.wilson(Count(*count)) == (digits(low, 8), digits(high, 8))


@pytest.mark.parametrize(
    ("counts", "weights", "statistic", "p"),
    [
        ((821588, 815482), (1, 1), 22.77436884, 1.821793e-06),
        ((600, 400), (1, 1), 40.0, 2.539629e-10),
        ((44000, 45000), (1, 1), 11.23595506, 8.022781e-04),
        ((10000, 10050), (1, 1), 0.12468828, 0.7240043),
        ((5100, 2400, 2500), (2, 1, 1), 6.0, 0.04978707),
        ((5100, 2400, 2500, 0), (2, 1, 1, 0), 6.0, 0.04978707),
    ],
)
def test_sample_ratio(counts: Any, weights: Any, statistic: float, p: float) -> None:
    """Kohavi's example, Wikipedia's, and an arm of weight 0, which is no degree of freedom."""
    found = ratio_mismatch.chi_square(counts, weights)
    assert (found.statistic, found.p) == (digits(statistic, 8), significant(p, 7))


@pytest.mark.parametrize(
    ("counts", "factor", "p"),
    [
        ((600, 400), 17.098940, 3.749942e-08), ((520, 480), -0.473125, 1.0), ((44000, 45000), 2.213184, 0.1093519),
        ((821588, 815482), 6.532368, 1.455555e-03),
    ],
)  # fmt: skip
def test_sequential_sample_ratio(counts: Any, factor: float, p: float) -> None:
    """The Bayes factor and the p that holds at any look, planned 1:1."""
    found = ratio_mismatch.sequential(counts, (1, 1))
    assert found.log_factor == digits(factor, 6)
    assert found.p == significant(p, 7)


@pytest.mark.parametrize(
    ("a", "b", "error", "half", "bounds", "fixed", "anytime"),
    [
        ((100, 1000), (120, 1000), 0.0139857070, 0.0436882591, (-0.02368826, 0.06368826), 0.15270801, 0.93888560),
        ((500, 10000), (560, 10000), 0.0031680278, 0.0099067845, (-0.00390678, 0.01590678), 0.05823526, 1.0),
        ((5000, 100000), (5400, 100000), 0.0009928948, 0.0034095416, (0.00059046, 0.00740954), 0.00005610, 0.00547426),
    ],
)
def test_confidence_sequence(
    a: Any, b: Any, error: float, half: float, bounds: Any, fixed: float, anytime: float
) -> None:
    """The asymptotic sequence planned for 5000 units, and its p."""
    left, right = Count(*a), Count(*b)
    seen = sequential.Seen(right.rate - left.rate, math.sqrt(left.variance + right.variance))
    mix = sequential.by_size(left.trials + right.trials, 5000, 0.05)
    assert seen.error == digits(error, 10)
    assert sequential.half_width(seen.error, mix, 0.05) == digits(half, 10)
    assert sequential.confidence_sequence(seen, mix, 0.05) == tuple(digits(each, 8) for each in bounds)
    assert math.erfc(seen.z / math.sqrt(2)) == digits(fixed, 8)
    assert sequential.anytime_p(seen, mix) == digits(anytime, 8)


def test_rho() -> None:
    """The mixture of a sequence planned for 5000 units at 5 %."""
    assert sequential.rho(5000, 0.05) == digits(0.0398400668, 10)


@pytest.mark.parametrize(
    ("pa", "pb", "n", "tau", "ratio", "p"),
    [
        (0.10, 0.12, 1000, 0.02, 1.13877176, 0.87813909), (0.10, 0.12, 5000, 0.02, 31.43583961, 0.03181083),
        (0.05, 0.056, 10000, 0.01, 1.54124905, 0.64882440), (0.10, 0.10, 1000, 0.02, 0.55708601, 1.0),
    ],
)  # fmt: skip
def test_mixture_test(pa: float, pb: float, n: int, tau: float, ratio: float, p: float) -> None:
    """The likelihood ratio and the always-valid p."""
    seen = sequential.Seen(pb - pa, math.sqrt((pa * (1 - pa) + pb * (1 - pb)) / n))
    mix = sequential.by_effect(seen.error, tau)
    assert sequential.likelihood_ratio(seen, mix) == digits(ratio, 8)
    assert sequential.anytime_p(seen, mix) == digits(p, 8)


@pytest.mark.parametrize(
    ("p1", "p2", "sizes"),
    [
        (0.05, 0.06, (8142.60, 8157.73, 8154.99, 7663.00)), (0.20, 0.25, (1091.90, 1093.74, 1090.99, 1030.22)),
        (0.10, 0.12, (3834.60, 3840.85, 3838.10, 3622.62)), (0.02, 0.025, (13767.95, 13808.92, 13806.18, 12748.35)),
    ],
)  # fmt: skip
def test_sample_sizes(p1: float, p2: float, sizes: tuple[float, ...]) -> None:
    """Four formulas, each by its name; trials are rounded up."""
    for formula, size in zip(SizeFormula, sizes, strict=True):
        assert exact_size(p1, p2, formula) == digits(size, 2)
        assert sample_size(p1, p2, formula=formula) == math.ceil(exact_size(p1, p2, formula))


@pytest.mark.parametrize(
    ("looks", "chance"),
    [
        (1, 0.05000), (2, 0.08312), (3, 0.10726), (4, 0.12617), (5, 0.14169), (10, 0.19336), (20, 0.24791),
        (50, 0.32045),
    ],
)  # fmt: skip
def test_what_peeking_costs(looks: int, chance: float) -> None:
    """A z test at 5 % rejects at least once in so many looks (Armitage, McPherson, Rowe 1969)."""
    assert group_sequential.crossing_chance(group_sequential.fixed_bounds(looks)) == digits(chance, 5)


@pytest.mark.parametrize(
    ("kind", "looks", "last", "chance"),
    [
        ("pocock", 2, 2.178, 0.05003), ("pocock", 5, 2.413, 0.05002), ("obrien_fleming", 2, 1.977, 0.05005),
        ("obrien_fleming", 5, 2.040, 0.05001),
    ],
)  # fmt: skip
def test_planned_looks(kind: str, looks: int, last: float, chance: float) -> None:
    """The published constants cost what they are said to cost, and solving for 5 % gives them."""
    bound = group_sequential.Bound(kind)
    assert group_sequential.bounds_of(bound, looks)[-1] == digits(last, 3)
    factors = [1.0 if bound is bound.POCOCK else math.sqrt(looks / k) for k in range(1, looks + 1)]
    assert group_sequential.crossing_chance([last * factor for factor in factors]) == digits(chance, 5)


def test_several_comparisons() -> None:
    """Bonferroni and Holm keep one of five, Benjamini and Hochberg all."""
    ps = (0.01, 0.02, 0.03, 0.04, 0.05)
    assert multiple.bonferroni(ps) == pytest.approx((0.05, 0.10, 0.15, 0.20, 0.25))
    assert multiple.holm(ps) == pytest.approx((0.05, 0.08, 0.09, 0.09, 0.09))
    assert multiple.benjamini_hochberg(ps) == pytest.approx((0.05,) * 5)


@pytest.mark.parametrize(
    ("a", "b", "chance", "p"),
    [
        ((20, 1000), (30, 1000), 0.9196101991, 0.20263875), ((20, 1000), (30, 1500), 0.4847884891, 1.0),
        ((5, 100), (9, 100), 0.8491210938, 0.42395020),
    ],
)  # fmt: skip
def test_cost_per_result(a: tuple[int, float], b: tuple[int, float], chance: float, p: float) -> None:
    """Conversions for money: Gamma-Poisson in closed form and by quadrature, and the exact conditional test."""
    assert rates.chance_rate_greater(a, b) == digits(chance, 10)
    assert best_of([GammaPosterior.after(*a), GammaPosterior.after(*b)]).chances[1] == digits(chance, 10)
    assert rates.equal_rates(a, b) == digits(p, 8)


def test_return_on_spend() -> None:
    """Delta method over days; the jackknife is near it; without the largest order it falls."""
    revenue, cost = (120, 90, 150, 110, 130), (50, 45, 60, 50, 55)
    assert day_ratio.delta_ratio(revenue, cost) == (digits(2.3076923077, 10), digits(0.0843325019, 10))
    assert day_ratio.jackknife_ratio(revenue, cost).error == pytest.approx(0.0843325019, rel=0.01)
    assert day_ratio.without_largest(revenue, cost, (2, 100.0)).value == pytest.approx(500 / 260)
    assert day_ratio.without_largest(revenue, cost).value == pytest.approx(450 / 260)


def test_overdispersion() -> None:
    """Clicks that vary more from day to day than one rate allows; variances grow by phi, widths by its root."""
    phi = rates.overdispersion((50, 70, 40, 60, 80), (1000,) * 5, binomial=True)
    assert phi == digits(4.432624, 6)
    assert phi is not None
    assert math.sqrt(phi) == digits(2.1, 1)


@pytest.mark.parametrize(("k", "chance"), [(1, 0.368), (2, 0.135), (3, 0.0498)])
def test_stop_loss(k: float, chance: float) -> None:
    """No conversion after k times the target cost of one."""
    assert rates.stop_loss_chance(k) == significant(chance, 3)
