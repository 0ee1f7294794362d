"""What is worth another call: the default rule, `on=`, and what the shadows of foreign exceptions show."""

from __future__ import annotations

import asyncio
import errno
import io
import socket
import ssl
import urllib.error
from email.message import Message
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backstay.errors import (
    BackstayError,
    CircuitOpenError,
    InvalidRequestError,
    PlatformServiceError,
    RateLimitError,
    TokenExpiredError,
)
from backstay.transient import classify, clear_spent, judge_by, mark_spent, original_of

REQUEST = httpx.Request("GET", "https://vendor.example/x")


def made(module: str, name: str, *bases: type[Exception], **body: Any) -> type[Exception]:
    """A class as a library that is not installed here would define it."""
    return type(name, bases or (Exception,), {"__module__": module, **body})


def answered(status: int, **headers: str) -> httpx.HTTPStatusError:
    response = httpx.Response(status, headers={k.replace("_", "-"): v for k, v in headers.items()}, request=REQUEST)
    return httpx.HTTPStatusError(f"status {status}", request=REQUEST, response=response)


def from_aiohttp(status: int) -> aiohttp.ClientResponseError:
    info = aiohttp.RequestInfo(None, "GET", None, None)  # type: ignore[arg-type]  # only the status counts
    return aiohttp.ClientResponseError(info, (), status=status, headers={"Retry-After": "7"})  # type: ignore[arg-type]  # as above


REQUESTS = "requests.exceptions"
RequestException = made(REQUESTS, "RequestException", OSError)
RequestsConnectionError = made(REQUESTS, "ConnectionError", RequestException)
RequestsTimeout = made(REQUESTS, "Timeout", RequestException)
RpcError = made("grpc", "RpcError")
AioRpcError = made("grpc.aio._call", "AioRpcError", RpcError, code=lambda self: SimpleNamespace(name=self.args[0]))
KafkaError = made("kafka.errors", "KafkaError", RuntimeError, retriable=False)
AioKafkaError = made("aiokafka.errors", "KafkaError", RuntimeError, retriable=False)
KafkaException = made("confluent_kafka", "KafkaException")


