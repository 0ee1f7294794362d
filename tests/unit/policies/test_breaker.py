"""Breaker: when it opens, how it probes, how it comes back."""

from __future__ import annotations

import pytest

from backstay.errors import InvalidRequestError
from backstay.policies.breaker import Breaker, BreakerOptions, Change, State


def drive(breaker: Breaker, calls: int, failures: int, start: float = 0.0, gap: float = 0.05) -> float:
    """Let calls through one after another, the failures spread evenly among them; the time after the last."""
    now, bad = start, 0.0
    for _ in range(calls):
        token = breaker.permit(now, 0.5)
        bad += failures / calls
        if bad >= 1.0 - 1e-9:
            bad -= 1.0
            breaker.failure(token, now, 0.01)
        else:
            breaker.success(token, now, 0.01)
        now += gap
    return now


def opened(options: BreakerOptions | None = None, at: float = 0.0) -> Breaker:
    """A breaker that opened at `at`."""
    breaker = Breaker(options)
    least = breaker.options.min_calls
    for _ in range(least):
        breaker.failure(breaker.permit(at, 0.5), at, 0.01)
    assert breaker.state is State.OPEN
    return breaker


def half_open(options: BreakerOptions | None = None) -> tuple[Breaker, int, float]:
    """A half-open breaker, its first probe's token, and the time."""
    breaker = opened(options)
    now = breaker.peek(0.0)
    return breaker, breaker.permit(now, 0.5), now


@pytest.mark.parametrize(
    ("calls", "failures", "state"),
    [
        (19, 19, State.CLOSED),
        (20, 20, State.OPEN),
        (40, 36, State.OPEN),
        (40, 34, State.CLOSED),
        (200, 100, State.CLOSED),
        (200, 20, State.CLOSED),
        (500, 0, State.CLOSED),
    ],
)
def test_it_opens_at_nine_failures_in_ten_of_twenty_calls(calls: int, failures: int, state: State) -> None:
    """Fewer calls or a smaller share of failures leave it closed."""
    breaker = Breaker()
    drive(breaker, calls, failures)
    assert breaker.state is state


def test_failures_spread_over_more_than_the_window_do_not_open_it() -> None:
    """One failing call a second never makes twenty calls within ten seconds."""
    breaker = Breaker()
    drive(breaker, 200, 200, gap=1.0)
    assert breaker.state is State.CLOSED


def test_an_outage_is_seen_within_some_fifty_calls_whatever_came_before() -> None:
    """Ten seconds of success at 50 calls a second do not delay the opening."""
    breaker = Breaker()
    now = drive(breaker, 500, 0, gap=0.02)
    calls = 0
    while breaker.state is State.CLOSED:
        breaker.failure(breaker.permit(now, 0.5), now, 0.01)
        calls, now = calls + 1, now + 0.02
    assert 20 <= calls <= 55


def test_one_lost_connection_is_no_outage() -> None:
    """A hundred calls that fail at the same instant among a thousand a second leave it closed."""
    breaker = Breaker()
    now = drive(breaker, 3000, 0, gap=0.001)
    for _ in range(100):
        breaker.failure(breaker.permit(now, 0.5), now, 0.01)
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize(
    ("slow_after", "slow_rate", "took", "state"),
    [
        (None, 0.5, 60.0, State.CLOSED),
        (5.0, 0.5, 6.0, State.OPEN),
        (5.0, 0.5, 5.0, State.CLOSED),
        (5.0, 1.0, 6.0, State.OPEN),
    ],
)
def test_slow_calls_open_it_where_that_is_wanted(
    slow_after: float | None, slow_rate: float, took: float, state: State
) -> None:
    """Slowness counts only when a limit is set, and only above it."""
    breaker = Breaker(BreakerOptions(slow_after=slow_after, slow_rate=slow_rate))
    for number in range(30):
        breaker.success(breaker.permit(number * 0.1, 0.5), number * 0.1, took)
    assert breaker.state is state


def test_open_it_admits_nobody_and_says_how_long() -> None:
    """Every permit is refused until the announced time, and asking moves nothing."""
    breaker = opened()
    wait = breaker.peek(0.0)
    assert 0.5 <= wait <= 0.6
    assert breaker.peek(wait / 2) == pytest.approx(wait / 2)
    assert breaker.retry_after(0.1) == pytest.approx(wait - 0.1)
    assert [breaker.permit(wait * n / 10, 0.5) for n in range(10)] == [-1] * 10
    assert breaker.state is State.OPEN
    assert breaker.peek(wait) == 0.0
    assert breaker.state is State.OPEN
    assert breaker.permit(wait, 0.5) > 0


