"""The gate below every write: asks the spend guard, holds what the write may cost, and keeps the audit record.

Nothing is sent before it is judged, held in the ledger and written into the audit record, in this order.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zoneinfo import ZoneInfo

from backstay.clock import utc
from backstay.engine.call import collecting
from backstay.engine.timer import within
from backstay.errors import BackstayError, ResourceError, SpendGuardError
from backstay.events.model import Problem, SpendRefused, bound
from backstay.policies.caps import Caps, Dial, Proposal, Ruling, money, recount, reserve
from backstay.policies.retry import Why
from backstay.policies.spend import Book, Line, Outcome
from backstay.redact import fields, scrub
from backstay.taxonomy import Certainty
from backstay.writes.guard.ledger import counting
from backstay.writes.guard.rules import SpendGuard
from backstay.writes.guard.shown import shown
from backstay.writes.guard.spending import Spending

if TYPE_CHECKING:
    from backstay.clock import Clock
    from backstay.events import Stream
    from backstay.writes.guard.audit import Audit
    from backstay.writes.guard.ledger import Ledger

T = TypeVar("T")
_UNLIMITED: Final = SpendGuard.unlimited()
_NOTHING: Final = Ruling()
WAITS: Final = 30.0
"""Seconds that a write waits for ledger and audit record, each; a disk that takes longer counts as broken."""
PAUSE_WAITS: Final = 1.0
"""The same for a pause: stopping spend goes before writing it down."""


@dataclass(frozen=True, slots=True)
class Act:
    """One write that wants to be sent."""

    vendor: str
    account: str
    operation: str
    effect: str
    deadline: float
    """Seconds after which it is no longer under way."""
    lag: float = 0.0
    """Seconds by which the vendor's reads lag behind writes."""
    key: str | None = None
    """The caller's idempotency key."""
    pausing: bool = False
    """It only stops spending: whatever fails here does not hold it up."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """The caller's arguments, for the record."""
    spending: Callable[[], Awaitable[Spending]] | None = None
    """Reads what it may come to spend; None: it never spends."""


@dataclass(slots=True)
class Passage:
    """A write on its way through the gate."""

    act: Act
    ticket: str
    spending: Spending = field(default_factory=Spending)
    ruling: Ruling = _NOTHING
    value: Any = None
    """What the write returned."""
    request_ids: list[str] = field(default_factory=list)


