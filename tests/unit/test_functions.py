"""Plain functions under the engine: schedules, the exception that comes out, effects, caching, and bad arguments."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest

from backstay.engine.call import time_left
from backstay.errors import (
    CallTimeoutError,
    CircuitOpenError,
    DeadlineExceededError,
    InvalidRequestError,
    PlatformServiceError,
    RateLimitError,
    TokenExpiredError,
    UnknownOutcomeError,
)
from backstay.events import Event
from backstay.functions import api_retry, database_retry, external_api_retry, resilient, retry_with_backoff
from backstay.policies.effect import Effect
from backstay.profile import PRESETS, Profile
from backstay.runtime import Runtime
from backstay.testing.clock import VirtualClock
from backstay.testing.clock import run as virtually

REQUEST = httpx.Request("GET", "https://vendor.example/x")


def answered(status: int, **headers: str) -> httpx.HTTPStatusError:
    response = httpx.Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()}, request=REQUEST)
    return httpx.HTTPStatusError(f"status {status}", request=REQUEST, response=response)


class Stage:
    """A virtual clock, a runtime on it, its events, and functions that play a list of outcomes."""

    def __init__(self) -> None:
        self.clock = VirtualClock(seed=3)
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        self.times: list[float] = []
        self.began = self.clock.monotonic()

    def next(self, steps: list[object]) -> object:
        self.times.append(self.clock.monotonic() - self.began)
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, BaseException):
            raise step
        return step

    def asking(self, *steps: object) -> Callable[..., Any]:
        """An async function that plays these outcomes, the last one for ever."""
        left = list(steps)

        async def ask(*_: object, **__: object) -> object:
            return self.next(left)

        return ask

    def blocking(self, *steps: object) -> Callable[..., Any]:
        """The same, blocking."""
        left = list(steps)
        return lambda *_, **__: self.next(left)

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it, in virtual time if it is async."""
        if inspect.iscoroutinefunction(function):
            return virtually(function(*args, **kwargs), self.clock)
        return function(*args, **kwargs)

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event.facts() for event in self.events if event.name == name]


@pytest.fixture
def stage() -> Stage:
    return Stage()


BOTH = pytest.mark.parametrize("kind", ["asking", "blocking"])


# Schedules -----------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("preset", "waits"),
    [
        ("ads_default", [1, 2, 4]),
        ("external_api", [2, 4, 8, 16]),
        ("api", [1, 2]),
        ("database", [0.5, 1]),
    ],
)
def test_the_schedules_of_the_requirements(stage: Stage, kind: str, preset: str, waits: list[float]) -> None:
    """S0-02, S3-02 to S3-04, decision 1: the waits to the moment, and one call more than waits."""
    guarded = resilient(preset, runtime=stage.runtime)(getattr(stage, kind)(TimeoutError()))

    with pytest.raises(TimeoutError):
        stage.run(guarded)

    assert stage.times == pytest.approx([sum(waits[:n]) for n in range(len(waits) + 1)])
    assert stage.named("retry_exhausted")[0]["total_delay"] == pytest.approx(sum(waits))


@pytest.mark.parametrize("preset", ["kafka", "standard"])
def test_jitter_stays_between_half_and_all(preset: str) -> None:
    """S2-07, decision 23: never above the nominal wait, never below half of it, and not always the same."""
    seen = set()
    for seed in range(20):
        stage = Stage()
        stage.clock.random = VirtualClock(seed).random
        with pytest.raises(ConnectionResetError):
            stage.run(resilient(preset, runtime=stage.runtime)(stage.asking(ConnectionResetError())))
        for number, event in enumerate(stage.named("retry_attempt")):
            assert 0.5 * 2**number <= event["delay"] <= 2**number
            seen.add(round(event["delay"] / 2**number, 2))
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("ready", "calls"), [(external_api_retry, 5), (api_retry, 3), (database_retry, 3)], ids=["external", "api", "db"]
)
def test_ready_made_decorators_bare_and_called(stage: Stage, ready: Any, calls: int) -> None:
    """S3-01: `@external_api_retry` and `@external_api_retry(...)` are both decorators."""
    with pytest.raises(TimeoutError):
        stage.run(ready(runtime=stage.runtime)(stage.asking(TimeoutError())))
    assert len(stage.times) == calls

    @ready
    async def once(x: int) -> int:
        """Its own words."""
        return x

    assert virtually(once(7)) == 7
    assert once.__doc__ == "Its own words."


