"""TikTok's error table: each documented code, the texts of the catch-all codes, and everything that is no envelope."""

from __future__ import annotations

import json

import pytest

from backstay.errors import PartialFailureError
from backstay.table import Verdict
from backstay.taxonomy import Certainty
from backstay_adapters.tiktok.errors import TABLE, decode, succeeded

NOON = 1_700_049_600.0  # Wed, 15 Nov 2023 12:00:00 GMT
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def envelope(code: object, message: str | None = None, **more: object) -> bytes:
    """An answer as TikTok sends it."""
    body = {"code": code, **({} if message is None else {"message": message}), **more}
    return json.dumps(body).encode()


def judged(body: object, status: int | None = 200, headers: dict[str, str] | None = None) -> Verdict:
    """The table's verdict on a failure."""
    found = TABLE.classify(status, headers or {}, body, None, now=NOON)
    assert found is not None
    return found


CODES: dict[str, tuple[int, ...]] = {
    "PARTIAL_FAILURE": (20001,),
    "VALIDATION_FAILED": (
        40000, 40002, 40012, 40053, 40062, 40063, 40065, 40108, 40900, 40904, 40905, 40906, 40908, 40909, 40914, 40915,
    ),
    "PERMISSION_DENIED": (
        40001, 40003, 40064, 40117, 40118, 40119, 40121, 40122, 40125, 40126, 40127, 40128, 40129, 40130, 40301, 41000,
        70001,
    ),
    "UNSUPPORTED": (40006, 40008, 40009, 40010, 40014, 40051, 40400, 41001, 41002),
    "NOT_FOUND": (40007, 40013, 40300, 40302, 40910),
    "TOO_MUCH_DATA": (40011, 40061, 40907),
    "API_RATE_LIMIT": (40016, 40100, 40132, 40133, 51021, 61000),
    "CONFLICT": (40050, 40052, 40202, 40911),
    "TOKEN_INVALID": (40101, 40104, 40105, 40106, 40107, 40109, 40110, 40112, 40113, 40116, 40131),
    "TOKEN_EXPIRED": (40102, 40103, 40114, 40115, 40120, 40309),
    "ACCOUNT_DISABLED": (40124,),
    "NOT_READY": (40201, 40901),
    "QUOTA_EXHAUSTED": (40502,),
    "CREATIVE_REJECTED": (40916,),
    "PLATFORM_SERVICE_ERROR": (
        40200, 40700, 40902, 40903, 40912, 40913, 50000, 50001, 51000, 51002, 51009, 51037, 51065, 51067, 51099, 51305,
        52000, 52003, 52100, 52103, 52201, 52204, 53102, 53103,
    ),
    "PLATFORM_TIMEOUT": (50002, 51001, 51010, 51039),
    "SERVICE_UNAVAILABLE": (60001,),
}  # fmt: skip
TRANSIENT = {
    "API_RATE_LIMIT", "NOT_READY", "PLATFORM_SERVICE_ERROR", "PLATFORM_TIMEOUT", "SERVICE_UNAVAILABLE",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in CODES.items() for code in codes])
def test_each_documented_code_has_its_type(kind: str, code: int) -> None:
    """The code alone decides, at HTTP 200, without a text; and it may pass where the vendor says so."""
    found = judged(envelope(code))
    assert found.type == kind
    assert found.retryable is (kind in TRANSIENT or code == 40202)


