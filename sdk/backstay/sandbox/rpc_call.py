"""Calls on the in-process channel: what `grpc.aio` gives for a unary call and for a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import grpc
from grpc import aio

from backstay.sandbox.rpc import GONE, LATE, OK, REFUSED, RpcReply, RpcRequest, course_of, perform
from backstay.sandbox.simulator import SILENCE, Ending, Exchange

if TYPE_CHECKING:
    from backstay.sandbox.rpc_channel import RpcChannel

EOF: Final[Any] = aio.EOF  # pyright: ignore[reportAttributeAccessIssue]  # it comes from compiled code
CANCELLED: Final = RpcReply(code="CANCELLED", details="Locally cancelled by application!")


class _Late(Exception):  # noqa: N818 - the deadline, which ends the call inside this module
    """The call's own deadline has passed."""


class SimCall:
    """One call under way. It starts by itself, as in grpc.aio; nobody needs to await it."""

    def __init__(
        self,
        channel: RpcChannel,
        rpc: RpcRequest,
        timeout: float | None,
        deserializer: Callable[[bytes], Any] | None,
    ) -> None:
        self.sent = False
        """Whether the request has left; grpc itself says so in the text of the status only."""
        self._channel = channel
        self._rpc = rpc
        self._parse = deserializer or bytes
        self._drip = 0.0
        """Seconds before each message of a slow stream."""
        self._deadline = None if timeout is None else channel.clock.monotonic() + timeout
        loop = asyncio.get_running_loop()
        self._left = asyncio.Event()
        """Set when the request has been sent, or never will be."""
        self._end: asyncio.Future[RpcReply] = loop.create_future()
        """Set when the call is over, with its status."""
        self._task = loop.create_task(self._run())
        channel.active.add(self)

    async def _run(self) -> RpcReply:
        """The answer, as far as it is known when its first message comes."""
        try:
            reply = await self._exchange()
        except _Late:
            reply = LATE
        except asyncio.CancelledError:
            self._finish(CANCELLED)
            raise
        except BaseException as error:
            # A bug of the simulator: whoever reads the call gets it as it is.
            self._finish(RpcReply(code="UNKNOWN", details=f"simulator: {error!r}"))
            raise
        self._answered(reply)
        return reply

    def _answered(self, reply: RpcReply) -> None:
        """What becomes of the call when its answer is there."""
        self._finish(reply)

    async def _exchange(self) -> RpcReply:
        channel = self._channel
        course = course_of(channel.simulator, self._rpc, channel.clock.wall())
        if course.ending is Ending.REFUSED:
            await self._wait(course.before + course.after)
            return REFUSED
        self.sent = True
        self._left.set()
        channel.requests.append(self._rpc)
        reply = await self._until_act(course)
        if course.ending is Ending.SILENCE:
            await self._wait(SILENCE)
            return GONE
        await self._on_the_way(course, reply)
        return reply

    async def _on_the_way(self, course: Exchange, reply: RpcReply) -> None:  # noqa: ARG002 - a stream needs it
        await self._wait(course.after)

    async def _until_act(self, course: Exchange) -> RpcReply:
        channel = self._channel
        due = channel.clock.wall() + course.before
        try:
            await self._wait(course.before)
        except (asyncio.CancelledError, _Late):
            # The far side does not know that the caller has left.
            perform(course, channel.simulator, self._rpc, due)
            raise
        return perform(course, channel.simulator, self._rpc, channel.clock.wall())

    async def _wait(self, seconds: float) -> None:
        clock = self._channel.clock
        if self._deadline is not None:
            left = self._deadline - clock.monotonic()
            if seconds > left or left < 0:
                await clock.sleep(max(0.0, left))
                raise _Late
        if seconds > 0:
            await clock.sleep(seconds)

    def _finish(self, reply: RpcReply) -> None:
        if not self._end.done():
            self._end.set_result(replace(reply, messages=()))
            self._left.set()
            self._channel.active.discard(self)

    def _failure(self, end: RpcReply) -> Exception:
        trailing = aio.Metadata(*end.trailing)
        code = grpc.StatusCode[end.code]
        text = f"{end.code}:{end.details}"
        made: Exception = aio.AioRpcError(code, aio.Metadata(), trailing, end.details, text)
        return made

    def cancel(self) -> bool:
        """See `grpc.aio.Call`."""
        if self._end.done():
            return False
        self._finish(CANCELLED)
        self._task.cancel()
        return True

    def cancelled(self) -> bool:
        """See `grpc.aio.Call`."""
        return self._end.done() and self._end.result().code == "CANCELLED"

    def done(self) -> bool:
        """See `grpc.aio.Call`."""
        return self._end.done()

    def time_remaining(self) -> float | None:
        """See `grpc.aio.Call`."""
        return None if self._deadline is None else max(0.0, self._deadline - self._channel.clock.monotonic())

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        """See `grpc.aio.Call`."""
        self._end.add_done_callback(lambda _: callback(self))

    async def initial_metadata(self) -> aio.Metadata:
        """Nothing is sent ahead."""
        return aio.Metadata()

    async def trailing_metadata(self) -> aio.Metadata:
        """See `grpc.aio.Call`."""
        return aio.Metadata(*(await asyncio.shield(self._end)).trailing)

    async def code(self) -> grpc.StatusCode:
        """See `grpc.aio.Call`."""
        return grpc.StatusCode[(await asyncio.shield(self._end)).code]

    async def details(self) -> str:
        """See `grpc.aio.Call`."""
        return (await asyncio.shield(self._end)).details

    async def debug_error_string(self) -> str:
        """See `grpc.aio.Call`."""
        end = await asyncio.shield(self._end)
        return "" if end.code == OK else f"{end.code}:{end.details}"

    async def wait_for_connection(self) -> None:
        """Returns when the request has been sent; raises when it could not be."""
        await self._left.wait()
        if self._end.done() and self._end.result().code != OK:
            raise self._failure(self._end.result())


