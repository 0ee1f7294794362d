"""What a plain function's exception means: whether it is worth asking again, and after how long.

The default rule knows connection, timeout, DNS and transport errors of httpx, httpx2, aiohttp, requests, gRPC and the
standard library, HTTP statuses where the exception carries a response, and Kafka's own `retriable`. It goes by the
names of classes, so it imports none of those libraries. Anything else does not pass by itself and is not repeated.
"""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from backstay.clock import utc_now
from backstay.engine.report import STANDS_IN, class_name, original_of
from backstay.errors import CLASSES, BackstayError
from backstay.facts import Facts, plain, retry_after
from backstay.policies.settings import refuse
from backstay.redact import scrub

if TYPE_CHECKING:
    from collections.abc import Iterator

Said: TypeAlias = bool | float | BackstayError | None
"""What a predicate may say of an exception: again or not; again, and in that many seconds at the earliest; or which
error of ours it stands for (then that one's type, certainty, `retryable` and `retry_after` count). None is False."""

On: TypeAlias = type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], Said]
"""What replaces the default rule: exception types, or a predicate."""

Judge: TypeAlias = Callable[[Exception], BackstayError]

_SPENT: Final = "__backstay_spent__"

_LONGEST: Final = 10_000
_SHOWN: Final = 500
_DEPTH: Final = 8

_GONE: Final = "CONNECTION_FAILED"
_LATE: Final = "TIMEOUT"

LIBRARIES: Final[Mapping[tuple[str, str], str | None]] = MappingProxyType(
    {
        **{
            (library, name): kind
            for library in ("httpx", "httpx2")
            for name, kind in {
                "TimeoutException": _LATE,
                "LocalProtocolError": None,  # our own request is malformed
                "UnsupportedProtocol": None,
                "TransportError": _GONE,
            }.items()
        },
        ("aiohttp", "ServerFingerprintMismatch"): None,
        ("aiohttp", "ClientConnectorCertificateError"): None,
        ("aiohttp", "ServerTimeoutError"): _LATE,
        ("aiohttp", "ClientConnectionError"): _GONE,
        ("aiohttp", "ClientPayloadError"): _GONE,
        ("requests", "Timeout"): _LATE,
        ("requests", "ConnectionError"): _GONE,
        ("requests", "ChunkedEncodingError"): _GONE,
    }
)
"""Top package and class name to the type it stands for; None does not pass by itself. The nearest base counts."""

GRPC: Final[Mapping[str, str]] = MappingProxyType(
    {
        "UNAVAILABLE": "SERVICE_UNAVAILABLE",
        "DEADLINE_EXCEEDED": "PLATFORM_TIMEOUT",
        "RESOURCE_EXHAUSTED": "API_RATE_LIMIT",
        "INTERNAL": "PLATFORM_SERVICE_ERROR",
        "UNKNOWN": "PLATFORM_SERVICE_ERROR",
    }
)
"""gRPC statuses that pass, as their HTTP counterparts do (503, 504, 429, 500)."""

_STATUSES: Final[Mapping[int, str]] = MappingProxyType(
    {
        401: "TOKEN_INVALID",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        408: _LATE,
        409: "CONFLICT",
        413: "TOO_MUCH_DATA",
        429: "API_RATE_LIMIT",
        501: "UNSUPPORTED",
        503: "SERVICE_UNAVAILABLE",
        504: "PLATFORM_TIMEOUT",
        505: "UNSUPPORTED",
    }
)

_ERRNOS: Final[Mapping[int, str]] = MappingProxyType(
    {
        errno.ECONNRESET: _GONE,
        errno.ECONNREFUSED: _GONE,
        errno.EPIPE: _GONE,
        errno.ETIMEDOUT: _LATE,
        errno.EHOSTUNREACH: _GONE,
        errno.ENETUNREACH: _GONE,
    }
)


def status_type(status: int) -> str | None:
    """The type that an HTTP status stands for; None for a status that is no error."""
    if not 400 <= status < 600:
        return None
    return _STATUSES.get(status) or ("VALIDATION_FAILED" if status < 500 else "PLATFORM_SERVICE_ERROR")


def classify(error: Exception) -> BackstayError:
    """The default rule: an error of ours that stands for `error` and says whether it passes by itself.

    Ours stay as they are. Never raises, whatever the exception's attributes do.
    """
    if isinstance(error, BackstayError):
        return error
    found = _usual(error)
    if _get(error, _SPENT):
        found.retryable, found.rule = False, f"{STANDS_IN}spent"
    return found


