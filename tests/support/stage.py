"""A stage for calls: one scope, a vendor that plays what each call brings along, a loop that is moved by hand."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backstay.engine.call import Plan
from backstay.engine.loop import begin, run
from backstay.engine.scope import Scope
from backstay.engine.write import create
from backstay.errors import BackstayError, ConnectionFailedError
from backstay.policies.effect import Effect
from backstay.policies.hedge import Hedge, HedgeOptions
from backstay.policies.retry import Retry
from backstay.policies.strain import Strain, StrainOptions
from backstay.taxonomy import Certainty
from backstay.testing.clock import VirtualClock, VirtualLoop
from backstay.testing.invariants import Witness
from backstay.writes.journal import JournalKey
from backstay.writes.memory import MemoryJournal
from tests.support import judged, make_plan

READ_LAG: Final = 3.0
"""Seconds; the vendor's answers and its lag together take less."""
LONG: Final = 2_000.0
"""Seconds after which nothing can be under way any more."""
Step = tuple[float, Exception | None]
"""Seconds that the vendor takes, and what it answers: an error, or all is well."""


@dataclass
class Played:
    """One call on the stage."""

    number: int
    steps: Sequence[Step]
    sent: int = 0
    task: asyncio.Task[Any] | None = None

    def next(self) -> Step:
        """What the vendor does with the next request; the last step repeats."""
        step = self.steps[min(self.sent, len(self.steps) - 1)]
        self.sent += 1
        return step


def _experienced() -> Hedge:
    """It knows that answers take 50 ms, nearly all at most a quarter of a second, and late ones a second."""
    hedge = Hedge(HedgeOptions(share=0.5))
    hedge.delay, hedge.usual, hedge._excess, hedge.balance = 0.25, 0.05, 1.0, 3.0
    return hedge


@dataclass
class Stage:
    """Calls begin, are cancelled, and time passes; `witness` sees all of it."""

    scope: Scope
    clock: VirtualClock = field(default_factory=VirtualClock)
    hedging: bool = False
    calls: list[Played] = field(default_factory=list)

    def __post_init__(self) -> None:
        """An empty stage."""
        self.loop = VirtualLoop(self.clock)
        self.witness = Witness(self.scope, self.clock, judged)
        self.scope.strain = Strain(self.scope.bulkhead.limit, StrainOptions(floor=1, sample=2))
        self.hedge = _experienced() if self.hedging else None
        self.journal = MemoryJournal()
        self.objects: dict[str, list[float]] = {}
        """By key, when each of its objects becomes visible."""

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, and all that happens in it."""
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def step(self) -> None:
        """One turn of the loop: what is ready now, and not what that makes ready."""
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def settle(self) -> None:
        """Let everything happen that is due now."""
        for _ in range(20):
            self.pass_time(0.0)

    def ask(self, steps: Sequence[Step], *, deadline: float, timeout: float, criticality: str = "interactive") -> None:
        """A read begins."""
        plan = make_plan(
            self.clock, scope=self.scope, deadline=deadline, attempt_timeout=timeout, criticality=criticality,
            hedge=self.hedge, retry=Retry(),
        )  # fmt: skip
        self._begin(plan, steps, lambda played: run(begin(plan), lambda: self._answer(played), (), {}))

    def make(self, key: str, steps: Sequence[Step], *, deadline: float, timeout: float, lag: float) -> None:
        """A create begins; what it makes becomes visible `lag` seconds later."""
        plan = make_plan(
            self.clock, scope=self.scope, deadline=deadline, attempt_timeout=timeout, effect=Effect.CREATE,
            read_lag=READ_LAG, patience=(0.0, 0.5, 1.0, 2.0), criticality="write", retry=Retry(),
        )  # fmt: skip

        async def look() -> list[str]:
            await self.clock.sleep(0.05)
            now = self.clock.monotonic()
            return [key for visible in self.objects.get(key, ()) if visible <= now]

        self._begin(
            plan, steps,
            lambda played: create(
                plan, lambda: self._write(played, key, lag), (), {}, key=JournalKey("test", "1", "make", key),
                payload="p", look=look, journal=self.journal,
            ),
        )  # fmt: skip

    def cancel(self, played: Played) -> None:
        """Its caller gives up."""
        assert played.task is not None
        self.witness.cancelled(played.number)
        played.task.cancel()

    @property
    def under_way(self) -> list[Played]:
        """Calls that have not ended."""
        return [played for played in self.calls if played.task is not None and not played.task.done()]

    def statistics(self) -> tuple[object, ...]:
        """What is known of the vendor's health."""
        scope, now = self.scope, self.clock.monotonic()
        typical = (scope.typical.seen, scope.typical.value)
        return scope.breaker._tally.recent(now, 1 << 62), scope.strain.level, scope.strain.limit, typical

    def close(self) -> list[str]:
        """Let everything end; what the witness complains of."""
        self.pass_time(LONG)
        assert self.under_way == []
        try:
            return self.loop.run_until_complete(self._rest())
        finally:
            self.loop.close()

    async def _rest(self) -> list[str]:
        return self.witness.at_rest()

    def _begin(self, plan: Plan, steps: Sequence[Step], drive: Any) -> None:
        played = Played(len(self.calls), steps)
        self.calls.append(played)

        async def call() -> None:
            self.witness.began(
                played.number, deadline=self.clock.monotonic() + plan.deadline, timeout=plan.attempt_timeout
            )
            try:
                await drive(played)
            except BackstayError as error:
                self.witness.ended(played.number, error)
            else:
                self.witness.ended(played.number, None)

        played.task = self.loop.create_task(call())
        self.settle()

    async def _answer(self, played: Played) -> str:
        async def body() -> str:
            seconds, error = played.next()
            await self.clock.sleep(seconds)
            if error is not None:
                raise copy.copy(error)
            return "answer"

        answer: str = await self.witness.attempt(played.number, body)
        return answer

    async def _write(self, played: Played, key: str, lag: float) -> str:
        """The vendor goes on when the client has gone: it writes when it comes to it."""

        async def body() -> str:
            seconds, error = played.next()
            if error is None or error.args[0] == "after":
                self.loop.call_later(seconds, self._written, key, lag)
            await self.clock.sleep(seconds)
            if error is not None:
                lost = error.args[0] == "after"
                raise ConnectionFailedError("reset", certainty=Certainty.UNKNOWN) if lost else copy.copy(error)
            return key

        answer: str = await self.witness.attempt(played.number, body)
        return answer

    def _written(self, key: str, lag: float) -> None:
        self.witness.made(key)
        self.objects.setdefault(key, []).append(self.clock.monotonic() + lag)
