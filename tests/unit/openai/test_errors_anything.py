"""OpenAI's error table against anything: damaged envelopes, arbitrary answers, and the corpus of real ones."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.taxonomy import Certainty
from backstay_adapters.openai.errors import TABLE, decode
from tests.support import anything

SEEDS = (
    {"created": 1, "data": [{"b64_json": "aGk="}], "usage": {"input_tokens": 1}},
    {"error": {"message": "x", "type": "requests", "param": None, "code": "rate_limit_exceeded"}},
    {"type": "response.failed", "response": {"error": {"code": "server_error"}}},
)
ODD: tuple[Any, ...] = ("server_error", {"code": []})
KEYS = ("type", "error", "message", "code", "param", "data", "response", "status", "incomplete_details", "detail")


def check(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Either a success that says so, or a typed error that can be shown."""
    facts = decode(status, headers, body, None)
    error = anything.typed(TABLE, "openai", facts)
    if error is None:
        assert isinstance(facts.data, dict)
    elif status is not None and 500 <= status < 529:
        assert error.certainty is Certainty.UNKNOWN or facts.code is not None


def test_thousands_of_damaged_answers_all_get_a_type() -> None:
    """Whatever a proxy or a broken network makes of an answer, there is no untyped exception."""

    def one(rng: random.Random) -> None:
        body = anything.damaged(rng, SEEDS, "error", KEYS, ODD)
        check(rng.choice(anything.STATUSES), anything.on_the_way(rng, body), {"x-request-id": "R"})

    anything.each(5_000, one)


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=anything.bodies(KEYS),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "date", "x-ratelimit-reset-requests", "x-ratelimit-limit-requests"]),
        st.text(max_size=40),
    ),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object, headers: dict[str, str]) -> None:
    """The same for answers that were never an envelope."""
    check(status, body, headers)


def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    assert anything.right("openai") >= 0.95
