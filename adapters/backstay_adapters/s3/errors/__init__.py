"""S3's error table: the code in the answer's XML, then the HTTP status (a HEAD has no body, so only that).

Sources: the vendor's page "Error responses" (Amazon S3 API reference), and the answers of compatible servers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from backstay.table import (
    ANYTHING,
    ErrorTable,
    Facts,
    Row,
    code,
    excerpt,
    operation,
    plain,
    status,
    statuses_between,
)
from backstay.taxonomy import Certainty

_FIELD: Final = re.compile(r"<(Code|Message|RequestId)>([^<]{0,2000})</\1>")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer; `headers` have names in lower case. Never raises, and no parser of XML is let near it."""
    text = bytes(body).decode("utf-8", "replace") if isinstance(body, bytes | bytearray) else body
    found = dict(_FIELD.findall(text)) if isinstance(text, str) and "<Error>" in text else {}
    ids = (headers.get("x-amz-request-id") or found.get("RequestId"),)
    good = status is not None and 200 <= status < 300 and not found
    return Facts(
        status=status,
        headers=headers,
        code=plain(found.get("Code"), 100) or None,
        message=_unescaped(plain(found.get("Message"))) or ("" if good else excerpt(body)),
        request_ids=tuple(plain(each, 128) for each in ids if each),
        data=body if good else None,
        body=body,
        operation=operation,
        readable=good or bool(found),
    )


def succeeded(facts: Facts) -> bool:
    """A 2xx without an error inside; a proxy's page is none, for an object's write has no page in its answer."""
    page = facts.headers.get("content-type", "").startswith("text/html")
    return facts.readable and facts.ok_status and facts.code is None and not page


def _unescaped(text: str) -> str:
    for name, sign in _ENTITIES.items():
        text = text.replace(name, sign)
    return text


_KEYS: Final = "check the key's id, the secret and the region"
ROWS: Final = (
    Row("s3.token.expired", code("ExpiredToken", "TokenRefreshRequired"), "TOKEN_EXPIRED",
        hint="the session's token has run out: give a provider that fetches a new one"),
    Row("s3.token", code("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidSecurity",
                         "AuthorizationHeaderMalformed"), "TOKEN_INVALID", hint=_KEYS),
    Row("s3.clock", code("RequestTimeTooSkewed", "RequestExpired"), "VALIDATION_FAILED",
        hint="this machine's clock is wrong by more than fifteen minutes"),
    Row("s3.denied", code("AccessDenied", "InvalidPayer"), "PERMISSION_DENIED",
        hint="the key needs s3:PutObject, s3:GetObject, s3:DeleteObject; s3:ListBucket to see that nothing is there"),
    Row("s3.account", code("AccountProblem", "AllAccessDisabled", "NotSignedUp"), "ACCOUNT_DISABLED"),
    Row("s3.quota", code("QuotaExceeded", "XMinioStorageFull", "ServiceQuotaExceededException"), "QUOTA_EXHAUSTED"),
    Row("s3.bucket", code("NoSuchBucket"), "NOT_FOUND", hint="no such bucket at this endpoint"),
    Row("s3.not_found", code("NoSuchKey", "NotFound"), "NOT_FOUND"),
    Row("s3.there", code("PreconditionFailed") | status(412), "CONFLICT",
        hint="something is kept under this key already"),
    Row("s3.at_once", code("ConditionalRequestConflict", "OperationAborted"), "CONFLICT", retryable=True,
        hint="another write of this key is under way"),
    Row("s3.slow", code("SlowDown", "TooManyRequests", "RequestLimitExceeded", "SlowDownWrite") | status(429),
        "API_RATE_LIMIT", hint="fewer requests to this prefix"),
    Row("s3.busy", code("ServiceUnavailable"), "SERVICE_UNAVAILABLE"),
    Row("s3.late", code("RequestTimeout"), "PLATFORM_TIMEOUT", hint="the bytes came too slowly"),
    Row("s3.damaged", code("BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"), "VALIDATION_FAILED",
        retryable=True, hint="the bytes did not arrive as they were sent"),
    Row("s3.large", code("EntityTooLarge", "MaxMessageLengthExceeded"), "TOO_MUCH_DATA",
        hint="one request carries 5 GB at most"),
    Row("s3.missing", code("NotImplemented", "MethodNotAllowed"), "UNSUPPORTED",
        hint="a server that knows no conditional writes needs conditional=False"),
    Row("s3.region", code("PermanentRedirect", "TemporaryRedirect", "AuthorizationQueryParametersError") |
        statuses_between(300, 399), "VALIDATION_FAILED", hint="the bucket is in another region: set region"),
    Row("s3.internal", code("InternalError", "XMinioServerNotInitialized"), "PLATFORM_SERVICE_ERROR"),
    Row("s3.code", ~code(None) & statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("s3.http.401", status(401), "TOKEN_INVALID", hint=_KEYS),
    Row("s3.http.403", status(403), "PERMISSION_DENIED",
        hint="without s3:ListBucket the vendor does not say whether something is there"),
    Row("s3.http.404", status(404) & operation("head", "delete"), "NOT_FOUND"),
    Row("s3.http.404.other", status(404), "NOT_FOUND", hint="check bucket, endpoint and style"),
    Row("s3.http.timeout", status(408, 504), "PLATFORM_TIMEOUT"),
    Row("s3.http.503", status(503), "SERVICE_UNAVAILABLE"),
    Row("s3.http.501", status(501, 505), "UNSUPPORTED"),
    Row("s3.http.5xx", statuses_between(500, 599), "PLATFORM_SERVICE_ERROR"),
    Row("s3.http.4xx", statuses_between(400, 499), "VALIDATION_FAILED"),
    Row("s3.unreadable", ANYTHING, "BAD_RESPONSE", certainty=Certainty.UNKNOWN),
)  # fmt: skip

TABLE: Final = ErrorTable("s3", decode, ROWS, succeeded=succeeded)
"""Every answer of S3's, named."""

__all__ = ["TABLE", "decode", "succeeded"]