def test_the_worked_example(stage: Stage) -> None:
    """S3-50: three failures, waits of 2 + 4 + 8 = 14 s, and the third retry succeeds."""
    timeout = httpx.ReadTimeout("slow")

    async def _research_with_perplexity(topic: str) -> object:
        return stage.next(steps)

    steps: list[object] = [timeout, timeout, timeout, "vectors"]
    guarded = external_api_retry(runtime=stage.runtime)(_research_with_perplexity)

    assert stage.run(guarded, "How vector embeddings work") == "vectors"
    assert stage.times == pytest.approx([0, 2, 6, 14])
    success = stage.named("retry_success")[0]
    assert success == {
        "vendor": None, "function": "_research_with_perplexity", "attempt": 3, "total_delay": 14.0, "calls": 4
    }  # fmt: skip


def test_research_retries_on_timeout(stage: Stage) -> None:
    """S3-62, verbatim: three timeouts, then success: `call_count` is 4."""
    mock = AsyncMock(side_effect=[httpx.ReadTimeout("x"), httpx.ReadTimeout("x"), httpx.ReadTimeout("x"), "research"])

    assert stage.run(external_api_retry(runtime=stage.runtime)(mock), "AI embeddings") == "research"

    assert mock.call_count == 4
    mock.assert_called_with("AI embeddings")


def test_dalle_retries_on_503(stage: Stage) -> None:
    """S3-62, verbatim: two 503, then success: `call_count` is 3."""
    mock = AsyncMock(side_effect=[answered(503), answered(503), {"url": "u"}])

    assert stage.run(external_api_retry(runtime=stage.runtime)(mock)) == {"url": "u"}

    assert mock.call_count == 3


@pytest.mark.parametrize(
    ("options", "calls"), [({"max_attempts": 2}, 2), ({"max_retries": 2}, 3), ({"max_attempts": 1}, 1)]
)
def test_attempts_and_retries(stage: Stage, options: Any, calls: int) -> None:
    """Decision 1: `max_attempts` counts calls, `max_retries=n` is n + 1 of them."""
    with pytest.raises(TimeoutError):
        stage.run(resilient("api", runtime=stage.runtime, **options)(stage.asking(TimeoutError())))
    assert len(stage.times) == calls


# What comes out ------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("make", "calls"),
    [
        (lambda: ConnectionResetError("x"), 3),
        (lambda: answered(503), 3),
        (lambda: answered(501), 1),
        (lambda: answered(400), 1),
        (lambda: ValueError("a bug"), 1),
        (lambda: FileNotFoundError("x"), 1),
        (PlatformServiceError, 3),
        (TokenExpiredError, 1),
        (CircuitOpenError, 1),
    ],
)
def test_the_last_exception_itself_is_raised(
    stage: Stage, kind: str, make: Callable[[], Exception], calls: int
) -> None:
    """Decisions 5, 6, 18: the same object, neither wrapped nor chained, after as many calls as its kind is worth."""
    error = make()
    with pytest.raises(type(error)) as caught:
        stage.run(resilient("api", runtime=stage.runtime)(getattr(stage, kind)(error)))

    assert caught.value is error
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(stage.times) == calls


