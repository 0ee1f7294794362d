"""Strain: nothing is limited while all is well, a slow vendor is given what it can bear, and the way back is open."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import InvalidRequestError
from backstay.policies.strain import Strain, StrainOptions

TIMEOUT = 1.0


def lose(strain: Strain, calls: int, now: float = 10.0, in_flight: int = 40) -> None:
    """So many calls in a row had no answer in time."""
    for _ in range(calls):
        strain.add(now, TIMEOUT, TIMEOUT, in_flight, lost=True)


def test_one_lost_call_limits_nothing() -> None:
    """A single timeout, or two, are bad luck."""
    strain = Strain(100)
    lose(strain, 2)
    assert (strain.limit, strain.tense) == (100, False)


def test_a_fifth_of_strained_calls_begins_the_limiting() -> None:
    """Three in a row are enough; the first cut leaves between 30 and 85 % of what is under way."""
    strain = Strain(100)
    lose(strain, 3)
    assert strain.tense
    assert 0.3 * 41 - 1 <= strain.limit <= 0.85 * 41 + 1


def test_the_first_cut_is_what_the_vendor_delivers_within_the_target() -> None:
    """33 answers in the last second and a target of 0.7 s are 23 calls at once."""
    strain = Strain(100)
    for number in range(33):
        strain.add(9.2 + 0.02 * number, 0.5, TIMEOUT, 50, lost=False)
    lose(strain, 3, in_flight=50)
    assert strain.limit == 23


def test_answers_near_the_timeout_are_strained_too() -> None:
    """Slow successes count, at four fifths of the timeout; quicker ones do not."""
    calm, tense = Strain(100), Strain(100)
    for _ in range(30):
        calm.add(10.0, 0.79, TIMEOUT, 40, lost=False)
        tense.add(10.0, 0.81, TIMEOUT, 40, lost=False)
    assert (calm.tense, tense.tense) == (False, True)


def test_only_calls_begun_after_a_change_count_for_the_next() -> None:
    """What was sent under the old number says nothing of the new one."""
    strain = Strain(100)
    lose(strain, 3)
    before = strain.limit
    lose(strain, 50, now=10.5)  # begun at 9.5, before the change
    assert strain.limit == before
    lose(strain, 5, now=11.5)  # begun after it
    assert strain.limit < before


def test_it_settles_where_answers_take_the_target() -> None:
    """A vendor whose answers take n / 30 of the timeout is given about 21 calls at once (0.7 x 30)."""
    strain, now = Strain(100), 10.0
    lose(strain, 3)
    for _ in range(400):
        now += 1.0
        strain.add(now, strain.limit / 30 * 0.99, TIMEOUT, strain.limit - 1, lost=False)
    assert 18 <= strain.limit <= 24


def test_when_the_vendor_is_well_again_the_ceiling_returns() -> None:
    """Quick answers open it step by step; then good calls need not be reported any more."""
    strain, now = Strain(100), 10.0
    lose(strain, 10)
    while strain.tense:
        now += 0.3
        strain.add(now, 0.1, TIMEOUT, 5, lost=False)
        assert now < 60.0
    assert (strain.limit, strain.level) == (100, 0.0)


def test_answers_that_take_no_time_open_it_too() -> None:
    """In virtual time, or from a cache of the vendor's."""
    strain = Strain(100)
    lose(strain, 3)
    before = strain.limit
    for _ in range(5):
        strain.add(20.0, 0.0, TIMEOUT, 5, lost=False)
    assert strain.limit > before


def test_a_lost_call_keeps_its_place_for_a_while() -> None:
    """The vendor goes on working for those who gave up: half a timeout later the place is free."""
    strain = Strain(100)
    lose(strain, 3, in_flight=40)
    room = strain.limit - 3
    assert strain.wait(10.0, room - 1) == 0.0
    assert strain.wait(10.0, room) == pytest.approx(0.5)
    assert strain.wait(10.6, room) == 0.0


def test_one_call_may_always_go() -> None:
    """However many places the lost ones keep, somebody must find out when the vendor is back."""
    strain = Strain(100)
    lose(strain, 200)
    assert strain.wait(10.0, 0) == 0.0


def test_level_fades_to_nothing() -> None:
    """One strained call is forgotten, so that good calls are not reported for ever."""
    strain = Strain(100)
    lose(strain, 1)
    for _ in range(40):
        strain.add(10.0, 0.1, TIMEOUT, 1, lost=False)
    assert strain.level == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 3.0), st.integers(0, 300), st.booleans()), max_size=200))
def test_the_limit_stays_between_floor_and_ceiling(calls: list[tuple[float, float, int, bool]]) -> None:
    """Whatever is reported, at least the floor and at most the ceiling may be under way."""
    strain, now = Strain(100), 0.0
    for passed, took, in_flight, lost in calls:
        now += passed
        strain.add(now, took, TIMEOUT, in_flight, lost=lost)
        assert strain.options.floor <= strain.limit <= 100
        assert strain.tense is (strain.limit < 100)
        assert strain.wait(now, 0) == 0.0


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"high": 0.0}, "high"),
        ({"trip": 1.5}, "trip"),
        ({"target": -0.1}, "target"),
        ({"most": 0.9}, "most"),
        ({"sample": 0}, "sample"),
        ({"floor": 0}, "floor"),
        ({"linger": -1.0}, "linger"),
        ({"span": 0.0}, "span"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, float], field: str) -> None:
    """A refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        StrainOptions(**settings)  # type: ignore[arg-type]  # on purpose
    assert caught.value.field == field


def test_answers_that_take_no_time_open_it_as_far_as_a_step_goes() -> None:
    """A clock that does not move, or a call without a timeout: no strain at all, and no division by it."""
    strain = Strain(100, StrainOptions(sample=2))
    for number in range(20):
        strain.add(float(number), 1.0, 1.0, 20, lost=True)
    assert strain.tense
    before = strain.limit
    for number, timeout in enumerate((1.0, 1.0, 1.0, inf, inf, inf)):
        strain.add(50.0 + number, 0.0, timeout, 3, lost=False)
    assert before < strain.limit <= before * strain.options.most**3 + 1
