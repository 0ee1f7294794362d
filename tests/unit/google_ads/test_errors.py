"""Google Ads' error table: failures before statuses, dead credentials in disguise, three kinds of "too much"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backstay.errors import PartialFailureError
from backstay.table import Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.google_ads.errors import TABLE, decode
from backstay_adapters.google_ads.errors.decode import HTTP, NUMBERS
from backstay_adapters.google_ads.errors.judge import judged as judged_members

Json = Any
PLUGIN = "Getting metadata from plugin failed with error: "
GRANT = "('invalid_grant: Bad Request', {'error': 'invalid_grant', 'error_description': 'Bad Request'})"
DEAD = "('invalid_grant: Token has been expired or revoked.', {'error': 'invalid_grant'})"
LINE = "HTTPSConnectionPool(host='oauth2.googleapis.com', port=443): Max retries exceeded with url: /token"


def fault(family: str, member: Json, message: str = "", **more: Json) -> dict[str, Json]:
    """One error of a failure, as protobuf's JSON has it."""
    return {"errorCode": {family: member}, "message": message, **more}


def answer(status: str | None, *faults: Json, details: str = "", **more: Json) -> dict[str, Json]:
    """An answer as our transport puts it."""
    failure = {"failure": {"errors": list(faults), "requestId": "R1"}} if faults else {}
    return {"status": status, "details": details, **failure, **more}


def judged(body: Json, status: int | None = None) -> Verdict:
    """The table's verdict on a failure."""
    found = TABLE.classify(status, {}, body)
    assert found is not None
    return found


def quota(member: str, **details: Json) -> dict[str, Json]:
    """A quota error with its details."""
    return fault("quotaError", member, "Too many requests.", details={"quotaErrorDetails": details})


STATUSES = {
    "UNAVAILABLE": ("PLATFORM_SERVICE_ERROR", True, Certainty.UNKNOWN),
    "DEADLINE_EXCEEDED": ("PLATFORM_TIMEOUT", True, Certainty.UNKNOWN),
    "INTERNAL": ("PLATFORM_SERVICE_ERROR", True, Certainty.UNKNOWN),
    "UNKNOWN": ("PLATFORM_SERVICE_ERROR", True, Certainty.UNKNOWN),
    "CANCELLED": ("PLATFORM_SERVICE_ERROR", False, Certainty.UNKNOWN),
    "DATA_LOSS": ("PLATFORM_SERVICE_ERROR", False, Certainty.UNKNOWN),
    "ABORTED": ("CONFLICT", True, Certainty.REFUSED),
    "ALREADY_EXISTS": ("CONFLICT", False, Certainty.REFUSED),
    "RESOURCE_EXHAUSTED": ("API_RATE_LIMIT", True, Certainty.REFUSED),
    "INVALID_ARGUMENT": ("VALIDATION_FAILED", False, Certainty.REFUSED),
    "FAILED_PRECONDITION": ("VALIDATION_FAILED", False, Certainty.REFUSED),
    "OUT_OF_RANGE": ("VALIDATION_FAILED", False, Certainty.REFUSED),
    "UNAUTHENTICATED": ("TOKEN_INVALID", False, Certainty.REFUSED),
    "PERMISSION_DENIED": ("PERMISSION_DENIED", False, Certainty.REFUSED),
    "NOT_FOUND": ("NOT_FOUND", False, Certainty.REFUSED),
}


@pytest.mark.parametrize("status", [name for name in NUMBERS if name != "OK"])
def test_each_status_of_grpc_has_a_type(status: str) -> None:
    """Without a failure the status decides; what may have happened is UNKNOWN."""
    found = judged(answer(status))
    if status == "UNIMPLEMENTED":  # the version is gone; a 501 is no proof that nothing happened, looking is cheap
        assert (found.type, found.retryable) == ("UNSUPPORTED", False)
        return
    assert (found.type, found.retryable, found.certainty) == STATUSES[status]


