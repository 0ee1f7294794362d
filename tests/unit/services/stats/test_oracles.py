"""The same answers as scipy's, over a grid of inputs; scipy is no dependency of ours, only of these tests."""

from __future__ import annotations

import math
from itertools import product

import pytest

from backstay.services.stats import proportions, rates, ratio_mismatch
from backstay.services.stats.best_of import best_of
from backstay.services.stats.beta_pair import Beta, chance_greater
from backstay.services.stats.posterior import BetaPosterior
from backstay.services.stats.proportions import Count
from backstay.services.stats.special import (
    beta_cdf,
    chi_square_tail,
    gamma_tail,
    log_beta,
    normal_quantile,
    student_quantile,
    student_tail,
)

special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")
integrate = pytest.importorskip("scipy.integrate")

SHAPES = (0.3, 1.0, 2.5, 17.0, 400.0, 25_000.0)


@pytest.mark.parametrize(("a", "b"), list(product(SHAPES, SHAPES)))
def test_beta(a: float, b: float) -> None:
    """The distribution at its quantiles, far tails included, and the logarithm, of which scipy loses some digits."""
    assert log_beta(a, b) == pytest.approx(special.betaln(a, b), rel=1e-10, abs=1e-10)
    for p in (1e-9, 0.01, 0.3, 0.5, 0.9, 0.9999):
        x = float(stats.beta.ppf(p, a, b))
        if 0 < x < 1:
            assert beta_cdf(x, a, b) == pytest.approx(float(special.betainc(a, b, x)), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("a", SHAPES)
def test_gamma(a: float) -> None:
    """The upper tail, on both sides of the mean."""
    for p in (1e-9, 0.05, 0.5, 0.99):
        x = float(stats.gamma.isf(p, a))
        assert gamma_tail(a, x) == pytest.approx(float(special.gammaincc(a, x)), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3, 6, 27, 500])
def test_student_and_chi_square(freedom: int) -> None:
    """Tails and quantiles."""
    for p in (0.6, 0.9, 0.975, 0.9995):
        assert student_quantile(p, freedom) == pytest.approx(float(stats.t.ppf(p, freedom)), rel=1e-9)
    assert student_tail(2.3, freedom) == pytest.approx(float(stats.t.sf(2.3, freedom)), rel=1e-9)
    assert chi_square_tail(7.7, freedom) == pytest.approx(float(stats.chi2.sf(7.7, freedom)), rel=1e-9)
    assert normal_quantile(0.975) == pytest.approx(float(stats.norm.ppf(0.975)), rel=1e-14)


TABLES = [((3, 40), (9, 50)), ((0, 12), (5, 12)), ((30, 100), (31, 90)), ((120, 5_000), (170, 4_000))]


@pytest.mark.parametrize(("a", "b"), TABLES)
def test_tables(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Fisher's p, Wilson's and Newcombe's intervals."""
    left, right = Count(*a), Count(*b)
    table = [[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]]
    assert proportions.fisher(left, right) == pytest.approx(float(stats.fisher_exact(table).pvalue), rel=1e-8)
    wilson = stats.binomtest(*a).proportion_ci(method="wilson")
    assert proportions.wilson(left) == pytest.approx((float(wilson.low), float(wilson.high)), abs=1e-12)


@pytest.mark.parametrize(("a", "b"), TABLES)
def test_rates_of_events(a: tuple[int, int], b: tuple[int, int]) -> None:
    """The conditional test and the closed form, against scipy's binomial test and an integral."""
    share = b[1] / (a[1] + b[1])
    assert rates.equal_rates(a, b) == pytest.approx(float(stats.binomtest(b[0], a[0] + b[0], share).pvalue), rel=1e-8)
    found, _ = integrate.quad(
        lambda x: stats.gamma.pdf(x, b[0] + 1, scale=1 / b[1]) * stats.gamma.cdf(x, a[0] + 1, scale=1 / a[1]),
        0, 9 * (a[0] + b[0] + 5) / min(a[1], b[1]), epsabs=1e-12, limit=400,
    )  # fmt: skip
    assert rates.chance_rate_greater(a, b) == pytest.approx(found, abs=1e-8)


@pytest.mark.parametrize(("a", "b"), TABLES)
def test_chances_by_an_integral(a: tuple[int, int], b: tuple[int, int]) -> None:
    """P(B > A) of the finite sum and of our quadrature, against scipy's adaptive one."""
    left, right = Beta.after(*a), Beta.after(*b)
    found, _ = integrate.quad(
        lambda x: stats.beta.pdf(x, right.a, right.b) * stats.beta.cdf(x, left.a, left.b), 0, 1,
        points=[left.mean, right.mean], epsabs=1e-12, limit=400,
    )  # fmt: skip
    assert chance_greater(left, right) == pytest.approx(found, abs=1e-9)
    assert best_of([BetaPosterior(left), BetaPosterior(right)]).chances[1] == pytest.approx(found, abs=1e-9)


def test_sample_ratio() -> None:
    """Chi-square with unequal shares."""
    counts, weights = (5_100, 2_400, 2_500), (2.0, 1.0, 1.0)
    expected = [sum(counts) * weight / sum(weights) for weight in weights]
    want = stats.chisquare(counts, expected)
    found = ratio_mismatch.chi_square(counts, weights)
    assert (found.statistic, found.p) == pytest.approx((float(want.statistic), float(want.pvalue)), rel=1e-10)
    assert math.isfinite(ratio_mismatch.sequential(counts, weights).log_factor)