@BOTH
def test_causes_and_contexts_stay_as_they_were(stage: Stage, kind: str) -> None:
    """`raise X from Y` inside stays what it is, and what the caller is handling just now does not get in its place."""
    error, cause = ValueError("x"), KeyError("cause")
    error.__cause__ = cause
    guarded = resilient(runtime=stage.runtime)(getattr(stage, kind)(error))
    seen: list[object] = []

    try:
        raise RuntimeError("handled outside")
    except RuntimeError as outside:
        try:
            stage.run(guarded)
        except ValueError as caught:
            seen = [caught, caught.__cause__, caught.__context__]
        assert seen[:2] == [error, cause]
        assert seen[2] in {None, outside}  # None where the function ran in a task of its own


@BOTH
def test_the_newest_of_several_exceptions_is_raised(stage: Stage, kind: str) -> None:
    """A permanent error after a passing one ends the call and is what the caller sees."""
    last = ValueError("now it is clear")

    with pytest.raises(ValueError, match="clear") as caught:
        stage.run(resilient("api", runtime=stage.runtime)(getattr(stage, kind)(TimeoutError(), last)))

    assert caught.value is last
    assert stage.named("operation_error")[0]["why"] == "not_retryable"


def test_a_hanging_attempt_is_cut_off(stage: Stage) -> None:
    """Four hanging attempts of 30 s and 7 s of waits: our own error after 127 s, with its timeline."""

    @resilient("ads_default", runtime=stage.runtime)
    async def hang() -> None:
        await asyncio.sleep(1e6)

    with pytest.raises(CallTimeoutError) as caught:
        stage.run(hang)

    assert stage.clock.monotonic() - stage.began == pytest.approx(127.0)
    assert [attempt.type for attempt in caught.value.attempts] == ["TIMEOUT"] * 4
    assert caught.value.operation == "hang"


def test_cancellation_is_never_repeated(stage: Stage) -> None:
    """CancelledError passes through after one call and leaves no place taken."""

    @resilient("api", runtime=stage.runtime)
    async def hang() -> None:
        stage.times.append(0.0)
        await asyncio.sleep(1e6)

    async def main() -> None:
        task = asyncio.ensure_future(hang())
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    virtually(main(), stage.clock)
    assert len(stage.times) == 1
    assert stage.runtime.scopes[0].idle


def test_a_cancelled_error_that_the_function_raises_is_not_repeated(stage: Stage) -> None:
    """Even when nobody cancelled the task."""
    guarded = resilient("api", runtime=stage.runtime)(stage.asking(asyncio.CancelledError()))

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await guarded()

    virtually(main(), stage.clock)
    assert len(stage.times) == 1


@BOTH
def test_the_servers_wait_counts(stage: Stage, kind: str) -> None:
    """Decision 17: longer than our backoff, it is obeyed; longer than the deadline, the call fails at once."""
    obeyed = resilient("api", runtime=stage.runtime)(getattr(stage, kind)(answered(429, retry_after="5"), "done"))
    assert stage.run(obeyed) == "done"
    assert stage.times[1] == pytest.approx(5.0, abs=1e-3)

    late = Stage()
    refused = resilient("api", runtime=late.runtime)(getattr(late, kind)(answered(429, retry_after="500")))
    with pytest.raises(httpx.HTTPStatusError):
        late.run(refused)
    assert len(late.times) == 1
    assert late.named("operation_error")[0]["why"] == "vendor_wait"


@BOTH
def test_on_with_a_wait(stage: Stage, kind: str) -> None:
    """A predicate that answers a number: again, in that many seconds at the earliest."""
    guarded = resilient("api", on=lambda error: 7.0, runtime=stage.runtime)(getattr(stage, kind)(ValueError(), "done"))
    assert stage.run(guarded) == "done"
    assert stage.times[1] == pytest.approx(7.0)


@BOTH
def test_an_open_breaker_is_our_refusal(stage: Stage, kind: str) -> None:
    """S4-30: after enough failures nothing is called any more, and the error is ours."""
    guarded = resilient(PRESETS["api"], runtime=stage.runtime, max_attempts=1)(
        getattr(stage, kind)(ConnectionResetError())
    )
    for _ in range(20):
        with pytest.raises(ConnectionResetError):
            stage.run(guarded)
    with pytest.raises(CircuitOpenError):
        stage.run(guarded)
    assert len(stage.times) == 20
    assert [(event["old"], event["new"]) for event in stage.named("breaker_changed")] == [("closed", "open")]


