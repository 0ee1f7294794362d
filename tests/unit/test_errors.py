"""The error tree, the taxonomy and the standard response."""

from __future__ import annotations

import builtins
import pickle
from datetime import UTC
from typing import Any

import pydantic
import pytest

from backstay import errors
from backstay.errors import CLASSES, BackstayError, PartialFailureError, RateLimitError, TokenExpiredError
from backstay.response import error_response
from backstay.taxonomy import TYPES, Certainty, Severity, lookup

FIXED = {
    "API_RATE_LIMIT": "1003", "PLATFORM_SERVICE_ERROR": "4002", "PLATFORM_TIMEOUT": "4002", "TOKEN_EXPIRED": "6001",
    "TOKEN_INVALID": "6001", "PERMISSION_DENIED": "6001", "BUDGET_INSUFFICIENT": "6002", "CREATIVE_REJECTED": "6003",
    "CONNECTION_FAILED": "2001", "TIMEOUT": "2002", "AI_MODEL_FAILED": "4001", "SERVICE_UNAVAILABLE": "4003",
    "MCP_CONNECTION_ERROR": "3001", "MCP_TIMEOUT": "3002", "VALIDATION_FAILED": "1001", "NOT_FOUND": "1002",
    "CONFLICT": "1004", "QUOTA_EXHAUSTED": "1005", "TOO_MUCH_DATA": "1006", "UNSUPPORTED": "1007", "NOT_READY": "1008",
    "PARTIAL_FAILURE": "1009", "DEADLINE_EXCEEDED": "2003", "CIRCUIT_OPEN": "2004", "UNKNOWN_OUTCOME": "2005",
    "BAD_RESPONSE": "2006", "STALE_INPUT": "2007", "IDEMPOTENCY_CONFLICT": "2008", "IN_FLIGHT": "2009",
    "LOAD_SHED": "2010", "MCP_TOOL_ERROR": "3003", "INTERNAL_ERROR": "5001", "PROCESSING_FAILED": "5002",
    "RESOURCE_LIMIT": "5003", "ACCOUNT_DISABLED": "6004", "SPEND_GUARD": "6005",
}  # fmt: skip

RETRYABLE = {
    "CONNECTION_FAILED", "TIMEOUT", "API_RATE_LIMIT", "SERVICE_UNAVAILABLE", "AI_MODEL_FAILED",
    "PLATFORM_SERVICE_ERROR", "PLATFORM_TIMEOUT", "MCP_CONNECTION_ERROR", "MCP_TIMEOUT",
}  # fmt: skip
NOT_RETRYABLE = {
    "TOKEN_EXPIRED", "TOKEN_INVALID", "PERMISSION_DENIED", "BUDGET_INSUFFICIENT", "CREATIVE_REJECTED",
    "VALIDATION_FAILED",
}  # fmt: skip


def test_types_and_codes_are_as_released() -> None:
    """A code once released never changes its meaning; this list is the release."""
    assert {name: row.code for name, row in TYPES.items()} == FIXED


def test_the_requirements_types_pass_or_do_not() -> None:
    """S1-01..10: nine types are retryable, six kinds are not."""
    assert all(TYPES[name].retryable for name in RETRYABLE)
    assert not any(TYPES[name].retryable for name in NOT_RETRYABLE)


@pytest.mark.parametrize("row", TYPES.values(), ids=lambda row: row.name)
def test_every_row_is_complete(row: Any) -> None:
    """Texts in English and Chinese, an action in both, a category by the first digit, a class to raise."""
    assert all((row.en, row.zh, row.action_en, row.action_zh))
    assert row.zh != row.en
    assert row.category
    assert isinstance(row.severity, Severity)
    assert CLASSES[row.name].type == row.name


def test_an_unknown_type_is_internal() -> None:
    """No answer lacks a code."""
    assert lookup("NO_SUCH_TYPE").name == "INTERNAL_ERROR"


def test_names_shadow_nothing() -> None:
    """Decision 22: no class is called like a builtin or a pydantic name."""
    for name in errors.__all__:
        assert not hasattr(builtins, name)
        assert not hasattr(pydantic, name)


