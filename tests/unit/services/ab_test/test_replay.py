"""A verdict carries what it was made of: made again it is the same, tampered with it is found out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backstay.codec import decode, encode
from backstay.errors import ConflictError
from backstay.services.ab_test.decide import decide, replay
from backstay.services.ab_test.history import watched
from backstay.services.ab_test.words import Metric, Outcome, Stopping
from tests.support.ab import MONDAY, around, day, evidence, series

ARMS = (series("A", around(50, 28)), series("B", around(56, 28)))


@pytest.mark.parametrize("metric", list(Metric))
@pytest.mark.parametrize("stopping", list(Stopping))
def test_a_stored_verdict_replays(metric: Metric, stopping: Stopping) -> None:
    """Through text and back: looks of a test give the same verdict again, numbers and all."""
    verdicts = list(watched(evidence(ARMS, metric=metric, stopping=stopping)))
    for verdict in (verdicts[0], verdicts[len(verdicts) // 2], verdicts[-1]):
        read = decode(encode(verdict))
        assert read == verdict
        assert replay(read) == verdict


def _fewer(verdict: Any) -> Any:
    arms = verdict.evidence.arms
    first = arms[0].series.days
    tampered = (day(0, first[0].conversions + 1), *first[1:])
    own = arms[0].but(series=arms[0].series.but(days=tampered))
    return verdict.but(evidence=verdict.evidence.but(arms=(own, *arms[1:])))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_fewer, "data_hash"),
        (lambda v: v.but(evidence=v.evidence.but(plan=v.evidence.plan.but(alpha=0.2))), "data_hash"),
        (lambda v: v.but(evidence=v.evidence.but(looks=())), "data_hash"),
        (lambda v: v.but(outcome=Outcome.NO_DIFFERENCE), "outcome"),
        (lambda v: v.but(arm="A"), "arm"),
        (lambda v: v.but(days=7), "days"),
        (lambda v: v.but(comparisons=(v.comparisons[0].but(p=0.5),)), "comparisons.p"),
    ],
)
def test_a_verdict_that_was_tampered_with_does_not_replay(change: Any, field: str) -> None:
    """Other numbers, another plan, forgotten looks, another outcome: each is named."""
    *_, verdict = watched(evidence(ARMS))
    assert len(verdict.evidence.looks) > 1
    with pytest.raises(ConflictError) as caught:
        replay(change(verdict))
    assert caught.value.field == field


def test_a_verdict_as_json_is_plain() -> None:
    """Without the days' numbers; for other programs."""
    told = decide(evidence(ARMS)).as_json()
    assert told["outcome"] in {each.value for each in Outcome}
    assert set(told) >= {"arm", "reasons", "claim", "method", "arms", "comparisons", "looks", "ended", "losers"}
    assert "evidence" not in told


def test_the_p_of_earlier_looks_counts() -> None:
    """A look that saw a large difference is not forgotten when it shrinks; harm likewise."""
    early = decide(evidence([series("A", around(50, 7)), series("B", around(64, 7))], min_days=14))
    assert early.outcome is Outcome.CONTINUE
    (first,) = early.looks
    later = [series("A", around(50)), series("B", around(50))]
    fresh, known = decide(evidence(later, min_days=14)), decide(evidence(later, min_days=14, seen=early.looks))
    assert first.arms[0].p < 0.05
    assert known.comparisons[0].p == first.arms[0].p
    assert fresh.comparisons[0].p is not None
    assert fresh.comparisons[0].p > 0.5
    assert known.outcome is not Outcome.WINNER  # it is not ahead now


def test_a_look_that_sees_nothing_new_is_no_look() -> None:
    """Looking ten times a day does not make ten looks; restated numbers make one."""
    arms = [series("A", around(50)), series("B", around(52))]
    first = decide(evidence(arms))
    again = decide(evidence(arms, seen=first.looks, days=14))
    assert again.looks == first.looks
    restated = arms[1].but(days=(arms[1].days[0].but(conversions=Decimal(90)), *arms[1].days[1:]))
    third = decide(evidence([arms[0], restated], seen=first.looks))
    assert [look.number for look in third.looks] == [1, 2]


def test_a_test_seen_day_by_day_ends_where_the_manager_would_have_ended_it() -> None:
    """Each morning knows the looks before; the last verdict is the first that ends the test."""
    told = list(watched(evidence([series("A", around(50, 28)), series("B", around(65, 28))])))
    assert [each.ended for each in told] == [False] * (len(told) - 1) + [True]
    last = told[-1]
    assert (last.outcome, last.days) == (Outcome.WINNER, 7)
    assert last.evidence.as_of.date() == MONDAY + timedelta(days=7)
    assert [look.number for look in last.looks] == list(range(1, 8))
    whole = list(watched(evidence([series("A", around(50, 28)), series("B", around(65, 28))]), to_the_end=True))
    assert len(whole) == 28
    assert len(list(watched(evidence([series("A", []), series("B", [])])))) == 1
