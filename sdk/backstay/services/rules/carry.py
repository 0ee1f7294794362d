"""Carries decided actions out, keeps how each ended, and finds out later what was not known at first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from backstay.ads import AdPlatform
from backstay.clock import Clock, utc
from backstay.errors import BackstayError, NotFoundError
from backstay.services.live import SETTLE, look
from backstay.services.places import owner
from backstay.services.rules.act import Written, carry_out, is_after, is_before
from backstay.services.rules.book import Book, Teller
from backstay.services.rules.decide import Decision
from backstay.services.rules.history import Done, counted
from backstay.services.rules.record import Audit, End, EndRecord
from backstay.services.rules.rule import Rule
from backstay.services.rules.state import Intent, RulesState
from backstay.services.rules.words import Kind, Mode, Outcome, Part

WORKED: Final = frozenset({End.APPLIED, End.FOUND})
_UNSENT: Final = frozenset({End.CHANGED, End.VERSION_CHANGED, End.DISABLED, End.NOT_DONE})
_UNDO: Final = {Kind.PAUSE: Kind.RESUME, Kind.RESUME: Kind.PAUSE, Kind.INCREASE: Kind.DECREASE}


class Carrier:
    """Of one engine."""

    def __init__(
        self, on: Sequence[AdPlatform], book: Book, audit: Audit, clock: Clock, teller: Teller, actor: str
    ) -> None:  # fmt: skip
        self._on, self._book, self._audit = on, book, audit
        self._clock, self._teller, self._actor = clock, teller, actor

    async def carry(self, intent: Intent, rule: Rule | None) -> EndRecord:
        """Write it, if the rule is still the one that was judged, and keep how it ended."""
        decision = intent.decision
        await self._book.alone()
        if rule is None or rule.hash != decision.rule_hash:
            return await self.ended(intent, Written(End.VERSION_CHANGED))
        if self._book.state.history.breaker(decision.rule).disabled is not None:
            return await self.ended(intent, Written(End.DISABLED))
        return await self.write(intent)

    async def write(self, intent: Intent) -> EndRecord:
        """Write it unless the kill switch is on, and keep how it ended."""
        if self._book.state.killed:
            return await self.ended(intent, Written(End.DISABLED))
        return await self.ended(intent, await carry_out(owner(self._on, intent.decision.ref), intent.decision))

    async def ended(self, intent: Intent, written: Written) -> EndRecord:
        """Keep how an action ended: on record, in the state, and told."""
        decision, error = intent.decision, written.error
        record = EndRecord(
            run=intent.run, key=intent.key, rule=decision.rule, ref=decision.ref, at=self._now(), end=written.end,
            error_type=None if error is None else error.type, message=None if error is None else error.message,
            request_ids=written.request_ids, undo=_told(decision) if written.end in WORKED else None,
            actor=self._actor,
        )  # fmt: skip
        await self._audit.append(record)
        await self._book.save(_after(self._book.state, intent, written, self._now()))
        self._teller.acted(decision, record)
        return record

    async def reconcile(self) -> None:
        """Look at the objects of actions whose end is not known."""
        for intent in self._book.state.open:
            decision = intent.decision
            try:
                thing = await look(owner(self._on, decision.ref), decision.ref)
            except NotFoundError as error:
                await self.ended(intent, Written(End.CHANGED, error))
                continue
            except BackstayError:
                continue  # it stays locked, and is looked at again
            if is_after(decision, thing):
                await self.ended(intent, Written(End.FOUND, request_ids=thing.served.request_ids))
            elif not is_before(decision, thing):
                await self.ended(intent, Written(End.CHANGED))
            elif self._now() - intent.since >= SETTLE:
                await self.ended(intent, Written(End.NOT_DONE))

    def _now(self) -> datetime:
        return utc(self._clock.wall())


def undoing(done: Done, run: str, at: datetime) -> Intent:
    """The opposite of what was done, from what it made back to what was before."""
    decision = Decision(
        rule=done.rule, version=0, rule_hash="", mode=Mode.APPLY, ref=done.ref, at=at, local=at.isoformat(),
        outcome=Outcome.ACT, kind=_UNDO.get(done.kind, Kind.INCREASE), part=done.part, before=done.after,
        after=done.before, key=undo_key(done.key),
    )  # fmt: skip
    return Intent(run=run, decision=decision, since=at)


def undo_key(key: str) -> str:
    """The key of the action that takes another back."""
    return f"undo-{key}"


def _after(state: RulesState, intent: Intent, written: Written, now: datetime) -> RulesState:
    """The state when an action has ended so."""
    decision = intent.decision
    if written.end in WORKED and decision.kind is not None:
        state = state.ended(
            Done(key=intent.key, rule=decision.rule, ref=decision.ref, kind=decision.kind, part=decision.part, at=now,
                 before=decision.before, after=decision.after)
        )  # fmt: skip
    elif written.end is not End.UNKNOWN:
        state = state.without(intent.key)
    if written.end in _UNSENT:
        return state
    breaker = counted(state.history.breaker(decision.rule), [written.end not in WORKED])
    if written.error is not None and written.error.type == "SPEND_GUARD":
        breaker = breaker.but(disabled=f"the spend guard refused it: {written.error.message}")
    return state.with_breaker(breaker)


def _told(decision: Decision) -> str:
    if decision.kind in {Kind.PAUSE, Kind.RESUME}:
        return "resume it" if decision.kind is Kind.PAUSE else "pause it"
    what = "bid" if decision.part is Part.BID else "budget"
    return f"set the {what} back to {decision.before} if it is still {decision.after}"
