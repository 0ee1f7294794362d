"""RuleEngine: reads the objects of ad accounts, decides, and acts, once, whatever dies in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from backstay.ads import AdPlatform
from backstay.clock import Clock, utc
from backstay.errors import BackstayError, ConflictError, InvalidRequestError, NotFoundError
from backstay.events import Listener
from backstay.services.places import clock_of, listener_of, several
from backstay.services.rules.book import Book, Teller
from backstay.services.rules.carry import Carrier, undo_key, undoing
from backstay.services.rules.decide import Decided, Inputs, account_of, decide, in_scope
from backstay.services.rules.facts import Facts
from backstay.services.rules.history import Breaker, Slot
from backstay.services.rules.hooks import HookCall, call, check_hooks
from backstay.services.rules.read import ACCOUNTS, facts_of
from backstay.services.rules.record import Audit, EndRecord, RunRecord
from backstay.services.rules.rule import Rule
from backstay.services.rules.slots import slot
from backstay.services.rules.state import Intent, RulesState
from backstay.services.rules.words import Mode, Outcome
from backstay.services.store import Store

CONSENT: Final = timedelta(days=1)
"""How long a proposal stands."""


class RuleEngine:
    """Runs rules on one account or several.

        engine = RuleEngine(rules, on=tiktok, store=FileStore("rules"), audit=FileAudit("rules.jsonl"))
        await engine.run()

    Call `run()` from a scheduler as often as you like: a rule runs at most once in each of its slots. Two engines on
    one store are safe: the second one to save is refused with ConflictError before it has written anything. `rules` may
    be a function; a rule that was edited since it was judged is not applied. `hooks` are the functions that rules may
    call by name.
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
        hooks: Mapping[str, HookCall] | None = None,
        clock: Clock | None = None,
        tell: Listener | None = None,
    ) -> None:
        self._rules, self._hooks = rules, dict(hooks or {})
        self._on = several(on)
        self._audit, self._actor = audit, actor
        self._clock = clock_of(self._on, clock)
        self._teller = Teller(self._clock, listener_of(self._on, tell))
        self._book = Book(store, name)
        self._carrier = Carrier(self._on, self._book, audit, self._clock, self._teller, actor)

    def rules(self) -> tuple[Rule, ...]:
        """The rules as they are now; raises InvalidRequestError for an id given twice, or a hook of no function."""
        found = tuple(self._rules() if callable(self._rules) else self._rules)
        ids = [rule.id for rule in found]
        twice = next((each for each in ids if ids.count(each) > 1), None)
        if twice is not None:
            raise InvalidRequestError("two rules have one id", field="id", value=twice, hint="rename one of them")
        check_hooks(found, self._hooks)
        return found

    async def run(self, *, dry_run: bool = False, forced: bool = False) -> RunRecord:
        """One run; `dry_run` decides and keeps nothing, `forced` does not ask the schedules.

        Raises:
            ConflictError: another engine works on the same store.
            InvalidRequestError: the accounts of a split have no common currency or time zone.
        """
        await self._book.load()
        if not dry_run:
            await self._carrier.reconcile()
        record = await self._decided(forced=forced)
        if dry_run:
            self._teller.ran(record)
            return record
        await self._audit.append(record)
        await self._book.save(_intended(self._book.state, record))
        self._teller.ran(record)
        await self._told(record)
        for intent in [each for each in self._book.state.open if each.run == record.inputs.run]:
            await self._carrier.carry(intent, self._rule(intent))
        return record

    async def proposals(self) -> tuple[Intent, ...]:
        """What waits for consent."""
        now = self._now()
        return tuple(each for each in (await self._book.load()).proposals if now - each.since < CONSENT)

    async def accept(self, key: str) -> EndRecord:
        """Carry out a proposal, if rule and object are still as they were; raises NotFoundError."""
        intent = await self._proposal(key)
        state = self._book.state
        await self._book.save(state.without(key).but(open=(*state.open, intent)))
        return await self._carrier.carry(intent, self._rule(intent))

    async def reject(self, key: str) -> None:
        """Drop a proposal."""
        await self._proposal(key)
        await self._book.save(self._book.state.without(key))

    async def undo(self, key: str) -> EndRecord:
        """Take an action back, if nobody has changed the object since; the spend guard has its say.

        Raises:
            NotFoundError: no action of that key was carried out.
            ConflictError: it was taken back before, or its object is locked.
        """
        state = await self._book.load()
        done = next((each for each in state.history.done if each.key == key), None)
        if done is None:
            raise NotFoundError(
                "no action of that key was carried out", field="key", value=key, hint="see the audit record's keys"
            )
        if state.seen.knows(undo_key(key)) or done.ref in state.seen.locked:
            raise ConflictError(
                "it was taken back, or its object is locked", field="key", value=key, rule="services.rules",
                hint="run() looks at locked objects first; what was taken back stays so",
            )  # fmt: skip
        intent = undoing(done, self._clock.token(), self._now())
        await self._book.save(state.but(open=(*state.open, intent)))
        return await self._carrier.write(intent)

    async def kill(self, *, on: bool = True) -> None:
        """The kill switch: nothing is done until it is off. A run that is under way stops before its next write."""
        await self._book.load()
        await self._book.save(self._book.state.but(killed=on))

    async def enable(self, rule: str) -> None:
        """Close a rule's breaker, with nothing remembered."""
        await self._book.load()
        await self._book.save(self._book.state.with_breaker(Breaker(rule=rule)))

    async def state(self) -> RulesState:
        """What is kept."""
        return await self._book.load()

    # Parts ----------------------------------------------------------------------------------------------------------

    async def _decided(self, *, forced: bool) -> RunRecord:
        at, rules, run = self._now(), self.rules(), self._clock.token()
        facts = await self._read(rules, at, run)
        state = self._book.state
        inputs = Inputs(
            run=run, at=at, rules=rules, facts=facts, history=state.seen, killed=state.killed, forced=forced
        )
        return RunRecord(inputs=inputs, decided=decide(inputs), actor=self._actor)

    async def _read(self, rules: Sequence[Rule], at: datetime, run: str) -> tuple[Facts, ...]:
        found: list[Facts] = []
        for platform in self._on:
            try:
                found += await facts_of(platform, rules, at, self._book.state.tagged)
            except BackstayError as error:
                if error.rule == ACCOUNTS:  # it will not pass by itself
                    raise
                self._teller.trouble(run, error)
        return tuple(found)

    async def _told(self, record: RunRecord) -> None:
        """Notices and hooks of what a run does; none of dry runs, hooks of applying rules only."""
        run = record.inputs.run
        for each in record.decided.decisions:
            if each.outcome is not Outcome.ACT or each.mode is Mode.DRY_RUN:
                continue
            for text in each.notices:
                self._teller.notified(run, each, text)
            for name in each.hooks if each.mode is Mode.APPLY else ():
                await self._audit.append(await call(self._hooks[name], name, run, each, self._now(), self._actor))

    def _rule(self, intent: Intent) -> Rule | None:
        """The rule of an action as it is now."""
        return next((rule for rule in self.rules() if rule.id == intent.decision.rule), None)

    async def _proposal(self, key: str) -> Intent:
        found = [each for each in await self.proposals() if each.key == key]
        if not found:
            raise NotFoundError(
                "no proposal of that key stands", field="key", value=key, hint="see proposals(); they stand for a day"
            )
        return found[0]

    def _now(self) -> datetime:
        return utc(self._clock.wall())


def _intended(state: RulesState, record: RunRecord) -> RulesState:
    """The state with a run's slots, tags, intents and proposals."""
    inputs, decisions = record.inputs, record.decided.decisions
    made = [Intent(run=inputs.run, decision=each, since=inputs.at) for each in decisions if each.acts]
    fresh = tuple(each for each in state.proposals if inputs.at - each.since < CONSENT)
    marks = [each for each in decisions if each.outcome is Outcome.ACT and each.mode is Mode.APPLY]
    return (
        state.but(
            open=(*state.open, *(each for each in made if each.decision.mode is Mode.APPLY)),
            proposals=(*fresh, *(each for each in made if each.decision.mode is Mode.PROPOSE)),
            history=state.history.kept(inputs.at),
        )
        .with_slots(_slots(inputs, record.decided))
        .with_tags((each.ref, each.tags) for each in marks)
    )


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
