"""What must hold for all numbers: exact fractions, swapped arms, sums to one, refusals."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from math import factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.errors import InvalidRequestError
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
from backstay.services.stats.posterior import BetaPosterior, GammaPosterior, NormalPosterior, moments
from backstay.services.stats.proportions import Count
from backstay.services.stats.sizes import SizeFormula, exact_size
from backstay.services.stats.special import beta_cdf, log_beta, normal_cdf, normal_density

SMALL = st.integers(min_value=1, max_value=12)
COUNTS = st.integers(min_value=0, max_value=600)


def exact_chance(a: int, b: int, c: int, d: int) -> Fraction:
    """P(Beta(c, d) > Beta(a, b)) in whole numbers."""

    def beta(x: int, y: int) -> Fraction:
        return Fraction(factorial(x - 1) * factorial(y - 1), factorial(x + y - 1))

    return sum((beta(a + i, b + d) / ((d + i) * beta(1 + i, d) * beta(a, b)) for i in range(c)), Fraction(0))


def exact_loss(a: int, b: int, c: int, d: int) -> Fraction:
    """Of choosing Beta(c, d) against Beta(a, b)."""
    other, own = Fraction(a, a + b), Fraction(c, c + d)
    return other * (1 - exact_chance(a + 1, b, c, d)) - own * (1 - exact_chance(a, b, c + 1, d))


@given(SMALL, SMALL, SMALL, SMALL)
def test_the_finite_sum_is_exact(a: int, b: int, c: int, d: int) -> None:
    """Against fractions of whole numbers, with few data, where no normal approximation holds."""
    left, right = Beta(a, b), Beta(c, d)
    assert chance_greater(left, right) == pytest.approx(float(exact_chance(a, b, c, d)), rel=1e-12)
    assert expected_loss(right, left) == pytest.approx(float(exact_loss(a, b, c, d)), rel=1e-10, abs=1e-14)


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_identities_of_two_rates(a: int, more: int, b: int, other: int) -> None:
    """Swapping swaps, chances add up to 1, losses differ by the means' difference, quadrature agrees with the sum."""
    left, right = Beta.after(a, a + more), Beta.after(b, b + other)
    chance = chance_greater(left, right)
    assert chance + chance_greater(right, left) == pytest.approx(1, abs=1e-11)
    lost, kept = expected_loss(left, right), expected_loss(right, left)
    assert lost - kept == pytest.approx(right.mean - left.mean, abs=1e-11)
    found = best_of([BetaPosterior(left), BetaPosterior(right)])
    assert found.chances[1] == pytest.approx(chance, abs=1e-9)
    assert found.losses == pytest.approx((lost, kept), abs=1e-10)
    assert found.expected_best == pytest.approx(left.mean + lost, abs=1e-10)


def test_a_million_visitors_are_quick_and_exact() -> None:
    """The terms that count are few, and their sum needs no logarithm of a large number."""
    left, right = Beta.after(100_000, 10**6), Beta.after(100_200, 10**6)
    assert chance_greater(left, right) + chance_greater(right, left) == pytest.approx(1, abs=1e-13)
    error = math.sqrt(0.1 * 0.9 * 2 / 10**6)
    assert chance_greater(left, right) == pytest.approx(normal_cdf(0.0002 / error), abs=1e-3)


def test_whole_numbers_are_needed_on_one_side_only() -> None:
    """A fractional arm is fine where the other one's failures are whole; else the quadrature is named as the cure."""
    left, right = Beta(3.5, 7), Beta(4.5, 6.5)
    assert chance_greater(left, right) == pytest.approx(
        best_of([BetaPosterior(left), BetaPosterior(right)]).chances[1], abs=1e-10
    )
    with pytest.raises(InvalidRequestError, match=r"right\.a") as caught:
        chance_greater(Beta(3.5, 7.5), right)
    assert "best_of" in str(caught.value.hint)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 400)), min_size=2, max_size=5))
def test_chances_to_be_best_add_up_and_follow_their_arms(arms: list[tuple[int, int]]) -> None:
    """Permuting arms permutes the answer; the arm of the highest mean has the least loss."""
    posteriors = [BetaPosterior(Beta.after(hits, hits + misses)) for hits, misses in arms]
    found, mirrored = best_of(posteriors), best_of(posteriors[::-1])
    assert math.fsum(found.chances) == pytest.approx(1, abs=1e-12)
    assert found.chances == pytest.approx(mirrored.chances[::-1], abs=1e-9)
    best = max(range(len(arms)), key=lambda k: posteriors[k].mean)
    assert found.losses[best] == pytest.approx(min(found.losses), abs=1e-12)


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(0.1, 3), st.floats(-3, 3), st.floats(0.1, 3))
def test_normal_arms_have_a_closed_form(m1: float, s1: float, m2: float, s2: float) -> None:
    """The quadrature against the normal distribution of the difference, chance and loss."""
    found = best_of([NormalPosterior(m1, s1), NormalPosterior(m2, s2)])
    spread = math.hypot(s1, s2)
    z = (m2 - m1) / spread
    assert found.chances[1] == pytest.approx(normal_cdf(z), abs=1e-9)
    loss = spread * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - (m2 - m1) * normal_cdf(-z)
    assert found.losses[1] == pytest.approx(loss, abs=1e-9)