def _usual(error: Exception) -> BackstayError:
    for step in (_kafka, _status, _grpc, _library, _system):
        found = step(error)
        if found is not None:
            return found
    return shadow(error, "INTERNAL_ERROR", "unknown")


def judge_by(on: On | None) -> Judge:
    """The rule to use: the default one, or `on`; raises InvalidRequestError for an `on` that is neither.

    Our own attempt timeouts are always worth another try; `on` is asked about what the function raises.
    """
    if on is None:
        return classify
    types = (on,) if isinstance(on, type) else on if isinstance(on, tuple) else None
    if types is None:
        if not callable(on):
            refuse("on", on, "an exception type, a tuple of them, or a function of the exception")
        return _by_predicate(on)  # type: ignore[arg-type]  # a type is ruled out above, mypy does not see it
    for kind in types:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            refuse("on", kind, "subclasses of Exception; cancellation is never repeated")
    if not types:
        refuse("on", on, "at least one exception type, or max_attempts=1 to never repeat")
    return lambda error: _ruled(error, isinstance(error, types))


def mark_spent(error: BaseException) -> None:
    """Note on an exception that an inner function had its tries with it: an outer one must not multiply them."""
    with contextlib.suppress(AttributeError):  # a class with slots keeps no notes
        setattr(error, _SPENT, True)


def clear_spent(error: BaseException) -> None:
    """Take the note away: the exception leaves the outermost function, and may be raised again some day."""
    if _get(error, _SPENT):
        delattr(error, _SPENT)


def shadow(
    error: Exception, kind: str, rule: str, *, retryable: bool | None = None, wait: float | None = None,
    status: int | None = None,
) -> BackstayError:  # fmt: skip
    """An error of ours that stands for a function's own; the engine raises it from the original."""
    return CLASSES[kind](
        describe(error), retryable=retryable, retry_after=wait, status=status, rule=STANDS_IN + rule
    )  # fmt: skip


def describe(error: BaseException) -> str:
    """The class and the text of an exception, without secrets, control characters or great length."""
    try:
        text = plain(scrub(str(error)[:_LONGEST]), _SHOWN)
    except Exception:  # noqa: BLE001 - a broken __str__ must not hide the error that it belongs to
        text = ""
    return f"{class_name(error)}: {text}" if text else class_name(error)


def _by_predicate(predicate: Callable[[Exception], Said]) -> Judge:
    def judge(error: Exception) -> BackstayError:
        try:
            answer = predicate(error)
        except Exception as broken:  # noqa: BLE001 - the function's own error must not be lost for the predicate's
            error.add_note(f"backstay: on= raised {describe(broken)}, so there was no further attempt")
            return shadow(error, "INTERNAL_ERROR", "on_failed", retryable=False)
        if isinstance(answer, BackstayError):
            if answer is not error:
                answer.rule = f"{STANDS_IN}{answer.rule or 'on'}"
            return answer
        if isinstance(answer, bool) or answer is None:
            return _ruled(error, bool(answer))
        return _ruled(error, again=True, wait=max(0.0, float(answer)))

    return judge


def _ruled(error: Exception, again: bool, wait: float | None = None) -> BackstayError:  # noqa: FBT001 - the verdict
    """A shadow that keeps the default rule's type where that agrees, since breaker and budget go by types."""
    usual = error if isinstance(error, BackstayError) else _usual(error)
    kind = usual.type if usual.retryable or not again else "PLATFORM_SERVICE_ERROR"
    return shadow(error, kind, "on", retryable=again, wait=usual.retry_after if wait is None else wait)


def _kafka(error: Exception) -> BackstayError | None:
    """kafka-python and aiokafka: a class attribute; confluent-kafka: a method of the first argument."""
    if not any(package in {"kafka", "aiokafka", "confluent_kafka"} for package, _ in _bases(error)):
        return None
    said = _get(error, "retriable")
    if said is None and error.args:
        said = _get(error.args[0], "retriable")
    try:
        again = bool(said() if callable(said) else said)
    except Exception:  # noqa: BLE001 - see `classify`
        again = False
    return shadow(error, "SERVICE_UNAVAILABLE" if again else "PROCESSING_FAILED", "kafka", retryable=again)


