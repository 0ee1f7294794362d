"""Gemini's error table against anything: damaged envelopes, arbitrary answers, and the corpus of real ones."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backstay.errors import CLASSES, BackstayError
from backstay_adapters.gemini.errors import TABLE, decode

SEEDS: tuple[dict[str, Any], ...] = (
    {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}], "usageMetadata": {}},
    {"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {}},
    {"error": {"code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "RetryInfo"}]}},
)
ODD: tuple[Any, ...] = (
    None, True, -1, 10**25, float("nan"), float("inf"), "", "\ud800", "\x00", [], {}, [[]], {"type": 5},
    {"message": []}, "server_error", {"code": []}, [1, "a", None],
)  # fmt: skip
STATUSES = (None, 200, 200, 201, 302, 400, 401, 403, 404, 413, 429, 500, 503, 522, 529, 999)
KEYS = (
    "error", "message", "code", "status", "details", "candidates", "promptFeedback", "finishReason", "errors",
    "responseId", "violations", "retryDelay", "@type", "reason",
)  # fmt: skip


def mutated(rng: random.Random) -> object:
    """An answer with values swapped, keys lost, bytes flipped, or cut short."""
    body = json.loads(json.dumps(rng.choice(SEEDS)))
    for _ in range(rng.randrange(3)):
        where = rng.choice([body, body.get("error") if isinstance(body.get("error"), dict) else body])
        if where and rng.random() < 0.3:
            where.pop(rng.choice(list(where)))
        else:
            where[rng.choice(KEYS)] = deepcopy(rng.choice(ODD))
    if rng.random() < 0.2:
        return body
    raw = bytearray(json.dumps(body).encode(rng.choice(["utf-8", "utf-8", "utf-16"])))
    for _ in range(rng.choice([0, 0, 1, 3])):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    return bytes(raw[: rng.randrange(len(raw))] if rng.random() < 0.2 else raw)


def check(status: int | None, body: object, headers: dict[str, str]) -> None:
    """Either a success that says so, or a typed error that can be shown."""
    facts = decode(status, headers, body, None)
    error = TABLE.failure(facts)
    if error is None:
        assert isinstance(facts.data, dict)
        assert status is None or 200 <= status < 300
        return
    assert isinstance(error, BackstayError)
    assert CLASSES[error.type] is type(error)
    assert error.rule is not None
    assert error.rule.startswith("gemini.")
    str(error).encode("utf-8")


@settings(max_examples=5_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_thousands_of_damaged_answers_all_get_a_type(seed: int) -> None:
    """Whatever a proxy or a broken network makes of an answer, there is no untyped exception."""
    rng = random.Random(seed)
    check(rng.choice(STATUSES), mutated(rng), {"x-request-id": "R"})


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=st.one_of(JSON, JSON.map(json.dumps), st.binary(max_size=300), st.text(max_size=100)),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "date", "x-ratelimit-reset-requests", "x-ratelimit-limit-requests"]),
        st.text(max_size=40),
    ),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object, headers: dict[str, str]) -> None:
    """The same for answers that were never an envelope."""
    check(status, body, headers)


CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "gemini.jsonl"
OWN = {"RATE_LIMITED": "API_RATE_LIMIT", "OVERLOADED": "SERVICE_UNAVAILABLE", "TIMEOUT": "PLATFORM_TIMEOUT",
       "SERVICE_ERROR": "AI_MODEL_FAILED"}  # fmt: skip


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real answers lies beside the project, not in it")
def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    right = 0
    for row in rows:
        found = TABLE.classify(row["http_status"], row["headers"], json.dumps(row["body"]), row["operation"])
        assert found is not None
        right += (found.type, found.retryable) == (OWN.get(row["label"], row["label"]), row["retryable"])
    assert right >= 0.95 * len(rows)