@pytest.mark.parametrize("code", [40000, 40001, 40002, None])
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("The campaign 1 doesn't exist.", "NOT_FOUND"),
        ("The campaign 1 doesn\u2019t exist.", "NOT_FOUND"),
        ("ADVERTISER DOES NOT EXIST", "NOT_FOUND"),
        ("The pixel has been deleted", "NOT_FOUND"),
        ("Video id 17 could not be found", "NOT_FOUND"),
        ("Ad group name already exists. Please try another one.", "CONFLICT"),
        ("Duplicate name: choose another", "CONFLICT"),
        ("You have no permission to the pixel", "PERMISSION_DENIED"),
        ("You don't have permission on this account", "PERMISSION_DENIED"),
        ("This is an allowlist-only feature", "PERMISSION_DENIED"),
        ("You no longer have access to it", "PERMISSION_DENIED"),
        ("The agreement has not be signed", "PERMISSION_DENIED"),
        ("Call from a banned country", "PERMISSION_DENIED"),
        ("The app is inconsistent with the token's information", "TOKEN_INVALID"),
        ("Invalid auth_code", "TOKEN_INVALID"),
        ("The auth code has been used", "TOKEN_INVALID"),
        ("Access token is incorrect", "TOKEN_INVALID"),
        ("The access token has expired", "TOKEN_EXPIRED"),
        ("The max time span is 30 days when use stat_time_day", "TOO_MUCH_DATA"),
        ("too many campaign_ids", "TOO_MUCH_DATA"),
        ("The number of ids exceeds the limit of 100", "TOO_MUCH_DATA"),
        ("Your budget must not be less than $20", "VALIDATION_FAILED"),
        ("The account balance is insufficient", "BUDGET_INSUFFICIENT"),
        ("Not enough funds", "BUDGET_INSUFFICIENT"),
        ("The advertiser account has been suspended", "ACCOUNT_DISABLED"),
        ("Advertiser 7 is currently punished", "ACCOUNT_DISABLED"),
        ("Too many requests, please slow down", "API_RATE_LIMIT"),
        ("Too many requests: the limit per day is reached", "QUOTA_EXHAUSTED"),
        ("Internal service error", "PLATFORM_SERVICE_ERROR"),
        ("Service temporarily unavailable", "PLATFORM_SERVICE_ERROR"),
        ("internal service timeout", "PLATFORM_TIMEOUT"),
    ],
)
def test_a_text_splits_the_codes_that_mean_many_things(code: int | None, message: str, kind: str) -> None:
    """The same words mean the same behind each catch-all code, and where the code is missing."""
    body = {"message": message} if code is None else {"code": code, "message": message}
    assert judged(json.dumps(body)).type == kind


@pytest.mark.parametrize(
    ("message", "looks_like"),
    [
        ("Conflict occurs. These metrics and dimensions have no relation.", "CONFLICT"),
        ("Your budget setting must not be less than 50", "BUDGET_INSUFFICIENT"),
        ("The budget must be at least 20 a day", "QUOTA_EXHAUSTED"),
        ("The budget exceeds the upper limit", "TOO_MUCH_DATA"),
        ("Audience size is insufficient", "BUDGET_INSUFFICIENT"),
        ("The balance_type is invalid", "BUDGET_INSUFFICIENT"),
        ("The disabled placement cannot be chosen for this account type", "ACCOUNT_DISABLED"),
        ("Duplicate values in placements", "CONFLICT"),
        ("Invalid Param(s): 'permission_scope'", "PERMISSION_DENIED"),
        ("Please check and try again", "PLATFORM_SERVICE_ERROR"),
        ("Invalid value for timeout", "PLATFORM_TIMEOUT"),
        ("This service type is unavailable for the objective", "PLATFORM_SERVICE_ERROR"),
        ("tracking_url: access_token_macro is not allowed", "TOKEN_INVALID"),
        ("The daily rate must be positive", "QUOTA_EXHAUSTED"),
        ("", "PERMISSION_DENIED"),
    ],
)
def test_a_look_alike_stays_a_mistake_in_the_request(message: str, looks_like: str) -> None:
    """Words that only resemble a rule leave 40002 what it is."""
    found = judged(envelope(40002, message))
    assert found.type == "VALIDATION_FAILED", looks_like
    assert found.retryable is False


