"""Faults that other libraries had or have, each named after its report or the measurement that showed it."""

from __future__ import annotations

import ast
import heapq
import random
from pathlib import Path

import pytest

import backstay.policies
from backstay.errors import InvalidRequestError
from backstay.policies.backoff import Backoff
from backstay.policies.breaker import Breaker, BreakerOptions, State
from backstay.policies.budget import RetryBudget, price
from backstay.policies.rate import Gate, Limiter, TokenBucket
from backstay.policies.retry import Retry, Why, decide


def arrivals(rng: random.Random, rate: float, start: float, end: float) -> list[float]:
    """Poisson arrivals."""
    times, now = [], start
    while (now := now + rng.expovariate(rate)) < end:
        times.append(now)
    return times


def half_open(options: BreakerOptions | None = None) -> tuple[Breaker, float]:
    """A breaker whose open time is over."""
    breaker = Breaker(options)
    for _ in range(20):
        breaker.failure(breaker.permit(0.0, 0.5), 0.0, 0.01)
    return breaker, breaker.peek(0.0)


def test_half_open_herd_pyfailsafe_31_polly_216_backon_26() -> None:
    """Of 100 calls that arrive at once in half-open, one passes."""
    breaker, now = half_open()
    assert sum(breaker.permit(now, 0.5) > 0 for _ in range(100)) == 1


def test_probe_that_is_never_reported_resilience4j_903_935() -> None:
    """A probe's place is free again after its lease, and its late answer then has no effect."""
    breaker, now = half_open(BreakerOptions(probe_lease=30.0, close_after=1))
    lost = breaker.permit(now, 0.5)
    assert breaker.permit(now + 29.9, 0.5) == -1
    second = breaker.permit(now + 30.0, 0.5)
    assert second > 0
    breaker.success(lost, now + 31.0, 31.0)
    assert breaker.state is State.HALF_OPEN
    breaker.success(second, now + 31.0, 1.0)
    assert breaker.state is State.RAMP


def test_stale_success_of_an_older_call_lets_nobody_in() -> None:
    """Measured in redress, resilix and four others: a late success from before the outage closes nothing."""
    breaker = Breaker()
    old = [breaker.permit(0.0, 0.5) for _ in range(20)]
    for _ in range(20):
        breaker.failure(breaker.permit(0.1, 0.5), 0.1, 0.01)
    now = 0.1 + breaker.peek(0.1)
    probe = breaker.permit(now, 0.5)
    for token in old:
        breaker.success(token, now, now)
    assert breaker.state is State.HALF_OPEN
    assert sum(breaker.permit(now, 0.5) > 0 for _ in range(20)) == 0
    breaker.failure(probe, now, 0.01)
    assert breaker.state is State.OPEN


def test_cancelled_calls_are_no_failures_purgatory() -> None:
    """A thousand cancellations leave it closed, and a cancelled probe neither reopens nor blocks."""
    breaker = Breaker()
    for _ in range(1000):
        breaker.cancel(breaker.permit(0.0, 0.5), 0.0)
    assert breaker.state is State.CLOSED
    breaker, now = half_open()
    breaker.cancel(breaker.permit(now, 0.5), now)
    assert breaker.state is State.HALF_OPEN
    assert breaker.permit(now, 0.5) > 0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7])
@pytest.mark.parametrize("seed", range(8))
def test_noise_does_not_trip_it_nopanic_min_calls_5(seed: int, share: float) -> None:
    """Even 70 % random failures at 50 calls a second are the limiter's business, not an outage."""
    rng = random.Random(seed)
    breaker = Breaker()
    for now in arrivals(rng, 50.0, 0.0, 60.0 if share < 0.7 else 15.0):
        token = breaker.permit(now, 0.5)
        (breaker.failure if rng.random() < share else breaker.success)(token, now, 0.05)
    assert breaker.state is State.CLOSED


@pytest.mark.parametrize("seed", range(8))
def test_an_outage_costs_a_tenth_of_its_calls_and_two_seconds(seed: int) -> None:
    """Fixed open times send 1 to 26 % into an outage and come back 4 to 5 s late; here both are bounded."""
    rng = random.Random(seed)
    end = 40.0 + rng.uniform(0.0, 5.0)
    breaker, budget, retry = Breaker(), RetryBudget(), Retry()
    events = [(at, number, 1) for number, at in enumerate(arrivals(rng, 50.0, 0.0, 60.0))]
    offered = sum(20.0 <= at < end for at, *_ in events)
    heapq.heapify(events)
    sent, last_refusal = 0, 0.0
    while events:
        now, number, calls = heapq.heappop(events)
        if calls == 1:
            budget.deposit()
        token = breaker.permit(now, rng.random())
        if token < 0:
            last_refusal = now
            continue
        if not 20.0 <= now < end:
            breaker.success(token, now, 0.05)
            continue
        sent += 1
        breaker.failure(token, now, 0.005)
        if calls < retry.max_attempts and budget.withdraw():
            heapq.heappush(events, (now + retry.next_wait(calls, False, rng.random()), number, calls + 1))
    assert sent <= 0.10 * offered
    assert last_refusal - end <= 2.0


