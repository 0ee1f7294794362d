"""Decisions of rules: the cases of the design, and every limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.ads import Money
from backstay.codec import decode, encode
from backstay.errors import InvalidRequestError
from backstay.services.rules.condition import YESTERDAY, Window
from backstay.services.rules.decide import Decision, Inputs, decide
from backstay.services.rules.evaluate import both, either, evaluate, opposite
from backstay.services.rules.history import Breaker, Done, History, Slot, counted
from backstay.services.rules.rule import Rule
from backstay.services.rules.slots import days_of, length, slot
from backstay.services.rules.words import Kind, Outcome, Reason, Skip, Span, Truth
from tests.support.rules import ALWAYS, AT, NO_LIMITS, REF, decisions, facts, rule

CPA = {"metric": "cpa", "op": ">", "value": 8}
EXPENSIVE = {"all": [CPA, {"metric": "spend", "op": ">", "value": 50}]}


def one(*args: Any, **more: Any) -> Decision:
    """The only decision."""
    (found,) = decisions(*args, **more)
    return found


def done(decision: Decision) -> Done:
    """It was carried out."""
    assert decision.kind is not None
    return Done(
        key=decision.key or "", rule=decision.rule, ref=decision.ref, kind=decision.kind, at=decision.at,
        before=decision.before, after=decision.after,
    )  # fmt: skip


def limits(**facts: Any) -> dict[str, Any]:
    return {**NO_LIMITS, **facts}


def after(minutes: float, kind: Kind = Kind.INCREASE, rule: str = "r") -> History:
    """Something was done so long ago."""
    return History(done=(Done(key="k", rule=rule, ref=REF, kind=kind, at=AT - timedelta(minutes=minutes)),))


# The cases of the design ------------------------------------------------------------------------------------------


def test_a_cost_without_conversions_has_no_value_and_does_nothing() -> None:
    """CPA > 8 and spend > 50, spend 60, conversions 0: no action, and the trace says why."""
    found = one(rule(when=EXPENSIVE))
    assert (found.outcome, found.acts) == (Outcome.NO_ACTION, False)
    assert found.trace is not None
    assert [each.truth for each in found.trace.under] == [Truth.UNDEFINED, Truth.TRUE]
    assert found.trace.under[0].note == "cpa has no value"


def test_a_cost_without_conversions_is_at_least_what_was_spent() -> None:
    """The same with use_bound: CPA is at least 60, so it pauses."""
    when = {"all": [{**CPA, "if_undefined": "use_bound"}, EXPENSIVE["all"][1]]}
    found = one(rule(when=when))
    assert (found.outcome, found.kind) == (Outcome.ACT, Kind.PAUSE)


def test_equal_is_not_greater() -> None:
    """ROAS of exactly 2.0 is not GREATER_THAN 2."""
    when = {"metric": "roas", "op": "greater_than", "value": 2}
    assert one(rule(when=when), facts(revenue="120.00 USD")).outcome is Outcome.NO_ACTION
    assert one(rule(when=when), facts(revenue="120.01 USD")).outcome is Outcome.ACT


def test_a_pause_beats_a_raise() -> None:
    """Of +20 % and pause on one object the pause is done; the raise names what suppressed it."""
    raised, paused = decisions([rule("up", do=20), rule("off")])
    assert (paused.outcome, paused.kind) == (Outcome.ACT, Kind.PAUSE)
    assert (raised.outcome, raised.suppressed_by) == (Outcome.SUPPRESSED, "off")


def test_a_ceiling_cuts_a_raise() -> None:
    """+20 % at 100.00 with ceiling 110 is 110.00, and at 110.00 nothing."""
    up = rule(do=20, limits=limits(ceiling="110 USD"))
    assert one(up).after == Money("110.00", "USD")
    found = one(up, facts("110.00 USD"))
    assert (found.outcome, found.reason) == (Outcome.HELD, Reason.CEILING)


def test_a_day_has_a_largest_change() -> None:
    """+20 % again and again with at most +30 % a day: 120.00, 130.00, then nothing; tomorrow it goes on."""
    up = rule(do=20, limits=limits(max_change_per_day=30), schedule={"every": "PT1H"})
    first = one(up)
    second = one(
        up, facts("120.00 USD", AT + timedelta(hours=1)), AT + timedelta(hours=1), history=History(done=(done(first),))
    )
    both_done = History(done=(done(first), done(second)))
    third = one(up, facts("130.00 USD", AT + timedelta(hours=2)), AT + timedelta(hours=2), history=both_done)
    assert [first.after, second.after] == [Money("120", "USD"), Money("130", "USD")]
    assert (third.outcome, third.reason) == (Outcome.HELD, Reason.MAX_CHANGE_PER_DAY)
    tomorrow = one(up, facts("130.00 USD", AT + timedelta(days=1)), AT + timedelta(days=1), history=both_done)
    assert tomorrow.after == Money("156", "USD")


@pytest.mark.parametrize(("percent", "new"), [(10, "1105"), (-10, "904")])
def test_yen_are_whole_and_rounded_down(percent: int, new: str) -> None:
    """+10 % of JPY 1,005 is 1,105, never 1,105.5."""
    assert one(rule(do=percent), facts("1005 JPY")).after == Money(new, "JPY")


@pytest.mark.parametrize(("minutes", "outcome"), [(359, Outcome.HELD), (360, Outcome.ACT)])
def test_a_cool_down_ends_at_its_minute(minutes: int, outcome: Outcome) -> None:
    """Cool-down 360 min: held at 359, done at 360."""
    found = one(rule(do=20, limits=limits(cool_down="PT6H")), history=after(minutes))
    assert (found.outcome, found.reason) == (outcome, Reason.COOL_DOWN if outcome is Outcome.HELD else None)


def test_missed_runs_are_not_made_up_for() -> None:
    """Three hours without a run are one run and one action."""
    up = rule(do=20)
    gone = History(slots=(Slot(rule="r", account="tiktok/7001", begin=AT - timedelta(hours=4)),))
    assert [each.outcome for each in decisions(up, history=gone)] == [Outcome.ACT]
    now = History(slots=(Slot(rule="r", account="tiktok/7001", begin=AT),))
    (skipped,) = decide(Inputs(run="1", at=AT, rules=(up,), facts=(facts(),), history=now)).skipped
    assert skipped.why is Skip.NOT_DUE


@pytest.mark.parametrize(
    ("at", "hours"), [(datetime(2026, 3, 30, 8, tzinfo=UTC), 23), (datetime(2026, 10, 26, 8, tzinfo=UTC), 25)]
)
def test_yesterday_of_a_change_of_clocks(at: datetime, hours: int) -> None:
    """Yesterday has 23 or 25 hours in Berlin."""
    berlin = ZoneInfo("Europe/Berlin")
    days = days_of(YESTERDAY, at.astimezone(berlin).date())
    assert days is not None
    assert length(days, berlin) == timedelta(hours=hours)


def test_old_numbers_are_not_acted_on() -> None:
    """Numbers of three hours ago with max_age 1 h: SKIPPED_STALE; a rule that pauses may want it otherwise."""
    old = facts(fetched_at=AT - timedelta(hours=3))
    assert one(rule(), old).outcome is Outcome.SKIPPED_STALE
    assert one(rule(), facts(source="stale")).outcome is Outcome.SKIPPED_STALE
    assert one(rule(stale_ok=True), old).outcome is Outcome.ACT
    with pytest.raises(InvalidRequestError, match="stale_ok: only a rule that pauses"):
        rule(do=20, stale_ok=True)


def test_a_dry_run_decides_what_applying_decides() -> None:
    """The mode is no input of the decision."""
    dry, real = (one(rule(do=20, mode=mode)) for mode in ("dry_run", "apply"))
    assert dry.but(mode="apply", rule_hash=real.rule_hash) == real


def test_inputs_that_were_stored_decide_the_same() -> None:
    """A replay is exact."""
    inputs = Inputs(run="1", at=AT, rules=(rule("a", when=EXPENSIVE), rule("b", do=20)), facts=(facts(),))
    assert decide(decode(encode(inputs))) == decide(inputs)


# Limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "more", "reason"),
    [
        ({}, {"killed": True}, Reason.KILL_SWITCH),
        ({}, {"history": History(locked=(REF,))}, Reason.LOCKED),
        ({"object_cool_down": "PT2H"}, {"history": after(119, rule="other")}, Reason.OBJECT_COOL_DOWN),
        ({"object_cool_down": "PT2H"}, {"history": after(120, rule="other")}, None),
        ({"quiet": {"begin": "11:00", "end": "12:30"}}, {}, Reason.QUIET_HOURS),
        ({"quiet": {"begin": "12:30", "end": "12:00"}}, {}, None),
        ({"quiet": {"begin": "22:00", "end": "12:01"}}, {}, Reason.QUIET_HOURS),
        ({"max_per_day": 1}, {"history": after(60)}, Reason.MAX_PER_DAY),
        ({"max_per_day": 1}, {"history": after(13 * 60)}, None),
        ({"floor": "100.00 USD"}, {}, None),
    ],
)
def test_what_holds_a_raise_back(changes: dict[str, Any], more: dict[str, Any], reason: Reason | None) -> None:
    """Each limit names itself; the negative rows are not held."""
    found = one(rule(do=20, limits=limits(**changes)), **more)
    assert (found.outcome, found.reason) == (Outcome.ACT if reason is None else Outcome.HELD, reason)


def test_the_same_action_is_done_once() -> None:
    """A second run in one slot, and another worker's, find the key."""
    first = one(rule(do=20))
    again = one(rule(do=20), facts("120.00 USD"), forced=True, history=History(done=(done(first),)))
    assert (again.outcome, again.reason, again.key) == (Outcome.HELD, Reason.DONE, first.key)


