"""Meta's error table against anything: damaged envelopes, arbitrary answers, and the corpus of real ones."""

from __future__ import annotations

import json
import pickle
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors import TABLE, decode
from backstay_adapters.meta.wire.usage import read_usage
from benchmarks.score_corpus import rows_of
from tests.support import anything

SEEDS = (
    {"id": "1", "name": "Spring", "effective_status": "ACTIVE"},
    {"data": [{"id": "1"}], "paging": {"cursors": {"after": "x"}}},
    {"error": {"message": "(#17) User request limit reached", "type": "OAuthException", "code": 17}},
    {"error": {"message": "Invalid parameter", "code": 100, "error_subcode": 1885621, "is_transient": False,
               "error_data": "{\"blame_field_specs\": [[\"daily_budget\"]]}", "error_user_title": "T",
               "error_user_msg": "M", "fbtrace_id": "A"}},
    {"id": "9", "async_status": "Job Failed", "error_code": 2601, "error_subcode": 1487742, "error_message": "no"},
)  # fmt: skip
ODD: tuple[Any, ...] = ({"code": 190}, "190", "-1", 190.0, {"blame_field_specs": [[[]]]}, "Job Failed")
NAMES = (
    "error", "code", "error_subcode", "message", "type", "is_transient", "error_data", "error_user_title",
    "error_user_msg", "fbtrace_id", "async_status", "error_code", "success", "data",
)  # fmt: skip


def mutated(rng: random.Random) -> object:
    """A damaged answer alone or as items of a batch."""
    body: Any = anything.damaged(rng, SEEDS, "error", NAMES, ODD)
    if rng.random() < 0.2:
        odd = (*anything.ODD, *ODD)
        whole = {"code": rng.choice(anything.STATUSES), "headers": rng.choice(odd), "body": json.dumps(body)}
        body = [
            rng.choice([None, whole, {"code": 400, "body": body}, rng.choice(odd)]) for _ in range(rng.randrange(4))
        ]
    return anything.on_the_way(rng, body)


def check(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Either a success that says so, or a typed error that can be shown, told and pickled."""
    facts = decode(status, headers, body, None)
    error = anything.typed(TABLE, "meta", facts)
    if error is None:
        assert facts.code is None
        assert facts.data is not None
        return
    assert pickle.loads(pickle.dumps(error)).rule == error.rule
    if status is not None and status >= 500:
        assert error.certainty is Certainty.UNKNOWN


def test_ten_thousand_damaged_answers_all_get_a_type() -> None:
    """Whatever a proxy or a broken network makes of an answer, there is no untyped exception."""

    def one(rng: random.Random) -> None:
        headers = {"x-fb-trace-id": "T", "x-app-usage": '{"call_count": 3}'}
        check(rng.choice(anything.STATUSES), mutated(rng), headers)

    anything.each(10_000, one)


KEYS = (*NAMES, "body", "headers")
USAGE_NAMES = (
    "x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle", "retry-after",
)  # fmt: skip


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=anything.bodies(KEYS),
    headers=st.dictionaries(
        st.sampled_from(USAGE_NAMES), st.one_of(st.text(max_size=40), anything.json_of(KEYS).map(json.dumps))
    ),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object, headers: dict[str, str]) -> None:
    """The same for answers that were never Graph's, with headers that hold anything."""
    check(status, body, headers)
    for usage in read_usage(headers):
        assert usage.used >= 0.0
        assert usage.wait is None or usage.wait > 0.0


def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    assert anything.right("meta") >= 0.95


@pytest.mark.skipif(not (anything.CORPUS / "meta.jsonl").exists(), reason="the corpus lies beside the project")
def test_the_waits_of_the_corpus_are_read() -> None:
    """Where a real answer says how long to wait, the error says the same."""
    for row in rows_of(anything.CORPUS / "meta.jsonl"):
        if row["retry_after_s"] is not None:
            found = TABLE.classify(row["http_status"], row["headers"], json.dumps(row["body"]), row["operation"])
            assert found is not None
            assert found.retry_after == row["retry_after_s"]
