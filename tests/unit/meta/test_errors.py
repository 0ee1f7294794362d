"""Meta's error table: subcodes and codes, the texts of the catch-all codes, and everything that is no envelope."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from backstay.errors import PartialFailureError
from backstay.table import Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.meta.errors import TABLE, decode, succeeded

PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>proxygen</body></html>"


def envelope(code: object = None, subcode: object = None, message: str | None = None, **more: object) -> bytes:
    """An error as Meta sends it."""
    told = {"message": message, "type": "OAuthException", "code": code, "error_subcode": subcode, **more}
    return json.dumps({"error": {name: value for name, value in told.items() if value is not None}}).encode()


def judged(
    body: object, status: int | None = 400, headers: dict[str, str] | None = None, asked: str | None = None
) -> Verdict:
    """The table's verdict on a failure."""
    found = TABLE.classify(status, headers or {}, body, asked)
    assert found is not None
    return found


KNOWN: dict[str, tuple[tuple[int, int | None], ...]] = {
    "PLATFORM_SERVICE_ERROR": (
        (1, None), (1, 99), (2, None), (2, 1504043), (2, 1504044), (-1, None), (-2, 2490547), (-2, None), (300, None),
        (5000, None), (6001, 1363037), (100, 1487390), (104, None), (2601, None),
    ),
    "PLATFORM_TIMEOUT": ((960, None), (1363030, None), (2, 1504038), (100, 1504018)),
    "API_RATE_LIMIT": (
        (4, None), (4, 1504022), (4, 1504039), (17, None), (17, 2446079), (32, None), (341, None), (613, None),
        (613, 1996), (613, 1487742), (613, 5044001), (613, 1487632), (80000, None), (80001, None), (80002, None),
        (80003, 2446079), (80004, 2446079), (80005, None), (80006, None), (80008, None), (80009, None), (80014, None),
        (80042, None),
    ),
    "QUOTA_EXHAUSTED": ((17, 1885172), (613, 1487225), (2695, None), (100, 2446867)),
    "NOT_READY": ((2601, 1815107),),
    "TOO_MUCH_DATA": ((105, None), (100, 1487534), (100, 1885194), (-3, 1504045)),
    "UNSUPPORTED": ((2635, None), (12, None), (100, 3858504)),
    "NOT_FOUND": ((100, 33), (100, 34), (803, None), (100, 1885557), (1487366, None)),
    "CONFLICT": ((506, None), (1487056, None), (1487566, None), (100, 1885088)),
    "TOKEN_EXPIRED": ((102, None), (190, 460), (190, 463)),
    "TOKEN_INVALID": ((190, None), (190, 458), (190, 459), (190, 464), (190, 467), (415, None), (900, None)),
    "PERMISSION_DENIED": (
        (1, 2853001), (3, None), (3, 10), (5, None), (10, None), (10, 2332002), (31, 3858385), (31, None),
        (100, 1885183), (100, 3191001), (100, 3858449), (190, 492), (200, None), (200, 1815199), (200, 1870034),
        (200, 1870047), (270, None), (273, None), (274, None), (294, None), (299, None), (1487301, None), (2655, None),
        (2708008, None),
    ),
    "ACCOUNT_DISABLED": (
        (100, 1487124), (100, 3686001), (200, 2490592), (368, None), (368, 1404006), (368, 1404078), (1404163, None),
    ),
    "BUDGET_INSUFFICIENT": ((100, 1359188),),
    "CREATIVE_REJECTED": ((500, None), (246003, None), (2700000, 2460004), (2490427, None), (100, 2490468)),
    "VALIDATION_FAILED": (
        (2, 1504041), (2, 1504042), (100, None), (100, 1359202), (100, 1359207), (100, 1487079), (100, 1487694),
        (100, 1487756), (100, 1487810), (100, 1487851), (100, 1487929), (100, 1752129), (100, 1815001),
        (100, 1815430), (100, 1815573), (100, 1885204), (100, 1885272), (100, 1885650), (1487901, None),
        (100, 1885364), (100, 1885621), (100, 1885998), (100, 2446307), (100, 2490408), (100, 3858258),
        (100, 4834011), (100, 99999999), (194, None), (1150, None), (2500, None), (2606, None), (2642, None),
        (2650, None), (2654, 1713092), (3018, None), (6000, 1363045), (1487033, None), (1609005, None),
        (2859015, None), (100, 1870220), (100, 3260011), (4711, None),
    ),
}  # fmt: skip
PASSING = {"PLATFORM_SERVICE_ERROR", "PLATFORM_TIMEOUT", "API_RATE_LIMIT", "NOT_READY"}
ALSO_PASSING = {(100, 3858258), (1609005, None)}