def test_moments_are_those_of_the_beta_posterior() -> None:
    """Fractional conversions: the same mean, the same variance, and nearly the same answer with many data."""
    normal, beta = moments(120.0, 1000), Beta.after(120, 1000)
    assert normal.mean == beta.mean
    assert normal.error**2 == pytest.approx(beta.a * beta.b / ((beta.a + beta.b) ** 2 * (beta.a + beta.b + 1)))
    other = moments(100.0, 1000)
    assert best_of([other, normal]).chances[1] == pytest.approx(0.9231834390, abs=2e-3)
    assert moments(120.5, 1000, spread=4.0).error == pytest.approx(2 * moments(120.5, 1000).error)


@given(st.floats(0.01, 0.99), st.integers(1, 40), st.integers(1, 40))
def test_the_beta_distribution_is_a_binomial_tail(x: float, a: int, b: int) -> None:
    """I_x(a, b) is the chance of at least a successes in a + b - 1 trials."""
    n = a + b - 1
    tail = math.fsum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert beta_cdf(x, a, b) == pytest.approx(tail, abs=1e-12)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_log_beta_keeps_its_digits(a: int, b: int) -> None:
    """ln B(a + 1, b) - ln B(a, b) = ln a - ln(a + b), also where ln Gamma has lost them."""
    step = log_beta(a + 1, b) - log_beta(a, b)
    assert step == pytest.approx(math.log(a / (a + b)), rel=1e-9, abs=1e-9)


@given(st.floats(-6, 6), st.floats(0.01, 100))
def test_the_confidence_sequence_is_the_test_turned_round(z: float, mix: float) -> None:
    """Zero is outside of it exactly where the p is below alpha."""
    seen = sequential.Seen(z, 1.0)
    p = sequential.anytime_p(seen, mix)
    low, high = sequential.confidence_sequence(seen, mix, 0.05)
    if abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (low > 0 or high < 0)


