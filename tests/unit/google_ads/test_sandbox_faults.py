"""Google Ads' simulator: the faults that have words, and the errors that a rule may name."""

from __future__ import annotations

from typing import Any

import pytest

from backstay.errors import InvalidRequestError
from backstay.sandbox import FaultKind, FaultPlan, FaultRule, Request, dump_faults, parse_faults
from backstay.sandbox.rpc import RpcReply, RpcRequest
from backstay_adapters.google_ads.sandbox import CUSTOMERS, GoogleAdsSandbox
from backstay_adapters.google_ads.sandbox.failure import KEY
from backstay_adapters.google_ads.sandbox.protos import SERVICES, message
from tests.unit.google_ads.desk import NOW, codes_of

K = FaultKind
METHOD = f"/{SERVICES}LabelService/MutateLabels"


def struck(rule: FaultRule) -> tuple[RpcReply, int]:
    """The answer to a create that a fault strikes, and how many labels there are then."""
    request = message("services.types.label_service", "MutateLabelsRequest")(customer_id=CUSTOMERS[0])
    request.operations.add().create.name = "A"
    sim = GoogleAdsSandbox()
    fault = FaultPlan([rule], seed=5).decide(Request("POST", METHOD), NOW, "LabelService/MutateLabels")
    reply = sim.call(RpcRequest(METHOD, request.SerializeToString()), NOW, fault)
    return reply, len(sim.world.objects())


def failure(reply: RpcReply) -> Any:
    """The failure in the trailers; an empty one where there is none."""
    kind = message("errors.types.errors", "GoogleAdsFailure")
    return kind.FromString(dict(reply.trailing).get(KEY, b""))


WORDS: list[tuple[FaultRule, str, list[str], str, int]] = [
    (FaultRule(K.TOKEN_EXPIRED), "UNAUTHENTICATED", ["authentication_error.OAUTH_TOKEN_EXPIRED"], "invalid auth", 0),
    (FaultRule(K.TOKEN_REVOKED), "UNAUTHENTICATED", ["authentication_error.OAUTH_TOKEN_REVOKED"], "invalid auth", 0),
    (FaultRule(K.TOKEN_REVOKED, error="invalid_grant"), "UNAVAILABLE", [], "('invalid_grant: Token has been", 0),
    (FaultRule(K.RATE_LIMIT), "RESOURCE_EXHAUSTED", ["quota_error.RESOURCE_TEMPORARILY_EXHAUSTED"], "exhausted", 0),
    (FaultRule(K.RATE_LIMIT, long=True), "RESOURCE_EXHAUSTED", ["quota_error.RESOURCE_EXHAUSTED"], "exhausted", 0),
    (FaultRule(K.VENDOR_ERROR, error="UNKNOWN", text="Stream removed"), "UNKNOWN", [], "Stream removed", 0),
    (FaultRule(K.VENDOR_ERROR, error="RESOURCE_EXHAUSTED", text="Received message larger than max (9 vs. 8)"),
     "RESOURCE_EXHAUSTED", [], "larger than max", 0),
    (FaultRule(K.VENDOR_ERROR, error="internal_error.TRANSIENT_ERROR", after_commit=True),
     "INTERNAL", ["internal_error.TRANSIENT_ERROR"], "Internal error encountered.", 1),
    (FaultRule(K.VENDOR_ERROR, error="authorization_error.USER_PERMISSION_DENIED"),
     "PERMISSION_DENIED", ["authorization_error.USER_PERMISSION_DENIED"], "permission", 0),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "code", "codes", "text", "made"), WORDS, ids=lambda value: str(value)[:40])
def test_faults_have_the_vendors_words(rule: FaultRule, code: str, codes: list[str], text: str, made: int) -> None:
    """Status, failure and text; and whether the vendor acted before."""
    reply, count = struck(rule)
    assert (reply.code, codes_of(failure(reply)), count) == (code, codes, made)
    assert text in reply.details


@pytest.mark.parametrize(
    ("rule", "scope", "seconds"),
    [
        (FaultRule(K.RATE_LIMIT, retry_after=7.0), "ACCOUNT", 7),
        (FaultRule(K.RATE_LIMIT, long=True, retry_after=40_591.0), "DEVELOPER", 40_591),
        (FaultRule(K.RATE_LIMIT, error="quota_error.RESOURCE_EXHAUSTED", retry_after=25.0), "DEVELOPER", 25),
    ],
)
def test_quota_errors_say_whose_quota_and_how_long(rule: FaultRule, scope: str, seconds: int) -> None:
    """The delay is in the details and in the text; the day's quota is the whole project's."""
    error = failure(struck(rule)[0]).errors[0]
    about = error.details.quota_error_details
    names = about.DESCRIPTOR.fields_by_name["rate_scope"].enum_type.values_by_number
    assert (names[about.rate_scope].name, about.retry_delay.seconds) == (scope, seconds)
    assert error.message == f"Too many requests. Retry in {seconds} seconds."


def test_what_goes_wrong_at_the_vendor_is_drawn() -> None:
    """With and without a failure, in several statuses; the same seed draws the same."""
    plan = FaultPlan([FaultRule(K.VENDOR_ERROR)], seed=1)
    sim = GoogleAdsSandbox()
    codes = []
    for _ in range(40):
        fault = plan.decide(Request("POST", METHOD), NOW, "x")
        reply = sim.call(RpcRequest(METHOD, b""), NOW, fault)
        codes.append((reply.code, *codes_of(failure(reply))))
    assert {code for code, *_ in codes} == {"INTERNAL", "UNAVAILABLE", "UNKNOWN", "DEADLINE_EXCEEDED"}
    assert {("INTERNAL",), ("INTERNAL", "internal_error.TRANSIENT_ERROR")} <= set(codes)


def test_an_error_newer_than_the_package_is_named_by_its_number() -> None:
    """A member that this version does not know arrives as its number."""
    found = failure(struck(FaultRule(K.VENDOR_ERROR, error="campaign_error.9999"))[0])
    assert found.errors[0].error_code.campaign_error == 9999


@pytest.mark.parametrize("name", ["campaign_error.TOO_BLUE", "weather_error.RAIN", "SUNNY", ""])
def test_an_error_that_does_not_exist_is_refused(name: str) -> None:
    """The refusal names the value and the cure."""
    with pytest.raises(InvalidRequestError) as caught:
        struck(FaultRule(K.VENDOR_ERROR, error=name))
    assert caught.value.field == "error"
    assert "family.MEMBER" in str(caught.value.hint)


def test_the_new_fields_of_a_rule_are_in_its_file() -> None:
    """`error` and `retry_after` go into JSON and come back; a bad one names itself."""
    rule = FaultRule(K.RATE_LIMIT, error="quota_error.RESOURCE_EXHAUSTED", retry_after=25.0)
    data = dump_faults(FaultPlan([rule]))
    assert data["rules"] == [{"kind": "rate_limit", "error": "quota_error.RESOURCE_EXHAUSTED", "retry_after": 25.0}]
    text = '{"rules": [{"kind": "rate_limit", "error": "quota_error.RESOURCE_EXHAUSTED", "retry_after": 25.0}]}'
    assert parse_faults(text).rules == (rule,)
    for bad in ('"error": 5', '"retry_after": -1', '"retry_after": "soon"'):
        with pytest.raises(InvalidRequestError, match=bad.split('"')[1]):
            parse_faults(f'{{"rules": [{{"kind": "rate_limit", {bad}}}]}}')