def test_bugs_do_not_open_the_breaker(stage: Stage) -> None:
    """A permanent error says nothing of the vendor (S4-30: exception-specific)."""
    guarded = resilient(runtime=stage.runtime)(stage.asking(ValueError()))
    for _ in range(50):
        with pytest.raises(ValueError):
            stage.run(guarded)
    assert len(stage.times) == 50


def test_retries_are_paid_from_a_budget(stage: Stage) -> None:
    """An endless outage is not met with endless retries: after the reserve each call is made once."""
    calm = PRESETS["api"].with_(budget_ratio=0.0, budget_reserve=4.0)
    guarded = resilient(calm, runtime=stage.runtime)(stage.asking(TimeoutError()))
    for _ in range(5):
        with pytest.raises(TimeoutError):
            stage.run(guarded)
    assert len(stage.times) == 5 + 4
    assert stage.named("operation_error")[-1]["why"] == "budget"


@BOTH
def test_an_inner_functions_tries_are_not_multiplied(stage: Stage, kind: str) -> None:
    """One owner of retries: the outer function takes the inner one's failure as final."""
    inner = resilient("api", runtime=stage.runtime, scope="inner")(getattr(stage, kind)(TimeoutError()))

    if kind == "asking":

        @resilient("external_api", runtime=stage.runtime)
        async def outer() -> object:
            return await inner()
    else:

        @resilient("external_api", runtime=stage.runtime)
        def outer() -> object:
            return inner()

    for _ in range(2):  # the very same exception object: nothing of the first time may stick to it
        stage.times.clear()
        with pytest.raises(TimeoutError):
            stage.run(outer)
        assert len(stage.times) == 3


def test_nested_calls_inherit_the_deadline(stage: Stage) -> None:
    """Inside, `time_left()` is what the outer call has left, and the inner call cannot take more."""
    seen: list[float | None] = []

    @resilient(runtime=stage.runtime)
    async def inner() -> None:
        seen.append(time_left())

    @resilient(runtime=stage.runtime, deadline=5.0)
    async def outer() -> None:
        await asyncio.sleep(2.0)
        await inner()

    stage.run(outer)
    assert seen == pytest.approx([3.0])
    assert time_left() is None


# retry_with_backoff --------------------------------------------------------------------------------------------------


def test_retry_with_backoff_as_in_the_requirements(stage: Stage) -> None:
    """S0-01: `func=`, 3 retries of 1, 2, 4 s, 30 s an attempt, and the context names the operation."""

    async def main() -> None:
        await retry_with_backoff(
            func=stage.asking(TimeoutError()), max_retries=3, timeout=30, context="create_report", runtime=stage.runtime
        )

    with pytest.raises(TimeoutError):
        virtually(main(), stage.clock)

    assert stage.times == pytest.approx([0, 1, 3, 7])
    assert stage.named("operation_error")[0]["function"] == "create_report"
    assert stage.named("operation_error")[0]["retry_count"] == 3


def test_retry_with_backoff_takes_arguments_and_factories(stage: Stage) -> None:
    """Arguments go to the function; a lambda that makes an awaitable is as good as a coroutine function."""

    async def double(x: int) -> int:
        return 2 * x

    async def main() -> tuple[int, int]:
        direct = await retry_with_backoff(double, 4, runtime=stage.runtime)
        return direct, await retry_with_backoff(lambda: asyncio.ensure_future(double(5)), runtime=stage.runtime)

    assert virtually(main(), stage.clock) == (8, 10)


