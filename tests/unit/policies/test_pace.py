"""Slower before the wall: what a vendor says of its own limit spaces the calls that pass it."""

from __future__ import annotations

import pytest

from backstay.errors import InvalidRequestError
from backstay.policies.pace import Pace, PaceOptions
from backstay.policies.rate import Limiter, TokenBucket

RATE = 10.0


def begun(pace: Pace, seconds: float, now: float = 0.0) -> int:
    """How many calls begin in some seconds if one is always waiting."""
    count, end = 0, now + seconds
    while True:
        now += pace.wait(now)
        if now >= end:
            return count
        pace.take(now)
        count += 1
        now += 0.001


def test_below_the_start_nothing_is_spaced() -> None:
    """Three quarters of a limit are for use."""
    pace = Pace()
    pace.hear(0.749, 0.0, RATE)
    assert pace.quiet
    assert [pace.wait(0.0) for _ in range(5) if pace.take(0.0) is None] == [0.0] * 5


@pytest.mark.parametrize(("used", "per_second"), [(0.75, 10.0), (0.8, 7.5), (0.9, 2.5), (0.95, 0.1), (0.999, 0.1)])
def test_the_pace_falls_with_what_is_left(used: float, per_second: float) -> None:
    """From the usual pace at three quarters to the floor at 95 %, in a straight line."""
    pace = Pace()
    pace.hear(used, 0.0, RATE)
    assert begun(pace, 60.0) == pytest.approx(60.0 * per_second, abs=1.5)


def test_the_usual_pace_is_learned_once() -> None:
    """A pace that was slowed already is not the base of the next slowing: that would end in a standstill."""
    pace = Pace()
    pace.hear(0.9, 0.0, RATE)
    for second in range(1, 30):
        pace.hear(0.9, float(second), 4.0)
    assert begun(pace, 60.0, 30.0) == pytest.approx(150, abs=2)


def test_many_answers_that_say_the_same_push_nothing_further_away() -> None:
    """Answers of calls that had begun before do not add up."""
    pace = Pace()
    for number in range(50):
        pace.hear(0.93, number * 0.01, RATE)
    assert pace.wait(0.5) == pytest.approx(0.5, abs=0.01)


def test_good_news_ends_it_at_once() -> None:
    """The vendor says that the limit has refilled."""
    pace = Pace()
    pace.hear(0.99, 0.0, RATE)
    assert pace.wait(0.0) > 1.0
    pace.hear(0.5, 1.0, RATE)
    assert pace.wait(1.0) == 0.0


def test_a_statement_is_forgotten() -> None:
    """Limits refill while nothing is asked, so that the first call after a pause is not held."""
    pace = Pace()
    pace.hear(0.999, 0.0, RATE)
    pace.take(0.0)
    assert pace.wait(1.0) > 0.0
    assert pace.wait(300.0) == 0.0
    pace.hear(0.8, 400.0, 5.0)
    assert begun(pace, 10.0, 400.0) == pytest.approx(37, abs=1.5)


def test_a_call_that_was_not_sent_gives_its_turn_back() -> None:
    """The next one may begin where it would have."""
    pace = Pace()
    pace.hear(0.9, 0.0, RATE)
    pace.take(1.0)
    before = pace.wait(1.0)
    pace.take(1.0)
    pace.give_back(1.0)
    assert pace.wait(1.0) == before
    silent = Pace()
    silent.give_back(0.0)
    assert silent.wait(0.0) == 0.0


@pytest.mark.parametrize(
    "options",
    [
        {"start": 0.0},
        {"start": 0.95},
        {"start": -1.0},
        {"brake": 1.5},
        {"floor": 0.0},
        {"memory": 0.0},
        {"pause": float("nan")},
    ],
)
def test_options_that_slow_nobody_or_everybody_are_refused(options: dict[str, float]) -> None:
    """Field, value and cure."""
    with pytest.raises(InvalidRequestError) as caught:
        PaceOptions(**options)
    assert caught.value.field == f"pace.{next(iter(options))}"


# In a limiter ---------------------------------------------------------------------------------------------------


def test_a_limit_that_is_used_up_is_held_as_long_as_the_vendor_says() -> None:
    """A good answer may say 100 %: the next call would be refused, so it waits; without a time, for a minute."""
    limiter = Limiter((Pace(),))
    limiter.hear(1.0, 10.0, 420.0)
    assert limiter.wait(10.0) == pytest.approx(420.0)
    other = Limiter((Pace(),))
    other.hear(1.2, 10.0)
    assert other.wait(10.0) == pytest.approx(60.0)


def test_the_limiters_own_count_is_the_usual_pace() -> None:
    """What was admitted in the last seconds is what is slowed."""
    limiter, now = Limiter((Pace(),)), 0.0
    for _ in range(100):
        assert limiter.admit(now) == 0.0
        now += 0.1
    limiter.hear(0.9, now)
    assert limiter.admit(now) == pytest.approx(0.4, rel=0.1)


def test_a_limiter_that_does_not_listen_stays_as_it_is() -> None:
    """Only a limit with a pace is slowed or held by statements."""
    limiter = Limiter((TokenBucket(1.0, 5.0),))
    limiter.hear(1.0, 0.0, 1000.0)
    assert limiter.admit(0.0) == 0.0
