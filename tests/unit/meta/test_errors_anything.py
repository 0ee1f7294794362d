"""Meta's error table against anything: damaged envelopes, arbitrary answers, and the corpus of real ones."""

from __future__ import annotations

import json
import pickle
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backstay.errors import CLASSES, BackstayError
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors import TABLE, decode
from backstay_adapters.meta.wire.usage import read_usage

SEEDS = (
    {"id": "1", "name": "Spring", "effective_status": "ACTIVE"},
    {"data": [{"id": "1"}], "paging": {"cursors": {"after": "x"}}},
    {"error": {"message": "(#17) User request limit reached", "type": "OAuthException", "code": 17}},
    {"error": {"message": "Invalid parameter", "code": 100, "error_subcode": 1885621, "is_transient": False,
               "error_data": "{\"blame_field_specs\": [[\"daily_budget\"]]}", "error_user_title": "T",
               "error_user_msg": "M", "fbtrace_id": "A"}},
    {"id": "9", "async_status": "Job Failed", "error_code": 2601, "error_subcode": 1487742, "error_message": "no"},
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 10**25, 1e308, float("nan"), float("inf"), "", "0", "\ud800", "\x00", [], {}, [[]],
    {"code": 190}, "190", "-1", "\u0664", 190.0, [1, "a", None], {"blame_field_specs": [[[]]]}, "Job Failed",
)  # fmt: skip
NAMES = (
    "error", "code", "error_subcode", "message", "type", "is_transient", "error_data", "error_user_title",
    "error_user_msg", "fbtrace_id", "async_status", "error_code", "success", "data",
)  # fmt: skip
STATUSES = (None, 200, 200, 200, 201, 302, 400, 400, 401, 403, 404, 429, 500, 503, 999)


def damaged(rng: random.Random) -> dict[str, Any]:
    """An answer with values swapped and keys lost."""
    body: dict[str, Any] = json.loads(json.dumps(rng.choice(SEEDS)))
    for _ in range(rng.randrange(4)):
        inner = body.get("error")
        where = rng.choice([body, inner if isinstance(inner, dict) else body])
        if where and rng.random() < 0.3:
            where.pop(rng.choice(list(where)))
        else:
            where[rng.choice(NAMES)] = deepcopy(rng.choice(ODD))
    return body


def mutated(rng: random.Random) -> object:
    """The same alone or as items of a batch, with bytes flipped, or cut short."""
    body: Any = damaged(rng)
    if rng.random() < 0.2:
        whole = {"code": rng.choice(STATUSES), "headers": rng.choice(ODD), "body": json.dumps(body)}
        body = [
            rng.choice([None, whole, {"code": 400, "body": body}, rng.choice(ODD)]) for _ in range(rng.randrange(4))
        ]
    if rng.random() < 0.2:
        return body
    raw = bytearray(json.dumps(body).encode(rng.choice(["utf-8", "utf-8", "utf-16", "utf-32-le"])))
    for _ in range(rng.choice([0, 0, 1, 3])):
        if raw:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw[: rng.randrange(len(raw) + 1)] if rng.random() < 0.2 else raw)


def check(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Either a success that says so, or a typed error that can be shown, told and pickled."""
    facts = decode(status, headers, body, None)
    error = TABLE.failure(facts)
    if error is None:
        assert facts.code is None
        assert facts.data is not None
        assert status is None or 200 <= status < 300
        return
    assert isinstance(error, BackstayError)
    assert CLASSES[error.type] is type(error)
    assert error.rule is not None
    assert error.rule.startswith("meta.")
    str(error).encode("utf-8")
    json.dumps(error.to_response())
    assert pickle.loads(pickle.dumps(error)).rule == error.rule
    if status is not None and status >= 500:
        assert error.certainty is Certainty.UNKNOWN


@settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_ten_thousand_damaged_answers_all_get_a_type(seed: int) -> None:
    """Whatever a proxy or a broken network makes of an answer, there is no untyped exception."""
    rng = random.Random(seed)
    check(rng.choice(STATUSES), mutated(rng), {"x-fb-trace-id": "T", "x-app-usage": '{"call_count": 3}'})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from([*NAMES, "body", "headers"]), inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip
USAGE_NAMES = (
    "x-app-usage", "x-ad-account-usage", "x-business-use-case-usage", "x-fb-ads-insights-throttle", "retry-after",
)  # fmt: skip


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=st.one_of(JSON, JSON.map(json.dumps), st.binary(max_size=300), st.text(max_size=100)),
    headers=st.dictionaries(st.sampled_from(USAGE_NAMES), st.one_of(st.text(max_size=40), JSON.map(json.dumps))),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object, headers: dict[str, str]) -> None:
    """The same for answers that were never Graph's, with headers that hold anything."""
    check(status, body, headers)
    for usage in read_usage(headers):
        assert usage.used >= 0.0
        assert usage.wait is None or usage.wait > 0.0


CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "meta.jsonl"
OWN = {"RATE_LIMITED": "API_RATE_LIMIT", "OVERLOADED": "SERVICE_UNAVAILABLE", "TIMEOUT": "PLATFORM_TIMEOUT",
       "SERVICE_ERROR": "PLATFORM_SERVICE_ERROR"}  # fmt: skip


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real answers lies beside the project, not in it")
def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    right = 0
    for row in rows:
        found = TABLE.classify(row["http_status"], row["headers"], json.dumps(row["body"]), row["operation"])
        assert found is not None
        right += (found.type, found.retryable) == (OWN.get(row["label"], row["label"]), row["retryable"])
        if row["retry_after_s"] is not None:
            assert found.retry_after == row["retry_after_s"]
    assert right >= 0.95 * len(rows)