@pytest.mark.parametrize(("retries", "timeout", "lasts"), [(0, 10.0, 10.0), (1, 60.0, 121.0), (3, 60.0, 247.0)])
def test_retry_with_backoff_gives_every_attempt_its_time(
    stage: Stage, retries: int, timeout: float, lasts: float
) -> None:
    """The deadline is made of the attempts and the waits, whatever `timeout` is."""

    async def main() -> None:
        await retry_with_backoff(
            lambda: asyncio.sleep(1e6), max_retries=retries, timeout=timeout, runtime=stage.runtime
        )

    with pytest.raises(CallTimeoutError):
        virtually(main(), stage.clock)
    assert stage.clock.monotonic() - stage.began == pytest.approx(lasts)


@pytest.mark.parametrize("wrong", ["coroutine", "blocking", "no function"])
def test_retry_with_backoff_refuses_what_it_cannot_repeat(stage: Stage, wrong: str) -> None:
    """A coroutine object can be awaited once; a blocking function is no awaitable."""

    async def main() -> None:
        func: Any = {"coroutine": lambda: asyncio.sleep(0), "blocking": lambda: blocking, "no function": lambda: 7}[
            wrong
        ]()
        await retry_with_backoff(func, *([1] if wrong == "blocking" else []), runtime=stage.runtime)

    with pytest.raises(InvalidRequestError) as caught:
        virtually(main(), stage.clock)
    assert caught.value.field == "func"


# Effects and the cache -----------------------------------------------------------------------------------------------


class Shop:
    """A vendor that makes things and can lose the answer."""

    def __init__(self) -> None:
        self.made: dict[str, int] = {}
        self.lose = 0
        self.fail: Exception | None = None
        self.calls = 0
        self.looks = 0

    async def create(self, name: str) -> int:
        self.calls += 1
        if self.fail is not None:
            raise self.fail
        self.made[name] = self.made.get(name, 0) + 1
        if self.lose:
            self.lose -= 1
            raise httpx.ReadTimeout("the answer is lost")
        return self.made[name]

    async def find(self, name: str) -> int | None:
        self.looks += 1
        return self.made.get(name)


def creating(stage: Stage, shop: Shop, **options: Any) -> Callable[..., Any]:
    return resilient("api", effect=Effect.CREATE, look=shop.find, runtime=stage.runtime, scope="shop", **options)(
        shop.create
    )


def test_a_lost_create_is_adopted(stage: Stage) -> None:
    """The answer is lost, the object is there: it is found and not made again."""
    shop = Shop()
    shop.lose = 1

    assert stage.run(creating(stage, shop), "spring") == 1

    assert (shop.calls, shop.made) == (1, {"spring": 1})
    assert stage.named("write_settled")[0]["outcome"] == "adopted"


def test_a_create_that_did_not_happen_is_made_again(stage: Stage) -> None:
    """A 503 and nothing there: sent once more; what the server never did is not adopted."""
    shop = Shop()

    async def flaky(name: str) -> int:
        if shop.calls == 0:
            shop.calls += 1
            raise answered(503)
        return await shop.create(name)

    guarded = resilient("api", effect=Effect.CREATE, look=shop.find, runtime=stage.runtime)(flaky)

    assert stage.run(guarded, "spring") == 1
    assert shop.looks == 1


def test_the_same_intent_is_made_once(stage: Stage) -> None:
    """Equal arguments are one intent: the second call answers what the first one made; `key=` says it otherwise."""
    shop = Shop()
    guarded = creating(stage, shop)
    assert [stage.run(guarded, "a"), stage.run(guarded, "a"), stage.run(guarded, "b")] == [1, 1, 1]
    assert shop.calls == 2

    keyed = resilient(effect=Effect.CREATE, look=shop.find, key=lambda name: "one", runtime=stage.runtime)(shop.create)
    assert stage.run(keyed, "c") == 1
    assert stage.run(keyed, "d") == 1
    assert "d" not in shop.made


def test_a_refused_create_raises_the_functions_own_exception(stage: Stage) -> None:
    """A 400 is a decoded refusal: not looked up, not repeated."""
    shop = Shop()
    shop.fail = answered(400)

    with pytest.raises(httpx.HTTPStatusError) as caught:
        stage.run(creating(stage, shop), "spring")

    assert caught.value is shop.fail
    assert (shop.calls, shop.looks) == (1, 0)


