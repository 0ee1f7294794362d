"""Hedge: the delay is learned, a second request must pay, and there are never too many."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import InvalidRequestError
from backstay.policies.hedge import Hedge, HedgeOptions


def taught(durations: list[float], **options: float) -> Hedge:
    """A hedge that has seen these."""
    hedge = Hedge(HedgeOptions(**options))  # type: ignore[arg-type]  # floats and whole numbers by name
    for took in durations:
        hedge.ended(took)
    return hedge


def tail(seed: int, calls: int = 2_000) -> list[float]:
    """Around 50 ms; two in a hundred take twenty times as long."""
    draw = random.Random(seed)
    return [0.05 * draw.lognormvariate(0, 0.4) * (20 if draw.random() < 0.02 else 1) for _ in range(calls)]


def test_nothing_is_hedged_before_enough_was_seen() -> None:
    """Forty-nine answers are not enough for a quantile."""
    assert taught([0.05] * 49).begin() == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_one_answer_in_twenty_is_late(seed: int) -> None:
    """Whatever the durations are, 5 % of them pass the delay that held when they began."""
    durations = tail(seed)
    hedge, late = taught(durations[:100]), 0
    for took in durations[100:]:
        late += took >= hedge.delay
        hedge.ended(took)
    assert 0.04 <= late / 1_900 <= 0.06


def test_a_long_tail_pays_and_a_short_one_does_not() -> None:
    """Where late answers come little later than a new request would take, asking twice is only load."""
    draw = random.Random(1)
    short = [0.05 * draw.lognormvariate(0, 0.4) for _ in range(2_000)]
    assert taught(short).begin() == 0.0
    assert taught(tail(1)).begin() > 0.0


def test_the_delay_follows_a_vendor_that_becomes_slow() -> None:
    """When everything takes five times as long, so does the delay: not every call is late for ever."""
    hedge = taught(tail(1))
    before = hedge.delay
    for took in tail(2, 500):
        hedge.ended(5 * took)
    assert hedge.delay > 3 * before


def test_one_late_call_in_eight_is_left_alone() -> None:
    """Without those, nobody would know how late the others would have been."""
    hedge = Hedge(HedgeOptions(share=1.0, saved=100.0))
    for _ in range(100):
        hedge.begin()
    assert [hedge.spend() for _ in range(16)].count(False) == 2


def test_late_answers_that_were_helped_teach_nothing_about_lateness() -> None:
    """A hedged call ends early by its second request: that is no proof that the tail is gone."""
    hedge = taught(tail(1))
    assert hedge.pays
    for _ in range(200):
        hedge.ended(hedge.delay + 0.001, hedged=True)
    assert hedge._excess > 0.1


@given(st.lists(st.booleans(), max_size=400))
def test_never_more_than_the_share(calls: list[bool]) -> None:
    """Whoever asks whenever: second requests are at most 5 % of the calls, and three."""
    hedge, sent = Hedge(), 0
    for begun, wants in enumerate(calls, 1):
        hedge.begin()
        sent += wants and hedge.spend()
        assert sent <= 0.05 * begun + hedge.options.saved


@pytest.mark.parametrize(
    ("settings", "field"),
    [({"quantile": 0.0}, "quantile"), ({"quantile": 1.0}, "quantile"), ({"share": 1.1}, "share"),
     ({"saved": 0.0}, "saved"), ({"enough": 0}, "enough")],
)  # fmt: skip
def test_bad_settings_are_refused(settings: dict[str, float], field: str) -> None:
    """A refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        HedgeOptions(**settings)  # type: ignore[arg-type]  # on purpose
    assert caught.value.field == field
