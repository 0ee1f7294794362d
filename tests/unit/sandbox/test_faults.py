"""Fault plans: pure, seeded, repeatable; files that say what is wrong in them."""

from __future__ import annotations

import json

import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox import (
    FaultKind,
    FaultPlan,
    FaultRule,
    Request,
    calm,
    dump_faults,
    load_faults,
    parse_faults,
    storm,
)

GET = Request("GET", "/api/campaign/get/")
POST = Request("POST", "/api/campaign/create/")


def struck(plan: FaultPlan, request: Request = POST, count: int = 200, step: float = 1.0) -> list[object]:
    """What a plan does to a row of requests, one each `step` seconds."""
    return [plan.decide(request, 1000.0 + number * step, "campaign/create") for number in range(count)]


def test_the_same_seed_gives_the_same_faults() -> None:
    """A plan is repeatable, and begins anew after a reset."""
    plan = storm(7)
    first = struck(plan)
    plan.reset()
    assert first == struck(plan) == struck(storm(7))
    assert first != struck(storm(8))


def test_a_rate_is_kept() -> None:
    """Four per cent of lost answers are about four per cent of them."""
    plan = FaultPlan([FaultRule(FaultKind.RESET_AFTER, rate=0.04)], seed=1)
    hits = [fault for fault in struck(plan, count=5_000) if fault is not None]
    assert 150 <= len(hits) <= 250
    assert plan.struck == [len(hits)]


@pytest.mark.parametrize(
    ("facts", "request_", "operation", "elapsed", "hit"),
    [
        ({}, GET, "campaign/get", 0.0, True),
        ({"method": "post"}, POST, "campaign/create", 0.0, True),
        ({"method": "POST"}, GET, "campaign/get", 0.0, False),
        ({"path": "/api/"}, GET, "campaign/get", 0.0, True),
        ({"path": "/other/"}, GET, "campaign/get", 0.0, False),
        ({"operation": "campaign/*"}, GET, "campaign/get", 0.0, True),
        ({"operation": "ad/create"}, POST, "smart_plus/ad/create", 0.0, False),
        ({"start": 10.0, "end": 20.0}, GET, "x", 9.9, False),
        ({"start": 10.0, "end": 20.0}, GET, "x", 10.0, True),
        ({"start": 10.0, "end": 20.0}, GET, "x", 20.0, False),
        ({"rate": 0.0}, GET, "x", 0.0, False),
        ({"times": 0}, GET, "x", 0.0, False),
        ({"skip": 1}, GET, "x", 0.0, False),
    ],
)
def test_a_rule_matches_what_it_names(
    facts: dict[str, object], request_: Request, operation: str, elapsed: float, hit: bool
) -> None:
    """Method, path, operation and window must all fit."""
    plan = FaultPlan([FaultRule(FaultKind.TIMEOUT, **facts)])  # type: ignore[arg-type]  # a table of keywords
    plan.begin(500.0)
    assert (plan.decide(request_, 500.0 + elapsed, operation) is not None) is hit


def test_skip_and_times_count_matching_requests() -> None:
    """The second and third create are struck, no others, and reads do not count."""
    plan = FaultPlan([FaultRule(FaultKind.RESET_AFTER, method="POST", skip=1, times=2)])
    seen = [plan.decide(request, 0.0) is not None for request in (POST, GET, POST, POST, POST)]
    assert seen == [False, False, True, True, False]


def test_latency_adds_to_what_follows() -> None:
    """Rules of latency add up and let the next rule strike."""
    late = FaultRule(FaultKind.LATENCY, delay=1.0)
    alone = FaultPlan([late, late]).decide(GET, 0.0)
    both = FaultPlan([late, FaultRule(FaultKind.HTTP_5XX, status=503)]).decide(GET, 0.0)
    assert alone is not None
    assert (alone.kind, alone.delay) == (FaultKind.LATENCY, 2.0)
    assert both is not None
    assert (both.kind, both.delay, both.status) == (FaultKind.HTTP_5XX, 1.0, 503)


