"""Writes: look before you send again.

A write whose answer is lost may have happened. It is looked up, with patience for reads that lag behind writes, and
only when it is proved absent is it sent again. When looking fails or is cut short, the outcome stays open and the
caller is told so: a second send is never the way out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from backstay.engine import report
from backstay.engine.call import Call, Plan, Settled, enter, leave
from backstay.engine.claim import Hold, claim, noted
from backstay.engine.decide import finish
from backstay.engine.entry import Entry
from backstay.engine.loop import begin, run
from backstay.errors import BackstayError, ConflictError, UnknownOutcomeError
from backstay.policies.effect import Effect
from backstay.policies.retry import Why
from backstay.taxonomy import Certainty
from backstay.writes.journal import DONE, OPEN, Journal, JournalKey, Record, State, check_key
from backstay.writes.reconcile import Finding, Seen, judge_found, looks

T = TypeVar("T")
Body = Callable[..., Awaitable[Any]]
How = Literal["created", "adopted", "replayed"]

LOOK_TIME: Final = 2.0
"""Seconds kept for the last look itself, beyond the read lag."""
AT_ONCE: Final = 1.0
"""Seconds after a claim until when its first attempt may be sent without being written down again; less than half of
the lease."""
LEFT_OPEN: Final = "journal.open"
"""The rule of the error that stands for an attempt of an earlier call."""


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a CREATE made, and how: by this call, found after a lost answer, or done by an earlier call."""

    value: T
    how: How = "created"
    parked: tuple[T, ...] = ()
    """Further objects found under the key: left paused, never deleted."""
    fresh: bool = True
    """Whether this call made it, its answer lost or not; else an earlier one did."""
    shown: Any = None
    """The object as the create's own answer shows it, where it does: then it need not be read back."""
    verified: bool = False
    """Whether that answer shows it as it was meant to be."""


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
    suspected: float | None = None,
) -> Written[Any]:
    """CREATE or PUBLISH once under a key.

    `suspected` are the wall seconds until which a call may have made it whose journal this one is not (a dead letter
    that is replayed elsewhere): if this journal knows nothing of the key, it is looked up before it is sent.

    Raises:
        UnknownOutcomeError: it may have happened; the record stays open under the key.
        IdempotencyConflictError: the key stands for another payload, or was abandoned.
        InFlightError: another call has the key in hand for longer than this one may wait.
    """
    check_key(key.key)
    call = begin(plan)
    call.reserve = min(plan.read_lag + LOOK_TIME, (call.deadline - call.began) / 2)
    token = enter(call)
    hold: Hold | None = None
    try:
        if suspected is not None and await journal.get(key.id) is not None:
            suspected = None
        hold = await claim(call, journal, Record(key, payload) if suspected is not None else _begun(call, key, payload))
        creation = _Creation(call, hold, lambda: look(*args, **kwargs))
        if suspected is not None and hold.record.state not in DONE:
            await hold.keep(state=State.UNKNOWN, uncertain_since=suspected, note="a dead letter of it is replayed")
        return await (creation.replay() if hold.record.state in DONE else creation.make(body, args, kwargs))
    except BackstayError as error:
        error.journal_id = key.id
        if call.calls == 0:  # the loop tells of what ended in it
            report.failed(call, error)
        raise
    finally:
        leave(token)
        call.settle = None  # no circle of call, record and look is left behind
        if hold is not None:
            await hold.let_go()