@pytest.mark.parametrize(
    ("error", "type_"),
    [
        (httpx.ReadTimeout("x"), "TIMEOUT"),
        (httpx.ConnectTimeout("x"), "TIMEOUT"),
        (httpx.PoolTimeout("x"), "TIMEOUT"),
        (httpx.ConnectError("x"), "CONNECTION_FAILED"),
        (httpx.ReadError("x"), "CONNECTION_FAILED"),
        (httpx.RemoteProtocolError("x"), "CONNECTION_FAILED"),
        (httpx.ProxyError("x"), "CONNECTION_FAILED"),
        (made("httpx2", "ReadTimeout", made("httpx2", "TimeoutException"))("x"), "TIMEOUT"),
        (made("httpx2._exceptions", "ConnectError", made("httpx2", "TransportError"))("x"), "CONNECTION_FAILED"),
        (aiohttp.ServerDisconnectedError(), "CONNECTION_FAILED"),
        (aiohttp.ClientOSError(errno.ECONNRESET, "x"), "CONNECTION_FAILED"),
        (aiohttp.ClientPayloadError("x"), "CONNECTION_FAILED"),
        (aiohttp.ServerTimeoutError(), "TIMEOUT"),
        (RequestsConnectionError("x"), "CONNECTION_FAILED"),
        (made(REQUESTS, "ReadTimeout", RequestsTimeout)("x"), "TIMEOUT"),
        (made(REQUESTS, "ChunkedEncodingError", RequestException)("x"), "CONNECTION_FAILED"),
        (AioRpcError("UNAVAILABLE"), "SERVICE_UNAVAILABLE"),
        (AioRpcError("DEADLINE_EXCEEDED"), "PLATFORM_TIMEOUT"),
        (AioRpcError("RESOURCE_EXHAUSTED"), "API_RATE_LIMIT"),
        (made("kafka.errors", "NotLeaderError", KafkaError, retriable=True)("x"), "SERVICE_UNAVAILABLE"),
        (made("aiokafka.errors", "NodeNotReady", AioKafkaError, retriable=True)("x"), "SERVICE_UNAVAILABLE"),
        (KafkaException(SimpleNamespace(retriable=lambda: True)), "SERVICE_UNAVAILABLE"),
        (TimeoutError(), "TIMEOUT"),
        (ConnectionResetError(), "CONNECTION_FAILED"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "CONNECTION_FAILED"),
        (BrokenPipeError(errno.EPIPE, "x"), "CONNECTION_FAILED"),
        (OSError(errno.EHOSTUNREACH, "x"), "CONNECTION_FAILED"),
        (OSError(errno.ENETUNREACH, "x"), "CONNECTION_FAILED"),
        (OSError(errno.ETIMEDOUT, "x"), "TIMEOUT"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "CONNECTION_FAILED"),
        (urllib.error.URLError(ConnectionRefusedError(errno.ECONNREFUSED, "x")), "CONNECTION_FAILED"),
        (urllib.error.URLError(TimeoutError()), "TIMEOUT"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_what_passes_by_itself(error: Exception, type_: str) -> None:
    """Decisions 5 and 6: connection, timeout, DNS and transport errors, whoever raises them."""
    shadow = classify(error)

    assert shadow.retryable
    assert shadow.type == type_


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        RuntimeError("x"),
        FileNotFoundError(errno.ENOENT, "x"),
        PermissionError(errno.EACCES, "x"),
        IsADirectoryError(errno.EISDIR, "x"),
        OSError(errno.ENOSPC, "x"),
        OSError("no number"),
        socket.gaierror(socket.EAI_NONAME, "x"),
        httpx.UnsupportedProtocol("x"),
        httpx.LocalProtocolError("x"),
        httpx.InvalidURL("x"),
        httpx.DecodingError("x"),
        made(REQUESTS, "MissingSchema", RequestException)("x"),
        made("my_httpx", "TimeoutException")("a namesake"),
        made("tests", "ConnectionError")("a namesake"),
        AioRpcError("INVALID_ARGUMENT"),
        AioRpcError("UNAUTHENTICATED"),
        RpcError("no code at all"),
        KafkaError("x"),
        KafkaException(SimpleNamespace(retriable=lambda: False)),
        KafkaException(),
        urllib.error.URLError("unknown url type"),
        ssl.SSLCertVerificationError(1, "x"),
        urllib.error.URLError(ssl.SSLCertVerificationError(1, "x")),
    ],
    ids=lambda error: f"{type(error).__name__}-{error}".partition("(retriable")[0],  # no address in a name
)
def test_what_does_not_pass_by_itself(error: Exception) -> None:
    """Everything that nobody knows, and every OSError whose number does not stand for a network."""
    assert not classify(error).retryable


@pytest.mark.parametrize("make", [answered, from_aiohttp], ids=["httpx", "aiohttp"])
@pytest.mark.parametrize(
    ("status", "again"),
    [
        (408, True), (429, True), (500, True), (502, True), (503, True), (504, True), (529, True),
        (501, False), (505, False), (400, False), (401, False), (403, False), (404, False), (409, False), (422, False),
    ],
)  # fmt: skip
def test_a_status_decides_where_the_exception_carries_one(make: Any, status: int, again: bool) -> None:
    """S3-60 and decision 18: 501 and 505 are as permanent as a 4xx."""
    assert classify(make(status)).retryable is again
    assert classify(make(status)).status == status


def test_other_carriers_of_a_status() -> None:
    """requests' response, a vendor SDK's `status_code`, and urllib's own exception."""
    requests_error = made(REQUESTS, "HTTPError", RequestException)("x")
    requests_error.response = SimpleNamespace(status_code=503, headers={})  # type: ignore[attr-defined]  # as requests
    sdk_error = made("vendor_sdk", "OverloadedError", status_code=529)("x")

    assert classify(requests_error).retryable
    assert classify(sdk_error).retryable
    assert classify(urllib.error.HTTPError("u", 502, "x", Message(), io.BytesIO())).retryable
    assert not classify(made("vendor_sdk", "BadRequestError", status_code=400)("x")).retryable
    assert not classify(answered(302)).retryable


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (answered(429, retry_after="5"), 5.0),
        (answered(429), None),
        (answered(503, retry_after_ms="250"), 0.25),
        (answered(429, retry_after="Thu, 01 Jan 2026 00:00:09 GMT", date="Thu, 01 Jan 2026 00:00:00 GMT"), 9.0),
        (answered(429, retry_after="soon"), None),
        (from_aiohttp(429), 7.0),
    ],
)
def test_the_servers_wait_is_read(error: Exception, seconds: float | None) -> None:
    """Retry-After as a number, in milliseconds, or as a date counted from the server's own Date."""
    assert classify(error).retry_after == seconds