def test_a_range_is_drawn_from() -> None:
    """Delays lie in their range and differ."""
    plan = FaultPlan([FaultRule(FaultKind.LATENCY, delay=(1.0, 2.0))], seed=3)
    delays = {fault.delay for fault in struck(plan) if fault}  # type: ignore[attr-defined]  # faults
    assert len(delays) == 200
    assert 1.0 <= min(delays) < 1.1
    assert 1.9 < max(delays) < 2.0


def test_a_plan_survives_json() -> None:
    """What is dumped loads as the same plan."""
    for plan in (storm(5), calm(1)):
        again = parse_faults(json.dumps(dump_faults(plan)))
        assert (again.rules, again.seed, again.read_lag, again.name) == (
            plan.rules,
            plan.seed,
            plan.read_lag,
            plan.name,
        )


@pytest.mark.parametrize(
    ("text", "field", "cure"),
    [
        ("{", "faults", "rules"),
        ('"storm"', "faults", "rules"),
        ('{"rulez": []}', "faults", "rules"),
        ('{"seed": "x"}', "seed", "whole number"),
        ('{"rules": {}}', "rules", "list"),
        ('{"rules": [1]}', "rules[0]", "object"),
        ('{"rules": [{}]}', "rules[0].kind", "reset_after"),
        ('{"rules": [{"kind": "timeout"}, {"kind": "boom"}]}', "rules[1].kind", "reset_after"),
        ('{"rules": [{"kind": "timeout", "rate": 2}]}', "rules[0].rate", "0 to 1"),
        ('{"rules": [{"kind": "timeout", "rate": "all"}]}', "rules[0].rate", "number"),
        ('{"rules": [{"kind": "timeout", "times": 1.5}]}', "rules[0].times", "whole number"),
        ('{"rules": [{"kind": "timeout", "method": 5}]}', "rules[0].method", "text"),
        ('{"rules": [{"kind": "timeout", "long": 1}]}', "rules[0].long", "true or false"),
        ('{"rules": [{"kind": "timeout", "start": true}]}', "rules[0].start", "number"),
        ('{"rules": [{"kind": "timeout", "start": 5, "end": 1}]}', "rules[0].end", "at least 5"),
        ('{"rules": [{"kind": "latency", "delay": [2, 1]}]}', "rules[0].delay[1]", "at least 2"),
        ('{"rules": [{"kind": "latency", "delay": [1]}]}', "rules[0].delay", "range"),
        ('{"rules": [{"kind": "timeout", "colour": "red"}]}', "rules[0].colour", "kind"),
        ('{"rules": [{"kind": "reset_before", "after_commit": true}]}', "rules[0].after_commit", "reset_after"),
        ('{"rules": [{"kind": "reset_after", "after_commit": false}]}', "rules[0].after_commit", "reset_before"),
        ('{"read_lag": -1}', "read_lag", "at least 0"),
    ],
)
def test_a_bad_plan_is_refused_with_field_and_cure(text: str, field: str, cure: str) -> None:
    """A refusal names the rule, the field and what to write instead."""
    with pytest.raises(InvalidRequestError) as caught:
        parse_faults(text)
    assert caught.value.field == field
    assert cure in str(caught.value.hint)


def test_plans_load_by_name_and_from_a_file(tmp_path: object) -> None:
    """`--faults storm` and `--faults FILE` both work; the seed can be overridden; nonsense is refused."""
    file = tmp_path / "plan.json"  # type: ignore[operator]  # pytest's path
    file.write_text('{"seed": 3, "rules": [{"kind": "timeout"}]}')
    assert load_faults("storm", 9).seed == 9
    assert load_faults(file).seed == 3
    assert load_faults(file, 4).seed == 4
    with pytest.raises(InvalidRequestError, match="no-such-plan"):
        load_faults("no-such-plan")
