"""Files of rules: what they say, what they would do to the objects in them, and how their faults are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backstay.ads import Money
from backstay.errors import InvalidRequestError
from backstay.services.document import parse
from backstay.services.rules import (
    All,
    Comparison,
    Hook,
    IfUndefined,
    Kind,
    Metric,
    Mode,
    Op,
    Outcome,
    Pause,
    Rule,
    rules_of,
)
from backstay.services.rules.file import rules_in

EXAMPLE = Path(__file__).resolve().parents[4] / "docs/services/rules.yaml"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULE = '  - {id: a, when: {metric: cpa, op: ">", value: 8}, then: [{do: pause}]}\n'


def test_the_example_says_what_it_says() -> None:
    """Numbers exact, signs as words, spans as times, money as money."""
    dear, more = rules_of(EXAMPLE).rules
    assert isinstance(dear.when, All)
    first = dear.when.all[0]
    assert isinstance(first, Comparison)
    assert (first.metric, first.op, first.value) == (Metric.CPA, Op.GREATER_THAN, Decimal(10))
    assert first.if_undefined is IfUndefined.USE_BOUND
    assert (dear.mode, dear.notices, more.mode) == (Mode.APPLY, ("too dear",), Mode.PROPOSE)
    assert dear.back is not None
    assert (dear.back.after, more.limits.ceiling) == (timedelta(days=1), Money("300.00", "EUR"))


def test_the_example_is_decided() -> None:
    """Spring is paused, Summer would get up to its ceiling, Autumn has too few conversions to say."""
    found = rules_of(EXAMPLE).decided(NOW)
    told = [(each.ref.id, each.rule, each.outcome, each.kind) for each in found.decisions]
    assert told == [
        ("18001", "dear", Outcome.ACT, Kind.PAUSE),
        ("18001", "more", Outcome.SUPPRESSED, Kind.INCREASE),
        ("52", "dear", Outcome.NO_ACTION, None),
        ("52", "more", Outcome.ACT, Kind.INCREASE),
        ("53", "dear", Outcome.NO_ACTION, None),
        ("53", "more", Outcome.NO_ACTION, None),
    ]
    assert found.decisions[3].after == Money("300.00", "EUR")


def test_a_rule_of_a_file_is_the_rule_of_the_objects() -> None:
    """The same fields give the same hash, so a file may take over from code."""
    (found,) = rules_in(parse("rules:\n" + RULE, "x.yaml")).rules
    when = Comparison(metric=Metric.CPA, op=Op.GREATER_THAN, value=Decimal(8))
    assert found.hash == Rule(id="a", when=when, then=(Pause(),)).hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: []\nobjekts: []\n", "x.yaml, line 2, objekts: "),
        ("rules:\n  - 7\n", "x.yaml, line 2, rules.0: no mapping of fields"),
        ("rules:\n  - {id: a, then: [{do: pause}]}\n", "x.yaml, line 2, rules.0.when: Field required"),
        ("rules:\n" + RULE.replace("cpa", "cpx"), "x.yaml, line 2, rules.0.when.metric: Input should be"),
        ("rules:\n" + RULE.replace("pause", "fly"), "x.yaml, line 2, rules.0.then.0.do: fly is no action"),
        ("rules:\n" + RULE.replace("id: a", "id: a/b"), "x.yaml, line 2, rules.0.id: id cannot be 'a/b'"),
        ("rules:\n" + RULE + RULE, "x.yaml, line 3, rules.1.id: two rules have the id a"),
        (
            'rules:\n  - then: [{do: pause}]\n    id: a\n    when:\n      no: {any: [{metric: cpa, op: "<", valu: 8}]}',
            "x.yaml, line 5, rules.0.when.no.any.0.valu: Extra inputs are not permitted",
        ),
        (
            "rules:\n" + RULE.replace("]}", '], back: {when: {metric: cpa, op: "<"}}}'),
            "x.yaml, line 2, rules.0.back.when.value: 0 right sides are given",
        ),
        (
            "rules:\n" + RULE + "objects:\n  - {ref: tiktok/7001/campaign/1, numbers: {todai: {clicks: 1}}}\n",
            "x.yaml, line 4, objects.0.numbers.todai: no rule looks at todai",
        ),
        (
            "rules:\n" + RULE + "objects:\n  - {ref: tiktok/7001, numbers: {today: {clicks: 1}}}\n",
            "x.yaml, line 4, objects.0.ref: no reference to an object",
        ),
        (
            "rules:\n" + RULE + "objects:\n  - ref: tiktok/7001/campaign/1\n    numbers:\n      today: {clicks: -x}\n",
            "x.yaml, line 6, objects.0.numbers.today.clicks: ",
        ),
        ("rules:\n" + RULE.replace("{do: pause}", "pause"), "x.yaml, line 2, rules.0.then.0: pause is no mapping"),
        ("rules:\n" + RULE.replace("{do: pause}", "{tag: a}"), "x.yaml, line 2, rules.0.then.0: it does not say"),
        ("rules:\n" + RULE + "account: {zone: Mars/Base}\n", "x.yaml, line 3, account.zone: "),
    ],
)
def test_a_fault_is_told_with_its_line_and_field(text: str, said: str) -> None:
    """Wherever it is, and with a cure."""
    with pytest.raises(InvalidRequestError) as caught:
        rules_in(parse(text, "x.yaml"))
    assert caught.value.message.startswith(said)
    assert caught.value.hint


def test_all_faults_are_told_at_once() -> None:
    """In the order of the file, each with its line, field and cure; the first one is the error's own."""
    text = (
        "rules:\n  - id: a\n    mode: maybe\n    when: {metric: cpx, op: '>', value: 8}\n    then: [{do: fly}]\n"
        "  - id: b\n    when: {metric: cpa, op: '>'}\n    then: [{do: scale_budget, percent: 0}]\n"
    )
    with pytest.raises(InvalidRequestError) as caught:
        rules_in(parse(text, "x.yaml"))
    head, *lines = caught.value.message.splitlines()
    places = [line.split(": ")[0] for line in lines]
    assert head == "5 faults:"
    assert places == [
        "- x.yaml, line 3, rules.0.mode",
        "- x.yaml, line 4, rules.0.when.metric",
        "- x.yaml, line 5, rules.0.then.0.do",
        "- x.yaml, line 7, rules.1.when.value",
        "- x.yaml, line 8, rules.1.then.0.percent",
    ]
    assert all(line.endswith(")") for line in lines)
    assert caught.value.field == "rules.0.mode"


