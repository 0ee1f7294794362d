"""RuleEngine: reads the objects of ad accounts, decides, and acts, once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from backstay.ads import AdPlatform, Money
from backstay.clock import Clock, utc
from backstay.errors import BackstayError, ConflictError, InvalidRequestError, NotFoundError
from backstay.events import Listener
from backstay.services.live import look
from backstay.services.places import clock_of, listener_of, owner, several
from backstay.services.rules.act import Written, carry_out, is_after, is_before
from backstay.services.rules.decide import Decided, Decision, Inputs, account_of, decide, in_scope
from backstay.services.rules.events import RuleActed, RuleNotified, RulesRan, RulesTrouble
from backstay.services.rules.facts import Facts
from backstay.services.rules.history import Breaker, Done, Slot, counted
from backstay.services.rules.read import facts_of
from backstay.services.rules.record import Audit, End, EndRecord, RunRecord
from backstay.services.rules.rule import Rule
from backstay.services.rules.slots import slot
from backstay.services.rules.state import Intent, RulesState
from backstay.services.rules.words import Kind, Mode, Outcome
from backstay.services.store import Store

SETTLE: Final = timedelta(minutes=15)
"""How long an object that looks as before may still be about to change: reads lag behind writes."""
CONSENT: Final = timedelta(days=1)
"""How long a proposal stands."""
WORKED: Final = frozenset({End.APPLIED, End.FOUND})
_UNSENT: Final = frozenset({End.CHANGED, End.VERSION_CHANGED, End.DISABLED, End.NOT_DONE})


class RuleEngine:
    """Runs rules on one account or several.

        engine = RuleEngine(rules, on=tiktok, store=FileStore("rules"), audit=FileAudit("rules.jsonl"))
        await engine.run()

    Call `run()` from a scheduler as often as you like: a rule runs at most once in each of its slots. Two engines on
    one store are safe: the second one to save is refused with ConflictError before it has written anything. `rules` may
    be a function; a rule that was edited since it was judged is not applied.
    """

    def __init__(
        self,
        rules: Sequence[Rule] | Callable[[], Sequence[Rule]],
        *,
        on: AdPlatform | Sequence[AdPlatform],
        store: Store,
        audit: Audit,
        name: str = "rules",
        actor: str = "",
        clock: Clock | None = None,
        tell: Listener | None = None,
    ) -> None:
        self._rules = rules
        self._on = several(on)
        self._store, self._audit, self._name, self._actor = store, audit, name, actor
        self._clock, self._tell = clock_of(self._on, clock), listener_of(self._on, tell)
        self._state, self._revision = RulesState(), 0

    def rules(self) -> tuple[Rule, ...]:
        """The rules as they are now; raises InvalidRequestError if two have one id."""
        found = tuple(self._rules() if callable(self._rules) else self._rules)
        ids = [rule.id for rule in found]
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise InvalidRequestError("two rules have one id", field="id", value=twice, hint="rename one of them")
        return found

    async def run(self, *, dry_run: bool = False, forced: bool = False) -> RunRecord:
        """One run; `dry_run` decides and keeps nothing, `forced` does not ask the schedules.

        Raises:
            ConflictError: another engine works on the same store.
        """
        await self._load()
        if not dry_run:
            await self._reconcile()
        at, rules, run = self._now(), self.rules(), self._clock.token()
        facts = await self._read(rules, at, run)
        inputs = Inputs(
            run=run, at=at, rules=rules, facts=facts, history=self._state.seen, killed=self._state.killed, forced=forced
        )
        record = RunRecord(inputs=inputs, decided=decide(inputs), actor=self._actor)
        decided = record.decided
        acting = [each for each in decided.decisions if each.outcome is Outcome.ACT]
        if not dry_run:
            await self._audit.append(record)
            await self._save(self._intended(record))
            self._notify(run, acting)
        self._tell(
            RulesRan(at=self._clock.wall(), function="rules", run=run, decisions=len(decided.decisions),
                     actions=len(acting), skipped=len(decided.skipped))
        )  # fmt: skip
        if not dry_run:
            for intent in [each for each in self._state.open if each.run == run]:
                await self._carry(intent)
        return record

    async def proposals(self) -> tuple[Intent, ...]:
        """What waits for consent."""
        await self._load()
        return self._state.proposals

    async def accept(self, key: str) -> EndRecord:
        """Carry out a proposal, if rule and object are still as they were; raises NotFoundError."""
        intent = await self._proposal(key)
        await self._save(self._state.without(key).but(open=(*self._state.open, intent)))
        return await self._carry(intent)

    async def reject(self, key: str) -> None:
        """Drop a proposal."""
        await self._proposal(key)
        await self._save(self._state.without(key))

    async def kill(self, *, on: bool = True) -> None:
        """The kill switch: nothing is done until it is off. A run that is under way stops before its next write."""
        await self._load()
        await self._save(self._state.but(killed=on))

    async def enable(self, rule: str) -> None:
        """Close a rule's breaker, with nothing remembered."""
        await self._load()
        await self._save(self._state.with_breaker(Breaker(rule=rule)))

    async def state(self) -> RulesState:
        """What is kept."""
        await self._load()
        return self._state

    # Parts ----------------------------------------------------------------------------------------------------------

    async def _read(self, rules: Sequence[Rule], at: datetime, run: str) -> tuple[Facts, ...]:
        found: list[Facts] = []
        for platform in self._on:
            try:
                found += await facts_of(platform, rules, at)
            except BackstayError as error:
                self._tell(
                    RulesTrouble(at=self._clock.wall(), vendor=error.vendor, function="rules", run=run,
                                 error_type=error.type, error_message=error.message)
                )  # fmt: skip
        return tuple(found)

    def _intended(self, record: RunRecord) -> RulesState:
        """The state with this run's slots, intents and proposals."""
        inputs, state = record.inputs, self._state
        acting = [each for each in record.decided.decisions if each.acts]
        made = [Intent(run=inputs.run, decision=each, since=inputs.at) for each in acting]
        fresh = tuple(each for each in state.proposals if inputs.at - each.since < CONSENT)
        return state.but(
            open=(*state.open, *(each for each in made if each.decision.mode is Mode.APPLY)),
            proposals=(*fresh, *(each for each in made if each.decision.mode is Mode.PROPOSE)),
            history=state.history.kept(inputs.at),
        ).with_slots(_slots(inputs, record.decided))

    async def _carry(self, intent: Intent) -> EndRecord:
        """Write it and keep how it ended."""
        decision = intent.decision
        await self._alone()
        now = {rule.id: rule for rule in self.rules()}.get(decision.rule)
        if now is None or now.hash != decision.rule_hash:
            return await self._ended(intent, Written(End.VERSION_CHANGED))
        if self._state.killed or self._state.history.breaker(decision.rule).disabled is not None:
            return await self._ended(intent, Written(End.DISABLED))
        return await self._ended(intent, await carry_out(owner(self._on, decision.ref), decision))

    async def _ended(self, intent: Intent, written: Written) -> EndRecord:
        decision, error = intent.decision, written.error
        record = EndRecord(
            run=intent.run, key=intent.key, rule=decision.rule, ref=decision.ref, at=self._now(), end=written.end,
            error_type=None if error is None else error.type, message=None if error is None else error.message,
            request_ids=written.request_ids, undo=_undo(decision) if written.end in WORKED else None, actor=self._actor,
        )  # fmt: skip
        await self._audit.append(record)
        await self._save(self._after(intent, written))
        self._tell(
            RuleActed(at=self._clock.wall(), vendor=decision.ref.platform.value, function="rules", run=intent.run,
                      rule=decision.rule, ref=str(decision.ref), action=_word(decision), before=_text(decision.before),
                      after=_text(decision.after), end=written.end.value, error_type=record.error_type)
        )  # fmt: skip
        return record

    def _after(self, intent: Intent, written: Written) -> RulesState:
        decision, state = intent.decision, self._state
        if written.end in WORKED and decision.kind is not None:
            state = state.ended(
                Done(key=intent.key, rule=decision.rule, ref=decision.ref, kind=decision.kind, at=self._now(),
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

    async def _reconcile(self) -> None:
        """Look at the objects of actions whose end is not known."""
        for intent in self._state.open:
            decision = intent.decision
            try:
                thing = await look(owner(self._on, decision.ref), decision.ref)
            except NotFoundError as error:
                await self._ended(intent, Written(End.CHANGED, error))
                continue
            except BackstayError:
                continue  # it stays locked, and is looked at again
            if is_after(decision, thing):
                await self._ended(intent, Written(End.FOUND, request_ids=thing.served.request_ids))
            elif not is_before(decision, thing):
                await self._ended(intent, Written(End.CHANGED))
            elif self._now() - intent.since >= SETTLE:
                await self._ended(intent, Written(End.NOT_DONE))

    async def _proposal(self, key: str) -> Intent:
        await self._load()
        now = self._now()
        found = [each for each in self._state.proposals if each.key == key and now - each.since < CONSENT]
        if not found:
            raise NotFoundError(
                "no proposal of that key stands", field="key", value=key, hint="see proposals(); they stand for a day"
            )
        return found[0]

    def _notify(self, run: str, acting: Sequence[Decision]) -> None:
        for each in acting:
            for text in each.notices if each.mode is not Mode.DRY_RUN else ():
                self._tell(
                    RuleNotified(at=self._clock.wall(), vendor=each.ref.platform.value, function="rules", run=run,
                                 rule=each.rule, ref=str(each.ref), text=text)
                )  # fmt: skip

    async def _load(self) -> None:
        kept = await self._store.load(self._name)
        if kept is not None and not isinstance(kept.value, RulesState):
            raise InvalidRequestError(
                f"the store holds no rules under {self._name}", field="store", value=type(kept.value).__name__,
                hint="give the rules a store, or a name, of their own",
            )  # fmt: skip
        self._state, self._revision = (RulesState(), 0) if kept is None else (kept.value, kept.revision)

    async def _alone(self) -> None:
        """Raise ConflictError if somebody has saved since: another engine, or the kill switch."""
        kept = await self._store.load(self._name)
        if kept is None or kept.revision != self._revision:
            raise ConflictError(
                "the rules' state was changed while they ran; nothing more is written by this run", field="store",
                value=self._name, rule="services.rules", hint="run again: it looks at what is still open first",
            )  # fmt: skip

    async def _save(self, state: RulesState) -> None:
        self._revision = await self._store.save(self._name, state, revision=self._revision)
        self._state = state

    def _now(self) -> datetime:
        return utc(self._clock.wall())


def _slots(inputs: Inputs, decided: Decided) -> list[Slot]:
    """The slots that were run; stale numbers leave a slot open, so that it is run as soon as they are fresh."""
    skipped = {(each.rule, each.account) for each in decided.skipped}
    stale = {
        (each.rule, f"{each.ref.platform}/{each.ref.account_id}")
        for each in decided.decisions
        if each.outcome is Outcome.SKIPPED_STALE
    }
    return [
        Slot(rule=rule.id, account=account_of(facts), begin=slot(rule.schedule, inputs.at, facts.zone))
        for facts in inputs.facts
        for rule in inputs.rules
        if in_scope(rule, facts) and (rule.id, account_of(facts)) not in skipped | stale
    ]


def _undo(decision: Decision) -> str:
    if decision.kind in {Kind.PAUSE, Kind.RESUME}:
        return "resume it" if decision.kind is Kind.PAUSE else "pause it"
    return f"set the budget back to {decision.before} if it is still {decision.after}"


def _word(decision: Decision) -> str:
    return "" if decision.kind is None else decision.kind.value


def _text(money: Money | None) -> str | None:
    return None if money is None else str(money)