@pytest.mark.parametrize("code", [40105, 40011, 50000, 40100, 60001])
def test_a_code_with_one_meaning_listens_to_no_text(code: int) -> None:
    """A message that quotes another rule's words does not change a clear code."""
    assert judged(envelope(code, "The auth_code does not exist or already exists")).type == judged(envelope(code)).type


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (40113, "The app is blocked by TikTok", "ACCOUNT_DISABLED"),
        (40113, "The app does not exist", "TOKEN_INVALID"),
        (51009, "The budget is below the minimum", "VALIDATION_FAILED"),
        (51009, "internal error", "PLATFORM_SERVICE_ERROR"),
        (-1, "The client's IP is in a Banned Country", "PERMISSION_DENIED"),
        (-1, "failed", "PLATFORM_SERVICE_ERROR"),
        (40999, "anything", "VALIDATION_FAILED"),
        (40999, "The ad does not exist", "NOT_FOUND"),
        (40999, "Too many requests", "API_RATE_LIMIT"),
        (51999, "anything", "PLATFORM_SERVICE_ERROR"),
        (62000, "anything", "PLATFORM_SERVICE_ERROR"),
        (30000, "anything", "PLATFORM_SERVICE_ERROR"),
    ],
)
def test_special_and_unlisted_codes_fall_into_their_range(code: int, message: str, kind: str) -> None:
    """4xxxx is the request's fault, 5xxxx and 6xxxx are the service's, the rest is nobody's."""
    assert judged(envelope(code, message)).type == kind


@pytest.mark.parametrize(
    ("code", "message", "wait", "scope"),
    [
        (40100, "App 1 reaches the QPS limit 10, current QPS is 11", 1.0, "app"),
        (40100, "Due to too many requests, requests from App 1 are temporarily restricted.", 300.0, "app"),
        (40100, "App 1 reaches the QPM limit 600", 300.0, "app"),
        (40100, None, 300.0, "app"),
        (40016, "Requests made too frequently", 300.0, "app"),
        (51021, "Too many requests", 300.0, "app"),
        (61000, "App reaches the QPS limit", 1.0, "app"),
        (40132, "limited by pixel_code's value", 1.0, "field"),
        (40133, "QPS limit for current path, request is temporarily restricted.", 1.0, "advertiser"),
    ],
)
def test_a_limit_says_how_long_and_whose(code: int, message: str | None, wait: float, scope: str) -> None:
    """The next second after a limit by the second, else five minutes; the scope is who must slow down."""
    found = judged(envelope(code, message))
    assert (found.type, found.retry_after, found.scope) == ("API_RATE_LIMIT", wait, scope)


def test_a_daily_limit_ends_at_midnight_utc() -> None:
    """A day's quota is no matter of seconds; when it renews is known once the answer's time is."""
    body = envelope(40100, "App 1 reaches the QPD limit 864000")
    found = judged(body)
    assert (found.type, found.retryable, found.retry_after) == ("QUOTA_EXHAUSTED", False, 43_200.0)
    dated = TABLE.classify(200, {"Date": "Wed, 15 Nov 2023 23:59:00 GMT"}, body)
    assert dated is not None
    assert dated.retry_after == 60.0
    untimed = TABLE.classify(200, {}, body)
    assert untimed is not None
    assert untimed.retry_after is None


@pytest.mark.parametrize("code", [40700, 50000, 50002, 51001, 51009, 51021, 51999, 52201, 60001, -1, 30000])
def test_after_an_internal_error_a_write_may_have_happened(code: int) -> None:
    """Whatever TikTok's own services report leaves the outcome unknown, budget texts included."""
    assert judged(envelope(code, "about the budget")).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize("code", [40001, 40002, 40050, 40100, 40102, 40105, 40133, 40201, 40202, 40502, 40911, 61000])
def test_a_decoded_refusal_is_certain(code: int) -> None:
    """Validation, credentials, limits, quotas and conflicts did nothing."""
    assert judged(envelope(code)).certainty is Certainty.REFUSED


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, None])
def test_the_bodys_code_beats_the_http_status(status: int | None) -> None:
    """An envelope counts at any status."""
    assert judged(envelope(40105, "revoked"), status).type == "TOKEN_INVALID"