def test_calls_are_counted_when_they_begin_go_zero_5011() -> None:
    """Ten slow calls use up the burst although none of them has ended."""
    limiter = Limiter((TokenBucket(10.0, 10.0),))
    assert [limiter.admit(0.0) for _ in range(10)] == [0.0] * 10
    assert limiter.admit(0.0) > 0.0


def test_cancelled_waiters_keep_no_slots_nopanic() -> None:
    """100 wait, 50 give up: the rest are through after 5 s, not 10, since only the head of the line asks."""
    bucket = TokenBucket(10.0, 1.0)
    bucket.take(0.0)
    line = [number for number in range(100) if number % 2]
    now = 0.0
    for _ in line:
        now += bucket.wait(now)
        bucket.take(now)
    assert now == pytest.approx(5.0, abs=1e-3)


def test_retry_after_is_shared_not_obeyed_call_by_call() -> None:
    """Measured: obeyed by each call alone it ends in bans; one paced gate wastes at most five refusals."""
    for seed in range(8):
        rng = random.Random(seed)
        times = arrivals(rng, 20.0, 0.0, 20.0) + arrivals(rng, 80.0, 20.0, 25.0) + arrivals(rng, 15.0, 25.0, 90.0)
        limiter, now, window, used, refused, slowest = Limiter(), 0.0, 0, 0, 0, 0.0
        waiting = list(times)
        while waiting:
            now = max(now, waiting[0])
            now += limiter.wait(now)
            assert limiter.admit(now) == 0.0
            if int(now // 10.0) != window:
                window, used = int(now // 10.0), 0
            used += 1
            if used > 250:
                refused += 1
                limiter.gate.hold((window + 1) * 10.0, now)
                continue
            slowest = max(slowest, now - waiting.pop(0))
        assert refused <= 5
        assert slowest <= 30.0


def test_a_throttle_is_no_transient_error_botocore_2635() -> None:
    """It has its own, longer schedule and its own price."""
    retry = Retry()
    assert retry.next_wait(1, True, 0.5) > 10 * retry.next_wait(1, False, 0.5)
    assert price("API_RATE_LIMIT") < price("SERVICE_UNAVAILABLE")


def test_a_closed_gate_says_at_once_how_long_botocore_3179() -> None:
    """The whole wait is known up front, so that a call with a near deadline fails fast instead of blocking."""
    limiter = Limiter()
    limiter.gate.hold(600.0, 0.0)
    wait = limiter.wait(0.0)
    assert wait == 600.0
    facts = {"calls_made": 1, "max_attempts": 4, "retryable": True, "allowed": True, "budget_ok": True}
    assert decide(**facts, wait=wait, time_left=30.0, vendor_wait=wait) is Why.VENDOR_WAIT  # type: ignore[arg-type]  # mixed


def test_retry_after_without_a_bound_azure_core() -> None:
    """A vendor that asks for a year is refused, and can close the gate for a day at most."""
    year = 31_536_000.0
    assert Retry(max_retry_after=300.0).refuses(year)
    gate = Gate()
    gate.hold(year, 0.0)
    assert gate.wait(0.0) <= 86_400.0


def test_no_schedule_without_waits_httpx_retries() -> None:
    """Measured: eleven calls in 1 ms by default. Here a base of zero is refused and the default waits."""
    with pytest.raises(InvalidRequestError):
        Backoff(base=0.0)
    waits = [Retry().next_wait(number, False, 0.5) for number in (1, 2, 3)]
    assert waits == pytest.approx([0.025, 0.05, 0.1])


def test_a_budget_works_at_low_concurrency_failsafe_go_106() -> None:
    """One caller after another has retries: the share is of calls made, not of calls in flight."""
    budget = RetryBudget()
    retried = 0
    for _ in range(100):
        budget.deposit()
        retried += budget.withdraw()
    assert 28 <= retried <= 30


def test_an_empty_budget_can_be_seen_dotnet_extensions_7686() -> None:
    """Balance and refusals are attributes."""
    budget = RetryBudget(ratio=0.0, reserve=1.0)
    assert [budget.withdraw() for _ in range(3)] == [True, False, False]
    assert (budget.balance, budget.refused) == (0.0, 2)


def test_no_policy_reads_a_clock_draws_numbers_awaits_or_logs() -> None:
    """Six libraries read wall clocks; here nothing that could is imported, and nothing is awaited."""
    allowed = {"__future__", "collections", "dataclasses", "datetime", "decimal", "enum", "math", "types", "typing"}
    allowed.add("backstay")  # of `datetime` only dates that are given: ruff bans `now` and `today`
    for path in Path(backstay.policies.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncWith | ast.AsyncFor)
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.split(".")[0] in allowed, (path.name, name)
                inside = name.startswith(("backstay.policies", "backstay.errors", "backstay.taxonomy"))
                assert inside or not name.startswith("backstay"), (path.name, name)