@pytest.mark.parametrize(
    "name",
    [
        "TokenExpiredError", "TokenInvalidError", "PermissionDeniedError", "RateLimitError", "PlatformServiceError",
        "PlatformTimeoutError", "BudgetInsufficientError", "CreativeRejectedError", "NetworkError", "APIError",
        "ProcessingError", "ResourceError",
    ],
)  # fmt: skip
def test_the_requirements_classes_import(name: str) -> None:
    """S0-14..21, S4-01."""
    assert issubclass(getattr(errors, name), BackstayError)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class is drawn at the top of the module."""
    drawn = errors.__doc__ or ""
    assert all(name in drawn for name in errors.__all__ if name.endswith("Error"))


@pytest.mark.parametrize("cls", CLASSES.values(), ids=lambda cls: cls.__name__)
def test_every_error_pickles(cls: type[BackstayError]) -> None:
    """All facts travel; the cause stays behind."""
    error = cls("what", vendor="tiktok", operation="op", retry_after=2.0, request_ids=("r",), field="f", hint="cure")
    copy = pickle.loads(pickle.dumps(error))
    assert copy.__dict__ == error.__dict__
    assert str(copy) == str(error)


def test_partial_failures_keep_their_items() -> None:
    """Each item's verdict survives a pickle."""
    copy = pickle.loads(pickle.dumps(PartialFailureError(items={"1": None, "2": "no"})))
    assert copy.items == {"1": None, "2": "no"}


def test_the_text_begins_with_code_type_and_request_id() -> None:
    """What a person needs for the vendor's support comes first, the cure last."""
    error = RateLimitError("slow down", vendor="tiktok", operation="list", request_ids=("req_1",), hint="wait")
    assert str(error) == "1003 API_RATE_LIMIT [req_1] tiktok list: slow down | wait"


def test_secrets_leave_no_trace() -> None:
    """A token in a message or a vendor's text is hidden everywhere."""
    secret = "EAAB" + "x" * 40
    error = RateLimitError(f"failed for access_token={secret}", vendor_message=f"bad token {secret}")
    shown = f"{error} {error!r} {error.to_response()} {pickle.dumps(error)!r}"
    assert secret not in shown


def test_the_response_is_the_one_of_the_requirements() -> None:
    """S1-20..24, field for field."""
    error = TokenExpiredError(vendor="meta", operation="create_campaign")
    body = error.to_response(locale="zh")
    assert body == {
        "status": "error",
        "error": {
            "code": "6001",
            "type": "TOKEN_EXPIRED",
            "message": "广告账户授权已过期，请重新授权",
            "context": "create_campaign",
            "platform": "meta",
            "timestamp": error.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "action": "重新授权",
            "action_url": "/settings/ad-accounts",
        },
        "retry_allowed": False,
    }
    assert body["error"]["timestamp"].endswith("+00:00")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RateLimitError(retry_after=1.2), 2),
        (RateLimitError(retry_after=60.0), 60),
        (RateLimitError(), None),
        (RateLimitError(retry_after=5.0, retry_allowed=False), None),
        (TokenExpiredError(retry_after=60.0), None),
    ],
)
def test_retry_after_only_where_a_retry_is_allowed(error: BackstayError, expected: int | None) -> None:
    """Decision 8: together with `retry_allowed: false` it would mean nothing."""
    assert error.to_response().get("retry_after") == expected


def test_action_paths_are_yours() -> None:
    """S1-23: no path of an application is hard-coded."""
    body = TokenExpiredError().to_response(action_paths={"TOKEN_EXPIRED": "/mine"})
    assert body["error"]["action_url"] == "/mine"


def test_a_foreign_exception_shows_nothing_of_itself() -> None:
    """It is INTERNAL_ERROR, and its text may hold anything."""
    body = error_response(ValueError("password=hunter2"), context="create_campaign", platform="meta", retry_count=2)
    assert body["error"]["type"] == "INTERNAL_ERROR"
    assert body["error"]["context"] == "create_campaign"
    assert "hunter2" not in str(body)


def test_error_response_can_log() -> None:
    """S1-31: `operation_error` with its five fields; the error's own count of attempts wins."""
    lines: list[tuple[str, dict[str, object]]] = []

    class Logger:
        def error(self, event: str, /, **fields: object) -> None:
            lines.append((event, fields))

    error_response(RateLimitError("slow"), context="sync", platform="tiktok", retry_count=3, logger=Logger())
    event, fields = lines[0]
    assert event == "operation_error"
    assert set(fields) == {"context", "error_type", "error_message", "platform", "retry_count"}
    assert fields["retry_count"] == 3


def test_certainty_defaults_are_honest() -> None:
    """What the vendor decoded and refused is REFUSED; what broke is UNKNOWN; what we refused was never sent."""
    assert TYPES["VALIDATION_FAILED"].certainty is Certainty.REFUSED
    assert TYPES["PLATFORM_SERVICE_ERROR"].certainty is Certainty.UNKNOWN
    assert TYPES["CIRCUIT_OPEN"].certainty is Certainty.NOT_SENT