@pytest.mark.parametrize(
    ("kind", "code", "subcode"), [(kind, *pair) for kind, pairs in KNOWN.items() for pair in pairs]
)
def test_each_documented_code_has_its_type(kind: str, code: int, subcode: int | None) -> None:
    """Code and subcode decide, without a text; and it may pass where that is known."""
    found = judged(envelope(code, subcode))
    assert found.type == kind
    assert found.retryable is (kind in PASSING or (code, subcode) in ALSO_PASSING)


@pytest.mark.parametrize("code", [1, 100, 200, 2650, None])
def test_a_subcode_means_the_same_behind_every_code(code: int | None) -> None:
    """Subcodes are global: the code before them is often a catch-all."""
    assert judged(envelope(code, 1885621)).rule == "meta.budget_twice"
    assert judged(envelope(code, 1487301)).type == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (1, "Please reduce the amount of data you're asking for, then retry your request", "TOO_MUCH_DATA"),
        (-1, "Please reduce the amount of data you\u2019re asking for", "TOO_MUCH_DATA"),
        (100, "(#100) Missing permissions", "PERMISSION_DENIED"),
        (100, "(#100) The app does not have the necessary permissions", "PERMISSION_DENIED"),
        (100, "(#100) Requires pages_read_engagement permission to read it", "PERMISSION_DENIED"),
        (100, "(#100) Page Public Content Access requires app secret proof", "PERMISSION_DENIED"),
        (100, "(#100) Cannot include actions in summary param because they weren't there", "PLATFORM_SERVICE_ERROR"),
        (100, "Invalid appsecret_proof provided in the API argument", "TOKEN_INVALID"),
        (100, "Unsupported get request. Object with ID '7' does not exist, cannot be loaded due to missing permissions",
         "NOT_FOUND"),
        (100, "(#100) Ad set 7 does not exist", "NOT_FOUND"),
        (190, "Error validating access token: Session has expired on Tuesday", "TOKEN_EXPIRED"),
        (190, "Error validating access token: The session is invalid because the user logged out.", "TOKEN_EXPIRED"),
        (190, "The session has been invalidated because the user changed their password", "TOKEN_EXPIRED"),
        (190, "Any of the pages_read_engagement permission(s) must be granted before", "PERMISSION_DENIED"),
        (190, "Invalid OAuth access token - Cannot parse access token", "TOKEN_INVALID"),
        (2500, "An active access token must be used to query information", "TOKEN_INVALID"),
        (2500, "Unknown path components: /foo", "VALIDATION_FAILED"),
        (104, "An access token is required to request this resource.", "TOKEN_INVALID"),
        (104, "Incorrect signature", "TOKEN_INVALID"),
        (104, "Connection reset by peer", "PLATFORM_SERVICE_ERROR"),
        (1, "The ids parameter is deprecated", "UNSUPPORTED"),
        (None, "(#4) Application request limit reached", "API_RATE_LIMIT"),
        (None, "There have been too many calls from this ad-account.", "API_RATE_LIMIT"),
        (None, "Error validating access token: Session has expired", "TOKEN_EXPIRED"),
        (None, "Invalid OAuth access token.", "TOKEN_INVALID"),
    ],
)  # fmt: skip
def test_a_text_splits_the_codes_that_mean_many_things(code: int | None, message: str, kind: str) -> None:
    """Where neither code nor subcode says it, the English message does."""
    assert judged(envelope(code, None, message)).type == kind