def test_a_look_that_fails_leaves_the_outcome_open(stage: Stage) -> None:
    """Neither sent again nor called a failure: UNKNOWN_OUTCOME; the next call with the key looks first."""
    shop = Shop()
    shop.lose = 1
    trouble: list[Exception] = [ConnectionResetError()]

    async def find(name: str) -> int | None:
        if trouble:
            raise trouble[0]
        return await shop.find(name)

    guarded = resilient("api", effect=Effect.CREATE, look=find, runtime=stage.runtime)(shop.create)
    with pytest.raises(UnknownOutcomeError):
        stage.run(guarded, "spring")
    trouble.clear()

    assert stage.run(guarded, "spring") == 1
    assert shop.calls == 1


def test_a_hanging_look_ends_with_the_deadline(stage: Stage) -> None:
    """A look has what the call has left, and not for ever."""
    shop = Shop()
    shop.lose = 1
    guarded = resilient(
        "api", effect=Effect.CREATE, look=lambda name: asyncio.sleep(1e6), runtime=stage.runtime, deadline=20.0
    )(shop.create)

    with pytest.raises(UnknownOutcomeError):
        stage.run(guarded, "spring")

    assert stage.clock.monotonic() - stage.began == pytest.approx(20.0)


def test_arguments_without_a_lasting_repr_name_no_intent(stage: Stage) -> None:
    """An address differs in the next process: it must not become an idempotency key."""
    shop = Shop()
    with pytest.raises(InvalidRequestError, match="addresses") as caught:
        stage.run(creating(stage, shop), object())
    assert caught.value.field == "key"
    assert shop.calls == 0


def test_a_lost_picture_is_not_paid_for_twice(stage: Stage) -> None:
    """GENERATE under a profile that says so: the lost one counts as spent."""
    once = PRESETS["api"].with_(generate_again=False)
    guarded = resilient(once, effect=Effect.GENERATE, runtime=stage.runtime)(stage.asking(TimeoutError()))
    with pytest.raises(TimeoutError):
        stage.run(guarded)
    assert len(stage.times) == 1


def test_an_absolute_write_is_sent_again(stage: Stage) -> None:
    """SET: twice is as once."""
    guarded = resilient("api", effect=Effect.SET, runtime=stage.runtime)(stage.asking(TimeoutError(), "set"))
    assert stage.run(guarded, 5) == "set"
    assert len(stage.times) == 2


def test_an_answer_is_fresh_for_its_ttl(stage: Stage) -> None:
    """Asked once, answered from the cache until the ttl is over; other arguments are another answer."""
    guarded = resilient("api", ttl=10.0, runtime=stage.runtime)(stage.asking("one", "two", "three"))
    assert [stage.run(guarded, "a"), stage.run(guarded, "a"), stage.run(guarded, "b")] == ["one", "one", "two"]
    stage.clock.advance(11.0)
    assert stage.run(guarded, "a") == "three"


def test_a_stale_answer_stands_in_for_a_passing_failure_only(stage: Stage) -> None:
    """Within `max_stale` after a timeout; never after a bug of the function."""
    steps = ["old", TimeoutError()]
    guarded = resilient("api", ttl=1.0, max_stale=3600.0, runtime=stage.runtime)(stage.asking(*steps))
    assert stage.run(guarded) == "old"
    stage.clock.advance(10.0)
    assert stage.run(guarded) == "old"
    assert stage.named("stale_served")[0]["cause"] == "TIMEOUT"

    broken = resilient("api", ttl=1.0, max_stale=3600.0, runtime=stage.runtime, scope="b")(
        stage.asking("old", ValueError())
    )
    assert stage.run(broken) == "old"
    stage.clock.advance(10.0)
    with pytest.raises(ValueError):
        stage.run(broken)


# Identity and bad arguments ------------------------------------------------------------------------------------------


