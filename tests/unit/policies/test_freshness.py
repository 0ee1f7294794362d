"""Freshness: the verdict on an answer by its age, and after which errors a stale one may stand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.policies.freshness import STALE_TYPES, Verdict, judge
from backstay.taxonomy import TYPES

FRESH, REVALIDATE, STALE_OK, GONE = Verdict


@pytest.mark.parametrize(
    ("age", "ttl", "max_age", "max_stale", "revalidate", "verdict"),
    [
        (0.0, 60, None, 3600, 0, FRESH),
        (59.9, 60, None, 3600, 0, FRESH),
        (60.0, 60, None, 3600, 0, STALE_OK),
        (60.0, 60, None, 3600, 30, REVALIDATE),
        (89.9, 60, None, 3600, 30, REVALIDATE),
        (90.0, 60, None, 3600, 30, STALE_OK),
        (3599.0, 60, None, 3600, 30, STALE_OK),
        (3600.0, 60, None, 3600, 30, GONE),
        (0.0, 60, 0, 3600, 30, STALE_OK),
        (0.0, 60, 0, 0, 30, GONE),
        (10.0, 60, 5, 3600, 30, STALE_OK),
        (10.0, 60, 20, 3600, 30, FRESH),
        (70.0, 60, 65, 3600, 30, STALE_OK),
        (70.0, 60, 80, 3600, 30, REVALIDATE),
        (70.0, 60, 999, 3600, 0, STALE_OK),
        (61.0, 60, None, 0, 0, GONE),
        (0.0, 0, None, 3600, 0, STALE_OK),
        (-1.0, 60, None, 3600, 30, GONE),
        (float("nan"), 60, None, 3600, 30, GONE),
    ],
)
def test_verdict_table(
    age: float, ttl: float, max_age: float | None, max_stale: float, revalidate: float, verdict: Verdict
) -> None:
    """Each border belongs to the older side."""
    assert judge(age, ttl, max_age, max_stale, revalidate) is verdict


SECONDS = st.floats(0.0, 1e6)


@given(SECONDS, SECONDS, st.none() | SECONDS, SECONDS, SECONDS)
def test_no_answer_is_better_than_its_age(
    age: float, ttl: float, max_age: float | None, max_stale: float, revalidate: float
) -> None:
    """What is served at once is younger than max_age; what stands in for an error is younger than max_stale."""
    verdict = judge(age, ttl, max_age, max_stale, revalidate)
    if verdict in {FRESH, REVALIDATE}:
        assert max_age is None or age < max_age
    if verdict is STALE_OK:
        assert age < max_stale
    if max_age == 0 and max_stale == 0:
        assert verdict is GONE


@pytest.mark.parametrize("name", sorted(STALE_TYPES))
def test_a_stale_answer_stands_in_only_for_what_passes(name: str) -> None:
    """Every type that allows a stale answer exists and is a passing condition."""
    assert TYPES[name].retryable


@pytest.mark.parametrize(
    "name",
    [
        "PERMISSION_DENIED", "TOKEN_EXPIRED", "TOKEN_INVALID", "NOT_FOUND", "ACCOUNT_DISABLED", "VALIDATION_FAILED",
        "CONFLICT", "UNSUPPORTED", "QUOTA_EXHAUSTED", "UNKNOWN_OUTCOME", "SPEND_GUARD", "INTERNAL_ERROR", "NOT_READY",
    ],
)  # fmt: skip
def test_a_true_refusal_is_never_covered_by_an_old_answer(name: str) -> None:
    """Pitfalls Meziantou.Framework#2824, undici#5507: no stale answer after 401, 403, 404, 410."""
    assert name in TYPES
    assert name not in STALE_TYPES


@pytest.mark.parametrize("name", ["CIRCUIT_OPEN", "DEADLINE_EXCEEDED", "LOAD_SHED", "API_RATE_LIMIT", "TIMEOUT"])
def test_our_own_refusals_and_passing_faults_allow_it(name: str) -> None:
    """An open breaker, shed load, a deadline, a rate limit or a timeout says nothing about the object."""
    assert name in STALE_TYPES


def test_every_fault_that_a_breaker_counts_allows_it() -> None:
    """What is evidence that the vendor is down is a reason to serve what is stored."""
    assert {name for name, row in TYPES.items() if row.breaks} <= STALE_TYPES