@pytest.mark.parametrize(
    ("code", "message", "looks_like"),
    [
        (100, "(#100) Param permission_level must be one of {READ, WRITE}", "PERMISSION_DENIED"),
        (100, "(#100) The parameter daily_budget is required", "PERMISSION_DENIED"),
        (100, "(#100) Tried accessing nonexisting field (foo) on node type (Campaign)", "NOT_FOUND"),
        (100, "(#100) The field does not exist", "NOT_FOUND"),
        (100, "Invalid parameter: limit", "API_RATE_LIMIT"),
        (100, "(#100) Param status must not be expired", "TOKEN_EXPIRED"),
        (100, "(#100) deprecated_placements must be a list", "UNSUPPORTED"),
        (100, "(#100) Cannot include more than 50 ids", "PLATFORM_SERVICE_ERROR"),
        (100, "(#100) data amount must be positive", "TOO_MUCH_DATA"),
        (100, "The access_token_macro is not allowed", "TOKEN_INVALID"),
        (100, "Service unavailable in the country of the targeting", "PLATFORM_SERVICE_ERROR"),
    ],
)  # fmt: skip
def test_a_look_alike_stays_a_mistake_in_the_request(code: int, message: str, looks_like: str) -> None:
    """Words that only resemble a rule leave a bad parameter what it is."""
    found = judged(envelope(code, None, message))
    assert found.type == "VALIDATION_FAILED", looks_like
    assert found.retryable is False


@pytest.mark.parametrize(("code", "subcode"), [(190, 463), (17, None), (200, None), (100, 1885621), (368, 1404006)])
def test_a_code_with_one_meaning_listens_to_no_text(code: int, subcode: int | None) -> None:
    """A message that quotes another rule's words does not change a clear code."""
    quoting = judged(envelope(code, subcode, "Object with ID 7 does not exist, appsecret_proof, deprecated version"))
    assert quoting == judged(envelope(code, subcode))


@pytest.mark.parametrize("title", ["A token expirou", "Please reduce the amount of data", "Missing permissions"])
def test_what_users_read_is_shown_and_never_matched(title: str) -> None:
    """Titles and messages for users come in the user's language: they decide nothing, and lead the error's text."""
    body = envelope(100, 1885364, "Invalid parameter", error_user_title=title, error_user_msg="Add a location.")
    error = TABLE.error(decode(400, {}, body, None))
    assert error.rule == "meta.targeting"
    assert error.vendor_message == f"{title}: Add a location. (Invalid parameter)"
    bare = envelope(100, None, "Invalid parameter", error_user_title=title)
    assert judged(bare).type == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    "data",
    [
        {"blame_field_specs": [["targeting", "geo_locations"]]},
        '{"blame_field_specs": [["targeting", "geo_locations"]]}',
        {"blame_field": "targeting.geo_locations"},
        '{"blame_field_specs": ["targeting.geo_locations"]}',
    ],
)
def test_the_blamed_field_is_named(data: object) -> None:
    """`error_data` comes as an object or as JSON in a text, in two shapes."""
    assert TABLE.error(decode(400, {}, envelope(100, None, "no", error_data=data), None)).field == (
        "targeting.geo_locations"
    )


@pytest.mark.parametrize("data", ["no json", "[]", "7", 5, None, {"blame_field_specs": 3}, {"blame_field_specs": [[]]}])
def test_a_blame_that_cannot_be_read_is_left_out(data: object) -> None:
    """The vendor's SDK breaks on some of these."""
    error = TABLE.error(decode(400, {}, envelope(100, None, "no", error_data=data), None))
    assert (error.type, error.field) == ("VALIDATION_FAILED", None)


