"""Resilience for plain functions: one decorator, three ready-made ones, and a call for what is no function of yours.

    @resilient("external_api")
    async def research(topic: str) -> Report: ...

    @external_api_retry
    def ask(topic: str) -> str: ...

    campaign = await retry_with_backoff(api.get_campaign, "c1", max_retries=3, timeout=30, context="get_campaign")

The function's own last exception is raised, the very object; ours only where the failure is ours: `CallTimeoutError`,
`DeadlineExceededError`, `CircuitOpenError`, `LoadShedError`, `RateLimitError`, `UnknownOutcomeError`. What is worth
another call is in `backstay.transient`. Vendors' operations have adapters; this is for everything else.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple, Unpack, cast, overload

from backstay.operation import refuse_unknown
from backstay.plain import FunctionOptions, Guard, SharedOptions, function_module, function_name, wrap
from backstay.policies.settings import above, refuse, text
from backstay.profile import Profile, attempts, preset
from backstay.transient import On

F = TypeVar("F", bound=Callable[..., object])
R = TypeVar("R")
Ts = TypeVarTuple("Ts")

_SPARE: Final = 3.0
"""Seconds added to a deadline that is made of attempts and waits."""


class Decorator(Protocol):
    """Gives back a function of the same type."""

    def __call__(self, function: F, /) -> F:
        """Guard the function."""
        ...


def resilient(profile: Profile | str | None = None, **options: Unpack[FunctionOptions]) -> Decorator:
    """Guard a function, `async def` or plain, with a profile, the preset of a name, or the default profile.

    Raises InvalidRequestError at once for wrong options, and for generators, which cannot be begun again. A blocking
    function is not interrupted: its deadline is checked between attempts (`backstay.time_left()` tells it the rest).
    """
    if unknown := options.keys() - FunctionOptions.__annotations__.keys():
        refuse_unknown("resilient", {name: options.get(name) for name in unknown}, _KNOWN)
    if callable(profile):
        refuse("profile", profile, "parentheses, @resilient(), or use @api_retry and its kin, which need none")
    preset(profile)

    def decorate(function: F, /) -> F:
        return wrap(Guard(function, profile, options))  # type: ignore[return-value]  # the same signature, by functools.wraps

    return decorate


_KNOWN: Final = frozenset(FunctionOptions.__annotations__)


class Ready:
    """A decorator with a preset inside: `@external_api_retry`, or `@external_api_retry(max_attempts=3)`."""

    __slots__ = ("_profile",)

    def __init__(self, profile: str) -> None:
        self._profile = profile

    @overload
    def __call__(self, function: F, /) -> F: ...
    @overload
    def __call__(self, /, **options: Unpack[FunctionOptions]) -> Decorator: ...
    def __call__(self, /, *function: Any, **options: Any) -> Any:
        """Guard a function, or take options and return the decorator."""
        decorate = resilient(self._profile, **options)
        return decorate(*function) if function else decorate

    def __repr__(self) -> str:
        return f"<{self._profile}_retry>"


external_api_retry: Final = Ready("external_api")
"""5 calls; waits 2, 4, 8, 16 s (S3-02)."""
api_retry: Final = Ready("api")
"""3 calls; waits 1, 2 s (S3-03)."""
database_retry: Final = Ready("database")
"""3 calls; waits 0.5, 1 s (S3-04)."""


async def retry_with_backoff(
    func: Callable[[*Ts], Awaitable[R]],
    *args: *Ts,
    max_retries: int = 3,
    timeout: float = 30.0,
    context: str | None = None,
    profile: Profile | str = "ads_default",
    **options: Unpack[SharedOptions],
) -> R:
    """Call an async function, or anything that returns an awaitable, until it succeeds or there is reason to stop.

    With the defaults: 4 calls of at most 30 s each, waits of 1, 2 and 4 s, 130 s in all. `context` is the operation's
    name in logs. Keywords of the function travel in a `functools.partial` or a lambda.

    Never for a call that creates or publishes, unless `effect=` and `look=` say how to find what a lost one made.
    """
    _check_function(func)
    chosen = preset(profile)
    calls = attempts(None, max_retries, chosen.retry.max_attempts)
    above("timeout", timeout, 0.0)
    if context:
        text("context", context)
    full = {
        "name": context or function_name(func),
        "scope": f"{function_module(func)}.{function_name(func, full=True)}",
        "deadline": calls * timeout + _waits(chosen, calls) + _SPARE,
        "max_attempts": calls,
        "attempt_timeout": timeout,
        **options,
    }

    async def ask(*args: *Ts) -> R:
        answer = func(*args)
        if not inspect.isawaitable(answer):
            refuse("func", func, "a function that returns an awaitable; @resilient guards blocking ones")
        return await answer

    return await resilient(chosen, **cast("FunctionOptions", full))(ask)(*args)


def _waits(profile: Profile, calls: int) -> float:
    """Seconds that all waits between so many calls take at most."""
    return sum(profile.retry.backoff.nominal(retry) for retry in range(1, calls))


def _check_function(func: object) -> None:
    if inspect.iscoroutine(func):
        func.close()
    if not callable(func):
        refuse("func", func, "the function itself: a coroutine can be awaited only once")


__all__ = ["On", "api_retry", "database_retry", "external_api_retry", "resilient", "retry_with_backoff"]
