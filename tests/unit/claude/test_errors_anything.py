"""Claude's error table against anything: damaged envelopes, arbitrary answers, and the corpus of real ones."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.taxonomy import Certainty
from backstay_adapters.claude.errors import TABLE, decode
from tests.support import anything

SEEDS = (
    {"type": "message", "id": "msg_1", "content": [], "usage": {"input_tokens": 1}},
    {"type": "error", "error": {"type": "rate_limit_error", "message": "x", "details": {"error_code": "y"}}},
    {"title": "Error 522", "status": 522, "retry_after": 120},
)
ODD: tuple[Any, ...] = ("overloaded_error", {"error_code": []})
KEYS = ("type", "error", "message", "details", "request_id", "retry_after", "content", "status", "title")


def check(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Either a success that says so, or a typed error that can be shown."""
    facts = decode(status, headers, body, None)
    error = anything.typed(TABLE, "claude", facts)
    if error is None:
        assert isinstance(facts.data, dict)
    elif status is not None and 500 <= status < 529:
        assert error.certainty is Certainty.UNKNOWN or facts.subcode is not None


def test_thousands_of_damaged_answers_all_get_a_type() -> None:
    """Whatever a proxy or a broken network makes of an answer, there is no untyped exception."""

    def one(rng: random.Random) -> None:
        body = anything.damaged(rng, SEEDS, "error", KEYS, ODD)
        check(rng.choice(anything.STATUSES), anything.on_the_way(rng, body), {"request-id": "R"})

    anything.each(5_000, one)


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=anything.bodies(KEYS),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "date", "anthropic-ratelimit-requests-reset", "x-should-retry"]),
        st.text(max_size=40),
    ),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object, headers: dict[str, str]) -> None:
    """The same for answers that were never an envelope."""
    check(status, body, headers)


def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    assert anything.right("claude") >= 0.95