# is_transient ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "subcode", "told", "retryable"),
    [
        (100, None, True, True),
        (4711, None, True, True),
        (None, None, True, True),
        (100, None, False, False),
        (17, None, False, True),
        (100, 1487390, False, True),
        (2, None, False, True),
        (190, None, True, False),
        (100, 1885621, True, False),
        (100, None, "true", False),
    ],
)
def test_is_transient_is_a_hint_in_one_direction(
    code: int | None, subcode: int | None, told: object, retryable: bool
) -> None:
    """True is believed where nothing better is known; false and absence say nothing."""
    assert judged(envelope(code, subcode, "Invalid parameter", is_transient=told)).retryable is retryable


# Limits ---------------------------------------------------------------------------------------------------------

USE_CASES = json.dumps(
    {
        "111": [
            {"type": "ads_insights", "call_count": 100, "total_cputime": 40, "total_time": 60,
             "estimated_time_to_regain_access": 7},
            {"type": "ads_management", "call_count": 100, "estimated_time_to_regain_access": 12},
        ],
        "222": [{"type": "ads_insights", "call_count": 3, "estimated_time_to_regain_access": 9}],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "subcode", "headers", "wait", "scope"),
    [
        (4, None, {}, 60.0, "app"),
        (341, None, {}, 60.0, "app"),
        (4, 1504022, {}, 120.0, "insights_app"),
        (17, 2446079, {}, 60.0, "account"),
        (17, None, {"x-ad-account-usage": '{"acc_id_util_pct": 100, "reset_time_duration": 210}'}, 210.0, "account"),
        (17, None, {"X-Ad-Account-Usage": '{"acc_id_util_pct": 99, "reset_time_duration": 210}'}, 60.0, "account"),
        (17, None, {"x-ad-account-usage": '{"acc_id_util_pct": 100, "ads_api_access_tier": "development_access"}'},
         300.0, "account"),
        (613, None, {"x-business-use-case-usage": USE_CASES}, 720.0, "account"),
        (613, 1487632, {}, 3600.0, "ad_set_budget"),
        (613, 1996, {}, 900.0, "account"),
        (80000, None, {"x-business-use-case-usage": USE_CASES}, 540.0, "ads_insights"),
        (80004, 2446079, {"x-business-use-case-usage": USE_CASES}, 720.0, "ads_management"),
        (80003, None, {"x-business-use-case-usage": USE_CASES}, 60.0, "custom_audience"),
        (80004, None, {"x-business-use-case-usage": "no json"}, 60.0, "ads_management"),
        (80004, None, {"retry-after": "77"}, 77.0, "ads_management"),
    ],
)  # fmt: skip
def test_a_limit_says_how_long_and_whose(
    code: int, subcode: int | None, headers: dict[str, str], wait: float, scope: str
) -> None:
    """Minutes of use cases, seconds of accounts, the matching entries only; and never less than a minute."""
    found = judged(envelope(code, subcode), 400, headers)
    assert (found.type, found.retry_after, found.scope) == ("API_RATE_LIMIT", wait, scope)


def test_an_instagram_spam_block_is_not_tried_again() -> None:
    """4/2207051 comes for posts that are live; trying again makes it worse."""
    found = judged(envelope(4, 2207051), 403)
    assert (found.type, found.retryable) == ("API_RATE_LIMIT", False)


# Certainty ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "subcode"), [(1, None), (2, None), (-1, None), (960, None), (100, 1487390)])
def test_after_an_internal_error_a_write_may_have_happened(code: int, subcode: int | None) -> None:
    """Whatever Meta calls unknown, temporary or aborted leaves the outcome open, at any status."""
    for status in (200, 400, 500):
        assert judged(envelope(code, subcode, is_transient=True), status).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize("code", [4, 10, 17, 100, 190, 200, 368, 506, 613, 80004])
def test_a_decoded_refusal_is_certain_unless_its_status_failed(code: int) -> None:
    """Validation, credentials and limits did nothing; inside a 5xx nobody knows."""
    assert judged(envelope(code)).certainty is Certainty.REFUSED
    assert judged(envelope(code), 500).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, None])
