"""TikTok's error table against anything: damaged envelopes, arbitrary answers, and the corpus of real ones."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.taxonomy import Certainty
from backstay_adapters.tiktok.errors import TABLE, decode
from tests.support import anything

SEEDS: tuple[dict[str, Any], ...] = (
    {"code": 0, "message": "OK", "request_id": "2022", "data": {"list": [], "page_info": {"page": 1}}},
    {"code": 40100, "message": "App 1 reaches the QPS limit 10", "data": {}},
    {"code": 20001, "data": {"ad_ids": ["1"], "error_list": [{"ad_id": "1", "error_message": "no"}]}},
)
ODD: tuple[Any, ...] = ("40100", "-1", 20001, 20001.0, {"error_list": 5})
KEYS = ("code", "message", "data", "request_id", "error_list", "ad_ids", "ad_id", "x")


def check(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Either a success that says so, or a typed error that can be shown."""
    facts = decode(status, headers, body, None)
    error = anything.typed(TABLE, "tiktok", facts)
    if error is None:
        assert facts.code == 0
    elif status is not None and status >= 500:
        assert error.certainty is Certainty.UNKNOWN


def test_ten_thousand_damaged_answers_all_get_a_type() -> None:
    """Whatever a proxy or a broken network makes of an answer, there is no untyped exception."""

    def one(rng: random.Random) -> None:
        body = anything.damaged(rng, SEEDS, "data", KEYS, ODD)
        check(rng.choice(anything.STATUSES), anything.on_the_way(rng, body), {"x-tt-logid": "L"})

    anything.each(10_000, one)


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=anything.bodies(KEYS),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "date", "x-tt-logid"]),
        st.text(max_size=40),
    ),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object, headers: dict[str, str]) -> None:
    """The same for answers that were never an envelope."""
    check(status, body, headers)


def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    assert anything.right("tiktok") >= 0.95