def test_all_statuses_are_numbered_as_grpc_numbers_them() -> None:
    """The list's order is the numbers' order, and each has an HTTP counterpart."""
    assert NUMBERS.index("UNAUTHENTICATED") == 16
    assert NUMBERS.index("UNAVAILABLE") == 14
    assert set(NUMBERS) == set(HTTP)


@pytest.mark.parametrize(
    "status", ["INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE", "UNKNOWN", None]
)
def test_the_failure_beats_the_status(status: str | None) -> None:
    """A duplicate name is a conflict, whatever status carries it, and the field and the request id are told."""
    location = {"fieldPathElements": [
        {"fieldName": "mutate_operations", "index": 1}, {"fieldName": "create"}, {"fieldName": "name"},
    ]}  # fmt: skip
    body = answer(status, fault("campaignError", "DUPLICATE_CAMPAIGN_NAME", "A campaign ...", location=location))
    error = TABLE.failure(decode(None, {}, body, "create_campaign"))
    assert error is not None
    assert (error.type, error.retryable) == ("CONFLICT", False)
    assert error.vendor_code == "campaign_error.DUPLICATE_CAMPAIGN_NAME"
    assert error.field == "mutate_operations[1].create.name"
    assert error.request_ids == ("R1",)


@pytest.mark.parametrize("status", ["INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"])
def test_a_refusal_inside_a_broken_answer_is_no_proof(status: str) -> None:
    """Looking costs one read, a second campaign costs money."""
    assert judged(answer(status, fault("fieldError", "REQUIRED"))).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize(
    ("details", "status", "kind"),
    [
        (PLUGIN + GRANT, "UNAVAILABLE", "TOKEN_INVALID"),
        (PLUGIN + DEAD, "UNAVAILABLE", "TOKEN_EXPIRED"),
        ("Failed to retrieve auth metadata with error: invalid_grant", "UNAUTHENTICATED", "TOKEN_INVALID"),
        (PLUGIN + "('invalid_client: Unauthorized', {})", "UNAVAILABLE", "TOKEN_INVALID"),
        (PLUGIN + "('deleted_client: The OAuth client was deleted.', {})", "UNAVAILABLE", "TOKEN_INVALID"),
        (PLUGIN + "('unauthorized_client: Unauthorized', {})", "UNAVAILABLE", "TOKEN_INVALID"),
        (PLUGIN + "invalid_request", "UNAVAILABLE", "TOKEN_INVALID"),
        ("Exception occurred in metadata credentials plugin.", "UNAVAILABLE", "TOKEN_INVALID"),
        (PLUGIN + "403:Forbidden", "UNAVAILABLE", "PERMISSION_DENIED"),
        (PLUGIN + LINE, "UNAVAILABLE", "PLATFORM_SERVICE_ERROR"),
        ("The service is currently unavailable.", "UNAVAILABLE", "PLATFORM_SERVICE_ERROR"),
        ("Connection reset by peer", "UNAVAILABLE", "PLATFORM_SERVICE_ERROR"),
        ("Stream removed", "UNKNOWN", "PLATFORM_SERVICE_ERROR"),
        ("GRPC target method can't be resolved.", "UNIMPLEMENTED", "UNSUPPORTED"),
        ("Version v2 is deprecated. Requests to this version will be blocked.", "INVALID_ARGUMENT", "UNSUPPORTED"),
        ("Google Ads API has not been used in project 1 before or it is disabled.", "PERMISSION_DENIED",
         "PERMISSION_DENIED"),
        ("Request had invalid authentication credentials.", "UNAUTHENTICATED", "TOKEN_INVALID"),
    ],
)  # fmt: skip
def test_texts_tell_what_the_status_hides(details: str, status: str, kind: str) -> None:
    """A dead credential is never worth a retry, a line that broke is."""
    found = judged(answer(status, details=details))
    assert found.type == kind
    assert found.retryable is (kind == "PLATFORM_SERVICE_ERROR")


