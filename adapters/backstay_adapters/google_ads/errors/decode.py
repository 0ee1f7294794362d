"""What an answer of Google Ads says: the failure in the trailing metadata first, then the status and its text.

An answer arrives as plain JSON in one of three shapes:

    {"status": "INVALID_ARGUMENT", "details": "...", "failure": {...}, "request_id": "..."}     gRPC, as our transport puts it
    {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "...", "details": [...]}}  REST; streams put it in a list
    {"partialFailureError": {"code": 3, "message": "...", "details": [...]}, ...}               a mutate that succeeded in part
"""  # noqa: E501 - the shapes are clearer in a line each

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from backstay.facts import MAX_WAIT
from backstay.table import Facts, excerpt, plain, read_json
from backstay_adapters.google_ads.errors.failure import Failure, Told, failure, get, items, named, retry_in, seconds

HTTP: Final = {
    "OK": 200, "CANCELLED": 499, "UNKNOWN": 500, "INVALID_ARGUMENT": 400, "DEADLINE_EXCEEDED": 504, "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409, "PERMISSION_DENIED": 403, "UNAUTHENTICATED": 401, "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400, "ABORTED": 409, "OUT_OF_RANGE": 400, "UNIMPLEMENTED": 501, "INTERNAL": 500,
    "UNAVAILABLE": 503, "DATA_LOSS": 500,
}  # fmt: skip
"""The HTTP status that each status of gRPC stands for (google/rpc/code.proto)."""

NUMBERS: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip
"""The statuses in the order of their numbers."""

_STATUSES: Final = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED", 409: "ABORTED", 429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 500: "INTERNAL",
    501: "UNIMPLEMENTED", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip

FAILURE: Final = ".GoogleAdsFailure"


def decode(status: int | None, headers: Mapping[str, str], body: object, operation: str | None) -> Facts:
    """Read an answer in any of its shapes. Never raises; `headers` have names in lower case.

    `code` is the member that stands for the failure, as `campaign_error.DUPLICATE_CAMPAIGN_NAME`; `subcode` the gRPC
    status by name; `status` the HTTP status it stands for; `data` is `Told`.
    """
    value, _ = read_json(body)
    value = next((each for each in items(value) if isinstance(each, Mapping)), value)
    if isinstance(value, Mapping) and isinstance(value.get("error"), Mapping):
        return _rest(status, headers, value["error"], operation)
    partial = get(value, "partialFailureError")
    if isinstance(partial, Mapping) and partial:
        return _facts("OK", headers, _of_details(partial), plain(partial.get("message")), partial, operation)
    if isinstance(value, Mapping) and value.keys() & {"status", "details", "failure", "exception"}:
        return _grpc(headers, value, operation)
    return _other(status, headers, value if isinstance(value, Mapping) else None, body, operation)


def succeeded(facts: Facts) -> bool:
    """Only OK is success, and only where no part of a batch failed."""
    return facts.subcode == "OK" and facts.code is None and facts.readable and not facts.items


def _grpc(headers: Mapping[str, str], raw: Mapping[str, Any], operation: str | None) -> Facts:
    found = failure(raw.get("failure"))
    return _facts(name_of(raw.get("status")), headers, found, plain(raw.get("details")), raw, operation)


def _rest(status: int | None, headers: Mapping[str, str], raw: Mapping[str, Any], operation: str | None) -> Facts:
    code = raw.get("code")
    number = code if isinstance(code, int) and not isinstance(code, bool) else status
    name = name_of(raw.get("status")) or _STATUSES.get(number or 0)
    return _facts(name, headers, _of_details(raw), plain(raw.get("message")), raw, operation)


def _of_details(raw: Mapping[str, Any]) -> Failure:
    """The failure among a status's details; of a type whose name was lost as well."""
    details = items(raw.get("details"))
    told = [*named(details, FAILURE), *(each for each in details if isinstance(each, Mapping) and "errors" in each)]
    return failure(told[0]) if told else Failure()


def _facts(
    name: str | None,
    headers: Mapping[str, str],
    found: Failure,
    text: str,
    raw: Mapping[str, Any],
    operation: str | None,
) -> Facts:
    first = found.first
    ids = (found.request_id, plain(get(raw, "requestId"), 128), plain(headers.get("request-id"), 128))
    return Facts(
        status=HTTP.get(name or ""),
        headers=headers,
        code=first.code,
        subcode=name,
        message=first.message or text,
        blamed=first.path or None,
        request_ids=tuple(dict.fromkeys(each for each in ids if each)),
        data=_told(found, text, raw),
        body=raw,
        operation=operation,
        readable=True,
        items=_items(found) if name == "OK" else {},
    )


def _told(found: Failure, text: str, raw: Mapping[str, Any]) -> Told:
    details, scopes = items(raw.get("details")), [each.rate_scope for each in found.faults if each.rate_scope]
    delays = [each.delay for each in found.faults if each.delay is not None]
    asked = (seconds(get(each, "retryDelay")) for each in (*named(details, ".RetryInfo"), raw))
    delay = max(delays, default=None) or next((each for each in asked if each is not None), None) or retry_in(text)
    reasons = {plain(each.get("reason"), 64) for each in named(details, ".ErrorInfo")} | {plain(raw.get("reason"), 64)}
    return Told(
        faults=found.faults,
        delay=delay if delay is not None and delay <= MAX_WAIT else None,
        rate_scope=scopes[0] if scopes else "",
        reasons=frozenset(each for each in reasons if each),
        exception=plain(raw.get("exception"), 128),
    )


def _items(found: Failure) -> dict[str, str | None]:
    """Each operation that failed in a batch that went through, by its number."""
    failed: dict[str, str | None] = {}
    for each in found.faults:
        name = "?" if each.index is None else str(each.index)
        failed[name] = "; ".join(part for part in (failed.get(name) or "", each.text or "failed") if part)
    return failed


def _other(
    status: int | None, headers: Mapping[str, str], value: Mapping[str, Any] | None, body: object, operation: str | None
) -> Facts:
    """A success of REST, or what somebody else has sent in the vendor's place."""
    ok = status is not None and 200 <= status < 300
    name = "OK" if ok and value is not None else _STATUSES.get(status or 0)
    if name is None and status is not None and status >= 500:
        name = "INTERNAL"
    said = "" if value is not None else excerpt(body)
    return Facts(
        status=status, headers=headers, subcode=name, message=said, body=body, operation=operation,
        data=Told(), readable=value is not None,
    )  # fmt: skip


def name_of(raw: object) -> str | None:
    """A status's name, from its name or number."""
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < len(NUMBERS):
        return NUMBERS[raw]
    return raw if isinstance(raw, str) and raw in HTTP else None