def test_a_function_may_be_named_in_a_file() -> None:
    """The engine that runs the file needs it; a trial does not."""
    text = "rules:\n" + RULE.replace("{do: pause}", "{do: hook, name: page}")
    (found,) = rules_in(parse(text, "x.yaml")).rules
    assert found.then == (Hook(name="page"),)


OBJECT = "  - {ref: meta/act_9/campaign/52, budget: 9 EUR, numbers: {today: {spend: 5.00 EUR}}}\n"
TRIED = "rules:\n" + RULE + "account: {currency: EUR}\nobjects:\n" + OBJECT


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{today: {spend: 5.00 EUR}}", "[1]", "line 5, objects.0.numbers: no windows with their numbers"),
        ("{today: {spend: 5.00 EUR}}", "3", "line 5, objects.0.numbers: no windows with their numbers"),
        ("5.00 EUR", "5.00 USD", "line 5, objects.0.numbers.today.spend: the account is in EUR"),
        ("9 EUR", "9 USD", "line 5, objects.0.budget: the account is in EUR"),
        ("9 EUR", "9 EUR, bid: {strategy: bid_cap, amount: 1 USD}", "line 5, objects.0.bid: the account is in EUR"),
        (OBJECT, OBJECT + OBJECT, "line 6, objects.1.ref: this object is there twice"),
    ],
)  # fmt: skip
def test_objects_that_make_no_sense_are_refused(old: str, new: str, said: str) -> None:
    """Dollars are not judged as the account's euros, and one object is not judged twice."""
    text = TRIED.replace(old, new)
    assert text != TRIED
    with pytest.raises(InvalidRequestError) as caught:
        rules_in(parse(text, "x.yaml"))
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("then", "said"),
    [
        ("[{do: set_budget, amount: -5 USD}]", "rules.0.then.0.amount: no amount above 0"),
        ("[{do: set_budget, amount: 0 USD}]", "rules.0.then.0.amount: no amount above 0"),
        ("[{do: set_bid, amount: -1 USD}]", "rules.0.then.0.amount: no amount above 0"),
        ("[{do: scale_budget, percent: 5, most: -1 USD}]", "rules.0.then.0.most: no amount above 0"),
        ("[{do: pause}], limits: {ceiling: -3 EUR}", "rules.0.limits.ceiling: no amount above 0"),
        ("[{do: pause}], limits: {ceiling: 3 EUR, floor: 4 EUR}", "rules.0.limits.floor: more than the ceiling, 3 EUR"),
    ],
)
def test_amounts_of_nothing_are_refused(then: str, said: str) -> None:
    """A budget below nothing is a slip, not a wish for the least that the limits allow."""
    text = "rules:\n" + RULE.replace("[{do: pause}]", then)
    with pytest.raises(InvalidRequestError) as caught:
        rules_in(parse(text, "x.yaml"))
    assert f"line 2, {said}" in caught.value.message


@pytest.mark.parametrize("told", ["24", '"24"', "1.5", "true"])
@pytest.mark.parametrize(
    "place", ["limits.cool_down", "limits.object_cool_down", "schedule.every", "schedule.grace", "max_age"]
)
def test_a_span_without_a_unit_is_refused(place: str, told: str) -> None:
    """`cool_down: 24` would be 24 seconds; the cure shows how a span is written."""
    part, _, name = place.rpartition(".")
    field = f"{part}: {{{name}: {told}}}" if part else f"{name}: {told}"
    with pytest.raises(InvalidRequestError, match=rf"x\.yaml, line 2, rules\.0\.{place}: .*PT24H") as caught:
        rules_in(parse("rules:\n" + RULE.replace("}]}", f"}}], {field}}}"), "x.yaml"))
    assert "PT24H" in (caught.value.hint or "")


@pytest.mark.parametrize("told", ["0", "PT0S", "P1D", '"01:30:00"'])
def test_a_span_with_a_unit_or_of_nothing_is_read(told: str) -> None:
    """Nothing is nothing in each unit."""
    (found,) = rules_in(
        parse("rules:\n" + RULE.replace("}]}", f"}}], limits: {{cool_down: {told}}}}}"), "x.yaml")
    ).rules
    assert found.limits.cool_down in (timedelta(0), timedelta(days=1), timedelta(minutes=90))
