"""Retry: the next wait and the decision table."""

from __future__ import annotations

import math

import pytest

from backstay.errors import InvalidRequestError
from backstay.policies.backoff import Backoff, Jitter
from backstay.policies.retry import Retry, Why, decide

PLAIN = Retry(
    backoff=Backoff(base=1.0, jitter=Jitter.NONE), throttle=Backoff(base=5.0, jitter=Jitter.NONE), padding=0.1
)


@pytest.mark.parametrize(
    ("retry", "throttled", "rand", "vendor_wait", "wait"),
    [
        (1, False, 0.5, None, 1.0),
        (3, False, 0.5, None, 4.0),
        (1, True, 0.5, None, 5.0),
        (1, False, 0.0, 30.0, 30.0),
        (1, False, 0.5, 30.0, 31.5),
        (3, False, 0.5, 2.0, 4.0),
        (1, False, 0.5, 0.0, 1.0),
        (1, False, 0.5, -7.0, 1.0),
    ],
)
def test_the_longer_of_our_wait_and_the_vendors(
    retry: int, throttled: bool, rand: float, vendor_wait: float | None, wait: float
) -> None:
    """The vendor's wait is a lower bound, padded by up to a tenth; ours stays where it is longer."""
    assert PLAIN.next_wait(retry, throttled, rand, 0.0, vendor_wait) == pytest.approx(wait)


def test_the_vendor_is_never_asked_before_its_time() -> None:
    """No random number makes the wait shorter than what the vendor asked for."""
    waits = [Retry().next_wait(1, True, rand / 100, 0.0, 7.0) for rand in range(100)]
    assert min(waits) >= 7.0
    assert max(waits) <= 7.7


FACTS = {
    "calls_made": 1,
    "max_attempts": 4,
    "retryable": True,
    "allowed": True,
    "budget_ok": True,
    "wait": 1.0,
    "time_left": 30.0,
}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, 1.0),
        ({"time_left": math.inf}, 1.0),
        ({"calls_made": 3}, 1.0),
        ({"calls_made": 4}, Why.ATTEMPTS),
        ({"calls_made": 9}, Why.ATTEMPTS),
        ({"retryable": False}, Why.NOT_RETRYABLE),
        ({"retryable": False, "allowed": False, "calls_made": 4}, Why.NOT_RETRYABLE),
        ({"allowed": False}, Why.EFFECT),
        ({"budget_ok": False}, Why.BUDGET),
        ({"wait": 30.0}, Why.DEADLINE),
        ({"wait": 29.0, "least": 1.0}, Why.DEADLINE),
        ({"wait": 29.0, "least": 0.9}, 29.0),
        ({"time_left": 0.0, "wait": 0.0}, Why.DEADLINE),
        ({"wait": 60.0, "vendor_wait": 60.0}, Why.VENDOR_WAIT),
        ({"wait": 31.0, "vendor_wait": 29.0}, Why.DEADLINE),
        ({"wait": 5.0, "vendor_wait": 5.0, "vendor_wait_refused": True}, Why.VENDOR_WAIT),
        ({"wait": 5.0, "vendor_wait": 5.0}, 5.0),
        ({"budget_ok": False, "wait": 99.0}, Why.DEADLINE),
    ],
)
def test_decision_table(change: dict[str, float], verdict: float | Why) -> None:
    """Each reason stops the loop by itself, and only what passes all of them gets a wait."""
    assert decide(**(FACTS | change)) == verdict  # type: ignore[arg-type]  # a table of mixed facts


@pytest.mark.parametrize(
    ("limit", "vendor_wait", "refused"),
    [(None, 1e9, False), (60.0, 60.0, False), (60.0, 60.1, True), (60.0, None, False), (0.0, 0.1, True)],
)
def test_a_vendors_wait_above_the_limit_is_refused_not_cut(
    limit: float | None, vendor_wait: float | None, refused: bool
) -> None:
    """A wait above the limit ends the loop: coming back earlier than asked would only earn another refusal."""
    assert Retry(max_retry_after=limit).refuses(vendor_wait) is refused


@pytest.mark.parametrize("attempts", [0, 11, -1, True, 2.5])
def test_attempts_outside_one_to_ten_are_refused(attempts: int) -> None:
    """The number of calls is a whole number from 1 to 10."""
    with pytest.raises(InvalidRequestError) as caught:
        Retry(max_attempts=attempts)
    assert caught.value.field == "max_attempts"


@pytest.mark.parametrize("attempts", [1, 10])
def test_attempts_at_the_borders_are_taken(attempts: int) -> None:
    """One and ten calls are allowed."""
    assert Retry(max_attempts=attempts).max_attempts == attempts


def test_other_settings_outside_their_range_are_refused() -> None:
    """A negative limit and a padding above the whole wait name their field."""
    with pytest.raises(InvalidRequestError, match="max_retry_after"):
        Retry(max_retry_after=-1.0)
    with pytest.raises(InvalidRequestError, match="padding"):
        Retry(padding=1.5)
