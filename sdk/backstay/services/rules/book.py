"""The engine's stored state, and everything that is told about its runs."""

from __future__ import annotations

from backstay.ads import Money
from backstay.clock import Clock
from backstay.errors import BackstayError, ConflictError
from backstay.events import Listener
from backstay.services.rules.decide import Decision
from backstay.services.rules.events import RuleActed, RuleNotified, RulesRan, RulesTrouble
from backstay.services.rules.record import EndRecord, RunRecord
from backstay.services.rules.state import RulesState
from backstay.services.rules.words import Outcome
from backstay.services.store import Store, loaded


class Book:
    """A state as it was loaded; each save is refused if somebody else has saved in the meantime."""

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._name = store, name
        self._revision = 0
        self.state = RulesState()

    async def load(self) -> RulesState:
        """What was saved last; raises InvalidRequestError if it is another service's."""
        state, self._revision = await loaded(self._store, self._name, RulesState, "rules")
        self.state = state or RulesState()
        return self.state

    async def alone(self) -> None:
        """Raise ConflictError if somebody has saved since: another engine, or the kill switch."""
        kept = await self._store.load(self._name)
        if kept is None or kept.revision != self._revision:
            raise ConflictError(
                "the rules' state was changed while they ran; nothing more is written by this run", field="store",
                value=self._name, rule="services.rules", hint="run again: it looks at what is still open first",
            )  # fmt: skip

    async def save(self, state: RulesState) -> None:
        """Keep a state; raises ConflictError."""
        self._revision = await self._store.save(self._name, state, revision=self._revision)
        self.state = state


class Teller:
    """Makes the events of rules."""

    def __init__(self, clock: Clock, tell: Listener) -> None:
        self._clock, self._tell = clock, tell

    def ran(self, record: RunRecord) -> None:
        """A run was decided."""
        decided = record.decided
        actions = sum(each.outcome is Outcome.ACT for each in decided.decisions)
        self._tell(
            RulesRan(at=self._clock.wall(), function="rules", run=record.inputs.run, decisions=len(decided.decisions),
                     actions=actions, skipped=len(decided.skipped))
        )  # fmt: skip

    def acted(self, decision: Decision, record: EndRecord) -> None:
        """An action has ended."""
        self._tell(
            RuleActed(at=self._clock.wall(), vendor=decision.ref.platform.value, function="rules", run=record.run,
                      rule=decision.rule, ref=str(decision.ref), action=_word(decision), before=_text(decision.before),
                      after=_text(decision.after), end=record.end.value, error_type=record.error_type)
        )  # fmt: skip

    def notified(self, run: str, decision: Decision, text: str) -> None:
        """A rule wants this to be told."""
        self._tell(
            RuleNotified(at=self._clock.wall(), vendor=decision.ref.platform.value, function="rules", run=run,
                         rule=decision.rule, ref=str(decision.ref), text=text)
        )  # fmt: skip

    def trouble(self, run: str, error: BackstayError) -> None:
        """A platform could not be read."""
        self._tell(RulesTrouble.of(error, self._clock, "rules", run=run))


def _word(decision: Decision) -> str:
    return "" if decision.kind is None else decision.kind.value


def _text(money: Money | None) -> str | None:
    return None if money is None else str(money)
