"""The transport for vendors' SDKs that run on httpx2: the one module that imports it.

httpx2 is another package than httpx, and their objects do not mix. A vendor's SDK is given a client from here, with the
same pool under it as ours: it marks the moment when a request's head has left, keeps answers from filling the memory,
and has the runtime's TLS context and proxy. The SDK's own retries are switched off by whoever makes it.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, Final

import httpx2

from backstay.engine.call import current
from backstay.errors import BackstayError, BadResponseError, CallTimeoutError, ConnectionFailedError
from backstay.pool import is_timeout, sessions
from backstay.redact import scrub
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    Send = Callable[[httpx2.Request], Awaitable[httpx2.Response]]
    Around = Callable[[httpx2.Request, Send], Awaitable[httpx2.Response]]

SENT: Final = "backstay.sent"
"""The request extension under which a transport finds the callable that marks a request as sent."""

MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes of an answer that are read at most."""

_FAILURES: Final = (
    httpx2.TransportError, httpx2.StreamError, httpx2.DecodingError, TimeoutError, ConnectionError
)  # fmt: skip


def client(
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    ssl_context: ssl.SSLContext | None = None,
    proxy: str | None = None,
    limit: int = 500,
    connect_timeout: float = 10.0,
    max_body: int = MAX_BODY,
    around: Around | None = None,
) -> httpx2.AsyncClient:
    """A client for a vendor's SDK. It has no timeout but that for connecting: the engine guards each attempt.

    `around(request, send)` stands between the SDK and the network, for SDKs that lose what HTTP has said.
    """
    inner = transport or aiohttp_transport(ssl_context=ssl_context, proxy=proxy, limit=limit)
    marks = transport is None or bool(getattr(transport, "marks_sent", False))
    marking = _Marking(inner, marks=marks, max_body=max_body)
    return httpx2.AsyncClient(
        transport=marking if around is None else _Around(marking, around),
        timeout=httpx2.Timeout(None, connect=connect_timeout),
        follow_redirects=False,
        trust_env=False,
    )


LATER: Final = 5.0
"""Seconds by which the network's own timeout comes after the engine's: a second net, and never the first."""


def timeout(connect: float) -> httpx2.Timeout:
    """The explicit timeout for an SDK's own option: the attempt's, which the engine guards, and a little more."""
    call = current()
    return httpx2.Timeout(None if call is None else call.plan.attempt_timeout + LATER, connect=connect)


def aiohttp_transport(
    *, ssl_context: ssl.SSLContext | None = None, proxy: str | None = None, limit: int = 500
) -> httpx2.AsyncBaseTransport:
    """httpx2's interface over aiohttp's pool."""
    from httpx_aiohttp.httpx2 import AiohttpTransport

    context = ssl_context or shared_ssl_context()
    made: httpx2.AsyncBaseTransport = AiohttpTransport(
        verify=context, client=sessions(context, limit), proxy=httpx2.Proxy(proxy) if proxy else None
    )
    return made


@functools.cache
def shared_ssl_context() -> ssl.SSLContext:
    """One TLS context for all pools of the process: building one takes about 40 ms."""
    return httpx2.create_ssl_context()


class _Marking(httpx2.AsyncBaseTransport):
    """Begins every request as not sent, and lets the transport below mark it."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, marks: bool, max_body: int) -> None:
        self._inner = inner
        self._marks = marks
        self._max_body = max_body

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        call = current()
        if call is not None and self._marks:
            call.sent = False if call.sent is None else call.sent
            request.extensions[SENT] = call.mark_sent
        response = await self._inner.handle_async_request(request)
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream, self._max_body)
        return response

    async def aclose(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop of the pool may be gone already
            await self._inner.aclose()


class _Around(httpx2.AsyncBaseTransport):
    """Lets somebody stand between the SDK and the network."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, around: Around) -> None:
        self._inner = inner
        self._around = around

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._around(request, self._inner.handle_async_request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def reply(request: httpx2.Request, status: int, headers: Mapping[str, str], body: bytes) -> httpx2.Response:
    """An answer made here: one that was read already, or one in place of an answer that never came."""
    kept = {
        name: value for name, value in headers.items() if name.lower() not in {"content-encoding", "content-length"}
    }
    return httpx2.Response(status, headers=kept, content=body, request=request)


class _Bounded(httpx2.AsyncByteStream):
    """A body that may not become too large."""

    def __init__(self, inner: httpx2.AsyncByteStream, limit: int) -> None:
        self._inner = inner
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > self._limit:
                message = f"the answer is larger than {self._limit} bytes"
                raise httpx2.DecodingError(message)
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def translated(error: BaseException, where: str) -> BackstayError | None:
    """Our error for a transport's failure, found in an SDK's exception or the causes of it; None if there is none.

    NOT_SENT only where the transport marked that the head never left; else UNKNOWN.
    """
    found = _failure(error)
    if found is None:
        return None
    call = current()
    certainty = Certainty.NOT_SENT if call is not None and call.sent is False else Certainty.UNKNOWN
    what = scrub(str(found)) or type(found).__name__
    if isinstance(found, httpx2.DecodingError):
        return BadResponseError(f"the answer of {where} cannot be read: {what}", rule="transport.decoding")
    if is_timeout(found, (httpx2.TimeoutException,)):
        return CallTimeoutError(f"no answer from {where}: {what}", certainty=certainty, rule="transport.timeout")
    return ConnectionFailedError(
        f"the connection to {where} failed: {what}", certainty=certainty, rule="transport.connection",
        hint="check the network, the proxy and the TLS store: `backstay doctor`",
    )  # fmt: skip


def _failure(error: BaseException | None) -> BaseException | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, _FAILURES) or type(error).__module__.startswith("aiohttp"):
            return error
        seen.add(id(error))
        error = _inside(error)
    return None


def _inside(error: BaseException) -> BaseException | None:
    """The cause; of a group (MCP's client raises them) the first exception in it."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def is_client(value: Any) -> bool:
    """Whether somebody gave a client of httpx2, and not of httpx."""
    return isinstance(value, httpx2.AsyncClient)


__all__ = [
    "MAX_BODY",
    "SENT",
    "aiohttp_transport",
    "client",
    "is_client",
    "reply",
    "shared_ssl_context",
    "timeout",
    "translated",
]