@pytest.mark.parametrize(
    ("exception", "details", "kind", "retryable"),
    [
        ("google.auth.exceptions.RefreshError", DEAD, "TOKEN_EXPIRED", False),
        ("google.auth.exceptions.RefreshError", GRANT, "TOKEN_INVALID", False),
        ("google.auth.exceptions.RefreshError", "access_not_configured", "PERMISSION_DENIED", False),
        ("google.auth.exceptions.RefreshError", "invalid_rapt", "TOKEN_EXPIRED", False),
        ("google.auth.exceptions.RefreshError", "something new", "TOKEN_INVALID", False),
        ("google.auth.exceptions.TransportError", LINE, "PLATFORM_SERVICE_ERROR", True),
        ("google.auth.exceptions.DefaultCredentialsError", "no file", "TOKEN_INVALID", False),
    ],
)
def test_exceptions_of_google_auth(exception: str, details: str, kind: str, retryable: bool) -> None:
    """They have no status: their class and their text tell."""
    found = judged({"status": None, "details": details, "exception": exception})
    assert (found.type, found.retryable) == (kind, retryable)


QUOTAS = [
    (quota("RESOURCE_EXHAUSTED", rateScope="DEVELOPER", retryDelay="40591s"), "QUOTA_EXHAUSTED", False, 40591.0, "app"),
    (quota("RESOURCE_EXHAUSTED", rateScope="ACCOUNT", retryDelay="40591s"), "QUOTA_EXHAUSTED", False, 40591.0,
     "customer"),
    (quota("RESOURCE_EXHAUSTED", rateScope="DEVELOPER"), "QUOTA_EXHAUSTED", False, None, "app"),
    (quota("RESOURCE_EXHAUSTED", rateScope="DEVELOPER", retryDelay="25s"), "API_RATE_LIMIT", True, 25.0, "app"),
    (quota("RESOURCE_EXHAUSTED", rateScope="ACCOUNT", retryDelay="3600s"), "API_RATE_LIMIT", True, 3600.0, "customer"),
    (fault("quotaError", "RESOURCE_EXHAUSTED", "Too many requests. Retry in 41732 seconds."), "QUOTA_EXHAUSTED", False,
     41732.0, "app"),
    (fault("quotaError", "RESOURCE_EXHAUSTED", "Too many requests. Retry in 30 seconds."), "API_RATE_LIMIT", True, 30.0,
     "app"),
    (quota("RESOURCE_TEMPORARILY_EXHAUSTED", rateScope="ACCOUNT"), "API_RATE_LIMIT", True, None, "customer"),
    (fault("quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED"), "API_RATE_LIMIT", True, None, "app"),
    (fault("quotaError", "ACCESS_PROHIBITED"), "PERMISSION_DENIED", False, None, None),
    (fault("resourceCountLimitExceededError", "ACCOUNT_LIMIT"), "QUOTA_EXHAUSTED", False, None, None),
    (fault("resourceCountLimitExceededError", "RESPONSE_ROW_LIMIT_EXCEEDED"), "TOO_MUCH_DATA", False, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("told", "kind", "retryable", "wait", "scope"), QUOTAS)
def test_the_days_quota_is_told_from_the_moments_limit(
    told: Json, kind: str, retryable: bool, wait: float | None, scope: str | None
) -> None:
    """By the delay in the details, never by the text that both share; the scope says whose it is."""
    found = judged(answer("RESOURCE_EXHAUSTED", told, details="Resource has been exhausted (e.g. check quota)."))
    assert (found.type, found.retryable, found.retry_after, found.scope) == (kind, retryable, wait, scope)


def test_retry_info_of_the_status_counts_where_the_failure_says_nothing() -> None:
    """REST and our transport hand on google.rpc.RetryInfo."""
    rest = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "exhausted", "details": [
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"},
    ]}}  # fmt: skip
    assert judged(rest).retry_after == 7.5
    assert judged(answer("RESOURCE_EXHAUSTED", retry_delay="9s")).retry_after == 9.0


