"""The in-process shell: an httpx transport that talks to a simulator, on any clock and without sockets.

    client = httpx.AsyncClient(transport=SimTransport(simulator, clock))

Faults become what httpx would raise. The vendor acts even if the caller has left meanwhile, as in real life.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import httpx

from backstay.clock import Clock
from backstay.sandbox.simulator import SILENCE, Ending, Exchange, Simulator, exchange, half, pieces
from backstay.sandbox.wire import Reply, Request

SENT: Final = "backstay.sent"


class SimTransport(httpx.AsyncBaseTransport):
    """A transport to one simulator."""

    marks_sent = True
    """The request's `backstay.sent` extension is called when its head leaves."""

    def __init__(self, simulator: Simulator, clock: Clock) -> None:
        self.simulator = simulator
        self.clock = clock
        self.requests: list[Request] = []
        """Every request that left, in its order."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        asked = await _request(request)
        now = self.clock.wall()
        course = exchange(self.simulator, asked, now)
        if course.ending is Ending.REFUSED:
            await self.clock.sleep(course.before + course.after)
            message = "all connection attempts failed (sandbox)"
            raise httpx.ConnectError(message, request=request)
        request.extensions.get(SENT, _nothing)()
        self.requests.append(asked)
        limit = (request.extensions.get("timeout") or {}).get("read")
        reply = await self._until_act(request, asked, course, limit)
        return await self._ending(request, course, reply, limit)

    async def _until_act(self, request: httpx.Request, asked: Request, course: Exchange, limit: float | None) -> Reply:
        due = self.clock.wall() + course.before
        try:
            await self._wait(course.before, limit, request)
        except (asyncio.CancelledError, httpx.ReadTimeout):
            # The far side does not know that the caller has left.
            course.perform(self.simulator, asked, due)
            raise
        return course.perform(self.simulator, asked, self.clock.wall())

    async def _ending(
        self, request: httpx.Request, course: Exchange, reply: Reply, limit: float | None
    ) -> httpx.Response:
        left = None if limit is None else limit - course.before
        if course.ending is Ending.SILENCE:
            await self._wait(SILENCE, left, request)
            message = "the server disconnected without sending a response (sandbox)"
            raise httpx.RemoteProtocolError(message, request=request)
        if course.ending is not Ending.DRIP:
            await self._wait(course.after, left, request)
        if course.ending is Ending.RESET:
            message = "connection reset by peer (sandbox)"
            raise httpx.ReadError(message, request=request)
        stream = _Body(self, request, course, reply.body, limit)
        headers = {**reply.headers, "content-length": str(len(reply.body))}
        return httpx.Response(reply.status, headers=headers, stream=stream, request=request)

    async def _wait(self, seconds: float, limit: float | None, request: httpx.Request) -> None:
        if limit is not None and seconds > limit:
            await self.clock.sleep(max(0.0, limit))
            message = "the read operation timed out (sandbox)"
            raise httpx.ReadTimeout(message, request=request)
        await self.clock.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    """A body as it comes over the line: at once, in drips, or cut off."""

    def __init__(
        self, shell: SimTransport, request: httpx.Request, course: Exchange, body: bytes, limit: float | None
    ) -> None:
        self._shell = shell
        self._request = request
        self._course = course
        self._body = body
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._course.ending is Ending.CUT:
            yield half(self._body)
            message = "the peer closed the connection without sending the complete body (sandbox)"
            raise httpx.RemoteProtocolError(message, request=self._request)
        if self._course.ending is not Ending.DRIP:
            yield self._body
            return
        drips = pieces(self._body)
        for drip in drips:
            # Each read has the whole timeout again: that is why a total deadline needs a timer of its own.
            await self._shell._wait(self._course.after / len(drips), self._limit, self._request)  # noqa: SLF001 - one module
            yield drip


async def _request(request: httpx.Request) -> Request:
    body = await request.aread()
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.url.raw_path.split(b"?", 1)[0].decode()
    return Request(request.method, path, dict(request.url.params), headers, body)


def _nothing() -> None:
    """Nobody wants to know."""
