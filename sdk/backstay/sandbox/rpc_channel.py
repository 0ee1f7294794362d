"""The in-process shell for gRPC: a `grpc.aio` channel to a simulator, on any clock, without sockets and threads.

    channel = RpcChannel(simulator, clock)
    transport = CampaignServiceAsyncClient.get_transport_class("grpc_asyncio")(channel=channel)
    client = CampaignServiceAsyncClient(transport=transport)

Interceptors run in grpc.aio's own classes, so that clients meet the order and the surprises of the real thing.
The vendor acts even if the caller has left meanwhile, as in real life.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

import grpc
from grpc import aio
from grpc.aio._interceptor import InterceptedUnaryStreamCall  # its unary twin is public

from backstay.clock import Clock
from backstay.sandbox.rpc import RpcRequest, RpcSimulator, Value
from backstay.sandbox.rpc_call import SimStreamCall, SimUnaryCall

Metadata = Sequence[tuple[str, Value]]

_UNARY: Final = "_unary_unary_interceptors"
_KINDS: Final = (
    (aio.UnaryUnaryClientInterceptor, _UNARY),
    (aio.UnaryStreamClientInterceptor, "_unary_stream_interceptors"),
)


class RpcChannel(aio.Channel):
    """A channel to one simulator. `metadata` is added to every call, as a secure channel's credentials would be."""

    def __init__(
        self,
        simulator: RpcSimulator,
        clock: Clock,
        *,
        interceptors: Sequence[aio.ClientInterceptor] = (),
        metadata: Metadata = (),
    ) -> None:
        self.simulator = simulator
        self.clock = clock
        self.metadata = tuple(metadata)
        self.requests: list[RpcRequest] = []
        """Every request that left, in its order."""
        self.active: set[Any] = set()
        self._open = True
        # By these names grpc.aio and the vendors' generated transports know them.
        self._unary_unary_interceptors: list[Any] = []
        self._unary_stream_interceptors: list[Any] = []
        for each in interceptors:
            # As grpc.aio does: the first kind that fits wins, even where an interceptor claims to be both.
            home = next((home for kind, home in _KINDS if isinstance(each, kind)), _UNARY)
            getattr(self, home).append(each)

    def unary_unary(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes] | None = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = None,  # noqa: FBT001 - grpc's own signature
    ) -> Any:
        """See `grpc.aio.Channel`."""
        return _Unary(self, method, request_serializer, response_deserializer)

    def unary_stream(
        self,
        method: str,
        request_serializer: Callable[[Any], bytes] | None = None,
        response_deserializer: Callable[[bytes], Any] | None = None,
        _registered_method: bool | None = None,  # noqa: FBT001 - grpc's own signature
    ) -> Any:
        """See `grpc.aio.Channel`."""
        return _Stream(self, method, request_serializer, response_deserializer)

    def stream_unary(self, method: str, *_: Any, **__: Any) -> Any:
        """Not simulated."""
        raise NotImplementedError(method)

    def stream_stream(self, method: str, *_: Any, **__: Any) -> Any:
        """Not simulated."""
        raise NotImplementedError(method)

    async def __aenter__(self) -> RpcChannel:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, grace: float | None = None) -> None:
        """Cancel what is under way, after `grace` seconds at most."""
        self._open = False
        if grace and self.active:
            # `asyncio.wait` keeps time by the loop's timers, which are the clock's.
            await asyncio.wait([asyncio.ensure_future(call.code()) for call in self.active], timeout=grace)
        for call in list(self.active):
            call.cancel()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: ARG002, FBT001, FBT002 - grpc's
        """READY until it is closed."""
        return grpc.ChannelConnectivity.READY if self._open else grpc.ChannelConnectivity.SHUTDOWN

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Returns when the state is another one; there is nothing to wait for."""
        if last_observed_state is self.get_state():
            await asyncio.get_running_loop().create_future()

    async def channel_ready(self) -> None:
        """It always is."""

    def check_open(self) -> None:
        """Refuse a call on a closed channel, as grpc.aio does."""
        if not self._open:
            message = "Channel is closed."
            raise aio.UsageError(message)


class _Method:
    """What both kinds of methods share: one call is made directly, or through the interceptors."""

    made: type[SimUnaryCall] | type[SimStreamCall]
    wrapped: Callable[..., Any]
    home: str

    def __init__(
        self, channel: RpcChannel, method: str, serializer: Callable[[Any], bytes] | None, deserializer: Any
    ) -> None:
        self._channel = channel
        self._method = method
        self._serializer = serializer
        self._deserializer = deserializer

    def __call__(
        self,
        request: Any,
        *,
        timeout: float | None = None,
        metadata: Any = None,
        credentials: Any = None,
        wait_for_ready: bool | None = None,
        compression: Any = None,  # noqa: ARG002 - nothing is compressed here
    ) -> Any:
        """One call."""
        self._channel.check_open()
        loop = asyncio.get_running_loop()
        known = aio.Metadata(*(metadata or ()))
        interceptors = getattr(self._channel, self.home)
        if not interceptors:
            return self.start(self._method, request, timeout, known)
        chain = [*interceptors, _Last(self)]
        return self.wrapped(
            chain, request, timeout, known, credentials, wait_for_ready, None, self._method.encode(),
            self._serializer, self._deserializer, loop,
        )  # fmt: skip

    def start(self, method: str, request: Any, timeout: float | None, metadata: Any) -> Any:
        """The call itself, behind all interceptors."""
        message = request if self._serializer is None else self._serializer(request)
        sent = {key.lower(): value for key, value in self._channel.metadata}
        sent |= {key.lower(): value for key, value in metadata or ()}
        return self.made(self._channel, RpcRequest(method, message, sent), timeout, self._deserializer)


class _Last(aio.UnaryUnaryClientInterceptor, aio.UnaryStreamClientInterceptor):
    """The end of the chain: what grpc.aio would send, the simulator gets."""

    def __init__(self, method: _Method) -> None:
        self._method = method

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:  # noqa: ARG002
        """See `grpc.aio`."""
        return self._start(client_call_details, request)

    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:  # noqa: ARG002
        """See `grpc.aio`."""
        return self._start(client_call_details, request)

    def _start(self, details: Any, request: Any) -> Any:
        method = details.method.decode() if isinstance(details.method, bytes) else details.method
        return self._method.start(method, request, details.timeout, details.metadata)


class _Unary(_Method, aio.UnaryUnaryMultiCallable):
    made = SimUnaryCall
    wrapped = staticmethod(aio.InterceptedUnaryUnaryCall)
    home = _UNARY


class _Stream(_Method, aio.UnaryStreamMultiCallable):
    made = SimStreamCall
    wrapped = staticmethod(InterceptedUnaryStreamCall)
    home = "_unary_stream_interceptors"
