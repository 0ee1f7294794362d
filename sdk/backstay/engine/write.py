"""Writes: look before you send again.

A write whose answer is lost may have happened. It is looked up, with patience for reads that lag behind writes, and
only when it is proved absent is it sent again. When looking fails or is cut short, the outcome stays open and the
caller is told so: a second send is never the way out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from backstay.engine import report
from backstay.engine.call import Call, Plan, Settled, enter, leave
from backstay.engine.decide import finish
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, ConflictError, InFlightError, UnknownOutcomeError
from backstay.policies.effect import Effect
from backstay.policies.retry import Why
from backstay.taxonomy import Certainty
from backstay.writes.journal import Journal, JournalKey, Record, State
from backstay.writes.reconcile import Finding, Seen, judge_found, looks

T = TypeVar("T")
Body = Callable[..., Awaitable[Any]]
How = Literal["created", "adopted", "replayed"]

LOOK_TIME: Final = 2.0
"""Seconds kept for the last look itself, beyond the read lag."""


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a CREATE made, and how: by this call, found after a lost answer, or done by an earlier call."""

    value: T
    how: How = "created"
    parked: tuple[T, ...] = ()
    """Further objects found under the key: left paused, never deleted."""
    fresh: bool = True
    """Whether this call made it, its answer lost or not; else an earlier one did."""


async def create(
    plan: Plan,
    body: Body,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    key: JournalKey,
    payload: str,
    look: Callable[..., Awaitable[Sequence[Any]]],
    journal: Journal,
) -> Written[Any]:
    """CREATE or PUBLISH once under a key.

    Raises:
        UnknownOutcomeError: it may have happened; the record stays open under the key.
        IdempotencyConflictError: the key stands for another payload.
    """
    call = begin(plan)
    call.reserve = min(plan.read_lag + LOOK_TIME, (call.deadline - call.began) / 2)
    record = await _claimed(call, journal, key, payload)
    token = enter(call)
    try:
        if record.state is State.CREATED:
            return Written(record.value, "replayed", fresh=False)
        return await _Creation(call, record, journal, lambda: look(*args, **kwargs)).make(body, args, kwargs)
    finally:
        leave(token)
        journal.release(record)


async def _claimed(call: Call, journal: Journal, key: JournalKey, payload: str) -> Record:
    try:
        async with asyncio.timeout(call.left()):
            return await journal.claim(key, payload)
    except TimeoutError:
        busy = InFlightError(
            f"{key.operation} with the key {key.key!r} is still under way", field="idempotency_key", value=key.key,
            hint="wait for the other call, or give this one more time", rule="journal.in_flight",
        )  # fmt: skip
        raise finish(call, busy, Why.DEADLINE) from None


