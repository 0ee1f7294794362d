"""The wires of processes that may die: what has left goes on without them, or is lost with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any, Final

import httpx

from backstay.http import SENT
from backstay.testing.processes import Process, heard


@dataclass(frozen=True, slots=True)
class Held:
    """How long a request is held up on its way, and whether it still arrives when its caller leaves meanwhile."""

    seconds: float = 0.0
    arrives: bool = True


AT_ONCE: Final = Held()


class Wire(httpx.AsyncBaseTransport):
    """Requests that have left go on when their process dies, or are lost with it (`arrives=False`).

    `held` says of each request how long it is on its way. One whose caller leaves in that time arrives at that moment,
    or never: no vendor begins with the request of a connection that was closed long ago.
    """

    marks_sent = True

    def __init__(
        self, inner: httpx.AsyncBaseTransport, process: Process, *, arrives: bool = True,
        held: Callable[[], Held] = lambda: AT_ONCE,
    ) -> None:  # fmt: skip
        self.inner = inner
        self.arrives = arrives
        self._process = process
        self._held = held

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        self._process.check()
        held = self._held()
        loop = asyncio.get_running_loop()
        if not self.arrives and not held.seconds:
            work = self.inner.handle_async_request(request)
            return await loop.create_task(work, context=self._process.far_side())
        left: asyncio.Future[None] = loop.create_future()
        exchange = loop.create_task(self._exchange(request, held, left), context=Context())
        exchange.add_done_callback(heard)
        answer = asyncio.shield(exchange)
        answer.add_done_callback(heard)
        answer.add_done_callback(lambda _: left.cancel())
        self._process.mourners.append(answer.cancel)
        try:
            return await answer
        finally:
            self._process.mourners.remove(answer.cancel)

    async def _exchange(self, request: httpx.Request, held: Held, left: asyncio.Future[None]) -> httpx.Response:
        if held.seconds:
            request.extensions.get(SENT, bool)()
            await asyncio.wait([left], timeout=held.seconds)
            if left.done() and not (held.arrives and self.arrives):
                raise httpx.ReadError("it never arrived", request=request)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`; the far side stays."""


class RpcWire:
    """The same for gRPC: a channel of a process. What `backstay.grpc` asks of a channel, and no more."""

    def __init__(
        self, channel: Any, process: Process, *, arrives: bool = True, held: Callable[[], Held] | None = None
    ) -> None:
        del held  # a call of gRPC is on its way as soon as it is made
        self._channel = channel
        self._process = process
        self._arrives = arrives

    def unary_unary(self, method: str, **serializers: Any) -> Any:
        """See `grpc.aio.Channel`."""
        return self._bound(self._channel.unary_unary(method, **serializers))

    def unary_stream(self, method: str, **serializers: Any) -> Any:
        """See `grpc.aio.Channel`."""
        return self._bound(self._channel.unary_stream(method, **serializers))

    def get_state(self, try_to_connect: bool = False) -> Any:  # noqa: FBT001, FBT002 - grpc's own signature
        """See `grpc.aio.Channel`."""
        return self._channel.get_state(try_to_connect)

    def _bound(self, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self._process.check()
            context = Context() if self._arrives else self._process.far_side()
            return context.run(method, *args, **kwargs)

        return call


__all__ = ["AT_ONCE", "Held", "RpcWire", "Wire"]
