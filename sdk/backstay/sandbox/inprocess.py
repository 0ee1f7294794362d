"""What both in-process transports do: play a simulator's exchange on a clock, with the errors of one HTTP library.

httpx and httpx2 have the same interface and different objects; `Library` names the objects, this module the rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from backstay.clock import Clock
from backstay.sandbox.simulator import SILENCE, Ending, Exchange, Simulator, exchange, parts
from backstay.sandbox.wire import Reply, Request

SENT: Final = "backstay.sent"
"""The request extension that is called when the head of a request leaves."""


class InProcess:
    """One simulator behind a transport; faults become what the library would raise.

    The vendor acts even if the caller has left meanwhile, as in real life.
    """

    marks_sent = True
    """The request's `backstay.sent` extension is called when its head leaves."""
    library: Any
    """httpx or httpx2."""

    def __init__(self, simulator: Simulator, clock: Clock) -> None:
        self.simulator = simulator
        self.clock = clock
        self.requests: list[Request] = []
        """Every request that left, in its order."""

    async def handle_async_request(self, request: Any) -> Any:
        """See the library's `AsyncBaseTransport`."""
        asked = await read_request(request)
        now = self.clock.wall()
        course = exchange(self.simulator, asked, now)
        if course.ending is Ending.REFUSED:
            await self.clock.sleep(course.before + course.after)
            message = "all connection attempts failed (sandbox)"
            raise self.library.ConnectError(message, request=request)
        request.extensions.get(SENT, _nothing)()
        self.requests.append(asked)
        limit = (request.extensions.get("timeout") or {}).get("read")
        reply = await self._until_act(request, asked, course, limit)
        return await self._ending(request, course, reply, limit)

    async def _until_act(self, request: Any, asked: Request, course: Exchange, limit: float | None) -> Reply:
        due = self.clock.wall() + course.before
        try:
            await self.wait(course.before, limit, request)
        except (asyncio.CancelledError, self.library.ReadTimeout):
            # The far side does not know that the caller has left.
            course.perform(self.simulator, asked, due)
            raise
        return course.perform(self.simulator, asked, self.clock.wall())

    async def _ending(self, request: Any, course: Exchange, reply: Reply, limit: float | None) -> Any:
        left = None if limit is None else limit - course.before
        if course.ending is Ending.SILENCE:
            await self.wait(SILENCE, left, request)
            message = "the server disconnected without sending a response (sandbox)"
            raise self.library.RemoteProtocolError(message, request=request)
        if course.ending is not Ending.DRIP:
            await self.wait(course.after, left, request)
        if course.ending is Ending.RESET:
            message = "connection reset by peer (sandbox)"
            raise self.library.ReadError(message, request=request)
        length = {} if reply.chunks else {"content-length": str(len(reply.body))}
        return self.library.Response(
            reply.status,
            headers={**reply.headers, **length},
            stream=self.body(lambda: self._parts(request, course, reply, limit)),
            request=request,
        )

    def body(self, pieces: Callable[[], AsyncIterator[bytes]]) -> Any:
        """The library's stream over some pieces."""
        raise NotImplementedError

    async def _parts(self, request: Any, course: Exchange, reply: Reply, limit: float | None) -> AsyncIterator[bytes]:
        """The body as it comes over the line: at once, in pieces, or cut off."""
        for delay, part in parts(course, reply):
            # Each read has the whole timeout again: that is why a total deadline needs a timer of its own.
            if delay:
                await self.wait(delay, limit, request)
            yield part
        if course.ending is Ending.STALL:
            await self.wait(SILENCE, limit, request)
        if course.ending in {Ending.CUT, Ending.STALL}:
            message = "the peer closed the connection without sending the complete body (sandbox)"
            raise self.library.RemoteProtocolError(message, request=request)

    async def wait(self, seconds: float, limit: float | None, request: Any) -> None:
        """Wait on the clock, at most as long as the client reads."""
        if limit is not None and seconds > limit:
            await self.clock.sleep(max(0.0, limit))
            message = "the read operation timed out (sandbox)"
            raise self.library.ReadTimeout(message, request=request)
        await self.clock.sleep(seconds)


async def read_request(request: Any) -> Request:
    """A client's request as the vendor sees it."""
    body = await request.aread()
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.url.raw_path.split(b"?", 1)[0].decode()
    return Request(request.method, path, dict(request.url.params), headers, body)


def _nothing() -> None:
    """Nobody wants to know."""


__all__ = ["SENT", "InProcess"]