def test_the_way_back_is_three_probes_then_a_ramp() -> None:
    """One probe at a time, each success lets the next go at once, then a growing share, then all."""
    breaker, probe, now = half_open()
    for _ in range(2):
        breaker.success(probe, now, 0.05)
        probe = breaker.permit(now, 0.5)
        assert probe > 0
    breaker.success(probe, now, 0.05)
    assert breaker.state is State.RAMP
    assert breaker.permit(now, 0.24) > 0
    assert breaker.permit(now, 0.26) == -1
    assert breaker.permit(now + 0.25, 0.62) > 0
    assert breaker.permit(now + 0.25, 0.63) == -1
    assert breaker.permit(now + 0.499, 0.9999) == -1
    assert breaker.retry_after(now + 0.4) == pytest.approx(0.1)
    assert breaker.permit(now + 0.5, 0.9999) > 0
    assert breaker.state is State.CLOSED


def test_without_a_ramp_it_closes_at_once() -> None:
    """A ramp of 0 s lets all through after the last probe."""
    breaker, probe, now = half_open(BreakerOptions(ramp=0.0, close_after=1))
    breaker.success(probe, now, 0.05)
    assert breaker.state is State.CLOSED


def test_a_failed_probe_waits_the_open_time_again() -> None:
    """Probes are paced: after a failure none goes before the open time is over."""
    breaker, probe, now = half_open()
    breaker.failure(probe, now, 0.05)
    assert breaker.state is State.OPEN
    assert breaker.peek(now) >= 0.5
    assert breaker.permit(now + 0.49, 0.5) == -1


def test_successes_of_an_earlier_round_do_not_count() -> None:
    """Two good probes, a bad one, and three good ones are needed again."""
    breaker, probe, now = half_open()
    for _ in range(2):
        breaker.success(probe, now, 0.05)
        probe = breaker.permit(now, 0.5)
    breaker.failure(probe, now, 0.05)
    now += breaker.peek(now)
    for _ in range(2):
        breaker.success(breaker.permit(now, 0.5), now, 0.05)
    assert breaker.state is State.HALF_OPEN


def test_a_slow_probe_does_not_close_it() -> None:
    """Where slowness counts, a slow answer to a probe opens again."""
    breaker, probe, now = half_open(BreakerOptions(slow_after=1.0, close_after=1))
    breaker.success(probe, now, 2.0)
    assert breaker.state is State.OPEN


def test_many_processes_do_not_probe_in_step() -> None:
    """The random number of the last probe spreads the next one by up to a fifth."""
    waits = []
    for rand in (0.0, 0.5, 0.999):
        breaker, now = opened(), 1.0
        breaker.failure(breaker.permit(now, rand), now, 0.01)
        waits.append(breaker.peek(now))
    assert waits == pytest.approx([0.5, 0.55, 0.6], abs=1e-3)


@pytest.mark.parametrize("rand", [0.0, 0.5, 0.999])
def test_open_time_stays_below_a_second_for_a_minute_then_grows_to_eight(rand: float) -> None:
    """The share of an outage that its end is missed by stays small, however long it lasts."""
    breaker, now = opened(), 0.0
    waits: list[tuple[float, float]] = []
    while now < 3600.0:
        wait = breaker.peek(now)
        waits.append((now, wait))
        now += wait
        breaker.failure(breaker.permit(now, rand), now, 0.01)
    assert all(0.5 - 1e-9 <= wait <= 1.0 for at, wait in waits if at <= 60.0)
    assert all(wait <= 8.0 + 1e-9 for _, wait in waits)
    assert all(wait <= max(0.6, 0.017 * at) + 1e-9 for at, wait in waits)
    assert waits[-1][1] == pytest.approx(8.0)


def test_an_outage_that_returns_in_the_ramp_goes_on_where_it_was() -> None:
    """The ramp is judged on five calls, and the age of the outage is not forgotten."""
    breaker, now = opened(), 0.0
    while now < 300.0:
        now += breaker.peek(now)
        breaker.failure(breaker.permit(now, 0.5), now, 0.01)
    now += breaker.peek(now)
    for _ in range(3):
        breaker.success(breaker.permit(now, 0.5), now, 0.05)
    for _ in range(5):
        breaker.failure(breaker.permit(now, 0.0), now, 0.05)
    assert breaker.state is State.OPEN
    assert breaker.peek(now) >= 4.0


