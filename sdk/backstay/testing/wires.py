"""The wires of processes that may die: what has left goes on without them, or is lost with them."""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Any

import httpx

from backstay.testing.processes import Process, heard


class Wire(httpx.AsyncBaseTransport):
    """Requests that have left go on when their process dies, or are lost with it (`arrives=False`)."""

    marks_sent = True

    def __init__(self, inner: httpx.AsyncBaseTransport, process: Process, *, arrives: bool = True) -> None:
        self.inner = inner
        self.arrives = arrives
        self._process = process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.AsyncBaseTransport`."""
        self._process.check()
        if not self.arrives:
            return await self.inner.handle_async_request(request)
        exchange = asyncio.get_running_loop().create_task(self.inner.handle_async_request(request), context=Context())
        exchange.add_done_callback(heard)
        answer = asyncio.shield(exchange)
        answer.add_done_callback(heard)
        return await answer

    async def aclose(self) -> None:
        """See `httpx.AsyncBaseTransport`; the far side stays."""


class RpcWire:
    """The same for gRPC: a channel of a process. What `backstay.grpc` asks of a channel, and no more."""

    def __init__(self, channel: Any, process: Process, *, arrives: bool = True) -> None:
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
            return Context().run(method, *args, **kwargs) if self._arrives else method(*args, **kwargs)

        return call


__all__ = ["RpcWire", "Wire"]
