"""What rules do to objects now: pure, so that the same inputs give the same decisions at any later time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime  # noqa: TC002 - the model reads it at run time

from backstay.ads import Bid, Budget, ConfiguredStatus, Money, Ref
from backstay.services.hashing import fingerprint
from backstay.services.rules.evaluate import Trace, evaluate
from backstay.services.rules.facts import Facts
from backstay.services.rules.history import Done, History
from backstay.services.rules.money import bounded, currencies, kind_of, wanted
from backstay.services.rules.rule import Change, Pause, Resume, Rule, SetBid, Tag
from backstay.services.rules.slots import missed, quiet, slot
from backstay.services.rules.words import Kind, Mode, Outcome, Part, Reason, Skip, Truth
from backstay.spec import Spec

CARE: Final = {kind: place for place, kind in enumerate(Kind)}
WEIGHT: Final = {mode: place for place, mode in enumerate(Mode)}
STATE: Final = {Kind.PAUSE: ConfiguredStatus.PAUSED, Kind.RESUME: ConfiguredStatus.ACTIVE}


class Inputs(Spec):
    """All that a run's decisions are made of."""

    run: str
    at: AwareDatetime
    rules: tuple[Rule, ...]
    facts: tuple[Facts, ...]
    history: History = History()
    killed: bool = False
    """The kill switch: nothing is done."""
    forced: bool = False
    """Whatever the schedules say."""


class Decision(Spec):
    """One rule on one object; of a rule that was skipped for a whole account, without an object."""

    rule: str
    version: int
    rule_hash: str
    mode: Mode
    ref: Ref
    at: AwareDatetime
    local: str
    """The same moment in the account's zone."""
    slot: AwareDatetime | None = None
    outcome: Outcome
    reason: Reason | None = None
    kind: Kind | None = None
    part: Part = Part.BUDGET
    """Of a decrease or an increase."""
    before: Money | None = None
    after: Money | None = None
    key: str | None = None
    suppressed_by: str | None = None
    trace: Trace | None = None
    notices: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()
    hooks: tuple[str, ...] = ()

    @property
    def acts(self) -> bool:
        """Whether something is to be done to the object."""
        return self.outcome is Outcome.ACT and self.kind is not None


class Skipped(Spec):
    """A rule that was not looked at in an account."""

    rule: str
    account: str
    why: Skip
    note: str | None = None


