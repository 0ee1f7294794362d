"""aiohttp's connection pool, under all of our HTTP clients, with the mark of the moment when a request leaves."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from backstay.addresses import public_socket
from backstay.engine.call import current

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping

    import aiohttp

MAX_BODY = 64 * 1024 * 1024
"""Bytes of an answer that are read at most; an answer without end must not fill the memory."""
CHUNK = 64 * 1024
"""Bytes of an answer that are read at once."""


class TooLarge(Exception):  # noqa: N818 - not an error of ours yet
    """An answer is longer than its reader takes."""


def sessions(context: ssl.SSLContext, limit: int, *, public_only: bool = False) -> Callable[[], aiohttp.ClientSession]:
    """Makes the pool; called at its first request, inside the loop that will use it."""
    import aiohttp  # costs a quarter of a second to import, so only once a pool is made

    marking = _marking()

    def session() -> aiohttp.ClientSession:
        made_by = public_socket if public_only else None
        connector = aiohttp.TCPConnector(limit=limit, ssl=context, socket_factory=made_by)
        made = aiohttp.ClientSession(
            connector=connector,
            request_class=marking,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        # aiohttp sends an idempotent request again by itself when a kept connection breaks; the engine owns retries.
        made._retry_connection = False  # noqa: SLF001 - no public switch; a test fails when it goes
        return made

    return session


class Pool:
    """Connections for whoever asks without a client in between: whole requests in, whole answers out."""

    def __init__(
        self, context: ssl.SSLContext, *, limit: int, proxy: str | None, connect_timeout: float,
        public_only: bool = False,
    ) -> None:  # fmt: skip
        import aiohttp

        self._make = sessions(context, limit, public_only=public_only)
        self._session: aiohttp.ClientSession | None = None
        self._fixed: dict[str, Any] = {
            "allow_redirects": False,
            "timeout": aiohttp.ClientTimeout(sock_connect=connect_timeout),  # the engine's timer guards the total
            "proxy": proxy,  # a login is part of its address
        }

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, most: int
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer's status, headers (names in lower case) and body as it came; raises aiohttp's own errors.

        Raises:
            TooLarge: the body is longer than `most` bytes.
        """
        session = self._session
        if session is None:
            session = self._session = self._make()
        async with session.request(method, url, headers=headers, data=body, **self._fixed) as answer:
            chunks, size = list[bytes](), 0
            async for chunk in answer.content.iter_chunked(CHUNK):
                size += len(chunk)
                if size > most:
                    raise TooLarge
                chunks.append(chunk)
            return answer.status, _lowered(answer.headers), chunks[0] if len(chunks) == 1 else b"".join(chunks)

    @contextlib.asynccontextmanager
    async def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncGenerator[tuple[int, dict[str, str], AsyncIterator[bytes]], None]:
        """The answer's status, headers and body while it comes; raises aiohttp's own errors."""
        session = self._session
        if session is None:
            session = self._session = self._make()
        async with session.request(method, url, headers=headers, data=body, **self._fixed) as answer:
            yield answer.status, _lowered(answer.headers), answer.content.iter_any()

    async def aclose(self) -> None:
        """Close the connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _lowered(headers: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers.items():
        low = name.lower()
        text = value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        found[low] = f"{found[low]}, {text}" if low in found else text
    return found


@functools.cache
def _marking() -> type[aiohttp.ClientRequest]:
    """A request that says when it leaves; aiohttp's tracing would tell of ten more moments of each request."""
    import aiohttp

    class Marking(aiohttp.ClientRequest):
        async def send(self, conn: Any) -> aiohttp.ClientResponse:
            call = current()
            if call is not None:
                call.sent = True
            return await super().send(conn)

    return Marking


def is_timeout(error: BaseException, timeouts: tuple[type[BaseException], ...]) -> bool:
    """Whether it is a timeout: httpx-aiohttp calls a reset after sending ConnectTimeout, its cause tells the truth."""
    cause = error.__cause__
    if cause is not None and type(cause).__module__.startswith("aiohttp"):
        return isinstance(cause, TimeoutError)
    return isinstance(error, (*timeouts, TimeoutError))


__all__ = ["MAX_BODY", "Pool", "TooLarge", "is_timeout", "sessions"]
