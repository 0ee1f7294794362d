"""Every error that backstay raises.

BackstayError
├── InvalidRequestError         VALIDATION_FAILED      the request must be changed
│   └── MoneyPrecisionError                            an amount that the vendor's unit cannot hold
├── NotFoundError               NOT_FOUND
├── ConflictError               CONFLICT
│   └── SharedBudgetError
├── TooMuchDataError            TOO_MUCH_DATA
├── UnsupportedError            UNSUPPORTED
│   └── UnsupportedCapabilityError                     known before anything was sent
├── NotReadyError               NOT_READY
├── PartialFailureError         PARTIAL_FAILURE        `.items` has a verdict for each
├── RateLimitError              API_RATE_LIMIT         wait `.retry_after` seconds
├── QuotaExhaustedError         QUOTA_EXHAUSTED
├── NetworkError                                       the call, not the vendor's logic
│   ├── ConnectionFailedError   CONNECTION_FAILED
│   └── CallTimeoutError        TIMEOUT                `.duration` seconds waited
├── DeadlineExceededError       DEADLINE_EXCEEDED
├── CircuitOpenError            CIRCUIT_OPEN
├── LoadShedError               LOAD_SHED
├── UnknownOutcomeError         UNKNOWN_OUTCOME        a write that may have happened
├── BadResponseError            BAD_RESPONSE
│   └── TruncatedOutputError
├── StaleInputError             STALE_INPUT
├── IdempotencyConflictError    IDEMPOTENCY_CONFLICT
├── InFlightError               IN_FLIGHT
├── McpError
│   ├── McpConnectionError      MCP_CONNECTION_ERROR
│   ├── McpTimeoutError         MCP_TIMEOUT
│   └── McpToolError            MCP_TOOL_ERROR
├── APIError                                           the vendor's side failed
│   ├── AIModelError            AI_MODEL_FAILED
│   ├── PlatformServiceError    PLATFORM_SERVICE_ERROR
│   ├── PlatformTimeoutError    PLATFORM_TIMEOUT
│   └── ServiceUnavailableError SERVICE_UNAVAILABLE
├── InternalError               INTERNAL_ERROR
├── ProcessingError             PROCESSING_FAILED
├── ResourceError               RESOURCE_LIMIT
└── AccountError                                       the account and its money
    ├── TokenExpiredError       TOKEN_EXPIRED
    ├── TokenInvalidError       TOKEN_INVALID
    ├── PermissionDeniedError   PERMISSION_DENIED
    ├── BudgetInsufficientError BUDGET_INSUFFICIENT
    ├── CreativeRejectedError   CREATIVE_REJECTED
    ├── AccountDisabledError    ACCOUNT_DISABLED
    └── SpendGuardError         SPEND_GUARD

Catch a class, or compare `error.type`; codes are for people and for other systems. No class shadows a builtin
or a pydantic name. What the types mean is one table: `backstay.taxonomy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backstay.failure import Attempt, BackstayError
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    from collections.abc import Mapping


class InvalidRequestError(BackstayError):
    """The request is wrong and must be changed; `field`, `value` and `hint` say where and how."""

    type = "VALIDATION_FAILED"


class MoneyPrecisionError(InvalidRequestError):
    """An amount is no whole multiple of the vendor's unit; nothing was rounded and nothing was sent."""


class NotFoundError(BackstayError):
    """The object does not exist, or this credential cannot see it."""

    type = "NOT_FOUND"


class ConflictError(BackstayError):
    """The object exists already, or somebody else changed it in the meantime."""

    type = "CONFLICT"


class SharedBudgetError(ConflictError):
    """The budget belongs to several campaigns; changing it would change them all."""


class TooMuchDataError(BackstayError):
    """A smaller page, fewer fields or a shorter prompt would pass."""

    type = "TOO_MUCH_DATA"


