"""The peers with the settings that their documentation shows; who is not installed is left out and named."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.faults.drive import Client, Context, Factory
from benchmarks.faults.vendors import Request, Tail, VendorError

PEERS: dict[str, tuple[Factory, str, tuple[str, ...]]] = {}
"""By name: the client, the scenarios it takes part in, and the packages it needs."""


def peer(name: str, scenarios: str = "abcde", needs: tuple[str, ...] = ()) -> Callable[[Factory], Factory]:
    """Register a client."""

    def register(factory: Factory) -> Factory:
        PEERS[name] = (factory, scenarios, needs)
        return factory

    return register


def installed(needs: tuple[str, ...]) -> bool:
    """Whether all packages are there."""
    return all(importlib.util.find_spec(package) is not None for package in needs)


def hushed() -> None:
    """Some of them log each retry."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)


@peer("none (1 attempt)", "abcdefg")
def _none(context: Context) -> Client:
    return context.attempt


@peer("naive loop (3 immediate)")
def _naive(context: Context) -> Client:
    async def call(request: Request) -> object:
        for left in (2, 1, 0):
            try:
                return await context.attempt(request)
            except context.retry_on:
                if not left:
                    raise
        raise AssertionError

    return call


@peer("tenacity exp backoff 3", needs=("tenacity",))
def _tenacity(context: Context) -> Client:
    import tenacity as t

    again = t.retry(
        stop=t.stop_after_attempt(3), wait=t.wait_exponential(multiplier=0.1, max=5),
        retry=t.retry_if_exception_type(context.retry_on), reraise=True,
    )  # fmt: skip
    return again(context.attempt)


@peer("backoff expo full-jitter 3", needs=("backoff",))
def _backoff(context: Context) -> Client:
    import backoff

    return backoff.on_exception(
        lambda: backoff.expo(factor=0.1, max_value=5), context.retry_on, max_tries=3, jitter=backoff.full_jitter
    )(context.attempt)


@peer("stamina defaults (10/45s)", "abcdef", needs=("stamina",))
def _stamina(context: Context) -> Client:
    import stamina
    from stamina import instrumentation

    instrumentation.set_on_retry_hooks([])  # the default one logs every retry
    return stamina.retry(on=context.retry_on)(context.attempt)


@peer("stamina + Retry-After hook", needs=("stamina",))
def _stamina_hook(context: Context) -> Client:
    import stamina
    from stamina import instrumentation

    instrumentation.set_on_retry_hooks([])

    def on(error: Exception) -> Any:
        return isinstance(error, context.retry_on) and (getattr(error, "retry_after", None) or True)

    return stamina.retry(on=on)(context.attempt)


@peer("hyx retry3+breaker", needs=("hyx",))
def _hyx(context: Context) -> Client:
    from hyx.circuitbreaker import consecutive_breaker
    from hyx.retry import retry
    from hyx.retry.backoffs import expo

    breaker = consecutive_breaker(
        exceptions=context.retry_on, failure_threshold=5, recovery_time_secs=5, recovery_threshold=3
    )
    waits = expo(min_delay_secs=0.1, base=2, max_delay_secs=5)
    return retry(on=context.retry_on, attempts=3, backoff=waits)(breaker(context.attempt))


@peer("tenacity 3 + purgatory(5, 5s)", needs=("tenacity", "purgatory"))
def _purgatory(context: Context) -> Client:
    from purgatory import AsyncCircuitBreakerFactory

    breaker = AsyncCircuitBreakerFactory(default_threshold=5, default_ttl=5)("vendor")
    import tenacity as t

    again = t.retry(
        stop=t.stop_after_attempt(3), wait=t.wait_exponential(multiplier=0.1, max=5),
        retry=t.retry_if_exception_type(context.retry_on), reraise=True,
    )  # fmt: skip
    return again(breaker(context.attempt))


@peer("pyresilience retry3+breaker+budget", needs=("pyresilience",))
def _pyresilience(context: Context) -> Client:
    from pyresilience import CircuitBreakerConfig, RetryBudgetConfig, RetryConfig, resilient

    return resilient(
        retry=RetryConfig(
            max_attempts=3, delay=0.1, max_delay=60, retry_on=context.retry_on,
            delay_func=lambda _, error: getattr(error, "retry_after", None),
        ),
        circuit_breaker=CircuitBreakerConfig(
            sliding_window_size=100, failure_rate_threshold=0.5, minimum_calls=10, recovery_timeout=5,
            success_threshold=2, error_types=context.retry_on,
        ),
        retry_budget=RetryBudgetConfig(max_retries=100, refill_rate=10),
    )(context.attempt)  # fmt: skip


