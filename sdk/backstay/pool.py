"""aiohttp's connection pool, under both of our HTTP clients, with the mark of the moment when a request leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backstay.engine.call import current

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import aiohttp


def sessions(context: ssl.SSLContext, limit: int) -> Callable[[], aiohttp.ClientSession]:
    """Makes the pool; called by a transport at its first request, inside the loop that will use it."""
    import aiohttp  # costs a quarter of a second to import, so only once a pool is made

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_on_headers_sent)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=limit, ssl=context)
        made = aiohttp.ClientSession(
            connector=connector,
            trace_configs=[trace],
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )
        # aiohttp sends an idempotent request again by itself when a kept connection breaks; the engine owns retries.
        made._retry_connection = False  # noqa: SLF001 - no public switch; a test fails when it goes
        return made

    return session


async def _on_headers_sent(*_: object) -> None:
    call = current()
    if call is not None:
        call.sent = True


def is_timeout(error: BaseException, timeouts: tuple[type[BaseException], ...]) -> bool:
    """Whether it is a timeout: httpx-aiohttp calls a reset after sending ConnectTimeout, its cause tells the truth."""
    cause = error.__cause__
    if cause is not None and type(cause).__module__.startswith("aiohttp"):
        return isinstance(cause, TimeoutError)
    return isinstance(error, (*timeouts, TimeoutError))


__all__ = ["is_timeout", "sessions"]
