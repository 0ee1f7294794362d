"""Token bucket, window, gate and limiter: their borders, by table."""

from __future__ import annotations

import math

import pytest

from backstay.errors import InvalidRequestError
from backstay.policies.rate import Gate, Limiter, TokenBucket, Window

SOON = 1e-5


def pace_of(gate: Gate, start: float, calls: int) -> list[float]:
    """The times at which a full line passes the gate."""
    now, passed = start, []
    for _ in range(calls):
        now += gate.wait(now)
        gate.take(now)
        passed.append(now)
    return passed


def busy(gate: Gate, rate: float, start: float, seconds: float) -> float:
    """Let a steady stream through; the time at its end."""
    for number in range(round(rate * seconds)):
        gate.take(start + number / rate)
    return start + seconds


def test_a_burst_passes_at_once_and_then_the_rate_holds() -> None:
    """Ten of burst, then one every tenth of a second."""
    bucket = TokenBucket(rate=10.0, burst=10.0)
    now, passed = 0.0, []
    for _ in range(110):
        now += bucket.wait(now)
        bucket.take(now)
        passed.append(now)
    assert passed[9] == 0.0
    assert passed[-1] == pytest.approx(10.0, abs=1e-3)


@pytest.mark.parametrize(
    ("taken", "now", "cost", "wait"),
    [
        (0, 0.0, 10.0, 0.0),
        (10, 0.0, 1.0, 0.1),
        (10, 0.0, 5.0, 0.5),
        (10, 0.5, 5.0, 0.0),
        (10, 99.0, 10.0, 0.0),
    ],
)
def test_the_wait_is_for_the_cost(taken: int, now: float, cost: float, wait: float) -> None:
    """A dearer call waits longer, and a long silence saves up no more than the burst."""
    bucket = TokenBucket(rate=10.0, burst=10.0)
    bucket.take(0.0, taken)
    assert bucket.wait(now, cost) == pytest.approx(wait, abs=SOON)


def test_asking_takes_nothing_and_giving_back_undoes_a_take() -> None:
    """`wait` has no side effect; a token of a call that was never sent is there again, never above the burst."""
    bucket = TokenBucket(rate=1.0, burst=2.0)
    assert [bucket.wait(0.0, 2.0) for _ in range(5)] == [0.0] * 5
    bucket.take(0.0, 2.0)
    bucket.give_back(0.0, 1.0)
    assert bucket.wait(0.0, 1.0) == 0.0
    assert bucket.wait(0.0, 2.0) == pytest.approx(1.0, abs=SOON)
    bucket.give_back(0.0, 50.0)
    bucket.take(0.0, 2.0)
    assert bucket.wait(0.0) > 0.9


def test_debt_is_paid_by_those_who_come_later() -> None:
    """A cost that is only known afterwards may exceed what is there."""
    bucket = TokenBucket(rate=1.0, burst=2.0)
    bucket.take(0.0, 10.0)
    assert bucket.wait(0.0, 1.0) == pytest.approx(9.0, abs=SOON)


@pytest.mark.parametrize("meter", [TokenBucket(1.0, 5.0), Window(5.0, 60.0)])
def test_a_cost_that_can_never_pass_is_refused_at_once(meter: TokenBucket | Window) -> None:
    """More than the burst or the limit is an error, not an endless wait."""
    assert meter.wait(0.0, 5.0) == 0.0
    with pytest.raises(InvalidRequestError) as caught:
        meter.wait(0.0, 5.5)
    assert caught.value.field == "cost"


def test_a_window_forgets_after_its_whole_length() -> None:
    """Three a minute: the fourth waits until the first is a minute old, one step more at most."""
    window = Window(limit=3, seconds=60.0)
    for at in (0.5, 10.0, 20.0):
        assert window.wait(at) == 0.0
        window.take(at)
    assert window.wait(20.0) == pytest.approx(41.0, abs=SOON)
    assert window.wait(60.4) == pytest.approx(0.6, abs=SOON)
    assert window.wait(61.0) == 0.0
    window.take(61.0)
    assert window.wait(61.0) == pytest.approx(10.0, abs=SOON)
    assert window.wait(1e6) == 0.0


