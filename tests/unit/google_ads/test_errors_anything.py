"""Google Ads' error table against anything: damaged failures, arbitrary JSON, and the corpus of real ones."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors import TABLE, decode
from backstay_adapters.google_ads.errors.decode import NUMBERS
from backstay_adapters.google_ads.errors.failure import ECHO
from backstay_adapters.google_ads.errors.judge import families, meaning
from tests.support import anything

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
    *anything.ODD, "RESOURCE_EXHAUSTED", "1e9s", {"seconds": {}}, {"errorCode": 5}, {"@type": 3},
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
    error = anything.typed(TABLE, "google_ads", facts)
    if error is None:
        assert facts.subcode == "OK"
        assert facts.code is None
        return
    if facts.subcode in {"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED"} and facts.code is None:
        assert error.certainty is Certainty.UNKNOWN or error.rule.startswith("google_ads.auth")


def test_ten_thousand_damaged_failures_all_get_a_type() -> None:
    """Whatever a proxy or a newer server makes of a failure, there is no untyped exception."""
    anything.each(10_000, lambda rng: check(rng.choice([None, None, 200, 400, 429, 500, 502, 999]), mutated(rng)))


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


KEYS = ("status", "details", "failure", "errors", "errorCode", "error", "message", "partialFailureError", "code")


@settings(deadline=None)
@given(
    status=st.one_of(st.none(), st.integers(-1, 1000)),
    body=anything.bodies(KEYS),
)
def test_arbitrary_answers_all_get_a_type(status: int | None, body: object) -> None:
    """The same for answers that were never a failure."""
    check(status, body)


def test_at_least_95_percent_of_the_corpus_are_right() -> None:
    """Type and `retryable` of real answers, counted together."""
    assert anything.right("google_ads") >= 0.95