@pytest.mark.parametrize(
    ("details", "certainty"),
    [
        ("Received message larger than max (80521595 vs. 67108864)", Certainty.UNKNOWN),
        ("Sent message larger than max (80521595 vs. 67108864)", Certainty.REFUSED),
    ],
)
def test_a_message_too_large_is_no_quota(details: str, certainty: Certainty) -> None:
    """Of a mutate whose answer is too large the vendor has acted."""
    found = judged(answer("RESOURCE_EXHAUSTED", details=details))
    assert (found.type, found.retryable, found.certainty) == ("TOO_MUCH_DATA", False, certainty)


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        ((fault("fieldError", "REQUIRED"), fault("authenticationError", "OAUTH_TOKEN_REVOKED")), "TOKEN_INVALID"),
        ((fault("quotaError", "RESOURCE_EXHAUSTED"), fault("authorizationError", "CUSTOMER_NOT_ENABLED")),
         "ACCOUNT_DISABLED"),
        ((fault("internalError", "TRANSIENT_ERROR"), fault("fieldError", "REQUIRED")), "VALIDATION_FAILED"),
        ((fault("databaseError", "CONCURRENT_MODIFICATION"), fault("campaignError", "DUPLICATE_CAMPAIGN_NAME")),
         "CONFLICT"),
        ((fault("newResourceCreationError", "TEMP_ID_RESOURCE_HAD_ERRORS"),
          fault("internalError", "TRANSIENT_ERROR")), "PLATFORM_SERVICE_ERROR"),
        ((fault("newResourceCreationError", "TEMP_ID_RESOURCE_HAD_ERRORS"),), "VALIDATION_FAILED"),
        ((fault("fieldError", 99), fault("policyFindingError", "POLICY_FINDING")), "CREATIVE_REJECTED"),
    ],
)  # fmt: skip
def test_one_of_several_errors_stands_for_all(faults: tuple[Json, ...], kind: str) -> None:
    """The one that keeps the caller safe; echoes of other errors are passed over."""
    found = judged(answer("INVALID_ARGUMENT", *faults))
    assert found.type == kind
    assert not found.retryable or kind == "PLATFORM_SERVICE_ERROR"


def test_a_failure_may_pass_only_if_all_of_it_may() -> None:
    """Two transient errors are transient, one that is not spoils it."""
    passing = [fault("internalError", "TRANSIENT_ERROR"), fault("databaseError", "CONCURRENT_MODIFICATION")]
    assert judged(answer("INTERNAL", *passing)).retryable
    assert not judged(answer("INTERNAL", *passing, fault("fieldError", "REQUIRED"))).retryable


@pytest.mark.parametrize(
    ("code", "status", "kind", "vendor_code"),
    [
        ({"campaignError": 9_999}, "INVALID_ARGUMENT", "VALIDATION_FAILED", "campaign_error.9999"),
        ({"tomorrowsError": "NEW_MEMBER"}, "INTERNAL", "PLATFORM_SERVICE_ERROR", "tomorrows_error.NEW_MEMBER"),
        ({"family_999": 3}, "PERMISSION_DENIED", "PERMISSION_DENIED", "family_999.3"),
        ({"requestError": "UNKNOWN"}, "INVALID_ARGUMENT", "VALIDATION_FAILED", None),
        ({"requestError": 1}, "UNAVAILABLE", "PLATFORM_SERVICE_ERROR", None),
        ({}, "RESOURCE_EXHAUSTED", "API_RATE_LIMIT", None),
    ],
)
def test_members_newer_than_the_list_are_told_by_the_status(
    code: Json, status: str, kind: str, vendor_code: str | None
) -> None:
    """They keep their number or name as the vendor's code."""
    body = answer(status, {"errorCode": code, "message": "of tomorrow"})
    error = TABLE.failure(decode(None, {}, body, None))
    assert error is not None
    assert (error.type, error.vendor_code) == (kind, vendor_code)
    assert error.vendor_message == "of tomorrow"


def test_the_longest_name_is_not_cut() -> None:
    """A member whose name was cut would be a new one, told by its status."""
    longest = max(judged_members(), key=len)
    family, member = longest.split(".")
    assert judged(answer("INTERNAL", fault(family, member))).type == "VALIDATION_FAILED"