def test_the_bodys_code_beats_the_http_status(status: int | None) -> None:
    """An error counts at any status, 200 included."""
    assert judged(envelope(31, 3858385), status).type == "PERMISSION_DENIED"
    assert judged(envelope(80003), status).type == "API_RATE_LIMIT"


def test_an_unlisted_code_goes_by_status() -> None:
    """Nobody knows it: a failed server may pass, a refusal does not."""
    assert judged(envelope(4711), 500).type == "PLATFORM_SERVICE_ERROR"
    assert judged(envelope(4711), 400).type == "VALIDATION_FAILED"


# No envelope ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "retryable", "certainty"),
    [
        (200, "BAD_RESPONSE", True, "unknown"),
        (None, "BAD_RESPONSE", True, "unknown"),
        (302, "BAD_RESPONSE", True, "unknown"),
        (400, "VALIDATION_FAILED", False, "refused"),
        (401, "TOKEN_INVALID", False, "refused"),
        (403, "PERMISSION_DENIED", False, "refused"),
        (404, "NOT_FOUND", False, "refused"),
        (408, "PLATFORM_TIMEOUT", True, "unknown"),
        (410, "UNSUPPORTED", False, "refused"),
        (414, "TOO_MUCH_DATA", False, "refused"),
        (429, "API_RATE_LIMIT", True, "refused"),
        (500, "PLATFORM_SERVICE_ERROR", True, "unknown"),
        (502, "PLATFORM_SERVICE_ERROR", True, "unknown"),
        (503, "PLATFORM_SERVICE_ERROR", True, "unknown"),
        (504, "PLATFORM_TIMEOUT", True, "unknown"),
    ],
)
@pytest.mark.parametrize(
    "body", [PAGE, b"", b"404 page not found", b'{"error": {"cod', b"null", b'"OK"', b"0", b"\xff\xfe\x00", None,
             b"[" * 60_000],
)  # fmt: skip
def test_without_an_envelope_the_status_speaks(
    body: object, status: int | None, kind: str, retryable: bool, certainty: str
) -> None:
    """Pages, plain text and half JSON: the vendor's own SDK takes several of these for a success."""
    found = judged(body, status)
    assert (found.type, found.retryable, found.certainty.value) == (kind, retryable, certainty)


@pytest.mark.parametrize("status", [200, 503, None])
@pytest.mark.parametrize("body", [b"Service Unavailable", "Sorry, service unavailable", b"upstream connect error or"])
def test_an_outage_in_plain_text_is_one_at_any_status(body: object, status: int | None) -> None:
    """It has come with 200."""
    assert judged(body, status).type == "PLATFORM_SERVICE_ERROR"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b'{"error": {}}', 500, "PLATFORM_SERVICE_ERROR"),
        (b'{"error": {}}', 200, "PLATFORM_SERVICE_ERROR"),
        (b'{"error": null}', 200, "PLATFORM_SERVICE_ERROR"),
        (b'{"error": "nope"}', 200, "PLATFORM_SERVICE_ERROR"),
        (b'{"error": "nope"}', 400, "VALIDATION_FAILED"),
        (b'{"success": false}', 200, "PLATFORM_SERVICE_ERROR"),
        (b'{"message": "oops"}', 500, "PLATFORM_SERVICE_ERROR"),
        (b'{"message": "(#200) Requires", "type": "OAuthException", "code": 200}', 403, "PERMISSION_DENIED"),
        (b'{"message": "(#200) Requires", "type": "OAuthException", "code": 200}', 200, "PERMISSION_DENIED"),
        (b"{}", 500, "PLATFORM_SERVICE_ERROR"),
    ],
)
def test_an_odd_error_is_still_one(body: bytes, status: int, kind: str) -> None:
    """An error that says nothing, lost its wrapper, or is a text; and a write that was not done."""
    assert judged(body, status).type == kind


