"""Our HTTP transport: the one module that imports httpx.

Requests go to aiohttp's pool, or to an httpx client or transport of the user's in its place. (httpx around the pool
would cost more than the pool: cookies, redirects and authentication flows are no part of any vendor's API.) It does
three things for the engine: it marks the moment when a request's head has left, so that "never sent" is known and not
guessed from an exception's class; it turns transport errors into ours; and it reads the whole answer, because
timeouts of clients are per read and the engine's timer guards the total.
"""

from __future__ import annotations

import contextlib
import functools
import re
import zlib
from dataclasses import dataclass
from json import dumps
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote_plus

import httpx

from backstay.engine.call import current
from backstay.errors import BackstayError, BadResponseError, CallTimeoutError, ConnectionFailedError
from backstay.pool import MAX_BODY, Pool, TooLarge, is_timeout, sessions
from backstay.redact import scrub
from backstay.sse import EventParser, ServerEvent
from backstay.taxonomy import Certainty

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    from backstay.base import Adapter

SENT: Final = "backstay.sent"
"""The request extension under which a transport finds the callable that marks a request as sent."""

HEADERS: Final = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "backstay/0.1.0"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's whole answer."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str
    """Without its query, which may hold what is secret."""


@dataclass(frozen=True, slots=True)
class Flow:
    """An answer that is read while it comes: its head, and its body in pieces."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    url: str
    """Without its query, which may hold what is secret."""
    pieces: AsyncIterator[bytes]

    async def whole(self) -> Reply:
        """Read all of it: an error, or a page in place of a stream."""
        body = b"".join([piece async for piece in self.pieces])
        return Reply(self.status, self.headers, body, self.url)

    async def events(self) -> AsyncGenerator[ServerEvent, None]:
        """Its server-sent events as they come; an event that is cut off at the end is none."""
        parser = EventParser()
        async for piece in self.pieces:
            for event in parser.feed(piece):
                yield event


class Http:
    """One connection pool to one vendor's hosts; `public_only` keeps it from connecting to private addresses."""

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
        public_only: bool = False,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._asked: httpx.AsyncClient | httpx.AsyncBaseTransport | Pool = (
            client
            or transport
            or Pool(
                ssl_context or shared_ssl_context(),
                limit=limit,
                proxy=proxy,
                connect_timeout=connect_timeout,
                public_only=public_only,
            )
        )
        # A transport says `marks_sent = True` when it calls the request's SENT extension as the head leaves.
        self._marks = client is None and (transport is None or getattr(transport, "marks_sent", False))
        self._timeout = {"connect": connect_timeout}

    @classmethod
    def of(
        cls,
        adapter: Adapter,
        base_url: str,
        client: httpx.AsyncClient | None,
        transport: httpx.AsyncBaseTransport | None,
    ) -> Self:
        """An adapter's own: over the user's client or transport, else with its runtime's TLS context and proxy."""
        return cls(
            base_url,
            client=client,
            transport=transport,
            ssl_context=adapter.runtime.ssl_context,
            proxy=adapter.runtime.proxy,
            connect_timeout=adapter.profile.connect_timeout,
        )

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
        mark = self._mark()
        url = path if "://" in path else self.base_url + path
        asked = f"{url}?{_query(params)}" if params else url
        where = url.partition("?")[0]
        sent = {**HEADERS, **{name.lower(): value for name, value in (headers or {}).items()}}
        body = content or _encoded(sent, json, data, files)
        try:
            if isinstance(self._asked, Pool):
                status, told, raw = await self._asked.ask(method, asked, sent, body, most=MAX_BODY)
                return Reply(status, told, _unpacked(raw, told.get("content-encoding")), where)
            response = await self._exchange(self._asked, method, asked, sent, mark, body)
            try:
                raw = await _read(response)
            finally:
                await response.aclose()
        except Exception as error:
            raise self._translated(error, where) from error
        return Reply(
            response.status_code, {name.lower(): value for name, value in response.headers.items()}, raw, where
        )

    @contextlib.asynccontextmanager
    async def stream(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, json: object | None = None
    ) -> AsyncGenerator[Flow, None]:
        """Send one request and hand out its answer while it comes; leaving the block closes the connection.

        Raises:
            ConnectionFailedError, CallTimeoutError: as `send`, in the block too, where a piece is waited for.
        """
        mark = self._mark()
        url = path if "://" in path else self.base_url + path
        where = url.partition("?")[0]
        # Packed pieces would wait for each other inside the packing: a stream comes as it is.
        sent = {**HEADERS, "accept-encoding": "identity", **{k.lower(): v for k, v in (headers or {}).items()}}
        body = _encoded(sent, json, None, None)
        async with contextlib.AsyncExitStack() as stack:
            try:
                status, told, pieces = await self._opened(stack, method, url, sent, mark, body)
            except Exception as error:
                raise self._translated(error, where) from error
            bounded = self._bounded(pieces, where)
            stack.push_async_callback(bounded.aclose)
            yield Flow(status, told, where, bounded)

    async def _opened(
        self, stack: contextlib.AsyncExitStack, method: str, url: str, headers: dict[str, str],
        mark: Callable[[], None], body: bytes | None,
    ) -> tuple[int, Mapping[str, str], AsyncIterator[bytes]]:  # fmt: skip
        if isinstance(self._asked, Pool):
            return await stack.enter_async_context(self._asked.open(method, url, headers, body))
        response = await self._exchange(self._asked, method, url, headers, mark, body)
        stack.push_async_callback(response.aclose)
        told = {name.lower(): value for name, value in response.headers.items()}
        return response.status_code, told, response.aiter_bytes()

    async def _bounded(self, pieces: AsyncIterator[bytes], where: str) -> AsyncGenerator[bytes, None]:
        size = 0
        try:
            async for piece in pieces:
                size = _grown(size, piece)
                yield piece
        except Exception as error:
            raise self._translated(error, where) from error

    def _mark(self) -> Callable[[], None]:
        call = current()
        if call is None:
            return _nothing
        call.sent = False if self._marks and call.sent is None else call.sent
        return call.mark_sent

    async def _exchange(
        self, theirs: httpx.AsyncClient | httpx.AsyncBaseTransport, method: str, url: str, headers: dict[str, str],
        mark: Callable[[], None], body: bytes | None,
    ) -> httpx.Response:  # fmt: skip
        extensions: dict[str, Any] = {SENT: mark, "timeout": self._timeout}
        if isinstance(theirs, httpx.AsyncClient):
            request = theirs.build_request(method, url, headers=headers, extensions=extensions, content=body)
            return await theirs.send(request, stream=True)
        request = httpx.Request(method, url, headers=headers, extensions=extensions, content=body)
        response = await theirs.handle_async_request(request)
        response.request = request
        return response

    def _translated(self, error: Exception, where: str) -> BackstayError:
        call = current()
        never = self._marks and call is not None and call.sent is False
        certainty = Certainty.NOT_SENT if never else Certainty.UNKNOWN
        what = scrub(_ASKED.sub("", str(error))) or type(error).__name__
        if isinstance(error, _UNREADABLE):
            return BadResponseError(f"the answer of {where} cannot be read: {what}", rule="transport.decoding")
        if is_timeout(error, (httpx.TimeoutException,)):
            return CallTimeoutError(f"no answer from {where}: {what}", certainty=certainty, rule="transport.timeout")
        return ConnectionFailedError(
            f"the connection to {where} failed: {what}", certainty=certainty, rule="transport.connection",
            hint="check the network, the proxy and the TLS store: `backstay doctor`",
        )  # fmt: skip

    async def aclose(self) -> None:
        """Close the pool; a client given by the user stays open."""
        if not isinstance(self._asked, httpx.AsyncClient):
            with contextlib.suppress(RuntimeError):  # the loop of the pool may be gone already
                await self._asked.aclose()