def test_a_refusal_inside_a_5xx_is_not_certain() -> None:
    """The code names the error, the status takes the certainty away."""
    found = judged(envelope(40002, "wrong"), 502)
    assert (found.type, found.certainty) == ("VALIDATION_FAILED", Certainty.UNKNOWN)


@pytest.mark.parametrize(
    ("status", "kind", "retryable", "certainty"),
    [
        (200, "BAD_RESPONSE", True, "unknown"),
        (204, "BAD_RESPONSE", True, "unknown"),
        (None, "BAD_RESPONSE", True, "unknown"),
        (302, "BAD_RESPONSE", True, "unknown"),
        (400, "VALIDATION_FAILED", False, "refused"),
        (401, "TOKEN_INVALID", False, "refused"),
        (403, "PERMISSION_DENIED", False, "refused"),
        (404, "UNSUPPORTED", False, "refused"),
        (408, "PLATFORM_TIMEOUT", True, "unknown"),
        (413, "TOO_MUCH_DATA", False, "refused"),
        (418, "VALIDATION_FAILED", False, "refused"),
        (429, "API_RATE_LIMIT", True, "refused"),
        (500, "PLATFORM_SERVICE_ERROR", True, "unknown"),
        (501, "UNSUPPORTED", False, "unknown"),
        (502, "PLATFORM_SERVICE_ERROR", True, "unknown"),
        (503, "PLATFORM_SERVICE_ERROR", True, "unknown"),
        (504, "PLATFORM_TIMEOUT", True, "unknown"),
        (505, "UNSUPPORTED", False, "unknown"),
        (522, "PLATFORM_TIMEOUT", True, "unknown"),
        (599, "PLATFORM_SERVICE_ERROR", True, "unknown"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [PAGE, b"", b"404 page not found", b'{"code": 401', b"[]", b'[{"code": 0}]', b"null", b'"OK"', b"0", b"{}", None,
     b'{"code": null}', b'{"code": true}', b'{"code": false, "data": {}}', b'{"code": 0.5}', b'{"code": "x"}',
     b'{"code": [0]}', b'{"code": ""}', b'{"data": {"campaign_id": "1"}}', b'{"message": 5}', b"\xff\xfe\x00",
     b"does not exist", b"[" * 60_000],
)  # fmt: skip
def test_without_an_envelope_the_status_speaks(
    body: object, status: int | None, kind: str, retryable: bool, certainty: str
) -> None:
    """Pages of gateways, half JSON and JSON of another shape: never a success, never a text rule."""
    found = judged(body, status)
    assert (found.type, found.retryable, found.certainty.value) == (kind, retryable, certainty)


def test_a_message_of_no_known_meaning_without_a_code_goes_by_status() -> None:
    """A text rule needs its words; else the status decides."""
    assert judged(b'{"message": "hm"}').type == "BAD_RESPONSE"
    assert judged(b'{"message": "hm"}', 503).type == "PLATFORM_SERVICE_ERROR"


def test_a_gateways_retry_after_is_obeyed() -> None:
    """TikTok's API sends none, what stands before it may."""
    assert judged(PAGE, 429, {"retry-after": "4"}).retry_after == 4.0
    assert judged(PAGE, 429).retry_after == 300.0
    assert judged(PAGE, 503, {"Retry-After": "Wed, 15 Nov 2023 12:00:20 GMT"}).retry_after == 20.0


@pytest.mark.parametrize("code", [40100, "40100", " 40100 ", 40100.0])
def test_a_code_is_read_as_a_number_from_number_and_text(code: object) -> None:
    """Test doubles and gateways quote what TikTok sends as a number."""
    assert judged(envelope(code)).type == "API_RATE_LIMIT"


@pytest.mark.parametrize(
    "body",
    [b'{"code": 0, "message": "OK", "data": {"x": 1}}', b'{"code": "0"}', b'{"code": 0, "data": null}',
     b'\xef\xbb\xbf{"code": 0}', '{"code": 0, "message": "OK"}'.encode("utf-16"), {"code": 0}, '{"code": 0}',
     b'{"code": 0, "data": {"error_list": []}}', b'{"code": 0, "data": []}'],
)  # fmt: skip
def test_success_is_code_zero_and_nothing_else(body: object) -> None:
    """Data may be missing, and is then an empty object, never None."""
    facts = decode(200, {}, body, None)
    assert succeeded(facts)
    assert facts.data is not None
    assert TABLE.failure(facts) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"code": 0, "data": {}}', 500), (b'{"code": 0}', 302), (b'{"code": 0}', 404),
     ('{"code": 0, "data": {"name": "\u00e9"}}'.encode("latin-1"), 200)],
)  # fmt: skip
def test_a_success_that_contradicts_itself_is_not_believed(body: bytes, status: int) -> None:
    """Code 0 in a failed HTTP answer, or with letters lost, may not be handed out as an answer."""
    found = judged(body, status)
    assert (found.type, found.certainty) == ("BAD_RESPONSE", Certainty.UNKNOWN)