@pytest.mark.parametrize(
    "body",
    [b'{"id": "7"}', b'{"data": [], "paging": {}}', b'{"success": true}', b"true", b"{}", {"id": "7"},
     b'{"id": "7", "code": 5, "message": "a field of its own"}', b"[]", b'[{"code": 200, "body": "{}"}]',
     b'{"async_status": "Job Running", "async_percent_completion": 0}'],
)  # fmt: skip
def test_a_success_is_one(body: object) -> None:
    """Objects, lists, and what else a 2xx may hold."""
    facts = decode(200, {}, body, None)
    assert succeeded(facts)
    assert TABLE.failure(facts) is None


def test_a_success_whose_letters_were_lost_is_not_believed() -> None:
    """It may not be handed out as an answer; an error in a broken encoding keeps its code."""
    assert judged('{"id": "\u00e9"}'.encode("latin-1"), 200).type == "BAD_RESPONSE"
    assert judged('{"error": {"code": 190, "message": "\u00e9"}}'.encode("latin-1")).type == "TOKEN_INVALID"


@pytest.mark.parametrize("code", [190, "190", " 190 ", 190.0])
def test_a_code_is_read_as_a_number_from_number_and_text(code: object) -> None:
    """Test doubles and gateways quote what Meta sends as a number."""
    assert judged(envelope(code)).type == "TOKEN_INVALID"


@pytest.mark.parametrize("code", [True, [], {}, "x", 0.5])
def test_a_code_of_another_shape_is_none(code: object) -> None:
    """Then the status speaks."""
    assert judged(envelope(code), 400).type == "VALIDATION_FAILED"
    assert judged(envelope(code), 503).type == "PLATFORM_SERVICE_ERROR"


# Report runs and batches ----------------------------------------------------------------------------------------


def run(**told: object) -> bytes:
    """A report run."""
    return json.dumps({"id": "9", "async_status": "Job Failed", "async_percent_completion": 0, **told}).encode()


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({}, "PLATFORM_SERVICE_ERROR"),
        ({"async_status": "Job Skipped"}, "PLATFORM_SERVICE_ERROR"),
        ({"error_code": 2601, "error_subcode": 1487742}, "PLATFORM_SERVICE_ERROR"),
        ({"error_code": -2, "error_subcode": 2490547}, "PLATFORM_SERVICE_ERROR"),
        ({"error_code": -3, "error_subcode": 1504045}, "TOO_MUCH_DATA"),
        ({"error_code": 2, "error_subcode": 1504038}, "PLATFORM_TIMEOUT"),
        ({"error_code": 2, "error_subcode": 1504041}, "VALIDATION_FAILED"),
        ({"error_code": 100, "error_subcode": 3191001}, "PERMISSION_DENIED"),
        ({"error_code": 1, "error_message": "Please reduce the amount of data you're asking for"}, "TOO_MUCH_DATA"),
        ({"error_code": 190}, "TOKEN_INVALID"),
    ],
)
def test_a_failed_report_run_is_an_error_inside_a_success(told: dict[str, object], kind: str) -> None:
    """HTTP 200 and no envelope, but no rows will ever come; 1487742 is no limit here."""
    found = judged(run(**told), 200)
    assert found.type == kind


def test_a_run_that_is_not_found_yet_is_asked_for_again() -> None:
    """The id of a run that was just started is unknown for some seconds; another object's is not there."""
    assert judged(envelope(100, 33), asked="poll_report").retryable
    assert not judged(envelope(100, 33), asked="get_campaign").retryable


def item(status: int, body: object) -> dict[str, object]:
    """One item of a batch's answer."""
    text = body.decode() if isinstance(body, bytes) else json.dumps(body)
    return {"code": status, "headers": [{"name": "X-FB-Trace-ID", "value": "T"}], "body": text}


GOOD = item(200, {"id": "1"})


@pytest.mark.parametrize(
    ("failed", "retryable", "certainty"),
    [
        (None, True, "unknown"),
        (item(500, envelope(2)), True, "unknown"),
        (item(400, envelope(17)), True, "refused"),
        (item(400, envelope(100, 1885621)), False, "refused"),
        (item(502, PAGE), True, "unknown"),
        ({"code": "x"}, True, "unknown"),
        ("odd", True, "unknown"),
    ],
)
def test_a_batch_with_a_failed_item_is_a_partial_failure(failed: object, retryable: bool, certainty: str) -> None:
    """Outer 200; `null` was not run, or its outcome is not known."""
    found = judged(json.dumps([GOOD, failed]), 200)
    assert (found.type, found.retryable, found.certainty.value) == ("PARTIAL_FAILURE", retryable, certainty)