class Gate:
    """One a runtime: every write of every adapter passes it."""

    def __init__(
        self, *, guard: SpendGuard | None, ledger: Ledger, audit: Audit, clock: Clock, events: Stream, actor: str = ""
    ) -> None:
        self.guard = guard
        self.ledger = ledger
        self.audit = audit
        self.actor = actor
        self._clock = clock
        self._process = clock.token()
        self._events = events

    @contextlib.asynccontextmanager
    async def passing(self, act: Act) -> AsyncIterator[Passage]:
        """Judge, hold and record before the block; settle and record after it.

        Raises:
            SpendGuardError: a rule stands against it; nothing was sent.
            ResourceError: the audit record cannot be written; nothing was sent.
        """
        passage = await self.enter(act)
        try:
            with collecting(passage.request_ids):
                yield passage
        except BaseException as error:
            await self.leave(passage, error)
            raise
        await self.leave(passage, None)

    async def enter(self, act: Act) -> Passage:
        """Let a write pass, or raise."""
        passage = Passage(act, self._clock.token())
        try:
            await self._judge(passage)
        except BackstayError as error:
            await self._refused(passage, error)
            raise
        try:
            await self._record(passage, "intent", before=passage.spending.before, after=self._after(passage))
        except BaseException as error:
            if act.pausing and isinstance(error, BackstayError):
                self._problem("guard.audit", error)
                return passage
            await self._settle(passage, Outcome.RELEASED)
            raise
        return passage

    async def leave(self, passage: Passage, error: BaseException | None) -> None:
        """A write has ended."""
        outcome = outcome_of(error)
        await self._settle(passage, outcome)
        failure: dict[str, Any] = {}
        if isinstance(error, BackstayError):
            failure = {"error": error.type, "rule": error.rule, "message": scrub(error.message)}
        elif error is not None:
            failure = {"error": type(error).__name__}
        ids = dict.fromkeys((*passage.request_ids, *getattr(error, "request_ids", ())))
        done = _made(passage.value)
        try:
            await self._record(
                passage, "outcome", outcome=named(error), request_ids=list(ids), **done, **failure
            )  # fmt: skip
        except BackstayError as trouble:  # it has been sent: the record shows it as begun
            self._problem("guard.audit", trouble)

    # The ledger ---------------------------------------------------------------------------------------------------

    async def counted(self, account: str | None = None) -> tuple[Line, ...]:
        """What counts now, of one account ("tiktok/7001") or of all; writes whose outcome is not known included."""
        return await self.ledger.run(lambda book: tuple(counting(book, account)))

    async def recount(self, account: str, zone: str, dials: tuple[Dial, ...], *, read_at: float, lag: float) -> None:
        """Correct the ledger by what was read since `read_at`; see `backstay.policies.caps.recount`."""
        now, asked = self._clock.wall(), Proposal("", account, zone, read_at, lag, dials=dials, by=self._process)
        await self.ledger.run(lambda book: recount(book, asked, now=now, today=partial(_today, now)))

    # Judging ------------------------------------------------------------------------------------------------------

    async def _judge(self, passage: Passage) -> None:
        act = passage.act
        if act.spending is None:
            return
        read_at = self._clock.wall()
        spending = passage.spending = await act.spending()
        asked = Proposal(
            passage.ticket, f"{act.vendor}/{act.account}", spending.zone, read_at, act.lag,
            self._clock.wall() + act.deadline + 2 * WAITS, spending.dials, spending.lifts, spending.stops,
            wakes=spending.wakes, by=self._process,
        )  # fmt: skip
        if self.guard is None and asked.spends:
            raise no_guard(act)
        if asked.dials or asked.lifts or asked.stops:
            await self._reserve(passage, asked)

    async def _reserve(self, passage: Passage, asked: Proposal) -> None:
        guard, now = self.guard or _UNLIMITED, self._clock.wall()
        today = partial(_today, now)
        judged = partial(_reserved, asked, guard.caps, now, today, guard.exchange(utc(now).date()))
        try:
            passage.ruling = await _in_time(self.ledger.run(judged), "ledger", pausing=passage.act.pausing)
        except SpendGuardError:
            raise
        except BaseException as error:
            if passage.act.pausing and isinstance(error, BackstayError):
                self._problem("guard.ledger", error)
                return
            await self._let_go(passage.ticket, Outcome.RELEASED, None)  # it may be held by now, and nothing is sent
            if isinstance(error, BackstayError):
                raise _no_ledger(error) from error
            raise

    async def _settle(self, passage: Passage, outcome: Outcome) -> None:
        if passage.ruling.holders:
            await self._let_go(passage.ticket, outcome, passage.ruling.holders)

    async def _let_go(self, ticket: str, outcome: Outcome, holders: Collection[str] | None) -> None:
        now = self._clock.wall()
        try:
            await _in_time(
                self.ledger.run(lambda book: book.settle(ticket, outcome, now, partial(_today, now)), holders), "ledger"
            )
        except BackstayError as error:  # it stays held, which is the safe side
            self._problem("guard.ledger", error)

    async def _refused(self, passage: Passage, error: BackstayError) -> None:
        act = passage.act
        error.vendor, error.operation = error.vendor or act.vendor, error.operation or act.operation
        if isinstance(error, SpendGuardError):
            error.why = error.why or Why.GUARD.value
            self._tell(act, error)
        try:
            await self._record(
                passage, "refused", before=passage.spending.before, after=self._after(passage), error=error.type,
                rule=error.rule, message=scrub(error.message), value=shown(error.value),
                cap=getattr(error, "cap", None),
            )  # fmt: skip
        except BackstayError as trouble:
            self._problem("guard.audit", trouble)

    # Telling ------------------------------------------------------------------------------------------------------

    async def _record(self, passage: Passage, phase: str, **more: Any) -> None:
        act, spending, ruling = passage.act, passage.spending, passage.ruling
        entry: dict[str, Any] = {
            "id": passage.ticket, "phase": phase, "at": utc(self._clock.wall()).isoformat(), "actor": self.actor,
            "vendor": act.vendor, "account": act.account, "operation": act.operation,
        }  # fmt: skip
        if spending.ref:
            entry["ref"] = spending.ref
        if phase != "outcome":
            more |= {"context": fields(bound()), "effect": act.effect, "key": shown(act.key)}
        if phase == "intent":
            more["verdict"] = self._verdict(ruling)
        entry |= {name: value for name, value in more.items() if value is not None}
        await _in_time(self.audit.append(entry), "audit record", pausing=act.pausing)

    def _verdict(self, ruling: Ruling) -> dict[str, Any]:
        guard = "none" if self.guard is None else repr(self.guard)
        if not ruling.currency:
            return {"allowed": True, "guard": guard}
        before, after = (money(amount, ruling.currency) for amount in (ruling.before, ruling.after))
        return {"allowed": True, "guard": guard, "exposure_before": before, "exposure_after": after}

    def _after(self, passage: Passage) -> Any:
        return passage.spending.after or shown(passage.act.asked)

    def _tell(self, act: Act, error: SpendGuardError) -> None:
        if self._events.listeners:
            self._events.emit(
                SpendRefused(
                    at=self._clock.wall(), vendor=act.vendor, function=act.operation, account=act.account,
                    rule=error.rule or "", value=str(error.value), cap=error.cap or "",
                )
            )  # fmt: skip

    def _problem(self, where: str, error: BaseException) -> None:
        if self._events.listeners:
            self._events.emit(Problem(at=self._clock.wall(), where=where, error=scrub(str(error))))