class _Creation:
    """One CREATE under way: its call, its record, and how to look for it."""

    __slots__ = ("call", "hold", "look", "record", "sending", "written")

    def __init__(self, call: Call, hold: Hold, look: Callable[[], Awaitable[Sequence[Any]]]) -> None:
        self.call = call
        self.hold = hold
        self.record = hold.record
        self.look = look
        self.sending = False
        self.written = hold.record.begun and hold.record.state is State.SENT
        """Whether the journal says already that the first attempt is under way."""
        if self.written:
            self.record.attempts = 0
        call.settle = self.settle

    async def replay(self) -> Written[Any]:
        """What an earlier call made. Until it was verified, whoever reads it back makes sure that it is paused."""
        fresh = self.record.state is State.CREATED
        if self.record.known:
            return Written(self.record.value, "replayed", self.record.parked, fresh)
        found = await self.look()  # its type cannot be stored
        if not found:
            raise self._open(_left_open(self.record), "it was made, but looking does not find it any more", 0)
        return Written(found[0], "replayed", tuple(found[1:]), fresh)

    async def make(self, body: Body, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Written[Any]:
        if self.record.state in OPEN and not self.written:  # an earlier call left it so: look first
            found = await self.settle(_left_open(self.record))
            if found is not None:
                return _written(found.value)
        try:
            value = await run(self.call, self._sending(body), args, kwargs)
        except BaseException as error:
            await self._ended(error)
            raise
        written = _written(value)
        if self.record.state not in DONE:  # else looking has found it and written it down
            await self._made(written, State.VERIFIED if written.verified else State.CREATED)
        return written

    def _sending(self, body: Body) -> Body:
        async def send(*args: Any, **kwargs: Any) -> Any:
            plan = self.call.plan
            self.sending, self.call.sent = False, False
            if self._is_written():
                self.record.attempts = 1
            else:
                await self.hold.keep(
                    state=State.SENT, attempts=self.record.attempts + 1, uncertain_since=plan.clock.wall(),
                    in_air=plan.attempt_timeout,
                )  # fmt: skip
            self.sending, self.call.sent = True, None
            try:
                return await body(*args, **kwargs)
            except Exception:
                self.sending = False
                raise

        return send

    def _is_written(self) -> bool:
        """Whether the claim stands for this attempt as well: the first one, and sent at once."""
        written, self.written = self.written, False
        late = self.call.plan.clock.monotonic() - self.hold.since
        return written and late <= min(AT_ONCE, self.hold.lease / 2)

    async def _made(self, written: Written[Any], state: State) -> None:
        """The answer is durable before the caller has it."""
        try:
            await self.hold.end(state=state, value=written.value, known=True, parked=written.parked, note="")
        except BackstayError as error:
            raise self._open(error, f"it was made ({written.value}), but not written down", 1) from error

    async def _ended(self, error: BaseException) -> None:
        """Leave the record as true as it can be: open unless it is certain that nothing happened."""
        if self.record.state is State.UNKNOWN or not self.hold.held:
            return
        if isinstance(error, BackstayError):
            surely_not = error.certainty is not Certainty.UNKNOWN
        elif self.sending:  # cancelled in mid-attempt: only a transport's mark proves that nothing left
            surely_not = self.call.sent is False
        else:
            surely_not = self.call.certainty is not Certainty.UNKNOWN
        try:
            await self.hold.end(
                **({"state": State.FAILED, "note": noted(error)} if surely_not else self._open_now(error))
            )
        except BackstayError as trouble:  # it says SENT, so the next call looks
            report.problem(self.call.plan, "journal.save", trouble)

    def _open_now(self, error: BaseException) -> dict[str, Any]:
        now = self.call.plan.clock.wall()
        return {"state": State.UNKNOWN, "uncertain_since": now, "in_air": 0.0, "note": noted(error)}

    async def settle(self, error: BackstayError) -> Settled | None:
        """Look until it is certain. Found: adopted. Absent: None, and it may be sent again.

        Raises:
            UnknownOutcomeError: looking failed or was cut short, or there are several posts.
            ConflictError: the vendor has such an object, but none that carries our key.
        """
        since = await self._uncertain_since(error)
        trouble: BackstayError | None = None
        for at in self._looks(since):
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
        self.record.state = State.PLANNED  # the journal hears of it with the next attempt; until then it says "open"
        return None

    async def _uncertain_since(self, error: BackstayError) -> float:
        """Monotonic seconds from when the read lag counts; an attempt of this call is written down as open."""
        self.sending = False
        if error.rule == LEFT_OPEN:
            return self.record.open_since
        if error.certainty is not Certainty.UNKNOWN:  # exists already
            return self.call.plan.clock.monotonic()
        try:
            await self.hold.keep(**self._open_now(error))
        except BackstayError as trouble:
            raise self._open(error, f"the journal cannot be written ({trouble.type})", 0) from trouble
        return self.record.open_since

    def _looks(self, since: float) -> Iterator[float]:
        """Seconds after `since`; at once if that is still to come, because what is there already can be adopted."""
        plan, early = self.call.plan, self.call.plan.clock.monotonic() - since
        if early < 0.0:
            yield early
        yield from looks(plan.patience, plan.read_lag)

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
        # Refused as existing already at our first send: then somebody made it before us, and it may run.
        fresh = self.record.attempts > (1 if error.type == "CONFLICT" else 0)
        written = Written(found[0], "adopted", tuple(found[1:]), fresh)
        await self._made(written, State.CREATED if fresh else State.VERIFIED)
        return Settled(written)

    def _open(self, error: BackstayError, why: str, found: int) -> BackstayError:
        report.settled(self.call, "unknown", found)
        key = self.record.key
        unknown = UnknownOutcomeError(
            f"{self.call.plan.function} may have happened: {why}", certainty=Certainty.UNKNOWN, rule="engine.write",
            vendor_code=error.vendor_code, vendor_message=error.vendor_message, journal_id=key.id,
            hint=f"call again with the same idempotency key {key.key!r}: it looks before it sends; "
            f"or `backstay journal recover`, `backstay journal show {key.id}`",
        )  # fmt: skip
        return finish(self.call, unknown, Why.UNSETTLED)


def _begun(call: Call, key: JournalKey, payload: str) -> Record:
    """The record of a new write: as if its first attempt were under way, which it will be before long."""
    in_air = call.plan.attempt_timeout + AT_ONCE
    return Record(key, payload, state=State.SENT, attempts=1, in_air=in_air)


def _left_open(record: Record) -> BackstayError:
    return UnknownOutcomeError(
        f"an earlier call left {record.key.operation} open", certainty=Certainty.UNKNOWN, rule=LEFT_OPEN
    )


def _written(value: Any) -> Written[Any]:
    return value if isinstance(value, Written) else Written(value)


async def change(
    plan: Plan,
    body: Body,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    *,
    look: Callable[..., Awaitable[Seen]] | None,
    pausing: bool = False,
    entry: Entry | None = None,
) -> Any:
    """SET or DELETE: an absolute write, so it is sent again unless somebody else wrote in between.

    With an `entry` it stands in the journal while its outcome is open, also when its process is gone.

    Raises:
        ConflictError: after a lost answer the object is neither as wanted nor as it was.
        UnknownOutcomeError: looking failed or was cut short.
    """
    call = begin(plan)
    call.pausing, call.blind = pausing, look is None

    async def settle(error: BackstayError) -> Settled | None:
        if look is None:
            return None
        try:
            seen = await look(*args, **kwargs)
        except BackstayError as trouble:
            raise finish(call, _unsettled(call, error, trouble), Why.UNSETTLED) from trouble
        report.settled(call, seen.value, 1)
        if seen is Seen.OTHER:
            raise finish(call, _overtaken(call), Why.EFFECT) from error
        return Settled(None) if seen is Seen.WANTED else None

    call.settle = settle
    try:
        if entry is None:
            return await run(call, body, args, kwargs)
        async with entry.open_while(call):
            return await run(call, body, args, kwargs)
    finally:
        call.settle = None  # as above


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


__all__ = ["Entry", "Written", "change", "create"]