def test_a_partial_failure_names_each_item() -> None:
    """By its place: None where it succeeded, else code and words."""
    bad = item(400, envelope(100, 33, "no such thing"))
    error = TABLE.failure(decode(200, {}, json.dumps([GOOD, bad, None]), "read_many"))
    assert isinstance(error, PartialFailureError)
    assert error.items == {
        "0": None, "1": "(100/33) no such thing", "2": "not run, or its outcome is not known",
    }  # fmt: skip


# The vendor's SDK -----------------------------------------------------------------------------------------------


def test_an_error_of_the_vendors_sdk_has_the_same_name() -> None:
    """What a user's own call of facebook-business raises is judged as if we had sent it."""
    from facebook_business.exceptions import FacebookRequestError

    headers = {"X-Business-Use-Case-Usage": USE_CASES}
    raised = FacebookRequestError("failed", {"method": "GET"}, 400, headers, envelope(80000).decode())
    found = judged(raised, None)
    assert (found.type, found.retry_after, found.scope) == ("API_RATE_LIMIT", 540.0, "ads_insights")
    page = FacebookRequestError("failed", {"method": "GET"}, 502, {}, PAGE.decode())
    assert judged(page, None).type == "PLATFORM_SERVICE_ERROR"
    bare = FacebookRequestError("failed", {"method": "GET"}, None, None, None)
    assert judged(bare, None).type == "BAD_RESPONSE"


def test_another_exception_is_none_of_the_vendors_sdk() -> None:
    """Only its class, by name and package, counts."""

    class FacebookRequestError(Exception):
        pass

    assert judged(FacebookRequestError("x"), None).type == "BAD_RESPONSE"


def test_the_table_imports_no_sdk() -> None:
    """Classifying costs no half second of imports."""
    code = (
        "import sys; from backstay_adapters.meta.errors import TABLE; TABLE.classify(400, {}, b'{}');"
        "assert not [name for name in sys.modules if name.startswith(('facebook_business', 'httpx', 'requests'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# For people -----------------------------------------------------------------------------------------------------


def test_request_ids_come_from_body_and_header() -> None:
    """Support asks for the trace id; where there is none, the debug id stands in."""

    def ids(body: Any, **headers: str) -> tuple[str, ...]:
        return decode(400, {name.replace("_", "-"): said for name, said in headers.items()}, body, None).request_ids

    assert ids(envelope(1, fbtrace_id="A"), x_fb_trace_id="A", x_fb_debug="D") == ("A",)
    assert ids(envelope(1, fbtrace_id="A"), x_fb_trace_id="B") == ("A", "B")
    assert ids(PAGE, x_fb_debug="D") == ("D",)
    assert ids(envelope(1, fbtrace_id=7)) == ()


def test_an_error_speaks_to_people() -> None:
    """Vendor words, trace id and cure are in the text; secrets are hidden, pages are one short line."""
    body = envelope(100, 1885621, "Invalid parameter", error_user_msg="Both have a budget", fbtrace_id="TRACE")
    text = str(TABLE.error(decode(400, {}, body, "create_campaign")))
    assert "TRACE" in text
    assert "Both have a budget" in text
    assert "one level only" in text
    leaky = TABLE.error(decode(400, {}, envelope(190, None, "Malformed access token EAA" + "x" * 40), None))
    assert "EAAx" not in repr(leaky)
    assert TABLE.error(decode(502, {}, PAGE, None)).vendor_message == "502 Bad Gateway proxygen"
    huge = TABLE.error(decode(400, {}, envelope(100, None, "x" * 1_000_000), None))
    assert len(str(huge)) < 3000
