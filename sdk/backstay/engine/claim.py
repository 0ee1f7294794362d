"""Holding a journal's record: waited for, renewed while the call works, and let go whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from typing import TYPE_CHECKING, Any, Final

from backstay.engine import report
from backstay.engine.decide import finish
from backstay.engine.timer import Watched, sweep_of
from backstay.errors import BackstayError, InFlightError
from backstay.policies.retry import Why
from backstay.taxonomy import Certainty
from backstay.writes.journal import DONE, Journal, Moment, Record, State

if TYPE_CHECKING:
    from backstay.clock import Clock
    from backstay.engine.call import Call

FIRST_LOOK: Final = 0.005
LAST_LOOK: Final = 0.25
"""Seconds between two looks at a record that somebody else holds: doubled from the first to the last."""


LONGEST_NOTE: Final = 500


def moment(clock: Clock) -> Moment:
    """Now."""
    return Moment(clock.wall(), clock.monotonic())


async def claim(call: Call, journal: Journal, fresh: Record) -> Hold:
    """The record of a key: done, or held by this call. Waits while somebody else holds it.

    Raises:
        InFlightError: it is held by somebody else for all the time that this call has.
        IdempotencyConflictError: the key stands for another payload, or was abandoned.
    """
    clock = call.plan.clock
    fresh.owner = clock.token()
    wait = FIRST_LOOK
    try:
        while True:
            now = moment(clock)
            fresh.uncertain_since = now.wall if fresh.state is State.SENT else 0.0
            record = await journal.claim(fresh, now)
            if record.owner == fresh.owner or record.state in DONE:
                return Hold(call, journal, record, fresh.owner, now.monotonic)
            left = call.left()
            if left <= 0.0:
                raise _busy(record)
            await clock.sleep(min(wait, left))
            wait = min(2 * wait, LAST_LOOK)
    except BackstayError as error:
        finish(call, error, Why.DEADLINE if isinstance(error, InFlightError) else None)
        raise
    except asyncio.CancelledError:
        # The claim may have been made in the same moment; nobody else should have to wait for its lease.
        with contextlib.suppress(BackstayError, TimeoutError):
            async with asyncio.timeout(LAST_LOOK):
                await journal.release(fresh.id, fresh.owner)
        raise


def _busy(record: Record) -> InFlightError:
    key = record.key
    return InFlightError(
        f"{key.operation} with the key {key.key!r} is still under way", field="idempotency_key", value=key.key,
        hint="wait for the other call, or give this one more time", rule="journal.in_flight", journal_id=record.id,
    )  # fmt: skip


class Hold(Watched):
    """A record in this call's hands; on the shared timer, because almost every call is over before it is renewed."""

    def __init__(self, call: Call, journal: Journal, record: Record, owner: str, since: float) -> None:
        self.record = record
        self.since = since
        """Monotonic seconds of the claim."""
        self._call = call
        self._clock = call.plan.clock
        self._journal = journal
        self._owner = owner
        self._renewing: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: contextvars.Context | None = None
        if record.owner == owner:
            self._arm()

    @property
    def lease(self) -> float:
        """Seconds that the claim lasts unless it is renewed."""
        return self._journal.lease

    @property
    def held(self) -> bool:
        """Whether it is this call's to change."""
        return self._loop is not None

    async def keep(self, **changes: Any) -> None:
        """Change the record, durably.

        Raises:
            InFlightError: another call has taken it over, because this process stood still for a whole lease.
        """
        for name, value in changes.items():
            setattr(self.record, name, value)
        while True:
            began = self._clock.monotonic()
            if not await self._journal.save(self.record, moment(self._clock)):
                self._disarm()
                raise finish(self._call, _lost(self.record), Why.EFFECT)
            # What is sent now must not begin with a claim that is about to lapse.
            if self.record.state is not State.SENT or self._clock.monotonic() - began < self._journal.lease / 2:
                return

    async def end(self, **changes: Any) -> None:
        """Change the record for the last time and let go of it; raises as `keep`."""
        for name, value in changes.items():
            setattr(self.record, name, value)
        self._disarm()
        if not await self._journal.save(self.record, moment(self._clock), release=True):
            raise finish(self._call, _lost(self.record), Why.EFFECT)

    async def forget(self) -> None:
        """Nothing is open: the record need not stay."""
        self._disarm()
        await self._journal.drop(self.record)

    async def let_go(self) -> None:
        """Let go of the record as the journal has it, if this call still holds it."""
        if self.held:
            self._disarm()
            await self._journal.release(self.record.id, self._owner)

    def _arm(self) -> None:
        loop = self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        sweep_of(loop).add(self, loop, loop.time() + self._journal.lease / 3)

    def _disarm(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            sweep_of(loop).drop(self)

    def expire(self) -> None:
        """A third of the lease is over; the timer is everybody's and knows nothing of this call's context."""
        self._renewing = asyncio.get_running_loop().create_task(self._renew(), context=self._context)

    async def _renew(self) -> None:
        try:
            ours = await self._journal.renew(self.record.id, self._owner, moment(self._clock))
        except BackstayError as error:  # the next save says whether it was lost
            report.problem(self._call.plan, "journal.renew", error)
            ours = True
        if ours and self.held:
            self._arm()


def _lost(record: Record) -> InFlightError:
    sent = record.state not in {State.PLANNED, State.SENT, State.FAILED}
    return InFlightError(
        f"another call has taken {record.key.operation} with the key {record.key.key!r} over", rule="journal.lost",
        field="idempotency_key", value=record.key.key, journal_id=record.id,
        hint="call again with the same key: it looks before it sends", retryable=False,
        certainty=Certainty.UNKNOWN if sent else Certainty.NOT_SENT,
    )  # fmt: skip


def noted(error: BaseException) -> str:
    """Why a record is open, in one line; messages of ours are scrubbed already."""
    if isinstance(error, BackstayError):
        return f"{error.type}: {error.message}"[:LONGEST_NOTE]
    return "cancelled" if isinstance(error, asyncio.CancelledError) else type(error).__name__


__all__ = ["Hold", "claim", "moment", "noted"]