@pytest.mark.parametrize("mix", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("freedom", [4.0, 12.0, 60.0, math.inf])
def test_the_likelihood_ratio_is_a_fair_bet(freedom: float, mix: float) -> None:
    """Under no difference its mean is 1, however few days the error was estimated from: that makes 1/L a p."""
    edge = 60.0 if freedom > 4 else 300.0
    step, total = 0.02, 0.0
    for k in range(round(2 * edge / step)):
        z = -edge + (k + 0.5) * step
        density = normal_density(z) if math.isinf(freedom) else _student_density(z, freedom)
        total += density * sequential.likelihood_ratio(sequential.Seen(z, 1.0, freedom), mix) * step
    assert total == pytest.approx(1, abs=3e-3)


def _student_density(t: float, freedom: float) -> float:
    log_norm = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    return math.exp(log_norm - (freedom + 1) / 2 * math.log1p(t * t / freedom))


@given(st.floats(-6, 6), st.floats(0.01, 100))
def test_an_error_from_many_days_is_a_known_one(z: float, mix: float) -> None:
    """The Bayes factor of the t-test becomes the mixture test; from few days it is more careful."""
    known, many, few = (sequential.Seen(z, 1.0, freedom) for freedom in (math.inf, 1e9, 6.0))
    assert sequential.anytime_p(many, mix) == pytest.approx(sequential.anytime_p(known, mix), rel=1e-5)
    wide = sequential.half_width(1.0, mix, 0.05)
    assert sequential.half_width(1.0, mix, 0.05, freedom=1e9) == pytest.approx(wide, rel=1e-5)
    assert sequential.half_width(1.0, mix, 0.05, freedom=6.0) >= wide
    assert abs(few.normal_z) <= abs(z) + 1e-9
    assert known.normal_z == z
    low, high = sequential.confidence_sequence(few, mix, 0.05)
    p = sequential.anytime_p(few, mix)
    if abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (low > 0 or high < 0)


@given(st.floats(-6, 6), st.floats(0.01, 100))
def test_harm_looks_to_one_side(z: float, mix: float) -> None:
    """Nothing above zero is harm; below, half of the p at most, and never less than a quarter of it."""
    p, harm = (test(sequential.Seen(z, 1.0), mix) for test in (sequential.anytime_p, sequential.harm_p))
    assert harm == 1.0 if z >= 0 else harm <= 1.0
    if z < -2 and mix >= 1 and p < 1:
        assert p / 2 - 1e-12 <= harm <= p / 1.7


def test_a_p_of_a_look_never_grows() -> None:
    """What was seen before counts; a later look can only lower it."""
    strong, weak = sequential.Seen(4.0, 1.0), sequential.Seen(0.1, 1.0)
    low = sequential.anytime_p(strong, 1.0)
    assert sequential.anytime_p(weak, 1.0, low) == low
    assert ratio_mismatch.sequential((500, 500), (1, 1), before=0.2).p == 0.2


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_between_plain_and_bonferroni(ps: list[float]) -> None:
    """And in the order of the plain ones; a larger family makes it stricter."""
    plain, strict = multiple.holm(ps), multiple.bonferroni(ps)
    assert all(p <= h <= b + 1e-15 for p, h, b in zip(ps, plain, strict, strict=True))
    assert sorted(range(len(ps)), key=lambda i: (ps[i], i)) == sorted(
        range(len(ps)), key=lambda i: (plain[i], ps[i], i)
    )
    assert all(x <= y for x, y in zip(plain, multiple.holm(ps, len(ps) + 2), strict=True))


def test_one_rate_on_all_days_is_not_overdispersed() -> None:
    """Phi is about 1 for binomial days, and the pooled one is never below 1."""
    draw = random.Random(4)
    days = [sum(draw.random() < 0.1 for _ in range(400)) for _ in range(60)]
    assert rates.overdispersion(days, [400] * 60, binomial=True) == pytest.approx(1, abs=0.35)
    assert rates.pooled_overdispersion([([5, 5], [50, 50])], binomial=True) == (1.0, math.inf)
    assert rates.pooled_overdispersion([], binomial=True) == (1.0, math.inf)
    wild = ([50, 70, 40, 60, 80], [1000] * 5)
    assert rates.pooled_overdispersion([wild, wild], binomial=True) == (pytest.approx(4.432624, abs=1e-6), 8.0)
    assert rates.overdispersion([5], [50], binomial=True) is None
    assert rates.overdispersion([0, 0], [50, 50], binomial=False) is None


def test_a_few_days_are_widened() -> None:
    """Student's quantile for six degrees of freedom is 2.447, the normal one 1.960."""
    assert day_ratio.small_sample(6, 0.05) == pytest.approx(2.446912 / 1.959964, rel=1e-6)
    assert day_ratio.small_sample(10_000, 0.05) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: Beta.after(5, 4), "successes"),
        (lambda: Beta(0, 1), "a"),
        (lambda: GammaPosterior.after(1, 0), "rate"),
        (lambda: NormalPosterior(1, 0), "error"),
        (lambda: best_of([NormalPosterior(1, 1)]), "arms"),
        (lambda: best_of([NormalPosterior(0, 1e-9), NormalPosterior(1, 1)]), "arms"),
        (lambda: Count(3, 2), "successes"),
        (lambda: Count(0, 0), "trials"),
        (lambda: proportions.check_alpha(0.0), "alpha"),
        (lambda: exact_size(0.1, 0.1, SizeFormula.POOLED), "p2"),
        (lambda: exact_size(0.1, 1.0, SizeFormula.POOLED), "p2"),
        (lambda: exact_size(0.1, 0.2, SizeFormula.POOLED, power=1.0), "power"),
        (lambda: sequential.Seen(1, 0), "error"),
        (lambda: sequential.Seen(1, 1, 0), "freedom"),
        (lambda: sequential.by_effect(1, 0), "tau"),
        (lambda: sequential.rho(0, 0.05), "planned"),
        (lambda: ratio_mismatch.chi_square((1, 2), (1,)), "weights"),
        (lambda: ratio_mismatch.chi_square((1, 2, 3), (1, 1, 0)), "counts"),
        (lambda: ratio_mismatch.sequential((0, 0), (1, 1)), "counts"),
        (lambda: group_sequential.crossing_chance(()), "bounds"),
        (lambda: group_sequential.bounds_of(group_sequential.Bound.POCOCK, 0), "looks"),
        (lambda: multiple.holm((1.5,)), "ps"),
        (lambda: rates.chance_rate_greater((1, 0), (1, 1)), "a.exposure"),
        (lambda: rates.overdispersion((1,), (0,), binomial=True), "exposures"),
        (lambda: rates.stop_loss_chance(-1), "spend_in_targets"),
        (lambda: day_ratio.delta_ratio((1,), (1,)), "below"),
        (lambda: day_ratio.jackknife_ratio((1, 1), (1, 0)), "below"),
        (lambda: day_ratio.without_largest((1, 2), (1, 1), (1, 3.0)), "largest"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(call: object, field: str) -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        call()  # type: ignore[operator]
    assert caught.value.field == field


def test_a_mismatch_needs_some_units() -> None:
    """Eight an arm; an arm of weight 0 needs none."""
    assert ratio_mismatch.enough((8, 8, 0), (1, 1, 0))
    assert not ratio_mismatch.enough((8, 7), (1, 1))


def test_rates_that_cannot_vary_show_no_difference() -> None:
    """No success anywhere: no z, and a p of 1."""
    found = proportions.z_test(Count(0, 10), Count(0, 20))
    assert math.isnan(found.statistic)
    assert found.p == 1.0