class Decided(Spec):
    """A run."""

    decisions: tuple[Decision, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def account_of(facts: Facts) -> str:
    """The account as slots know it."""
    return f"{facts.ref.platform}/{facts.ref.account_id}"


def decide(inputs: Inputs) -> Decided:
    """The decisions of a run, in the order of objects and rules."""
    skipped: dict[tuple[str, str], Skipped] = {}
    found: list[Decision] = []
    for facts in inputs.facts:
        live: list[tuple[Rule, Decision]] = []
        for rule in inputs.rules:
            if not in_scope(rule, facts):
                continue
            why = skip(rule, facts, inputs)
            if why is None:
                live.append((rule, _one(rule, facts, inputs)))
            else:
                skipped[rule.id, account_of(facts)] = why
        found += _settled(live)
    return Decided(decisions=tuple(_counted(found, inputs)), skipped=tuple(skipped.values()))


def in_scope(rule: Rule, facts: Facts) -> bool:
    """Whether a rule is for an object."""
    scope = rule.scope
    return (
        facts.ref.level is scope.level
        and (not scope.platforms or facts.ref.platform in scope.platforms)
        and (not scope.refs or facts.ref in scope.refs)
        and (scope.name_contains is None or scope.name_contains in facts.name)
        and facts.configured in scope.statuses
        and {*scope.tagged} <= {*facts.tags}
        and not {*scope.untagged} & {*facts.tags}
    )


def skip(rule: Rule, facts: Facts, inputs: Inputs) -> Skipped | None:
    """Why a rule is not looked at in an object's account."""
    account, out = account_of(facts), inputs.history.breaker(rule.id).disabled
    begin, last = slot(rule.schedule, inputs.at, facts.zone), inputs.history.slot(rule.id, account)
    why: Skip | None = None
    if out is not None:
        why = Skip.DISABLED
    elif rule.expires_at is not None and inputs.at >= rule.expires_at:
        why = Skip.EXPIRED
    elif not inputs.forced and last is not None and last >= begin:
        why = Skip.NOT_DUE
    elif not inputs.forced and missed(rule.schedule, inputs.at, begin):
        why = Skip.MISSED
    return None if why is None else Skipped(rule=rule.id, account=account, why=why, note=out)


# One rule on one object -----------------------------------------------------------------------------------------------


def _one(rule: Rule, facts: Facts, inputs: Inputs) -> Decision:
    begin = slot(rule.schedule, inputs.at, facts.zone)
    base = Decision(
        rule=rule.id, version=rule.version, rule_hash=rule.hash, mode=rule.mode, ref=facts.ref, at=inputs.at,
        local=facts.local(inputs.at).isoformat(), slot=begin, outcome=Outcome.NO_ACTION, reason=Reason.CONDITION,
    )  # fmt: skip
    back = rule.back is not None and _ours(rule, facts, inputs.history) is not None
    trace = evaluate(rule.back.when if back and rule.back is not None else rule.when, facts)
    base = base.but(trace=trace)
    if _stale(rule, facts, inputs.at):
        return base.but(outcome=Outcome.SKIPPED_STALE, reason=Reason.STALE)
    if trace.truth is not Truth.TRUE:
        return base
    wish = _resumed(rule, facts, inputs, base) if back else _wish(rule, facts, inputs, base)
    if not back:
        wish = wish.but(notices=rule.notices, tags=rule.tags, hooks=rule.hooks)
    return _held(rule, facts, inputs, wish) if wish.acts else wish


def _ours(rule: Rule, facts: Facts, history: History) -> Done | None:
    """The pause of this rule that the object is in, if nobody has done anything to it since."""
    last = history.of(facts.ref)[-1:]
    paused = facts.configured is ConfiguredStatus.PAUSED
    return next((each for each in last if paused and each.rule == rule.id and each.kind is Kind.PAUSE), None)


def _resumed(rule: Rule, facts: Facts, inputs: Inputs, base: Decision) -> Decision:
    paused = _ours(rule, facts, inputs.history)
    if paused is None or rule.back is None or inputs.at - paused.at < rule.back.after:
        return base.but(outcome=Outcome.HELD, reason=Reason.HYSTERESIS, kind=Kind.RESUME)
    return _keyed(base.but(outcome=Outcome.ACT, reason=None, kind=Kind.RESUME))


def _wish(rule: Rule, facts: Facts, inputs: Inputs, base: Decision) -> Decision:
    """What the rule would do if nothing held it back."""
    change = rule.change
    if change is None:
        return base.but(outcome=Outcome.ACT, reason=None)
    if isinstance(change, Pause | Resume):
        kind = Kind.PAUSE if isinstance(change, Pause) else Kind.RESUME
        if facts.configured is STATE[kind]:
            return base.but(outcome=Outcome.NO_CHANGE, reason=Reason.ALREADY, kind=kind)
        if facts.configured not in STATE.values():
            return base.but(outcome=Outcome.REFUSED, reason=Reason.STATUS, kind=kind)
        return _keyed(base.but(outcome=Outcome.ACT, reason=None, kind=kind))
    return _amount(rule, change, facts, inputs, base)


def _amount(rule: Rule, change: Change, facts: Facts, inputs: Inputs, base: Decision) -> Decision:
    """A new budget or bid, within its limits; floor and ceiling are of budgets only."""
    assert not isinstance(change, Pause | Resume)  # noqa: S101 - `_wish` has taken those
    part, limits = Part.BUDGET, rule.limits
    if isinstance(change, SetBid):
        part, limits = Part.BID, rule.limits.but(floor=None, ceiling=None)
    now = amount_of(facts.budget, facts.bid, part)
    if now is None:
        why = Reason.NO_BID if part is Part.BID else Reason.NO_BUDGET
        return base.but(outcome=Outcome.REFUSED, reason=why, part=part)
    if currencies(change, limits) - {now.currency}:
        return base.but(outcome=Outcome.REFUSED, reason=Reason.CURRENCY, part=part, before=now)
    asked = wanted(change, now)
    new, reason = bounded(limits, now, asked, [each for each in _today(facts, inputs) if each.part is part])
    told = base.but(kind=kind_of(now, asked), part=part, before=now, after=new)
    if asked == now:
        return told.but(outcome=Outcome.NO_CHANGE, reason=Reason.ALREADY)
    if new == now:
        return told.but(outcome=Outcome.HELD, reason=reason or Reason.ALREADY)
    return _keyed(told.but(outcome=Outcome.ACT, reason=None))


def amount_of(budget: Budget | None, bid: Bid | None, part: Part) -> Money | None:
    """The amount that a rule may change; a budget that several campaigns share is none."""
    if part is Part.BID:
        return None if bid is None else bid.amount
    return None if budget is None or budget.shared_ref is not None else budget.amount


def _keyed(decision: Decision) -> Decision:
    """Under a name of its own: the same rule in the same slot on the same object does the same thing once."""
    parts = decision.rule, decision.version, str(decision.ref), decision.slot, decision.kind, decision.part
    return decision.but(key=fingerprint([str(part) for part in parts]))


def _stale(rule: Rule, facts: Facts, at: datetime) -> bool:
    seen = [facts.of(window.key) for window in rule.windows]
    old = [
        each.source == "stale" or each.fetched_at is None or at - each.fetched_at > rule.max_age
        for each in seen
        if each.days is not None
    ]
    return any(old) and not rule.stale_ok


# Limits ---------------------------------------------------------------------------------------------------------------


def _today(facts: Facts, inputs: Inputs) -> list[Done]:
    """What was done to an object in the account's day."""
    return [each for each in inputs.history.of(facts.ref) if _same_day(facts, each.at, inputs.at)]


def _same_day(facts: Facts, one: datetime, other: datetime) -> bool:
    return facts.local(one).date() == facts.local(other).date()


def _held(rule: Rule, facts: Facts, inputs: Inputs, wish: Decision) -> Decision:
    """The wish, or what holds it back."""
    limits, history = rule.limits, inputs.history
    budgets = wish.kind in {Kind.INCREASE, Kind.DECREASE}
    holds = {
        Reason.KILL_SWITCH: inputs.killed,
        Reason.LOCKED: facts.ref in history.locked,
        Reason.DONE: wish.key is not None and history.knows(wish.key),
        Reason.COOL_DOWN: _since(history.of(facts.ref, rule.id), inputs.at, limits.cool_down),
        Reason.OBJECT_COOL_DOWN: _since(history.of(facts.ref), inputs.at, limits.object_cool_down),
        Reason.QUIET_HOURS: quiet(limits.quiet, facts.local(inputs.at)),
        Reason.LEARNING: budgets and limits.learning and facts.delivery == "learning",
    }
    reason = next((name for name, holds_it in holds.items() if holds_it), None)
    return wish if reason is None else wish.but(outcome=Outcome.HELD, reason=reason)


def _since(done: list[Done], at: datetime, least: timedelta) -> bool:
    return bool(done) and at - done[-1].at < least


def _settled(live: list[tuple[Rule, Decision]]) -> list[Decision]:
    """One action an object. What only tries or proposes keeps nobody from acting; the rest counts against it."""
    found = [each for _, each in live]
    winners = {mode: _winner([each for each in found if WEIGHT[each.mode] >= WEIGHT[mode]]) for mode in Mode}
    return [
        _against(each, winners[each.mode]) if each.acts and each is not winners[each.mode] else each for each in found
    ]


def _winner(found: list[Decision]) -> Decision | None:
    """The most careful action, or what is held back or done already and is more careful than any raise."""
    winner = min((each for each in found if each.acts), key=_care, default=None)
    standing = [each for each in found if each.kind is not None and each.outcome in {Outcome.HELD, Outcome.NO_CHANGE}]
    first = min(standing, key=_rank, default=None)
    if winner is not None and first is not None and _rank(first) < CARE[Kind.INCREASE] <= _rank(winner):
        return first
    return winner


def _rank(decision: Decision) -> int:
    return CARE[decision.kind or Kind.RESUME]


def _care(decision: Decision) -> tuple[int, bool, object, str]:
    bid = decision.part is Part.BID
    return _rank(decision), bid, decision.after.amount if decision.after is not None else 0, decision.rule


def _against(decision: Decision, winner: Decision | None) -> Decision:
    by = None if winner is None else winner.rule
    return decision.but(outcome=Outcome.SUPPRESSED, reason=Reason.CONFLICT, suppressed_by=by)


def _counted(found: list[Decision], inputs: Inputs) -> Iterable[Decision]:
    """With the limits of actions by run and by day; the most careful ones come first."""
    rules = {rule.id: rule for rule in inputs.rules}
    zones = {facts.ref: facts for facts in inputs.facts}
    run: dict[str, int] = {}
    held: dict[int, Decision] = {}
    for place, each in sorted(enumerate(found), key=lambda pair: (_rank(pair[1]), pair[0])):
        if not each.acts:
            continue
        facts, limits = zones[each.ref], rules[each.rule].limits
        before = sum(one.rule == each.rule and _same_day(facts, one.at, inputs.at) for one in inputs.history.done)
        count = run.get(each.rule, 0)
        if count >= limits.max_per_run or count + before >= limits.max_per_day:
            reason = Reason.MAX_PER_RUN if count >= limits.max_per_run else Reason.MAX_PER_DAY
            held[place] = each.but(outcome=Outcome.HELD, reason=reason)
        else:
            run[each.rule] = count + 1
    return [held.get(place, each) for place, each in enumerate(found)]
