"""Backoff: the waits by formula, their bounds, and settings that are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import InvalidRequestError
from backstay.policies.backoff import Backoff, Jitter, Strategy

PLAIN = Jitter.NONE


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (Backoff(base=1.0, cap=60.0, jitter=PLAIN), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]),
        (Backoff(base=2.0, cap=30.0, jitter=PLAIN), [2.0, 4.0, 8.0, 16.0, 30.0]),
        (Backoff(base=0.5, factor=3.0, cap=5.0, jitter=PLAIN), [0.5, 1.5, 4.5, 5.0]),
        (Backoff(Strategy.LINEAR, base=1.5, cap=5.0, jitter=PLAIN), [1.5, 3.0, 4.5, 5.0, 5.0]),
        (Backoff(Strategy.FIXED, base=0.7, jitter=PLAIN), [0.7, 0.7, 0.7]),
        (Backoff(base=1.0, factor=1.0, jitter=PLAIN), [1.0, 1.0, 1.0]),
    ],
)
def test_waits_follow_the_strategy(backoff: Backoff, waits: list[float]) -> None:
    """Exponential, linear and fixed waits are the formula's, cut at the cap."""
    assert [backoff.delay(n, 0.37) for n in range(1, len(waits) + 1)] == pytest.approx(waits)


@pytest.mark.parametrize(
    ("jitter", "rand", "wait"),
    [
        (Jitter.NONE, 0.0, 4.0),
        (Jitter.FULL, 0.0, 0.0),
        (Jitter.FULL, 0.25, 1.0),
        (Jitter.EQUAL, 0.0, 2.0),
        (Jitter.EQUAL, 0.5, 3.0),
        (Jitter.EQUAL, 1.0 - 2**-53, 4.0),
    ],
)
def test_jitter_of_the_third_wait(jitter: Jitter, rand: float, wait: float) -> None:
    """Jitter takes its share of the nominal four seconds."""
    assert Backoff(base=1.0, jitter=jitter).delay(3, rand) == pytest.approx(wait)


def test_decorrelated_goes_from_base_to_three_times_the_last_wait() -> None:
    """The bounds of the decorrelated wait are the base and three times the previous one, cut at the cap."""
    backoff = Backoff(base=1.0, cap=10.0, jitter=Jitter.DECORRELATED)
    assert backoff.delay(1, 0.9) == 1.0
    assert backoff.delay(2, 0.0, previous=2.0) == 1.0
    assert backoff.delay(2, 0.5, previous=2.0) == pytest.approx(3.5)
    assert backoff.delay(9, 0.99, previous=9.0) == 10.0


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize("jitter", list(Jitter))
def test_a_huge_retry_number_neither_overflows_nor_passes_the_cap(strategy: Strategy, jitter: Jitter) -> None:
    """The millionth retry still waits a finite time within the cap."""
    backoff = Backoff(strategy, base=0.1, factor=10.0, cap=20.0, jitter=jitter)
    for retry in (1000, 10**6, 10**400):
        assert 0.0 <= backoff.delay(retry, 0.999, previous=1e300) <= 20.0


@given(
    st.sampled_from(list(Strategy)),
    st.sampled_from(list(Jitter)),
    st.floats(0.001, 10.0),
    st.floats(1.0, 10.0),
    st.integers(1, 5000),
    st.floats(0.0, 1.0, exclude_max=True),
    st.floats(0.0, 1e6),
)
def test_every_wait_is_between_zero_and_the_cap(
    strategy: Strategy, jitter: Jitter, base: float, factor: float, retry: int, rand: float, previous: float
) -> None:
    """Whatever the settings, a wait is never negative and never above the cap."""
    wait = Backoff(strategy, base, factor, 15.0, jitter).delay(retry, rand, previous)
    assert 0.0 <= wait <= 15.0


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"base": 0.0}, "base"),
        ({"base": -1.0}, "base"),
        ({"base": float("nan")}, "base"),
        ({"base": float("inf")}, "base"),
        ({"base": True}, "base"),
        ({"factor": 0.5}, "factor"),
        ({"cap": 0.01}, "cap"),
        ({"cap": float("inf")}, "cap"),
    ],
)
def test_settings_that_make_no_schedule_are_refused(settings: dict[str, float], field: str) -> None:
    """A refusal names the field, its value and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        Backoff(**settings)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.field == field
    assert repr(settings[field]) in str(caught.value)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("give a number")


@pytest.mark.parametrize("retry", [0, -1])
def test_retries_are_counted_from_one(retry: int) -> None:
    """The number of a retry below one is refused, for it would shrink the first wait."""
    with pytest.raises(InvalidRequestError):
        Backoff().delay(retry, 0.5)