def _status(error: Exception) -> BackstayError | None:
    response = _get(error, "response")
    status = _first_int(_get(response, "status_code"), _get(response, "status"), _get(error, "status_code"))
    headers = _get(response, "headers")
    if status is None and any(base in _CARRY_STATUS for base in _bases(error)):
        status = _first_int(_get(error, "status"), _get(error, "code"))
        headers = _get(error, "headers")
    kind = None if status is None else status_type(status)
    if kind is None:
        return None
    return shadow(error, kind, f"status.{status}", wait=_asked(headers), status=status)


_CARRY_STATUS: Final = {("aiohttp", "ClientResponseError"), ("urllib", "HTTPError")}
"""Exceptions that are their own response."""


def _grpc(error: Exception) -> BackstayError | None:
    if ("grpc", "RpcError") not in _bases(error):
        return None
    try:
        name = str(error.code().name)  # type: ignore[attr-defined]  # grpc.Call; whatever else it is, see below
    except Exception:  # noqa: BLE001 - see `classify`
        return None
    kind = GRPC.get(name)
    if kind is None:
        return shadow(error, "PROCESSING_FAILED", f"grpc.{name.lower()}")
    return shadow(error, kind, f"grpc.{name.lower()}")


def _library(error: Exception) -> BackstayError | None:
    for base in _bases(error):
        if base in LIBRARIES:
            kind = LIBRARIES[base]
            rule = f"{base[0]}.{base[1]}"
            if kind is None:
                return shadow(error, "PROCESSING_FAILED", rule)
            return _untrusted(error) or shadow(error, kind, rule)
    return None


def _system(error: Exception) -> BackstayError | None:
    """The standard library: connection, timeout and DNS errors; any other OSError only by its number."""
    if isinstance(error, TimeoutError):
        return shadow(error, _LATE, "timeout")
    if isinstance(error, ConnectionError):
        return shadow(error, _GONE, "connection")
    if isinstance(error, socket.gaierror):  # its numbers are not those of errno, and collide with them on macOS
        again = error.errno == socket.EAI_AGAIN
        return shadow(error, _GONE, "dns", retryable=again)
    reason = _get(error, "reason")  # urllib.error.URLError wraps the real one
    if isinstance(error, OSError) and isinstance(reason, OSError):
        return _untrusted(error) or _renamed(error, _system(reason))
    number = error.errno if isinstance(error, OSError) else None
    if number is None or number not in _ERRNOS:
        return None
    return shadow(error, _ERRNOS[number], f"errno.{errno.errorcode[number]}")


def _renamed(error: Exception, inner: BackstayError | None) -> BackstayError | None:
    if inner is None or inner.rule is None:
        return None
    return shadow(error, inner.type, inner.rule.removeprefix(STANDS_IN), retryable=inner.retryable)


def _untrusted(error: BaseException) -> BackstayError | None:
    """A certificate that does not fit is no broken connection: it is the same at the next try."""
    cause: BaseException | None = error
    for _ in range(_DEPTH):
        if cause is None:
            return None
        reason = _get(cause, "reason")
        if any(type(part).__name__ == "SSLCertVerificationError" for part in (cause, reason)):
            return shadow(error, _GONE, "certificate", retryable=False)  # type: ignore[arg-type]  # an Exception's chain
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return None


def _bases(error: Exception) -> Iterator[tuple[str, str]]:
    """Top package and name of each class that the exception is, the nearest first."""
    for kind in type(error).__mro__:
        yield kind.__module__.partition(".")[0], kind.__name__


def _get(thing: object, name: str) -> Any:
    try:
        return getattr(thing, name, None)
    except Exception:  # noqa: BLE001 - a property of somebody's exception may raise anything
        return None


def _first_int(*values: object) -> int | None:
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _asked(headers: Any) -> float | None:
    """Seconds that the response's headers ask to wait; of any mapping of headers, in any case."""
    try:
        lower = {str(name).lower(): str(value) for name, value in headers.items()}
    except Exception:  # noqa: BLE001 - see `_get`
        return None
    return retry_after(lower, lambda: Facts(headers=lower).moment() or utc_now().timestamp())


__all__ = [
    "GRPC",
    "LIBRARIES",
    "Judge",
    "On",
    "classify",
    "clear_spent",
    "describe",
    "judge_by",
    "mark_spent",
    "original_of",
    "shadow",
    "status_type",
]