def test_budgets_are_left_alone_while_the_platform_learns() -> None:
    """A raise would begin learning anew; a pause is no edit."""
    assert one(rule(do=20), facts(delivery="learning")).reason is Reason.LEARNING
    assert one(rule(), facts(delivery="learning")).outcome is Outcome.ACT


def test_a_run_has_a_largest_number_of_actions() -> None:
    """The third of three objects is held."""
    some = [facts(ref=REF.at(REF.level, str(number))) for number in range(3)]
    found = decisions(rule(limits=limits(max_per_run=2)), some)
    assert [each.reason for each in found] == [None, None, Reason.MAX_PER_RUN]


def test_a_cut_stops_at_the_floor_and_at_the_largest_change() -> None:
    """-50 % of 100.00: 70.00 by the floor, 80.00 by the largest change."""
    assert one(rule(do=-50, limits=limits(floor="70 USD"))).after == Money("70", "USD")
    assert one(rule(do=-50, limits=limits(max_change=20))).after == Money("80", "USD")


def test_of_two_raises_the_smaller_is_done() -> None:
    """The same kind: the most careful value."""
    big, small = decisions([rule("big", do=20), rule("small", do=10)])
    assert (big.suppressed_by, small.after) == ("small", Money("110", "USD"))


def test_a_pause_that_is_held_still_keeps_a_raise_away() -> None:
    """Money is not added to what another rule wants off."""
    off, up = decisions([rule("off", limits=limits(cool_down="PT6H")), rule("up", do=20)], history=after(5, rule="off"))
    assert (off.reason, up.suppressed_by) == (Reason.COOL_DOWN, "off")