class _Creation:
    """One CREATE under way: its call, its record, and how to look for it."""

    __slots__ = ("call", "journal", "look", "record")

    def __init__(
        self, call: Call, record: Record, journal: Journal, look: Callable[[], Awaitable[Sequence[Any]]]
    ) -> None:
        self.call = call
        self.record = record
        self.journal = journal
        self.look = look
        call.settle = self.settle

    async def make(self, body: Body, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Written[Any]:
        if self.record.state in {State.UNKNOWN, State.SENT}:  # an earlier call left it open: look first
            found = await self.settle(_left_open(self.record))
            if found is not None:
                written: Written[Any] = found.value
                return written
        try:
            value = await run(self.call, self._sending(body), args, kwargs)
        except BaseException as error:
            await self._ended(error)
            raise
        written = value if isinstance(value, Written) else Written(value)
        await self._keep(State.CREATED, written.value)
        return written

    def _sending(self, body: Body) -> Body:
        async def send(*args: Any, **kwargs: Any) -> Any:
            self.record.attempts += 1
            await self._keep(State.SENT)
            return await body(*args, **kwargs)

        return send

    async def _keep(self, state: State, value: Any = None) -> None:
        self.record.state, self.record.value = state, value
        if state is State.UNKNOWN:
            self.record.uncertain_since = self.call.plan.clock.monotonic()
        await self.journal.save(self.record)

    async def _ended(self, error: BaseException) -> None:
        """Leave the record as true as it can be: open unless it is certain that nothing happened."""
        if self.record.state is State.UNKNOWN:
            return
        if isinstance(error, BackstayError):
            surely_not = error.certainty is not Certainty.UNKNOWN
        else:  # cancelled in mid-call: only a transport's mark proves that nothing left
            surely_not = self.record.state is State.PLANNED or self.call.sent is False
        await self._keep(State.FAILED if surely_not else State.UNKNOWN)

    async def settle(self, error: BackstayError) -> Settled | None:
        """Look until it is certain. Found: adopted. Absent: None, and it may be sent again.

        Raises:
            UnknownOutcomeError: looking failed or was cut short, or there are several posts.
            ConflictError: the vendor has such an object, but none that carries our key.
        """
        if error.certainty is Certainty.UNKNOWN and self.record.state is not State.UNKNOWN:
            await self._keep(State.UNKNOWN)
        plan = self.call.plan
        since = self.record.uncertain_since or plan.clock.monotonic()
        trouble: BackstayError | None = None
        for at in looks(plan.patience, plan.read_lag):
            await self._pause(since + at, error)
            try:
                found, trouble = await self.look(), None
            except BackstayError as caught:  # a later look may succeed; the last one must
                trouble = caught
                continue
            settled = await self._judged(found, since, error)
            if settled is not None:
                return settled
        if trouble is not None:
            raise self._open(error, f"looking failed with {trouble.type}", 0) from trouble
        report.settled(self.call, "absent", 0)
        if error.type == "CONFLICT":
            raise finish(self.call, error, Why.NOT_RETRYABLE)
        await self._keep(State.PLANNED)
        return None

    async def _judged(self, found: Sequence[Any], since: float, error: BackstayError) -> Settled | None:
        plan = self.call.plan
        finding = judge_found(
            len(found), since=plan.clock.monotonic() - since, read_lag=plan.read_lag,
            publishing=plan.effect is Effect.PUBLISH,
        )  # fmt: skip
        if finding is Finding.AMBIGUOUS:
            raise self._open(error, f"{len(found)} posts carry the key", len(found))
        return await self._adopt(found, error) if finding in {Finding.ADOPT, Finding.ADOPT_OLDEST} else None

    async def _pause(self, until: float, error: BackstayError) -> None:
        clock = self.call.plan.clock
        wait = until - clock.monotonic()
        if wait <= 0.0:
            return
        if self.call.left() <= wait:
            raise self._open(error, "the deadline leaves no time to wait for reads that lag", 0)
        await clock.sleep(wait)

    async def _adopt(self, found: Sequence[Any], error: BackstayError) -> Settled:
        report.settled(self.call, "adopted", len(found))
        await self._keep(State.CREATED, found[0])
        self.record.parked = tuple(str(extra) for extra in found[1:])
        await self.journal.save(self.record)
        # Refused as existing already at our first send: then somebody made it before us.
        fresh = self.record.attempts > (1 if error.type == "CONFLICT" else 0)
        return Settled(Written(found[0], "adopted", tuple(found[1:]), fresh))

    def _open(self, error: BackstayError, why: str, found: int) -> BackstayError:
        report.settled(self.call, "unknown", found)
        unknown = UnknownOutcomeError(
            f"{self.call.plan.function} may have happened: {why}", certainty=Certainty.UNKNOWN,
            vendor_code=error.vendor_code, vendor_message=error.vendor_message, rule="engine.write",
            hint=f"call again with the same idempotency key {self.record.key.key!r}: it looks before it sends",
        )  # fmt: skip
        return finish(self.call, unknown, Why.UNSETTLED)


def _left_open(record: Record) -> BackstayError:
    return UnknownOutcomeError(
        f"an earlier call left {record.key.operation} open", certainty=Certainty.UNKNOWN, rule="journal.open"
    )


async def change(
    plan: Plan,
    body: Body,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    look: Callable[..., Awaitable[Seen]] | None,
    pausing: bool = False,
) -> Any:
    """SET or DELETE: an absolute write, so it is sent again unless somebody else wrote in between.

    Raises:
        ConflictError: after a lost answer the object is neither as wanted nor as it was.
        UnknownOutcomeError: looking failed or was cut short.
    """
    call = begin(plan)
    call.pausing = pausing

    async def settle(error: BackstayError) -> Settled | None:
        try:
            seen = await look(*args, **kwargs) if look is not None else Seen.BEFORE
        except BackstayError as trouble:
            raise finish(call, _unsettled(call, error, trouble), Why.UNSETTLED) from trouble
        report.settled(call, seen.value, 1)
        if seen is Seen.OTHER:
            raise finish(call, _overtaken(call), Why.EFFECT) from error
        return Settled(None) if seen is Seen.WANTED else None

    call.settle = settle
    return await run(call, body, args, kwargs)


def _overtaken(call: Call) -> BackstayError:
    return ConflictError(
        f"{call.plan.function}: after a lost answer the object is neither as it was nor as wanted",
        certainty=Certainty.UNKNOWN, rule="engine.overtaken", hint="read the object again, then decide",
    )  # fmt: skip


def _unsettled(call: Call, error: BackstayError, trouble: BackstayError) -> BackstayError:
    return UnknownOutcomeError(
        f"{call.plan.function} may have happened: looking failed with {trouble.type}",
        certainty=Certainty.UNKNOWN, vendor_code=error.vendor_code, vendor_message=error.vendor_message,
        rule="engine.change", hint="the value is absolute: send it again when the vendor answers",
    )  # fmt: skip


__all__ = ["Written", "change", "create"]