def test_a_decorated_function_looks_like_itself() -> None:
    """Name, docstring, signature, and whether it is a coroutine function."""

    async def ask(topic: str, *, depth: int = 1) -> list[str]:
        """Ask."""
        return [topic] * depth

    def tell(x: int) -> int:
        return x

    guarded = resilient()(ask)
    assert (guarded.__name__, guarded.__doc__, guarded.__module__) == ("ask", "Ask.", __name__)
    assert inspect.signature(guarded) == inspect.signature(ask)
    assert inspect.iscoroutinefunction(guarded)
    assert not inspect.iscoroutinefunction(resilient()(tell))


def test_methods_and_other_callables(stage: Stage) -> None:
    """A method, a static one, a partial, and an object with `async def __call__`."""

    class Service:
        @resilient(runtime=stage.runtime)
        async def ask(self, x: int) -> int:
            return x + 1

        @staticmethod
        @resilient(runtime=stage.runtime)
        async def still(x: int) -> int:
            return x + 2

        async def __call__(self, x: int) -> int:
            return x + 3

    async def add(x: int, y: int) -> int:
        return x + y

    calls = [
        Service().ask,
        Service.still,
        *map(resilient(runtime=stage.runtime), [Service(), functools.partial(add, 4)]),
    ]
    assert [stage.run(call, 1) for call in calls] == [2, 3, 4, 5]


def test_a_scope_is_shared_by_name(stage: Stage) -> None:
    """Functions have a scope each, unless they name the same."""
    one, two = (resilient(runtime=stage.runtime, scope="perplexity")(stage.asking(n)) for n in (1, 2))
    stage.run(one), stage.run(two)
    assert [scope.name for scope in stage.runtime.scopes] == ["function/perplexity"]
    assert stage.runtime.scopes[0].calls == 2

    stage.run(resilient(runtime=stage.runtime)(stage.asking(1)))
    assert stage.runtime.scopes[-1].name == f"function/{__name__}.Stage.asking.<locals>.ask"


async def gen() -> AsyncIterator[int]:
    yield 1


def plain_gen() -> Iterator[int]:
    yield 1


async def fine(x: int) -> int:
    return x


def blocking(x: int) -> int:
    return x


@pytest.mark.parametrize(
    ("function", "options", "field"),
    [
        (fine, {"max_attempts": 0}, "max_attempts"),
        (fine, {"max_attempts": 11}, "max_attempts"),
        (fine, {"max_retries": 10}, "max_retries"),
        (fine, {"max_retries": -1}, "max_retries"),
        (fine, {"max_retries": "2"}, "max_retries"),
        (fine, {"max_attempts": "3", "max_retries": 3}, "max_attempts"),
        (fine, {"max_attempts": 2.5}, "max_attempts"),
        (fine, {"max_attempts": 3, "max_retries": 3}, "max_retries"),
        (fine, {"deadline": 0}, "deadline"),
        (fine, {"scope": 3}, "scope"),
        (fine, {"scope": ""}, "scope"),
        (fine, {"name": 5}, "name"),
        (fine, {"key": "c1"}, "key"),
        (fine, {"letters": "yes"}, "letters"),
        (fine, {"attempt_timeout": -1}, "attempt_timeout"),
        (fine, {"ttl": -1.0}, "ttl"),
        (fine, {"on": 42}, "on"),
        (fine, {"retries": 3}, "retries"),
        (fine, {"effect": "create"}, "effect"),
        (fine, {"effect": Effect.CREATE}, "look"),
        (fine, {"look": fine}, "look"),
        (fine, {"effect": Effect.SET, "ttl": 5.0}, "ttl"),
        (fine, {"runtime": "mine"}, "runtime"),
        (blocking, {"ttl": 5.0}, "ttl"),
        (blocking, {"attempt_timeout": 5.0}, "attempt_timeout"),
        (blocking, {"effect": Effect.PUBLISH, "look": fine}, "effect"),
        (gen, {}, "function"),
        (plain_gen, {}, "function"),
        (staticmethod(fine), {}, "function"),
        (Shop, {}, "function"),
        (7, {}, "function"),
    ],
)
def test_wrong_arguments_are_refused_when_decorating(function: Any, options: Any, field: str) -> None:
    """Before the first call: the field, its value and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        resilient(**options)(function)
    assert caught.value.field == field
    assert caught.value.hint


def test_resilient_needs_its_parentheses() -> None:
    """The refusal says so; without it the function would be taken for a profile."""
    with pytest.raises(InvalidRequestError, match="parentheses"):
        resilient(fine)  # type: ignore[arg-type]  # planted


@BOTH
def test_on_may_name_an_error_of_ours(stage: Stage, kind: str) -> None:
    """Its certainty and wait count; the function's own exception is what comes out."""
    error = ValueError("busy")
    guarded = resilient("api", on=lambda e: RateLimitError(retry_after=5.0), runtime=stage.runtime)(
        getattr(stage, kind)(error)
    )
    with pytest.raises(ValueError, match="busy") as caught:
        stage.run(guarded)
    assert caught.value is error
    assert stage.times == pytest.approx([0, 5, 10], abs=1e-3)
    assert stage.named("retry_attempt")[0]["exception"] == "ValueError"