@pytest.mark.parametrize(
    ("cost", "hours", "outcome"),
    [("9", 30, Outcome.NO_ACTION), ("7", 23, Outcome.HELD), ("7", 24, Outcome.ACT)],
)
def test_hysteresis(cost: str, hours: int, outcome: Outcome) -> None:
    """Paused above 10, back only below 8 and a day later, and only what this rule paused."""
    both_ways = rule(
        when={"metric": "cpa", "op": ">", "value": 10}, back={"when": {"metric": "cpa", "op": "<", "value": 8}}
    )
    seen = facts(configured="paused", conversions=Decimal(10), spend=Money(Decimal(cost) * 10, "USD"))
    found = one(both_ways, seen, history=after(hours * 60, Kind.PAUSE))
    assert found.outcome is outcome
    assert (found.kind is Kind.RESUME) is (outcome is not Outcome.NO_ACTION)
    assert one(both_ways, seen, history=after(hours * 60, Kind.PAUSE, "other")).outcome is Outcome.NO_ACTION


@pytest.mark.parametrize(("failed", "of", "out"), [(11, 20, True), (10, 20, False), (19, 19, False)])
def test_a_rule_that_fails_too_often_is_out(failed: int, of: int, out: bool) -> None:
    """More than half of at least twenty."""
    breaker = counted(Breaker(rule="r"), [True] * failed + [False] * (of - failed))
    assert (breaker.disabled is not None) is out
    found = decide(Inputs(run="1", at=AT, rules=(rule(),), facts=(facts(),), history=History(breakers=(breaker,))))
    assert [each.why for each in found.skipped] == ([Skip.DISABLED] if out else [])


def test_a_rule_expires() -> None:
    """From its moment on it is not looked at."""
    found = decide(Inputs(run="1", at=AT, rules=(rule(expires_at=AT),), facts=(facts(),)))
    assert [each.why for each in found.skipped] == [Skip.EXPIRED]


def test_a_late_run_is_missed_unless_it_is_caught_up() -> None:
    """Daily at nine with an hour's grace, at noon."""
    schedule = {"every": "P1D", "after_midnight": "PT9H", "grace": "PT1H"}
    late = decide(Inputs(run="1", at=AT, rules=(rule(schedule=schedule),), facts=(facts(),)))
    assert [each.why for each in late.skipped] == [Skip.MISSED]
    assert one(rule(schedule={**schedule, "catch_up": "last"})).outcome is Outcome.ACT