def test_an_outage_after_a_recovery_is_a_new_one() -> None:
    """Once it was closed, the open time begins small again."""
    breaker, now = opened(), 0.0
    while now < 300.0:
        now += breaker.peek(now)
        breaker.failure(breaker.permit(now, 0.5), now, 0.01)
    now += breaker.peek(now)
    for _ in range(3):
        breaker.success(breaker.permit(now, 0.5), now, 0.05)
    now += 1.0
    for _ in range(20):
        breaker.failure(breaker.permit(now, 0.0), now, 0.05)
    assert breaker.state is State.OPEN
    assert breaker.peek(now) <= 0.6


def test_several_probes_at_once_where_that_is_set() -> None:
    """With three probes the fourth waits, and one bad one ends the round for all."""
    breaker, first, now = half_open(BreakerOptions(probes=3))
    others = [breaker.permit(now, 0.5) for _ in range(3)]
    assert others[2] == -1
    assert min(others[:2]) > 0
    assert breaker.peek(now) > 0.0
    breaker.failure(first, now, 0.05)
    until = now + breaker.peek(now)
    breaker.success(others[0], now + 0.2, 0.05)
    breaker.failure(others[1], now + 0.3, 0.05)
    assert breaker.state is State.OPEN
    assert now + 0.3 + breaker.peek(now + 0.3) == pytest.approx(until)


@pytest.mark.parametrize(("state", "admitted"), [(State.FORCED_OPEN, False), (State.FORCED_CLOSED, True)])
def test_forced_states_do_not_move_by_themselves(state: State, admitted: bool) -> None:
    """Neither time nor results change what was forced; taking the force away closes it."""
    breaker = Breaker()
    breaker.force(state, 0.0)
    for number in range(60):
        token = breaker.permit(number * 0.1, 0.5)
        assert (token > 0) is admitted
        assert (breaker.peek(number * 0.1) == 0.0) is admitted
        if token > 0:
            breaker.failure(token, number * 0.1, 0.01)
    assert breaker.state is state
    breaker.force(None, 7.0)
    assert breaker.state is State.CLOSED
    assert breaker.permit(7.0, 0.99) > 0


def test_what_was_seen_before_a_force_is_forgotten() -> None:
    """Nineteen failures, a force and its end, one more failure: still closed."""
    breaker = Breaker()
    drive(breaker, 19, 19, gap=0.0)
    breaker.force(State.FORCED_OPEN, 0.0)
    breaker.force(None, 0.0)
    drive(breaker, 1, 1)
    assert breaker.state is State.CLOSED


def test_every_transition_is_reported_once_in_order() -> None:
    """Events can be made from the changes: what it was, what it became, when, and on which counts."""
    breaker, probe, now = half_open(BreakerOptions(close_after=1))
    breaker.success(probe, now, 0.05)
    breaker.permit(now + 1.0, 0.5)
    seen = [breaker.take_change() for _ in range(5)]
    assert seen == [
        Change(State.CLOSED, State.OPEN, 0.0, 20, 20),
        Change(State.OPEN, State.HALF_OPEN, now),
        Change(State.HALF_OPEN, State.RAMP, now),
        Change(State.RAMP, State.CLOSED, now + 1.0),
        None,
    ]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"failure_rate": 0.0}, "failure_rate"),
        ({"failure_rate": 1.1}, "failure_rate"),
        ({"slow_rate": 0.0}, "slow_rate"),
        ({"slow_after": 0.0}, "slow_after"),
        ({"window": 0.0}, "window"),
        ({"buckets": 1}, "buckets"),
        ({"min_calls": 0}, "min_calls"),
        ({"open_for": 0.0}, "open_for"),
        ({"open_for": 9.0}, "open_max"),
        ({"open_growth": -0.1}, "open_growth"),
        ({"probes": 0}, "probes"),
        ({"probe_lease": 0.0}, "probe_lease"),
        ({"close_after": 0}, "close_after"),
        ({"ramp": -0.1}, "ramp"),
        ({"ramp_from": 1.1}, "ramp_from"),
    ],
)
def test_bad_settings_are_refused(settings: dict[str, float], field: str) -> None:
    """A refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        BreakerOptions(**settings)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.field == field
