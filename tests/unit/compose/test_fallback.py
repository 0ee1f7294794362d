"""Fallbacks of plain functions: the order, what ends it, and what comes out when all fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backstay.compose import execute_with_fallback
from backstay.errors import InvalidRequestError, UnknownOutcomeError
from backstay.events import Event
from backstay.runtime import Runtime
from backstay.testing.clock import VirtualClock, run


class Stage:
    """Steps that play one outcome each, and the order in which they were asked."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.events: list[Event] = []
        self.runtime = Runtime.in_memory(clock=self.clock, listeners=(self.events.append,))
        self.asked: list[str] = []

    def step(self, name: str, outcome: object) -> Callable[[], Awaitable[object]]:
        async def ask() -> object:
            self.asked.append(name)
            if isinstance(outcome, float):
                await asyncio.sleep(outcome)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        ask.__name__ = name
        return ask

    def run(self, *outcomes: object, **options: Any) -> object:
        first, *others = [self.step(f"step{number}", outcome) for number, outcome in enumerate(outcomes)]
        return run(execute_with_fallback(first, others, runtime=self.runtime, **options), self.clock)


@pytest.mark.parametrize(
    ("outcomes", "answer", "asked"),
    [
        (("a", "b"), "a", 1),
        ((TimeoutError(), "b", "c"), "b", 2),
        ((ValueError(), TimeoutError(), "c"), "c", 3),
        ((TimeoutError(), None), None, 2),
    ],
)
def test_the_first_that_succeeds_answers(outcomes: tuple[object, ...], answer: object, asked: int) -> None:
    """S4-20: the rest is not asked at all; None is an answer."""
    stage = Stage()
    assert stage.run(*outcomes) == answer
    assert stage.asked == [f"step{n}" for n in range(asked)]


def test_each_step_is_told() -> None:
    """Each failure, and who answered in the end and why."""
    stage = Stage()
    stage.run(TimeoutError("slow"), KeyError("k"), "c")
    assert [event.name for event in stage.events] == ["problem", "problem", "fallback_used"]
    assert [event.facts().get("where") for event in stage.events[:2]] == ["primary", "fallback 1"]
    assert stage.events[-1].facts() == {"vendor": None, "function": "step0", "by": "step2", "cause": "TimeoutError"}


def test_nobody_is_told_when_all_is_well() -> None:
    """An answer of the first step is no event."""
    stage = Stage()
    stage.run("a", "b")
    assert stage.events == []


def test_when_all_fail_the_first_error_is_raised() -> None:
    """It is what the caller asked for; the others are its notes, without secrets."""
    error = TimeoutError("slow")
    with pytest.raises(TimeoutError) as caught:
        Stage().run(error, ValueError("password=hunter22"), KeyError("k"))
    assert caught.value is error
    assert error.__notes__ == ["fallback 1 (step1): ValueError: password=REDACTED", "fallback 2 (step2): KeyError: 'k'"]


@pytest.mark.parametrize("default", ["outline", None])
def test_a_default_stands_in_when_all_fail(default: object) -> None:
    """Graceful degradation, and the event says so; without fallbacks too."""
    stage = Stage()
    assert stage.run(TimeoutError(), default=default) == default
    assert stage.events[-1].facts()["by"] == "default"


def test_on_says_which_errors_may_be_covered() -> None:
    """Others are raised at once, from whichever step."""
    stage = Stage()
    with pytest.raises(ValueError, match="a bug"):
        stage.run(TimeoutError(), ValueError("a bug"), "c", on=TimeoutError)
    assert stage.asked == ["step0", "step1"]


def test_an_unknown_outcome_is_never_covered() -> None:
    """The write may have happened: doing it elsewhere would do it twice, and a default would hide it."""
    stage = Stage()
    with pytest.raises(UnknownOutcomeError):
        stage.run(UnknownOutcomeError(), "b", default="c")
    assert stage.asked == ["step0"]


def test_a_fallback_has_its_time_and_the_primary_its_own() -> None:
    """`timeout` cuts off fallbacks only: the first step has a profile for that."""
    stage = Stage()
    assert stage.run(100.0, "b", timeout=5.0) == 100.0
    stage = Stage()
    assert stage.run(TimeoutError(), 100.0, "c", timeout=5.0) == "c"
    assert stage.clock.monotonic() == 1005.0


def test_cancellation_passes() -> None:
    """The caller who goes away is not given a fallback."""
    stage = Stage()

    async def main() -> None:
        steps = stage.step("slow", 100.0), [stage.step("never", "b")]
        task = asyncio.ensure_future(execute_with_fallback(*steps, runtime=stage.runtime))
        await asyncio.sleep(1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main(), stage.clock)
    assert stage.asked == ["slow"]


@pytest.mark.parametrize(("fallbacks", "timeout", "field"), [([7], None, "fallbacks"), ([], 0.0, "timeout")])
def test_wrong_arguments_are_refused(fallbacks: Any, timeout: float | None, field: str) -> None:
    """Before the first step is asked."""
    stage = Stage()
    with pytest.raises(InvalidRequestError) as caught:
        run(execute_with_fallback(stage.step("a", "a"), fallbacks, timeout=timeout, runtime=stage.runtime), stage.clock)
    assert caught.value.field == field
    assert stage.asked == []