class SimUnaryCall(SimCall, aio.UnaryUnaryCall):
    """See `grpc.aio.UnaryUnaryCall`."""

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            reply = yield from self._task.__await__()
        except asyncio.CancelledError:
            self.cancel()
            raise
        if reply.code != OK:
            raise self._failure(reply)
        return self._parse(reply.messages[0])


class SimStreamCall(SimCall, aio.UnaryStreamCall):
    """See `grpc.aio.UnaryStreamCall`. Messages are pulled: a slow reader is not flooded."""

    _next = 0
    _iterator: AsyncIterator[Any] | None = None

    def _answered(self, reply: RpcReply) -> None:
        if not reply.messages:
            self._finish(reply)

    async def _on_the_way(self, course: Exchange, reply: RpcReply) -> None:
        if course.ending is Ending.DRIP:
            self._drip = course.after / max(1, len(reply.messages))
        else:
            await self._wait(course.after)

    def __aiter__(self) -> AsyncIterator[Any]:
        if self._iterator is None:
            self._iterator = self._iterate()
        return self._iterator

    async def _iterate(self) -> AsyncIterator[Any]:
        while (message := await self.read()) is not EOF:
            yield message

    async def read(self) -> Any:
        """See `grpc.aio.UnaryStreamCall`."""
        try:
            reply = await self._take()
        except asyncio.CancelledError:
            self.cancel()
            raise
        if self._next < len(reply.messages) and not self._end.done():
            self._next += 1
            return self._parse(reply.messages[self._next - 1])
        self._finish(reply)
        end = self._end.result()
        if end.code == "CANCELLED":
            raise asyncio.CancelledError
        if end.code != OK:
            raise self._failure(end)
        return EOF

    async def _take(self) -> RpcReply:
        reply = self._task.result() if self._task.done() else await asyncio.shield(self._task)
        try:
            await self._wait(self._drip if self._next < len(reply.messages) else 0.0)
        except _Late:
            self._finish(LATE)
        return reply