@pytest.mark.parametrize("profile", ["extrenal_api", 3, ["api"]])
def test_an_unknown_preset_is_refused(profile: Any) -> None:
    """The refusal names the presets that there are."""
    with pytest.raises(InvalidRequestError, match="external_api"):
        resilient(profile)


def test_a_plain_function_that_returns_a_coroutine_is_refused(stage: Stage) -> None:
    """It would run unguarded; its coroutine is closed, so nothing is left un-awaited."""

    def hidden() -> Any:
        return fine(1)

    with pytest.raises(InvalidRequestError, match="function"):
        resilient(runtime=stage.runtime)(hidden)()


def test_profiles_limits_hold_for_functions(stage: Stage) -> None:
    """S4-60: a token bucket on a plain function lets the burst through and spaces the rest, sync and async alike."""
    from backstay.profile import Limit

    slow = Profile(limits={"app": Limit(rate=2.0, burst=1.0)})
    for kind in ("asking", "blocking"):
        stage.times.clear()
        stage.began = stage.clock.monotonic()
        guarded = resilient(slow, runtime=stage.runtime, scope=kind)(getattr(stage, kind)("done"))
        for _ in range(3):
            stage.run(guarded)
        assert stage.times == pytest.approx([0.0, 0.5, 1.0], abs=1e-4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_makes_its_own_plan(stage: Stage) -> None:
    """The parent's locks and pools must not be used; a runtime that was given explicitly is refused there."""
    own = resilient(runtime=stage.runtime)(blocking)
    common = resilient()(blocking)
    assert (own(1), common(1)) == (1, 1)
    child = os.fork()
    if child == 0:  # pragma: no cover - in the child
        try:
            own(1)
        except InvalidRequestError:
            os._exit(0 if common(2) == 2 else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_deadline_before_the_first_attempt_is_ours(stage: Stage) -> None:
    """When the outer call has nothing left, nothing is called, and the error says so."""
    inner = resilient(runtime=stage.runtime)(stage.asking(1))

    @resilient("api", runtime=stage.runtime, deadline=5.0, max_attempts=1)
    def outer() -> None:
        stage.clock.advance(6.0)
        virtually(inner(), stage.clock)

    with pytest.raises(DeadlineExceededError):
        outer()
    assert stage.times == []


def test_a_limit_that_comes_too_late_is_refused_at_once(stage: Stage) -> None:
    """A caller learns it now and not at the deadline."""
    from backstay.profile import Limit

    slow = Profile(limits={"app": Limit(rate=0.001, burst=1.0)})
    guarded = resilient(slow, runtime=stage.runtime)(stage.asking(1))
    stage.run(guarded)
    with pytest.raises(RateLimitError):
        stage.run(guarded)
    assert stage.clock.monotonic() == stage.began