class UnsupportedError(BackstayError):
    """The vendor's API, version or model does not offer this (any more)."""

    type = "UNSUPPORTED"


class UnsupportedCapabilityError(UnsupportedError):
    """The adapter's capabilities exclude this; refused before anything was sent."""


class NotReadyError(BackstayError):
    """A job or media is still processing; poll again."""

    type = "NOT_READY"


class PartialFailureError(BackstayError):
    """Some items of a batch failed; `.items` maps each item's id to its error or None."""

    type = "PARTIAL_FAILURE"

    def __init__(self, message: str | None = None, *, items: Mapping[str, str | None] | None = None, **facts: Any):
        super().__init__(message, **facts)
        self.items = dict(items or {})


class RateLimitError(BackstayError):
    """Too many requests; `.retry_after` is how long the vendor asks to wait, in seconds."""

    type = "API_RATE_LIMIT"


class QuotaExhaustedError(BackstayError):
    """A quota of the day, month or plan is used up; waiting minutes does not help."""

    type = "QUOTA_EXHAUSTED"


class NetworkError(BackstayError):
    """The call failed between us and the vendor; `.certainty` says whether it can have arrived."""

    type = "CONNECTION_FAILED"


class ConnectionFailedError(NetworkError):
    """No connection, or it broke."""


class CallTimeoutError(NetworkError):
    """One attempt took longer than its time; `.duration` is that time in seconds."""

    type = "TIMEOUT"

    def __init__(self, message: str | None = None, *, duration: float | None = None, **facts: Any):
        super().__init__(message, **facts)
        self.duration = duration


class DeadlineExceededError(BackstayError):
    """The time given to the whole call, all attempts and waits included, is over."""

    type = "DEADLINE_EXCEEDED"


class CircuitOpenError(BackstayError):
    """The breaker holds calls back; nothing was sent."""

    type = "CIRCUIT_OPEN"


class LoadShedError(BackstayError):
    """Too many calls are under way or waiting; nothing was sent."""

    type = "LOAD_SHED"


class UnknownOutcomeError(BackstayError):
    """A write may or may not have happened, and looking did not settle it; it was not sent again."""

    type = "UNKNOWN_OUTCOME"


class BadResponseError(BackstayError):
    """The vendor's answer is not what its API promises (HTML, half JSON, missing fields)."""

    type = "BAD_RESPONSE"


class TruncatedOutputError(BadResponseError):
    """A model stopped at its limit before the answer was whole."""


class StaleInputError(BackstayError):
    """A write was handed an answer that is not live."""

    type = "STALE_INPUT"


class IdempotencyConflictError(BackstayError):
    """The same idempotency key came with another payload."""

    type = "IDEMPOTENCY_CONFLICT"


class InFlightError(BackstayError):
    """The same write is under way elsewhere."""

    type = "IN_FLIGHT"


class McpError(BackstayError):
    """The MCP side failed."""

    type = "MCP_CONNECTION_ERROR"


class McpConnectionError(McpError):
    """No connection to the MCP server."""


class McpTimeoutError(McpError):
    """The MCP server did not answer in time."""

    type = "MCP_TIMEOUT"


class McpToolError(McpError):
    """An MCP tool ran and failed."""

    type = "MCP_TOOL_ERROR"


class APIError(BackstayError):
    """The vendor's side failed; `.status` is the HTTP status where there was one."""

    type = "PLATFORM_SERVICE_ERROR"


class AIModelError(APIError):
    """An AI vendor failed."""

    type = "AI_MODEL_FAILED"


class PlatformServiceError(APIError):
    """An ad or content platform has an internal error."""


class PlatformTimeoutError(APIError):
    """The platform itself says that it timed out."""

    type = "PLATFORM_TIMEOUT"


class ServiceUnavailableError(APIError):
    """The vendor is over capacity or under maintenance."""

    type = "SERVICE_UNAVAILABLE"