def test_a_window_gives_back_what_was_not_sent() -> None:
    """Only what the current step holds is given back."""
    window = Window(limit=2, seconds=60.0)
    window.take(0.0)
    window.take(5.0)
    window.give_back(5.0)
    assert window.wait(5.0) == 0.0
    window.give_back(5.5)
    assert window.used == 1.0
    window.give_back(30.0)
    assert window.used == 1.0


def test_an_idle_gate_is_open_and_learns_nothing_by_itself() -> None:
    """Without a hold no caller waits."""
    gate = Gate()
    busy(gate, 100.0, 0.0, 5.0)
    assert gate.wait(5.0) == 0.0
    assert gate.pace(5.0) == math.inf


@pytest.mark.parametrize(
    ("holds", "until"),
    [
        ([10.0], 10.0),
        ([10.0, 20.0], 20.0),
        ([20.0, 10.0], 20.0),
        ([20.0, 0.0], 20.0),
        ([20.0, float("nan")], 20.0),
    ],
)
def test_a_hold_is_extended_never_shortened(holds: list[float], until: float) -> None:
    """The longest of all waits holds for everybody."""
    gate = Gate()
    for hold in holds:
        gate.hold(hold, 0.0)
    assert gate.wait(0.0) == until
    assert gate.held_until == until


@pytest.mark.parametrize("until", [0.0, -5.0, 5.0, float("nan"), float("-inf")])
def test_a_wait_that_is_already_over_closes_nothing(until: float) -> None:
    """A Retry-After of zero or in the past has no effect."""
    gate = Gate()
    gate.hold(until, 5.0)
    assert gate.quiet
    assert gate.wait(5.0) == 0.0


def test_a_broken_retry_after_cannot_close_the_gate_for_ever() -> None:
    """An endless wait is cut at the longest one."""
    gate = Gate(longest=3600.0)
    gate.hold(float("inf"), 100.0)
    assert gate.wait(100.0) == 3600.0


def test_the_pace_after_a_hold_is_nine_tenths_of_what_was_sent_before() -> None:
    """40 calls a second before the hold: 36 after it, not the whole line at once."""
    gate = Gate(rise=0.0)
    now = busy(gate, 40.0, 0.0, 10.0)
    gate.hold(now + 5.0, now)
    passed = pace_of(gate, now, 100)
    assert passed[0] == pytest.approx(now + 5.0)
    assert 99 / (passed[-1] - passed[0]) == pytest.approx(36.0, rel=0.06)


def test_a_client_that_hardly_called_is_paced_at_the_floor() -> None:
    """With almost no traffic before the hold one call a second passes."""
    gate = Gate(rise=0.0)
    gate.take(0.0)
    gate.hold(20.0, 15.0)
    passed = pace_of(gate, 15.0, 3)
    assert passed == pytest.approx([20.0, 21.0, 22.0])


def test_the_pace_rises_slowly_and_is_dropped_after_a_while() -> None:
    """Two percent a second; a minute without another hold frees everybody."""
    gate = Gate()
    now = busy(gate, 10.0, 0.0, 10.0)
    gate.hold(now + 1.0, now)
    first = gate.pace(now + 1.0)
    assert gate.pace(now + 11.0) == pytest.approx(first * 1.2)
    assert gate.pace(now + 60.9) < first * 2.3
    assert gate.wait(now + 61.0) == 0.0
    gate.take(now + 61.0)
    assert gate.quiet


def test_a_second_hold_learns_from_what_really_passed() -> None:
    """A pace that was still too fast is corrected by the rate of the last ten seconds."""
    gate = Gate()
    now = busy(gate, 80.0, 0.0, 10.0)
    gate.hold(now + 5.0, now)
    now += 5.0
    passed = [at for at in pace_of(gate, now, 250) if at >= now]
    again = passed[-1]
    gate.hold(again + 3.0, again)
    assert gate.pace(again + 3.0) <= 0.9 * 250 / (again - now) * 1.05
    assert gate.pace(again + 3.0) < 65.0


