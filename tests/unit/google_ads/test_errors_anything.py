"""Google Ads' error table against anything: damaged failures, arbitrary JSON, and the corpus of real ones."""

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
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors import TABLE, decode
from backstay_adapters.google_ads.errors.decode import NUMBERS
from backstay_adapters.google_ads.errors.failure import ECHO
from backstay_adapters.google_ads.errors.judge import families, meaning

SEEDS: tuple[Any, ...] = (
    {"status": "INVALID_ARGUMENT", "details": "Request contains an invalid argument.", "failure": {"errors": [
        {"errorCode": {"campaignError": "DUPLICATE_CAMPAIGN_NAME"}, "message": "m", "location": {"fieldPathElements": [
            {"fieldName": "operations", "index": 0}, {"fieldName": "create"}]}}], "requestId": "R"}},
    {"status": "RESOURCE_EXHAUSTED", "details": "x", "failure": {"errors": [
        {"errorCode": {"quotaError": "RESOURCE_EXHAUSTED"}, "message": "Retry in 5 seconds.", "details": {
            "quotaErrorDetails": {"rateScope": "DEVELOPER", "rateName": "n", "retryDelay": "40591s"}}}]}},
    {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "m", "details": [
        {"@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure", "errors": []}]}},
    {"partialFailureError": {"code": 3, "message": "m", "details": [{"errors": [{"errorCode": {"fieldError": 2}}]}]}},
    {"status": "OK", "details": ""},
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, -1, 0, 10**25, 1e308, float("nan"), float("inf"), "", "0", "\ud800", "\x00", [], {}, [[]],
    "RESOURCE_EXHAUSTED", "\u0664s", "1e9s", {"seconds": {}}, {"errorCode": 5}, [1, "a", None], {"@type": 3},
)  # fmt: skip


def places(value: Any) -> list[Any]:
    """Every list and mapping in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(place for each in inner if isinstance(each, dict | list) for place in places(each))]


def mutated(rng: random.Random) -> object:
    """A real answer with parts lost, swapped for nonsense, renamed, or cut short."""
    body = deepcopy(rng.choice(SEEDS))
    for _ in range(rng.randrange(4)):
        place = rng.choice(places(body))
        if not place:
            continue
        key = rng.choice(list(place)) if isinstance(place, dict) else rng.randrange(len(place))
        if rng.random() < 0.3:
            place.pop(key)
        elif isinstance(place, dict) and rng.random() < 0.2:
            place[rng.choice(["errors", "error_code", "status", "x_error", "requestError"])] = place.pop(key)
        else:
            place[key] = deepcopy(rng.choice(ODD))
    return body if rng.random() < 0.7 else json.dumps(body).encode()[: rng.randrange(1, 400)]


def check(status: int | None, body: object) -> None:
    """Either a success that says so, or a typed error that can be shown."""
    facts = decode(status, {}, body, None)
    error = TABLE.failure(facts)
    if error is None:
        assert facts.subcode == "OK"
        assert facts.code is None
        return
    assert isinstance(error, BackstayError)
    assert CLASSES[error.type] is type(error)
    assert error.rule is not None
    assert error.rule.startswith("google_ads.")
    str(error).encode("utf-8")
    if facts.subcode in {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED"} and facts.code is None:
        assert error.certainty is Certainty.UNKNOWN or error.rule.startswith("google_ads.auth")


@settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1))
def test_ten_thousand_damaged_failures_all_get_a_type(seed: int) -> None:
    """Whatever a proxy or a newer server makes of a failure, there is no untyped exception."""
    rng = random.Random(seed)
    check(rng.choice([None, None, 200, 400, 429, 500, 502, 999]), mutated(rng))


@settings(max_examples=2_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    status=st.sampled_from(NUMBERS),
    members=st.lists(
        st.sampled_from([(name, member) for name, family in families().items() for member in family.members.values()]),
        min_size=1, max_size=4,
    ),
)  # fmt: skip
def test_any_mix_of_members_is_retryable_only_if_every_one_is(status: str, members: list[tuple[str, str]]) -> None:
    """The worst of them decides; echoes and day's quotas are no exception."""
    faults = [{"errorCode": {family: member}} for family, member in members]
    error = TABLE.failure(decode(None, {}, {"status": status, "failure": {"errors": faults}}, None))
    assert error is not None
    spoken = [code for family, member in members if (code := f"{family}.{member}") != ECHO]
    if error.retryable:
        assert all(meaning(code) is not None and meaning(code).retryable for code in spoken)  # type: ignore[union-attr]


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(
        ["status", "details", "failure", "errors", "errorCode", "error", "message", "partialFailureError", "code"]),
        inner, max_size=4)),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=st.one_of(JSON, JSON.map(json.dumps), st.binary(max_size=300), st.text(max_size=100)),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object) -> None:
    """The same for answers that were never a failure."""
    check(status, body)


CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "google_ads.jsonl"
OWN = {"RATE_LIMITED": "API_RATE_LIMIT", "OVERLOADED": "SERVICE_UNAVAILABLE", "TIMEOUT": "PLATFORM_TIMEOUT",
       "SERVICE_ERROR": "PLATFORM_SERVICE_ERROR"}  # fmt: skip


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real answers lies beside the project, not in it")
def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    right = 0
    for row in rows:
        found = TABLE.classify(row["http_status"], row["headers"], row["grpc"], row["operation"])
        assert found is not None
        right += (found.type, found.retryable) == (OWN.get(row["label"], row["label"]), row["retryable"])
    assert right >= 0.95 * len(rows)