def test_an_error_in_a_broken_encoding_keeps_its_code() -> None:
    """Lost letters do not hide what went wrong."""
    assert judged('{"code": 40105, "message": "\u00e9"}'.encode("latin-1")).type == "TOKEN_INVALID"


@pytest.mark.parametrize("code", [20001, 0])
def test_a_partial_success_names_each_item(code: int) -> None:
    """What failed has its reason, what did not has None; the code may be that of a success."""
    data = {"adgroup_ids": ["1", "2", "3"], "error_list": [{"adgroup_id": "2", "error_message": "no"}, "odd", {}]}
    error = TABLE.failure(decode(200, {}, envelope(code, "Partial success", data=data), "set_status"))
    assert isinstance(error, PartialFailureError)
    assert {name: error.items[name] for name in ("1", "2", "3")} == {"1": None, "2": "no", "3": None}
    assert len(error.items) == 5
    assert error.certainty is Certainty.REFUSED


def test_a_partial_success_without_a_list_leaves_the_outcome_open() -> None:
    """Nobody knows which items are done, so nobody may send them again unseen."""
    assert judged(envelope(20001)).certainty is Certainty.UNKNOWN


def test_request_ids_come_from_body_and_header() -> None:
    """The vendor's support asks for them; the same id is named once, anything odd not at all."""
    both = decode(200, {"x-tt-logid": "L"}, envelope(40002, request_id="R"), None)
    same = decode(200, {"x-tt-logid": "R"}, envelope(40002, request_id="R"), None)
    odd = decode(200, {}, envelope(40002, request_id=7), None)
    assert (both.request_ids, same.request_ids, odd.request_ids) == (("R", "L"), ("R",), ())


def test_an_error_speaks_to_people() -> None:
    """Vendor words, request id and cure are in the text; a page of HTML is one short line, secrets are hidden."""
    error = TABLE.error(decode(200, {}, envelope(40105, "Access token is incorrect.", request_id="R"), "get"))
    assert "R" in str(error)
    assert "nothing to refresh" in str(error)
    assert TABLE.error(decode(502, {}, PAGE, None)).vendor_message == "502 Bad Gateway nginx"
    leaky = TABLE.error(decode(200, {}, envelope(40002, 'access_token="abcdef123456"'), None))
    assert "abcdef123456" not in repr(leaky)
    huge = TABLE.error(decode(200, {}, envelope(40002, "x" * 1_000_000), None))
    assert len(str(huge)) < 3000


def test_an_update_that_is_there_already_says_so() -> None:
    """40012 after an unknown outcome means that the first try was applied."""
    assert "already" in (judged(envelope(40012)).hint or "")