def test_slots_begin_at_the_accounts_midnight() -> None:
    """In Kolkata the hour begins at half past in UTC."""
    at = datetime(2026, 6, 10, 12, 10, tzinfo=UTC)
    assert slot(rule().schedule, at, ZoneInfo("Asia/Kolkata")) == datetime(2026, 6, 10, 11, 30, tzinfo=UTC)


def test_the_lifetime_of_an_object_of_unknown_age_has_no_days() -> None:
    """Nobody is told a part for the whole."""
    assert days_of(Window(span=Span.LIFETIME), AT.date()) is None


# Three values -----------------------------------------------------------------------------------------------------

truths = st.lists(st.sampled_from(Truth), min_size=1, max_size=5)


@given(truths)
def test_de_morgan_holds_in_three_values(some: list[Truth]) -> None:
    """NOT (a AND b) is NOT a OR NOT b, undefined ones included."""
    assert opposite(both(some)) is either(opposite(each) for each in some)


@given(truths, st.sampled_from([Truth.TRUE, Truth.FALSE]))
def test_what_is_undefined_decides_only_if_it_could_not_be_otherwise(some: list[Truth], instead: Truth) -> None:
    """A defined result stays the same whatever the undefined parts turn out to be."""
    known = [instead if each is Truth.UNDEFINED else each for each in some]
    for join in (both, either):
        assert join(some) in {Truth.UNDEFINED, join(known)}


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from([">", ">=", "<", "<=", "==", "!="]))
def test_a_bound_never_says_what_a_first_conversion_could_refute(spent: int, limit: int, op: str) -> None:
    """With use_bound, a comparison is decided only if every cost from the bound upwards decides it the same way."""
    each = rule(when={"metric": "cpa", "op": op, "value": limit, "if_undefined": "use_bound"}).when
    told = evaluate(each, facts(spend=Money(spent, "USD"))).truth
    for cost in (spent, spent + 1, 500):
        real = facts(spend=Money(cost, "USD"), conversions=Decimal(1))
        assert told in {Truth.UNDEFINED, evaluate(each, real).truth}


@pytest.mark.parametrize(
    "when",
    [
        {"metric": "ctr", "op": "<", "value": 1},
        {"no": {"metric": "ctr", "op": ">", "value": 1}},
        {"metric": "spend", "op": "<", "money": "100 EUR"},
        {"metric": "spend", "op": ">", "value": 0, "min_data": {"clicks": 51}},
        {"metric": "spend", "op": ">", "value": 0, "window": {"span": "last_days", "days": 7}},
    ],
)
def test_what_cannot_be_known_is_undefined(when: Any) -> None:
    """No impressions, another currency, too little data, no rows: nothing is done, nor for the opposite."""
    assert evaluate(rule(when=when).when, facts(impressions=0)).truth is Truth.UNDEFINED


def test_a_metric_is_compared_with_another() -> None:
    """Clicks against a twentieth of the impressions, exactly."""
    when = {"metric": "clicks", "op": "==", "of": {"metric": "impressions", "factor": "0.05"}}
    assert evaluate(rule(when=when).when, facts()).truth is Truth.TRUE


# Refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_facts", "field"),
    [
        ({"when": {"metric": "cpx", "op": ">", "value": 1}}, "metric"),
        ({"when": {"metric": "cpa", "op": ">"}}, "value"),
        ({"when": {"metric": "ctr", "op": ">", "money": "1 USD"}}, "money"),
        ({"then": [{"do": "pause"}, {"do": "resume"}]}, "then"),
        ({"then": [{"do": "scale_budget", "percent": 0}]}, "percent"),
        ({"then": [{"do": "resume"}], "back": {"when": ALWAYS}}, "back"),
        ({"scope": {"level": "ad"}, "then": [{"do": "scale_budget", "percent": 5}]}, "then"),
        ({"id": "a/b"}, "id"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(given_facts: dict[str, Any], field: str) -> None:
    """The refusal names the field."""
    with pytest.raises(InvalidRequestError) as caught:
        Rule(**{"id": "r", "when": ALWAYS, "then": [{"do": "pause"}], **given_facts})
    assert (caught.value.field or "").endswith(field)


def test_a_budget_in_another_currency_is_refused() -> None:
    """Euros on an account of dollars."""
    found = one(rule(do=20, limits=limits(ceiling="110 EUR")))
    assert (found.outcome, found.reason) == (Outcome.REFUSED, Reason.CURRENCY)
    assert one(rule(do=20), facts(budget="100 USD").but(budget=None)).reason is Reason.NO_BUDGET