class InternalError(BackstayError):
    """A fault of ours, or an exception that nobody foresaw."""


class ProcessingError(BackstayError):
    """Work on data failed."""

    type = "PROCESSING_FAILED"


class ResourceError(BackstayError):
    """This machine lacks CPU, memory, disk or file handles."""

    type = "RESOURCE_LIMIT"


class AccountError(BackstayError):
    """The account, its credential or its money stands in the way."""

    type = "PERMISSION_DENIED"


class TokenExpiredError(AccountError):
    """The credential was good and has run out."""

    type = "TOKEN_EXPIRED"


class TokenInvalidError(AccountError):
    """The credential is missing, malformed, unknown or revoked."""

    type = "TOKEN_INVALID"


class PermissionDeniedError(AccountError):
    """A good credential that may not do or see this."""


class BudgetInsufficientError(AccountError):
    """Balance, budget or spend cap does not allow it."""

    type = "BUDGET_INSUFFICIENT"


class CreativeRejectedError(AccountError):
    """A policy review or safety system refused the content."""

    type = "CREATIVE_REJECTED"


class AccountDisabledError(AccountError):
    """The account is suspended, disabled or unsettled."""

    type = "ACCOUNT_DISABLED"


class SpendGuardError(AccountError):
    """The spend guard refused a write; nothing was sent. `.rule`, `.value` and `.cap` say what stood against what."""

    type = "SPEND_GUARD"

    def __init__(self, message: str | None = None, *, cap: str | None = None, **facts: Any):
        super().__init__(message, **facts)
        self.cap = cap


CLASSES: Final[Mapping[str, type[BackstayError]]] = {
    cls.type: cls
    for cls in (
        InvalidRequestError, NotFoundError, ConflictError, TooMuchDataError, UnsupportedError, NotReadyError,
        PartialFailureError, RateLimitError, QuotaExhaustedError, ConnectionFailedError, CallTimeoutError,
        DeadlineExceededError, CircuitOpenError, LoadShedError, UnknownOutcomeError, BadResponseError,
        StaleInputError, IdempotencyConflictError, InFlightError, McpConnectionError, McpTimeoutError, McpToolError,
        AIModelError, PlatformServiceError, PlatformTimeoutError, ServiceUnavailableError, InternalError,
        ProcessingError, ResourceError, TokenExpiredError, TokenInvalidError, PermissionDeniedError,
        BudgetInsufficientError, CreativeRejectedError, AccountDisabledError, SpendGuardError,
    )
}  # fmt: skip
"""The class that stands for each type: what an error table raises."""

__all__ = [
    "CLASSES",
    "AIModelError",
    "APIError",
    "AccountDisabledError",
    "AccountError",
    "Attempt",
    "BackstayError",
    "BadResponseError",
    "BudgetInsufficientError",
    "CallTimeoutError",
    "Certainty",
    "CircuitOpenError",
    "ConflictError",
    "ConnectionFailedError",
    "CreativeRejectedError",
    "DeadlineExceededError",
    "IdempotencyConflictError",
    "InFlightError",
    "InternalError",
    "InvalidRequestError",
    "LoadShedError",
    "McpConnectionError",
    "McpError",
    "McpTimeoutError",
    "McpToolError",
    "MoneyPrecisionError",
    "NetworkError",
    "NotFoundError",
    "NotReadyError",
    "PartialFailureError",
    "PermissionDeniedError",
    "PlatformServiceError",
    "PlatformTimeoutError",
    "ProcessingError",
    "QuotaExhaustedError",
    "RateLimitError",
    "ResourceError",
    "ServiceUnavailableError",
    "SharedBudgetError",
    "SpendGuardError",
    "StaleInputError",
    "TokenExpiredError",
    "TokenInvalidError",
    "TooMuchDataError",
    "TruncatedOutputError",
    "UnknownOutcomeError",
    "UnsupportedCapabilityError",
    "UnsupportedError",
]