def test_an_untrusted_certificate_is_no_broken_connection() -> None:
    """httpx wraps it in a ConnectError; the next try would meet the same certificate."""
    error = httpx.ConnectError("x")
    error.__cause__ = OSError("in between")
    error.__cause__.__context__ = ssl.SSLCertVerificationError(1, "self-signed")

    assert not classify(error).retryable
    assert classify(error).rule == "plain.certificate"


def test_ours_stay_themselves() -> None:
    """An error of ours is judged by its own `retryable`, and is the very object."""
    for error in (PlatformServiceError(), TokenExpiredError(), CircuitOpenError()):
        assert classify(error) is error
        assert original_of(error) is None


def test_attributes_that_raise_do_not_matter() -> None:
    """A property of somebody's exception may raise anything; the rule still gives an answer."""

    class BrokenError(Exception):
        @property
        def response(self) -> object:
            raise RuntimeError("not set")

        def __str__(self) -> str:
            raise RuntimeError("no text either")

    assert not classify(BrokenError()).retryable
    assert "BrokenError" in classify(BrokenError()).message


def test_an_inner_functions_tries_are_not_multiplied() -> None:
    """Marked, a timeout is no reason for more tries; unmarked, it is again."""
    error = TimeoutError()
    mark_spent(error)
    assert not classify(error).retryable
    assert classify(error).type == "TIMEOUT"
    clear_spent(error)
    assert classify(error).retryable


@pytest.mark.parametrize(
    ("on", "error", "again"),
    [
        (ValueError, ValueError("x"), True),
        (ValueError, UnicodeError("a subclass"), True),
        (ValueError, TimeoutError(), False),
        ((KeyError, TimeoutError), TimeoutError(), True),
        ((KeyError, TimeoutError), ValueError("x"), False),
        (lambda error: "again" in str(error), ValueError("again"), True),
        (lambda error: "again" in str(error), TimeoutError("no"), False),
        (lambda error: None, TimeoutError(), False),
        (lambda error: 2.5, ValueError("x"), True),
        (lambda error: 0, ValueError("x"), True),
        (RateLimitError, RateLimitError(), True),
        (ValueError, RateLimitError(), False),
        (lambda error: 1 / 0, TimeoutError(), False),
    ],
)
def test_on_replaces_the_rule(on: Any, error: Exception, again: bool) -> None:
    """Types, tuples and predicates decide alone, also about what the default rule knows, and about ours."""
    assert judge_by(on)(error).retryable is again


def test_a_predicates_number_is_the_wait() -> None:
    """A number is the seconds to wait at least; True leaves the server's own wait in force."""
    assert judge_by(lambda error: 2.5)(ValueError()).retry_after == 2.5
    assert judge_by(lambda error: True)(answered(429, retry_after="5")).retry_after == 5.0
    assert judge_by(lambda error: True)(ValueError()).retry_after is None


def test_a_predicate_may_name_the_error_of_ours() -> None:
    """Then type, certainty and wait are as that error says, and the original is still what comes out."""
    error = ValueError("busy")
    shadow = judge_by(lambda error: RateLimitError(str(error), retry_after=3.0))(error)
    assert (shadow.type, shadow.retryable, shadow.retry_after, shadow.rule) == ("API_RATE_LIMIT", True, 3.0, "plain.on")

    ours = PlatformServiceError()
    assert judge_by(lambda error: error if isinstance(error, BackstayError) else False)(ours) is ours
    assert ours.rule is None


def test_a_broken_predicate_hides_nothing() -> None:
    """The function's own error gets a note, and the rule says what went wrong."""
    error = ValueError("the real one")

    shadow = judge_by(lambda error: 1 / 0)(error)

    assert shadow.rule == "plain.on_failed"
    assert "ZeroDivisionError" in error.__notes__[0]


@pytest.mark.parametrize(
    "on", [42, "ValueError", (), (ValueError, 1), BaseException, asyncio.CancelledError, [ValueError]]
)
def test_a_wrong_on_is_refused(on: Any) -> None:
    """Cancellation is never repeated; neither is what is no exception type."""
    with pytest.raises(InvalidRequestError) as caught:
        judge_by(on)
    assert caught.value.field == "on"


@given(st.text(max_size=3000), st.integers(100, 599))
def test_whatever_is_raised_gets_a_name(text: str, status: int) -> None:
    """Any text and any status give an error of ours with a code, and a message of bounded length."""
    error = made("vendor_sdk", "Oops", status_code=status)(text)

    for shadow in (classify(error), judge_by(ValueError)(error)):
        assert isinstance(shadow, BackstayError)
        assert shadow.code.isdigit()
        assert len(shadow.message) < 600
