"""Steps that are asked one after the other: their time, what a failure leads to, and the end when all fail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Final, TypeVar

from backstay.answer import UNSERVED, Answer, with_served
from backstay.base import positive
from backstay.content.protocols import ContentVendor
from backstay.engine.stream import Streaming
from backstay.errors import (
    CLASSES,
    BackstayError,
    DeadlineExceededError,
    TruncatedOutputError,
    UnsupportedCapabilityError,
)
from backstay.events import FallbackUsed, Problem
from backstay.policies.effect import worst
from backstay.runtime import Runtime
from backstay.transient import Judge

A = TypeVar("A", bound=Answer)

UNCOVERED: Final = frozenset({"VALIDATION_FAILED", "CREATIVE_REJECTED", "SPEND_GUARD", "UNKNOWN_OUTCOME"})
"""What no other step may cover: a wrong request, a refusal of what was asked, the work's own budget, and what may have
happened."""
_UNCOVERED: Final = (UnsupportedCapabilityError, TruncatedOutputError)
END: Final = object()
"""Of a stream: it has ended."""


@dataclass(frozen=True, slots=True)
class Step:
    """One adapter in the row."""

    name: str
    vendor: ContentVendor
    timeout: float | None = None
    """Seconds; None: its own deadline."""


@dataclass(slots=True)
class Turn:
    """One call on its way through the steps."""

    function: str
    steps: tuple[Step, ...]
    runtime: Runtime
    options: Mapping[str, Any]
    judge: Judge | None = None
    """Which errors may be covered; None: all that `UNCOVERED` does not name."""
    began: float = 0.0
    failed: list[tuple[Step, BackstayError]] = field(default_factory=list)
    stale: list[tuple[Step, Answer]] = field(default_factory=list)
    """Answers that were served stale: they stand in when no step has a better one."""

    def __post_init__(self) -> None:
        """The caller's deadline runs from here, over all steps."""
        self.began = self.runtime.clock.monotonic()
        if (deadline := self.options.get("deadline")) is not None:
            positive("deadline", deadline)

    # Before a step ------------------------------------------------------------------------------------------------

    def time_for(self, step: Step) -> float | None:
        """Seconds that a step may take: its own timeout, else its share of what the caller's deadline leaves.

        Raises:
            DeadlineExceededError: nothing is left.
        """
        left = self.left()
        if left is None:
            return step.timeout
        if left <= 0.0:
            raise DeadlineExceededError(
                f"no time is left for {step.name}", operation=self.function, hint="give the call a longer deadline",
                rule="fallback.deadline",
            )  # fmt: skip
        waiting = len(self.steps) - self.steps.index(step)
        return left / waiting if step.timeout is None else min(left, step.timeout)

    def left(self) -> float | None:
        """Seconds until the caller's deadline."""
        deadline = self.options.get("deadline")
        return None if deadline is None else float(deadline) - (self.runtime.clock.monotonic() - self.began)

    def asking(self, step: Step) -> dict[str, Any]:
        """The options of a call that is answered as a whole."""
        time = self.time_for(step)
        return dict(self.options) if time is None else {**self.options, "deadline": time}

    def streaming(self, step: Step) -> dict[str, Any]:
        """The options of a stream: what the caller's deadline leaves is for all of it."""
        self.time_for(step)
        left = self.left()
        return dict(self.options) if left is None else {**self.options, "deadline": left}

    async def first_piece(self, step: Step, stream: Streaming[Any, Any]) -> Any:
        """The first piece of a stream, or END; a step's time ends with it."""
        time = self.time_for(step)
        try:
            async with asyncio.timeout(time):
                return await anext(stream, END)
        except TimeoutError:
            raise DeadlineExceededError(
                f"no piece within {time:g} s", vendor=step.name, operation=self.function, rule="fallback.timeout",
                hint="give the step more time",
            ) from None  # fmt: skip

    # After a step -------------------------------------------------------------------------------------------------

    def failure(self, step: Step, error: BackstayError) -> None:
        """Note it and let the next step be asked; raises what must not be covered."""
        self._tell_problem(step, error)
        self.failed.append((step, error))
        if self._covered(error):
            return
        for earlier, other in self.failed[:-1]:
            error.add_note(f"{earlier.name} had failed before: {other}")
        raise error

    def settled(self, step: Step, answer: A) -> A | None:
        """The answer, marked with who gave it and what came before; None: a stale one, kept in case no other comes."""
        if answer.served.source == "stale" and answer.served != UNSERVED:
            self.stale.append((step, answer))
            return None
        return self.marked(step, answer)

    def marked(self, step: Step, answer: A) -> A:
        """The answer with who gave it, and why that was not the first one."""
        errors = [error for _, error in self.failed]
        first = step is self.steps[0]
        cause = None if first else errors[0].type if errors else self.stale[0][1].served.cause
        if not first:
            self._tell_used(step, cause or "")
        served = answer.served
        earlier = tuple(attempt for error in errors for attempt in error.attempts)
        return with_served(
            answer,
            replace(
                served, by=step.name, cause=served.cause if first or served.source == "stale" else cause,
                attempts=served.attempts + len(earlier), timeline=(*earlier, *served.timeline),
            ),
        )  # fmt: skip

    def end(self) -> Any:
        """No step has answered: the newest stale answer, or one error that tells of all of them."""
        if self.stale:
            return self.marked(*min(self.stale, key=lambda each: each[1].served.age))
        raise all_failed(self.function, [(step.name, error) for step, error in self.failed])

    def _covered(self, error: BackstayError) -> bool:
        if error.type in UNCOVERED or isinstance(error, _UNCOVERED):
            return False
        return self.judge is None or self.judge(error).retryable

    def _tell_problem(self, step: Step, error: BackstayError) -> None:
        events = self.runtime.events
        if events.listeners:
            number = self.steps.index(step)
            events.emit(
                Problem(
                    at=self.runtime.clock.wall(), vendor=step.name, function=self.function,
                    where=f"fallback {number}" if number else "primary", error=f"{error.type}: {error.message}",
                )
            )  # fmt: skip

    def _tell_used(self, step: Step, cause: str) -> None:
        events = self.runtime.events
        if events.listeners:
            events.emit(
                FallbackUsed(
                    at=self.runtime.clock.wall(), vendor=step.name, function=self.function, by=step.name, cause=cause
                )
            )