def test_each_short_hold_in_a_row_slows_the_pace_further() -> None:
    """The fast time before the first hold does not hide that the pace after it was still too fast."""
    gate = Gate(rise=0.0)
    now, paces = busy(gate, 80.0, 0.0, 10.0), []
    for _ in range(4):
        gate.hold(now + 0.1, now)
        now = pace_of(gate, now, 5)[-1]
        paces.append(gate.pace(now))
    assert paces == pytest.approx([paces[0] * 0.9**n for n in range(4)])


@pytest.mark.parametrize("limiter", [Limiter(), Limiter((TokenBucket(1000.0, 10.0),)), Limiter((Window(1e6, 60.0),))])
def test_the_gate_counts_what_the_limiter_admits(limiter: Limiter) -> None:
    """Whatever meters stand beside it, the pace is learned from all admitted calls."""
    for number in range(400):
        assert limiter.admit(number / 40.0) == 0.0
    limiter.gate.hold(11.0, 10.0)
    assert limiter.gate.pace(11.0) == pytest.approx(36.0, rel=0.06)


def test_a_hundred_refusals_at_once_slow_the_pace_once() -> None:
    """Calls that were under way when the gate closed report the same limit."""
    gate = Gate(rise=0.0)
    now = busy(gate, 40.0, 0.0, 10.0)
    for number in range(100):
        gate.hold(now + 5.0 + number / 1000, now + number / 1000)
    assert gate.pace(now + 6.0) == pytest.approx(36.0, rel=0.06)


def test_a_limiter_takes_from_all_or_from_none() -> None:
    """What one meter refuses is taken from no other."""
    bucket, window = TokenBucket(10.0, 10.0), Window(2.0, 60.0)
    limiter = Limiter((bucket, window))
    assert limiter.admit(0.0) == 0.0
    assert limiter.admit(0.0) == 0.0
    before = (bucket.full_at, window.used)
    assert limiter.admit(0.0) == pytest.approx(61.0, abs=SOON)
    assert (bucket.full_at, window.used) == before
    limiter.give_back(0.0)
    assert limiter.admit(0.0) == 0.0


def test_a_closed_gate_holds_back_what_the_bucket_would_admit() -> None:
    """The longest wait of gate and meters counts, and a refusal leaves the bucket full."""
    limiter = Limiter((TokenBucket(10.0, 1.0),))
    limiter.gate.hold(5.0, 0.0)
    assert limiter.admit(0.0) == 5.0
    assert limiter.wait(0.0) == 5.0
    assert limiter.admit(5.0) == 0.0
    assert limiter.admit(5.0) == pytest.approx(1.0)


def test_a_limiter_without_meters_is_only_a_gate() -> None:
    """Nothing waits until a vendor says so."""
    limiter = Limiter()
    assert [limiter.admit(0.0) for _ in range(100)] == [0.0] * 100
    limiter.gate.hold(1.0, 0.0)
    assert limiter.admit(0.0) == 1.0


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: TokenBucket(0.0, 1.0), "rate"),
        (lambda: TokenBucket(1.0, 0.0), "burst"),
        (lambda: TokenBucket(math.inf, 1.0), "rate"),
        (lambda: Window(0.0, 60.0), "limit"),
        (lambda: Window(1.0, -60.0), "seconds"),
        (lambda: Window(1.0, 60.0, parts=0), "parts"),
        (lambda: Gate(share=1.5), "share"),
        (lambda: Gate(floor=0.0), "floor"),
        (lambda: Gate(rise=-1.0), "rise"),
        (lambda: Gate(longest=math.inf), "longest"),
    ],
)
def test_bad_settings_are_refused(make: type[Gate], field: str) -> None:
    """A refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        make()
    assert caught.value.field == field
