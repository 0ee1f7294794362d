"""Tally: a sliding count against a plain list of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.policies.tally import Tally


def add(tally: Tally, now: float, *, failed: bool = False) -> None:
    """One call, as the owners of a tally count it."""
    if now >= tally.edge:
        tally.turn(now)
    tally.calls += 1
    tally.failures += failed


@given(st.floats(0.0, 1e6), st.lists(st.tuples(st.floats(0.0, 7.0), st.booleans()), min_size=1, max_size=60))
def test_nothing_older_than_the_window_counts_and_nothing_younger_is_lost(
    start: float, steps: list[tuple[float, bool]]
) -> None:
    """The count lies between the exact counts of the window without its oldest bucket and of the window."""
    tally, now, events = Tally(10.0, 10), start, []
    for gap, failed in steps:
        now += gap
        add(tally, now, failed=failed)
        events.append((now, failed))
    calls, failures, _ = tally.recent(now, 10**9)
    assert sum(at > now - 9.0 + 1e-6 for at, _ in events) <= calls
    assert calls <= sum(at > now - 10.0 - 1e-6 for at, _ in events)
    assert sum(bad for at, bad in events if at > now - 9.0 + 1e-6) <= failures
    assert failures <= sum(bad for at, bad in events if at > now - 10.0 - 1e-6)


def test_only_the_newest_buckets_that_are_needed_are_counted() -> None:
    """Old successes do not water down what happens now."""
    tally = Tally(10.0, 10)
    for second in range(8):
        for _ in range(50):
            add(tally, second + 0.5)
    for _ in range(40):
        add(tally, 9.5, failed=True)
    assert tally.recent(9.5, 40) == (40, 40, 0)
    assert tally.recent(9.5, 41) == (90, 40, 0)


def test_the_previous_bucket_is_always_counted() -> None:
    """A burst within one bucket is seen beside what came just before it."""
    tally = Tally(10.0, 10)
    for _ in range(100):
        add(tally, 3.9)
    for _ in range(30):
        add(tally, 4.0, failed=True)
    assert tally.recent(4.0, 20) == (130, 30, 0)


@pytest.mark.parametrize(
    ("begun", "calls", "now", "rate"), [(0.0, 50, 10.0, 5.0), (0.0, 10, 0.2, 10.0), (95.0, 30, 98.0, 10.0)]
)
def test_the_rate_is_over_the_time_that_was_watched(begun: float, calls: int, now: float, rate: float) -> None:
    """A young tally divides by its age (one second at least), an old one by its window."""
    tally = Tally(10.0, 20)
    for number in range(calls):
        add(tally, begun + (now - begun) * number / calls)
    assert tally.rate(now) == pytest.approx(rate, rel=0.15)


def test_a_call_at_the_very_edge_of_a_bucket_is_counted_once() -> None:
    """Rounding puts 0.5 into the bucket that ends there (0.5 // 0.1 is 4); nothing is lost by it."""
    tally = Tally(1.0, 10)
    for at in (0.45, 0.5, 0.5, 0.5):
        add(tally, at)
    assert tally.recent(0.5, 99)[0] == 4


def test_a_long_silence_empties_it() -> None:
    """After more than the window nothing is left."""
    tally = Tally(10.0, 10)
    add(tally, 1.0)
    assert tally.recent(12.0, 99) == (0, 0, 0)
    add(tally, 1e9)
    assert tally.recent(1e9, 99) == (1, 0, 0)