@peer("redress policy+breaker+budget", needs=("redress",))
def _redress(context: Context) -> Client:
    import redress as r

    def classify(error: BaseException) -> Any:
        if isinstance(error, VendorError) and error.status == 429:
            return r.Classification(r.ErrorClass.RATE_LIMIT, retry_after_s=error.retry_after)
        return r.Classification(r.ErrorClass.SERVER_ERROR if isinstance(error, VendorError) else r.ErrorClass.TRANSIENT)

    policy = r.AsyncPolicy(
        retry=r.AsyncRetry(
            classifier=classify, strategy=r.retry_after_or(r.decorrelated_jitter(base_s=0.1, max_s=5.0)),
            budget=r.Budget(max_retries=100, window_s=10.0), deadline_s=45, max_attempts=3,
        ),
        circuit_breaker=r.CircuitBreaker(
            failure_threshold=25, window_s=10.0, recovery_timeout_s=5.0,
            trip_on={r.ErrorClass.SERVER_ERROR, r.ErrorClass.TRANSIENT},
        ),
    )  # fmt: skip

    async def call(request: Request) -> object:
        return await policy.call(lambda: context.attempt(request))

    return call


def _nopanic_with(context: Context, *extra: Any, breaker: bool = True) -> Client:
    import nopanic as n

    again = n.retry(
        attempts=3, on=context.retry_on, backoff=n.backoff.full_jitter(base=0.1, cap=5.0), budget=n.RetryBudget()
    )
    policies = [again, *extra]
    if breaker:
        policies.insert(1, n.circuit_breaker(on=context.retry_on, reset_timeout=5.0, window=10.0))
    return n.compose(*policies)(context.attempt)


@peer("nopanic retry3+budget+breaker", needs=("nopanic",))
def _nopanic(context: Context) -> Client:
    return _nopanic_with(context)


@peer("nopanic + adaptive_rate_limit (defaults: 429+503)", needs=("nopanic",))
def _nopanic_adaptive_default(context: Context) -> Client:
    return _nopanic_adaptive(context)


@peer("nopanic + adaptive_rate_limit (429 only)", needs=("nopanic",))
def _nopanic_adaptive_429(context: Context) -> Client:
    return _nopanic_adaptive(context, throttle_on=lambda error: getattr(error, "status", 0) == 429)


def _nopanic_adaptive(context: Context, **facts: Any) -> Client:
    import nopanic as n

    breaker = n.circuit_breaker(
        on=lambda error: isinstance(error, context.retry_on) and getattr(error, "status", 0) != 429,
        reset_timeout=5.0, window=10.0,
    )  # fmt: skip
    return _nopanic_with(context, n.adaptive_rate_limit(200, per=1.0, min_rate=5, **facts), breaker, breaker=False)


@peer("nopanic retry3+budget+breaker+bulkhead(25)", "c", needs=("nopanic",))
def _nopanic_bulkhead(context: Context) -> Client:
    import nopanic as n

    return _nopanic_with(context, n.bulkhead(25, max_wait=0))


@peer("nopanic hedge (no budget)", "cfg", needs=("nopanic",))
def _nopanic_hedge(context: Context) -> Client:
    import nopanic as n

    delay = 0.1 if isinstance(context.vendor, Tail) else 0.4
    return n.hedge(delay=delay, max_hedges=1, on=context.retry_on)(context.attempt)


@peer("botocore standard mode (ported)", needs=("botocore",))
def _botocore(context: Context) -> Client:
    from botocore.retries.quota import RetryQuota

    quota = RetryQuota()

    async def call(request: Request) -> object:
        paid = None
        for made in range(3):
            try:
                answer = await context.attempt(request)
            except context.retry_on as error:
                throttled = getattr(error, "status", 0) == 429
                price = 5 if throttled else 14
                if made == 2 or not quota.acquire(price):
                    raise
                paid = price
                wait = context.rng.random() * min((1.0 if throttled else 0.05) * 2**made, 20)
                asked = getattr(error, "retry_after", None)
                if asked is not None:
                    wait = max(wait, min(asked, wait + 5))
                await asyncio.sleep(wait)
            else:
                quota.release(1 if paid is None else paid)
                return answer
        raise AssertionError

    return call