def all_failed(function: str, failed: list[tuple[str, BackstayError]]) -> BackstayError:
    """One error of several: the type of the first that may pass (else of the first), and each step's error and cure.

    The errors themselves are the exception group in its `__cause__`.
    """
    errors = [error for _, error in failed]
    if len(errors) == 1:
        return errors[0]
    passing = [error for error in errors if error.retryable]
    told = (passing or errors)[0]
    waits = [error.retry_after for error in passing if error.retry_after is not None]
    cures = dict.fromkeys(f"{name}: {error.hint or error.kind.action_en}" for name, error in failed)
    whole = CLASSES[told.type](
        f"all {len(failed)} steps failed: "
        + "; ".join(f"{name}: {error.code} {error.type}: {error.message}" for name, error in failed),
        vendor=", ".join(name for name, _ in failed), operation=function, rule="fallback.all_failed",
        certainty=reduce(worst, (error.certainty for error in errors)), retryable=bool(passing),
        retry_after=min(waits) if waits and len(waits) == len(passing) else None,
        attempts=tuple(attempt for error in errors for attempt in error.attempts),
        request_ids=tuple(name for error in errors for name in error.request_ids),
        why=told.why, hint="; ".join(cures),
    )  # fmt: skip
    whole.partial = next((error.partial for error in errors if error.partial is not None), None)
    whole.__cause__ = ExceptionGroup(f"the steps of {function}", errors)
    return whole


__all__ = ["END", "UNCOVERED", "Step", "Turn", "all_failed"]
