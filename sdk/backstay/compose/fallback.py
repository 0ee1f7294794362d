"""One answer from several steps: the first that succeeds gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final, Literal, TypeVar

from backstay.engine.report import class_name
from backstay.errors import UnknownOutcomeError
from backstay.events import FallbackUsed, Problem
from backstay.plain import function_name
from backstay.policies.settings import above, refuse
from backstay.runtime import Runtime, default_runtime
from backstay.transient import On, describe, judge_by

R = TypeVar("R")
Step = Callable[[], Awaitable[R]]


class _Nothing(Enum):
    NOTHING = "nothing"


NOTHING: Final = _Nothing.NOTHING
"""No default: None may be one."""


async def execute_with_fallback(
    primary: Step[R],
    fallbacks: Sequence[Step[R]],
    *,
    timeout: float | None = None,
    default: R | Literal[_Nothing.NOTHING] = NOTHING,
    on: On | None = None,
    runtime: Runtime | None = None,
) -> R:
    """Ask the steps one after the other; each is an async function without arguments, guarded or not (S4-20).

    `timeout` is in seconds, for each fallback. After any error the next step is asked, or only after those that `on`
    names; after an unknown outcome of a write never, because it may have happened. When all fail, `default` is the
    answer if there is one, else the first step's error is raised, with a note for each of the others.
    """
    if timeout is not None:
        above("timeout", timeout, 0.0)
    steps, failed = [primary, *fallbacks], list[Exception]()
    if wrong := [step for step in steps if not callable(step)]:
        refuse("fallbacks", wrong[0], "functions without arguments, such as functools.partial(ask, topic)")
    judge = judge_by(on) if on is not None else None
    teller = _Teller(runtime or default_runtime(), function_name(primary))
    for number, step in enumerate(steps):
        try:
            async with asyncio.timeout(timeout if number else None):
                answer = await step()
        except Exception as error:
            teller.failed(number, function_name(step), error)
            if isinstance(error, UnknownOutcomeError) or (judge is not None and not judge(error).retryable):
                raise
            failed.append(error)
        else:
            if failed:
                teller.used(function_name(step), failed[0])
            return answer
    if default is not NOTHING:
        teller.used("default", failed[0])
        return default
    raise _with_notes(failed, steps)


def _with_notes(failed: list[Exception], steps: Sequence[Step[R]]) -> Exception:
    first, *others = failed
    for number, error in enumerate(others, 1):
        first.add_note(f"fallback {number} ({function_name(steps[number])}): {describe(error)}")
    return first


class _Teller:
    """Tells the listeners about each step."""

    def __init__(self, runtime: Runtime, function: str) -> None:
        self.events, self.clock, self.function = runtime.events, runtime.clock, function

    def failed(self, number: int, name: str, error: Exception) -> None:
        if self.events.listeners:
            where = f"fallback {number}" if number else "primary"
            self.events.emit(Problem(at=self.clock.wall(), function=name, where=where, error=describe(error)))

    def used(self, by: str, error: Exception) -> None:
        if self.events.listeners:
            cause = class_name(error)
            self.events.emit(FallbackUsed(at=self.clock.wall(), function=self.function, by=by, cause=cause))


__all__ = ["NOTHING", "execute_with_fallback"]