async def _in_time(work: Awaitable[T], what: str, *, pausing: bool = False) -> T:
    """What the disk says, unless it takes too long; what has begun may be done all the same.

    Raises:
        ResourceError: it took too long.
    """
    wait = PAUSE_WAITS if pausing else WAITS
    try:
        return await within(wait, work)
    except TimeoutError:
        raise ResourceError(
            f"the {what} of the spend guard did not answer within {wait:g} s", field="state", rule="guard.slow",
            certainty=Certainty.NOT_SENT, hint="look at the disk of the state folder",
        ) from None  # fmt: skip


def _reserved(asked: Proposal, caps: Caps, now: float, today: Any, exchange: Any, book: Book) -> Ruling:
    book.prune(now)
    return reserve(book, asked, caps, now=now, today=today, exchange=exchange)


def _today(now: float, zone: str) -> str:
    return datetime.fromtimestamp(now, ZoneInfo(zone)).date().isoformat()


def outcome_of(error: BaseException | None) -> Outcome:
    """What the ledger may believe: only what is surely not carried out is let go."""
    if error is None:
        return Outcome.DONE
    if isinstance(error, BackstayError) and error.certainty is not Certainty.UNKNOWN:
        return Outcome.RELEASED
    return Outcome.UNKNOWN


def named(error: BaseException | None) -> str:
    """The outcome as the audit record says it."""
    if error is None:
        return "done"
    return error.certainty.value if isinstance(error, BackstayError) else "unknown"


def no_guard(act: Act) -> SpendGuardError:
    """Nobody has said what may be spent."""
    return SpendGuardError(
        f"{act.operation} can spend, and no spend guard says how much may be spent", field="guard", value=None,
        rule="guard.no_guard",
        hint='give one: Runtime(guard=SpendGuard(per_day=Money("500", "USD"))), or SpendGuard.unlimited()',
    )  # fmt: skip


def _no_ledger(error: BackstayError) -> SpendGuardError:
    return SpendGuardError(
        f"the ledger of the spend guard cannot be written: {error.message}", field="state", value=error.value,
        rule="guard.ledger", hint=error.hint or "free the disk, or choose another folder with Runtime(state=...)",
    )  # fmt: skip


def _made(value: Any) -> dict[str, Any]:
    """What a create has made, and how."""
    how, made = getattr(value, "how", None), getattr(value, "value", None)
    return {} if how is None else {"how": how, "ref": shown(getattr(made, "id", None) and str(made))}