def test_numbers_of_members_are_understood() -> None:
    """A log or a raw protobuf may hold the number in place of the name."""
    assert judged(answer("INVALID_ARGUMENT", {"errorCode": {"request_error": 6}})).type == "NOT_FOUND"
    assert judged(answer("INVALID_ARGUMENT", {"errorCode": {"request_error": "6"}})).type == "NOT_FOUND"


def test_a_code_that_was_not_published_is_looked_up_by_its_name() -> None:
    """The server names a code that this version's enum lacks; if another family of ours has it, it is known."""
    hidden = fault(
        "internalError", "ERROR_CODE_NOT_PUBLISHED", details={"unpublishedErrorCode": "DUPLICATE_ADGROUP_NAME"}
    )
    assert judged(answer("INTERNAL", hidden)).type == "CONFLICT"
    other = fault("internalError", "ERROR_CODE_NOT_PUBLISHED", details={"unpublishedErrorCode": "NOBODY_KNOWS"})
    assert judged(answer("INTERNAL", other)).type == "VALIDATION_FAILED"


def partial(*faults: Json) -> dict[str, Json]:
    """A mutate that succeeded in part, as REST and protobuf's JSON have it."""
    kind = "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure"
    return {"results": [], "partialFailureError": {"code": 3, "message": "Multiple errors in 'details'.", "details": [
        {"@type": kind, "errors": list(faults)},
    ]}}  # fmt: skip


def test_a_partial_failure_has_a_verdict_for_each_operation() -> None:
    """The RPC says OK; the failure inside names each operation that was not done."""
    at = {"location": {"fieldPathElements": [{"fieldName": "operations", "index": 1}, {"fieldName": "create"}]}}
    error = TABLE.failure(decode(None, {}, partial(
        fault("campaignError", "DUPLICATE_CAMPAIGN_NAME", "There is one.", **at),
        fault("fieldError", "REQUIRED", "Missing."),
    ), None))  # fmt: skip
    assert isinstance(error, PartialFailureError)
    assert error.items == {
        "1": "campaign_error.DUPLICATE_CAMPAIGN_NAME: There is one.", "?": "field_error.REQUIRED: Missing.",
    }  # fmt: skip


REST = {"error": {
    "code": 401, "status": "UNAUTHENTICATED", "message": "Request had invalid authentication credentials.",
    "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_EXPIRED"}],
}}  # fmt: skip


@pytest.mark.parametrize("body", [REST, [REST], json.dumps(REST), json.dumps([REST]).encode()])
def test_rest_is_understood_as_well(body: Json) -> None:
    """searchStream wraps its error in a list; Google's reason tells an expired token from a wrong one."""
    assert judged(body, 401).type == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (502, b"<html>Bad Gateway</html>", "PLATFORM_SERVICE_ERROR"),
        (413, b"too large", "TOO_MUCH_DATA"),
        (418, b"teapot", "VALIDATION_FAILED"),
        (200, b"<html>welcome to the hotel</html>", "BAD_RESPONSE"),
        (None, b"", "BAD_RESPONSE"),
        (None, {"x": 1}, "PLATFORM_SERVICE_ERROR"),
        (None, {"status": "NEVER_HEARD"}, "PLATFORM_SERVICE_ERROR"),
    ],
)
def test_what_is_no_answer_of_the_vendors(status: int | None, body: Json, kind: str) -> None:
    """Proxies and half answers have a type too."""
    assert judged(body, status).type == kind


@pytest.mark.parametrize("body", [{"status": "OK"}, {"status": "OK", "details": "", "request_id": "R"}])
def test_success_is_success(body: Json) -> None:
    """OK without a failure; and REST's 200 with a JSON object."""
    assert TABLE.classify(None, {}, body) is None
    assert TABLE.classify(200, {}, {"results": []}) is None


def test_secrets_in_a_text_do_not_reach_the_error() -> None:
    """What the vendor quotes back is scrubbed."""
    error = TABLE.failure(decode(None, {}, answer("INTERNAL", details="developer-token: abcdef123456"), None))
    assert "abcdef" not in str(error)
