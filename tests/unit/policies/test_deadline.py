"""Deadlines: plain arithmetic with its borders, and the learned duration."""

from __future__ import annotations

import math
import random

import pytest

from backstay.policies.deadline import Typical, attempt_limit, fits, remaining, tighter


@pytest.mark.parametrize(
    ("deadline", "now", "left"), [(None, 5.0, math.inf), (7.0, 5.0, 2.0), (5.0, 5.0, 0.0), (4.0, 5.0, 0.0)]
)
def test_remaining_is_never_negative(deadline: float | None, now: float, left: float) -> None:
    """What is left of a deadline, none of it once it is over, all time without one."""
    assert remaining(deadline, now) == left


@pytest.mark.parametrize(
    ("a", "b", "earlier"),
    [
        (None, None, None),
        (1.0, None, 1.0),
        (None, 2.0, 2.0),
        (1.0, 2.0, 1.0),
        (2.0, 1.0, 1.0),
        (0.0, 5.0, 0.0),
    ],
)
def test_nested_deadlines_only_get_tighter(a: float | None, b: float | None, earlier: float | None) -> None:
    """The earlier deadline holds, zero included."""
    assert tighter(a, b) == earlier


@pytest.mark.parametrize(
    ("timeout", "deadline", "limit"),
    [
        (30.0, None, 30.0),
        (None, None, math.inf),
        (None, 103.0, 3.0),
        (30.0, 103.0, 3.0),
        (2.0, 103.0, 2.0),
        (10.0, 100.5, 0.5),
        (10.0, 99.0, 0.0),
    ],
)
def test_an_attempt_gets_no_more_than_is_left(timeout: float | None, deadline: float | None, limit: float) -> None:
    """Pitfall googleapis/python-api-core#776: with half a second left an attempt gets no new ten seconds."""
    assert attempt_limit(timeout, deadline, 100.0) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("wait", "deadline", "least", "verdict"),
    [
        (1e9, None, 1e9, True),
        (1.0, 105.0, 0.0, True),
        (5.0, 105.0, 0.0, False),
        (4.0, 105.0, 1.0, False),
        (4.0, 105.0, 0.9, True),
        (0.0, 100.0, 0.0, False),
        (0.0, 99.0, 0.0, False),
    ],
)
def test_no_attempt_that_cannot_finish(wait: float, deadline: float | None, least: float, verdict: bool) -> None:
    """Pitfall jd/tenacity#423: the decision is made before the wait, and counts the attempt's own time."""
    assert fits(wait, deadline, 100.0, least) is verdict


def test_nothing_is_known_at_first() -> None:
    """Before enough attempts were seen the typical duration is zero, so nothing is refused on a guess."""
    typical = Typical(enough=3)
    assert typical.value == 0.0
    typical.add(5.0)
    typical.add(5.0)
    assert typical.value == 0.0
    typical.add(5.0)
    assert typical.value == pytest.approx(5.0)


@pytest.mark.parametrize("median", [0.05, 2.0, 40.0])
def test_the_median_is_found(median: float) -> None:
    """After a few hundred log-normal durations the estimate is within a quarter of their median."""
    rng = random.Random(7)
    typical = Typical()
    for _ in range(500):
        typical.add(median * rng.lognormvariate(0.0, 0.4))
    assert typical.value == pytest.approx(median, rel=0.25)


def test_it_follows_a_vendor_that_becomes_slower() -> None:
    """Ten times slower answers are learned within 150 calls."""
    typical = Typical()
    for _ in range(50):
        typical.add(0.1)
    for _ in range(150):
        typical.add(1.0)
    assert typical.value == pytest.approx(1.0, rel=0.05)


def test_rare_slow_answers_do_not_move_it() -> None:
    """A tail of two in a hundred leaves the estimate at the body."""
    typical = Typical()
    for number in range(1000):
        typical.add(2.0 if number % 50 == 0 else 0.1)
    assert typical.value == pytest.approx(0.1, rel=0.1)


def test_an_estimate_that_refuses_everything_fades() -> None:
    """If every caller has less time than the estimate, it gives way instead of refusing for ever."""
    typical = Typical()
    for _ in range(20):
        typical.add(20.0)
    for _ in range(60):
        typical.skipped()
    assert 0.0 < typical.value < 1.0


@pytest.mark.parametrize("first", [0.0, 1e-12])
def test_an_instant_answer_leaves_it_able_to_grow(first: float) -> None:
    """Durations of zero do not trap the estimate."""
    typical = Typical()
    typical.add(first)
    for _ in range(1000):
        typical.add(1.0)
    assert typical.value == pytest.approx(1.0, rel=0.05)