def aiohttp_transport(
    *, ssl_context: ssl.SSLContext | None = None, proxy: str | None = None, limit: int = 500
) -> httpx.AsyncBaseTransport:
    """httpx's interface over aiohttp's pool, for clients of one's own; aiohttp's trace hook makes the sent mark."""
    from httpx_aiohttp import AiohttpTransport

    context = ssl_context or shared_ssl_context()
    session = sessions(context, limit)
    return AiohttpTransport(verify=context, client=session, proxy=httpx.Proxy(proxy) if proxy else None)


@functools.cache
def shared_ssl_context() -> ssl.SSLContext:
    """One TLS context for all pools of the process: building one takes about 40 ms."""
    return httpx.create_ssl_context()


_ASKED: Final = re.compile(r"(?<=[^\s?'\"])\?[^\s'\"]+")
"""An address's query in an exception's text: it may hold what is secret."""
_UNREADABLE: Final = (httpx.DecodingError, TooLarge, zlib.error)
_PACKED: Final = {"gzip": 47, "x-gzip": 47, "deflate": 47}
"""Window bits by content encoding: of both kinds, whichever header it has."""


def _query(values: Mapping[str, str]) -> str:
    return "&".join([f"{_quoted(name)}={_quoted(values[name])}" for name in values])


@functools.lru_cache(maxsize=256)
def _quoted_once(text: str) -> str:
    # A list of fields is asked for over and over, and to quote it costs a fifth of the whole request.
    return quote_plus(text)


def _quoted(text: str) -> str:
    return text if text.isalnum() and text.isascii() else _quoted_once(text)


def _encoded(headers: dict[str, str], json: object, data: Mapping[str, str] | None, files: Any) -> bytes | None:
    """A request's body; its type goes into the headers."""
    if files is not None:
        form = httpx.Request("POST", "http://form", data=data, files=files, headers=headers)
        headers["content-type"] = form.headers["content-type"]
        return form.read()
    if json is not None:
        headers.setdefault("content-type", "application/json")
        return dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if data:
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
        return _query(data).encode()
    return None


def _unpacked(body: bytes, encoding: str | None) -> bytes:
    """An answer's body as it was before it was packed, at most MAX_BODY bytes; other encodings were not asked for."""
    bits = _PACKED.get(encoding or "")
    if bits is None or not body:
        return body
    try:
        return _inflated(body, bits)
    except zlib.error:  # "deflate" without a header, as some servers understand it
        if encoding != "deflate":
            raise
    return _inflated(body, -zlib.MAX_WBITS)


def _inflated(body: bytes, bits: int) -> bytes:
    unpacking = zlib.decompressobj(bits)
    found = unpacking.decompress(body, MAX_BODY)
    if unpacking.unconsumed_tail:
        raise TooLarge
    if not unpacking.eof:
        message = "the body breaks off"
        raise zlib.error(message)
    return found


async def _read(response: httpx.Response) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size = _grown(size, chunk)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _grown(size: int, piece: bytes) -> int:
    """The bytes read so far with this piece; raises TooLarge beyond MAX_BODY."""
    size += len(piece)
    if size > MAX_BODY:
        raise TooLarge
    return size


def _nothing() -> None:
    """Nobody wants to know."""


__all__ = ["MAX_BODY", "SENT", "Flow", "Http", "Reply", "aiohttp_transport", "shared_ssl_context"]
