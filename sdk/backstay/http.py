"""Our HTTP transport: the one module that imports httpx.

httpx with aiohttp's transport under it (four times plain httpx at 50 and at 500 in flight, measured in
`benchmarks/`). It does three things for the engine: it marks the moment when a request's head has left, so that
"never sent" is known and not guessed from an exception's class; it turns transport errors into ours; and it reads
the whole answer, because httpx's timeouts are per read and the engine's timer guards the total.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import httpx

from backstay.engine.call import current
from backstay.errors import BackstayError, BadResponseError, CallTimeoutError, ConnectionFailedError
from backstay.pool import is_timeout, sessions
from backstay.redact import scrub
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

SENT: Final = "backstay.sent"
"""The request extension under which a transport finds the callable that marks a request as sent."""

HEADERS: Final = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "backstay/0.1.0"}

MAX_BODY: Final = 64 * 1024 * 1024
"""Bytes of an answer that are read at most; an answer without end must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str
    """Without its query, which may hold what is secret."""


class Http:
    """One connection pool to one vendor's hosts."""

    def __init__(
        self,
        base_url: str,
        *,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        limit: int = 500,
        connect_timeout: float = 10.0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        # A transport says `marks_sent = True` when it calls the request's SENT extension as the head leaves.
        self._marks = client is None and (transport is None or getattr(transport, "marks_sent", False))
        self._client = client
        if client is not None:  # then nothing is sent over it
            transport = transport or httpx.AsyncBaseTransport()
        self._transport = transport or aiohttp_transport(ssl_context=ssl_context, proxy=proxy, limit=limit)
        self._timeout = {"connect": connect_timeout}

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: object | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str | None, bytes, str | None]] | None = None,
    ) -> Reply:
        """Send one request and read its whole answer.

        `files` are the parts of a multipart form: each a file's name, its bytes and their type; a plain field has
        neither name nor type.

        Raises:
            ConnectionFailedError, CallTimeoutError: with certainty NOT_SENT only where the transport marked
                that the head never left; else UNKNOWN.
        """
        call = current()
        mark = _nothing
        if call is not None:
            mark = call.mark_sent
            call.sent = False if self._marks and call.sent is None else call.sent
        url = path if "://" in path else self.base_url + path
        asked = f"{url}?{urlencode(params)}" if params else url
        where = url.partition("?")[0]
        parts = {"content": content, "json": json, "data": data, "files": files}
        try:
            response = await self._exchange(method, asked, headers or {}, mark, parts)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
        except Exception as error:
            raise self._translated(error, where) from error
        return Reply(
            response.status_code, {name.lower(): value for name, value in response.headers.items()}, body, where
        )

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], mark: Callable[[], None], parts: dict[str, Any]
    ) -> httpx.Response:
        # Our own pool is asked directly: cookies, redirects and authentication flows are no part of any vendor's API,
        # and httpx's client spends a third of a request's CPU on them.
        extensions: dict[str, Any] = {SENT: mark, "timeout": self._timeout}
        if self._client is not None:
            request = self._client.build_request(method, url, headers=headers, extensions=extensions, **parts)
            return await self._client.send(request, stream=True)
        request = httpx.Request(method, url, headers={**HEADERS, **headers}, extensions=extensions, **parts)
        response = await self._transport.handle_async_request(request)
        response.request = request
        return response

    def _translated(self, error: Exception, where: str) -> BackstayError:
        call = current()
        never = self._marks and call is not None and call.sent is False
        certainty = Certainty.NOT_SENT if never else Certainty.UNKNOWN
        what = scrub(str(error)) or type(error).__name__
        if isinstance(error, httpx.DecodingError):
            return BadResponseError(f"the answer of {where} cannot be read: {what}", rule="transport.decoding")
        if is_timeout(error, (httpx.TimeoutException,)):
            return CallTimeoutError(f"no answer from {where}: {what}", certainty=certainty, rule="transport.timeout")
        return ConnectionFailedError(
            f"the connection to {where} failed: {what}", certainty=certainty, rule="transport.connection",
            hint="check the network, the proxy and the TLS store: `backstay doctor`",
        )  # fmt: skip

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        if self._client is None:
            with contextlib.suppress(RuntimeError):  # the loop of the pool may be gone already
                await self._transport.aclose()


def aiohttp_transport(
    *, ssl_context: ssl.SSLContext | None = None, proxy: str | None = None, limit: int = 500
) -> httpx.AsyncBaseTransport:
    """httpx's interface over aiohttp's pool, with the sent mark from aiohttp's own trace hook."""
    from httpx_aiohttp import AiohttpTransport

    context = ssl_context or shared_ssl_context()
    session = sessions(context, limit)
    return AiohttpTransport(verify=context, client=session, proxy=httpx.Proxy(proxy) if proxy else None)


@functools.cache
def shared_ssl_context() -> ssl.SSLContext:
    """One TLS context for all pools of the process: building one takes about 40 ms."""
    return httpx.create_ssl_context()


async def _read(response: httpx.Response) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MAX_BODY:
            message = f"the answer is larger than {MAX_BODY} bytes"
            raise httpx.DecodingError(message, request=response.request)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _nothing() -> None:
    """Nobody wants to know."""


__all__ = ["MAX_BODY", "SENT", "Http", "Reply", "aiohttp_transport", "shared_ssl_context"]
